"""Two reports of a tool side by side: what has become worse or better, and what nobody tests any more. Pure.

What a change is called stands in one total table, `KINDS`; what follows from it for an exit code in `Comparison`.

- `passed` that is now `warned` is told and is no regression: `--strict` has by then made a failure of each broken
  SHOULD, so that what only warns fails no run, strict or not. A warning that the new run counts as a failure because it
  was strict and the old one was not is as it was.
- A scenario that is missing has stopped asserting, unless the new run was not to try it: its `--only` patterns leave it
  out, it belongs to a deep run and this was none, or the catalogue does not have it any more.
- A counted axis that was graded and cannot be observed any more is silence whatever became of the status, unless that
  is a regression: what passes on fewer axes is not mended.
- A report that ended early proves nothing about what was not tried: it is never green.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Literal

from conformance.model import Axis, Status
from conformance.results.catalogued import Catalogued
from conformance.strictness import strict_status
from conformance.telling.conclusion import REGRESSED
from conformance.telling.dossier import Dossier, Entry
from mockplatform.errors import UsageError

__all__ = ["KINDS", "Change", "Comparison", "Kind", "compare"]

Kind = Literal[
    "same",
    "regression",
    "silenced",
    "fixed",
    "warned",
    "waived",
    "failing",
    "new-failure",
    "begun",
    "added",
    "gone",
    "not-chosen",
    "untried",
]

_ROWS: Mapping[Status | None, str] = {
    "passed": "same   warned waived regression  regression  silenced",
    "warned": "fixed  same   waived regression  regression  silenced",
    "waived": "fixed  warned same   regression  regression  silenced",
    "failed": "fixed  warned waived failing     failing     silenced",
    "error": " fixed  warned waived failing     failing     same",
    "skipped": "begun begun  begun  new-failure new-failure same",
    None: "    added  added  added  new-failure new-failure added",
}
_COLUMNS: tuple[Status, ...] = ("passed", "warned", "waived", "failed", "error", "skipped")
KINDS: Mapping[tuple[Status | None, Status], Kind] = {
    (old, new): kind  # type: ignore[misc]  # the words of the table are kinds, as a test proves
    for old, row in _ROWS.items()
    for new, kind in zip(_COLUMNS, row.split(), strict=True)
}
"""What it is called that a scenario had one status and has another; the old one is None if it was not there.

