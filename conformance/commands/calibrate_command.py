"""`lti-conformance calibrate`."""

from __future__ import annotations

import argparse
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from conformance.calibrating.checking import misread, observe_of, taken_for_launched
from conformance.calibrating.drafting import Draft, draft
from conformance.calibrating.proposal import listed
from conformance.calibrating.samples import Sample, plain
from conformance.calibrating.sorting import clusters, comparable, sort
from conformance.calibrating.writing import block, marker_text, placed
from conformance.commands.plain_endings import ENDINGS, end
from conformance.exchanges.known_secrets import configured
from conformance.hosting import LOG
from conformance.lab import Lab
from conformance.model import Observation
from conformance.observe import Reader
from conformance.pace import Pace
from conformance.profile import load_profile
from conformance.reporting import write_whole
from conformance.sampling import Launch, broken_launches, good_launches, probe_of
from conformance.target import Start, open_lab
from conformance.tool_text import loaded
from conformance.toolfile import find, load
from conformance.toolvalues import Observe, Tool
from mockplatform.tables import read_toml

__all__ = ["command"]

_BYTE_ORDER_MARK = "\ufeff"
_UNKEPT = "the tool never asked for the key set, and a bad signature made no difference"
_BAD_SIGNATURE = "signature/flipped-bit"
SHOWN = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """The table of a tool file that is to be written.

    Args:
        before: what stands there, with its `${NAME}`; None: nothing.
    """

    path: Path
    name: str
    before: Mapping[str, Any] | None


def command(options: argparse.Namespace) -> int:
    """Send good and broken launches, show what their answers say about how to read the tool, and write that down."""
    path = find(options.tool)
    tool = load(path)
    place = _place(path)
    profile = load_profile(tool.profile.name)
    # What the file says about answers so far may be wrong, and would stand in the way.
    unread = replace(tool, observe=Observe())
    with open_lab(unread, profile, Start(seed=0), where=f"{path}:", allow_remote=options.allow_remote) as lab:
        lab.concealed = configured(tool)
        try:
            drafted = _drafted(lab, tool, place, Pace(options.rate))
        except ENDINGS as ending:
            return end(lab, ending)
    if drafted is None:
        wanted = ", ".join(sorted({state for states in profile.states.values() for state in states}))
        print(f"– No launch was sent: this profile needs a state that [arrange] does not give. Add {wanted}.")
        return 2
    return _concluded(drafted, tool, place, options)


def _drafted(lab: Lab, tool: Tool, place: Place, pace: Pace) -> Draft | None:
    """What the answers say; None if no good launch could be sent."""
    sent = tuple(good_launches(lab, pace))
    if not sent:
        return None
    good = [launch for launch in sent if launch.accepted]
    broken = tuple(broken_launches(lab, pace))
    spoilt = [launch.sample for launch in broken]
    compared = comparable([launch.sample for launch in good], spoilt)
    # All of a role are compared with, and all launches of a fault stand in one group.
    roles = {sample.role for sample in compared}
    good = [launch for launch in good if launch.sample.role in roles]
    refused = set(_labels(sort(compared, spoilt).refused))
    unkept = lab.tool.speaks("1.3") and not lab.platform.key_set.fetches
    unkept = unkept and _BAD_SIGNATURE in {sample.label for sample in spoilt} - refused
    turned_away = [launch for launch in broken if launch.sample.label in refused]
    return draft(
        compared,
        spoilt,
        probe_of(lab, good, turned_away, tool.observe.probe, pace),
        doubts=[_UNKEPT] if unkept else [],
        unknown=tuple(_left_out(sent, roles)),
        kept=tool.observe.names,
        before=place.before,
    )


def _left_out(sent: Sequence[Launch], roles: Collection[str]) -> Iterator[str]:
    """What became of good launches that are not compared with.

    Args:
        roles: those that are.
    """
    for launch in sent:
        if not launch.accepted:
            seen = launch.told.seen
            told = plain(seen.trouble or seen.message)[:SHOWN]
            how = seen.status_code or seen.outcome
            yield f"how a launched {launch.sample.role} is shown: answered with {how}: {told}"
        elif launch.sample.role not in roles:
            yield (
                f"how a launched {launch.sample.role} is told from a refused one: the page has nothing in common with "
                "those of others but what refusals have as well, so it would be read as a refusal"
            )


def _place(path: Path) -> Place:
    table, name = read_toml(path), "observe"
    if path.name == "pyproject.toml":
        table, name = table["tool"]["lti-conformance"], "tool.lti-conformance.observe"
    return Place(path=path, name=name, before=table.get("observe"))


