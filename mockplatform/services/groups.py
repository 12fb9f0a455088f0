"""Course Groups 1.0: the groups of a course, the sets they stand in, and who is in which."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final
from urllib.parse import quote

from mockplatform.course_groups import grouping
from mockplatform.course_groups import groups as groups_in
from mockplatform.course_groups import sets as sets_in
from mockplatform.lms import Platform
from mockplatform.model import Course, Launch
from mockplatform.paging import link_header, once, page_links, part_of
from mockplatform.records import Group, GroupSet
from mockplatform.roster import member
from mockplatform.service import Call, Operation, Reply, course_of
from mockplatform.services.nrps import tells_of_course

__all__ = ["CLAIM", "GROUPS_TYPE", "NAME", "OPERATIONS", "SCOPE", "SCOPES", "SETS_TYPE", "claims"]

NAME: Final = "groups"
CLAIM: Final = "https://purl.imsglobal.org/spec/lti-gs/claim/groupsservice"
SCOPE: Final = "https://purl.imsglobal.org/spec/lti-gs/scope/contextgroup.readonly"
SCOPES: Final = (SCOPE,)
GROUPS_TYPE: Final = "application/vnd.ims.lti-gs.v1.contextgroupcontainer+json"
SETS_TYPE: Final = "application/vnd.ims.lti-gs.v1.contextgroupsetcontainer+json"

PAGE_SIZE: Final = 100


def claims(platform: Platform, launch: Launch) -> Mapping[str, Any]:
    """Where the course's groups are listed (Course Groups 1.0)."""
    if not tells_of_course(launch, SCOPE):
        return {}
    course = f"{platform.url}/lti/courses/{quote(launch.course.id, safe='')}"
    return {
        CLAIM: {
            "scope": list(SCOPES),
            "context_groups_url": f"{course}/groups",
            "context_group_sets_url": f"{course}/group-sets",
            "service_versions": ["1.0"],
        }
    }


def groups(call: Call) -> Reply:
    """The groups of a course, or those of one member."""
    course = course_of(call)
    user_id = once(call, "user_id")
    found = _of_user(call.platform, course, user_id) if user_id else groups_in(call.platform, course)
    return _listed(call, "groups", [_group(group) for group in found])


def group_sets(call: Call) -> Reply:
    """The sets that the groups of a course stand in."""
    return _listed(call, "sets", [_set(one) for one in sets_in(call.platform, course_of(call))])


def _of_user(platform: Platform, course: Course, user_id: str) -> tuple[Group, ...]:
    found = member(platform, course, user_id)
    return () if found is None else grouping(platform, course)(found)


def _listed(call: Call, name: str, everything: Sequence[Mapping[str, str]]) -> Reply:
    part = part_of(call, page_size=call.platform.dialect.value("groups.page_size", PAGE_SIZE))
    links = page_links(call, part, len(everything))
    container = {"id": call.url, name: everything[part.start : part.end]}
    return Reply(json=container, headers=link_header(links))


def _group(group: Group) -> dict[str, str]:
    told = {"id": group.id, "name": group.name, "tag": group.tag, "set_id": group.set_id}
    return {name: value for name, value in told.items() if value}


def _set(group_set: GroupSet) -> dict[str, str]:
    return {"id": group_set.id, "name": group_set.name}


OPERATIONS: Final = (
    Operation(
        name="groups",
        method="GET",
        path="/lti/courses/{course}/groups",
        answer=groups,
        scopes=SCOPES,
        gives=GROUPS_TYPE,
    ),
    Operation(
        name="group_sets",
        method="GET",
        path="/lti/courses/{course}/group-sets",
        answer=group_sets,
        scopes=SCOPES,
        gives=SETS_TYPE,
    ),
)
