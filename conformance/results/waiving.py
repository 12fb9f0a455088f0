"""Which waivers a report asks for, and which it shows to be needed no more. Pure; `waiver_text` writes them.

A waiver counts for a scenario by its id, today's or an old one, and for the profiles that it names, or for all. Only
one that names exactly this scenario is renewed; a glob was meant for more than the report can know.
"""

from __future__ import annotations

import datetime
import fnmatch
import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from conformance.results.catalogued import Catalogued
from conformance.telling.dossier import Dossier, Entry
from conformance.toolvalues import Waiver
from mockplatform.errors import UsageError

__all__ = ["Edit", "Plan", "Wish", "expiry_of", "plan_drops", "plan_waivers"]

LONGEST_REASON = 200
EMPTY: Mapping[str, Collection[str]] = MappingProxyType({})
_DAYS = re.compile(r"([1-9]\d{0,4})d")


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What is wanted of the waivers to be written.

    Args:
        reason: for all of them; empty: what the report says of each.
        only: globs of ids, codes and error types; empty: all.
        warned: whether what only warns is waived as well.
    """

    today: datetime.date
    expires: datetime.date
    reason: str = ""
    link: str = ""
    only: tuple[str, ...] = ()
    warned: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Edit:
    """A change of one `[[waiver]]`.

    Args:
        index: which one; None: a new one.
        values: the keys to be set; None: it is taken out.
    """

    said: str
    index: int | None = None
    values: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What is to be done, and what is said of the results that nothing is done about."""

    edits: tuple[Edit, ...] = ()
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class _Known:
    """The waivers that a tool file has, for one profile."""

    waivers: Sequence[Waiver]
    profile: str
    catalogued: Catalogued

    def covering(self, entry: Entry) -> Iterator[tuple[int, Waiver]]:
        """Each waiver that covers a result, with its index."""
        ids = self.catalogued.ids(entry)
        for index, waiver in enumerate(self.waivers):
            if self.counts(waiver) and any(fnmatch.fnmatchcase(id_, waiver.scenario) for id_ in ids):
                yield index, waiver

    def counts(self, waiver: Waiver) -> bool:
        """Whether a waiver is for the profile."""
        return not waiver.profiles or self.profile in waiver.profiles


def expiry_of(text: str, today: datetime.date) -> datetime.date:
    """The last day on which a waiver counts, from `90d` or a date.

    Raises:
        UsageError: it is neither, or has gone by.
    """
    days = _DAYS.fullmatch(text)
    if re.fullmatch(r"-?\d+d", text) and not days:
        raise UsageError(f"--expires {text}: expected at least one day and at most 99999, such as 90d")
    try:
        last = today + datetime.timedelta(days=int(days[1])) if days else datetime.date.fromisoformat(text)
    except (ValueError, OverflowError):
        raise UsageError(
            f"--expires {text}: neither a number of days such as 90d nor a date such as 2027-01-31"
        ) from None
    if last < today:
        raise UsageError(f"--expires {text}: this day has gone by; a waiver counts up to its last day")
    return last


def plan_waivers(
    dossier: Dossier, waivers: Sequence[Waiver], wish: Wish, catalogued: Catalogued, *, known: Collection[str]
) -> Plan:
    """A waiver for each failure of the report that none in force covers.

    Args:
        catalogued: what today's catalogue knows of the results.
        known: the ids of the catalogue; a waiver for anything else would be refused by the next run.

    Raises:
        UsageError: a pattern matches no result.
    """
    has = _Known(waivers=waivers, profile=dossier.profile, catalogued=catalogued)
    _require_matches(dossier, wish.only, catalogued)
    edits: list[Edit] = []
    notes: list[str] = []
    for entry in dossier.results:
        if not catalogued.chosen(entry, wish.only):
            continue
        if entry.status == "error":
            notes.append(f"{entry.id}: ended in an error, which no waiver covers: {_one_line(entry.reason)}")
        elif entry.status == "failed" or (wish.warned and entry.status == "warned"):
            done = _edit_for(entry, has, wish, known)
            if isinstance(done, Edit):
                edits.append(done)
            else:
                notes.append(done)
    return Plan(edits=tuple(edits), notes=tuple(notes))


def _require_matches(dossier: Dossier, patterns: Sequence[str], catalogued: Catalogued) -> None:
    for pattern in patterns:
        if not any(catalogued.chosen(entry, [pattern]) for entry in dossier.results):
            raise UsageError(f"--only {pattern}: the report has no result with such an id, code or error type")


