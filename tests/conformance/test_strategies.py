"""The laws of the public strategies: what they draw is what they say."""

from __future__ import annotations

import random
import subprocess
import sys
from collections.abc import Sequence
from typing import Any

import jwt
import pytest
from hypothesis import Phase, assume, find, given, settings
from hypothesis import strategies as st

from conformance.model import Scenario
from conformance.shrinking import minimal
from conformance.strategies import Broken, broken_launches, id_tokens, launches, mutations, recipes, registrations
from conformance.strategies.mutating import NEAR_NOW, STAGES
from mockplatform import flow
from mockplatform.errors import UsageError
from mockplatform.keys import KeyRing, sign
from mockplatform.model import BasicLaunch, IdToken, Launch, Registration, SignedLaunch
from mockplatform.mutation import Context, NotApplicableError, Spoilt, bind, through
from mockplatform.mutation import mutations as registry
from tests.mockplatform.makers import LAW, NOW_S, make_auth_request, make_launch

MANY = settings(LAW, max_examples=150)
TWO_MINUTES_S = 120


@pytest.fixture(scope="module")
def keys() -> KeyRing:
    """Keys that are made once."""
    return KeyRing()


def spoilt_token(token: IdToken, recipe: Sequence[Spoilt], keys: KeyRing) -> IdToken:
    context = Context(launch=make_launch(), keys=keys, canary_url="http://127.0.0.1:9400/canary/jwks")
    try:
        return through(token, recipe, context)
    except NotApplicableError:
        assume(False)
        raise


def honest_token(keys: KeyRing) -> IdToken:
    return flow.id_token(make_launch(), make_auth_request(), kid=keys.kid("platform"), now_s=NOW_S)


class TestHonest:
    @LAW
    @given(registration=registrations())
    def test_a_registration_is_one_that_lti_allows(self, registration: Registration):
        """The issuer is https without query or fragment, and ids are visible ASCII."""
        assert registration.issuer.startswith("https://")
        assert not {"?", "#"} & set(registration.issuer)
        ids = (registration.client_id, *registration.deployment_ids)
        assert all(id_.isascii() and id_.isprintable() and 0 < len(id_) <= 255 for id_ in ids)
        assert len(set(registration.deployment_ids)) == len(registration.deployment_ids)

    @LAW
    @given(launch=launches())
    def test_a_launch_is_one_that_a_tool_has_to_take(self, launch: Launch):
        """Its deployment is the registration's, its ids fit, it has a known role, and people have names."""
        assert launch.deployment_id in launch.registration.deployment_ids
        assert all(0 < len(id_) <= 255 for id_ in (launch.person.sub, launch.course.id, launch.resource_link.id))
        assert any("purl.imsglobal.org/vocab/lis/v2/" in role for role in launch.roles)
        assert launch.person.given_name.strip()
        assert launch.course.title.strip()

    @LAW
    @given(data=st.data())
    def test_a_token_verifies_with_pyjwt(self, data: st.DataObject, keys: KeyRing):
        """Signed with the platform's key, it is good for its audience and issuer, and expires after it was made."""
        token = data.draw(id_tokens(now_s=NOW_S))
        assert isinstance(token.claims, dict)
        read = jwt.decode(
            sign(token, keys).text,
            jwt.PyJWK(dict(keys.jwk("platform"))).key,
            algorithms=["RS256"],
            audience=token.claims["aud"],
            issuer=token.claims["iss"],
            options={"verify_exp": False, "verify_iat": False, "require": ["exp", "iat", "sub", "nonce"]},
        )
        assert read == token.claims
        assert read["iat"] < NOW_S < read["exp"]


