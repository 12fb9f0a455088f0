from __future__ import annotations

import dataclasses
from typing import Any
from urllib.parse import urlencode

import pytest
from oauthlib.oauth1 import RequestValidator, SignatureOnlyEndpoint

from mockplatform import flow11
from mockplatform.errors import UsageError
from mockplatform.keys import KeyRing
from mockplatform.model import BasicLaunch, Launch, SignedLaunch
from mockplatform.mutation import Context, bind, through
from tests.mockplatform.makers import (
    COURSE,
    INSTRUCTOR,
    LTI11,
    NOW_S,
    PERSON,
    PLATFORM,
    make_launch,
    make_platform,
    make_registration,
)

CONTEXT_ROLE = "http://purl.imsglobal.org/vocab/lis/v2/membership"


def honest(**values: Any) -> Launch:
    return make_launch(registration=make_registration(**LTI11), **values)


def basic(launch: Launch | None = None) -> BasicLaunch:
    return flow11.basic_launch(launch or honest(), now_s=NOW_S, nonce="Nonce4of24letters0digits")


def make_context() -> Context:
    return Context(launch=honest(), keys=KeyRing(), canary_url=f"{PLATFORM}/canary")


class Tool(RequestValidator):
    """A tool that leaves all checking to oauthlib."""

    timestamp_lifetime = 10**10
    enforce_ssl = False

    def __init__(self, secret: str) -> None:
        self.secret = secret
        self.seen: list[str] = []

    @property
    def dummy_client(self) -> str:
        return "dummy-client"

    def validate_client_key(self, client_key: str, request: Any) -> bool:
        return client_key == LTI11["consumer_key"]

    def get_client_secret(self, client_key: str, request: Any) -> str:
        return self.secret

    def validate_timestamp_and_nonce(
        self,
        client_key: str,
        timestamp: str,
        nonce: str,
        request: Any,
        request_token: Any = None,
        access_token: Any = None,
    ) -> bool:
        self.seen.append(nonce)
        return True

    def accepts(self, launch: SignedLaunch) -> bool:
        headers = {"Content-Type": launch.content_type, **{name.title(): value for name, value in launch.headers}}
        asked = (launch.url, launch.method, urlencode(launch.fields), headers)
        accepted, _ = SignatureOnlyEndpoint(self).validate_request(*asked)
        return bool(accepted)


@pytest.fixture
def tool() -> Tool:
    return Tool(LTI11["consumer_secret"])


def test_the_parameters_of_an_honest_launch() -> None:
    """A launch of a resource link has exactly these parameters, each once."""
    launch = basic()

    assert (launch.url, launch.method) == ("http://tool.example/lti/basic", "POST")
    assert dict(launch.params) == {
        "lti_message_type": "basic-lti-launch-request",
        "lti_version": "LTI-1p0",
        "resource_link_id": "link-3",
        "resource_link_title": "Quiz 3",
        "context_id": "course-9",
        "context_type": "CourseSection",
        "context_label": "BIO 7",
        "context_title": "Zellen & Gewebe",
        "launch_presentation_locale": "de-DE",
        "launch_presentation_document_target": "iframe",
        "launch_presentation_return_url": f"{PLATFORM}/return?launch=1",
        "tool_consumer_info_product_family_code": "mockplatform",
        "tool_consumer_info_version": "1",
        "tool_consumer_instance_guid": "guid-1",
        "tool_consumer_instance_name": "mockplatform",
        "user_id": "legacy-person-7",
        "roles": "Instructor",
        "lis_person_name_given": "Zoë",
        "lis_person_name_family": "Nguyễn",
        "lis_person_name_full": "Zoë Nguyễn",
        "lis_person_contact_email_primary": "zoe@example.org",
        "custom_resource": "link-3",
        "oauth_consumer_key": LTI11["consumer_key"],
        "oauth_signature_method": "HMAC-SHA1",
        "oauth_timestamp": "1800000000",
        "oauth_nonce": "Nonce4of24letters0digits",
        "oauth_version": "1.0",
        "oauth_callback": "about:blank",
    }
    assert len(dict(launch.params)) == len(launch.params)


