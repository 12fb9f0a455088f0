"""Claims of the right type that say something else: another text, or one character of the right one (SEC 5.1.3)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from conformance.model import Answer
from conformance.strategies.lazily import st
from conformance.strategies.mutating import spoilt
from conformance.strategies.values import characters, foreign, odd_addresses, odd_texts
from conformance.veins import UNREADABLE, Drawn, like
from mockplatform.claims import VERSION

if TYPE_CHECKING:
    from hypothesis.strategies import SearchStrategy

BLANK = tuple(
    Answer(klass="invalid", type=type_, code=code)
    for type_ in ("MissingClaim", "InvalidClaim")
    for code in (1001, 1021)
)
NEITHER_READ = (*UNREADABLE, Answer(klass="security", type="NonceMissing", code=1001))


def _claim(name: str, values: SearchStrategy[Any]) -> SearchStrategy[Drawn]:
    return spoilt("claims.value", claim=st.just(name), value=values)


def _character(claim: str) -> SearchStrategy[Drawn]:
    """One character of a claim replaced: by any, or by one that looks alike."""
    return st.one_of(
        spoilt("drawn.other_character", claim=st.just(claim), place=st.integers(0, 60), by=characters()),
        spoilt("drawn.wide_character", claim=st.just(claim), place=st.integers(0, 60)),
    )


@like("issuer/foreign", also=UNREADABLE)
def issuer_of_any_text() -> SearchStrategy[Drawn]:
    """Issuer of any other name."""
    return _claim("iss", foreign(st.one_of(odd_addresses(), odd_texts())))


@like("issuer/foreign", also=UNREADABLE)
def issuer_with_another_character() -> SearchStrategy[Drawn]:
    """Issuer that differs in one character."""
    return _character("iss")


@like("audience/foreign", also=UNREADABLE)
def audience_of_any_text() -> SearchStrategy[Drawn]:
    """Audience of any other name."""
    return _claim("aud", foreign(odd_texts()))


@like("audience/foreign", also=UNREADABLE)
def audience_with_another_character() -> SearchStrategy[Drawn]:
    """Audience that differs in one character."""
    return _character("aud")


@like("audience/list-empty", also=UNREADABLE)
def audience_of_any_others() -> SearchStrategy[Drawn]:
    """Audience with any others and not the tool."""
    return _claim("aud", st.lists(foreign(odd_texts()), max_size=5))


@like("audience/party-is-another-tool", also=UNREADABLE)
def authorised_party_of_any_text() -> SearchStrategy[Drawn]:
    """Authorised party of any other name."""
    return _claim("azp", foreign(odd_texts()))


@like("nonce/never-issued", also=NEITHER_READ)
def nonce_of_any_text() -> SearchStrategy[Drawn]:
    """Nonce that the tool has never issued."""
    return _claim("nonce", odd_texts(min_size=1))


@like("nonce/never-issued", also=NEITHER_READ)
def nonce_with_another_character() -> SearchStrategy[Drawn]:
    """Nonce that differs in one character."""
    return _character("nonce")


@like("message/deployment-unknown", also=UNREADABLE)
def deployment_of_any_text() -> SearchStrategy[Drawn]:
    """Deployment of any other name."""
    return _claim("deployment_id", foreign(odd_texts()))


@like("message/deployment-unknown", guards=("deployment-normalised",), also=UNREADABLE)
def deployment_with_another_character() -> SearchStrategy[Drawn]:
    """Deployment that differs in one character."""
    return _character("deployment_id")


@like("message/type-unknown", also=UNREADABLE)
def message_type_of_any_text() -> SearchStrategy[Drawn]:
    """Message type that nobody has defined."""
    # Every type that 1EdTech has defined begins like this.
    return _claim("message_type", odd_texts().filter(lambda text: bool(text.strip()) and "lti" not in text.lower()))


@like("message/type-unknown", also=UNREADABLE)
def message_type_with_another_character() -> SearchStrategy[Drawn]:
    """Message type that differs in one character."""
    return _character("message_type")


@like("version/next-patch", guards=("version-with-suffix",), also=BLANK)
def version_of_any_text() -> SearchStrategy[Drawn]:
    """Version other than 1.3.0."""
    number = st.integers(0, 30).map(str)
    numbered = st.lists(number, min_size=1, max_size=5).map(".".join)
    longer = st.tuples(st.sampled_from("-+._ "), odd_texts(max_size=10)).map(lambda end: VERSION + "".join(end))
    others = st.one_of(numbered, longer, odd_texts()).filter(lambda text: text.strip() != VERSION)
    return _claim("version", others)


@like("version/next-patch", also=UNREADABLE)
def version_with_another_character() -> SearchStrategy[Drawn]:
    """Version that differs in one character."""
    return _character("version")


@like("message/target-link-foreign", also=UNREADABLE)
def target_link_of_any_text() -> SearchStrategy[Drawn]:
    """Target link that is any text, or an address that cannot be read."""
    return _claim("target_link_uri", odd_addresses())
