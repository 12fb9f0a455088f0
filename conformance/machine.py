"""Long stories of launches, drawn by Hypothesis: browsers, tabs, people and platforms in every order.

`LaunchMachine` knows what can be done next; `sequences.world` knows what must come of it. A subclass adds rules of its
own: whatever it sends with `step` is judged as well, as far as anything is demanded of it.
"""

from __future__ import annotations

import contextlib
import functools
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from hypothesis import HealthCheck, Phase, Verbosity, seed, settings
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule, run_state_machine_as_test
from hypothesis.strategies import booleans, integers, lists, sampled_from

from conformance.chance import StoriesOver, guarded, seed_alone
from conformance.model import Attempt
from conformance.runner import TimeIsUp
from conformance.sequences.judging import Sequences, as_text
from conformance.sequences.world import (
    AGAIN,
    EXPIRED,
    FORGED,
    MUST_LAUNCH,
    NONCE,
    OUTAGE,
    ROTATED,
    STATE,
    WITHDRAWN,
    Login,
    World,
)
from conformance.story import Told
from mockplatform.mutation import NotApplicableError, bind

__all__ = ["STEPS", "LaunchMachine", "run_machine"]

STEPS = 12
"""How long a story is."""
AT_ONCE = 20
MANY = 4
UNLIKE = 9
"""So many stories are drawn afresh; after them Hypothesis would go on with copies that differ in one place."""
DESKS = ("user", "other", "third")
BROWSERS = sampled_from(DESKS)
PEOPLE = sampled_from(("person", "other"))
PLATFORMS = sampled_from(("", "second"))
PICKS = integers(0, 7)
LOG_OUT = "log_out"


def _some(*status: str) -> Callable[[LaunchMachine], bool]:
    return lambda machine: bool(machine.logins(*status))


def _keys(machine: LaunchMachine) -> bool:
    return machine.rotates and not machine.stuck


