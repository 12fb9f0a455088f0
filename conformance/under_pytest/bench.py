"""A tool that is up for a pytest session: scenarios are tried on it, and launches are sent to it.

A bench is made cheaply and opened by the first that needs it. What cannot be opened, or does not accept the plain
launch, is told in full to the first that asks and in short to all others: nothing passes, and the cause stands once.
"""

from __future__ import annotations

import asyncio
import contextlib
import datetime
import functools
import itertools
import threading
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from typing import Any, Protocol, TypeVar

from conformance.catalogue import ruled, scenarios
from conformance.conduct import plain_failure
from conformance.exchanges.clearing import cleared
from conformance.exchanges.known_secrets import configured
from conformance.hosting import as_asgi
from conformance.lab import Lab
from conformance.model import Attempt, Observation, Profile, Result, Scenario
from conformance.profile import load_profile
from conformance.recipe import read_recipe
from conformance.replaying import replayed
from conformance.results.waivers import waive
from conformance.runner import Options, PlainLaunchFailed, Runner, ToolLost
from conformance.story import tell
from conformance.target import Start, faults_ready, lab_for
from conformance.toolvalues import Tool, Waiver
from conformance.transport import AsgiTransport
from conformance.under_pytest.turns import Turns
from conformance.under_pytest.values import Trial, Wish
from mockplatform.errors import UsageError
from mockplatform.lms import Platform
from mockplatform.model import KeySet
from mockplatform.mutation import bind

__all__ = ["AnyBench", "Bench", "in_process", "outside_loops"]


T = TypeVar("T")


class AnyBench(Protocol):
    """What items and fixtures use, wherever the tool is driven from."""

    def try_scenario(self, profile: str, scenario: str) -> Trial:
        """What comes of trying a scenario."""

    def replay(self, profile: str, recipe: str) -> Trial:
        """What comes of a recipe."""

    def launch(self, profile: str, wish: Wish) -> Observation:
        """What the tool does with a launch."""


@dataclass(slots=True)
class _Stage:
    """The tool under one profile."""

    runner: Runner
    trouble: str = ""