def _edit_for(entry: Entry, has: _Known, wish: Wish, known: Collection[str]) -> Edit | str:
    """The change that a failure asks for, or why there is none."""
    id_ = has.catalogued.id(entry)
    if id_ not in known:
        return f"{entry.id}: not waived: the catalogue does not have it any more"
    covering = list(has.covering(entry))
    in_force = [waiver for _, waiver in covering if waiver.expires is None or waiver.expires >= wish.today]
    if in_force:
        until = f" until {in_force[0].expires}" if in_force[0].expires else ""
        return f"{entry.id}: left alone: the waiver '{in_force[0].scenario}' is in force{until}"
    given = {key: value for key, value in (("reason", wish.reason), ("link", wish.link)) if value}
    for index, waiver in covering:
        if waiver.scenario in has.catalogued.ids(entry):
            said = f"{entry.id}: renewed until {wish.expires}; it had expired on {waiver.expires}"
            return Edit(index=index, values={**given, "expires": wish.expires}, said=said)
    reason = wish.reason or _reason(entry, wish.today)
    values = {"scenario": id_, "profiles": [has.profile], "reason": reason, "expires": wish.expires}
    link = {"link": wish.link} if wish.link else {}
    return Edit(values=values | link, said=f"{entry.id}: waived until {wish.expires}: {reason}")


def _reason(entry: Entry, today: datetime.date) -> str:
    """What the report says, with the day: whoever waives in bulk still says what was known and when."""
    # A tool file reads ${NAME} from the environment, and this text is partly the tool's.
    told = _one_line(entry.reason).replace("${", "$ {")
    return f"Waived on {today}: {told or f'{entry.status}, and the report does not say why'}"


def _one_line(text: str) -> str:
    words = " ".join("".join(letter if letter.isprintable() else " " for letter in text).split())
    return words if len(words) <= LONGEST_REASON else f"{words[:LONGEST_REASON]}…"


def plan_drops(
    dossier: Dossier,
    waivers: Sequence[Waiver],
    catalogued: Catalogued,
    *,
    whole: Collection[str],
    elsewhere: Mapping[str, Collection[str]] = EMPTY,
) -> Plan:
    """The waivers that nothing in the report needs any more: all that they cover has passed, and was tried.

    A waiver for several profiles, or for all, loses this one only.

    Args:
        catalogued: what today's catalogue knows of the results.
        whole: ids of all scenarios of the profile; what was not tried may still need a glob.
        elsewhere: the same of each other profile.
    """
    has = _Known(waivers=waivers, profile=dossier.profile, catalogued=catalogued)
    untried = set(whole) - {catalogued.id(entry) for entry in dossier.results}
    edits: list[Edit] = []
    notes: list[str] = []
    for index, waiver in enumerate(waivers):
        covered = [entry for entry in dossier.results if any(at == index for at, _ in has.covering(entry))]
        if not covered or any(entry.status != "passed" for entry in covered):
            continue
        kept = _still_needed(waiver, covered, untried)
        if kept:
            notes.append(f"{waiver.scenario}: its waiver stays: {kept}")
            continue
        others = _others(waiver, covered, has, elsewhere)
        where = f" for {dossier.profile}; it stays for {', '.join(others)}" if others else ""
        said = f"{waiver.scenario}: its waiver is dropped{where}: nothing that it covers fails any more"
        edits.append(Edit(index=index, values={"profiles": others} if others else None, said=said))
    return Plan(edits=tuple(edits), notes=tuple(notes))


def _others(
    waiver: Waiver, covered: Sequence[Entry], has: _Known, elsewhere: Mapping[str, Collection[str]]
) -> Sequence[str]:
    """The other profiles for which a waiver counts; one that names none counts wherever it covers a scenario."""
    if waiver.profiles:
        return [name for name in waiver.profiles if name != has.profile]
    here = {has.catalogued.id(entry) for entry in covered}
    return [
        name
        for name, ids in elsewhere.items()
        if name != has.profile and any(id_ in here or fnmatch.fnmatchcase(id_, waiver.scenario) for id_ in ids)
    ]


def _still_needed(waiver: Waiver, covered: Sequence[Entry], untried: Collection[str]) -> str:
    """Why a waiver of which everything has passed is kept all the same; nothing if it is not."""
    flaky = [entry.id for entry in covered if any(finding.id == "flaky" for finding in entry.findings)]
    if flaky:
        return f"{flaky[0]} is flaky"
    waiting = sorted(id_ for id_ in untried if fnmatch.fnmatchcase(id_, waiver.scenario))
    return f"the run did not try {waiting[0]}, which it covers as well" if waiting else ""
