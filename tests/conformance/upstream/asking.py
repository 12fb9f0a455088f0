"""Requests to a fake Zoom, and a clock that stands still until it is told."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import urlencode

from conformance.upstream import Answer, FakeZoom

__all__ = ["BASIC", "FORM", "NOW", "Clock", "asked", "bearer", "fresh_token", "granted"]

NOW = 1_800_000_000.0
BASIC = {"Authorization": "Basic Y2xpZW50OnNlY3JldA=="}
FORM = "application/x-www-form-urlencoded"


class Clock:
    """Seconds since 1970, moved by hand."""

    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> float:
        return self.now


def asked(zoom: FakeZoom, method: str, path: str, document: Any = None, *, token: str = "") -> Answer:
    """The answer to a request; not its silence."""
    body = document if isinstance(document, bytes) else b"" if document is None else json.dumps(document).encode()
    answer = zoom.answer(method, path, bearer(token), body)
    assert isinstance(answer, Answer)
    return answer


def granted(zoom: FakeZoom, headers: Any = BASIC, **fields: str) -> Answer:
    """The answer to a request for a token."""
    answer = zoom.answer("POST", "/oauth/token", headers, urlencode(fields).encode())
    assert isinstance(answer, Answer)
    return answer


def fresh_token(zoom: FakeZoom, refresh: str = "of ada@lms.example") -> str:
    """An access token for a refresh token."""
    token: str = granted(zoom, grant_type="refresh_token", refresh_token=refresh).json()["access_token"]
    return token


def bearer(token: str) -> dict[str, str]:
    """The header of a request with an access token."""
    return {"Authorization": f"Bearer {token}"}
