from __future__ import annotations

import copy
import dataclasses
import inspect
import itertools
import json
import re
from collections.abc import Mapping
from typing import Any

import jwt
import pytest
from joserfc import jwk
from joserfc import jwt as other_jwt

from mockplatform import flow, flow11
from mockplatform.keys import KeyRing, b64url, sign
from mockplatform.model import (
    AuthResponse,
    BasicLaunch,
    IdToken,
    KeySet,
    LoginRequest,
    SignedLaunch,
    SignedToken,
    Stage,
)
from mockplatform.mutation import Context, Earlier, NotApplicableError, bind, mutations
from tests.mockplatform.makers import LTI11, NOW_S, PLATFORM, make_auth_request, make_launch, make_registration

CLAIM = "https://purl.imsglobal.org/spec/lti/claim/"
REFERENCE = re.compile(r"(CORE|SEC|CERT|OIDC|LTI11|RFC \d{4}) [A-Z]?\d*(\.\d+)*( step \d)?|MIGR")

# What to call a mutation with that cannot be called without arguments, or that is honest without them.
EXAMPLES: Mapping[str, str] = {
    "basic.added": "basic.added(name='foo', value='bar')",
    "basic.attribute": "basic.attribute(attribute='course_id', value='')",
    "basic.by": "basic.by(method='GET')",
    "basic.method": "basic.method(name='PLAINTEXT', really='PLAINTEXT')",
    "basic.param": "basic.param(name='lti_version', value='LTI-2p0')",
    "basic.raw_custom_name": "basic.raw_custom_name(attribute='course_id')",
    "basic.signed_for": "basic.signed_for(part='port', value='8443')",
    "basic.timestamp_as": "basic.timestamp_as(form='milliseconds')",
    "basic.to": "basic.to(form='explicit_port')",
    "basic.without": "basic.without(name='oauth_nonce')",
    "basic.without_attribute": "basic.without_attribute(attribute='email')",
    "migration.signed_for": "migration.signed_for(part='nonce', value='another')",
    "migration.without": "migration.without(name='user_id')",
    "migration.written_as": "migration.written_as(form='hex')",
    "signed.added": "signed.added(name='roles', value='Instructor')",
    "signed.by": "signed.by(method='GET')",
    "signed.changed": "signed.changed(name='roles', value='Learner')",
    "signed.without": "signed.without(name='oauth_signature')",
    "claims.attribute": "claims.attribute(attribute='email', value='other@example.org')",
    "payload.duplicate": "payload.duplicate(claim='sub', first='somebody-else')",
    "payload.encoded": "payload.encoded(encoding='utf-16')",
    "claims.expiry_as": "claims.expiry_as(form='text')",
    "payload.expiry": "payload.expiry(text='1e400')",
    "payload.nested": "payload.nested(depth=20)",
    "claims.of_length": "claims.of_length(claim='context.id', length=300)",
    "payload.text": "payload.text(text='[]')",
    "claims.unresolved": "claims.unresolved(claim='custom.resource', variable='ResourceLink.id')",
    "claims.value": "claims.value(claim='roles', value=[])",
    "claims.without": "claims.without(claim='context.id')",
    "claims.without_attribute": "claims.without_attribute(attribute='email')",
    "header.alg_claimed": "header.alg_claimed(name='ES256')",
    "header.duplicate_member": "header.duplicate_member(name='alg', first='none')",
    "header.hmac_with": "header.hmac_with(secret='platform:pem')",
    "header.member": "header.member(name='typ', value='at+jwt')",
    "header.signed_by": "header.signed_by(algorithm='PS256')",
    "header.text": "header.text(text='null')",
    "header.without": "header.without(member='kid')",
    "key_set.also": "key_set.also(key='rotated')",
    "key_set.among_many": "key_set.among_many(count=7)",
    "key_set.bulky": "key_set.bulky(kib=1)",
    "key_set.body": "key_set.body(text='{')",
    "key_set.newest_member": "key_set.newest_member(name='e', value='Aw')",
    "key_set.member": "key_set.member(name='use', value='enc')",
    "key_set.status": "key_set.status(code=503)",
    "key_set.with_secret": "key_set.with_secret(secret='text:hush')",
    "key_set.without_member": "key_set.without_member(name='kid')",
    "login.by": "login.by(method='GET')",
    "login.changed": "login.changed(name='iss', value='https://other.example')",
    "login.empty": "login.empty(name='login_hint')",
    "login.long": "login.long(name='lti_message_hint', length=70000)",
    "login.message_hint_with": "login.message_hint_with(suffix='+/=&%20')",
    "login.preceded": "login.preceded(name='iss', value='https://other.example')",
    "login.repeated": "login.repeated(name='login_hint', value='other')",
    "login.without": "login.without(name='iss')",
    "forgery.number": "forgery.number(form='modulus')",
    "forgery.padding": "forgery.padding(form='short')",
    "payload.followed_by": "payload.followed_by(text='{}')",
    "response.bulky": "response.bulky(mib=1)",
    "response.empty": "response.empty(field='id_token')",
    "response.renamed": "response.renamed(field='id_token', to='JWT')",
    "response.token_twice": "response.token_twice(good_first=True)",
    "response.without": "response.without(field='state')",
    "values.as_member": "values.as_member(claim='deployment_id')",
    "values.beside": "values.beside(claim='aud', other=7)",
    "values.in_list": "values.in_list(claim='iss')",
    "values.not_ascii": "values.not_ascii(claim='context.id')",
    "values.padded": "values.padded(claim='aud')",
    "response.typed_as": "response.typed_as(content_type='text/plain')",
    "signature.segments": "signature.segments(count=2)",
    "signature.wrapped": "signature.wrapped(before=' ')",
}

