"""The signature and the shape of the token (RFC 7515): any bit, any bytes, any text."""

from __future__ import annotations

from typing import TYPE_CHECKING

from conformance.model import Answer
from conformance.strategies.lazily import st
from conformance.strategies.mutating import spoilt
from conformance.strategies.values import odd_texts
from conformance.veins import UNREADABLE, Drawn, like

if TYPE_CHECKING:
    from hypothesis.strategies import SearchStrategy

OF_THE_HEADER = tuple(
    Answer(klass="security", type=type_, code=1001) for type_ in ("AlgorithmNotAllowed", "KidMissing", "KidNotFound")
)
LARGEST = 256


@like("signature/flipped-bit")
def signature_with_any_bit_flipped() -> SearchStrategy[Drawn]:
    """One bit of the signature flipped, whichever."""
    return spoilt("drawn.signature_bit", number=st.integers(0, 8 * LARGEST - 1))


@like("signature/zeros", also=UNREADABLE)
def signature_of_any_bytes() -> SearchStrategy[Drawn]:
    """Signature of any bytes."""
    return spoilt("drawn.signature_bytes", hexadecimal=st.binary(min_size=1, max_size=LARGEST + 8).map(bytes.hex))


@like("signature/cut-short", also=UNREADABLE)
def signature_cut_anywhere() -> SearchStrategy[Drawn]:
    """Signature cut short, wherever."""
    return spoilt("signature.truncated", by=st.integers(1, LARGEST - 1))


@like("signature/user-changed-after-signing", also=UNREADABLE)
def claim_changed_after_signing() -> SearchStrategy[Drawn]:
    """Any claim changed after signing."""
    claims = st.sampled_from(("sub", "name", "email", "given_name", "family_name", "nonce"))
    return spoilt("signature.payload_changed", claim=claims, value=odd_texts())


@like("envelope/no-token-at-all", also=(*UNREADABLE, *OF_THE_HEADER))
def token_of_any_text() -> SearchStrategy[Drawn]:
    """Any text instead of a token."""
    parts = st.lists(st.text(st.characters(max_codepoint=0x7E), max_size=20), min_size=1, max_size=5).map(".".join)
    return spoilt("signature.garbage", text=st.one_of(odd_texts(min_size=1), parts).filter(bool))


@like("envelope/five-parts", also=UNREADABLE)
def token_of_any_number_of_parts() -> SearchStrategy[Drawn]:
    """Token of more parts than three."""
    return spoilt("signature.segments", count=st.integers(4, 60))


@like("signature/with-blank", guards=("token-trimmed",), also=UNREADABLE)
def token_with_anything_around_it() -> SearchStrategy[Drawn]:
    """Characters around the token that belong to no token."""
    strange = st.characters(exclude_categories=["L", "N", "Cs"], exclude_characters="-_.=")
    around = st.one_of(st.sampled_from(("\n", "\r\n", " ", "\t", "\0")), st.text(strange, min_size=1, max_size=4))
    return st.one_of(
        spoilt("signature.wrapped", after=around),
        spoilt("signature.wrapped", before=around),
    )
