"""Honest launches, however strange: registrations, intents and tokens that any tool has to take."""

from __future__ import annotations

from typing import TYPE_CHECKING

from conformance.strategies.lazily import st
from conformance.strategies.values import addresses, ids, locales, names, visible
from mockplatform import flow
from mockplatform.claims import CONTEXT_ROLE, INSTITUTION_ROLE, INSTRUCTOR, LEARNER
from mockplatform.model import AuthRequest, Course, IdToken, Launch, Person, Registration, ResourceLink

if TYPE_CHECKING:
    from hypothesis.strategies import SearchStrategy

__all__ = ["id_tokens", "launches", "registrations", "roles"]

KNOWN_ROLES = (
    INSTRUCTOR,
    LEARNER,
    CONTEXT_ROLE + "Mentor",
    CONTEXT_ROLE + "ContentDeveloper",
    INSTITUTION_ROLE + "Faculty",
    INSTITUTION_ROLE + "Student",
    INSTITUTION_ROLE + "Staff",
)


def registrations() -> SearchStrategy[Registration]:
    """Tools as a platform may know them: any https issuer, any ids, and attributes under any name."""
    attributes = st.dictionaries(
        st.sampled_from(("email", "course_id", "person_id")), ids(min_size=1, max_size=20), max_size=3
    )
    return st.builds(
        Registration,
        issuer=addresses(),
        client_id=ids(min_size=1, max_size=64),
        deployment_ids=st.lists(ids(min_size=1, max_size=64), min_size=1, max_size=3, unique=True).map(tuple),
        login_url=addresses(),
        launch_url=addresses(),
        attributes=attributes,
        name=visible(),
    )


def launches() -> SearchStrategy[Launch]:
    """Launches that are valid and strange: people and courses in any script, ids of any length, unknown roles."""
    return registrations().flatmap(_of)


def _of(registration: Registration) -> SearchStrategy[Launch]:
    return st.builds(
        Launch,
        id=ids(max_size=64),
        registration=st.just(registration),
        deployment_id=st.sampled_from(registration.deployment_ids),
        person=_people(),
        roles=roles(),
        course=st.builds(Course, id=ids(min_size=1), label=visible(), title=visible()),
        resource_link=st.builds(ResourceLink, id=ids(min_size=1), title=visible()),
        target_link_uri=st.just(registration.launch_url),
        return_url=addresses(),
        platform_guid=ids(min_size=1, max_size=64),
        login_method=st.sampled_from(("GET", "POST")),
    )


def _people() -> SearchStrategy[Person]:
    email = st.from_regex(r"\A[a-z0-9]{1,20}(\.[a-z0-9]{1,10})?@[a-z]{1,10}\.example\Z")
    return st.builds(
        Person, sub=ids(min_size=1), given_name=names(), family_name=names(), email=email, locale=locales()
    )


def roles(*, known: tuple[str, ...] = KNOWN_ROLES) -> SearchStrategy[tuple[str, ...]]:
    """Lists of roles with a known one among any that nobody knows (CORE 5.3.7)."""
    unknown = st.lists(st.from_regex(r"\Ahttps://vendor\.example/roles#[A-Za-z]{1,20}\Z"), max_size=6)
    return st.builds(lambda before, one, after: (*before, one, *after), unknown, st.sampled_from(known), unknown)


def id_tokens(*, now_s: float) -> SearchStrategy[IdToken]:
    """Honest tokens of such launches, not yet signed.

    Args:
        now_s: the time at which they are made; nothing here looks at a clock.
    """
    request = st.builds(
        lambda nonce, state: AuthRequest(params={"nonce": nonce, "state": state}),
        ids(min_size=22, max_size=64),
        ids(min_size=22, max_size=64),
    )
    return st.builds(flow.id_token, launches(), request, kid=ids(min_size=1, max_size=64), now_s=st.just(now_s))
