"""Why a launch is refused: the exception that ends the steps, and the reason it carries."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

__all__ = ["UNEXPECTED", "Klass", "Reason", "Refusal", "failed", "invalid", "security", "unmet"]

Klass = Literal["invalid", "security", "unknown"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Reason:
    """What is told about a refusal: class, type, code, and the sentence of the standard that demands it."""

    klass: Klass
    type: str | None = None
    code: int | None = None
    ref: str | None = None
    about: str | None = None


UNEXPECTED = Reason(klass="unknown")


class Refusal(Exception):  # noqa: N818 - a word of the field, and not an error of the tool
    """Ends a login or a launch."""

    def __init__(self, reason: Reason) -> None:
        super().__init__(reason)
        self.reason = reason


def invalid(kind: str, *, code: int = 1001, ref: str | None = None, about: str | None = None) -> Refusal:
    """What was sent, or how the two sides are set up, is wrong or incomplete."""
    return Refusal(Reason(klass="invalid", type=kind, code=code, ref=ref, about=about))


def security(kind: str, *, ref: str) -> Refusal:
    """Trust could not be established."""
    return Refusal(Reason(klass="security", type=kind, code=1001, ref=ref))


def unmet(*, code: int) -> Refusal:
    """The launch is good, but somebody has to do something else first."""
    return Refusal(Reason(klass="invalid", code=code))


def failed(*, code: int, ref: str | None = None) -> Refusal:
    """The launch may be good: something behind or beside the tool did not work."""
    return Refusal(Reason(klass="unknown", type="Unknown", code=code, ref=ref))
