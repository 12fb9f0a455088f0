from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import jwt
import pytest

import mockplatform
from conformance.catalogue import scenarios
from conformance.demo import demo_lab
from conformance.model import Scenario
from conformance.profile import load_profile
from conformance.runner import Options, PlainLaunchFailed, Runner
from conformance.target import Start
from mockplatform.dialects.flavour import CONFIDENCES, differences, flavour_named, flavours, read_flavour
from mockplatform.dialects.quirk import Quirk, quirks
from mockplatform.errors import UsageError
from mockplatform.keys import KeyRing
from mockplatform.model import AuthResponse
from tests.mockplatform.makers import (
    COURSE,
    INSTRUCTOR,
    LTI11,
    NOW_S,
    PERSON,
    make_auth_request,
    make_platform,
    make_registration,
)

LTI = "https://purl.imsglobal.org/spec/lti/claim/"
VOCABULARY = re.compile(r"http://purl\.imsglobal\.org/vocab/(lis/v2|lti)/\S+")
REAL = ("canvas", "moodle", "blackboard", "brightspace", "sakai", "openedx", "schoology", "ims-ri")
EXAMPLES: Mapping[str, tuple[Any, ...]] = {
    "answer.extra": (("utf8=✓", "empty="),),
    "answer.storage_target": ("_parent",),
    "basic.extra": (("ext_a=b c&d", "ext_empty=", "custom_x=y"),),
    "claims.lis": ({"person_sourcedid": "$Person.sourcedId"},),
    "claims.presentation": ({"document_target": "window", "width": 1},),
    "claims.tool_platform": ({"name": "Mock school"},),
    "claims.vendor": ({"https://vendor.example/claim": ["{person_number}", "{null}", {"a": "{sub}"}]},),
    "id_token.header": ({"x-vendor": {"a": [1]}},),
    "id_token.iat_age_s": (0, 30),
    "id_token.lifetime_s": (60, 86400),
    "keys.cache_control": ("", "no-store"),
    "keys.content_type": ("application/jwk-set+json",),
    "keys.further": (1, 7),
    "login.extra": (("vendor_region=north", "empty="),),
    "login.storage_target": ("_parent",),
    "roles.added": (("https://vendor.example/role#X",),),
}
"""Settings of quirks that have no choices."""


def settings_of(quirk: Quirk) -> tuple[Any, ...]:
    if isinstance(quirk.neutral, bool):
        return (not quirk.neutral,)
    if quirk.name in EXAMPLES:
        return EXAMPLES[quirk.name]
    if isinstance(quirk.neutral, tuple):
        return tuple((choice,) for choice in quirk.choices)
    return tuple(choice for choice in quirk.choices if choice != quirk.neutral)


SHAPING = [quirk for quirk in quirks().values() if quirk.function is not None]
ALONE = [(quirk, setting) for quirk in SHAPING for setting in settings_of(quirk)]
LEGAL = [(quirk, setting) for quirk, setting in ALONE if str(setting) not in quirk.breaks]
REFUSED = {
    ("id_token.aud", "array_with_other"): "the sample tool trusts no other audience",
    ("login.without", ("client_id",)): "the sample tool has two registrations of this issuer",
}
"""Settings with which the sample tool must not let anybody in."""


def called(value: Any) -> str:
    """How a quirk or its setting is called in the name of a test."""
    return value.name if isinstance(value, Quirk) else str(value)[:40]


