"""The token's header (RFC 7515, section 4): any text, any type, any member."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from conformance.model import Answer
from conformance.strategies.lazily import st
from conformance.strategies.mutating import ALGORITHMS, spoilt
from conformance.strategies.values import json_values, odd_texts, other_than, vendor_names
from conformance.veins import EITHER, UNREADABLE, Drawn, like

if TYPE_CHECKING:
    from hypothesis.strategies import SearchStrategy

KID_MISSING = Answer(klass="security", type="KidMissing", code=1001)
NOT_ALLOWED = Answer(klass="security", type="AlgorithmNotAllowed", code=1001)


@like("header/kid-number", guards=("kid-beyond-64-bits",), also=UNREADABLE)
def kid_of_any_type() -> SearchStrategy[Drawn]:
    """Key id that is no text."""
    return spoilt("header.member", name=st.just("kid"), value=other_than("text"))


@like("header/kid-unknown", guards=("kid-not-ascii-crashes",), also=(KID_MISSING, *UNREADABLE))
def kid_of_any_text() -> SearchStrategy[Drawn]:
    """Key id that no key has, in any letters."""
    return spoilt("header.member", name=st.just("kid"), value=odd_texts(min_size=1))


@like("header/algorithm-other-than-used", also=UNREADABLE)
def algorithm_of_any_text() -> SearchStrategy[Drawn]:
    """Algorithm of any other name."""
    others = odd_texts().filter(lambda text: text.strip().upper() != "RS256")
    return spoilt("header.alg_claimed", name=st.one_of(st.sampled_from(ALGORITHMS), others))


@like("header/algorithm-list", also=UNREADABLE)
def algorithm_of_any_type() -> SearchStrategy[Drawn]:
    """Algorithm that is no text."""
    return spoilt("header.member", name=st.just("alg"), value=other_than("text"))


@like("header/algorithm-none-in-mixed-case", also=UNREADABLE)
def algorithm_none_in_any_case() -> SearchStrategy[Drawn]:
    """Algorithm none, in capitals and small letters of any pattern."""
    capitals = st.tuples(*([st.booleans()] * 4))
    spelling = capitals.map(lambda flags: "".join(c.upper() if up else c for c, up in zip("none", flags, strict=True)))
    return spoilt("header.alg_none", spelling=spelling)


@like("header/hmac-with-empty-secret", also=UNREADABLE)
def hmac_with_any_secret() -> SearchStrategy[Drawn]:
    """HMAC with any secret that somebody could guess."""
    secret = odd_texts().map(lambda text: f"text:{text}")
    return spoilt("header.hmac_with", secret=secret, algorithm=st.sampled_from(("HS256", "HS384", "HS512")))


@like("header/critical-extension-unknown", also=(*UNREADABLE, KID_MISSING))
def critical_extensions_of_any_name() -> SearchStrategy[Drawn]:
    """Critical extensions that nobody knows, any of them."""
    name = odd_texts(min_size=1, max_size=20).filter(lambda text: text not in {"b64", "exp"})
    return spoilt("header.critical", names=st.lists(name, min_size=1, max_size=4))


@like(
    "header/kid-twice",
    also=(KID_MISSING, NOT_ALLOWED, *UNREADABLE),
)
def header_member_twice() -> SearchStrategy[Drawn]:
    """Header member that comes twice, the first time with any value."""
    return spoilt(
        "header.duplicate_member",
        name=st.sampled_from(("kid", "alg", "typ")),
        first=st.one_of(json_values(), odd_texts()),
    )


@like("envelope/header-no-json", also=UNREADABLE)
def header_of_any_text() -> SearchStrategy[Drawn]:
    """Header that is any text but an object."""
    values = st.one_of(other_than("object").map(json.dumps), odd_texts()).filter(lambda text: not _is_object(text))
    return spoilt("header.text", text=values)


@like(
    "header/typed-as-access-token",
    guards=("odd-content-type-crashes",),
    expect=EITHER,
    why="A header may carry members that a tool does not use, and whoever writes the token chooses what is in them. "
    "A tool may object to them or not look at them, but it has to answer.",
    fix="Check the type of each header member before you use it and pass over those that you do not use; catch what "
    "the JWT library raises about a header as a refused launch.",
)
def header_member_of_any_type() -> SearchStrategy[Drawn]:
    """Known header member of any type."""
    names = ("typ", "cty", "jku", "jwk", "x5u", "x5c", "x5t", "x5t#S256", "zip", "enc", "epk", "crit", "b64")
    return spoilt("header.member", name=st.sampled_from(names), value=other_than())


@like(
    "accepted/type-absent",
    why="Members of the header that a tool does not know must be ignored (RFC 7515, section 4). A tool that counts "
    "them, or keeps them in a record of its own, shuts out the platform that adds one.",
    fix="Read the members that you use from the header by name and pass over all others; keep no strict schema or "
    "record around it.",
)
def header_member_that_nobody_knows() -> SearchStrategy[Drawn]:
    """Header member that nobody knows."""
    return spoilt("header.member", name=vendor_names(), value=json_values())


def _is_object(text: str) -> bool:
    try:
        return isinstance(json.loads(text), dict)
    except ValueError:
        return False
