from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx2
import jwt
import pytest

from mockplatform.app import create_app
from mockplatform.errors import UsageError
from mockplatform.key_life import PlatformKeys, acts
from mockplatform.keys import KeyRing
from mockplatform.lms import Platform
from mockplatform.model import AuthResponse
from mockplatform.mutation import Context, bind
from mockplatform.pending import PendingLaunch
from mockplatform.store import MemoryStore
from tests.mockplatform.makers import (
    COURSE,
    INSTRUCTOR,
    PERSON,
    PLATFORM,
    make_auth_request,
    make_launch,
    make_platform,
)

PRIVATE = {"d", "p", "q", "dp", "dq", "qi"}


@pytest.fixture
def platform(keys: KeyRing) -> Platform:
    return make_platform(keys)


def begin(platform: Platform) -> PendingLaunch:
    tool = platform.registrations[0]
    return platform.begin(platform.intend(tool, person=PERSON, roles=[INSTRUCTOR], course=COURSE))


def token_of(platform: Platform, pending: PendingLaunch | None = None) -> str:
    """The token of a launch, in the form that is posted to the tool."""
    pending = pending or begin(platform)
    answer = platform.authorize(make_auth_request(pending.login))
    assert isinstance(answer, AuthResponse)
    return dict(answer.fields)["id_token"]


def kids(platform: Platform) -> list[str]:
    return [key["kid"] for key in platform.key_set.publish().keys]


def verifying(platform: Platform, token: str) -> list[bool]:
    """For each published key of the token's key id, whether the token's signature is of that key."""
    named = [key for key in platform.key_set.publish().keys if key["kid"] == jwt.get_unverified_header(token)["kid"]]
    return [_verifies(token, key) for key in named]


def _verifies(token: str, key: Any) -> bool:
    options: Any = {"verify_aud": False, "verify_exp": False, "verify_iat": False}
    try:
        jwt.decode(token, jwt.PyJWK(dict(key), algorithm="RS256").key, algorithms=["RS256"], options=options)
    except jwt.InvalidSignatureError:
        return False
    return True


def test_an_untouched_platform_signs_with_its_only_key(platform: Platform) -> None:
    """Without an act there is one key, it signs, and it is published with the usual headers."""
    assert platform.key_set.signing_key() == ("platform", platform.keys.kid("platform"))
    assert kids(platform) == [platform.keys.kid("platform")]
    assert verifying(platform, token_of(platform)) == [True]
    assert platform.key_set.publish().headers == (("cache-control", "public, max-age=300"),)


def test_a_new_key_signs_beside_the_old_one(platform: Platform) -> None:
    """After a rotation both keys are published: tokens of the new one verify, and those made before still do."""
    before = token_of(platform)
    platform.key_set.act("rotate")
    after = token_of(platform)

    assert len(set(kids(platform))) == 2
    assert jwt.get_unverified_header(before)["kid"] != jwt.get_unverified_header(after)["kid"]
    assert verifying(platform, before) == [True]
    assert verifying(platform, after) == [True]


def test_a_key_is_replaced_while_a_launch_is_under_way(platform: Platform) -> None:
    """What counts is which key signs when the token is made, not when the launch was begun."""
    pending = begin(platform)
    platform.key_set.act("rotate")
    token = token_of(platform, pending)

    assert jwt.get_unverified_header(token)["kid"] == platform.key_set.signing_kid() != platform.keys.kid("platform")
    assert verifying(platform, token) == [True]


def test_the_old_key_vanishes(platform: Platform) -> None:
    """A retired key is not published any more, so its tokens name a key that cannot be found."""
    before = token_of(platform)
    platform.key_set.act("rotate")
    platform.key_set.act("retire")

    assert kids(platform) == [platform.key_set.signing_kid()]
    assert verifying(platform, before) == []
    assert verifying(platform, token_of(platform)) == [True]


def test_no_key_signs_twice(platform: Platform) -> None:
    """Every rotation brings a key that was never seen before, even after the platform was set back."""
    seen = []
    for act in ("rotate", "rotate", "publish_late", "reset", "rotate"):
        platform.key_set.act(act)
        seen.append(platform.key_set.signing_kid())

    assert seen[3] == platform.keys.kid("platform")
    assert len(set(seen)) == len(seen)


