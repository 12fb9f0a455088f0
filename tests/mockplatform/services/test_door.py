from __future__ import annotations

import pytest

from mockplatform.keys import KeyRing
from mockplatform.service import Operation, services
from tests.mockplatform.makers import PLATFORM, make_platform
from tests.mockplatform.services.asking import bearer, talking_to

pytestmark = pytest.mark.asyncio

GUARDED = [operation for service in services().values() for operation in service.OPERATIONS if operation.scopes]


@pytest.mark.parametrize("guarded", GUARDED, ids=lambda guarded: guarded.name)
async def test_the_token_of_a_tool_that_is_gone(keys: KeyRing, guarded: Operation) -> None:
    """An access token opens nothing once its registration is gone, and the answer says why (RFC 6750, section 3.1)."""
    platform = make_platform(keys, services=("ags", "nrps", "groups"))
    headers = bearer(platform, guarded.scopes[0])
    headers |= {"accept": guarded.gives, **({"content-type": guarded.accepts[0]} if guarded.accepts else {})}
    platform.registrations = ()
    async with talking_to(platform) as http:
        path = guarded.path.replace("{course}", "course-9").replace("{item}", "i")
        answer = await http.request(guarded.method, f"{PLATFORM}{path}", headers=headers)

    assert answer.status_code == 401
    assert answer.headers["www-authenticate"] == 'Bearer error="invalid_token"'
    assert answer.json()["error"] == "invalid_token"
    assert "'Client-A', which this access token was granted to, is no longer registered" in answer.text
