"""A fake Zoom that the tool calls instead of the real one: for tools in any language.

The harness serves it at `listen` for the run, and the tool is configured with that base URL in place of
`https://zoom.us` and `https://api.zoom.us`. A Python tool in this process may be given the `FakeZoom` object itself.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from functools import partial
from typing import Any, Final
from urllib.parse import urlsplit

from conformance.driver import Armed, Binding, FaultPoint, Mark, Order, Site
from conformance.modes import BASE_MODES, MODES, Mode
from conformance.upstream.faults import Fault, read_route
from conformance.upstream.zoom import FakeZoom
from mockplatform.errors import BindError, UsageError

__all__ = ["KIND", "TITLE", "Settings", "example", "modes", "opened"]

KIND: Final = "upstream"
TITLE: Final = "a fake Zoom that the tool calls, for any language"

CREATE_MEETING: Final = "POST /v2/users/*/meetings"
ROUTES: Final[Mapping[str, str]] = {
    "class.create": CREATE_MEETING,
    "deferred.create": CREATE_MEETING,
    "zoom.session": "GET /v2/users/me",
}
REMOTE_RECORD: Final = "zoom_auth.read"


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Keys of `driver = "upstream"`: where the fake is, and which requests fail.

    Args:
        listen: where the harness serves the fake, and the tool calls it.
        zoom: the fake itself, given in Python.
        route: the requests that fail, such as `POST /v2/users/*/meetings`; the point has one of its own.
        contains: a text that only the requests of this point have; creating a class and a deferred one look alike.
        match: what tells the requests of one launch from those of another, so that launches may run side by side.
    """

    listen: str | None = None
    zoom: Any = None
    route: str | None = None
    contains: str | None = None
    match: Mark | None = None

    @property
    def hosts(self) -> tuple[str, ...]:
        """Where the fake listens; empty if it is given in Python."""
        return () if self.listen is None else (_address(self.listen)[0],)

    def __post_init__(self) -> None:
        if (self.listen is None) == (self.zoom is None):
            raise ValueError("expected either listen, such as 'http://127.0.0.1:9500', or in Python zoom, a FakeZoom")
        if self.listen is not None:
            _address(self.listen)
        elif not isinstance(self.zoom, FakeZoom):
            raise ValueError("zoom is no FakeZoom; in a file give listen, such as 'http://127.0.0.1:9500'")
        if self.route is not None:
            read_route(self.route)


def modes(point: FaultPoint) -> tuple[Mode, ...]:
    """All of them where Zoom is called; where its answer stands for a record, those that a record can have."""
    if point.name == REMOTE_RECORD:
        return BASE_MODES
    return tuple(MODES) if point.name in ROUTES else ()


def example(point: FaultPoint) -> str:
    """A line of `[faults]`."""
    route = "" if point.name in ROUTES else ', route = "GET /v2/users/*"'
    return f'"{point.name}" = {{ driver = "upstream", listen = "http://127.0.0.1:9500"{route} }}'


@contextlib.contextmanager
def opened(bound: Mapping[FaultPoint, Settings], site: Site) -> Iterator[Mapping[str, Binding]]:
    """The fakes, one for each address, as long as the run lasts.

    Raises:
        UsageError: an address is taken, or a point has no route.
    """
    with contextlib.ExitStack() as stack:
        served: dict[tuple[str, int], FakeZoom] = {}
        bindings = {}
        for point, settings in bound.items():
            where = f'{site.where} faults."{point.name}"'
            route = settings.route or ROUTES.get(point.name)
            if route is None:
                raise UsageError(f"{where}: route is missing; name the request that looks it up, GET /v2/users/* say")
            zoom = settings.zoom
            if settings.listen is not None:
                address = _address(settings.listen)
                if address not in served:
                    served[address] = stack.enter_context(_served(address, f"{where}: listen"))
                zoom = served[address]
            else:
                stack.callback(zoom.disarm_all)
            bindings[point.name] = Binding(
                arm=partial(_arm, zoom, route, settings),
                modes=modes(point),
                isolated=settings.match is not None,
            )
        yield bindings


def _arm(zoom: FakeZoom, route: str, settings: Settings, order: Order) -> AbstractContextManager[Armed]:
    match = settings.match
    marks = (settings.contains, None if match is None else order.marked_by(match))
    wanted = tuple(mark for mark in marks if mark)
    return zoom.arm(Fault(route=route, mode=order.mode, times=order.times, ttl_s=order.ttl_s, marks=wanted))


@contextlib.contextmanager
def _served(address: tuple[str, int], where: str) -> Iterator[FakeZoom]:
    # Who binds no point to a socket needs no server.
    from conformance.upstream.app import create_upstream
    from mockplatform.server import listen, serve

    try:
        bound = listen(*address)
    except BindError as error:
        raise UsageError(f"{where}: {error}") from None
    zoom = FakeZoom(clock=time.time, seed=time.time_ns() // 1_000_000)
    with serve(create_upstream(zoom), bound):
        try:
            yield zoom
        finally:
            # Requests that are held would hold up the end of the server.
            zoom.disarm_all()


def _address(url: str) -> tuple[str, int]:
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port or 80
    except ValueError:
        host, port, parts = None, 0, urlsplit("")
    if parts.scheme != "http" or not host or parts.path.strip("/") or parts.query:
        raise ValueError(f"listen is '{url}', expected the address of plain http such as 'http://127.0.0.1:9500'")
    return host, port
