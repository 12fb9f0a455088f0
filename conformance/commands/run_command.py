"""`lti-conformance run`."""

from __future__ import annotations

import argparse
import contextlib
import datetime
import sys
import traceback
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import replace
from pathlib import Path

from conformance.catalogue import ruled, scenarios, select
from conformance.commands.targeting import opened, targeted
from conformance.conduct import Agenda, conduct
from conformance.interrupting import held_back
from conformance.lab import Lab
from conformance.leaving import LEFT, made
from conformance.model import Profile, Result
from conformance.notes import Notes
from conformance.phases import Depth, phases, properties
from conformance.profile import load_profile, profile_names
from conformance.reporting import SCREEN, Output, outputs_of, write_all
from conformance.results.baseline import against, baseline_at
from conformance.results.comparison_text import comparison_text
from conformance.results.waivers import check_waivers
from conformance.runner import Options
from conformance.shelf import Shelf
from conformance.strategies.lazily import hypothesis_or_advice
from conformance.streaming import Stream, streamed
from conformance.telling.dossier import Dossier
from conformance.toolvalues import Tool
from mockplatform.errors import UsageError

__all__ = ["command"]


def command(options: argparse.Namespace) -> int:
    """Run the scenarios, write the reports, and return the exit code."""
    tool, where, target = targeted(options)
    outputs = outputs_of(options.report, {"the baseline": options.baseline, "the tool file": target.tool or None})
    named = options.profile or (tool.profile.name if tool else "core")
    profile = load_profile(named)
    agenda = _agenda(options, tool, profile, where)
    baseline = baseline_at(options.baseline, profile=profile.name) if options.baseline else None
    target = replace(target, examples=options.examples if options.deep else 0)
    lab = opened(tool, profile, seed=options.seed, allow_remote=options.allow_remote, where=where, target=target)
    shelf = Shelf(folder=Path(options.recipes), profile=named, seed=options.seed, target=target)
    with streamed(_first_file(outputs)) as stream:
        with _progress(len(agenda.ids)) as advance:
            notes = Notes(stream, tool_file=target.tool, chosen=len(agenda.ids), tell=advance)
            dossier = _run(lab, agenda, options, notes, shelf)
        with held_back():
            comparison = None if baseline is None else against(baseline, dossier)
            if comparison is not None:
                dossier = replace(dossier, exit_code=comparison.settled(dossier.exit_code))
            _write(dossier, outputs, stream)
    if comparison is not None:
        # A report that a program reads from the screen stays one.
        mixed = all(output.format == "text" for output in outputs if output.path == SCREEN)
        print(f"\n{comparison_text(comparison)}", end="", file=sys.stdout if mixed else sys.stderr)
    return dossier.exit_code


def _run(
    lab: AbstractContextManager[Lab], agenda: Agenda, options: argparse.Namespace, notes: Notes, shelf: Shelf
) -> Dossier:
    """What the run finds out; of one that is interrupted, or broken by a defect of the harness, what it had."""
    how = Options(
        jobs=options.jobs,
        strict=options.strict,
        fail_fast=options.fail_fast,
        max_time_s=options.max_time,
        rate=options.rate,
    )
    now = datetime.datetime.now(datetime.UTC)
    try:
        report = conduct(lab, agenda, how, now=now, replay=shelf.command, on_start=notes.begin, on_result=notes.add)
        return notes.dossier(report)
    except UsageError:
        raise
    except KeyboardInterrupt:
        partial = notes.broken_off("interrupted")
        if partial is None:
            raise
        return partial
    except Exception as error:
        partial = notes.broken_off(f"the harness failed: {type(error).__name__}: {error}")
        if partial is None:
            raise
        _keep_trace(error)
        return partial


def _keep_trace(error: Exception) -> None:
    """Leave what a report of the defect needs."""
    path = LEFT / "crash.txt"
    with contextlib.suppress(OSError):
        made(LEFT)
        path.write_text("".join(traceback.format_exception(error)), encoding="utf-8", errors="replace")
        print(f"This is a defect of lti-conformance; please report it with {path}.", file=sys.stderr)


def _first_file(outputs: Sequence[Output]) -> Path | None:
    """The first report that is written to a file."""
    return next((Path(output.path) for output in outputs if output.path != SCREEN), None)


def _agenda(options: argparse.Namespace, tool: Tool | None, profile: Profile, where: str) -> Agenda:
    """The scenarios and properties that were asked for.

    Raises:
        UsageError: there are none, or the tool file names some that do not exist.
    """
    held = properties() if options.deep else ()
    catalogue = ruled((*scenarios(), *held), tool.rulings if tool else {}, where=where)
    if tool is not None:
        known = (*scenarios(), *properties())
        check_waivers(tool.waiver, known, (*profile_names(), profile.name), where=where)
    if not options.deep:
        _refuse_deep(options.only)
    chosen = select(catalogue, profile, options.only)
    if not chosen:
        raise UsageError(f"nothing to run: no scenario of {options.only} belongs to the profile {profile.name}")
    deep = {wanted.id for wanted in held}
    if any(scenario.id in deep for scenario in chosen):
        # Now, and not after the whole catalogue.
        hypothesis_or_advice()
    return Agenda(
        scenarios=tuple(scenario for scenario in chosen if scenario.id not in deep),
        properties=tuple(scenario for scenario in chosen if scenario.id in deep),
        depth=Depth(examples=options.examples),
        only=options.only,
    )


def _refuse_deep(patterns: Sequence[str]) -> None:
    """A property is no scenario, and without `--deep` there is none."""
    for pattern in patterns:
        if pattern.partition("/")[0] in {phase.NAME for phase in phases()}:
            raise UsageError(f"--only {pattern}: this is a property of a deep run; add --deep")


def _write(dossier: Dossier, outputs: Sequence[Output], stream: Stream) -> None:
    if not any(output.path == SCREEN for output in outputs):
        outputs = (Output("text", SCREEN), *outputs)
    try:
        write_all(dossier, outputs)
    except UsageError as error:
        kept = f"; the results are kept in {stream.path}" if stream.path else ""
        raise UsageError(f"{error}{kept}") from None
    stream.done()


@contextlib.contextmanager
def _progress(total: int) -> Iterator[Callable[[Result], None]]:
    """A bar while the run goes on, where somebody can see it."""
    if not sys.stderr.isatty():
        yield lambda _: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    columns = (BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(), TextColumn("{task.description}"))
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("", total=total)
        yield lambda result: bar.update(task, advance=1, description=result.scenario.id)