def _concluded(drafted: Draft, tool: Tool, place: Place, options: argparse.Namespace) -> int:
    """Show the draft and write it, if that is wanted and there is one to trust."""
    print("\n".join(_sent(drafted)))
    if drafted.mark is None:
        print("\n".join((*_not_told(drafted), "Nothing is proposed.")))
        return 1
    reader = Reader(observe_of(drafted), where="calibrate:")
    wrong = misread(reader, drafted.good)
    drafted = replace(
        drafted,
        doubts=tuple(filter(None, (*drafted.doubts, taken_for_launched(reader, drafted.sorted.refused)))),
        unknown=(*drafted.unknown, *_crashed(drafted.sorted.refused, tool)),
    )
    tables = block(drafted, name=place.name)
    print("\n".join(("", tables.rstrip(), "", "Read with that:", *_table(reader, drafted), *_not_told(drafted))))
    if wrong:
        print(f"✗ {wrong}; not written.")
        return 1
    if options.only_print:
        return 0
    if place.before is not None and not options.write:
        print(f"{place.path} has a table [{place.name}]: nothing is written. --write puts this in its place.")
        return 0
    if drafted.doubts and not options.write:
        print(f"Because of that doubt {place.path} stays as it is; --write writes it all the same.")
        return 1
    _write(place, tables)
    print(
        f"{_replaced(tool.observe, drafted) if place.before is not None else ''}Wrote [{place.name}] to {place.path}."
    )
    return 0


def _write(place: Place, tables: str) -> None:
    """Put the tables into the tool file, if it can be loaded with them.

    Raises:
        UsageError: the file cannot be changed by a program.
    """
    text = place.path.read_bytes().decode("utf-8")
    mark = _BYTE_ORDER_MARK if text.startswith(_BYTE_ORDER_MARK) else ""
    before = text.removeprefix(mark)
    after = placed(before, tables, name=place.name, where=f"{place.path}:")
    loaded(mark + after, place.path)
    write_whole(place.path, mark + after)


def _sent(drafted: Draft) -> Iterator[str]:
    sorts = drafted.sorted
    broken = (*sorts.refused, *sorts.let_in, *sorts.between)
    ways = len(clusters(sorts.refused))
    yield (
        f"Sent {len(drafted.good)} good launches and {len({s.label for s in broken})} broken ones, those twice: "
        f"{len(_labels(sorts.refused))} refused in {ways} way{'' if ways == 1 else 's'}, {len(_labels(sorts.let_in))} "
        f"let in, {len(_labels(sorts.between))} in between."
    )
    if sorts.let_in:
        yield f"! Let in, to go by the page: {', '.join(_labels(sorts.let_in))}. `run` will say more; not used here."


def _not_told(drafted: Draft) -> Iterator[str]:
    for doubt in drafted.doubts:
        yield f"! In doubt: {doubt}."
    if drafted.doubts:
        shown = plain(drafted.good[0].page.visible)[:200]
        yield f"  Taken for the page of a launched person: {shown!r}"
    for unknown in dict.fromkeys(drafted.unknown):
        yield f"? Could not tell: {unknown}."
    if drafted.mark is not None and drafted.probed.probe is None:
        yield "? Could not tell: how to see whether somebody is signed in; see the comment on probe."


def _crashed(refused: Sequence[Sample], tool: Tool) -> Iterator[str]:
    """The sentences about answers that are no words of the tool about a launch."""
    labels: dict[int, dict[str, None]] = {}
    for sample in refused:
        if (status := sample.page.status or 0) >= 500:
            labels.setdefault(status, {})[sample.label] = None
    hosted = tool.tool.app is not None or tool.tool.start is not None
    hint = f"what the tool itself printed is in {LOG}" if hosted else "its own log may say"
    for status, found in labels.items():
        yield f"why the answer to {listed(tuple(found))} was a crash (status {status}); {hint}"


def _table(reader: Reader, drafted: Draft) -> Iterator[str]:
    """What is read of each launch, once where the answers to both say the same."""
    sorts = drafted.sorted
    rows: dict[str, None] = {}
    for samples, note in (
        (drafted.good, ""),
        (sorts.refused, ""),
        (sorts.between, " (in between)"),
        (sorts.let_in, " (let in)"),
    ):
        for sample in samples:
            rows[f"  {sample.label:<36} {_read(reader.read(sample.visit))}{note}"] = None
    yield from rows


def _read(seen: Observation) -> str:
    told = [str(value) for value in (seen.code, seen.type, seen.klass) if value is not None]
    if told:
        return f"{seen.outcome:<9} {', '.join(told)} (by {seen.channel})"
    if seen.outcome == "launched":
        return "launched"
    status = f"{seen.status_code} " if seen.status_code else ""
    return f"{seen.outcome:<9} nothing known: {status}{plain(seen.trouble or seen.message)[:SHOWN]}"


def _labels(samples: Sequence[Sample]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(sample.label for sample in samples))


def _replaced(before: Observe, drafted: Draft) -> str:
    """What the file had before, and what of it stays."""
    table = drafted.before
    parts = [
        f"launched = {marker_text(before.launched, table.get('launched', {}))}",
        f"{len(before.error)} channels",
        f"{len(before.status)} statuses",
    ]
    stays = [f"{len(before.names)} names"] if before.names else []
    if before.probe is not None:
        (stays if drafted.probed.probe == before.probe else parts).append(f"the probe {table['probe']['request']}")
    kept = f"; kept {' and '.join(stays)}" if stays else ""
    return f"Replaced {', '.join(parts)}{kept}.\n"