def test_a_key_that_is_published_late(platform: Platform) -> None:
    """It signs at once and is listed after the set was asked for so many times; what came before does not count."""
    platform.key_set.served()
    platform.key_set.act("publish_late", fetches=2)
    new = platform.key_set.signing_kid()
    seen = [new in [key["kid"] for key in platform.key_set.served().keys] for _ in range(4)]

    assert seen == [False, False, True, True]
    assert verifying(platform, token_of(platform)) == [True]


def test_a_new_key_under_an_old_id(platform: Platform) -> None:
    """The id stays, the key behind it is another one: a tool that has kept the set cannot verify."""
    before = token_of(platform)
    platform.key_set.act("same_kid_new_key")
    after = token_of(platform)

    assert kids(platform) == [platform.keys.kid("platform")]
    assert jwt.get_unverified_header(after) == jwt.get_unverified_header(before)
    assert (verifying(platform, before), verifying(platform, after)) == ([False], [True])
    platform.key_set.act("same_kid_new_key")
    assert (kids(platform), verifying(platform, after)) == ([platform.keys.kid("platform")], [False])


def test_two_keys_of_one_id(platform: Platform) -> None:
    """The wrong one stands first, the right one is there as well."""
    platform.key_set.act("duplicate_kid")

    assert len(set(kids(platform))) == 1
    assert verifying(platform, token_of(platform)) == [False, True]


def test_a_private_half_in_public(platform: Platform) -> None:
    """The key whose private half leaks is whole, has its own id and signs nothing; that which signs stays private."""
    platform.key_set.act("private_members")
    leaked, own = platform.key_set.publish().keys

    assert set(leaked) >= PRIVATE
    assert not PRIVATE & set(own)
    assert leaked["kid"] != own["kid"] == platform.key_set.signing_kid()
    private = jwt.PyJWK(dict(leaked), algorithm="RS256").key
    forged = jwt.encode({"sub": "x"}, private, algorithm="RS256", headers={"kid": leaked["kid"]})
    assert _verifies(forged, {name: leaked[name] for name in ("kty", "n", "e")})


@pytest.mark.parametrize(("act", "member"), [("no_alg", "alg"), ("no_use", "use")])
def test_members_that_may_be_left_out(platform: Platform, act: str, member: str) -> None:
    """No key has the member, those that are added later neither, and tokens verify."""
    platform.key_set.act(act)
    platform.key_set.act("rotate")
    platform.key_set.act("extra_keys")

    assert [key for key in platform.key_set.publish().keys if member in key] == []
    assert verifying(platform, token_of(platform)) == [True]


def test_keys_of_other_types(platform: Platform) -> None:
    """An elliptic-curve key, one for encryption and one of a type that nobody knows stand before the right one."""
    platform.key_set.act("extra_keys")

    keys = platform.key_set.publish().keys
    assert [(key["kty"], key.get("use")) for key in keys] == [
        ("EC", "sig"),
        ("RSA", "enc"),
        ("mockplatform-unknown", None),
        ("RSA", "sig"),
    ]
    assert verifying(platform, token_of(platform)) == [True]


def test_a_crowd_of_keys(platform: Platform) -> None:
    """As many as were asked for stand before the right one; all are keys of full length with ids of their own."""
    platform.key_set.act("many", count=50)

    assert len(set(kids(platform))) == 51
    assert kids(platform)[-1] == platform.keys.kid("platform")
    numbers = [jwt.PyJWK(dict(key)).key.public_numbers().n for key in platform.key_set.publish().keys]
    assert {number.bit_length() for number in numbers} == {2048}
    assert len(set(numbers)) == 51
    assert verifying(platform, token_of(platform)) == [True]


def test_an_empty_set(platform: Platform) -> None:
    """Nothing is published, though tokens are signed; a rotation brings a key back."""
    platform.key_set.act("empty")
    assert kids(platform) == []
    platform.key_set.act("rotate")
    assert verifying(platform, token_of(platform)) == [True]


def test_how_long_the_set_may_be_kept(platform: Platform) -> None:
    """The answer says so many seconds."""
    platform.key_set.act("cache_control", max_age_s=7)
    assert platform.key_set.publish().headers == (("cache-control", "public, max-age=7"),)


