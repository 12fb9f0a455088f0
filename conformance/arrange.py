"""States of the tool that a launch alone cannot make.

A state comes from `[arrange]` in the tool file: a request to the tool, or a callback in this process. The state
`class_exists` also follows from a launch by an authorised instructor, so it needs no entry of its own.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from typing import Any

from conformance.attempt import perform, request_of
from conformance.filling import filled, filled_json, values_of
from conformance.lab import ROLES, Lab
from conformance.loading import load_object
from conformance.model import Attempt, LtiVersion
from conformance.toolvalues import Arrangement
from conformance.transport import TransportTrouble
from mockplatform.errors import UsageError
from mockplatform.model import Course, Person, Registration

__all__ = ["ArrangementFailedError", "arrange", "missing_states"]


class ArrangementFailedError(UsageError):
    """The tool could not be brought into a state; `lost` if nobody answers at its address."""

    def __init__(self, text: str, *, lost: bool = False) -> None:
        super().__init__(text)
        self.lost = lost


def missing_states(lab: Lab, states: tuple[str, ...]) -> tuple[str, ...]:
    """The states that this tool file cannot arrange."""
    given = lab.tool.arrange
    derived = {"class_exists"} if "zoom_authorised" in given else set()
    return tuple(state for state in states if state not in given and state not in derived)


def arrange(
    lab: Lab,
    states: tuple[str, ...],
    *,
    person: Person,
    course: Course,
    registration: Registration,
    lti: LtiVersion,
) -> None:
    """Bring the tool into the states for this person and course, as launches of this version know them.

    Raises:
        ArrangementFailedError: the tool refuses to be arranged.
        UsageError: a callback cannot be imported.
    """
    values = values_of(person, course, registration, lti)
    for state in states:
        if state in lab.tool.arrange:
            _carry_out(lab, f"arrange.{state}", lab.tool.arrange[state], values)
        else:
            _class_by_launch(lab, course, registration, lti)


def _class_by_launch(lab: Lab, course: Course, registration: Registration, lti: LtiVersion) -> None:
    instructor = lab.cast(f"instructor of {course.id}").person
    arrange(lab, ("zoom_authorised",), person=instructor, course=course, registration=registration, lti=lti)
    launch = lab.platform.intend(registration, person=instructor, roles=ROLES["instructor"], course=course)
    perform(lab, launch, Attempt(lti=lti), lab.browser(), {}, kid=None)


def _carry_out(lab: Lab, where: str, entry: Arrangement, values: Mapping[str, str]) -> None:
    if entry.request is None:
        target = load_object(entry.target, where=where) if isinstance(entry.target, str) else entry.target
        try:
            _call(target, values)
        except Exception as error:
            raise ArrangementFailedError(f"{where}: {entry.target} raised {type(error).__name__}: {error}") from error
        return
    headers = filled(entry.headers, values)
    body = b"" if entry.json is None else filled_json(entry.json, values)
    if entry.json is not None:
        headers["content-type"] = "application/json"
    request = request_of(lab, filled(entry.request, values), headers, body)
    try:
        status = lab.transport.send(request).status
    except TransportTrouble as trouble:
        raise ArrangementFailedError(f"{where}: {entry.request}: {trouble}", lost=trouble.kind == "refused") from None
    if not 200 <= status < 300:
        raise ArrangementFailedError(f"{where}: {entry.request} answered {status}; a state is arranged by a 2xx answer")


def _call(target: Callable[..., Any], values: Mapping[str, str]) -> None:
    """Call with the values that its signature asks for."""
    parameters = inspect.signature(target).parameters
    if any(p.kind is p.VAR_KEYWORD for p in parameters.values()):
        target(**values)
    else:
        target(**{name: value for name, value in values.items() if name in parameters})