every_mutation = pytest.mark.parametrize("name", mutations())


@pytest.fixture(scope="module")
def context(keys: KeyRing) -> Context:
    """An earlier launch has been answered, a second platform is registered, attributes are configured."""
    named = {"email": "user_email", "course_id": "Course-ID"}
    launch = make_launch(registration=make_registration(attributes=named, **LTI11))
    earlier = make_auth_request(nonce="Nonce-0", state="State-0")
    return Context(
        launch=launch,
        keys=keys,
        canary_url="http://127.0.0.1:9400/canary/jwks",
        earlier=(
            Earlier(auth_request=earlier, response=flow.auth_response(earlier, SignedToken(text="earlier.to.ken"))),
            Earlier(signed=flow11.signed(flow11.basic_launch(launch, now_s=NOW_S - 60, nonce="Nonce0"))),
        ),
        second=make_registration(issuer="https://second.example", client_id="Client-B", deployment_ids=("Dep-9",)),
    )


@pytest.fixture(scope="module")
def stages(context: Context) -> Mapping[type[Any], Stage]:
    """An honest value of each stage."""
    request = make_auth_request()
    # The signature is made up, so that it holds both letters by which the alphabets of base64 differ.
    parts = [json.dumps({"alg": "RS256"}).encode(), json.dumps({"sub": "person-7"}).encode(), bytes(range(256))]
    signed = SignedToken(text=".".join(map(b64url, parts)))
    basic = flow11.basic_launch(context.launch, now_s=NOW_S, nonce="Nonce1")
    return {
        LoginRequest: flow.login_request(context.launch),
        IdToken: flow.id_token(context.launch, request, kid=context.keys.kid("platform"), now_s=NOW_S),
        SignedToken: signed,
        AuthResponse: flow.auth_response(request, signed),
        KeySet: flow.key_set(context.keys.jwk("platform")),
        BasicLaunch: basic,
        SignedLaunch: flow11.signed(basic),
    }


def spoil(text: str, value: Any, context: Context) -> Any:
    return bind(text, where="test")(value, context)


@every_mutation
def test_a_mutation_tells_what_and_why(name: str) -> None:
    """Each mutation has a sentence that says what is wrong, and the section that it breaks."""
    found = mutations()[name]

    assert re.fullmatch(r"[A-Z`].*\.", found.summary.partition("\n")[0]), found.summary
    assert REFERENCE.fullmatch(found.reference), found.reference


@every_mutation
def test_a_mutation_is_a_function_of_a_stage(name: str, stages: Mapping[type[Any], Stage]) -> None:
    """Each mutation takes one of the seven stages, and its parameters are keywords with a type."""
    found = mutations()[name]

    assert found.stage in stages
    for parameter in found.parameters.values():
        assert parameter.annotation in (str, int, bool, Any)
        assert parameter.kind is inspect.Parameter.KEYWORD_ONLY


