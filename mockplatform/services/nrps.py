"""Names and Role Provisioning Services 2.0: who takes part in a course, page by page, and what has changed."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, Final
from urllib.parse import parse_qsl, quote, urlencode

from mockplatform import flow
from mockplatform.claims import CLAIM_PREFIX, RESOURCE_LINK_REQUEST
from mockplatform.course_groups import grouping
from mockplatform.lms import Platform
from mockplatform.message import messages
from mockplatform.model import Course, Launch, Person, Privacy, Registration
from mockplatform.paging import Part, link_header, once, page_links, part_of
from mockplatform.privacy import identity, shown
from mockplatform.roster import Member, RosterPage, changes, full_role, roster, size
from mockplatform.service import Call, Operation, Reply, ServiceError, course_of
from mockplatform.service import services as known_services

__all__ = [
    "CLAIM",
    "MEDIA_TYPE",
    "NAME",
    "OPERATIONS",
    "SCOPE",
    "SCOPES",
    "claims",
    "memberships_url",
    "tells_of_course",
]

NAME: Final = "nrps"
CLAIM: Final = "https://purl.imsglobal.org/spec/lti-nrps/claim/namesroleservice"
SCOPE: Final = "https://purl.imsglobal.org/spec/lti-nrps/scope/contextmembership.readonly"
SCOPES: Final = (SCOPE,)
MEDIA_TYPE: Final = "application/vnd.ims.lti-nrps.v2.membershipcontainer+json"

PAGE_SIZE: Final = 100
_OWN: Final = ("bookmark", "as_of", "since", "limit")
"""What the platform writes into the addresses of pages and changes, and how large a page was."""

Extras = Callable[[Member], dict[str, Any]]
"""What a member has beside name and roles."""


def claims(platform: Platform, launch: Launch) -> Mapping[str, Any]:
    """Where the course's members are listed (NRPS 2.0, section 3.6.1.1)."""
    if not tells_of_course(launch, SCOPE):
        return {}
    return {
        CLAIM: {
            "context_memberships_url": memberships_url(platform, launch.course),
            "service_versions": ["2.0"],
        }
    }


def tells_of_course(launch: Launch, scope: str) -> bool:
    """Whether a launch says where a service of its course is: it has a course, and the tool may ask there."""
    allowed = launch.registration.scopes
    return "context" not in messages()[launch.message].omits and (allowed is None or scope in allowed)


def memberships_url(platform: Platform, course: Course) -> str:
    """Where the members of a course are listed."""
    return f"{platform.url}/lti/courses/{quote(course.id, safe='')}/memberships"


def memberships(call: Call) -> Reply:
    """Members of a course as a page, or what has changed since another answer (NRPS 2.0, sections 2.2 and 2.4)."""
    platform = call.platform
    course, registration = course_of(call), call.registration
    assert registration is not None
    role = _role(call)
    part = part_of(call, page_size=platform.dialect.value("nrps.page_size", PAGE_SIZE))
    since_s = _moment(call, "since")
    as_of_s = _moment(call, "as_of")
    # The changes since the first page began: whatever happened while somebody turned pages is among them.
    as_of = repr(platform.clock() if as_of_s is None else as_of_s)
    extras = _extras(call, course, registration)
    page = _page(platform, course, part, role) if since_s is None else _changed(platform, course, part, role, since_s)
    links = {} if page.next_offset is None else {"next": _next(call, page.next_offset, as_of)}
    links["differences"] = _differences(platform, course, call, as_of)
    members = [_told(member, registration.privacy) | extras(member) for member in page.members]
    container = {"id": call.url, "context": _context(course), "members": members}
    return Reply(json=container, headers=link_header(links))


def _role(call: Call) -> str:
    role = once(call, "role")
    if role.endswith("/membership"):
        told = f"role is {role!r}: cut off at its '#', which has to be sent as %23 (NRPS 2.4.1)"
        raise ServiceError(400, "invalid_request", told)
    return role


def _moment(call: Call, name: str) -> float | None:
    text = once(call, name)
    if not text:
        return None
    try:
        moment = float(text)
    except ValueError:
        moment = math.nan
    if not math.isfinite(moment):
        told = f"{name} is {text!r}, which the platform has not given; follow the URLs of the Link header as they are"
        raise ServiceError(400, "invalid_request", told)
    return moment


