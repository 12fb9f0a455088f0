"""What the control API says when it cannot do what it is asked (RFC 9457)."""

from __future__ import annotations

from dataclasses import dataclass
from http import HTTPStatus
from typing import Final

from starlette.responses import JSONResponse

from mockplatform.stores.codec import told

__all__ = ["PROBLEM_TYPE", "Problem", "problem"]

PROBLEM_TYPE: Final = "application/problem+json"


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """What is wrong (RFC 9457, section 3.1)."""

    status: int
    title: str
    detail: str
    """One sentence that names the key, the id or the header, and what to do."""


def problem(status: int, detail: str, headers: dict[str, str] | None = None) -> JSONResponse:
    """The answer that tells it."""
    value = Problem(status=status, title=HTTPStatus(status).phrase, detail=detail)
    return JSONResponse(told(value), status, headers, media_type=PROBLEM_TYPE)
