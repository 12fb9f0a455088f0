"""The last steps of a launch: who is here, and a session for them."""

from __future__ import annotations

from dataclasses import replace

from conformance.sample_tool.message import CLAIM, member
from conformance.sample_tool.model import Launch, Person
from conformance.sample_tool.services.errands import offer_of
from conformance.sample_tool.values import NAMES, usable

__all__ = ["COOKIE", "LIFETIME_S", "person", "session"]

COOKIE = "sample_session"
LIFETIME_S = 8 * 3600


def person(launch: Launch) -> Launch:
    """Whatever the platform chose to tell about the person and the course; it may be nothing (CORE 5.3.6)."""
    claims, context = launch.claims, member(launch.claims, CLAIM + "context")
    names = (value for value in map(claims.get, NAMES) if usable(value))
    subject, email, title = claims.get("sub"), claims.get("email"), context.get("title")
    found = Person(
        name=launch.name or next(names, Person().name),
        email=launch.email or (email if usable(email) else ""),
        id=launch.person_id or (subject if usable(subject) else ""),
        roles=launch.roles,
        course=launch.title or (title if usable(title) else ""),
        privileged=launch.privileged,
        account=launch.account,
    )
    return replace(launch, person=found)


def session(launch: Launch) -> Launch:
    """A session with an id that nobody has known before takes the place of any earlier one."""
    fresh = launch.tool.token()
    launch.tool.store.open_session(
        fresh,
        launch.person,
        offer=offer_of(launch),
        expires=launch.now + LIFETIME_S,
        replacing=launch.cookies.get(COOKIE, ""),
    )
    return replace(launch, session=fresh)