def _page(platform: Platform, course: Course, part: Part, role: str) -> RosterPage:
    limit = part.size or max(size(platform, course), 1)
    return roster(platform, course, offset=part.start, limit=limit, role=role)


def _changed(platform: Platform, course: Course, part: Part, role: str, since_s: float) -> RosterPage:
    wanted = full_role(role)
    found = [member for member in changes(platform, course, since_s) if not wanted or wanted in member.roles]
    end = len(found) if part.end is None else part.end
    return RosterPage(members=tuple(found[part.start : end]), next_offset=end if end < len(found) else None)


def _next(call: Call, offset: int, as_of: str) -> str:
    if not once(call, "as_of"):
        call = replace(call, url=f"{call.url}{'&' if '?' in call.url else '?'}{urlencode({'as_of': as_of})}")
    # Of how many nobody has counted; there is one more, at least.
    return page_links(call, Part(size=offset), offset + 1)["next"]


def _differences(platform: Platform, course: Course, call: Call, as_of: str) -> str:
    query = parse_qsl(call.url.partition("?")[2], keep_blank_values=True)
    kept = [(name, value) for name, value in query if name not in _OWN]
    return f"{memberships_url(platform, course)}?{urlencode([*kept, ('since', as_of)])}"


def _context(course: Course) -> dict[str, str]:
    told = {"id": course.id, "label": course.label, "title": course.title}
    return {name: value for name, value in told.items() if value}


def _told(member: Member, privacy: Privacy) -> dict[str, Any]:
    return {
        "user_id": member.person.sub,
        "status": member.status,
        "roles": list(member.roles),
        **identity(shown(member.person, privacy)),
    }


def _extras(call: Call, course: Course, registration: Registration) -> Extras:
    """Groups and messages, where they were asked for."""
    rlid, with_groups = once(call, "rlid"), once(call, "groups") == "true"
    groups_of = grouping(call.platform, course) if with_groups else None
    template = _link_launch(call.platform, course, registration, rlid) if rlid else None

    def extras(member: Member) -> dict[str, Any]:
        found: dict[str, Any] = {}
        # Course Groups 1.0: `groups=true` asks for them.
        if groups_of is not None:
            found["group_enrollments"] = [{"group_id": group.id} for group in groups_of(member)]
        if template is not None:
            message = _message(call.platform, template, member)
            as_object = call.platform.dialect.value("nrps.message_as_object", otherwise=False)
            found["message"] = message if as_object else [message]
        return found

    return extras


def _link_launch(platform: Platform, course: Course, registration: Registration, rlid: str) -> Launch:
    """A launch of the link that `rlid` names, by nobody yet (NRPS 2.0, section 3.1)."""
    placed = platform.state.links.get(rlid)
    if placed is not None:
        here = (course.id, registration.issuer, registration.client_id)
        if (placed.course_id, placed.issuer, placed.client_id) != here:
            told = f"rlid is {rlid!r}, a link that is not this tool's, or not in course {course.id!r} (NRPS 3.1)"
            raise ServiceError(403, "access_denied", told)
    nobody = Person(sub="", given_name="", family_name="", email="")
    launch = platform.intend(registration, person=nobody, roles=(), course=course, link=placed)
    if launch.resource_link.id != rlid:
        told = f"rlid is {rlid!r}, expected the resource_link.id of a launch from course {course.id!r} (NRPS 3.1)"
        raise ServiceError(404, "not_found", told)
    return launch


def _message(platform: Platform, template: Launch, member: Member) -> dict[str, Any]:
    """What a launch of the link by a member would say of the member (NRPS 2.0, section 3.2)."""
    person = shown(member.person, template.registration.privacy)
    launch = replace(template, person=person, roles=member.roles)
    unknown = platform.dialect.value("custom.unknown", "literal")
    told: dict[str, Any] = {
        f"{CLAIM_PREFIX}message_type": RESOURCE_LINK_REQUEST,
        "locale": launch.person.locale,
        f"{CLAIM_PREFIX}custom": dict(flow.custom_fields(launch, unknown=unknown)),
    }
    if "outcomes" in platform.settings.services:
        told |= known_services()["outcomes"].claims(platform, launch)
    return told


OPERATIONS: Final = (
    Operation(
        name="memberships",
        method="GET",
        path="/lti/courses/{course}/memberships",
        answer=memberships,
        scopes=SCOPES,
        gives=MEDIA_TYPE,
    ),
)