A counted axis that is not observed any more turns each of them into `silenced`, even `fixed`, but for `regression`.
"""

LOST = 3
"""The exit code of a run that could not go on."""
_ASSERTS = frozenset({"passed", "warned", "waived", "failed"})
_FLAKY = frozenset({"flaky", "not-repeated"})
_GRADED = frozenset({"passed", "allowed", "failed"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """A scenario in both reports.

    Args:
        axes: the counted axes that were graded and are not observed any more.
    """

    kind: Kind
    old: Entry | None
    new: Entry | None
    axes: tuple[Axis, ...] = ()

    @property
    def entry(self) -> Entry:
        """The later of both."""
        entry = self.new or self.old
        assert entry is not None, "a change is about a scenario"
        return entry

    @property
    def flaky(self) -> bool:
        """Whether one of the reports says that the tool answered now so, now so."""
        return any(finding.id in _FLAKY for each in (self.old, self.new) if each for finding in each.findings)

    @property
    def unwaived(self) -> bool:
        """Whether it is mended, and its waiver has nothing left to cover."""
        return self.kind == "fixed" and self.old is not None and self.old.status == "waived"


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """What has changed from one report to the next.

    Args:
        dropped: axes that counted for the old report and do not count any more.
    """

    old: Dossier
    new: Dossier
    changes: tuple[Change, ...]
    dropped: tuple[Axis, ...] = ()

    def of(self, *kinds: Kind) -> tuple[Change, ...]:
        """The changes of these kinds."""
        return tuple(change for change in self.changes if change.kind in kinds)

    @property
    def regressions(self) -> tuple[Change, ...]:
        """What did not fail and does."""
        return self.of("regression")

    @property
    def silenced(self) -> tuple[Change, ...]:
        """What had a verdict, or one on a counted axis, and has none although it was to be tried."""
        return self.of("silenced")

    @property
    def fixes(self) -> tuple[Change, ...]:
        """What passes and did not."""
        return self.of("fixed")

    @property
    def added(self) -> tuple[Change, ...]:
        """What the old report does not have; some of it may fail, which is no regression."""
        return tuple(change for change in self.changes if change.old is None)

    @property
    def gone(self) -> tuple[Change, ...]:
        """What the catalogue does not have any more."""
        return self.of("gone")

    @property
    def red(self) -> bool:
        """Whether something is worse than it was."""
        return bool(self.regressions or self.silenced or self.dropped)

    @property
    def partial(self) -> bool:
        """Whether the new run ended early, so that it proves nothing about the rest."""
        return not self.new.complete

    @property
    def exit_code(self) -> int:
        """That of `diff`: 5 if something is worse, 2 if the new report is too partial to say no, else 0."""
        return REGRESSED if self.red else 2 if self.partial else 0

    def settled(self, code: int) -> int:
        """The exit code of a run that ends with `code` without a baseline.

        Only 3 stands before 5, and the 2 of a run in which nothing was executed; one that is merely incomplete and has
        found something worse says so.
        """
        return REGRESSED if self.red and code != LOST and self.new.executed else code


def compare(
    old: Dossier,
    new: Dossier,
    catalogued: Catalogued,
    *,
    known: Collection[str] | None = None,
    deep: Collection[str] = (),
) -> Comparison:
    """What has changed between two reports under one profile.

    Args:
        catalogued: what today's catalogue knows of their results.
        known: the ids of the catalogue; None: unknown, so that none counts as removed.
        deep: the areas that only a deep run tries.

    Raises:
        UsageError: they answer different questions.
    """
    _require_comparable(old, new)
    before = {catalogued.id(entry): entry for entry in old.results}
    after = {catalogued.id(entry): entry for entry in new.results}
    told = [_change(before.get(id_), entry, old, new) for id_, entry in after.items()]
    missing = [
        Change(kind=_missing(entry, new, catalogued, known, deep), old=entry, new=None)
        for id_, entry in before.items()
        if id_ not in after
    ]
    return Comparison(
        old=old,
        new=new,
        changes=(*told, *missing),
        dropped=tuple(axis for axis in old.axes if axis not in new.axes),
    )


def _require_comparable(old: Dossier, new: Dossier) -> None:
    if old.schema != new.schema:
        raise UsageError(
            f"the reports cannot be compared: the old one is a {old.schema}, the new one a {new.schema}; "
            "write the old one again with this version"
        )
    if old.profile != new.profile:
        raise UsageError(
            f"the reports cannot be compared: the old one is of the profile {old.profile}, the new one of "
            f"{new.profile}; compare reports of one profile"
        )


def _change(old: Entry | None, new: Entry, was: Dossier, now: Dossier) -> Change:
    before = _as_strict(old, was, now)
    kind = KINDS[before, new.status]
    axes = _silent(old, new, [axis for axis in was.axes if axis in now.axes]) if old else ()
    return Change(kind="silenced" if axes and kind != "regression" else kind, old=old, new=new, axes=axes)


def _as_strict(entry: Entry | None, was: Dossier, now: Dossier) -> Status | None:
    """The old status as the new run would have counted it."""
    if entry is None:
        return None
    return strict_status(entry.status, entry.severity) if now.strict and not was.strict else entry.status


def _silent(old: Entry, new: Entry, counted: Collection[Axis]) -> tuple[Axis, ...]:
    """The axes on which there was a grade and is none, although the outcome was right and they could be read."""
    if new.axes.get("outcome") not in ("passed", "allowed") or new.status not in _ASSERTS:
        # The outcome was wrong, or nothing was judged: the axes say nothing for that reason.
        return ()
    return tuple(
        axis for axis in counted if old.axes.get(axis) in _GRADED and new.axes.get(axis, "unobserved") not in _GRADED
    )


def _missing(
    old: Entry, new: Dossier, catalogued: Catalogued, known: Collection[str] | None, deep: Collection[str]
) -> Kind:
    """What it means that the new report does not have a scenario of the old one."""
    if known is not None and catalogued.id(old) not in known:
        return "gone"
    shallow = old.area in deep and not any(entry.area in deep for entry in new.results)
    if shallow or not catalogued.chosen(old, new.only):
        return "not-chosen"
    if not new.complete:
        return "untried"
    return "silenced" if old.status in _ASSERTS else "same"