def test_the_examples_are_complete() -> None:
    """Each mutation that needs arguments has an example above, and each example is one of an existing mutation."""
    needy = {
        name
        for name, found in mutations().items()
        if any(parameter.default is parameter.empty for parameter in found.parameters.values())
    }

    assert needy <= EXAMPLES.keys()
    assert EXAMPLES.keys() <= mutations().keys()
    assert all(text.startswith(f"{name}(") for name, text in EXAMPLES.items())


@every_mutation
def test_the_laws_of_a_mutation(name: str, stages: Mapping[type[Any], Stage], context: Context) -> None:
    """Each mutation leaves its input alone, is deterministic, and returns another value of the same stage."""
    value = stages[mutations()[name].stage]
    before = copy.deepcopy(value)

    spoilt = spoil(EXAMPLES.get(name, name), value, context)

    assert value == before
    assert spoil(EXAMPLES.get(name, name), value, context) == spoilt
    assert type(spoilt) is type(value)
    # The order of members is part of what is sent, and dictionaries that differ in it are equal.
    assert (spoilt, repr(spoilt)) != (value, repr(value))


def test_what_the_lies_begin_with_is_true(stages: Mapping[type[Any], Stage], context: Context) -> None:
    """Two libraries that know nothing of this one take the honest token, so that a refusal comes from the lie."""
    honest = stages[IdToken]
    assert isinstance(honest, IdToken)
    text = sign(honest, context.keys).text
    entry = {**context.keys.jwk("platform")}

    # PyJWT has no clock to set, and the token is of another day.
    told = jwt.decode(
        text,
        jwt.PyJWK(entry),
        algorithms=["RS256"],
        audience="Client-A",
        issuer=PLATFORM,
        options={"verify_exp": False, "verify_iat": False},
    )
    parsed = other_jwt.decode(text, jwk.KeySet.import_key_set({"keys": [entry]}), algorithms=["RS256"])
    rules = other_jwt.JWTClaimsRegistry(
        now=int(NOW_S), aud={"essential": True, "value": "Client-A"}, iss={"essential": True, "value": PLATFORM}
    )
    rules.validate(parsed.claims)

    assert told == parsed.claims == honest.claims
    assert parsed.header == honest.header


@every_mutation
def test_a_spoilt_token_can_be_signed(name: str, stages: Mapping[type[Any], Stage], context: Context) -> None:
    """Whatever is done to a token, the assembler makes three segments of it."""
    if mutations()[name].stage is not IdToken:
        return
    spoilt = spoil(EXAMPLES.get(name, name), stages[IdToken], context)

    assert sign(spoilt, context.keys).text.count(".") == 2


@every_mutation
def test_a_spoilt_launch_can_be_signed(name: str, stages: Mapping[type[Any], Stage], context: Context) -> None:
    """Whatever is done to an LTI 1.1 launch, the signer makes a form with a signature of it."""
    if mutations()[name].stage is not BasicLaunch:
        return
    spoilt = spoil(EXAMPLES.get(name, name), stages[BasicLaunch], context)

    assert flow11.signed(spoilt).fields[-1][0] == "oauth_signature"


@pytest.mark.parametrize("stage", [LoginRequest, IdToken, SignedToken, AuthResponse, KeySet, BasicLaunch, SignedLaunch])
def test_any_two_mutations_can_be_stacked(
    stage: type[Any], stages: Mapping[type[Any], Stage], context: Context
) -> None:
    """After any mutation any other of its stage applies, or says that there is no place for it."""
    names = [name for name, found in mutations().items() if found.stage is stage]
    applied, broken = 0, []
    for first, second in itertools.product(names, repeat=2):
        try:
            once = spoil(EXAMPLES.get(first, first), stages[stage], context)
            applied += type(spoil(EXAMPLES.get(second, second), once, context)) is stage
        except NotApplicableError:
            pass
        except Exception as error:  # noqa: BLE001 - every pair is to be tried
            broken.append(f"{first} + {second}: {error!r}")

    assert broken == []
    assert applied > len(names)