def problems(claims: Mapping[str, Any], header: Mapping[str, Any], client_id: str, nonce: str) -> Iterator[str]:
    """What SEC 5.1.2 and CORE 5.3 and 5.4 say against a token, read from the documents and not from the code."""
    audience = claims["aud"] if isinstance(claims["aud"], list) else [claims["aud"]]
    yield from (f"{name} is no text" for name in ("iss", "sub", "nonce") if not isinstance(claims[name], str))
    yield from ("aud" for _ in [0] if client_id not in audience)
    yield from ("azp" for _ in [0] if claims.get("azp", client_id) != client_id)
    yield from (f"{name} is no number" for name in ("iat", "exp", "nbf") if not isinstance(claims.get(name, 1), int))
    yield from ("not valid now" for _ in [0] if not claims.get("nbf", claims["iat"]) <= NOW_S < claims["exp"])
    yield from ("nonce" for _ in [0] if claims["nonce"] != nonce)
    yield from ("header" for _ in [0] if header["alg"] != "RS256" or header.get("typ", "JWT").upper() != "JWT")
    link, context, platform = (claims[LTI + name] for name in ("resource_link", "context", "tool_platform"))
    ids = (claims["sub"], claims[LTI + "deployment_id"], link["id"], context["id"], platform["guid"])
    yield from (f"{id_} is no id" for id_ in ids if not (id_.isascii() and 0 < len(id_) <= 255))
    yield from ("message" for _ in [0] if claims[LTI + "message_type"] != "LtiResourceLinkRequest")
    yield from ("version" for _ in [0] if claims[LTI + "version"] != "1.3.0")
    yield from ("target" for _ in [0] if not urlsplit(claims[LTI + "target_link_uri"]).netloc)
    yield from ("roles" for _ in [0] if not any(VOCABULARY.fullmatch(role) for role in claims[LTI + "roles"]))
    kinds = context.get("type", ["http://purl.imsglobal.org/vocab/lis/v2/course#CourseSection"])
    yield from ("context.type" for _ in [0] if not any(VOCABULARY.fullmatch(kind) for kind in kinds))
    target = claims[LTI + "launch_presentation"].get("document_target", "iframe")
    yield from ("document_target" for _ in [0] if target not in ("frame", "iframe", "window"))
    yield from ("custom" for _ in [0] if not all(isinstance(v, str) for v in claims.get(LTI + "custom", {}).values()))
    plain = {"iss", "aud", "azp", "sub", "iat", "exp", "nbf", "nonce", "locale", "name", "given_name", "family_name"}
    plain |= {"email", "middle_name", "nickname", "picture", "profile", "website", "zoneinfo", "gender"}
    yield from (f"{name} is no full name of a claim" for name in claims if name not in plain and ":" not in name)


def launched(keys: KeyRing, **settings: Any) -> tuple[Mapping[str, Any], Mapping[str, Any]]:
    """Header and claims of a launch, its signature checked by the published set as a tool would."""
    platform = make_platform(keys, registrations=(make_registration(**LTI11),), **settings)
    registration, person, course = platform.registrations[0], platform.people[0], platform.courses[0]
    pending = platform.begin(platform.intend(registration, person=person, roles=[INSTRUCTOR], course=course))
    sent = dict(pending.login.params)
    assert {"iss", "login_hint", "target_link_uri"} <= sent.keys()
    answer = platform.authorize(make_auth_request(pending.login, lti_message_hint=sent.get("lti_message_hint")))
    assert isinstance(answer, AuthResponse)
    assert pending.auth_problems == ()
    assert dict(answer.fields)["state"] == "State-ß/+ =&"
    text = dict(answer.fields)["id_token"]
    header = jwt.get_unverified_header(text)
    key = next(jwk for jwk in platform.key_set.publish().keys if jwk["kid"] == header["kid"])
    signed = jwt.PyJWS().decode_complete(text, jwt.PyJWK({**key, "alg": "RS256"}).key, algorithms=["RS256"])
    assert signed["header"] == header
    return header, jwt.decode(text, options={"verify_signature": False})


