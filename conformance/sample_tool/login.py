"""The steps of a login, in order: from the platform's request to the redirect back to it (SEC 5.1.1)."""

from __future__ import annotations

from dataclasses import replace
from hashlib import sha256

from conformance.sample_tool import backend
from conformance.sample_tool.forms import first, only, origin, with_query
from conformance.sample_tool.model import Integration, IssuedLogin, Login
from conformance.sample_tool.refusal import invalid

__all__ = [
    "LIFETIME_S",
    "authentication_request",
    "client_id",
    "issue",
    "parameters",
    "redirect",
    "registration",
    "state_cookie",
    "target",
]

LIFETIME_S = 600


def parameters(login: Login) -> Login:
    """Each parameter that a login cannot do without is there, once (SEC 5.1.1.1)."""
    for name in ("iss", "login_hint", "target_link_uri"):
        if only(login.parameters, name) is None:
            raise invalid("MissingParameter", ref="SEC 5.1.1.1", about=name)
    return login


def client_id(login: Login) -> Login:
    """A client id may be left out, but it may not be empty (CORE 4.1.3)."""
    if "client_id" in login.parameters and only(login.parameters, "client_id") is None:
        raise invalid("MissingParameter", code=1020, ref="CORE 4.1.3", about="client_id")
    return login


def registration(login: Login) -> Login:
    """Issuer and client id together name one registration (SEC 5.1.1.2)."""
    issuer, client = (first(login.parameters, "iss") or "", first(login.parameters, "client_id"))
    store, faults = login.tool.store, login.tool.faults
    if client is None:
        return replace(login, integration=_only_integration(login, issuer))
    found = backend.read(faults, "credentials.read", store.find_integration, issuer=issuer, client_id=client)
    if found is None:
        raise invalid("RegistrationNotFound", code=1002)
    return replace(login, integration=found)


def target(login: Login) -> Login:
    """The tool opens only what is its own (SEC 5.1.1.1)."""
    if origin(first(login.parameters, "target_link_uri")) != origin(login.base_url):
        raise invalid("InvalidClaim", ref="SEC 5.1.1.1", about="target_link_uri")
    return login


def issue(login: Login) -> Login:
    """A state and a nonce that nobody can guess, remembered with the registration (SEC 7.3.1, SEC 5.1.3-9)."""
    issued = IssuedLogin(
        state=login.tool.token(),
        nonce=login.tool.token(),
        issuer=login.integration.issuer,
        client_id=login.integration.client_id,
    )
    login.tool.store.remember_login(issued, now=login.now, expires=login.now + LIFETIME_S)
    return replace(login, issued=issued)


def redirect(login: Login) -> Login:
    """The person goes back to the platform, to be told who they are (SEC 5.1.1.2)."""
    location = with_query(login.integration.auth_url, authentication_request(login))
    return replace(login, location=location)


def authentication_request(login: Login) -> dict[str, str]:
    """The parameters of the request; hints go back exactly as they came (SEC 5.1.1.2, CORE 4.1.1)."""
    request = {
        "scope": "openid",
        "response_type": "id_token",
        "response_mode": "form_post",
        "prompt": "none",
        "client_id": login.integration.client_id,
        "redirect_uri": f"{login.base_url}/lti/launch",
        "login_hint": first(login.parameters, "login_hint") or "",
        "state": login.issued.state,
        "nonce": login.issued.nonce,
    }
    message_hint = first(login.parameters, "lti_message_hint")
    return request if message_hint is None else {**request, "lti_message_hint": message_hint}


def state_cookie(state: str) -> str:
    """The name of the cookie of one login, so that logins in several tabs do not meet."""
    return f"sample_state_{sha256(state.encode()).hexdigest()[:16]}"


def _only_integration(login: Login, issuer: str) -> Integration:
    store, faults = login.tool.store, login.tool.faults
    match backend.read(faults, "credentials.read", store.find_integrations, issuer=issuer):
        case [integration]:
            return integration
        case None | []:
            raise invalid("RegistrationNotFound", code=1002)
        case _:
            raise invalid("MissingParameter", code=1020, ref="CORE 4.1.3", about="client_id")
