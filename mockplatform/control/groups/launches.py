"""Launches: begin one as a person would, with lies in it if you like, and see what was said."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal
from urllib.parse import urlencode

from mockplatform import flow11
from mockplatform.control.contract import Ask, Listing, Page, act, found
from mockplatform.control.groups.courses import course_of
from mockplatform.control.groups.people import person_of
from mockplatform.control.groups.tools import registration_of
from mockplatform.endpoints.breaking import context_of, is_by_lti11, refuse_unfit
from mockplatform.endpoints.choosing import a_learner, check_line_item
from mockplatform.errors import UsageError
from mockplatform.keys import members_of
from mockplatform.lms import Platform
from mockplatform.messages.deep_linking import check_settings
from mockplatform.model import (
    AuthRequest,
    Course,
    KeySet,
    Launch,
    Message,
    Params,
    Person,
    Registration,
    registration_key,
)
from mockplatform.mutation import NotApplicableError, Spoilt, bind
from mockplatform.pending import PendingLaunch, launch_named
from mockplatform.records import PlacedLink, enrolment_key
from mockplatform.roster import full_role, member

__all__: list[str] = []


@dataclass(frozen=True, slots=True, kw_only=True)
class NewLaunch:
    """Who launches what from where, and which lies the launch carries.

    Args:
        roles: the person's own in the course unless given; short names are those of the context, [] is none at all.
        link: the id of a placed link; the course's own link to the tool unless given.
        for_user: whose submission is reviewed; a learner of the course unless given.
        storage_target: the frame that keeps data for the tool, such as `_parent`; empty: none is offered.
        login_method: how the browser sends the login request.
        mutations: each as a call, such as `claims.expired(by_s=60)`; `GET /mutations` lists them.
    """

    registration: str
    person: str
    course: str
    deployment_id: str | None = None
    roles: tuple[str, ...] | None = None
    message: Message = "resource_link"
    lti: Literal["1.3", "1.1"] = "1.3"
    link: str = ""
    for_user: str = ""
    line_item: str = ""
    document_target: Literal["iframe", "window"] = "iframe"
    storage_target: str = ""
    login_method: Literal["GET", "POST"] = "POST"
    deep_linking: Mapping[str, Any] = field(default_factory=dict)
    mutations: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Begun:
    """What a browser has to send to the tool to begin the launch.

    Args:
        open: a URL of the platform that lets a browser send it; empty for LTI 1.1, whose form is good once.
    """

    id: str
    method: str
    url: str
    params: Params
    open: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """The tool's authentication request, and what is wrong with it."""

    params: Mapping[str, str]
    problems: tuple[str, ...]
    at_s: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Token:
    """The token as it was sent; None where header or claims are no JSON object."""

    text: str
    header: Mapping[str, Any] | None
    claims: Mapping[str, Any] | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Posted:
    """The form that the browser posts to the tool."""

    method: str
    url: str
    fields: Params


@dataclass(frozen=True, slots=True, kw_only=True)
class LaunchView:
    """A launch with its four legs, as far as it has come: login, authentication request, token, response."""

    id: str
    begun_s: float
    launch: Launch
    mutations: tuple[str, ...]
    login: Begun
    auth_request: Asked | None
    token: Token | None
    response: Posted | None


@act("GET", "/tenants/{tenant}/launches")
def list_launches(ask: Ask, query: Page) -> Listing[LaunchView]:
    """The launches, the oldest first unless asked otherwise."""
    platform = ask.platform
    page = platform.launches.page(offset=query.offset, limit=query.limit, newest_first=query.newest_first)
    return Listing(items=tuple(_view(platform, pending) for pending in page), total=platform.launches.count())


@act("POST", "/tenants/{tenant}/launches", status=201)
def begin_launch(ask: Ask, body: NewLaunch) -> Begun:
    """Begin a launch: the login request that a browser has to send, or the form of LTI 1.1."""
    platform = ask.platform
    spoilts = [bind(text, where=f"body: mutations[{index}]") for index, text in enumerate(body.mutations)]
    if body.lti == "1.1":
        flow11.check_message(body.message)
    launch = _intended(platform, body)
    context = context_of(platform, launch)
    try:
        _check_stages(spoilts, body.lti)
        if body.lti == "1.1":
            form = platform.begin_basic(launch, spoilts, context).response
            return Begun(id=launch.id, method=form.method, url=form.url, params=form.fields)
        refuse_unfit(platform, launch, spoilts, context)
    except (NotApplicableError, UsageError) as error:
        if not spoilts:
            raise
        why = str(error).removeprefix("Launch, but broken: ")
        raise UsageError(f"body: mutations: {', '.join(map(str, spoilts))}: {why}") from None
    return _begun(platform, platform.begin(launch, spoilts, context))


