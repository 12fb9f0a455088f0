from __future__ import annotations

import base64
import dataclasses
import json
from collections.abc import Mapping
from typing import Any

import pytest

from mockplatform import flow, flow11
from mockplatform.keys import KeyRing
from mockplatform.model import AuthResponse, BasicLaunch, IdToken, LoginRequest, SignedLaunch
from mockplatform.mutation import Context, Earlier, NotApplicableError, bind
from mockplatform.oauth import oauth1
from tests.mockplatform.makers import LTI11, NOW_S, make_auth_request, make_launch, make_registration

MIGRATION = "https://purl.imsglobal.org/spec/lti/claim/lti1p1"
NAMED = {"email": "user_email", "course_id": "Course-ID"}


@pytest.fixture
def context(keys: KeyRing) -> Context:
    """The tool is registered for both versions of LTI and has attributes; nothing was launched before."""
    return Context(
        launch=make_launch(registration=make_registration(attributes=NAMED, **LTI11)),
        keys=keys,
        canary_url="http://127.0.0.1:9400/canary/jwks",
    )


@pytest.fixture
def basic(context: Context) -> BasicLaunch:
    return flow11.basic_launch(context.launch, now_s=NOW_S, nonce="Nonce1")


@pytest.fixture
def form(basic: BasicLaunch) -> SignedLaunch:
    return flow11.signed(basic)


@pytest.fixture
def token(context: Context) -> IdToken:
    return flow.id_token(context.launch, make_auth_request(), kid="key-1", now_s=NOW_S)


def after(context: Context, *earlier: SignedLaunch) -> Context:
    return dataclasses.replace(context, earlier=tuple(Earlier(signed=one) for one in earlier))


def with_tool(context: Context, **values: Any) -> Context:
    registration = make_registration(**LTI11 | values)
    return dataclasses.replace(context, launch=make_launch(registration=registration))


def spoil(text: str, value: Any, context: Context) -> Any:
    return bind(text, where="test")(value, context)


def values(params: tuple[tuple[str, str], ...], name: str) -> list[str]:
    return [value for known, value in params if known == name]


CHANGED: Mapping[str, tuple[str, list[str]]] = {
    "basic.without(name='oauth_nonce')": ("oauth_nonce", []),
    "basic.without(name='resource_link_id')": ("resource_link_id", []),
    "basic.param(name='lti_version', value='LTI-2p0')": ("lti_version", ["LTI-2p0"]),
    "basic.param(name='oauth_consumer_key', value='')": ("oauth_consumer_key", [""]),
    "basic.param(name='platform_state', value='s')": ("platform_state", ["s"]),
    "basic.added(name='user_id', value='other')": ("user_id", ["legacy-person-7", "other"]),
    "basic.swapped_case": ("oauth_consumer_key", ["kEY4CONSUMER0OF0lti11AA"]),
    "basic.swapped_case(name='roles')": ("roles", ["iNSTRUCTOR"]),
    "basic.timestamp": ("oauth_timestamp", ["1799996400"]),
    "basic.timestamp(by_s=600)": ("oauth_timestamp", ["1800000600"]),
    "basic.timestamp_as(form='milliseconds')": ("oauth_timestamp", ["1800000000000"]),
    "basic.timestamp_as(form='fraction')": ("oauth_timestamp", ["1800000000.5"]),
    "basic.timestamp_as(form='negative')": ("oauth_timestamp", ["-1800000000"]),
    "basic.timestamp_as(form='text')": ("oauth_timestamp", ["now"]),
    "basic.timestamp_as(form='iso')": ("oauth_timestamp", ["2099-01-01T00:00:00Z"]),
    "basic.method(name='RSA-SHA1')": ("oauth_signature_method", ["RSA-SHA1"]),
    "basic.without_attribute(attribute='course_id')": ("custom_course_id", []),
    "basic.attribute(attribute='email', value='')": ("custom_user_email", [""]),
}


