"""What a service of the platform is made of: operations that turn a call into a reply.

Each module of `mockplatform.services` is one service and is found by being there. It has `NAME`, `SCOPES` (what its
access tokens may open), `OPERATIONS`, and `claims(platform, launch)`: what a launch says of it, by full claim names.
`mockplatform.endpoints.services` serves the operations: it looks at the bearer token, its scopes and the media
types; a service sees calls that may be made.
"""

from __future__ import annotations

import functools
import importlib
import pkgutil
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from types import ModuleType
from typing import TYPE_CHECKING, Any, Literal

from mockplatform.model import Course, Params, Registration
from mockplatform.records import Grant

if TYPE_CHECKING:
    from mockplatform.lms import Platform

__all__ = ["Call", "Operation", "Reply", "ServiceError", "course_of", "services"]


class ServiceError(Exception):
    """The platform refuses a call.

    Args:
        status: the HTTP status of the refusal.
        error: its short name, such as `invalid_client` (RFC 6749, section 5.2; RFC 6750, section 3.1).
        description: what was wrong and what to do, for the developer of the tool.
    """

    def __init__(self, status: int, error: str, description: str, headers: Params = ()) -> None:
        super().__init__(f"{status} {error}: {description}")
        self.status = status
        self.error = error
        self.description = description
        self.headers = headers


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One request to an operation.

    Args:
        url: as it was asked for, absolute and with its query.
        headers: by name in small letters.
        path: the parameters of the path, decoded.
        grant: the access token that opened the operation, where it needs one.
        registration: the tool that the access token was granted to.
        about: what the journal will say of the call; an operation without an access token adds its `client_id`.
    """

    platform: Platform
    method: str
    url: str
    path: Mapping[str, str] = field(default_factory=dict)
    query: Params = ()
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    grant: Grant | None = None
    registration: Registration | None = None
    about: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """The answer to a call: `json`, or `body` as it stands."""

    status: int = 200
    json: Any = None
    body: bytes | None = None
    media_type: str = ""
    """Empty: what the operation gives."""
    headers: Params = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """One request that a service answers.

    Args:
        name: names it for scheduled faults, the journal and the API document, such as `scores`.
        path: as Starlette writes it, such as `/lti/courses/{course}/line-items`.
        scopes: any of them opens it; none: it is asked without an access token.
        accepts: the media types of the request's body, the usual one first; none: it is not looked at.
        gives: the media type of the answer.
    """

    name: str
    method: Literal["GET", "POST", "PUT", "DELETE"]
    path: str
    answer: Callable[[Call], Reply | Awaitable[Reply]]
    scopes: tuple[str, ...] = ()
    accepts: tuple[str, ...] = ()
    gives: str = "application/json"


def course_of(call: Call) -> Course:
    """The course in a call's path.

    Raises:
        ServiceError: the platform has none of that id.
    """
    course = call.platform.course(call.path["course"])
    if course is None:
        told = f"there is no course {call.path['course']!r}; use the URL as the launch's claim gives it"
        raise ServiceError(404, "not_found", told)
    return course


@functools.cache
def services() -> Mapping[str, ModuleType]:
    """The services by name, found by walking the folder `services`."""
    package = importlib.import_module("mockplatform.services")
    names = sorted(info.name for info in pkgutil.iter_modules(package.__path__))
    modules = (importlib.import_module(f"{package.__name__}.{name}") for name in names)
    return {module.NAME: module for module in modules}