@act("GET", "/tenants/{tenant}/launches/{launch}")
def get_launch(ask: Ask) -> LaunchView:
    """One launch with everything that was said, decoded."""
    name = ask.path["launch"]
    pending = found(launch_named(ask.platform.launches, name), f"there is no launch {name!r}; old ones are forgotten")
    return _view(ask.platform, pending)


def _intended(platform: Platform, body: NewLaunch) -> Launch:
    registration = registration_of(platform, body.registration)
    if body.deployment_id is not None and body.deployment_id not in registration.deployment_ids:
        raise UsageError(
            f"body: deployment_id: {body.deployment_id!r} is none of {', '.join(registration.deployment_ids)}"
        )
    course, reviewed = course_of(platform, body.course), body.for_user
    taking_part = member(platform, course, body.person)
    person = taking_part.person if taking_part is not None else person_of(platform, body.person)
    if body.message == "submission_review" and not reviewed:
        reviewed = a_learner(platform, course, person.sub)
    if body.line_item:
        check_line_item(platform, registration, course, body.line_item)
    check_settings(body.deep_linking)
    launch = platform.intend(
        registration,
        person=person,
        roles=_roles(platform, body, course, person),
        course=course,
        deployment_id=body.deployment_id,
        message=body.message,
        link=_link(platform, body.link, course, registration) if body.link else None,
        for_user=person_of(platform, reviewed) if reviewed else None,
        line_item=body.line_item,
        document_target=body.document_target,
        storage_target=body.storage_target,
        deep_linking=body.deep_linking,
    )
    return replace(launch, login_method=body.login_method)


def _roles(platform: Platform, body: NewLaunch, course: Course, person: Person) -> tuple[str, ...]:
    if body.roles is not None:
        return tuple(map(full_role, body.roles))
    # Unlike a roster, which names no member without a role, a launch may have none.
    enrolment = platform.state.enrolments.get(enrolment_key(course.id, person.sub))
    return tuple(map(full_role, enrolment.roles if enrolment is not None else person.roles))


def _link(platform: Platform, name: str, course: Course, registration: Registration) -> PlacedLink:
    link = found(platform.state.links.get(name), f"there is no link {name!r}")
    if link.course_id != course.id:
        raise UsageError(f"body: link: {name!r} is in the course {link.course_id!r}, not in {course.id!r}")
    if registration_key(link.issuer, link.client_id) != registration.key:
        raise UsageError(f"body: link: {name!r} is one of {link.client_id!r}, not of {registration.client_id!r}")
    return link


def _check_stages(spoilts: Sequence[Spoilt], lti: str) -> None:
    aside = [str(spoilt) for spoilt in spoilts if spoilt.mutation.stage is KeySet]
    if aside:
        raise UsageError(f"{aside[0]} is no lie of a launch; arm a fault for the endpoint jwks, or use a key act")
    if spoilts and is_by_lti11(spoilts) is not (lti == "1.1"):
        raise UsageError(f"these are no lies of a launch by LTI {lti}")


def _begun(platform: Platform, pending: PendingLaunch) -> Begun:
    login, query = pending.login, urlencode({"launch": pending.key})
    return Begun(
        id=pending.key,
        method=login.method,
        url=login.url,
        params=login.params,
        open=f"{platform.url}/frame/login?{query}",
    )


def _view(platform: Platform, pending: PendingLaunch) -> LaunchView:
    request, token, response = pending.auth_request, pending.token, pending.response
    return LaunchView(
        id=pending.key,
        begun_s=pending.begun_s,
        launch=pending.launch,
        mutations=tuple(map(str, pending.mutations)),
        login=_begun(platform, pending),
        auth_request=None if request is None else _asked(request, pending),
        token=None if token is None else _token(token.text),
        response=None if response is None else Posted(method=response.method, url=response.url, fields=response.fields),
    )


def _asked(request: AuthRequest, pending: PendingLaunch) -> Asked:
    return Asked(params=request.params, problems=pending.auth_problems, at_s=pending.asked_s)


def _token(text: str) -> Token:
    header, claims = ([*map(_members, text.split(".")), None, None])[:2]
    return Token(text=text, header=header, claims=claims)


def _members(part: str) -> Mapping[str, Any] | None:
    """The JSON object that a part of a token holds; None where a mutation has made something else of it."""
    return members_of(part, parse_constant=_no_number)


def _no_number(text: str) -> Any:
    raise ValueError(f"{text} is no number of JSON")
