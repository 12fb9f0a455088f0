"""What is wrong with a tool's authentication request (SEC 5.1.1.2 to 5.1.1.5; OpenID Connect Core 3.1.2.1, 3.1.2.6).

Each check is one function of what was asked and gives problems; those that stand first decide which error the tool
is told.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

from mockplatform.model import AuthRequest, Launch, LoginRequest, Registration

__all__ = ["CHECKS", "HINT_LIFETIME_S", "Asked", "AuthProblem", "auth_problems", "may_redirect", "told_error", "unused"]

HINT_LIFETIME_S: Final = 600
_NOT_IN_URLS: Final = frozenset("\\ \x7f" + "".join(map(chr, range(0x20))))


@dataclass(frozen=True, slots=True, kw_only=True)
class AuthProblem:
    """One mistake: the parameter it is about, the error that OpenID Connect has for it, and a sentence."""

    parameter: str
    error: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """An authentication request and the launch that it is for.

    Args:
        login: as it was sent, perhaps spoilt: its hints have to come back as they are.
        known_clients: the client ids of every tool that the platform knows.
        age_s: how long ago the launch was begun.
        answered: whether the same launch has had its token.
        lifetime_s: how long a launch may wait for its authentication request.
    """

    request: AuthRequest
    login: LoginRequest
    launch: Launch
    known_clients: tuple[str, ...] = ()
    age_s: float = 0.0
    answered: bool = False
    lifetime_s: float = HINT_LIFETIME_S


def auth_problems(asked: Asked) -> tuple[AuthProblem, ...]:
    """Everything that is wrong with a request, one problem for each mistake."""
    return tuple(problem for check in CHECKS for problem in check(asked))


def told_error(problems: Sequence[AuthProblem]) -> tuple[str, str]:
    """The error code and the description for the tool: all the sentences under the code of the first (OIDC 3.1.2.6)."""
    ranked = sorted(problems, key=lambda problem: _FIRST.index(problem.error))
    return ranked[0].error, "; ".join(problem.text for problem in problems)


_FIRST: Final = (
    # What makes the request unreadable goes before what is wrong with its client, and that before what it wants.
    "request_not_supported",
    "request_uri_not_supported",
    "registration_not_supported",
    "invalid_request",
    "unauthorized_client",
    "unsupported_response_type",
    "invalid_scope",
    "login_required",
    "consent_required",
    "account_selection_required",
    "interaction_required",
)


def scope(asked: Asked) -> Iterator[AuthProblem]:
    """`openid` is among the scopes (SEC 5.1.1.2)."""
    found = asked.request.params.get("scope")
    if "openid" not in (found or "").split():
        yield _other("scope", "invalid_scope", found, "openid")


def response_type(asked: Asked) -> Iterator[AuthProblem]:
    """The response is an ID token (SEC 5.1.1.2)."""
    yield from _compared(asked, "response_type", "id_token", "unsupported_response_type")


def response_mode(asked: Asked) -> Iterator[AuthProblem]:
    """The response comes as a posted form (SEC 5.1.1.2)."""
    yield from _compared(asked, "response_mode", "form_post", "invalid_request")


_PROMPTS: Final = {
    "login": "login_required",
    "consent": "consent_required",
    "select_account": "account_selection_required",
}
"""What a platform says that does not ask the person anything (OIDC 3.1.2.6)."""


def prompt(asked: Asked) -> Iterator[AuthProblem]:
    """The person is asked nothing: who launches is signed in (SEC 5.1.1.2)."""
    found = asked.request.params.get("prompt") or ""
    yield from _compared(asked, "prompt", "none", _PROMPTS.get(found, "invalid_request"))


def client_id(asked: Asked) -> Iterator[AuthProblem]:
    """The client is the tool that is launched (SEC 5.1.1.2)."""
    found, wanted = asked.request.params.get("client_id"), asked.launch.registration.client_id
    if found != wanted and found in asked.known_clients:
        text = f"client_id is {found!r}, which is another registration, expected {wanted!r}"
        yield AuthProblem(parameter="client_id", error="unauthorized_client", text=text)
    else:
        yield from _compared(asked, "client_id", wanted, "unauthorized_client")


def login_hint(asked: Asked) -> Iterator[AuthProblem]:
    """The hint for the person comes back as it was sent (SEC 5.1.1.2)."""
    yield from _compared(asked, "login_hint", dict(asked.login.params).get("login_hint"), "login_required")


def lti_message_hint(asked: Asked) -> Iterator[AuthProblem]:
    """The hint for the message comes back as it was sent (CORE 4.1.1)."""
    yield from _compared(asked, "lti_message_hint", dict(asked.login.params).get("lti_message_hint"), "login_required")


def nonce(asked: Asked) -> Iterator[AuthProblem]:
    """There is a nonce (SEC 5.1.1.2); a state is only recommended, so its absence is no mistake."""
    if not asked.request.nonce:
        yield AuthProblem(parameter="nonce", error="invalid_request", text="nonce is missing or empty")


def redirect_uri(asked: Asked) -> Iterator[AuthProblem]:
    """The answer goes to a registered address, compared as text (SEC 5.1.1.2), without a fragment (RFC 6749 3.1.2)."""
    found, registered = asked.request.params.get("redirect_uri"), asked.launch.registration.redirect_uris
    if not found:
        text = "redirect_uri is missing or empty"
    elif registered and found not in registered:
        text = f"redirect_uri is {found!r}, registered are {', '.join(registered)}"
    elif "#" in found:
        text = f"redirect_uri is {found!r}, which has a fragment"
    else:
        return
    yield AuthProblem(parameter="redirect_uri", error="invalid_request", text=text)


def once_each(asked: Asked) -> Iterator[AuthProblem]:
    """No parameter comes twice (RFC 6749 3.1)."""
    for name in asked.request.repeated:
        yield AuthProblem(parameter=name, error="invalid_request", text=f"{name} comes more than once")


def no_objects(asked: Asked) -> Iterator[AuthProblem]:
    """Nothing is asked for by means of which this platform knows nothing (OIDC 3.1.2.6, 6 and 7.2.1)."""
    for name in ("request", "request_uri", "registration"):
        if asked.request.params.get(name):
            yield AuthProblem(parameter=name, error=f"{name}_not_supported", text=f"{name} is not supported")


def unused(asked: Asked) -> Iterator[AuthProblem]:
    """A launch is answered once; the person has to launch anew for another token."""
    if asked.answered:
        text = "lti_message_hint has been used: this launch has had its token"
        yield AuthProblem(parameter="lti_message_hint", error="interaction_required", text=text)


def in_time(asked: Asked) -> Iterator[AuthProblem]:
    """A launch does not wait for ever for its authentication request."""
    if asked.age_s > asked.lifetime_s:
        text = (
            f"lti_message_hint is too old: this launch was begun {asked.age_s:.0f} s ago,"
            f" and {asked.lifetime_s:.0f} s are allowed"
        )
        yield AuthProblem(parameter="lti_message_hint", error="interaction_required", text=text)


CHECKS: Final[tuple[Callable[[Asked], Iterator[AuthProblem]], ...]] = (
    scope,
    response_type,
    response_mode,
    prompt,
    client_id,
    login_hint,
    lti_message_hint,
    nonce,
    redirect_uri,
    once_each,
    no_objects,
    unused,
    in_time,
)


def may_redirect(request: AuthRequest, registration: Registration) -> bool:
    """Whether the browser may be sent there: a registered address, or any on the tool's host if none is."""
    found = request.params.get("redirect_uri", "")
    try:
        asked, launched = urlsplit(found), urlsplit(registration.launch_url)
    except ValueError:
        return False
    # `javascript://host/` has a host, too; of two addresses nobody can say which one is meant; and browsers read a
    # backslash as a slash, by which the host is another one than it looks.
    strange = any(letter in _NOT_IN_URLS for letter in found)
    if asked.scheme not in ("http", "https") or "redirect_uri" in request.repeated or strange:
        return False
    return found in registration.redirect_uris if registration.redirect_uris else asked.hostname == launched.hostname


def _compared(asked: Asked, name: str, wanted: str | None, error: str) -> Iterator[AuthProblem]:
    found = asked.request.params.get(name)
    # A parameter without a value counts as left out (RFC 6749 3.1), and one that is left out has an error of its own.
    if (found or None) != (wanted or None):
        yield _other(name, error if found else "invalid_request", found, wanted)


def _other(name: str, error: str, found: str | None, wanted: str | None) -> AuthProblem:
    text = f"{name} is missing" if found is None else f"{name} is {found!r}, expected {wanted!r}"
    return AuthProblem(parameter=name, error=error, text=text)
