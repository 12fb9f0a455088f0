"""The legs of a launch, as a report tells what went over the wire."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from mockplatform.telling.lines import Line

__all__ = ["Leg", "Line", "Reply", "TokenParts"]


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenParts:
    """The id token of a launch taken apart.

    Args:
        signature: what is known of it, in one sentence.
        trouble: why a part of it cannot be read, if so.
    """

    header: tuple[Line, ...]
    claims: tuple[Line, ...]
    signature: str
    trouble: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """What came back; `status` is None where nothing did, and `trouble` says why."""

    status: int | None
    trouble: str = ""
    headers: tuple[Line, ...] = ()
    body: str = ""
    """Cut to what a person reads."""
    elapsed_s: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Leg:
    """One request of a launch's story and its reply.

    Args:
        asker: the browser, or the tool that asks the platform.
        lines: the parameters that were sent, each lie beside the honest value.
        problems: what the platform holds against a request of the tool.
    """

    title: str
    asker: Literal["browser", "tool", "harness"] = "browser"
    method: str = ""
    url: str = ""
    lines: tuple[Line, ...] = ()
    token: TokenParts | None = None
    problems: tuple[str, ...] = ()
    reply: Reply | None = None