TOKENS: Mapping[str, Mapping[str, Any]] = {
    "claims.expired(by_s=600)": {"iat": 1_799_999_335, "exp": 1_799_999_395},
    "claims.issued_ahead(by_s=60)": {"iat": 1_800_000_055, "exp": 1_800_000_355},
    "claims.issued_before(by_s=60)": {"iat": 1_799_999_935, "exp": 1_800_000_235},
    "claims.not_yet_valid(by_s=60)": {"nbf": 1_800_000_055},
    "claims.expires_before_issued": {"exp": 1_799_999_975},
    "claims.expiry_as(form='text')": {"exp": "1800000295"},
    "claims.expiry_as(form='milliseconds')": {"exp": 1_800_000_295_000},
    "claims.expiry_as(form='fraction')": {"exp": 1_800_000_295.5},
    "claims.audience_list": {"aud": ["Client-A"]},
    "claims.audience_added": {"aud": ["Client-A", "https://other-tool.example"], "azp": "Client-A"},
    "claims.audience_added(azp=False)": {"aud": ["Client-A", "https://other-tool.example"]},
    "claims.audience_behind": {"aud": ["https://other-tool.example", "Client-A"], "azp": "Client-A"},
    "claims.audience_extended": {"aud": "Client-Ax"},
    "claims.audience_swapped_case": {"aud": "cLIENT-a"},
    "claims.issuer_with_slash": {"iss": "http://127.0.0.1:9400/"},
    "claims.issuer_in_capitals": {"iss": "HTTP://127.0.0.1:9400"},
    "claims.nonce_of_earlier": {"nonce": "Nonce-0"},
    "claims.nonce_swapped_case": {"nonce": "nONCE-1"},
    "claims.deployment_swapped_case": {CLAIM + "deployment_id": "dEP-1"},
    "claims.of_second_platform": {
        "iss": "https://second.example",
        "aud": "Client-B",
        CLAIM + "deployment_id": "Dep-9",
    },
    "claims.value(claim='version', value='1.1')": {CLAIM + "version": "1.1"},
    "claims.value(claim='sub', value=None)": {"sub": None},
    "parties.audience_of_second": {"aud": "Client-B"},
    "parties.deployment_of_second": {CLAIM + "deployment_id": "Dep-9"},
    "parties.issuer_extended": {"iss": "http://127.0.0.1:9400.attacker.example"},
    "parties.issuer_of_second": {"iss": "https://second.example"},
    "parties.issuer_over_other_scheme": {"iss": "https://127.0.0.1:9400"},
    "times.expires_after(by_s=4)": {"exp": 1_799_999_999},
    "times.issued_long_ago(by_s=60)": {"iat": 1_799_999_935},
    "times.not_before(by_s=60)": {"nbf": 1_799_999_935},
    "times.not_before_as_text(by_s=60)": {"nbf": "1800000055"},
    "values.as_member(claim='deployment_id')": {CLAIM + "deployment_id": {"Dep-1": True}},
    "values.beside(claim='aud', other=7)": {"aud": ["Client-A", 7]},
    "values.in_list(claim='iss')": {"iss": ["http://127.0.0.1:9400"]},
    "values.padded(claim='nonce')": {"nonce": "Nonce-1 "},
}


@pytest.mark.parametrize("text", TOKENS)
def test_what_a_lie_says(text: str, stages: Mapping[type[Any], Stage], context: Context) -> None:
    """These lies change the named claims to these values, and no other claim."""
    honest = stages[IdToken]
    assert isinstance(honest, IdToken)
    assert isinstance(honest.claims, dict)

    assert spoil(text, honest, context).claims == honest.claims | dict(TOKENS[text])


def test_a_member_of_a_claim_is_taken_out(stages: Mapping[type[Any], Stage], context: Context) -> None:
    """A dotted name reaches into a claim, and its other members stay."""
    spoilt = spoil("claims.without(claim='context.id')", stages[IdToken], context)

    assert spoilt.claims[CLAIM + "context"].keys() == {"label", "title", "type"}


def test_a_duplicate_claim_comes_first(stages: Mapping[type[Any], Stage], context: Context) -> None:
    """Of a duplicate the lie stands first, so a reader who takes the last one sees the truth."""
    raw = spoil("payload.duplicate(claim='sub', first='other')", stages[IdToken], context).claims
    pairs = json.loads(raw, object_pairs_hook=list)

    assert [value for name, value in pairs if name == "sub"] == ["other", "person-7"]


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("signature.by_foreign_key", "foreign"),
        ("header.embedded_key", "foreign"),
        ("header.certificate_chain", "foreign"),
        ("header.signed_by(key='rotated')", "rotated"),
    ],
)
def test_who_really_signed(text: str, key: str, stages: Mapping[type[Any], Stage], context: Context) -> None:
    """A token that somebody else signed fits that key, and not the platform's."""
    forged = sign(spoil(text, stages[IdToken], context), context.keys).text
    keys = {name: jwt.PyJWK(dict(context.keys.jwk(name))).key for name in ("platform", key)}

    assert b"person-7" in jwt.PyJWS().decode(forged, keys[key], algorithms=["RS256"])
    with pytest.raises(jwt.InvalidSignatureError):
        jwt.PyJWS().decode(forged, keys["platform"], algorithms=["RS256"])


