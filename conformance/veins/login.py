"""The login that a platform starts (SEC 5.1.1.1, CORE 4.1): any value of any parameter."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from conformance.model import Answer
from conformance.strategies.lazily import st
from conformance.strategies.mutating import spoilt
from conformance.strategies.values import foreign, odd_addresses, odd_texts, texts, vendor_names, visible
from conformance.veins import EITHER, Drawn, like

if TYPE_CHECKING:
    from hypothesis.strategies import SearchStrategy

UNKNOWN = tuple(
    Answer(klass="invalid", type=type_, code=code)
    for type_ in ("RegistrationNotFound", "MissingParameter", "InvalidClaim")
    for code in (1001, 1002, 1020)
)


def _changed(name: str, values: SearchStrategy[str]) -> SearchStrategy[Drawn]:
    return spoilt("login.changed", name=st.just(name), value=values)


@like("login/issuer-unknown", also=UNKNOWN)
def login_of_any_issuer() -> SearchStrategy[Drawn]:
    """Login of an issuer that nobody knows."""
    return _changed("iss", foreign(st.one_of(odd_addresses(), odd_texts())))


@like("login/client-id-unknown", also=UNKNOWN)
def login_of_any_client() -> SearchStrategy[Drawn]:
    """Login for a client id that nobody knows."""
    return _changed("client_id", foreign(odd_texts()))


@like(
    "login/target-link-foreign",
    guards=("odd-target-crashes",),
    expect={name: replace(either, severity="should") for name, either in EITHER.items()},
    why="The target is taken apart before the platform is known, so anybody can send this. Some texts look like an "
    "address and make the reader of addresses give up; the tool still has to answer.",
    fix="Catch the error of a target link that cannot be parsed, and refuse the login or pass over the link; compare a "
    "readable one with your own addresses.",
)
def login_to_any_target() -> SearchStrategy[Drawn]:
    """Login to a target that is any text, or an address that cannot be read."""
    return _changed("target_link_uri", odd_addresses())


@like("login/deployment-other-than-in-token", expect=EITHER)
def login_of_any_deployment() -> SearchStrategy[Drawn]:
    """Login that names any deployment."""
    return _changed("lti_deployment_id", odd_texts())


@like("accepted/login-hint-with-odd-characters")
def login_hint_of_any_text() -> SearchStrategy[Drawn]:
    """Login hint of any text."""
    return _changed("login_hint", visible(max_size=200))


@like("accepted/message-hint-with-odd-characters")
def message_hint_of_any_text() -> SearchStrategy[Drawn]:
    """Message hint that goes on in any text."""
    return spoilt("login.message_hint_with", suffix=visible(max_size=200))


@like("accepted/login-with-further-parameters")
def further_parameters_of_any_name() -> SearchStrategy[Drawn]:
    """Further login parameter that nobody knows."""
    return spoilt("login.changed", name=vendor_names(), value=texts())