@pytest.mark.parametrize("text", CHANGED)
def test_what_a_signed_lie_says(text: str, basic: BasicLaunch, context: Context) -> None:
    """These lies change one parameter to these values and nothing else."""
    name, expected = CHANGED[text]
    spoilt = spoil(text, basic, context)

    assert values(spoilt.params, name) == expected
    assert {p for p in spoilt.params if p[0] != name} == {p for p in basic.params if p[0] != name}
    assert dataclasses.replace(spoilt, params=basic.params) == basic


def test_a_custom_parameter_under_its_raw_name(basic: BasicLaunch, context: Context) -> None:
    """The value of the normalised name travels under the raw one, and only there."""
    spoilt = spoil("basic.raw_custom_name(attribute='course_id')", basic, context)

    assert values(spoilt.params, "custom_Course-ID") == ["course-9"]
    assert values(spoilt.params, "custom_course_id") == []
    assert len(spoilt.params) == len(basic.params)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("basic.signed_for(part='scheme', value='https')", "https://tool.example/lti/basic"),
        ("basic.signed_for(part='host', value='other.example')", "http://other.example/lti/basic"),
        ("basic.signed_for(part='port', value='8443')", "http://tool.example:8443/lti/basic"),
        ("basic.signed_for(part='path', value='/')", "http://tool.example/"),
        ("basic.signed_for(part='query', value='x=1')", "http://tool.example/lti/basic?x=1"),
    ],
)
def test_a_signature_for_another_address(text: str, expected: str, basic: BasicLaunch, context: Context) -> None:
    """The form goes where it should, and is signed for another address."""
    spoilt = spoil(text, basic, context)

    assert spoilt == dataclasses.replace(basic, signed_url=expected)
    assert flow11.signed(spoilt).fields[-1] == flow11.signed(dataclasses.replace(basic, url=expected)).fields[-1]


@pytest.mark.parametrize(
    ("url", "text", "expected"),
    [
        ("http://[::1]/a", "basic.signed_for(part='port', value='81')", "http://[::1]:81/a"),
        ("http://[::1]:80/a", "basic.signed_for(part='port', value='')", "http://[::1]/a"),
        ("http://a.example:80/", "basic.signed_for(part='host', value='b.example')", "http://b.example:80/"),
    ],
)
def test_the_parts_of_an_address(url: str, text: str, expected: str, basic: BasicLaunch, context: Context) -> None:
    """Host and port are told apart, even where the host has colons of its own."""
    assert spoil(text, dataclasses.replace(basic, url=url), context).signed_url == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("basic.to(form='capitals')", "http://TOOL.EXAMPLE/lti/basic"),
        ("basic.to(form='explicit_port')", "http://tool.example:80/lti/basic"),
        ("basic.to(form='fragment')", "http://tool.example/lti/basic#top"),
        ("basic.with_query(query='a=1&a=')", "http://tool.example/lti/basic?a=1&a="),
        ("basic.at_launch_url", "http://127.0.0.1:8000/lti/launch"),
    ],
)
def test_where_a_launch_goes(text: str, expected: str, basic: BasicLaunch, context: Context) -> None:
    """The form goes to another spelling of the address, or to another address, and is signed for that."""
    assert spoil(text, basic, context) == dataclasses.replace(basic, url=expected)


def test_a_query_joins_the_one_of_the_launch_url(basic: BasicLaunch, context: Context) -> None:
    """What stands in the query already stays."""
    asked = dataclasses.replace(basic, url="http://tool.example/?tenant=2")

    assert spoil("basic.with_query(query='a=1')", asked, context).url == "http://tool.example/?tenant=2&a=1"


def test_how_a_launch_is_signed(basic: BasicLaunch, context: Context) -> None:
    """Secret, separator and method are spoilt one at a time."""
    change = dataclasses.replace

    assert spoil("basic.secret", basic, context) == change(basic, secret="not-the-secret")
    assert spoil("basic.secret_alone", basic, context) == change(basic, token_secret=None)
    assert spoil("basic.by(method='GET')", basic, context) == change(basic, method="GET")
    assert spoil("basic.signed_for(part='method', value='GET')", basic, context) == change(basic, signed_method="GET")
    plain = flow11.signed(spoil("basic.method(name='PLAINTEXT', really='PLAINTEXT')", basic, context))
    assert plain.fields[-1] == ("oauth_signature", "s%26cret%20of%20LTI%20%C3%BC&")