class TestFiles:
    def test_there_are_nine_and_a_neutral_one(self) -> None:
        """Eight of real platforms, one unlike any, and one without a quirk."""
        assert set(flavours()) == {*REAL, "alien", "neutral"}
        assert flavours()["neutral"].settings == {}
        assert all(flavours()[name].settings for name in (*REAL, "alien"))

    @pytest.mark.parametrize("name", flavours())
    def test_each_setting_has_a_source(self, name: str) -> None:
        """It says where it was seen and how sure that is, and no address that may be gone."""
        flavour = flavours()[name]

        assert flavour.title
        assert flavour.summary.endswith(".")
        assert all(seen.source and seen.confidence in CONFIDENCES for seen in flavour.facts.values())
        for quirk, seen in flavour.settings.items():
            assert quirk in quirks()
            assert seen.confidence in CONFIDENCES
            assert len(seen.source) > 5
            assert "://" not in seen.source
            assert (seen.confidence == "own") == (name == "alien")
            assert re.fullmatch(r"(20\d\d(-\d\d){0,2})?", seen.date)

    @pytest.mark.parametrize("name", ["alien", "neutral"])
    def test_the_alien_breaks_nothing(self, name: str) -> None:
        """It is legal; only what real platforms do is allowed to break a rule."""
        for quirk, seen in flavours()[name].settings.items():
            assert str(seen.value) not in quirks()[quirk].breaks

    def test_the_alien_uses_every_stage(self) -> None:
        """A tool that is written after real platforms meets something new at each step."""
        stages = {stage for name in flavours()["alien"].settings for stage in quirks()[name].stages}

        assert stages == {stage for quirk in quirks().values() for stage in quirk.stages}

    def test_every_quirk_that_breaks_a_rule_is_known_of_a_platform(self) -> None:
        """Or else it were a mutation; the two that only a study would need are off everywhere."""
        kept = {(name, str(seen.value)) for f in flavours().values() for name, seen in f.settings.items()}
        broken = {(quirk.name, setting) for quirk in quirks().values() for setting in quirk.breaks}

        assert broken - kept == {("id_token.aud", "array_with_other"), ("roles.spelling", "short")}

    @pytest.mark.parametrize(
        ("text", "told"),
        [
            ('[quirk."id_token.azb"]\nvalue = "x"\nsource = "s"\nconfidence = "doc"', "did you mean 'id_token.azp'?"),
            ('[quirk.azp]\nvalue = "x"\nsource = "s"\nconfidence = "doc"', "quirk 'id_token.azp' is 'x', expected"),
            ('[quirk.azp]\nvalue = "absent"\nsource = ""\nconfidence = "doc"', "source is empty; say where it was"),
            ('[quirk.azp]\nvalue = "absent"\nconfidence = "doc"', "quirk.azp.source: missing, expected a string"),
            ('[quirk.azp]\nvalue = "absent"\nsource = "s"\nconfidence = "sure"', "expected 'code', 'doc', 'obs',"),
        ],
    )
    def test_a_file_with_a_mistake(self, tmp_path: Path, text: str, told: str) -> None:
        """It is told with the name of the file."""
        path = tmp_path / "own.toml"
        path.write_text(f'title = "Own"\nsummary = "One."\n{text}\n', encoding="utf-8")

        with pytest.raises(UsageError) as caught:
            read_flavour(path)
        assert str(caught.value).startswith("own.toml: ")
        assert told in str(caught.value)


def test_whoever_reads_a_quirk_knows_it() -> None:
    """Each setting that the platform asks its dialect for is declared, with the neutral value it falls back to."""
    asked = dict(_settings_asked_for())

    assert {name for name in asked if name not in quirks()} == set()
    assert {name: asked[name] for name in asked if asked[name] not in (..., quirks()[name].neutral)} == {}
    assert "services.media_types" in asked


def _settings_asked_for() -> Iterator[tuple[str, Any]]:
    """Names of quirks in `….value("name", otherwise)`, with what stands there if it is a plain value."""
    for path in Path(mockplatform.__file__).parent.rglob("*.py"):
        for call in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if not (isinstance(call, ast.Call) and isinstance(call.func, ast.Attribute) and call.func.attr == "value"):
                continue
            first, *others = [*call.args, *(keyword.value for keyword in call.keywords)]
            if others and isinstance(first, ast.Constant) and isinstance(first.value, str) and "." in first.value:
                yield first.value, others[0].value if isinstance(others[0], ast.Constant) else ...


class TestDifferences:
    def test_what_is_neutral_on_one_side(self) -> None:
        """A flavour that does not name a quirk has its neutral setting."""
        found = {
            change.quirk: change for change in differences(flavour_named("canvas", where="t"), flavours()["moodle"])
        }

        assert found["id_token.lifetime_s"].one is not None
        assert found["login.storage_target"].other is None
        assert "custom.unknown" not in found
        assert "login.method" not in found

    @pytest.mark.parametrize("name", flavours())
    def test_none_to_itself(self, name: str) -> None:
        """And from one to another the same quirks as back."""
        flavour, neutral = flavours()[name], flavours()["neutral"]

        assert differences(flavour, flavour) == ()
        assert [c.quirk for c in differences(flavour, neutral)] == [c.quirk for c in differences(neutral, flavour)]


