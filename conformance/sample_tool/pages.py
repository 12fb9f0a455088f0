"""The pages that people see."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final

from jinja2 import Environment, FileSystemLoader

from conformance import errors
from conformance.sample_tool.answer import STATUS, Answer, Cookie, error_header
from conformance.sample_tool.forms import with_query
from conformance.sample_tool.model import Person
from conformance.sample_tool.refusal import Reason
from conformance.sample_tool.services.model import Offer
from conformance.sample_tool.services.picking import Offered

__all__ = [
    "answer_page",
    "course_page",
    "edited_page",
    "home_page",
    "picker_page",
    "refusal_page",
    "registered_page",
    "return_answer",
    "service_page",
]


@dataclass(frozen=True, kw_only=True, slots=True)
class Explanation:
    """What a person is told about a refusal."""

    name: str
    cause: str
    actor: str
    remedy: str


NO_EXPLANATION = Explanation(
    name="UNEXPECTED_ERROR",
    cause="The tool ran into something that it was not prepared for.",
    actor="The tool's support",
    remedy="Open the link in your course again. If that does not help, send support the reference below.",
)


ERRANDS: Final[Mapping[str, tuple[str, str]]] = {
    "roster": ("/services/roster", "Who takes part?"),
    "grades": ("/services/grade", "Send a grade"),
    "results": ("/services/results", "What has been graded?"),
    "groups": ("/services/groups", "Which groups are there?"),
}
"""What a teacher can ask for after the launch."""


def course_page(person: Person, offer: Offer, *, cookies: tuple[Cookie, ...]) -> Answer:
    """The course, for somebody who has been launched into it; a teacher can try the services on offer."""
    offered = {"roster": offer.roster, "grades": offer.grades, "results": offer.grades, "groups": offer.groups}
    errands = [told for name, told in ERRANDS.items() if offered[name] and person.privileged]
    body = _templates().get_template("course.html").render(person=person, errands=errands)
    return Answer(status=200, body=body, cookies=cookies)


def service_page(title: str, lines: Sequence[Sequence[str]]) -> Answer:
    """What has come of an errand at the platform."""
    return Answer(status=200, body=_templates().get_template("service.html").render(title=title, lines=lines))


def answer_page(return_url: str, token: str) -> Answer:
    """A form that the browser posts by itself: what was picked, on its way to the platform (DL 4.5)."""
    body = _templates().get_template("answer.html").render(return_url=return_url, token=token)
    return Answer(status=200, body=body)


def picker_page(person: Person, offers: Sequence[Offered], *, cookies: tuple[Cookie, ...]) -> Answer:
    """What this tool has to pick from, of the types that the course takes."""
    body = _templates().get_template("picker.html").render(person=person, offers=offers)
    return Answer(status=200, body=body, cookies=cookies)


def refusal_page(reason: Reason, *, reference: str, return_url: str = "", cookies: tuple[Cookie, ...] = ()) -> Answer:
    """What happened, who has to act and what to do, for people; the reason in a header, for machines."""
    explanation = explain(reason)
    body = (
        _templates()
        .get_template("refusal.html")
        .render(
            reason=reason,
            explanation=explanation,
            reference=reference,
            way_back=return_url and told_address(return_url, reason),
        )
    )
    return Answer(status=STATUS[reason.klass], body=body, headers={"LTI-Error": error_header(reason)}, cookies=cookies)


def return_answer(reason: Reason, *, return_url: str, cookies: tuple[Cookie, ...] = ()) -> Answer:
    """The person goes back to the platform, which shows them what happened (LTI11 3)."""
    headers = {"Location": told_address(return_url, reason), "LTI-Error": error_header(reason)}
    return Answer(status=302, body="", headers=headers, cookies=cookies)


def told_address(return_url: str, reason: Reason) -> str:
    """The way back to the platform with words for the person and words for its log, neither about anybody."""
    explanation = explain(reason)
    told = {"lti_errormsg": explanation.cause, "lti_errorlog": f"{explanation.name}: {error_header(reason)}"}
    return with_query(return_url, told)


def edited_page() -> Answer:
    """The details of a class have been changed."""
    return Answer(status=200, body=_templates().get_template("edited.html").render())


def registered_page(platform: str) -> Answer:
    """The tool is registered, and the window in which that was done may close (DR 1.0)."""
    return Answer(status=200, body=_templates().get_template("registered.html").render(platform=platform))


def home_page() -> Answer:
    """What is here for somebody who was not launched."""
    return Answer(status=200, body=_templates().get_template("home.html").render())


def explain(reason: Reason) -> Explanation:
    """The most telling texts there are: those of the code, or of the type where the code is the catch-all."""
    code = errors.codes().get(reason.code) if reason.code is not None else None
    kind = errors.types().get(reason.type) if reason.type is not None else None
    told = kind if kind is not None and (code is None or code.code == 1001) else code
    if told is None:
        return NO_EXPLANATION
    name = code.name if code is not None else str(reason.type)
    return Explanation(name=name, cause=told.cause, actor=told.actor, remedy=told.remedy)


@cache
def _templates() -> Environment:
    return Environment(
        loader=FileSystemLoader(Path(__file__).with_name("templates")), autoescape=True, auto_reload=False
    )
