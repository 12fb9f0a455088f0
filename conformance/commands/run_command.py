"""`lti-conformance run`."""

from __future__ import annotations

import argparse
import contextlib
import datetime
import os
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path

from conformance.catalogue import ruled, scenarios, select
from conformance.conduct import conduct
from conformance.lab import Lab
from conformance.model import Profile, Report, Result
from conformance.profile import load_profile
from conformance.reports import formats
from conformance.runner import Options
from conformance.tally import exit_code
from conformance.target import Start, open_lab
from conformance.toolfile import Tool, find, load
from mockplatform.errors import UsageError

__all__ = ["command"]

SCREEN = "-"


@dataclass(frozen=True, slots=True)
class _Output:
    format: str
    path: str


def command(options: argparse.Namespace) -> int:
    """Run the scenarios, write the reports, and return the exit code."""
    outputs = [_output(text) for text in options.report]
    tool, where, replay = _tool(options)
    profile = load_profile(options.profile or (tool.profile.name if tool else "core"))
    catalogue = ruled(scenarios(), tool.rulings if tool else {}, where=where)
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
            replay=f"lti-conformance run {replay} --profile {options.profile or profile.name} --seed {options.seed}",
            now=datetime.datetime.now(datetime.UTC),
            on_result=advance,
        )
    _write(report, outputs)
    return exit_code(report)


def _tool(options: argparse.Namespace) -> tuple[Tool | None, str, str]:
    """The tool, how messages name its file, and how a command line names it."""
    if options.demo:
        return None, "the sample tool:", "--demo"
    path = find(options.tool)
    return load(path), f"{path}:", f"--tool {path}"


def _opened(
    tool: Tool | None, profile: Profile, options: argparse.Namespace, where: str
) -> AbstractContextManager[Lab]:
    start = Start(seed=options.seed)
    if tool is None:
        from conformance.demo import demo_lab

        return demo_lab(profile, start)
    return open_lab(tool, profile, start, where=where, allow_remote=options.allow_remote)


def _output(text: str) -> _Output:
    """Where a report goes; refused before the run and not after it.

    Raises:
        UsageError: the format is unknown or the place cannot be written.
    """
    name, _, path = text.partition(":")
    if name not in formats():
        raise UsageError(f"--report {text}: unknown format '{name}'; known are {', '.join(formats())}")
    folder = Path(path).parent
    if path not in ("", SCREEN) and (not folder.is_dir() or not os.access(folder, os.W_OK) or Path(path).is_dir()):
        raise UsageError(f"--report {text}: cannot write there; the folder must exist and the path be a file")
    return _Output(name, path or SCREEN)


def _write(report: Report, outputs: Sequence[_Output]) -> None:
    if not any(output.path == SCREEN for output in outputs):
        outputs = (_Output("text", SCREEN), *outputs)
    for output in outputs:
        text = formats()[output.format](report)
        if output.path == SCREEN:
            sys.stdout.write(text)
        else:
            _replace(Path(output.path), text)


def _replace(path: Path, text: str) -> None:
    """Write a file whole or not at all, so that a report of an earlier run is never half gone."""
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(text)
        Path(name).chmod(0o644)
        Path(name).replace(path)
    except OSError as error:
        Path(name).unlink(missing_ok=True)
        raise UsageError(f"{path}: cannot write the report: {error.strerror}") from None


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
