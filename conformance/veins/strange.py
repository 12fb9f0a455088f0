"""Launches that are valid and strange, and have to be let in (CORE 5.3 and 5.4)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from conformance.strategies.launching import roles
from conformance.strategies.lazily import st
from conformance.strategies.mutating import claims_by_name, spoilt
from conformance.strategies.values import ids, json_values, locales, names, texts, vendor_names, visible
from conformance.veins import Drawn, like
from mockplatform.claims import INSTRUCTOR

if TYPE_CHECKING:
    from hypothesis.strategies import SearchStrategy


@like("accepted/names-in-chinese", guards=("name-as-a-pattern",))
def names_in_any_script() -> SearchStrategy[Drawn]:
    """Names in any script."""
    return claims_by_name(given_name=names(), family_name=names(), name=names())


@like("accepted/title-very-long")
def titles_of_any_text() -> SearchStrategy[Drawn]:
    """Titles of any text."""
    return claims_by_name(context__title=visible(), context__label=visible(), resource_link__title=visible())


@like("accepted/user-of-greatest-length")
def user_of_any_id() -> SearchStrategy[Drawn]:
    """User id of any visible ASCII, up to its greatest length."""
    return claims_by_name(sub=ids())


@like("accepted/resource-link-id-of-greatest-length")
def resource_link_of_any_id() -> SearchStrategy[Drawn]:
    """Id of the resource link of any visible ASCII, up to its greatest length."""
    return claims_by_name(resource_link__id=ids())


@like("accepted/course-id-of-greatest-length")
def course_of_any_id() -> SearchStrategy[Drawn]:
    """Id of the course of any visible ASCII, up to its greatest length."""
    return claims_by_name(context__id=ids())


@like("accepted/without-locale")
def any_locale() -> SearchStrategy[Drawn]:
    """Any language."""
    return claims_by_name(locale=locales(), launch_presentation__locale=locales())


@like("accepted/role-unknown-beside-known")
def unknown_roles_beside_a_known_one() -> SearchStrategy[Drawn]:
    """Any number of unknown roles beside a known one."""
    return claims_by_name(roles=roles(known=(INSTRUCTOR,)).map(list))


@like("accepted/custom-field-empty")
def custom_fields_of_any_text() -> SearchStrategy[Drawn]:
    """Custom fields of any name and text."""
    return claims_by_name(custom=st.dictionaries(visible(max_size=20), texts(), max_size=6))


@like("accepted/claims-unknown")
def unknown_claims_of_any_value() -> SearchStrategy[Drawn]:
    """Claims that nobody knows with any value."""
    address = vendor_names().map(lambda name: f"https://vendor.example/claim/{name}")
    return spoilt("claims.value", claim=st.one_of(address, vendor_names()), value=json_values())


@like("accepted/claims-unknown")
def unknown_members_of_known_claims() -> SearchStrategy[Drawn]:
    """Members that nobody knows in claims that everybody knows."""
    known = st.sampled_from(("context", "resource_link", "launch_presentation", "tool_platform"))
    place = st.builds(lambda claim, name: f"{claim}.{name}", known, vendor_names())
    return spoilt("claims.value", claim=place, value=json_values())


@like(
    "accepted/type-in-lower-case",
    why="JSON objects have no order (RFC 8259, section 4). A tool that takes the header apart by its position, or "
    "compares it as a text, works with the one platform that it was written for.",
    fix="Parse header and payload as JSON and find their members by name; compare neither as a text nor by position.",
)
def members_in_any_order() -> SearchStrategy[Drawn]:
    """Header and claims in any order."""
    return spoilt("drawn.members_moved", by=st.integers(1, 40))


@like("accepted/type-in-lower-case")
def type_in_any_case() -> SearchStrategy[Drawn]:
    """Type of the token in capitals and small letters of any pattern."""
    pattern = st.tuples(*([st.booleans()] * 3))
    spelling = pattern.map(lambda flags: "".join(c.upper() if up else c for c, up in zip("jwt", flags, strict=True)))
    return spoilt("header.member", name=st.just("typ"), value=spelling)