def test_the_nonce_of_an_earlier_launch(basic: BasicLaunch, context: Context) -> None:
    """The last nonce comes again, with the launch's own timestamp or with the one of then."""
    forms = [
        flow11.signed(flow11.basic_launch(context.launch, now_s=NOW_S - ago, nonce=nonce))
        for ago, nonce in ((120, "First"), (60, "Last"))
    ]
    again = spoil("basic.nonce_of_earlier", basic, after(context, *forms))
    at_once = spoil("basic.nonce_of_earlier(same_timestamp=True)", basic, after(context, *forms))

    assert (values(again.params, "oauth_nonce"), values(again.params, "oauth_timestamp")) == (["Last"], ["1800000000"])
    assert values(at_once.params, "oauth_timestamp") == ["1799999940"]
    assert flow11.signed(again).fields[-1] != forms[-1].fields[-1]


def test_an_earlier_form_comes_again(form: SignedLaunch, context: Context) -> None:
    """A replay is the last earlier form and nothing of the present one."""
    earlier = dataclasses.replace(form, url="http://tool.example/earlier")

    assert spoil("signed.replayed", form, after(context, form, earlier)) == earlier


def test_lies_about_the_signed_form(form: SignedLaunch, context: Context) -> None:
    """Fields, signature and manner of the form are spoilt one at a time, and nothing is signed anew."""

    def fields(text: str) -> tuple[tuple[str, str], ...]:
        spoilt = spoil(text, form, context)
        assert dataclasses.replace(spoilt, fields=form.fields) == form
        found: tuple[tuple[str, str], ...] = spoilt.fields
        return found

    honest = dict(form.fields)
    assert fields("signed.without(name='oauth_signature')") == form.fields[:-1]
    assert dict(fields("signed.changed(name='user_id', value='x')")) == honest | {"user_id": "x"}
    assert fields("signed.added(name='roles', value='x')") == (*form.fields, ("roles", "x"))
    assert dict(fields("signed.flipped")).keys() == honest.keys()
    assert spoil("signed.by(method='GET')", form, context) == dataclasses.replace(form, method="GET")
    elsewhere = dataclasses.replace(form, url="http://127.0.0.1:8000/lti/launch")
    assert spoil("signed.at_launch_url", form, context) == elsewhere
    as_json = spoil("signed.as_json", form, context)
    assert as_json.content_type == "application/json"
    assert json.loads(as_json.fields[0][1]) == honest


def test_a_flipped_bit_is_one_bit(form: SignedLaunch, context: Context) -> None:
    """The spoilt signature has the right length and one wrong bit."""
    good, bad = (
        int.from_bytes(base64.b64decode(dict(fields)["oauth_signature"]), "big")
        for fields in (form.fields, spoil("signed.flipped", form, context).fields)
    )

    assert (good ^ bad).bit_count() == 1


def test_a_login_at_the_address_for_lti11(context: Context) -> None:
    """The login of LTI 1.3 goes to the launch URL of LTI 1.1, as it is."""
    login = flow.login_request(context.launch)
    spoilt = spoil("login.at_basic_url", login, context)

    assert isinstance(spoilt, LoginRequest)
    assert spoilt == dataclasses.replace(login, url="http://tool.example/lti/basic")


def test_a_token_at_the_address_for_lti11(context: Context) -> None:
    """The answer of LTI 1.3 goes to the launch URL of LTI 1.1, as it is."""
    response = AuthResponse(url="http://tool.example/lti/launch", fields=(("id_token", "x.y.z"), ("state", "s")))
    spoilt = spoil("response.at_basic_url", response, context)

    assert spoilt == dataclasses.replace(response, url="http://tool.example/lti/basic")


