"""Lies in the login request (SEC 5.1.1.1, CORE 4.1)."""

from __future__ import annotations

from dataclasses import replace

from mockplatform.model import LoginRequest
from mockplatform.mutation import Context, NotApplicableError, mutation, sent


def _with(login: LoginRequest, **values: str) -> LoginRequest:
    params = dict(login.params) | values
    return replace(login, params=tuple(params.items()))


def _sent(login: LoginRequest, name: str) -> str:
    return sent(login.params, name, lacking="the login has no")


@mutation("SEC 5.1.1.1")
def without(login: LoginRequest, *, name: str) -> LoginRequest:
    """A parameter is left out."""
    return replace(login, params=tuple(pair for pair in login.params if pair[0] != name))


@mutation("SEC 5.1.1.1")
def empty(login: LoginRequest, *, name: str) -> LoginRequest:
    """A parameter is there without a value."""
    return _with(login, **{name: ""})


@mutation("SEC 5.1.1.1")
def changed(login: LoginRequest, *, name: str, value: str) -> LoginRequest:
    """A parameter has another value."""
    return _with(login, **{name: value})


@mutation("SEC 5.1.1.1")
def long(login: LoginRequest, *, name: str, length: int = 65536) -> LoginRequest:
    """A parameter is absurdly long."""
    return _with(login, **{name: "x" * length})


@mutation("RFC 6749 3.1")
def repeated(login: LoginRequest, *, name: str, value: str) -> LoginRequest:
    """A parameter comes a second time with another value."""
    return replace(login, params=(*login.params, (name, value)))


@mutation("RFC 6749 3.1")
def preceded(login: LoginRequest, *, name: str, value: str) -> LoginRequest:
    """A parameter comes with another value first, and then with the honest one."""
    return replace(login, params=((name, value), *login.params))


@mutation("SEC 5.1.2")
def issuer_with_query(login: LoginRequest) -> LoginRequest:
    """The issuer gets a query, which makes it another issuer."""
    return _with(login, iss=_sent(login, "iss") + "?tenant=2")


@mutation("SEC 5.1.2")
def issuer_over_other_scheme(login: LoginRequest) -> LoginRequest:
    """The issuer says `http` for `https` or the other way round, which makes it another issuer."""
    scheme, _, rest = _sent(login, "iss").partition(":")
    return _with(login, iss=f"{'http' if scheme == 'https' else 'https'}:{rest}")


@mutation("SEC 5.1.2")
def issuer_with_slash(login: LoginRequest) -> LoginRequest:
    """The issuer gets a trailing slash, which makes it another issuer."""
    return _with(login, iss=_sent(login, "iss") + "/")


@mutation("SEC 5.1.2")
def issuer_in_capitals(login: LoginRequest) -> LoginRequest:
    """The issuer is written in capitals, which makes it another issuer."""
    return _with(login, iss=_sent(login, "iss").upper())


@mutation("SEC 5.1.1.1")
def by(login: LoginRequest, *, method: str) -> LoginRequest:
    """The login comes by the other of the two allowed methods (honest)."""
    return replace(login, method="GET" if method == "GET" else "POST")


@mutation("CORE 4.1.1")
def message_hint_with(login: LoginRequest, *, suffix: str) -> LoginRequest:
    """The opaque message hint ends in characters that are easily mangled (honest)."""
    return _with(login, lti_message_hint=_sent(login, "lti_message_hint") + suffix)


@mutation("SEC 5.1.1.1")
def at_basic_url(login: LoginRequest, context: Context) -> LoginRequest:
    """The login goes to the tool's address for LTI 1.1 launches, as by a mixed-up configuration."""
    url = context.launch.registration.lti11_launch_url
    if url in ("", login.url):
        raise NotApplicableError("the tool has no address that takes LTI 1.1 only")
    return replace(login, url=url)
