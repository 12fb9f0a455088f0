"""A whole run: open the lab, send the plain launch, try scenarios and properties, and put the report together."""

from __future__ import annotations

import datetime
import platform as machine
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field, replace

from conformance.catalogue import scenarios as catalogue
from conformance.catalogue import select
from conformance.exchanges.clearing import cleared
from conformance.exchanges.known_secrets import witnessed
from conformance.first_hour import diagnose, failure_of
from conformance.lab import Lab
from conformance.model import Finding, Result, Scenario
from conformance.phases import EXAMPLES, Depth, Telling, phases, properties
from conformance.report import Chapter, Report
from conformance.results.waivers import stale_waivers, waive
from conformance.runner import Options, PlainLaunchFailed, Runner, TimeIsUp, ToolLost
from conformance.story import honest
from conformance.strictness import strictly
from conformance.toolvalues import Tool
from mockplatform._version import __version__

__all__ = ["Agenda", "conduct", "plain_failure"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Agenda:
    """What a run has to do."""

    scenarios: Sequence[Scenario]
    properties: Sequence[Scenario] = ()
    """What a deep run holds the tool to as well."""
    depth: Depth = field(default_factory=Depth)
    only: Sequence[str] = ()
    """The patterns by which these were chosen."""

    @property
    def ids(self) -> Sequence[str]:
        """The ids of everything, in the order of the report."""
        return [each.id for each in (*self.scenarios, *self.properties)]


def conduct(
    opened: AbstractContextManager[Lab],
    agenda: Agenda,
    options: Options,
    *,
    now: datetime.datetime,
    replay: Callable[[Result], str] = lambda _: "",
    on_start: Callable[[Report], None] = lambda _: None,
    on_result: Callable[[Result], None] = lambda _: None,
) -> Report:
    """The report of a run; what had been found out when it ended early is in it.

    Args:
        replay: the command that repeats a result.
        on_start: is told what is known before the first launch.

    Raises:
        UsageError: the lab cannot be opened.
    """
    began = time.perf_counter()
    results: list[Result] = []
    chapters: list[Chapter] = []

    def note(result: Result) -> None:
        # In this order: an interrupt in between must not leave a result of which nobody has been told.
        on_result(result)
        results.append(result)

    with opened as lab:
        runner = Runner(lab, options)
        begun = _begun(lab, agenda, options, now)
        on_start(begun)
        stopped = _try_all(runner, agenda, _settling(runner, now.date(), replay), note, chapters)
    untried = len(agenda.ids) - len(results)
    order = {id_: index for index, id_ in enumerate(agenda.ids)}
    results.sort(key=lambda result: order[result.scenario.id])
    return replace(
        begun,
        duration_s=time.perf_counter() - began,
        complete=not stopped and not untried,
        results=tuple(results),
        findings=(*ignored_settings(lab.tool), *_noted(lab), *runner.findings),
        chapters=tuple(chapters),
        waivers=_stale(results, agenda, lab, now.date()),
        stopped=stopped,
        untried=untried,
    )


def _begun(lab: Lab, agenda: Agenda, options: Options, now: datetime.datetime) -> Report:
    """What is known of a run before its first launch."""
    return Report(
        tool=lab.tool.tool.name,
        profile=lab.profile,
        seed=lab.seed,
        started=now,
        duration_s=0.0,
        complete=False,
        results=(),
        versions={"lti-conformance": __version__, "python": machine.python_version()},
        strict=options.strict,
        only=tuple(agenda.only),
        untried=len(agenda.ids),
        known=lab.secrets,
    )


def _settling(runner: Runner, today: datetime.date, replay: Callable[[Result], str]) -> Callable[[Result], Result]:
    """What makes a result final: strictness, the waivers of the tool file and the command that repeats it."""
    lab = runner.lab

    def settle(result: Result) -> Result:
        settled = waive(strictly(result) if runner.options.strict else result, lab.tool.waiver, lab.profile, today)
        return replace(settled, replay=replay(settled), known=lab.secrets)

    return settle


def _stale(results: Sequence[Result], agenda: Agenda, lab: Lab, today: datetime.date) -> tuple[str, ...]:
    """A sentence for each waiver that nothing needs any more."""
    if not lab.tool.waiver:
        # What there is to know of the whole catalogue costs as much as five launches.
        return ()
    held = {wanted.id for wanted in agenda.properties}
    # A property that passes with few examples may fail with more.
    sure = results if agenda.depth.examples >= EXAMPLES else [r for r in results if r.scenario.id not in held]
    whole = select((*catalogue(), *properties()), lab.profile)
    return stale_waivers(sure, lab.tool.waiver, lab.profile, today, whole)


def _try_all(
    runner: Runner,
    agenda: Agenda,
    settle: Callable[[Result], Result],
    note: Callable[[Result], None],
    chapters: list[Chapter],
) -> str | None:
    """Note each result as it comes; why the run ended early, None if it did not."""
    try:
        runner.plain_launch()
        for told in _all_told(runner, agenda, settle):
            if isinstance(told, Chapter):
                chapters.append(told)
            elif isinstance(told, Finding):
                runner.findings.append(told)
            else:
                note(told)
                if runner.options.fail_fast and told.status == "failed":
                    return None
    except PlainLaunchFailed as failure:
        return plain_failure(failure, runner.lab)
    except ToolLost as lost:
        return f"the tool is gone: {lost}"
    except TimeIsUp:
        return None
    except KeyboardInterrupt:
        return "interrupted"
    return None


def _all_told(runner: Runner, agenda: Agenda, settle: Callable[[Result], Result]) -> Iterator[Telling]:
    """The results of the scenarios, then what the phases tell of the properties."""
    yield from runner.run(agenda.scenarios, settle)
    for phase in phases():
        chosen = [wanted for wanted in agenda.properties if wanted.id.startswith(f"{phase.NAME}/")]
        for told in phase.run(runner, chosen, agenda.depth) if chosen else ():
            yield settle(_controlled(runner, told)) if isinstance(told, Result) else told


def _controlled(runner: Runner, result: Result) -> Result:
    """The result, unless by now the tool lets nobody in: then its refusals prove nothing.

    Raises:
        ToolLost: nobody answers any more.
    """
    if result.status != "passed":
        return result
    lab, role = runner.lab, runner.role
    told = honest(lab, f"control {result.scenario.id}", role, "main", lab.honest_states(role), lab.lti)
    if told.seen.outcome == "launched":
        return result
    if told.performed.visit.trouble_kind == "refused":
        raise ToolLost(f"{told.seen.trouble} (noticed after {result.scenario.id})")
    reason = f"after these launches an honest one is not accepted any more: {told.seen.trouble or told.seen.message}"
    return replace(result, verdict=replace(result.verdict, status="error", reason=reason, cause="control-failed"))


def ignored_settings(tool: Tool) -> tuple[Finding, ...]:
    """A finding for each part of the tool file that this version reads and does not use yet."""
    from mockplatform.service import services

    unknown = [name for name in tool.capabilities.services if name not in services() and name != "deep_linking"]
    unused = {
        "[[persona]]": bool(tool.persona),
        "[profile] order": tool.profile.order != "pipeline",
        f"[capabilities] services {' and '.join(unknown)}": bool(unknown),
    }
    text = "this version reads these parts of the tool file and does not use them yet: "
    named = ", ".join(name for name, given in unused.items() if given)
    return (Finding(id="ignored-settings", text=text + named),) if named else ()


def _noted(lab: Lab) -> tuple[Finding, ...]:
    """What the drivers of fault points had to say."""
    return tuple(Finding(id="fault-drivers", text=note) for note in lab.notes)


def plain_failure(failure: PlainLaunchFailed, lab: Lab) -> str:
    """Why nothing can be said about the tool, in a sentence, and what to do about it."""
    seen = failure.observation
    steps = "; ".join(f"{e.method} {e.url.partition('?')[0]} → {e.status or e.trouble}" for e in seen.exchanges)
    # Masked before it is cut: the rest of a secret does not look like one.
    message = cleared(seen.message, lab.secrets | witnessed(seen))
    said = f", and said: {message[:200]}" if message else ""
    problems = f"; the authentication request: {'; '.join(seen.auth_problems)}" if seen.auth_problems else ""
    cause = diagnose(failure_of(lab, seen))
    return (
        f"the plain launch does not work, so no refusal would prove anything: the tool {seen.outcome}"
        f"{f' ({seen.trouble})' if seen.trouble else ''}{said}{problems}. Steps: {steps or 'none'}. "
        f"{f'{cause} ' if cause else ''}`lti-conformance doctor` shows what the tool has to register"
    )
