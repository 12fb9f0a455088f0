"""Which routes of an application begin a login, take a launch and publish keys."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from conformance.beginning.values import Application, Route

__all__ = ["PURPOSES", "Guess", "guess", "likeliest"]

_WORDS = re.compile(r"[a-z]+|\d+")
_ENOUGH = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Purpose:
    """What an address is for, and how one is recognised.

    Args:
        key: of `[tool]`.
        words: what each word of the path speaks for it, or against it.
        signs: what its source says if it is for that.
    """

    key: str
    method: str
    words: Mapping[str, int]
    signs: tuple[str, ...] = ()


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


@dataclass(frozen=True, slots=True, kw_only=True)
class Guess:
    """The likeliest route for a purpose, and the others that may be it, likeliest first."""

    route: Route
    others: tuple[Route, ...] = ()


def guess(routes: Sequence[Route], purpose: Purpose) -> Guess | None:
    """The route that is likeliest for a purpose; None if none is likely."""
    scored = [(score(route, purpose), route) for route in routes if _is_fixed(route.path)]
    likely = sorted(
        ((points, route) for points, route in scored if points >= _ENOUGH),
        key=lambda each: (-each[0], len(each[1].path)),
    )
    if not likely:
        return None
    found = dict.fromkeys(route.path for _, route in likely)
    first = likely[0][1]
    by_path = {path: next(route for _, route in likely if route.path == path) for path in found}
    return Guess(route=first, others=tuple(route for path, route in by_path.items() if path != first.path))


def score(route: Route, purpose: Purpose) -> int:
    """How much speaks for a route."""
    words = _words(route.path)
    points = sum(purpose.words.get(word, 0) for word in words)
    # A handler's name says less than the address: `launch_login` handles a login for a launch.
    points += sum(purpose.words.get(word, 0) for word in _words(route.name) - words) // 2
    points += 5 if any(sign in route.view for sign in purpose.signs) else 0
    points += _ENOUGH if route.purpose == purpose.key else 0
    return points - (6 if route.methods and purpose.method not in route.methods and purpose.method == "POST" else 0)


def _words(text: str) -> set[str]:
    split = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", text).lower()
    found = set(_WORDS.findall(split))
    return found | set(re.findall(r"[a-z0-9]+", split))


def _is_fixed(path: str) -> bool:
    """Whether a path is an address and no pattern of many."""
    return path.startswith("/") and not set(path) & set("<>{}:*()[]\\ ")


def likeliest(applications: Sequence[Application]) -> Sequence[Application]:
    """The applications in which a tool is likeliest first; those found first keep their place among equals."""

    def worth(application: Application) -> int:
        found = ((guess(application.routes, purpose), purpose) for purpose in PURPOSES.values())
        return sum(score(one.route, purpose) for one, purpose in found if one)

    key: Callable[[Application], int] = lambda application: -worth(application)  # noqa: E731 - named for its type
    return sorted(applications, key=key)