def test_everything_is_honest_again(platform: Platform) -> None:
    """A reset undoes every act; what was counted stays counted."""
    platform.key_set.served()
    for act in sorted(set(acts()) - {"reset"}):
        platform.key_set.act(act)
    platform.key_set.act("reset")

    assert platform.key_set.publish() == PlatformKeys(ring=platform.keys).publish()
    assert platform.key_set.signing_key() == ("platform", platform.keys.kid("platform"))
    assert platform.key_set.fetches == 1


@pytest.mark.asyncio
async def test_fetches_are_counted(platform: Platform) -> None:
    """Each request for the set counts, all in all and since the last act."""
    transport = httpx2.ASGITransport(create_app(platform))
    async with httpx2.AsyncClient(transport=transport, base_url=PLATFORM) as http:
        await http.get("/jwks")
        await http.get("/jwks")
        platform.key_set.act("rotate")
        served = (await http.get("/jwks")).json()

    assert (platform.key_set.fetches, platform.key_set.fetches_since_act) == (3, 1)
    assert served == json.loads(json.dumps({"keys": platform.key_set.publish().keys}))


def test_workers_agree(keys: KeyRing) -> None:
    """Two platforms on one store publish and sign with the same keys, and no fetch of either is lost."""
    store = MemoryStore()
    here, there = make_platform(keys, store=store), make_platform(keys, store=store)
    here.key_set.act("rotate")
    assert kids(here) == kids(there)
    assert verifying(here, token_of(there)) == [True]

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda number: (here, there)[number % 2].key_set.served(), range(200)))
    assert here.key_set.fetches == there.key_set.fetches == 200


def test_tenants_do_not_share_what_happens_to_their_keys(keys: KeyRing) -> None:
    """An act of one tenant leaves another one of the same store alone."""
    store = MemoryStore()
    one, other = make_platform(keys, store=store, tenant="a"), make_platform(keys, store=store, tenant="b")
    one.key_set.act("empty")
    assert (kids(one), len(kids(other))) == ([], 1)


def test_a_scenario_that_spoils_the_keys_has_a_set_of_its_own(platform: Platform) -> None:
    """Fetches count from nothing, the launch is signed by the first key, and afterwards all is as before."""
    platform.key_set.act("rotate")
    platform.key_set.served()
    now = kids(platform)
    context = Context(launch=make_launch(), keys=platform.keys, canary_url="http://127.0.0.1/canary")
    pending = platform.begin(make_launch(id="launch-9"), context=context, kid="fresh")
    with platform.spoilt_keys([bind("key_set.no_keys", where="test")], context, kid="fresh") as published:
        assert (published.fetches, published.publish().keys) == (0, ())
        token = token_of(platform, pending)

    assert jwt.get_unverified_header(token)["kid"] == "fresh"
    assert _verifies(token, platform.keys.jwk("platform"))
    assert (kids(platform), platform.key_set.fetches) == (now, 1)


@pytest.mark.parametrize(
    ("act", "settings", "complaint"),
    [
        ("rotat", {}, "key set: unknown act 'rotat'; did you mean 'rotate'?"),
        ("zzz", {}, "key set: unknown act 'zzz'; the acts are: cache_control, "),
        ("many", {"count": 0}, "key set: many.count is 0, expected an integer from 1 to 10000"),
        ("rotate", {"count": 1}, "key set: 'rotate' has no setting 'count' (it takes: none)"),
    ],
)
def test_what_cannot_happen_to_keys(platform: Platform, act: str, settings: dict[str, Any], complaint: str) -> None:
    """A mistake is told with the name that was meant or with what would do, and nothing changes."""
    with pytest.raises(UsageError) as raised:
        platform.key_set.act(act, **settings)

    assert complaint in str(raised.value)
    assert kids(platform) == [platform.keys.kid("platform")]


@pytest.mark.parametrize("name", sorted(acts()))
def test_an_act_describes_itself(platform: Platform, name: str) -> None:
    """It has a summary in one line, can happen without settings, and says by default what it does to the set."""
    assert acts()[name].summary.endswith((".", ")."))
    assert all(not one.required and one.accepts(one.default) for one in acts()[name].parameters.values())
    platform.key_set.act(name)
    assert platform.key_set.publish().status == 200
