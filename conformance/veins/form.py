"""The form that brings the token to the tool (SEC 5.1.1.3 to 5.1.1.5): any state, any error, any further field."""

from __future__ import annotations

from typing import TYPE_CHECKING

from conformance.model import Answer
from conformance.strategies.lazily import st
from conformance.strategies.mutating import spoilt
from conformance.strategies.values import characters, odd_texts, texts, vendor_names, visible
from conformance.veins import Drawn, like

if TYPE_CHECKING:
    from hypothesis.strategies import SearchStrategy

STATE_MISSING = Answer(klass="invalid", type="MissingParameter", code=1001)
FIELDS = ("session_state", "expires_in", "token_type", "scope", "user", "request", "session", "context", "title")
"""Names that OpenID Connect defines for other answers, and some that a tool may use for its own."""


@like("state/altered", guards=("state-compared-as-text",), also=(STATE_MISSING,))
def state_of_any_text() -> SearchStrategy[Drawn]:
    """State of any other text."""
    return spoilt("drawn.field", name=st.just("state"), value=odd_texts(min_size=1))


@like("state/altered", guards=("state-compared-as-text", "state-by-its-head"))
def state_with_another_character() -> SearchStrategy[Drawn]:
    """State that differs in one character."""
    return spoilt("drawn.state_character", place=st.integers(0, 60), by=characters())


@like("response/platform-error-unknown")
def error_of_any_text() -> SearchStrategy[Drawn]:
    """Error of the platform of any name, with any words."""
    code = odd_texts(min_size=1).filter(lambda text: bool(text.strip()))
    return spoilt("response.error", code=code, description=odd_texts())


@like("accepted/form-with-further-fields", guards=("fields-as-arguments",))
def further_fields_of_any_name() -> SearchStrategy[Drawn]:
    """Further form field that nobody knows."""
    name = st.one_of(st.sampled_from(FIELDS), vendor_names())
    return spoilt("drawn.field", name=name, value=st.one_of(visible(), texts()))