class LaunchMachine(RuleBasedStateMachine):
    """One long story.

    Args:
        sequences: what judges it.
    """

    def __init__(self, sequences: Sequences) -> None:
        super().__init__()
        self.sequences = sequences
        self.world = World()
        self.steps: list[Attempt] = []
        self.stuck = False
        """Whether the tool will not ask for the keys of this story in time."""
        self._opened: dict[str, str] = {}
        self._arranged = {("person", "")}

    @initialize(rotates=booleans())
    def begin_story(self, rotates: bool) -> None:  # noqa: FBT001 - drawn
        """People and a course that nobody knows yet; the key set may be spoilt in some stories only."""
        self.rotates = rotates
        if self.sequences.over is None:
            with self._sending():
                self.story = self.sequences.story(rotates=rotates)

    def teardown(self) -> None:
        """Note the story."""
        self.sequences.told.append(tuple(map(as_text, self.steps)))

    def step(self, *lies: str, **how: Any) -> Told | None:
        """Send one step and have it judged; None if it could not be sent.

        Args:
            lies: mutations, as text.
            how: fields of `Attempt`.
        """
        if self.stuck or self.sequences.over is not None:
            return None
        with self._sending():
            return self._sent(lies, how)

    @contextlib.contextmanager
    def _sending(self) -> Iterator[None]:
        """What may end all stories: then steps are drawn as ever and not sent, or Hypothesis calls them flaky."""
        try:
            with guarded(self.sequences.chance):
                yield
        except (StoriesOver, TimeIsUp) as over:
            self.sequences.over = over

    def _sent(self, lies: Sequence[str], how: Mapping[str, Any]) -> Told | None:
        mutations = tuple(bind(lie, where="a step") for lie in lies)
        attempt = Attempt(name=f"step {len(self.steps) + 1}", mutations=mutations, **how)
        who = (attempt.person, attempt.registration)
        if who not in self._arranged and not attempt.action:
            self._arranged.add(who)
            lab = self.sequences.lab
            attempt = replace(attempt, states=lab.honest_states(self.sequences.role))
        demanded = self.world.demand(attempt)
        try:
            told = self.story.send(attempt)
            self.steps.append(attempt)
            self.sequences.note(self.steps, demanded, told)
        except NotApplicableError:
            return None
        self.world.note(attempt, told.seen.outcome, begun=told.performed.auth_request is not None)
        self.stuck = demanded in MUST_LAUNCH and self.story.keys_unasked(attempt.name)
        return told

    def browser(self, drawn: str) -> str:
        """The browser that is open at a desk."""
        return self._opened.get(drawn, drawn)

    def _other_browser(self, login: Login, pick: int) -> str:
        others = [self.browser(desk) for desk in DESKS if self.browser(desk) != login.browser]
        return others[pick % len(others)]

    def platform(self, drawn: str) -> str:
        """The platform that was drawn, if the tool knows it."""
        return drawn if self.sequences.second else ""

    def logins(self, *status: str) -> Sequence[Login]:
        """The logins that have come so far."""
        return [login for login in self.world.all() if login.status in status]

    def continued(self, login: Login, /, *lies: str, **how: Any) -> Told | None:
        """An answer to a login, by the same person in the same browser unless `how` says otherwise."""
        person, platform = login.who
        usual = {
            "login": login.name,
            "browser": login.browser,
            "person": person,
            "registration": "" if platform == "main" else platform,
        }
        return self.step(*lies, **(usual | how))

    @rule(desk=BROWSERS, person=PEOPLE, platforms=lists(PLATFORMS, min_size=1, max_size=3))
    def open_tabs(self, desk: str, person: str, platforms: Sequence[str]) -> None:
        """Somebody begins logins and leaves the tabs open."""
        for platform in platforms:
            self.step(browser=self.browser(desk), person=person, registration=self.platform(platform), finish=False)

    @rule(desk=BROWSERS, person=PEOPLE, platform=PLATFORMS)
    def launch(self, desk: str, person: str, platform: str) -> None:
        """Somebody launches."""
        self.step(browser=self.browser(desk), person=person, registration=self.platform(platform))

    @precondition(_some("fresh", "forged"))
    @rule(pick=PICKS)
    def finish_tab(self, pick: int) -> None:
        """The good answer of a tab comes, perhaps after forged ones."""
        self.continued(_picked(self.logins("fresh", "forged"), pick))

    @precondition(_some("fresh", "spent"))
    @rule(pick=PICKS, desk=PICKS)
    def answer_elsewhere(self, pick: int, desk: int) -> None:
        """The answer to a login is posted by another browser, for the first time or again."""
        login = _picked(self.logins("fresh", "spent"), pick)
        browser = self._other_browser(login, desk)
        if login.status == "spent":
            self.continued(login, AGAIN, login=login.accepted[-1], browser=browser)
        else:
            self.continued(login, browser=browser)

    @precondition(_some("spent"))
    @rule(pick=PICKS, by_new_token=booleans())
    def answer_again(self, pick: int, by_new_token: bool) -> None:  # noqa: FBT001 - drawn
        """An answer that was let in is posted again, or a new token comes for the same login."""
        self._again(_picked(self.logins("spent"), pick), by_new_token=by_new_token)

    @precondition(_some("spent"))
    @rule(by_new_token=booleans())
    def answer_all_again(self, by_new_token: bool) -> None:  # noqa: FBT001 - drawn
        """The same for all logins that are over."""
        for login in self.logins("spent")[:MANY]:
            self._again(login, by_new_token=by_new_token)

    def _again(self, login: Login, *, by_new_token: bool) -> None:
        if by_new_token:
            self.continued(login)
        else:
            self.continued(login, AGAIN, login=login.accepted[-1])

    @precondition(lambda self: self.world.last is not None)
    @rule(desk=PICKS, person=PEOPLE, platform=PLATFORMS, lie=sampled_from((NONCE, STATE)), elsewhere=booleans())
    def take_from_last_login(self, desk: int, person: str, platform: str, lie: str, *, elsewhere: bool) -> None:
        """A new login is finished with the nonce or the state of the one before."""
        assert self.world.last is not None, "see the precondition"
        browser = self._other_browser(self.world.last, desk) if elsewhere else self.world.last.browser
        self.step(lie, browser=browser, person=person, registration=self.platform(platform))

    @rule(desk=BROWSERS, person=PEOPLE, platform=PLATFORMS, lie=sampled_from((EXPIRED, FORGED)))
    def spoilt_launch(self, desk: str, person: str, platform: str, lie: str) -> None:
        """A launch comes with an expired or a forged token."""
        self.step(lie, browser=self.browser(desk), person=person, registration=self.platform(platform))

    @precondition(_some("fresh"))
    @rule(pick=PICKS, lie=sampled_from((FORGED, EXPIRED)))
    def spoil_tab(self, pick: int, lie: str) -> None:
        """A tab gets an expired or a forged token."""
        self.continued(_picked(self.logins("fresh"), pick), lie)

    @precondition(lambda self: self.sequences.second and self.logins("fresh"))
    @rule(pick=PICKS)
    def answer_by_other_platform(self, pick: int) -> None:
        """A tab gets its answer from the other platform."""
        login = _picked(self.logins("fresh"), pick)
        self.continued(login, registration="second" if login.who[1] == "main" else "")

    @rule(desk=BROWSERS, person=PEOPLE, platform=PLATFORMS, tab=booleans())
    def post_together(self, desk: str, person: str, platform: str, tab: bool) -> None:  # noqa: FBT001 - drawn
        """One answer, of a tab or of a new login, is posted many times at the same moment."""
        waiting = [login for login in self.logins("fresh") if login.alone]
        if tab and waiting:
            self.continued(waiting[0], copies=AT_ONCE)
        else:
            browser, registration = self.browser(desk), self.platform(platform)
            self.step(browser=browser, person=person, registration=registration, copies=AT_ONCE)

    @rule(desk=BROWSERS, person=PEOPLE)
    def close_browser(self, desk: str, person: str) -> None:
        """A browser is closed, and somebody launches in a new one, which has no cookies."""
        self._opened[desk] = f"{desk} after step {len(self.steps)}"
        self.step(browser=self.browser(desk), person=person)

    @precondition(lambda self: LOG_OUT in self.sequences.lab.tool.actions)
    @rule(desk=BROWSERS, person=PEOPLE)
    def log_out(self, desk: str, person: str) -> None:
        """Somebody logs out."""
        self.step(browser=self.browser(desk), person=person, action=LOG_OUT)

    @precondition(_keys)
    @rule(desk=BROWSERS, person=PEOPLE, by_new_key=lists(booleans(), min_size=1, max_size=3))
    def launch_in_outage(self, desk: str, person: str, by_new_key: Sequence[bool]) -> None:
        """The key set answers 500 during some launches, by the usual key or by a new one."""
        for new in by_new_key:
            self.step(*((OUTAGE, WITHDRAWN) if new else (OUTAGE,)), browser=self.browser(desk), person=person)

    @precondition(_keys)
    @rule(desk=BROWSERS, person=PEOPLE, published=booleans())
    def rotate_keys(self, desk: str, person: str, published: bool) -> None:  # noqa: FBT001 - drawn
        """The platform signs by a new key, which it has published, or has withdrawn already."""
        lies = ROTATED if published else (WITHDRAWN,)
        self.step(*lies, browser=self.browser(desk), person=person)


def run_machine(machine: Callable[[Sequences], LaunchMachine], sequences: Sequences, *, examples: int) -> None:
    """Tell many stories; the same seed of the lab tells the same ones.

    Raises:
        ArrangementFailedError: the tool cannot be brought into a state that its launches need.
        ToolLost: nobody answers any more.
        UsageError: a step or a callback names something unknown.
    """
    for begun in range(0, examples, UNLIKE):
        drawn = seed(f"{sequences.lab.seed} {begun}")(functools.partial(machine, sequences))
        # A factory will do as well as a class.
        with seed_alone():
            run_state_machine_as_test(drawn, settings=_rules(min(UNLIKE, examples - begun)))  # type: ignore[arg-type]
        if sequences.over is not None:
            raise sequences.over.error if isinstance(sequences.over, StoriesOver) else sequences.over


def _rules(examples: int) -> settings:
    return settings(
        max_examples=examples,
        stateful_step_count=STEPS,
        phases=(Phase.generate, Phase.shrink),
        database=None,
        deadline=None,
        suppress_health_check=list(HealthCheck),
        verbosity=Verbosity.quiet,
        print_blob=False,
    )


def _picked(logins: Sequence[Login], pick: int) -> Login:
    return logins[pick % len(logins)]
