"""`lti-conformance run`."""

from __future__ import annotations

import argparse
import contextlib
import datetime
import os
import shlex
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from pathlib import Path

from conformance.catalogue import ruled, scenarios, select
from conformance.conduct import conduct
from conformance.lab import Lab
from conformance.model import Profile, Report, Result
from conformance.profile import load_profile, profile_names
from conformance.reporting import SCREEN, Output, output_of, write_whole
from conformance.reports import formats
from conformance.runner import Options
from conformance.tally import exit_code
from conformance.target import Start, open_lab
from conformance.toolfile import find, load
from conformance.toolvalues import Tool
from conformance.waivers import check_waivers
from mockplatform.errors import UsageError

__all__ = ["command"]


def command(options: argparse.Namespace) -> int:
    """Run the scenarios, write the reports, and return the exit code."""
    outputs = [output_of(text) for text in options.report]
    tool, where, replay = _tool(options)
    named = options.profile or (tool.profile.name if tool else "core")
    profile = load_profile(named)
    catalogue = ruled(scenarios(), tool.rulings if tool else {}, where=where)
    if tool is not None:
        check_waivers(tool.waiver, catalogue, (*profile_names(), profile.name), where=where)
    chosen = select(catalogue, profile, options.only)
    if not chosen:
        raise UsageError(f"nothing to run: no scenario of {options.only} belongs to the profile {profile.name}")
    with _progress(len(chosen)) as advance:
        report = conduct(
            _opened(tool, profile, options, where),
            chosen,
            Options(
                jobs=options.jobs,
                strict=options.strict,
                fail_fast=options.fail_fast,
                max_time_s=options.max_time,
                rate=options.rate,
            ),
            replay=f"lti-conformance run {replay} --profile {shlex.quote(named)} --seed {options.seed}",
            now=datetime.datetime.now(datetime.UTC),
            on_result=advance,
        )
    _write(report, outputs)
    return exit_code(report)


def _tool(options: argparse.Namespace) -> tuple[Tool | None, str, str]:
    """The tool, how messages name its file, and how a command line names it."""
    flags = "".join(f" --{name.replace('_', '-')}" for name in ("strict", "allow_remote") if getattr(options, name))
    if options.demo:
        return None, "the sample tool:", f"--demo{flags}"
    path = find(options.tool)
    return load(path), f"{path}:", f"--tool {shlex.quote(str(path))}{flags}"


def _opened(
    tool: Tool | None, profile: Profile, options: argparse.Namespace, where: str
) -> AbstractContextManager[Lab]:
    start = Start(seed=options.seed)
    if tool is None:
        from conformance.demo import demo_lab

        return demo_lab(profile, start)
    return open_lab(tool, profile, start, where=where, allow_remote=options.allow_remote)


def _write(report: Report, outputs: Sequence[Output]) -> None:
    if not any(output.path == SCREEN for output in outputs):
        outputs = (Output("text", SCREEN), *outputs)
    # Files first: a reader of the screen may have gone (`| head`), and that must cost neither a report nor the verdict.
    for output in sorted(outputs, key=lambda output: output.path == SCREEN):
        text = formats()[output.format](report)
        if output.path != SCREEN:
            write_whole(Path(output.path), text)
            continue
        try:
            sys.stdout.write(text)
            sys.stdout.flush()
        except BrokenPipeError:
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


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