def migration(text: str, token: IdToken, context: Context) -> dict[str, str]:
    """The claim, when nothing else of the token has changed."""
    spoilt = spoil(text, token, context)
    assert {name: value for name, value in spoilt.claims.items() if name != MIGRATION} == token.claims
    assert spoilt.header == token.header
    claim: dict[str, str] = spoilt.claims[MIGRATION]
    return claim


def sign(**changed: str) -> str:
    """The signature of an honest token's values, but for these."""
    right = {
        "secret": LTI11["consumer_secret"],
        "consumer_key": LTI11["consumer_key"],
        "deployment_id": "Dep-1",
        "issuer": "http://127.0.0.1:9400",
        "client_id": "Client-A",
        "exp": "1800000295",
        "nonce": "Nonce-1",
    }
    return oauth1.migration_signature(**right | changed)


def test_the_right_claim_of_migration(token: IdToken, context: Context) -> None:
    """The claim names the person's former id and the consumer key, signed over this very token."""
    assert migration("migration.claim", token, context) == {
        "user_id": "legacy-person-7",
        "oauth_consumer_key": LTI11["consumer_key"],
        "oauth_consumer_key_sign": sign(),
    }


def test_the_claim_is_signed_over_what_the_token_says(token: IdToken, context: Context) -> None:
    """Whatever another mutation did to the token before is signed, and a list of audiences as the client's id."""
    spoilt = spoil("claims.value(claim='exp', value=7)", token, context)
    listed = spoil("claims.audience_list", token, context)

    assert migration("migration.claim", spoilt, context)["oauth_consumer_key_sign"] == sign(exp="7")
    assert migration("migration.claim", listed, context)["oauth_consumer_key_sign"] == sign()


def test_wrong_claims_of_migration(token: IdToken, context: Context) -> None:
    """Each wrong claim differs from the right one in the member that it is about."""
    right = migration("migration.claim", token, context)
    raw = base64.b64decode(sign())
    expected = {
        "migration.of_user(user_id='legacy-9')": {"user_id": "legacy-9"},
        "migration.unknown_key(key='k')": {
            "oauth_consumer_key": "k",
            "oauth_consumer_key_sign": sign(consumer_key="k"),
        },
        "migration.wrong_secret(value='s')": {"oauth_consumer_key_sign": sign(secret="s")},
        "migration.wrong_order": {
            "oauth_consumer_key_sign": sign(consumer_key="Dep-1", deployment_id=LTI11["consumer_key"])
        },
        "migration.signed_for(part='exp', value='9')": {"oauth_consumer_key_sign": sign(exp="9")},
        "migration.signed_for(part='nonce', value='n')": {"oauth_consumer_key_sign": sign(nonce="n")},
        "migration.signed_for(part='client_id', value='c')": {"oauth_consumer_key_sign": sign(client_id="c")},
        "migration.written_as(form='hex')": {"oauth_consumer_key_sign": raw.hex()},
        "migration.written_as(form='base64url')": {
            "oauth_consumer_key_sign": base64.urlsafe_b64encode(raw).decode().rstrip("=")
        },
    }

    for text, members in expected.items():
        assert migration(text, token, context) == right | members, text
    for name in right:
        left = {known: value for known, value in right.items() if known != name}
        assert migration(f"migration.without(name='{name}')", token, context) == left


def test_a_member_of_the_claim_has_a_short_name(token: IdToken, context: Context) -> None:
    """Other lies about claims reach into the one of migration."""
    spoilt = spoil("migration.claim", token, context)

    assert "user_id" not in spoil("claims.without(claim='lti1p1.user_id')", spoilt, context).claims[MIGRATION]


