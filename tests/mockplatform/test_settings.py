from __future__ import annotations

import contextvars
from collections.abc import AsyncIterator, Mapping
from typing import Any

import httpx2
import pytest

from mockplatform.app import create_app
from mockplatform.errors import UsageError
from mockplatform.keys import KeyRing
from mockplatform.lms import Platform
from tests.mockplatform.makers import PLATFORM, make_platform

pytestmark = pytest.mark.asyncio

HELD = {"token.expires_in": 60, "token.format": "jwt"}


def meanwhile(platform: Platform, quirks: Mapping[str, Any]) -> None:
    """What another request does, which knows nothing of what this one has read."""
    contextvars.Context().run(platform.change_settings, quirks=quirks)


@pytest.mark.parametrize(
    ("path", "form", "left"),
    [
        ("/settings/quirk", "quirk=token.scopes&value=refuse", {**HELD, "token.scopes": "refuse"}),
        ("/settings/quirk/remove", "quirk=token.format", {"token.expires_in": 60}),
    ],
)
async def test_a_slow_form_takes_no_quirk_away(keys: KeyRing, path: str, form: str, left: Mapping[str, Any]) -> None:
    """What was switched on while the body of a form was under way stays on."""
    platform = make_platform(keys, quirks={"token.format": "jwt"})

    async def slow() -> AsyncIterator[bytes]:
        meanwhile(platform, HELD)
        yield form.encode()

    transport = httpx2.ASGITransport(create_app(platform))
    async with httpx2.AsyncClient(transport=transport, base_url=PLATFORM) as http:
        media_type = {"content-type": "application/x-www-form-urlencoded"}
        answer = await http.post(path, content=slow(), headers=media_type)

    assert answer.status_code == 303
    assert platform.settings.quirks == left


async def test_a_quirk_that_cannot_be(keys: KeyRing) -> None:
    """An edit that names an unknown quirk changes nothing."""
    platform = make_platform(keys, quirks={"token.format": "jwt"})
    with pytest.raises(UsageError, match="token.fromat"):
        platform.change_quirks(lambda known: {**known, "token.fromat": "jwt"})

    assert platform.settings.quirks == {"token.format": "jwt"}
