"""What a launch may carry beside the claims that it needs, of any type: a tool objects or not, and answers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from conformance.strategies.lazily import st
from conformance.strategies.mutating import spoilt
from conformance.strategies.values import json_values, numbers, odd_addresses, odd_texts, other_than, texts
from conformance.veins import EITHER, Drawn, like

if TYPE_CHECKING:
    from hypothesis.strategies import SearchStrategy

WHY = (
    "A platform with a bug, or a plug-in of one, sends the wrong type in a claim that most tools only show. Whether "
    "the launch goes on is the tool's affair; an exception that nobody caught is not an answer."
)
FIX = (
    "Check the type of an optional value where you first read it, and go on without it or refuse the launch if it has "
    "another; catch whatever a parser, a converter or the database raises about it."
)
AGS = "https://purl.imsglobal.org/spec/lti-ags/claim/endpoint"
NRPS = "https://purl.imsglobal.org/spec/lti-nrps/claim/namesroleservice"


def _any_of(*claims: str, values: SearchStrategy[Any] | None = None) -> SearchStrategy[Drawn]:
    return spoilt("claims.value", claim=st.sampled_from(claims), value=other_than() if values is None else values)


@like("identity/email-null", expect=EITHER, why=WHY, fix=FIX)
def personal_data_of_any_type() -> SearchStrategy[Drawn]:
    """Names, address and the like of any type."""
    return _any_of("name", "given_name", "family_name", "email", "locale", "middle_name", "picture", "zoneinfo")


@like("course/no-object", expect=EITHER, why=WHY, fix=FIX)
def course_of_any_type() -> SearchStrategy[Drawn]:
    """The course, or a part of it, of any type."""
    return _any_of("context", "context.id", "context.title", "context.label", "context.type")


@like("course/no-object", expect=EITHER, why=WHY, fix=FIX)
def link_texts_of_any_type() -> SearchStrategy[Drawn]:
    """Title and description of the link of any type."""
    return _any_of("resource_link.title", "resource_link.description")


@like("accepted/without-launch-presentation", expect=EITHER, why=WHY, fix=FIX)
def presentation_of_any_type() -> SearchStrategy[Drawn]:
    """How to present the tool, or a part of it, of any type."""
    parts = ("document_target", "height", "width", "return_url", "locale")
    return _any_of("launch_presentation", *(f"launch_presentation.{part}" for part in parts))


@like(
    "accepted/return-url-of-a-script",
    expect=EITHER,
    why=WHY,
    fix="Catch the error of an address that cannot be parsed and treat it as no return URL, or refuse the launch; use "
    "one only if its scheme is http or https.",
)
def return_url_of_any_text() -> SearchStrategy[Drawn]:
    """Return URL that is any text, or an address that cannot be read."""
    return _any_of("launch_presentation.return_url", values=odd_addresses())


@like("accepted/without-platform-description", guards=("platform-name-trimmed",), expect=EITHER, why=WHY, fix=FIX)
def platform_description_of_any_type() -> SearchStrategy[Drawn]:
    """The description of the platform, or a part of it, of any type."""
    parts = ("guid", "name", "version", "product_family_code", "url", "contact_email")
    return _any_of("tool_platform", *(f"tool_platform.{part}" for part in parts))


@like("accepted/custom-field-empty", expect=EITHER, why=WHY, fix=FIX)
def custom_fields_of_any_type() -> SearchStrategy[Drawn]:
    """Custom fields of any type."""
    fields = st.dictionaries(odd_texts(max_size=10), other_than(), max_size=4)
    return st.one_of(_any_of("custom", "custom.resource"), _any_of("custom", values=fields))


@like("accepted/school-identifiers-empty", expect=EITHER, why=WHY, fix=FIX)
def school_identifiers_of_any_type() -> SearchStrategy[Drawn]:
    """Identifiers of the school, and what a mentor may see, of any type."""
    return _any_of("lis", "lis.person_sourcedid", "lis.course_section_sourcedid", "role_scope_mentor", "lti1p1")


@like("accepted/claims-unknown", expect=EITHER, why=WHY, fix=FIX)
def services_of_any_type() -> SearchStrategy[Drawn]:
    """Claims of the grade and roster services of any type."""
    scopes = st.fixed_dictionaries({"scope": other_than(), "lineitems": other_than()})
    rosters = st.fixed_dictionaries({"context_memberships_url": other_than(), "service_versions": other_than()})
    return st.one_of(
        _any_of(AGS, NRPS),
        _any_of(AGS, values=scopes),
        _any_of(NRPS, values=rosters),
    )


@like(
    "accepted/claims-unknown",
    guards=("large-number-overflows",),
    expect=EITHER,
    why=WHY,
    fix="Read the claims that you need by name, and convert no number in any other; catch the parser's own error about "
    "a number as a refused launch.",
)
def number_of_any_size() -> SearchStrategy[Drawn]:
    """Number of any size in a claim that nobody knows."""
    return _any_of("https://vendor.example/claim/number", values=numbers())


@like("envelope/user-twice", expect=EITHER, why=WHY)
def member_twice_in_a_claim() -> SearchStrategy[Drawn]:
    """Member of a claim that comes twice."""
    places = st.sampled_from(
        (("context", "id"), ("resource_link", "id"), ("custom", "resource"), ("tool_platform", "guid"))
    )
    first = st.one_of(json_values(), texts())
    return places.flatmap(
        lambda place: spoilt("drawn.member_twice", claim=st.just(place[0]), member=st.just(place[1]), first=first)
    )