def test_a_person_has_another_id_in_lti11() -> None:
    """The id of LTI 1.1 is not the subject of LTI 1.3."""
    assert PERSON.legacy_id != PERSON.sub


def test_attributes_travel_in_custom_parameters() -> None:
    """What the registration names for email, course and person travels under the normalised name."""
    named = {"email": "user_email", "course_id": "Course-ID", "person_id": "Person.Ref"}
    sent = dict(basic(make_launch(registration=make_registration(attributes=named, **LTI11))).params)

    assert {name: value for name, value in sent.items() if name.startswith("custom_")} == {
        "custom_resource": "link-3",
        "custom_user_email": "zoe@example.org",
        "custom_course_id": "course-9",
        "custom_person_ref": "person-7",
    }


@pytest.mark.parametrize(
    ("roles", "expected"),
    [
        ((), ""),
        ((INSTRUCTOR, f"{CONTEXT_ROLE}#Learner"), "Instructor,Learner"),
        ((f"{CONTEXT_ROLE}/Instructor#TeachingAssistant",), "urn:lti:role:ims/lis/Instructor/TeachingAssistant"),
        (
            ("http://purl.imsglobal.org/vocab/lis/v2/institution/person#Faculty",),
            "urn:lti:instrole:ims/lis/Faculty",
        ),
        (("http://purl.imsglobal.org/vocab/lis/v2/system/person#SysAdmin",), "urn:lti:sysrole:ims/lis/SysAdmin"),
        (("https://vendor.example/role#X",), "https://vendor.example/role#X"),
    ],
)
def test_roles_are_spelt_as_in_lti11(roles: tuple[str, ...], expected: str) -> None:
    """Context roles have short names, other known ones a URN, unknown ones their own; commas join them."""
    assert dict(basic(honest(roles=roles)).params)["roles"] == expected


def test_a_nonce_is_24_letters_and_digits() -> None:
    """Whatever an id looks like, its nonce fits the checkers, and another id has another nonce."""
    nonces = {flow11.nonce(opaque) for opaque in ("launch-1", "launch-2", "aB_-" * 20, "")}

    assert len(nonces) == 4
    assert all(len(nonce) == 24 and nonce.isascii() and nonce.isalnum() for nonce in nonces)


def test_the_signature_comes_last() -> None:
    """The signed form is the launch with a signature more."""
    launch = basic()
    form = flow11.signed(launch)

    assert (form.url, form.method, form.fields[:-1]) == (launch.url, "POST", launch.params)
    assert (form.content_type, form.headers) == ("application/x-www-form-urlencoded", ())
    assert form.fields[-1][0] == "oauth_signature"


def test_no_secret_is_shown() -> None:
    """Neither a registration nor a launch tells its secret when it is printed."""
    assert LTI11["consumer_secret"] not in repr(honest())
    assert LTI11["consumer_secret"] not in repr(basic())


def test_an_honest_launch_is_accepted(tool: Tool) -> None:
    """oauthlib, with its checks of key, nonce and timestamp, accepts the form."""
    assert tool.accepts(flow11.signed(basic()))
    assert tool.seen == ["Nonce4of24letters0digits"]


ACCEPTED = [
    "basic.extra",
    "basic.added(name='foo', value='bar')",
    "basic.param(name='roles', value='Instructor, Learner')",
    "basic.with_query",
    "basic.with_query(query='a=1')",
    "basic.by(method='GET')",
    "basic.to(form='capitals')",
    "basic.to(form='explicit_port')",
    "basic.to(form='fragment')",
    "basic.without(name='oauth_version')",
    "basic.without(name='user_id')",
    "basic.method(name='HMAC-SHA256', really='HMAC-SHA256')",
]


@pytest.mark.parametrize("text", ACCEPTED)
def test_what_is_signed_right_is_accepted(text: str, tool: Tool) -> None:
    """Whatever a launch says and wherever it goes: if it is signed by the rules, oauthlib accepts it."""
    assert tool.accepts(flow11.signed(through(basic(), [bind(text, where="test")], make_context())))


