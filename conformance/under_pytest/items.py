"""Scenarios as pytest items: how they are collected, and what a result means to pytest."""

from __future__ import annotations

import fnmatch
import shlex
import textwrap
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from conformance.catalogue import ruled, scenarios, select, words
from conformance.exchanges.clearing import cleared
from conformance.failing import failure_told
from conformance.model import Profile, Result, Scenario
from conformance.profile import load_profile
from conformance.recipe import Target
from conformance.reporting import outputs_of
from conformance.shelf import FOLDER, Shelf
from conformance.statuses import BROKEN
from conformance.telling.documenting import entry_of
from conformance.under_pytest.checking import checked_tool, require_tool
from conformance.under_pytest.options import SCENARIO, TRIAL, LtiConformanceWarning
from conformance.under_pytest.planning import source_of
from mockplatform.errors import UsageError

if TYPE_CHECKING:
    from conformance.under_pytest.session import Conductor
    from conformance.under_pytest.settings import Settings
    from conformance.under_pytest.values import Trial

__all__ = ["ScenarioFile", "check", "conclude", "marker", "parametrize", "selected", "settle", "sifted"]


def check(conductor: Conductor, files: Sequence[Path]) -> None:
    """Refuse options and tool files that cannot work.

    Raises:
        pytest.UsageError: the first that is wrong, in one line.
    """
    settings = conductor.settings
    try:
        # What stands in the configuration file and on the command line is one report.
        conductor.report_to(outputs_of(dict.fromkeys(settings.reports), {}, option="--lti-report"))
        profile = load_profile(settings.profile or "core")
        selected(profile, settings.only, "--lti-only")
        for file in files:
            checked_tool(conductor, file, profile)
    except UsageError as error:
        raise pytest.UsageError(str(error)) from None


class ScenarioFile(pytest.File):
    """A tool file as a collection of scenarios."""

    def __init__(self, *, conductor: Conductor, **more: Any) -> None:
        super().__init__(**more)
        self.conductor = conductor

    def collect(self) -> Iterator[pytest.Item]:
        """The scenarios of the profile."""
        try:
            profile = load_profile(self.conductor.profile(path=self.path))
            tool = checked_tool(self.conductor, self.path, profile)
            found = select(ruled(scenarios(), tool.rulings, where=f"{self.path}:"), profile)
        except UsageError as error:
            raise self.CollectError(str(error)) from None
        for scenario in found:
            yield ScenarioItem.from_parent(self, name=scenario.id, scenario=scenario, profile=profile)


class ScenarioItem(pytest.Item):
    """A scenario that is tried on the tool of a tool file."""

    def __init__(self, *, scenario: Scenario, profile: Profile, **more: Any) -> None:
        super().__init__(**more)
        self.add_marker(marker(scenario, profile, self._conductor.profile(path=self.path)))

    @property
    def _conductor(self) -> Conductor:
        assert isinstance(self.parent, ScenarioFile)
        return self.parent.conductor

    def runtest(self) -> None:
        """Try the scenario."""
        conductor = self._conductor
        bench = conductor.bench_of_file(self.path)
        settle(self, bench.try_scenario(conductor.profile(path=self.path), self.name), conductor.settings)

    def reportinfo(self) -> tuple[Path, int, str]:
        """Where the item stands."""
        return self.path, 0, self.name


def marker(scenario: Scenario, profile: Profile, name: str) -> pytest.MarkDecorator:
    """The mark of an item: its scenario, and what the profile expects."""
    expectation = profile.expectation(scenario)
    preferred = expectation.preferred if expectation else None
    return pytest.mark.lti_scenario(
        id=scenario.id,
        profile=name,
        area=scenario.id.partition("/")[0],
        code=preferred.code if preferred else None,
        type=preferred.type if preferred else None,
    )


def parametrize(metafunc: pytest.Metafunc, conductor: Conductor) -> None:
    """Give a function made by `lti_suite` its scenarios."""
    suite = metafunc.definition.get_closest_marker("lti_suite")
    given = dict(suite.kwargs) if suite else {}
    try:
        name = conductor.profile(given.get("profile"))
        profile = load_profile(name)
        found = _suited(profile, given.get("only", ()))
        require_tool(metafunc, conductor, profile)
    except UsageError as error:
        raise pytest.Collector.CollectError(str(error)) from None
    cases = [pytest.param(scenario, id=scenario.id, marks=marker(scenario, profile, name)) for scenario in found]
    metafunc.parametrize("lti_scenario", cases)