@pytest.mark.parametrize(
    "text",
    [
        "basic.without(name='oauth_nonse')",
        "basic.swapped_case(name='oauth_timestamp')",
        "basic.nonce_of_earlier",
        "basic.method(name='RSA-SHA1', really='RSA-SHA1')",
        "basic.timestamp_as(form='roman')",
        "basic.signed_for(part='fragment', value='x')",
        "basic.to(form='punycode')",
        "basic.without_attribute(attribute='person_id')",
        "basic.attribute(attribute='person_id', value='')",
        "basic.raw_custom_name(attribute='email')",
    ],
)
def test_a_signed_lie_without_its_matter_does_not_apply(text: str, basic: BasicLaunch, context: Context) -> None:
    """What is not there cannot be spoilt, and what does not exist cannot be done."""
    with pytest.raises(NotApplicableError):
        spoil(text, basic, context)


@pytest.mark.parametrize(
    ("url", "form"),
    [
        ("http://127.0.0.1/", "capitals"),
        ("https://tool.example:443/", "explicit_port"),
        ("http://tool.example/#x", "fragment"),
    ],
)
def test_an_address_that_cannot_be_respelt(url: str, form: str, basic: BasicLaunch, context: Context) -> None:
    """An address without letters, or with the port or a fragment already, has no such other form."""
    with pytest.raises(NotApplicableError):
        spoil(f"basic.to(form='{form}')", dataclasses.replace(basic, url=url), context)


def test_a_spoilt_timestamp_cannot_be_shifted(basic: BasicLaunch, context: Context) -> None:
    """A timestamp that is no number any more has no moment an hour before it."""
    with pytest.raises(NotApplicableError, match="no whole number"):
        spoil("basic.timestamp", spoil("basic.timestamp_as(form='text')", basic, context), context)


@pytest.mark.parametrize(
    "text",
    [
        "signed.without(name='roless')",
        "signed.changed(name='roless', value='x')",
        "signed.replayed",
    ],
)
def test_a_lie_about_the_form_without_its_matter(text: str, form: SignedLaunch, context: Context) -> None:
    """What is not in the form cannot be spoilt, and without an earlier form there is no replay."""
    with pytest.raises(NotApplicableError):
        spoil(text, form, context)


@pytest.mark.parametrize("signature", ["", "secret&"])
def test_a_signature_without_bits(signature: str, form: SignedLaunch, context: Context) -> None:
    """An empty signature and a PLAINTEXT one have no bit to flip."""
    bare = dataclasses.replace(form, fields=(("oauth_signature", signature),))

    with pytest.raises(NotApplicableError):
        spoil("signed.flipped", bare, context)
    with pytest.raises(NotApplicableError):
        spoil("signed.in_header", dataclasses.replace(form, fields=()), context)


@pytest.mark.parametrize("url", ["", "http://tool.example/lti/basic"])
def test_a_tool_with_one_address(url: str, basic: BasicLaunch, form: SignedLaunch, context: Context) -> None:
    """A tool of one version, or with one address for both, cannot be launched at the other's."""
    one = with_tool(context, launch_url=url)

    with pytest.raises(NotApplicableError):
        spoil("basic.at_launch_url", basic, one)
    with pytest.raises(NotApplicableError):
        spoil("signed.at_launch_url", form, one)
    with pytest.raises(NotApplicableError):
        spoil("login.at_basic_url", flow.login_request(make_launch()), with_tool(context, lti11_launch_url=""))
    with pytest.raises(NotApplicableError):
        spoil("response.at_basic_url", AuthResponse(url=url, fields=()), with_tool(context, lti11_launch_url=""))


@pytest.mark.parametrize("lacking", ["consumer_key", "consumer_secret"])
def test_migration_needs_key_and_secret(lacking: str, token: IdToken, context: Context) -> None:
    """A registration that was never one for LTI 1.1 has nothing to migrate from."""
    with pytest.raises(NotApplicableError, match="registration has no LTI 1.1"):
        spoil("migration.claim", token, with_tool(context, **{lacking: ""}))


@pytest.mark.parametrize(
    "text",
    ["migration.without(name='sub')", "migration.signed_for(part='sub', value='x')", "migration.written_as(form='x')"],
)
def test_a_lie_about_migration_without_its_matter(text: str, token: IdToken, context: Context) -> None:
    """There are no members, signed values and forms but those of the claim."""
    with pytest.raises(NotApplicableError):
        spoil(text, token, context)
