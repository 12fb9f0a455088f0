"""The values of `[observe]` in a tool file: how the tool's answers are read."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from conformance.model import ErrorClass
from mockplatform.tables import named

__all__ = ["Launched", "Named", "Observe", "Probe"]

_STATUS = re.compile(r"[1-5](?:\d\d|xx)")
_REQUEST = re.compile(r"[A-Za-z]+ (?:/|https?://)\S*")


@dataclass(frozen=True, slots=True, kw_only=True)
class Launched:
    """`observe.launched`: how a launched page looks; all that is given must hold."""

    status: str | int = "2xx"
    """An exact status, or a kind such as `2xx`."""
    text: str | None = None
    """A text that stands on the page."""
    url: str | None = None
    """Where the browser ends: a URL or a path, or the beginning of one up to a slash, such as `/course`."""
    css: str | None = None
    """A CSS selector of an element that is on the page."""
    json: str | None = None
    """The path of something that its JSON answer has, such as `$.course`."""

    def __post_init__(self) -> None:
        if not _STATUS.fullmatch(str(self.status)):
            raise ValueError(f"status {self.status!r} is neither a status such as 200 nor a kind such as '2xx'")


@dataclass(frozen=True, slots=True, kw_only=True)
class Probe:
    """`observe.probe`: a request that succeeds only with a live session."""

    request: str
    """Method and path or URL, such as `GET /api/me`."""
    status: int = 200
    """The status that only a live session gets."""
    headers: Mapping[str, str] = field(default_factory=dict)
    """Headers of the request, for sessions outside of cookies."""
    account: str | None = None
    """Path of what tells accounts apart in its JSON answer, such as `$.id`; migration is judged by it."""

    def __post_init__(self) -> None:
        if not _REQUEST.fullmatch(self.request):
            raise ValueError(f'request {self.request!r} is not of the form "METHOD /path", such as GET /api/me')


@dataclass(frozen=True, slots=True, kw_only=True)
class Named:
    """A value of `observe.names`: what a word of the tool means."""

    type: str | None = None
    """The error type."""
    code: int | None = None
    """The launch error code."""
    klass: ErrorClass | None = named("class", default=None)
    """The error class."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Observe:
    """`[observe]`: how the tool's answers are read."""

    launched: Launched = Launched()
    probe: Probe | None = None
    error: tuple[Mapping[str, Any], ...] = ()
    """Channels in which the tool shows its error; the most trusted one that tells something wins."""
    names: Mapping[str, str | Named] = field(default_factory=dict)
    """What the tool's own words mean: a type, a code, or a table."""
    status: Mapping[str, ErrorClass] = field(default_factory=dict)
    """The class that a status such as `401` or `5xx` means."""
