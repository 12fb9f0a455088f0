"""The platform's key set (SEC 6.3, RFC 7517): any answer but a key set, and any junk beside the good key."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from conformance.model import Answer
from conformance.strategies.lazily import st
from conformance.strategies.mutating import spoilt
from conformance.strategies.values import json_values, odd_texts, other_than, texts, vendor_names
from conformance.veins import Drawn, like

if TYPE_CHECKING:
    from hypothesis.strategies import SearchStrategy

UNUSABLE = (
    Answer(klass="unknown", code=1017),
    Answer(klass="invalid", code=1017),
    Answer(klass="security", type="KidNotFound", code=1001),
    Answer(klass="security", type="KidNotFound", code=1017),
    Answer(klass="security", type="SignatureInvalid", code=1001),
)


@like("keys/cut-short", also=UNUSABLE)
def key_set_of_any_text() -> SearchStrategy[Drawn]:
    """Key set that is any text, or any JSON but a key set."""
    lists = st.lists(other_than(), max_size=4).map(lambda keys: {"keys": keys})
    return spoilt("key_set.body", text=st.one_of(odd_texts(), other_than().map(json.dumps), lists.map(json.dumps)))


@like("keys/server-error", also=UNUSABLE)
def key_set_of_any_status() -> SearchStrategy[Drawn]:
    """Key set that is refused with any status."""
    return spoilt("key_set.status", code=st.integers(400, 599))


@like("accepted/keys-beside-junk")
def key_beside_any_junk() -> SearchStrategy[Drawn]:
    """Key that nobody can use beside the good one."""
    members = st.dictionaries(
        st.sampled_from(("n", "e", "x", "y", "crv", "use", "alg")), texts(max_size=12), max_size=3
    )
    kind = st.sampled_from(("FOO", "RSA", "EC", "OKP", "oct"))
    kid = texts(max_size=12).map(lambda text: f"junk-{text}")
    junk = st.builds(lambda kty, kid, others: {"kty": kty, "kid": kid, **others}, kind, kid, members)
    return spoilt("drawn.key_beside", key=junk)


@like("accepted/keys-with-further-members")
def key_with_any_further_member() -> SearchStrategy[Drawn]:
    """Key with a member that nobody knows."""
    return spoilt("key_set.member", name=vendor_names(), value=json_values())