def test_plaintext_is_accepted_where_it_is_allowed() -> None:
    """A launch whose signature is its secret is right by RFC 5849, so refusing it is the tool's own decision."""
    # One that needs no encoding: oauthlib decodes OAuth parameters of a form twice.
    lies = ["basic.secret(value='plain')", "basic.method(name='PLAINTEXT', really='PLAINTEXT')"]
    launch = through(basic(), [bind(lie, where="test") for lie in lies], make_context())

    assert Tool("plain").accepts(flow11.signed(launch))


REFUSED = [
    "basic.secret",
    "basic.secret(value='')",
    "basic.secret_alone",
    "basic.signed_for(part='method', value='GET')",
    "basic.signed_for(part='scheme', value='https')",
    "basic.signed_for(part='host', value='other.example')",
    "basic.signed_for(part='port', value='8443')",
    "basic.signed_for(part='path', value='/other')",
    "basic.signed_for(part='query', value='x=1')",
    "basic.method(name='HMAC-SHA256')",
    "basic.method(name='HMAC-SHA1', really='HMAC-SHA256')",
    "basic.method(name='hmac-sha1')",
    "basic.swapped_case",
    "basic.without(name='oauth_nonce')",
    "basic.timestamp_as(form='milliseconds')",
    "basic.timestamp_as(form='text')",
    "signed.flipped",
    "signed.changed(name='oauth_signature', value='')",
    "signed.without(name='oauth_signature')",
    "signed.without(name='user_id')",
    "signed.changed(name='roles', value='Learner')",
    "signed.added(name='roles', value='Administrator')",
    "signed.by(method='GET')",
    "signed.at_launch_url",
    "signed.as_json",
]


@pytest.mark.parametrize("text", REFUSED)
def test_what_is_not_signed_right_is_refused(text: str, tool: Tool) -> None:
    """Each of these lies makes oauthlib refuse what it accepts without it."""
    context, lies = make_context(), [bind(text, where="test")]

    assert not tool.accepts(through(flow11.signed(through(basic(), lies, context)), lies, context))


def test_oauth_may_stand_in_the_header(tool: Tool) -> None:
    """The same launch with its OAuth parameters in the header is still signed right."""
    moved = through(flow11.signed(basic()), [bind("signed.in_header", where="test")], make_context())

    assert not any(name.startswith("oauth_") for name, _ in moved.fields)
    assert tool.accepts(moved)


def test_a_launch_is_signed_as_it_says() -> None:
    """What is signed may differ from what is sent; then only the signature differs."""
    launch = basic()
    lied = flow11.signed(dataclasses.replace(launch, signed_url="http://other.example/"))

    assert lied.url == launch.url
    assert lied.fields[:-1] == launch.params
    assert lied.fields[-1] != flow11.signed(launch).fields[-1]


def test_where_it_is_shown() -> None:
    """A launch in a window says so (LTI 1.1, section 3: launch_presentation_document_target)."""
    assert dict(basic(honest(document_target="window")).params)["launch_presentation_document_target"] == "window"


@pytest.mark.parametrize(("unknown", "sent"), [("literal", "$No.such"), ("empty", ""), ("omit", None)])
def test_variables_that_nobody_knows(keys: KeyRing, unknown: str, sent: str | None) -> None:
    """The quirk about them holds for LTI 1.1, too."""
    tool = make_registration(**LTI11, custom={"x": "$No.such"})
    platform = make_platform(keys, registrations=(tool,), quirks={"custom.unknown": unknown})
    launch = platform.intend(tool, person=PERSON, roles=[INSTRUCTOR], course=COURSE)

    assert dict(platform.begin_basic(launch).response.fields).get("custom_x") == sent


@pytest.mark.parametrize("message", ["deep_linking", "submission_review", "data_privacy"])
def test_the_launch_of_a_link_is_the_only_message(keys: KeyRing, message: str) -> None:
    """No other message is sent as if it were one."""
    platform = make_platform(keys, registrations=(make_registration(**LTI11),))

    with pytest.raises(UsageError, match=f"message '{message}': LTI 1.1 has none such here"):
        platform.begin_basic(honest(message=message))
