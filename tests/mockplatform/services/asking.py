"""What the tests of a service need: a client of its platform, and access tokens without a token request."""

from __future__ import annotations

import contextlib
import re
from collections.abc import AsyncIterator

import httpx2

from mockplatform.app import create_app
from mockplatform.lms import Platform
from mockplatform.records import Grant
from tests.mockplatform.makers import NOW_S, PLATFORM

__all__ = ["bearer", "links_of", "talking_to"]

_LINK = re.compile(r'<([^>]*)>; rel="(\w+)"')


@contextlib.asynccontextmanager
async def talking_to(platform: Platform) -> AsyncIterator[httpx2.AsyncClient]:
    """A client of a platform, without a socket."""
    transport = httpx2.ASGITransport(create_app(platform))
    async with httpx2.AsyncClient(transport=transport, base_url=PLATFORM) as client:
        yield client


def bearer(platform: Platform, scope: str, *, client_id: str = "Client-A") -> dict[str, str]:
    """The header of a tool that has an access token for one scope."""
    grant = Grant(
        token=f"token of {client_id} for {scope}",
        client_id=client_id,
        issuer=PLATFORM,
        scopes=(scope,),
        expires_s=NOW_S + 3600,
    )
    platform.state.grants.put(grant.token, grant)
    return {"authorization": f"Bearer {grant.token}"}


def links_of(answer: httpx2.Response) -> dict[str, str]:
    """The URLs of a Link header by their relation."""
    return {relation: url for url, relation in _LINK.findall(answer.headers.get("link", ""))}