@pytest.mark.parametrize(
    ("text", "ending"),
    [
        ("signature.empty", ""),
        ("signature.garbage(text='x')", "x"),
        ("signature.segments(count=1)", None),
        ("signature.truncated(by=2)", b64url(bytes(range(254)))),
        ("signature.extended", b64url(bytes(range(256)) + b"\0")),
        ("signature.zeros", "A" * 342),
        ("signature.segments(count=5)", "AAAA"),
    ],
)
def test_the_end_of_a_spoilt_token(
    text: str, ending: str | None, stages: Mapping[type[Any], Stage], context: Context
) -> None:
    """What stands behind the last full stop is the spoilt signature."""
    spoilt = spoil(text, stages[SignedToken], context).text

    assert spoilt.rpartition(".")[2] == (spoilt if ending is None else ending)


@pytest.mark.parametrize("count", [0, 1, 2, 4, 5, 9])
def test_the_number_of_segments(count: int, stages: Mapping[type[Any], Stage], context: Context) -> None:
    """A token has as many segments as was asked for."""
    spoilt = spoil(f"signature.segments(count={count})", stages[SignedToken], context).text

    assert len(spoilt.split(".")) == max(count, 1)


def test_a_flipped_bit_is_one_bit(stages: Mapping[type[Any], Stage], context: Context) -> None:
    """Of the 256 bytes of the signature the middle one differs, by its lowest bit."""
    expected = bytearray(range(256))
    expected[128] = 129

    spoilt = spoil("signature.flipped_bit", stages[SignedToken], context).text

    assert spoilt.rpartition(".")[2] == b64url(bytes(expected))


def test_lies_about_the_login(stages: Mapping[type[Any], Stage], context: Context) -> None:
    """A parameter is gone, empty, another, or there twice; the others stay as they were."""
    login = stages[LoginRequest]
    assert isinstance(login, LoginRequest)
    others = [pair for pair in login.params if pair[0] != "login_hint"]

    def hints(text: str) -> list[str]:
        spoilt = spoil(text, login, context)
        assert [pair for pair in spoilt.params if pair[0] != "login_hint"] == others
        return [value for name, value in spoilt.params if name == "login_hint"]

    assert hints("login.without(name='login_hint')") == []
    assert hints("login.empty(name='login_hint')") == [""]
    assert hints("login.changed(name='login_hint', value='x')") == ["x"]
    assert hints("login.repeated(name='login_hint', value='x')") == ["hint-person-7", "x"]


def test_lies_about_the_response(stages: Mapping[type[Any], Stage], context: Context) -> None:
    """State, token and manner of the response are spoilt one at a time."""
    honest = stages[AuthResponse]
    assert isinstance(honest, AuthResponse)
    token = dict(honest.fields)["id_token"]
    bad = token.rpartition(".")[0] + ".AAAA"

    def fields(text: str) -> tuple[tuple[str, str], ...]:
        fields: tuple[tuple[str, str], ...] = spoil(text, honest, context).fields
        return fields

    good_state = ("state", "State-ß/+ =&")
    assert fields("response.without(field='state')") == (("id_token", token),)
    assert fields("response.empty(field='id_token')") == (("id_token", ""), good_state)
    assert fields("response.state_altered") == (("id_token", token), ("state", "State-ß/+ =&x"))
    assert fields("response.state_of_earlier") == (("id_token", token), ("state", "State-0"))
    assert fields("response.token_twice(good_first=False)") == (("id_token", bad), ("id_token", token), good_state)
    assert fields("response.sent_again") == (("id_token", "earlier.to.ken"), ("state", "State-0"))
    assert fields("response.error(description='d')") == (
        ("error", "login_required"),
        ("error_description", "d"),
        good_state,
    )
    assert spoil("response.by_get", honest, context) == dataclasses.replace(honest, method="GET")
    assert json.loads(fields("response.as_json")[0][1]) == dict(honest.fields)


