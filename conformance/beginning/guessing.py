"""Which routes of an application begin a login, take a launch and publish keys."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from conformance.beginning.values import Application, Route

__all__ = ["BASIC_PURPOSES", "PURPOSES", "Guess", "begins_launch", "guess", "likeliest", "purposes_of"]

_WORDS = re.compile(r"[a-z]+|\d+")
_ENOUGH = 3
_SURE = 5
"""More than `login` says by itself, which any application has."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Purpose:
    """What an address is for, and how one is recognised.

    Args:
        key: of `[tool]`.
        words: what each word of the path speaks for it, or against it.
        signs: what its source says if it is for that.
        also: another method by which it is to be reached.
    """

    key: str
    method: str
    words: Mapping[str, int]
    signs: tuple[str, ...] = ()
    also: str = ""


_PURPOSES = (
    Purpose(
        key="login_url",
        method="POST",
        words={
            **dict.fromkeys(("oidc", "initiate", "initiation", "init", "logininit"), 4),
            **dict.fromkeys(("login", "initlogin", "loginurl"), 3),
            **dict.fromkeys(("lti", "lti13", "lti1p3", "ltiadvantage"), 2),
            **dict.fromkeys(("launch", "admin", "token", "api", "callback", "deep"), -4),
            **dict.fromkeys(("accounts", "account", "users", "user", "config", "saml"), -4),
            **dict.fromkeys(("logout", "jwks", "keys", "static"), -10),
        },
        signs=("login_hint", "OIDCLogin", "OidcLogin", "lti_message_hint"),
        # Both have to work (SEC 5.1.1.1), so one that takes the other alone is a mistake to be found by a launch.
        also="GET",
    ),
    Purpose(
        key="launch_url",
        method="POST",
        words={
            "launch": 4,
            **dict.fromkeys(("lti", "lti13", "lti1p3", "ltiadvantage"), 2),
            **dict.fromkeys(("callback", "redirect", "tool"), 2),
            **dict.fromkeys(("login", "config", "deep", "static"), -4),
            **dict.fromkeys(("logout", "jwks", "keys"), -10),
        },
        signs=("id_token", "MessageLaunch", "message_launch"),
    ),
    Purpose(
        key="jwks_url",
        method="GET",
        words={
            "jwks": 6,
            "jwk": 5,
            "keyset": 4,
            "keys": 4,
            "certs": 3,
            "known": 2,
            "lti": 1,
            "login": -10,
            "launch": -10,
        },
        signs=("get_jwks", "as_jwks", "jwks("),
    ),
)
PURPOSES: Mapping[str, Purpose] = {purpose.key: purpose for purpose in _PURPOSES}
_BASIC = Purpose(
    key="lti11_launch_url",
    method="POST",
    words={
        "launch": 4,
        **dict.fromkeys(("lti", "lti11", "lti1p1", "basiclti"), 3),
        **dict.fromkeys(("basic", "provider", "tool", "initial"), 2),
        **dict.fromkeys(("config", "xml", "grade", "outcome", "admin", "static"), -6),
        **dict.fromkeys(("login", "logout"), -10),
    },
    signs=(
        "oauth_consumer_key",
        "basic-lti-launch-request",
        "validate_request",
        "valid_request",
        "verify_request",
        "ToolProvider",
        'request="initial"',
        "request='initial'",
    ),
)
BASIC_PURPOSES: Mapping[str, Purpose] = {_BASIC.key: _BASIC}
"""Of a tool that LTI 1.1 alone launches: it has one address, to which the signed form is posted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Guess:
    """The likeliest route for a purpose, and the others that may be it, likeliest first."""

    route: Route
    others: tuple[Route, ...] = ()


def guess(routes: Sequence[Route], purpose: Purpose) -> Guess | None:
    """The route that is likeliest for a purpose; None if none is likely."""
    fixed = [route for route in routes if _is_fixed(route.path)]
    scored = [(points, route) for route in fixed if (points := score(route, purpose)) >= _ENOUGH]
    if not scored:
        others = [route for route in fixed if purpose.also in route.methods]
        scored = [(points, route) for route in others if (points := _spoken(route, purpose)) >= _SURE]
    likely = sorted(scored, key=lambda each: (-each[0], len(each[1].path)))
    if not likely:
        return None
    found = dict.fromkeys(route.path for _, route in likely)
    first = likely[0][1]
    by_path = {path: next(route for _, route in likely if route.path == path) for path in found}
    return Guess(route=first, others=tuple(route for path, route in by_path.items() if path != first.path))


def begins_launch(route: Route) -> bool:
    """Whether a route is the login of a launch and no other, by whatever method."""
    return _spoken(route, PURPOSES["login_url"]) >= _SURE


def score(route: Route, purpose: Purpose) -> int:
    """How much speaks for a route."""
    is_refused = route.methods and purpose.method not in route.methods and purpose.method == "POST"
    return _spoken(route, purpose) - (6 if is_refused else 0)


def _spoken(route: Route, purpose: Purpose) -> int:
    """How much speaks for a route, whatever method it takes."""
    words = _words(route.path)
    points = sum(purpose.words.get(word, 0) for word in words)
    # A handler's name says less than the address: `launch_login` handles a login for a launch.
    points += sum(purpose.words.get(word, 0) for word in _words(route.name) - words) // 2
    points += 5 if any(sign in route.view for sign in purpose.signs) else 0
    return points + (_ENOUGH if route.purpose == purpose.key else 0)


def _words(text: str) -> set[str]:
    split = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", text).lower()
    found = set(_WORDS.findall(split))
    return found | set(re.findall(r"[a-z0-9]+", split))


def _is_fixed(path: str) -> bool:
    """Whether a path is an address and no pattern of many."""
    return path.startswith("/") and not set(path) & set("<>{}:*()[]\\ ")


def purposes_of(application: Application | None) -> Mapping[str, Purpose]:
    """What the addresses of a tool are for, by the version of LTI that launches it."""
    return BASIC_PURPOSES if application is not None and application.is_basic else PURPOSES


def likeliest(applications: Sequence[Application]) -> Sequence[Application]:
    """The applications in which a tool is likeliest first; those found first keep their place among equals."""

    def worth(application: Application) -> int:
        purposes = purposes_of(application).values()
        found = ((guess(application.routes, purpose), purpose) for purpose in purposes)
        return sum(score(one.route, purpose) for one, purpose in found if one)

    key: Callable[[Application], int] = lambda application: -worth(application)  # noqa: E731 - named for its type
    return sorted(applications, key=key)