def _suited(profile: Profile, patterns: Sequence[str]) -> Sequence[Scenario]:
    """The scenarios of a suite.

    Raises:
        UsageError: there are none.
    """
    found = selected(profile, patterns, "lti_suite(only=…):")
    if not found:
        raise UsageError(f"lti_suite: no scenario of {patterns} belongs to the profile {profile.name}")
    return found


def selected(profile: Profile, patterns: Sequence[str], option: str) -> Sequence[Scenario]:
    """The scenarios of a profile that match.

    Raises:
        UsageError: a pattern matches nothing in the whole catalogue.
    """
    try:
        return select(scenarios(), profile, patterns)
    except UsageError as error:
        raise UsageError(str(error).replace("--only", option, 1)) from None


def sifted(items: Sequence[pytest.Item], patterns: Sequence[str]) -> tuple[list[pytest.Item], list[pytest.Item]]:
    """The items to keep, and the scenarios that match none of the patterns; each scenario gets its words for `-k`."""
    known = {scenario.id: scenario for scenario in scenarios()}
    kept: list[pytest.Item] = []
    dropped: list[pytest.Item] = []
    for item in items:
        mark = item.get_closest_marker(SCENARIO)
        spoken = () if mark is None else words(known[mark.kwargs["id"]])
        item.extra_keyword_matches.update(spoken)
        matches = any(fnmatch.fnmatchcase(word, pattern) for word in spoken for pattern in patterns)
        (kept if mark is None or matches or not patterns else dropped).append(item)
    return kept, dropped


def settle(item: pytest.Item, trial: Trial, settings: Settings) -> None:
    """Note what came of a scenario for the report, and turn it into what pytest makes of it."""
    if trial.result is not None:
        told = replace(trial.result, replay=_replay(item, settings))
        trial = replace(trial, result=replace(told, recipe=_recipe(item, told, settings)))
    item.stash[TRIAL] = trial = replace(trial, source=source_of(item))
    conclude(item, trial, settings)


def conclude(item: pytest.Item, trial: Trial, settings: Settings) -> None:
    """Turn what came of a story into what pytest makes of it."""
    result = trial.result
    if result is None:
        if trial.repeated:
            pytest.skip(textwrap.shorten(f"not tried: {trial.trouble}", 100, placeholder=" …"))
        pytest.fail(trial.trouble, pytrace=False)
    if settings.junit_properties:
        item.user_properties.extend(_properties(result))
    if result.status == "skipped":
        pytest.skip(entry_of(result).reason)
    if result.status == "waived":
        # With --runxfail this call does nothing, and a waiver does not hold.
        pytest.xfail(entry_of(result).reason)
    if result.status == "warned":
        _warn(item, result)
    elif result.status != "passed":
        pytest.fail(failure_told(result), pytrace=False)


def _warn(item: pytest.Item, result: Result) -> None:
    scenario = result.scenario
    try:
        item.warn(LtiConformanceWarning(f"{scenario.id} – {scenario.title}: {entry_of(result).reason}"))
    except LtiConformanceWarning:
        pytest.fail(failure_told(result), pytrace=False)


def _properties(result: Result) -> Iterator[tuple[str, object]]:
    preferred, seen = result.expectation.preferred, result.observation
    flat = {
        "lti_scenario": result.scenario.id,
        "lti_status": result.status,
        "lti_code": preferred.code,
        "lti_type": preferred.type,
        "lti_outcome": seen.outcome if seen else None,
        "lti_observed_code": seen.code if seen else None,
        "lti_observed_type": seen.type if seen else None,
    }
    return ((name, cleared(value, result.known)) for name, value in flat.items() if value is not None)


def _recipe(item: pytest.Item, result: Result, settings: Settings) -> str:
    """Where the recipe of a broken story is kept; empty if there is none."""
    if result.status not in BROKEN:
        return ""
    mark = item.get_closest_marker(SCENARIO)
    profile = mark.kwargs["profile"] if mark else "core"
    tool = str(item.path) if isinstance(item, ScenarioItem) else str(settings.tool or "")
    target = Target(tool=tool, strict=settings.strict, allow_remote=settings.allow_remote)
    shelf = Shelf(folder=settings.root / FOLDER, profile=profile, seed=settings.seed, target=target)
    kept = shelf.keep(result)
    return "" if kept is None else str(kept.relative_to(settings.root))


def _replay(item: pytest.Item, settings: Settings) -> str:
    options = [
        *(("--lti-tool", str(settings.tool)) if settings.tool else ()),
        *(("--lti-profile", settings.profile) if settings.profile else ()),
        *(("--lti-seed", str(settings.seed)) if settings.seed else ()),
        *(("--lti-allow-remote",) if settings.allow_remote else ()),
    ]
    return shlex.join(["pytest", *options, item.nodeid])