class Bench:
    """A tool that this process drives.

    Args:
        opened: makes the lab, once somebody needs it.
        where: how messages name the description of the tool.
    """

    def __init__(
        self,
        tool: Tool,
        opened: Callable[[Profile, Start], AbstractContextManager[Lab]],
        *,
        start: Start,
        strict: bool = False,
        where: str = "tool file:",
    ) -> None:
        self.tool = tool
        self._opened = opened
        self._start = start
        self._strict = strict
        self._where = where
        self._stack = contextlib.ExitStack()
        self._opening = threading.RLock()
        self._turns = Turns()
        self._lab: Lab | None = None
        self._stages: dict[str, _Stage] = {}
        self._profiles: dict[str, Profile] = {}
        self._trouble = ""
        self._told: set[str] = set()
        self._takes = itertools.count(1)
        self.known = configured(tool)

    def close(self) -> None:
        """Take the tool and the platform down."""
        with self._opening:
            self._trouble = self._trouble or "the session is over"
            self._stack.close()

    def platform(self, profile: str) -> Platform:
        """The platform that launches the tool, up and running.

        Raises:
            UsageError: it does not come up.
        """
        return self._opened_lab(self._profile(profile)).platform

    def try_scenario(self, profile: str, scenario: str) -> Trial:
        """What comes of trying a scenario, in its turn."""
        chosen = self._profile(profile)
        trial = self._trial(chosen, scenario, self.tool.waiver)
        try:
            found = self._scenarios[scenario]
            stage = self._stage(chosen)
            with self._turns.taken(alone=stage.runner.lab.alone(found)):
                trouble = self._trouble or stage.trouble
                result = None if trouble else self._tried(stage, found)
        except (UsageError, ToolLost) as error:
            trouble, result = str(error), None
        if result is None:
            return self._troubled(trial, trouble)
        return replace(trial, result=self._knowing(result), findings=tuple(stage.runner.findings))

    def replay(self, profile: str, recipe: str) -> Trial:
        """What comes of sending the story of a recipe again, alone.

        Args:
            profile: another one than the recipe's; empty for that.

        Raises:
            UsageError: it is no recipe.
        """
        story = read_recipe(recipe, where="lti_replay")
        chosen = self._profile(profile or story.profile)
        trial = self._trial(chosen, story.scenario.id, ())
        try:
            stage = self._stage(chosen)
            with self._turns.taken(alone=True):
                trouble = self._trouble or stage.trouble
                result = None if trouble else replayed(stage.runner, story)
        except (UsageError, ToolLost) as error:
            trouble, result = str(error), None
        return self._troubled(trial, trouble) if result is None else replace(trial, result=self._knowing(result))

    def launch(self, profile: str, wish: Wish) -> Observation:
        """What the tool does with a launch, in its turn.

        Raises:
            UsageError: the launch names something unknown, or the tool cannot be brought up.
        """
        chosen = self._profile(profile)
        scenario = _story(wish, f"launch/{next(self._takes)}")
        # A tool that refuses the plain launch may be what the test is about: only the reading is made ready by it.
        lab = self._stage(chosen).runner.lab
        if wish.registration not in lab.registrations:
            raise UsageError(f"lti_launch: there is no registration '{wish.registration}' in {self._where}")
        states = chosen.states.get(wish.role, ()) if wish.states is None else wish.states
        with self._turns.taken(alone=lab.alone(scenario)):
            told = tell(lab, scenario, states, "1")
        session = told.seen.session if told.seen.outcome != "launched" else told.story.session("user")
        return replace(told.seen, session=session)

    def without_secrets(self, text: str) -> str:
        """What is told of the tool, without what its description has for secrets."""
        return cleared(text, self.known)

    def _trial(self, profile: Profile, scenario: str, waivers: tuple[Waiver, ...]) -> Trial:
        name = self.tool.tool.name
        return Trial(tool=name, waivers=waivers, profile=profile, scenario=scenario, known=self.known)

    def _knowing(self, result: Result) -> Result:
        return replace(result, known=self.known)

    def _troubled(self, trial: Trial, trouble: str) -> Trial:
        trouble = self.without_secrets(trouble)
        with self._opening:
            repeated = trouble in self._told
            self._told.add(trouble)
        return replace(trial, trouble=trouble, repeated=repeated)

    def _profile(self, name: str) -> Profile:
        """A profile, read once: every item asks for it again by its name."""
        if name not in self._profiles:
            self._profiles[name] = load_profile(name)
        return self._profiles[name]

    @functools.cached_property
    def _scenarios(self) -> Mapping[str, Scenario]:
        """The catalogue as this tool's switches rule it, by id."""
        return {found.id: found for found in ruled(scenarios(), self.tool.rulings, where=self._where)}

    def _tried(self, stage: _Stage, scenario: Scenario) -> Result:
        try:
            result = stage.runner.try_scenario(scenario)
        except ToolLost as lost:
            self._trouble = self.without_secrets(f"the tool is gone: {lost}")
            raise ToolLost(self._trouble) from None
        today = datetime.datetime.now(datetime.UTC).date()
        return waive(result, self.tool.waiver, stage.runner.lab.profile, today)

    def _opened_lab(self, profile: Profile) -> Lab:
        with self._opening:
            if self._lab is None:
                if self._trouble:
                    raise UsageError(self._trouble)
                try:
                    self._lab = self._stack.enter_context(self._opened(profile, self._start))
                except UsageError as error:
                    self._trouble = self.without_secrets(str(error))
                    raise UsageError(self._trouble) from None
            return self._lab

    def _stage(self, profile: Profile) -> _Stage:
        """The tool under a profile, after the plain launch.

        Raises:
            UsageError: the tool cannot be brought up.
        """
        with self._opening:
            stage = self._stages.get(profile.name)
            if stage is None:
                lab = replace(self._opened_lab(profile), profile=profile)
                stage = self._stages[profile.name] = _Stage(Runner(lab, Options(strict=self._strict)))
                with self._turns.taken(alone=False):
                    stage.trouble = self.without_secrets(_plain_launch(stage.runner))
            return stage


def _plain_launch(runner: Runner) -> str:
    """Why the plain launch does not work; empty if it does."""
    try:
        runner.plain_launch()
    except PlainLaunchFailed as failure:
        return plain_failure(failure, runner.lab)
    except (ToolLost, UsageError) as error:
        return str(error)
    return ""


def _story(wish: Wish, id_: str) -> Scenario:
    mutations = tuple(bind(text, where="lti_launch") for text in wish.mutations)
    return Scenario(
        id=id_,
        title="A launch that a test asked for",
        why="",
        requirement=(),
        attempt=Attempt(name="judged", mutations=mutations),
        before=(),
        role=wish.role,
        registration=wish.registration,
        needs=(),
        states=wish.states,
        faults=(),
        checks=(),
        guards=(),
        expect={},
        rotates=any(spoilt.mutation.stage is KeySet for spoilt in mutations),
    )


@contextlib.contextmanager
def in_process(
    tool: Tool, app: Any, platform: Platform, profile: Profile, start: Start, *, where: str
) -> Iterator[Lab]:
    """A lab around an application that is called without a socket, launched from a platform that is served."""
    with AsgiTransport(as_asgi(app), timeout_s=tool.network.timeout_s) as transport:
        # Its address may be any name, since nothing is sent there.
        lab = lab_for(
            tool, profile, transport, start, url=platform.url, platform=platform, where=where, allow_remote=True
        )
        with faults_ready(lab, where):
            yield lab


def outside_loops(call: Callable[[], T]) -> T:
    """The value of a call that runs an event loop of its own, which a thread with a running loop must not do."""
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        inside = False
    else:
        inside = True
    if not inside:
        return call()
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(call).result()