class TestTokens:
    @pytest.mark.parametrize("name", flavours())
    def test_a_flavour_is_valid(self, keys: KeyRing, name: str) -> None:
        """What the documents demand of a token holds, but for what the flavour is known to break."""
        header, claims = launched(keys, flavour=name)

        broken = {q for q, seen in flavours()[name].settings.items() if str(seen.value) in quirks()[q].breaks}
        allowed = {"context.type"} if "claims.context_type" in broken else set()
        assert set(problems(claims, header, "Client-A", "Nonce-1")) == allowed

    @pytest.mark.parametrize(("quirk", "setting"), LEGAL, ids=called)
    def test_a_quirk_alone_is_valid(self, keys: KeyRing, quirk: Quirk, setting: Any) -> None:
        """What is not said to break a rule breaks none."""
        header, claims = launched(keys, quirks={quirk.name: setting})

        assert list(problems(claims, header, "Client-A", "Nonce-1")) == []

    @pytest.mark.parametrize("quirk", SHAPING, ids=called)
    def test_a_quirk_has_a_setting_to_try(self, quirk: Quirk) -> None:
        """Or else nobody would notice that it does harm."""
        assert settings_of(quirk)


def told_by_sample_tool(**settings: Any) -> dict[str, str]:
    """The status of honest launches of the sample tool, by scenario."""
    profile = load_profile("core")
    with demo_lab(profile, Start(seed=0, **settings)) as lab:
        runner = Runner(lab, Options(repeat_failures=False))
        assert runner.plain_launch()
        return {result.scenario.id: result.status for result in runner.run(HONEST)}


def _writes_audience(scenario: Scenario) -> bool:
    """Whether a scenario makes a list of the audience, which cannot be done to a list."""
    return bool({"claims.audience_list", "claims.authorized_party_named"} & set(scenario.mutations))


HONEST = [
    scenario
    for scenario in scenarios()
    if scenario.id.startswith("accepted/") or scenario.id in ("basic/plain", "basic/student", "deep_linking/plain")
    if not _writes_audience(scenario)
]
FEW = ("accepted/two-tabs", "accepted/second-person-in-the-browser", "accepted/key-rotated", "basic/plain")


class TestSampleTool:
    @pytest.mark.parametrize("name", flavours())
    def test_a_flavour_launches(self, name: str) -> None:
        """Whatever a tool has to accept, the sample tool accepts in each flavour."""
        statuses = told_by_sample_tool(flavour=name)

        assert len(statuses) > 50
        assert {id_: status for id_, status in statuses.items() if status != "passed"} == {}

    @pytest.mark.parametrize(("quirk", "setting"), ALONE, ids=called)
    def test_a_quirk_alone_launches(self, quirk: Quirk, setting: Any) -> None:
        """Each quirk can be switched on alone, and the sample tool lets people in unless it must not."""
        profile = load_profile("core")
        with demo_lab(profile, Start(seed=0, quirks={quirk.name: setting})) as lab:
            runner = Runner(lab, Options(repeat_failures=False))
            if any((quirk.name, setting) == known for known in REFUSED):
                with pytest.raises(PlainLaunchFailed):
                    runner.plain_launch()
                return
            assert runner.plain_launch()
            found = list(runner.run([scenario for scenario in HONEST if scenario.id in FEW]))
        assert {result.scenario.id: result.verdict.reason for result in found if result.status != "passed"} == {}
        assert len(found) == len(FEW)


def test_people_of_a_flavour_keep_their_names(keys: KeyRing) -> None:
    """Only ids change their form."""
    platform = make_platform(keys, flavour="brightspace")

    assert [(p.name, p.email) for p in platform.people] == [(PERSON.name, PERSON.email)]
    assert [(c.label, c.title) for c in platform.courses] == [(COURSE.label, COURSE.title)]
