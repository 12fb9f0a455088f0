"""Long stories made short: the same story with less in it, as long as it still shows the same. Pure."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from conformance.model import Attempt, Role, Scenario
from conformance.shrinking import minimal
from mockplatform.model import KeySet

__all__ = ["shortest", "spoils_keys", "story_of"]

Steps = tuple[Attempt, ...]
Change = Callable[[Steps], Steps]


def shortest(steps: Steps, still_fails: Callable[[Sequence[Attempt]], bool]) -> Steps:
    """The fewest and plainest steps that end as these do; the last one stays.

    Args:
        still_fails: whether a story, each step of which continues a login that is there, ends like that.
    """
    *before, last = steps

    def fails(fewer: Sequence[Attempt]) -> bool:
        return _complete(fewer) and still_fails(fewer)

    if before:
        kept = () if fails([last]) else minimal(before, lambda fewer: fails([*fewer, last]))
        steps = (*kept, last)
    shorter = steps
    for change in _plainer(steps):
        changed = change(shorter)
        if changed != shorter and fails(changed):
            shorter = changed
    # What was needed for the sake of another browser or an open tab may have become superfluous.
    return shorter if shorter == steps else shortest(shorter, still_fails)


def _complete(steps: Sequence[Attempt]) -> bool:
    """Whether each step continues a login that is there."""
    return all(step.login in {"fresh", *(other.name for other in steps[:n])} for n, step in enumerate(steps))


def _plainer(steps: Steps) -> list[Change]:
    """What makes a story plainer: no tab left open, one platform, one person, one browser, honest launches."""
    return [
        *(_launched_at_once(step.name) for step in steps[:-1]),
        lambda told: tuple(replace(step, registration="") for step in told),
        lambda told: tuple(replace(step, person="person") for step in told),
        *(_in_first_browser(name) for name in sorted({step.browser for step in steps} - {"user"})),
        *(_plain(step.name) for step in steps if step.mutations or step.copies > 1),
    ]


def _launched_at_once(name: str) -> Change:
    """A story without a tab that is left open: whoever continues it first begins it."""

    def changed(steps: Steps) -> Steps:
        first = next((step.name for step in steps if step.login == name), None)
        if first is None:
            return steps
        logins = {first: "fresh"}
        return tuple(
            replace(step, login=logins.get(step.name, first)) if step.login == name else step
            for step in steps
            if step.name != name
        )

    return changed


def _plain(name: str) -> Change:
    """A story in which one launch is honest and posted once."""
    return lambda steps: tuple(replace(s, mutations=(), copies=1) if s.name == name else s for s in steps)


def _in_first_browser(name: str) -> Change:
    return lambda steps: tuple(replace(step, browser="user") if step.browser == name else step for step in steps)


def story_of(
    wanted: Scenario, steps: Sequence[Attempt], role: Role, states: tuple[str, ...], *, rotates: bool
) -> Scenario:
    """The scenario that a story is: its last step is judged."""
    names = {step.name: f"step {n}" for n, step in enumerate(steps, 1)} | {steps[-1].name: "judged", "fresh": "fresh"}
    arranged = {("person", "main")}
    attempts: list[Attempt] = []
    for step in steps:
        who = (step.person, step.registration or "main")
        needed = states if who not in arranged and not step.action else ()
        arranged |= set() if step.action else {who}
        attempts.append(replace(step, name=names[step.name], login=names[step.login], states=needed))
    needs = set(wanted.needs) | {f"action:{step.action}" for step in steps if step.action}
    abroad = any(step.registration == "second" for step in steps)
    return replace(
        wanted,
        before=tuple(attempts[:-1]),
        attempt=attempts[-1],
        role=role,
        needs=tuple(sorted(needs | ({"second"} if abroad else set()))),
        states=None,
        rotates=rotates or spoils_keys(steps),
    )


def spoils_keys(steps: Sequence[Attempt]) -> bool:
    """Whether any step publishes a lie about the platform's keys."""
    return any(spoilt.mutation.stage is KeySet for step in steps for spoilt in step.mutations)
