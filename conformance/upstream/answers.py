"""What the fake Zoom answers when it refuses, and when it is told to fail."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from conformance.modes import Mode

__all__ = [
    "TOKEN_PATH",
    "Answer",
    "expired_token",
    "invalid_token",
    "json_answer",
    "no_endpoint",
    "no_grant",
    "no_meeting",
    "no_user",
    "not_valid",
    "spoilt",
]

TOKEN_PATH: Final = "/oauth/token"  # noqa: S105 - a path
TRUNCATED: Final = b'{"id": 86'


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """An HTTP answer of the upstream."""

    status: int
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""

    def json(self) -> Any:
        """The body as JSON."""
        return json.loads(self.body)


def json_answer(status: int, document: Any, headers: Mapping[str, str] | None = None) -> Answer:
    """An answer with a JSON body."""
    return Answer(
        status=status,
        headers={"Content-Type": "application/json;charset=UTF-8", **(headers or {})},
        body=json.dumps(document).encode(),
    )


def invalid_token() -> Answer:
    """The access token was never issued."""
    return _refused(401, 124, "Invalid access token.")


def expired_token() -> Answer:
    """The access token was good once."""
    return _refused(401, 124, "Access token is expired.")


def no_user(user: str) -> Answer:
    """Nobody has this id or address."""
    return _refused(404, 1001, f"User does not exist: {user}.")


def no_meeting(meeting: str) -> Answer:
    """No meeting has this id."""
    return _refused(404, 3001, f"Meeting does not exist: {meeting}.")


def not_valid(why: str) -> Answer:
    """The body of the request cannot be taken."""
    return _refused(400, 300, why)


def no_endpoint(method: str, path: str) -> Answer:
    """The fake does not play this part of the API."""
    return _refused(404, 2300, f"No such endpoint: {method} {path}.")


def no_grant(error: str, reason: str, *, status: int = 400) -> Answer:
    """The token endpoint's refusals have a form of their own (RFC 6749 5.2)."""
    return json_answer(status, {"reason": reason, "error": error})


def spoilt(mode: Mode, method: str, path: str) -> Answer | None:
    """What a request gets while a fault is armed for it; None: nothing, ever."""
    return _SPOILT[mode](method, path)


def _refused(status: int, code: int, message: str, headers: Mapping[str, str] | None = None) -> Answer:
    return json_answer(status, {"code": code, "message": message}, headers)


def _success(method: str, path: str) -> int:
    """The status of an honest answer."""
    if method in {"PATCH", "DELETE"}:
        return 204
    return 201 if method == "POST" and path != TOKEN_PATH else 200


def _garbage(method: str, path: str) -> Answer:
    status = _success(method, path)
    # An answer 204 could not carry a body to be spoilt.
    return Answer(status=200 if status == 204 else status, headers={"Content-Type": "application/json"}, body=TRUNCATED)


def _empty(method: str, path: str) -> Answer:
    status = _success(method, path)
    return Answer(status=status) if status == 204 else json_answer(status, {})


def _grant_refused(_method: str, path: str) -> Answer:
    # Elsewhere a token that was granted earlier is refused, so that a tool that has kept one asks for another.
    return no_grant("invalid_grant", "Invalid refresh token") if path == TOKEN_PATH else invalid_token()


def _rate_limited(_method: str, _path: str) -> Answer:
    headers = {
        "X-RateLimit-Category": "Medium",
        "X-RateLimit-Type": "QPS",
        "X-RateLimit-Limit": "20",
        "X-RateLimit-Remaining": "0",
        "Retry-After": "0",
    }
    return _refused(429, 429, "Too many requests in this second. Try again later.", headers)


_SPOILT: Final[Mapping[Mode, Callable[[str, str], Answer | None]]] = {
    "error": lambda _method, _path: _refused(500, 500, "Internal error."),
    "timeout": lambda _method, _path: None,
    "garbage": _garbage,
    "empty": _empty,
    "token-refused": lambda _method, _path: invalid_token(),
    "grant-refused": _grant_refused,
    "not-found": lambda _method, path: no_user(path.partition("/users/")[2].partition("/")[0]),
    "rate-limited": _rate_limited,
}
