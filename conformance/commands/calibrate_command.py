"""`lti-conformance calibrate`."""

from __future__ import annotations

import argparse
import tomllib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from conformance.arrange import ArrangementFailedError
from conformance.calibrating.drafting import Draft, draft
from conformance.calibrating.samples import Sample, plain
from conformance.calibrating.sorting import clusters, comparable, sort
from conformance.calibrating.writing import block, marker_text, placed
from conformance.commands.calibrate_launches import Launch, broken_launches, good_launches, probe_of
from conformance.commands.doctor_command import diagnose
from conformance.lab import Lab
from conformance.model import Observation
from conformance.observe import Reader
from conformance.pace import Pace
from conformance.profile import load_profile
from conformance.reporting import write_whole
from conformance.runner import PlainLaunchFailed, ToolLost
from conformance.target import Start, open_lab
from conformance.toolfile import find, load
from conformance.toolvalues import Observe, Tool
from mockplatform.errors import UsageError
from mockplatform.tables import build, read_toml

__all__ = ["command"]

_BYTE_ORDER_MARK = "\ufeff"
_UNKEPT = "the tool never asked for the key set, and a bad signature made no difference"
_BAD_SIGNATURE = "signature/flipped-bit"
SHOWN = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """The table of a tool file that is to be written."""

    path: Path
    name: str
    is_there: bool


def command(options: argparse.Namespace) -> int:
    """Send good and broken launches, show what their answers say about how to read the tool, and write that down."""
    path = find(options.tool)
    tool = load(path)
    place = _place(path)
    profile = load_profile(tool.profile.name)
    # What the file says about answers so far may be wrong, and would stand in the way.
    unread = replace(tool, observe=Observe())
    with open_lab(unread, profile, Start(seed=0), where=f"{path}:", allow_remote=options.allow_remote) as lab:
        try:
            drafted = _drafted(lab, tool, Pace(options.rate))
        except PlainLaunchFailed as failure:
            diagnose(lab, failure)
            return 3
        except ToolLost as lost:
            print(f"✗ Nobody answers: {lost}")
            return 3
        except ArrangementFailedError as failure:
            print(f"✗ The tool could not be prepared for a launch: {failure}")
            return 3
    if drafted is None:
        wanted = ", ".join(sorted({state for states in profile.states.values() for state in states}))
        print(f"– No launch was sent: this profile needs a state that [arrange] does not give. Add {wanted}.")
        return 2
    return _concluded(drafted, tool, place, options)


def _drafted(lab: Lab, tool: Tool, pace: Pace) -> Draft | None:
    """What the answers say; None if no good launch could be sent."""
    sent = tuple(good_launches(lab, pace))
    if not sent:
        return None
    good = [launch for launch in sent if launch.accepted]
    broken = tuple(broken_launches(lab, pace))
    spoilt = [launch.sample for launch in broken]
    compared = comparable([launch.sample for launch in good], spoilt)
    good = [launch for launch in good if any(launch.sample is sample for sample in compared)]
    samples = compared, spoilt
    refused = {id(sample) for sample in sort(*samples).refused}
    unkept = lab.tool.speaks("1.3") and not lab.platform.key_set.fetches
    unkept = unkept and _BAD_SIGNATURE in {launch.sample.label for launch in broken if id(launch.sample) not in refused}
    turned_away: Sequence[Launch] = [launch for launch in broken if id(launch.sample) in refused]
    return draft(
        *samples,
        probe_of(lab, good, turned_away, tool.observe.probe),
        doubts=[_UNKEPT] if unkept else [],
        unknown=tuple(_left_out(sent, good)),
        kept=tool.observe.names,
    )


