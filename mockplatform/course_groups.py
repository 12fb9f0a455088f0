"""The groups of a course: those that were made for it, or else two teams that divide its learners.

The two teams stand in one set. Who is in which follows from `sub` alone, so that nothing has to be kept for them and
a crowd of any size is divided, too.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable
from typing import Final

from mockplatform.claims import LEARNER
from mockplatform.lms import Platform
from mockplatform.model import Course
from mockplatform.records import Group, GroupSet
from mockplatform.roster import Member

__all__ = ["grouping", "groups", "sets"]

_TEAMS: Final = ("Team A", "Team B")


def groups(platform: Platform, course: Course) -> tuple[Group, ...]:
    """The groups of a course."""
    if _made(platform, course):
        return tuple(platform.state.groups.page(group=course.id))
    return _teams(course)


def sets(platform: Platform, course: Course) -> tuple[GroupSet, ...]:
    """The sets that the groups of a course stand in."""
    if _made(platform, course):
        return tuple(platform.state.group_sets.page(group=course.id))
    return (GroupSet(id=_set_id(course), course_id=course.id, name="Teams"),)


def grouping(platform: Platform, course: Course) -> Callable[[Member], tuple[Group, ...]]:
    """What tells the groups of any member of a course, as they are now."""
    if not _made(platform, course):
        return lambda member: _team(course, member)
    made = groups(platform, course)
    return lambda member: tuple(group for group in made if member.person.sub in group.members)


def _made(platform: Platform, course: Course) -> bool:
    state = platform.state
    return bool(state.groups.count(group=course.id) or state.group_sets.count(group=course.id))


def _teams(course: Course) -> tuple[Group, ...]:
    return tuple(
        Group(id=f"{course.id}-team-{number}", course_id=course.id, name=name, tag="team", set_id=_set_id(course))
        for number, name in enumerate(_TEAMS, 1)
    )


def _team(course: Course, member: Member) -> tuple[Group, ...]:
    if LEARNER not in member.roles:
        return ()
    return (_teams(course)[zlib.crc32(member.person.sub.encode()) % len(_TEAMS)],)


def _set_id(course: Course) -> str:
    return f"{course.id}-teams"
