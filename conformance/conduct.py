"""A whole run: open the lab, send the plain launch, try the scenarios, and put the report together."""

from __future__ import annotations

import datetime
import platform as machine
import time
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import replace

from conformance.catalogue import scenarios as catalogue
from conformance.catalogue import select
from conformance.lab import Lab
from conformance.model import Finding, Report, Result, Scenario
from conformance.runner import Options, PlainLaunchFailed, Runner, ToolLost
from conformance.toolvalues import Tool
from conformance.waivers import stale_waivers, waive
from mockplatform._version import __version__

__all__ = ["conduct", "plain_failure"]


def conduct(
    opened: AbstractContextManager[Lab],
    scenarios: Sequence[Scenario],
    options: Options,
    *,
    replay: str,
    now: datetime.datetime,
    on_result: Callable[[Result], None] = lambda _: None,
) -> Report:
    """The report of a run; what had been found out when it ended early is in it.

    Args:
        replay: the command that repeats this run, to which a scenario's id is added.

    Raises:
        UsageError: the lab cannot be opened.
    """
    began = time.perf_counter()
    results: list[Result] = []

    def settle(result: Result) -> Result:
        told = replace(result, replay=f"{replay} --only {result.scenario.id}")
        return waive(told, lab.tool.waiver, lab.profile, now.date())

    with opened as lab:
        runner = Runner(lab, options)
        stopped = _try_all(runner, scenarios, settle, results, on_result)
    untried = len(scenarios) - len(results)
    order = {scenario.id: index for index, scenario in enumerate(scenarios)}
    results.sort(key=lambda result: order[result.scenario.id])
    return Report(
        tool=lab.tool.tool.name,
        profile=lab.profile,
        seed=lab.seed,
        started=now,
        duration_s=time.perf_counter() - began,
        complete=not stopped and not untried,
        results=tuple(results),
        findings=(*ignored_settings(lab.tool), *_noted(lab), *runner.findings),
        versions={"lti-conformance": __version__, "python": machine.python_version()},
        stale_waivers=stale_waivers(
            results,
            lab.tool.waiver,
            lab.profile,
            now.date(),
            [scenario.id for scenario in select(catalogue(), lab.profile)],
        ),
        strict=options.strict,
        stopped=stopped,
        untried=untried,
    )


def _try_all(
    runner: Runner,
    scenarios: Sequence[Scenario],
    settle: Callable[[Result], Result],
    results: list[Result],
    on_result: Callable[[Result], None],
) -> str:
    """Add each result as it comes; why the run ended early, or nothing."""
    try:
        runner.plain_launch()
        for result in runner.run(scenarios, settle):
            results.append(result)
            on_result(result)
    except PlainLaunchFailed as failure:
        return plain_failure(failure)
    except ToolLost as lost:
        return f"the tool is gone: {lost}"
    except KeyboardInterrupt:
        return "interrupted"
    return ""


def ignored_settings(tool: Tool) -> tuple[Finding, ...]:
    """A finding for each part of the tool file that this version reads and does not use yet."""
    unused = {
        "[[persona]]": bool(tool.persona),
        "[profile] order": tool.profile.order != "pipeline",
        "[capabilities] services": bool(tool.capabilities.services),
    }
    text = "this version reads these parts of the tool file and does not use them yet: "
    named = ", ".join(name for name, given in unused.items() if given)
    return (Finding(id="ignored-settings", text=text + named),) if named else ()


def _noted(lab: Lab) -> tuple[Finding, ...]:
    """What the drivers of fault points had to say."""
    return tuple(Finding(id="fault-drivers", text=note) for note in lab.notes)


def plain_failure(failure: PlainLaunchFailed) -> str:
    """Why nothing can be said about the tool, in a sentence."""
    seen = failure.observation
    steps = "; ".join(f"{e.method} {e.url.partition('?')[0]} → {e.status or e.trouble}" for e in seen.exchanges)
    said = f", and said: {seen.message[:200]}" if seen.message else ""
    problems = f"; the authentication request: {'; '.join(seen.auth_problems)}" if seen.auth_problems else ""
    return (
        f"the plain launch does not work, so no refusal would prove anything: the tool {seen.outcome}"
        f"{f' ({seen.trouble})' if seen.trouble else ''}{said}{problems}. Steps: {steps or 'none'}. "
        "`lti-conformance doctor` shows what the tool has to register"
    )
