"""Claims that a launch cannot do without, of every type that they must not have (CORE 5.3, SEC 5.1.2)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from conformance.model import Answer
from conformance.strategies.lazily import st
from conformance.strategies.mutating import spoilt
from conformance.strategies.values import odd_texts, other_than
from conformance.veins import UNREADABLE, Drawn, like
from mockplatform.claims import INSTRUCTOR

if TYPE_CHECKING:
    from hypothesis.strategies import SearchStrategy

ABSENT = Answer(klass="invalid", type="MissingClaim", code=1001)
WRONG = Answer(klass="invalid", type="InvalidClaim", code=1001)
SHORT = 10_000
LONG_AGO = 10**9
LOOKED_UP = Answer(klass="invalid", type="DeploymentNotFound", code=1002)


def _claim(name: str, values: SearchStrategy[Any]) -> SearchStrategy[Drawn]:
    return spoilt("claims.value", claim=st.just(name), value=values)


@like("issuer/list", also=UNREADABLE)
def issuer_of_any_type() -> SearchStrategy[Drawn]:
    """Issuer that is no text."""
    return _claim("iss", other_than("text"))


@like("audience/number", also=UNREADABLE)
def audience_of_any_type() -> SearchStrategy[Drawn]:
    """Audience that is neither a text nor a list of the right ones."""
    return _claim("aud", other_than("text"))


@like("audience/party-is-another-tool", also=UNREADABLE)
def authorised_party_of_any_type() -> SearchStrategy[Drawn]:
    """Authorised party that is no text."""
    return _claim("azp", other_than("text", "null").filter(bool))


@like("nonce/number", also=UNREADABLE)
def nonce_of_any_type() -> SearchStrategy[Drawn]:
    """Nonce that is no text."""
    return _claim("nonce", other_than("text"))


@like("identity/user-number", also=UNREADABLE)
def user_of_any_type() -> SearchStrategy[Drawn]:
    """User id that is no text."""
    return _claim("sub", other_than("text", "null").filter(bool))


@like("message/type-list", also=UNREADABLE)
def message_type_of_any_type() -> SearchStrategy[Drawn]:
    """Message type that is no text."""
    return _claim("message_type", other_than("text"))


@like("version/number", also=(ABSENT, WRONG))
def version_of_any_type() -> SearchStrategy[Drawn]:
    """Version that is no text."""
    return _claim("version", other_than("text"))


@like("message/deployment-number", also=(LOOKED_UP, *UNREADABLE))
def deployment_of_any_type() -> SearchStrategy[Drawn]:
    """Deployment id that is no text."""
    # Whoever turns numbers into text may know a deployment with a short one.
    return _claim("deployment_id", other_than("text").filter(lambda v: not isinstance(v, int) or abs(v) > SHORT))


@like("message/target-link-absent", also=UNREADABLE)
def target_link_of_any_type() -> SearchStrategy[Drawn]:
    """Target link that is no text."""
    return _claim("target_link_uri", other_than("text"))


@like("message/resource-link-list", also=UNREADABLE)
def resource_link_of_any_type() -> SearchStrategy[Drawn]:
    """Resource link that is no object."""
    return _claim("resource_link", other_than("object"))


@like("message/resource-link-id-number", also=UNREADABLE)
def resource_link_id_of_any_type() -> SearchStrategy[Drawn]:
    """Id of the resource link that is no text."""
    return _claim("resource_link.id", other_than("text"))


@like("message/roles-text", also=(WRONG,))
def roles_of_any_type() -> SearchStrategy[Drawn]:
    """Roles that are no list."""
    return _claim("roles", other_than("list"))


@like("message/roles-with-number", guards=("roles-hashed",), also=(ABSENT,))
def roles_with_anything_among_them() -> SearchStrategy[Drawn]:
    """Roles with anything among them that is no text."""
    odd = st.lists(other_than("text"), min_size=1, max_size=4)
    return _claim("roles", odd.map(lambda values: [INSTRUCTOR, *values]))


@like("time/expiry-true", also=UNREADABLE)
def expiry_of_any_type() -> SearchStrategy[Drawn]:
    """Expiry that is neither a number nor a text with one."""
    wordy = odd_texts().filter(lambda text: not any(character.isdigit() for character in text))
    return _claim("exp", st.one_of(other_than("number", "text", "null"), wordy))


@like("time/expiry-text", also=UNREADABLE)
def expiry_in_text_of_any_form() -> SearchStrategy[Drawn]:
    """Expiry in the far future, written as text in any form that somebody reads as a number."""
    second = st.integers(4_000_000_000, 8_000_000_000)
    forms = ("{}", "{}.0", "+{}", " {}", "{}\n", "0{}", "{:e}", "{:_}", "{:#x}", "{:#b}")
    return _claim("exp", st.builds(lambda form, number: form.format(number), st.sampled_from(forms), second))


@like("time/issue-time-text", also=UNREADABLE)
def issue_time_of_any_type() -> SearchStrategy[Drawn]:
    """Issue time that is no number."""
    return _claim("iat", other_than("number"))


@like("time/expiry-true", also=UNREADABLE)
def expiry_of_any_past_number() -> SearchStrategy[Drawn]:
    """Expiry of any number that is long past."""
    whole, fraction = st.integers(max_value=LONG_AGO), st.floats(max_value=LONG_AGO, allow_infinity=False)
    return _claim("exp", st.one_of(whole, fraction))
