"""An answer of the tool as a value, before it becomes an HTTP response."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from conformance.sample_tool.refusal import Klass, Reason

__all__ = ["STATUS", "Answer", "Cookie", "error_header"]

STATUS: Final[Mapping[Klass, int]] = {"invalid": 400, "security": 401, "unknown": 500}


@dataclass(frozen=True, kw_only=True, slots=True)
class Cookie:
    """A cookie for a tool that lives in a frame of another site: secure, and SameSite=None."""

    name: str
    value: str
    path: str
    max_age_s: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Answer:
    """Status, page, headers and cookies."""

    status: int
    body: str
    media_type: str = "text/html"
    headers: Mapping[str, str] = field(default_factory=dict)
    cookies: tuple[Cookie, ...] = ()


def error_header(reason: Reason) -> str:
    """The reason as a structured field: a dictionary (RFC 9651 3.2)."""
    members = [f"class={reason.klass}"]
    if reason.type is not None:
        members.append(f'type="{reason.type}"')
    if reason.code is not None:
        members.append(f"code={reason.code}")
    if reason.ref is not None:
        members.append(f'ref="{reason.ref}"')
    return ", ".join(members)
