"""Tools that other packages offer to a platform: found by entry points, served on ports of their own."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from importlib import metadata
from typing import Any, Final, Protocol

from mockplatform.errors import UsageError
from mockplatform.model import Registration
from mockplatform.server import listen, serve

__all__ = ["Attached", "Attachment", "attached", "offered"]

GROUP: Final = "mockplatform.tools"


class Attachment(Protocol):
    """What an offer gives for a platform."""

    @property
    def app(self) -> Callable[..., Any]:
        """The tool as an ASGI application."""

    @property
    def registration(self) -> Registration:
        """The tool as the platform is to know it."""


Offer = Callable[..., Attachment]
"""Makes a tool: `attach(*, platform_url, issuer, tool_url)`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Attached:
    """A tool that is served.

    Args:
        name: the entry point's.
    """

    name: str
    url: str
    registration: Registration


def offered() -> Sequence[tuple[str, Offer]]:
    """The tools of installed packages, by the names of their entry points.

    Raises:
        UsageError: one cannot be loaded.
    """
    found = sorted(metadata.entry_points(group=GROUP), key=lambda point: point.name)
    return [(point.name, _loaded(point)) for point in found]


def _loaded(point: metadata.EntryPoint) -> Offer:
    try:
        offer: Offer = point.load()
    except (ImportError, AttributeError) as error:
        raise UsageError(
            f"the tool {point.name!r} ({point.value}) cannot be loaded: {error}; --no-sample-tool leaves it out"
        ) from None
    return offer


@contextlib.contextmanager
def attached(offers: Sequence[tuple[str, Offer]], *, platform_url: str, issuer: str) -> Iterator[list[Attached]]:
    """Every offered tool, served on a free loopback port for the block."""
    with contextlib.ExitStack() as stack:
        found = []
        for name, offer in offers:
            bound = listen()
            stack.callback(bound.close)
            url = "http://{}:{}".format(*bound.getsockname()[:2])
            made = offer(platform_url=platform_url, issuer=issuer, tool_url=url)
            stack.enter_context(serve(made.app, bound))
            found.append(Attached(name=name, url=url, registration=made.registration))
        yield found
