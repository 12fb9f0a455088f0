from __future__ import annotations

import jwt
import pytest

from mockplatform.keys import KeyRing
from mockplatform.lms import Platform
from mockplatform.model import AuthResponse
from mockplatform.store import MemoryStore
from tests.mockplatform.makers import COURSE, INSTRUCTOR, NOW_S, PERSON, make_auth_request, make_platform


def times_of(platform: Platform) -> tuple[int, int]:
    """When the token of a launch says that it was made and expires."""
    launch = platform.intend(platform.registrations[0], person=PERSON, roles=[INSTRUCTOR], course=COURSE)
    answer = platform.authorize(make_auth_request(platform.begin(launch).login))
    assert isinstance(answer, AuthResponse)
    token = dict(answer.fields)["id_token"]
    claims = jwt.decode(token, options={"verify_signature": False})
    return claims["iat"], claims["exp"]


@pytest.mark.parametrize("offset_s", [-3600, -1, 1, 86_400])
def test_a_token_is_as_old_as_the_clock_of_its_tenant_says(keys: KeyRing, offset_s: int) -> None:
    """A tenant whose clock is ahead makes tokens from the future, one whose clock is behind makes old ones."""
    honest, other = make_platform(keys), make_platform(keys)
    other.change_settings(offset_s=float(offset_s))

    assert [late - right for late, right in zip(times_of(other), times_of(honest), strict=True)] == [offset_s] * 2


def test_clocks_of_tenants_are_their_own(keys: KeyRing) -> None:
    """Another tenant of the same store keeps the right time, and setting the clock right takes effect at once."""
    store = MemoryStore()
    one, other = make_platform(keys, store=store, tenant="a"), make_platform(keys, store=store, tenant="b")
    one.change_settings(offset_s=-900.0)
    assert (one.clock(), other.clock()) == (NOW_S - 900, NOW_S)
    one.change_settings(offset_s=0.0)
    assert one.clock() == NOW_S
