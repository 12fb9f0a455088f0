"""What a flaw is, and the few ways in which a plan can be spoilt."""

from __future__ import annotations

import dataclasses
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from inspect import isawaitable
from typing import Any, Literal, TypeVar

from conformance.sample_tool.answer import Answer
from conformance.sample_tool.model import Step
from conformance.sample_tool.refusal import Reason, Refusal
from conformance.sample_tool.steps import Plan

__all__ = [
    "Breadth",
    "Change",
    "Flaw",
    "Profile",
    "blur",
    "drop",
    "insert",
    "move",
    "overlook",
    "overlook_all",
    "overlooking",
    "replace",
    "rewrite",
]

Profile = Literal["core", "certification", "class", "ltix"]
Breadth = Literal[
    "guards",
    "everything",
    "refusals",
    "errors",
    "launches",
    "classes",
    "types",
    "codes",
    "next codes",
    "services",
    "answers",
    "grades",
]
Change = Callable[[Plan], Plan]

S = TypeVar("S")
Steps = tuple[Step[Any], ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Flaw:
    """A bug that tools really have, as changes to the plan of the correct tool."""

    name: str
    why: str
    profile: Profile
    changes: tuple[Change, ...]
    fails: Breadth = "guards"
    """Which scenarios must notice it: those that guard it, or all that demand something of a kind."""

    def spoil(self, plan: Plan) -> Plan:
        """The plan of the tool that has this flaw."""
        for change in self.changes:
            plan = change(plan)
        return plan


def drop(step: Step[S]) -> Change:
    """A step that is not there."""
    return _edit(lambda steps: tuple(each for each in steps if each is not step))


def replace(step: Step[S], *, by: Step[S]) -> Change:
    """A step that does something else."""
    return _edit(lambda steps: tuple(by if each is step else each for each in steps))


def insert(step: Step[S], *, before: Step[S]) -> Change:
    """A step that ought not to be there."""
    return _edit(lambda steps: tuple(new for each in steps for new in ((step, each) if each is before else (each,))))


def move(step: Step[S], *, before: Step[S]) -> Change:
    """A step that is taken too early, where there is anything to take it before."""

    def earlier(steps: Steps) -> Steps:
        if before not in steps:
            return steps
        others = (each for each in steps if each is not step)
        return tuple(new for each in others for new in ((step, each) if each is before else (each,)))

    return _edit(earlier)


def overlook(step: Step[S], *, code: int | None = None) -> Change:
    """A step whose objection, or whose objection with this code, is not listened to."""
    return replace(step, by=overlooking(step, code=code))


def overlook_all(plan: Plan) -> Plan:
    """A launch in which no objection is listened to."""
    return dataclasses.replace(
        plan,
        launch=tuple(overlooking(step) for step in plan.launch),
        basic=tuple(overlooking(step) for step in plan.basic),
        picking=tuple(overlooking(step) for step in plan.picking),
    )


def blur(change: Callable[[Reason], Reason]) -> Change:
    """A refusal that tells another reason than the true one."""
    return lambda plan: dataclasses.replace(plan, tell=change)


def rewrite(change: Callable[[Answer, Reason], Answer]) -> Change:
    """A refusal that is sent in another form."""
    return lambda plan: dataclasses.replace(plan, send=change)


def overlooking(step: Step[S], *, code: int | None = None) -> Step[S]:
    """The step without its objections, or without the one with this code."""

    async def tolerant(state: S) -> S:
        try:
            outcome: S | Awaitable[S] = step(state)
            return await outcome if isawaitable(outcome) else outcome
        except Refusal as refusal:
            if code is not None and refusal.reason.code != code:
                raise
            return state

    return tolerant


def _edit(change: Callable[[Steps], Steps]) -> Change:
    """What is done to every list of steps of a plan, as a change of the plan."""

    def edited(plan: Plan) -> Plan:
        lists = {field.name: getattr(plan, field.name) for field in dataclasses.fields(plan)}
        changed: dict[str, Any] = {name: change(steps) for name, steps in lists.items() if isinstance(steps, tuple)}
        return dataclasses.replace(plan, **changed)

    return edited