def _left_out(sent: Sequence[Launch], good: Sequence[Launch]) -> Iterator[str]:
    """What became of good launches that are not compared with."""
    for launch in sent:
        if not launch.accepted:
            seen = launch.told.seen
            told = plain(seen.trouble or seen.message)[:SHOWN]
            how = seen.status_code or seen.outcome
            yield f"how a launched {launch.sample.role} is shown: answered with {how}: {told}"
        elif not any(launch is one for one in good):
            yield (
                f"how a launched {launch.sample.role} is told from a refused one: the page has nothing in common with "
                "those of others but what refusals have as well, so it would be read as a refusal"
            )


def _place(path: Path) -> Place:
    table, name = read_toml(path), "observe"
    if path.name == "pyproject.toml":
        table, name = table["tool"]["lti-conformance"], "tool.lti-conformance.observe"
    return Place(path=path, name=name, is_there="observe" in table)


def _concluded(drafted: Draft, tool: Tool, place: Place, options: argparse.Namespace) -> int:
    """Show the draft and write it, if that is wanted and there is one to trust."""
    print("\n".join(_sent(drafted)))
    if drafted.mark is None:
        print("\n".join((*_not_told(drafted), "Nothing is proposed.")))
        return 1
    observe = build(Observe, tomllib.loads(block(drafted))["observe"], where="calibrate: observe:")
    reader = Reader(observe, where="calibrate:")
    misread = _misread(reader, drafted.good)
    tables = block(drafted, name=place.name)
    print("\n".join(("", tables.rstrip(), "", "Read with that:", *_table(reader, drafted), *_not_told(drafted))))
    if misread:
        print(f"✗ {misread}; not written.")
        return 1
    if options.only_print:
        return 0
    if place.is_there and not options.write:
        print(f"{place.path} has a table [{place.name}]: nothing is written. --write puts this in its place.")
        return 0
    if drafted.doubts and not options.write:
        print(f"Because of that doubt {place.path} stays as it is; --write writes it all the same.")
        return 1
    _write(place, tables)
    print(f"{_replaced(tool.observe, drafted) if place.is_there else ''}Wrote [{place.name}] to {place.path}.")
    return 0


def _write(place: Place, tables: str) -> None:
    """Put the tables into the tool file, and see that it can be loaded.

    Raises:
        UsageError: the file cannot be changed by a program.
    """
    text = place.path.read_bytes().decode("utf-8")
    mark = _BYTE_ORDER_MARK if text.startswith(_BYTE_ORDER_MARK) else ""
    before = text.removeprefix(mark)
    after = placed(before, tables, name=place.name, where=f"{place.path}:")
    write_whole(place.path, mark + after)
    try:
        load(place.path)
    except UsageError:
        write_whole(place.path, text)
        raise


def _sent(drafted: Draft) -> Iterator[str]:
    sorts = drafted.sorted
    broken = (*sorts.refused, *sorts.let_in, *sorts.between)
    yield (
        f"Sent {len(drafted.good)} good launches and {len({s.label for s in broken})} broken ones, those twice: "
        f"{len(_labels(sorts.refused))} refused in {len(clusters(sorts.refused))} ways, {len(_labels(sorts.let_in))} "
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


def _misread(reader: Reader, good: Sequence[Sample]) -> str:
    """The complaint about a good launch that is not read as one."""
    for sample in good:
        if void := reader.calibrate(sample.page):
            return void[0].text
    for sample in good:
        seen = reader.read(sample.visit)
        if seen.outcome != "launched":
            return f"the good launch '{sample.label}' would be read as {seen.outcome}: {seen.trouble or seen.message}"
    return ""


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
    parts = [
        f"launched = {marker_text(before.launched)}",
        f"{len(before.error)} channels",
        f"{len(before.status)} statuses",
    ]
    stays = [f"{len(before.names)} names"] if before.names else []
    if before.probe is not None:
        (stays if drafted.probed.probe == before.probe else parts).append(f"the probe {before.probe.request}")
    kept = f"; kept {' and '.join(stays)}" if stays else ""
    return f"Replaced {', '.join(parts)}{kept}.\n"