class TestLies:
    @pytest.mark.parametrize("stage", [*STAGES, BasicLaunch, SignedLaunch], ids=lambda stage: stage.__name__)
    def test_what_is_drawn_is_of_its_stage_and_can_be_typed_in(self, stage: type[Any]):
        """Each drawn mutation reads back from its own text, arguments and all."""

        @LAW
        @given(drawn=mutations(stage=stage))
        def law(drawn: Spoilt) -> None:
            assert drawn.mutation.stage is stage
            again = bind(str(drawn), where="test")
            assert (again.mutation, again.arguments) == (drawn.mutation, drawn.arguments)

        law()

    def test_every_mutation_can_be_drawn(self):
        """None of the registry is left out, but for those that would be told too close to now."""
        met: set[str] = set()
        for stage in STAGES:

            @settings(LAW, max_examples=60)
            @given(told=st.lists(mutations(stage=stage), min_size=8, max_size=8))
            def law(told: list[Spoilt]) -> None:
                met.update(drawn.mutation.name for drawn in told)

            law()
        known = {name for name, mutation in registry().items() if mutation.stage in STAGES}
        assert met <= known - NEAR_NOW
        assert len(met) > len(known) // 2

    @MANY
    @given(recipe=recipes())
    def test_a_recipe_can_be_told(self, recipe: tuple[Spoilt, ...], keys: KeyRing):
        """No mutation comes twice, and whatever becomes of the token can be signed."""
        names = [drawn.mutation.name for drawn in recipe]
        assert len(set(names)) == len(names)
        sign(spoilt_token(honest_token(keys), recipe, keys), keys)

    @MANY
    @given(drawn=mutations(stage=IdToken))
    def test_no_time_is_close_to_now(self, drawn: Spoilt, keys: KeyRing):
        """What a mutation makes of expiry and beginning is two minutes from now at least."""
        honest = honest_token(keys)
        token = spoilt_token(honest, [drawn], keys)
        if isinstance(token.claims, bytes) or isinstance(honest.claims, bytes):
            return
        for name in ("exp", "nbf"):
            told = token.claims.get(name)
            if isinstance(told, int | float) and told != honest.claims.get(name):
                assert abs(told - NOW_S) >= TWO_MINUTES_S

    def test_a_bug_that_takes_two_lies_shrinks_to_two(self):
        """Of twenty seeds that find one, delta debugging ends with the two in each."""

        def fails(recipe: Sequence[Spoilt]) -> bool:
            return {"header", "response"} <= {drawn.mutation.name.partition(".")[0] for drawn in recipe}

        # Where Hypothesis stops, which shrinks values and not always their number, makes no difference to the end.
        for phases in ((Phase.generate,), (Phase.generate, Phase.shrink)):
            told = settings(LAW, max_examples=500, phases=phases)
            seeds = range(20 if Phase.shrink not in phases else 2)
            found = [find(recipes(max_size=8), fails, settings=told, random=random.Random(seed)) for seed in seeds]
            assert [len(minimal(recipe, fails)) for recipe in found] == [2] * len(seeds)


class TestBroken:
    @pytest.mark.parametrize("error", ["TokenExpired", "NonceNotFound", "KidNotFound", "SignatureInvalid"])
    def test_only_launches_of_the_type_are_drawn(self, error: str):
        """What is asked for by type is refused with it under some profile, and let in under none."""

        @LAW
        @given(broken=broken_launches(error=error))
        def law(broken: Broken) -> None:
            preferred = [each.preferred.type for each in broken.scenario.expect.values()]
            assert error in preferred
            assert not any(lets_in(broken.scenario, name) for name in broken.scenario.expect)
            assert broken.mutations

        law()

    def test_only_launches_of_the_code_are_drawn(self):
        """What is asked for by code and profile is refused with it under that profile."""

        @LAW
        @given(broken=broken_launches(code=1006, profile="class"))
        def law(broken: Broken) -> None:
            assert broken.scenario.expect["class"].preferred.code == 1006
            assert not lets_in(broken.scenario, "class")

        law()

    @pytest.mark.parametrize(
        ("asked", "advice"),
        [
            ({"code": 1006}, 'give one, such as profile="class"'),
            ({"error": "NoSuchError"}, "broken_launches(error='NoSuchError')"),
            ({"code": 1003, "profile": "class"}, "`lti-conformance list`"),
        ],
    )
    def test_what_nobody_can_send_is_said(self, asked: dict[str, Any], advice: str):
        """A refusal that no launch by itself is met with is one line with advice."""
        with pytest.raises(UsageError) as raised:
            broken_launches(**asked)
        assert advice in str(raised.value)
        assert "\n" not in str(raised.value)

    def test_a_broken_launch_shows_its_lies(self):
        """What Hypothesis prints of a failure can be copied."""
        drawn = find(broken_launches(error="TokenExpired"), lambda _: True, settings=LAW)
        assert all(str(mutation) in repr(drawn) for mutation in drawn.mutations)


def lets_in(scenario: Scenario, profile: str) -> bool:
    return any(answer.outcome == "launched" for answer in scenario.expect[profile].answers)


def test_whoever_imports_them_loads_nothing():
    """Hypothesis is loaded when something is drawn, and without it the advice is one line."""
    code = """
import sys
import conformance.strategies
from conformance.phases import generated
assert len(generated.properties()) > 45
assert "hypothesis" not in sys.modules
sys.modules["hypothesis"] = None
try:
    conformance.strategies.launches()
except Exception as error:
    print(type(error).__name__, error)
"""
    printed = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True
    ).stdout
    assert printed == "UsageError generated launches need Hypothesis: install lti-conformance[hypothesis]\n"
