"""Tools that other packages offer to a platform: found by entry points, served on ports of their own."""

from __future__ import annotations

import contextlib
import os
import ssl
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from importlib import metadata
from pathlib import Path
from typing import Any, Final, Protocol
from urllib.parse import urlsplit

from mockplatform.errors import UsageError
from mockplatform.lms import Platform
from mockplatform.model import Registration, registration_key
from mockplatform.records import PlacedLink
from mockplatform.server import listen, serve

__all__ = ["Attached", "Attachment", "attached", "move", "offered", "trusted"]

GROUP: Final = "mockplatform.tools"
_CERTIFICATES: Final = "SSL_CERT_FILE"


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
def trusted(certificate: str) -> Iterator[None]:
    """Lets clients that this process makes in the block trust a CA, beside those that they trust anyway."""
    before = os.environ.get(_CERTIFICATES)
    usual = before or ssl.get_default_verify_paths().openssl_cafile
    with tempfile.NamedTemporaryFile("w", suffix=".pem", encoding="utf-8") as both:
        with contextlib.suppress(OSError):
            both.write(Path(usual).read_text(encoding="utf-8"))
        both.write(f"\n{certificate}")
        both.flush()
        os.environ[_CERTIFICATES] = both.name
        try:
            yield
        finally:
            if before is None:
                del os.environ[_CERTIFICATES]
            else:
                os.environ[_CERTIFICATES] = before


@contextlib.contextmanager
def attached(
    offers: Sequence[tuple[str, Offer]], *, platform_url: str, issuer: str, tls: ssl.SSLContext | None = None
) -> Iterator[list[Attached]]:
    """Every offered tool, served on a free loopback port for the block.

    Args:
        tls: what it is served with, where the platform is, too: by plain http its cookies would be those of another
            site in a frame of the platform.
    """
    with contextlib.ExitStack() as stack:
        found = []
        for name, offer in offers:
            bound = listen()
            stack.callback(bound.close)
            url = "{}://{}:{}".format("http" if tls is None else "https", *bound.getsockname()[:2])
            made = offer(platform_url=platform_url, issuer=issuer, tool_url=url)
            stack.enter_context(serve(made.app, bound, tls))
            found.append(Attached(name=name, url=url, registration=made.registration))
        yield found


def move(platform: Platform, tool: Registration) -> None:
    """Let a platform know a tool where it is now, and the links that were placed for it where it was before."""
    before = platform.state.registrations.get(tool.key)
    platform.register(tool)
    if before is None:
        return
    old, new = (f"{urlsplit(one.launch_url).scheme}://{urlsplit(one.launch_url).netloc}/" for one in (before, tool))

    def moved(link: PlacedLink) -> PlacedLink:
        return replace(link, url=new + link.url.removeprefix(old)) if link.url.startswith(old) else link

    for link in platform.state.links.page():
        if registration_key(link.issuer, link.client_id) == tool.key:
            platform.state.links.change(link.id, moved)