def test_lies_about_the_key_set(stages: Mapping[type[Any], Stage], context: Context) -> None:
    """Status, body and keys of the key set are spoilt one at a time."""
    honest = stages[KeySet]
    assert isinstance(honest, KeySet)
    (key,) = honest.keys

    assert spoil("key_set.status(code=503)", honest, context).status == 503
    assert spoil("key_set.body(text='{')", honest, context).body == b"{"
    assert spoil("key_set.no_keys", honest, context).keys == ()
    assert spoil("key_set.member(name='use', value='enc')", honest, context).keys == (dict(key) | {"use": "enc"},)
    assert "kid" not in spoil("key_set.without_member(name='kid')", honest, context).keys[0]
    assert [k["kid"] for k in spoil("key_set.also(key='rotated')", honest, context).keys] == [
        key["kid"],
        context.keys.kid("rotated"),
    ]
    assert [(k["kty"], k["kid"]) for k in spoil("key_set.same_kid_other_type", honest, context).keys] == [
        ("EC", key["kid"]),
        ("RSA", key["kid"]),
    ]


def test_keys_that_ought_not_to_be_in_a_set(stages: Mapping[type[Any], Stage], context: Context) -> None:
    """A secret has the id of the right key and can be read; private parts and a crowd leave the public key as it is."""
    honest = stages[KeySet]
    assert isinstance(honest, KeySet)
    (key,) = honest.keys

    shared, right = spoil("key_set.with_secret(secret='text:hush')", honest, context).keys
    (private,) = spoil("key_set.with_private_members", honest, context).keys
    crowd = spoil("key_set.among_many(count=7)", honest, context).keys

    assert (shared["kty"], shared["kid"], shared["k"], right) == ("oct", key["kid"], b64url(b"hush"), key)
    assert {name: private[name] for name in key} == key
    assert private.keys() - key.keys() == {"d", "p", "q", "dp", "dq", "qi"}
    assert (len({k["kid"] for k in crowd}), crowd[-1]) == (8, key)


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("key_set.redirect", "http://127.0.0.1:9400/canary/jwks"),
        ("key_set.redirect(to='file:///etc/hostname')", "file:///etc/hostname"),
    ],
)
def test_where_a_key_set_has_moved(text: str, place: str, stages: Mapping[type[Any], Stage], context: Context) -> None:
    """Whoever asks is sent to the attacker's key set, or where the scenario says."""
    spoilt = spoil(text, stages[KeySet], context)

    assert (spoilt.status, dict(spoilt.headers)["location"]) == (302, place)


@pytest.mark.parametrize(
    "text",
    [
        "claims.of_second_platform",
        "claims.nonce_of_earlier",
        "claims.without_attribute(attribute='email')",
        "claims.expiry_as(form='roman')",
        "payload.encoded(encoding='ascii')",
        "payload.encoded(encoding='klingon')",
        "parties.issuer_of_second",
        "parties.deployment_of_second",
        "values.in_list(claim='azp')",
        "values.padded(claim='exp')",
    ],
)
def test_a_lie_without_its_matter_does_not_apply(text: str, stages: Mapping[type[Any], Stage], keys: KeyRing) -> None:
    """Without a second platform, an earlier login, a configured attribute or a fitting word there is no such lie."""
    bare = Context(launch=make_launch(), keys=keys, canary_url="http://127.0.0.1:9400/canary/jwks")

    with pytest.raises(NotApplicableError):
        spoil(text, stages[IdToken], bare)


@pytest.mark.parametrize("by", ["d", "_", "-"])
def test_another_character_is_another_whatever_the_tool_chose(
    by: str, stages: Mapping[type[Any], Stage], context: Context
) -> None:
    """State and nonce are the tool's own chance, and whether a lie about them can be told does not hang on it."""
    token, response = stages[IdToken], stages[AuthResponse]
    assert isinstance(response, AuthResponse)
    assert isinstance(token, IdToken)
    told = dataclasses.replace(response, fields=(("state", f"ab{by}"),))
    assert isinstance(token.claims, Mapping)
    named = dataclasses.replace(token, claims={**token.claims, "nonce": f"ab{by}"})

    state = dict(spoil(f"drawn.state_character(place=2, by='{by}')", told, context).fields)["state"]
    nonce = spoil(f"drawn.other_character(claim='nonce', place=2, by='{by}')", named, context).claims["nonce"]
    assert [(len(text), text[:2], text[2] != by) for text in (state, nonce)] == [(3, "ab", True)] * 2
