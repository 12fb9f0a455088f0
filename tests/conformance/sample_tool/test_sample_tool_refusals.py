"""Every step refuses what it guards against, tells the reason, and leaves no session."""

from __future__ import annotations

import base64
import json
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa

from conformance.sample_tool import Integration

if TYPE_CHECKING:
    from tests.conformance.sample_tool.conftest import Browser, Reply

OpenTool = Callable[..., "Browser"]

NOW = time.time()
LTI = "https://purl.imsglobal.org/spec/lti/claim/"


def encoded(data: bytes) -> str:
    """Base64url without padding."""
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def with_payload(data: bytes) -> Callable[[str], str]:
    """Puts another payload into a token."""
    return lambda token: ".".join((token.split(".")[0], encoded(data), token.split(".")[2]))


def assert_refused(browser: Browser, reply: Reply, *, status: int, error: str) -> None:
    """The reply is a refusal: status, header, a page for people, and no session."""
    assert (reply.status, reply.error) == (status, error)
    assert reply.headers["content-type"].startswith("text/html")
    assert "Welcome" not in reply.text
    assert "Support reference" in reply.text
    assert browser.me().status == 401


INVALID: dict[str, tuple[dict[str, Any], str]] = {
    "no token": ({"form": {"id_token": []}}, 'type="MissingParameter", code=1001, ref="SEC 5.1.1.3"'),
    "empty token": ({"form": {"id_token": ""}}, 'type="MissingParameter", code=1001, ref="SEC 5.1.1.3"'),
    "token twice": ({"respell": lambda token: [token, token]}, 'type="MissingParameter", code=1001, ref="SEC 5.1.1.3"'),
    "two parts": ({"respell": lambda t: t.rpartition(".")[0]}, 'type="InvalidJson", code=1001, ref="SEC 5.1.2"'),
    "padding": ({"respell": lambda t: t + "=="}, 'type="InvalidJson", code=1001, ref="SEC 5.1.2"'),
    "blank": ({"respell": lambda t: " " + t}, 'type="InvalidJson", code=1001, ref="SEC 5.1.2"'),
    "not JSON": ({"respell": with_payload(b"no")}, 'type="InvalidJson", code=1001, ref="SEC 5.1.2"'),
    "array": ({"respell": with_payload(b"[]")}, 'type="InvalidJson", code=1001, ref="SEC 5.1.2"'),
    "not UTF-8": ({"respell": with_payload(b'{"a":"\xff"}')}, 'type="InvalidJson", code=1001, ref="SEC 5.1.2"'),
    "BOM": ({"respell": with_payload(b"\xef\xbb\xbf{}")}, 'type="InvalidJson", code=1001, ref="SEC 5.1.2"'),
    "twice": ({"respell": with_payload(b'{"a":{"b":1,"b":1}}')}, 'type="InvalidJson", code=1001, ref="SEC 5.1.2"'),
    "infinite": ({"respell": with_payload(b'{"exp":Infinity}')}, 'type="InvalidJson", code=1001, ref="SEC 5.1.2"'),
    "surrogate": ({"respell": with_payload(b'{"a":"\\ud800"}')}, 'type="InvalidJson", code=1001, ref="SEC 5.1.2"'),
    "deep": (
        {"respell": with_payload(b'{"a":' + b"[" * 100 + b"]" * 100 + b"}")},
        'type="InvalidJson", code=1001, ref="SEC 5.1.2"',
    ),
    "deeper": ({"respell": with_payload(b"[" * 200_000)}, 'type="InvalidJson", code=1001, ref="SEC 5.1.2"'),
    "large": (
        {"respell": with_payload(json.dumps({"a": "x" * (1 << 20)}).encode())},
        'type="InvalidJson", code=1001, ref="SEC 5.1.2"',
    ),
    "no iat": ({"iat": None}, 'type="MissingClaim", code=1001, ref="SEC 5.1.3-8"'),
    "iat text": ({"iat": "1"}, 'type="InvalidClaim", code=1001, ref="SEC 5.1.3-8"'),
    "exp in milliseconds": ({"exp": NOW * 1000}, 'type="InvalidClaim", code=1001, ref="SEC 5.1.3-7"'),
    "no version": ({"version": None}, 'type="MissingClaim", code=1021, ref="CORE 5.3.2"'),
    "version": ({"version": "1.3"}, 'type="InvalidClaim", code=1021, ref="CORE 5.3.2"'),
    "no message type": ({"message_type": None}, 'type="MissingClaim", code=1001, ref="CORE 5.3.1"'),
    "message type": ({"message_type": "x"}, 'type="InvalidClaim", code=1001, ref="CORE 5.3.1"'),
    "no deployment": ({"deployment_id": ""}, 'type="MissingClaim", code=1001, ref="CORE 5.3.3"'),
    "deployment": ({"deployment_id": "two"}, 'type="DeploymentNotFound", code=1002'),
    "no target": ({"target_link_uri": None}, 'type="MissingClaim", code=1001, ref="CORE 5.3.4"'),
    "target": ({"target_link_uri": "https://x.example"}, 'type="InvalidClaim", code=1001, ref="CORE 5.3.4"'),
    "no link": ({"resource_link": {"id": 1}}, 'type="MissingClaim", code=1001, ref="CORE 5.3.5"'),
    "no sub": ({"sub": ""}, 'type="MissingClaim", code=1001, ref="CORE 5.3.6"'),
    "control character": ({"sub": "a\x00b"}, 'type="InvalidClaim", code=1001, ref="CORE 5.3.6"'),
    "no roles": ({"roles": None}, 'type="MissingClaim", code=1024, ref="CORE 5.3.7"'),
    "roles": ({"roles": "Learner"}, 'type="InvalidClaim", code=1024, ref="CORE 5.3.7"'),
}

SECURITY: dict[str, tuple[dict[str, Any], str]] = {
    "error": ({"form": {"error": "login_required"}}, 'AuthenticationFailed", code=1001, ref="SEC 5.1.1.5"'),
    "no state": ({"form": {"state": []}}, 'StateMismatch", code=1001, ref="SEC 7.3.1"'),
    "state": ({"form": {"state": "é"}}, 'StateMismatch", code=1001, ref="SEC 7.3.1"'),
    "algorithm": ({"alg": "RS512"}, 'AlgorithmNotAllowed", code=1001, ref="SEC 5.1.3-6"'),
    "crit": ({"header": {"crit": ["x"]}}, 'SignatureInvalid", code=1001, ref="SEC 5.1.3-1"'),
    "typ": ({"header": {"typ": "at+jwt"}}, 'SignatureInvalid", code=1001, ref="SEC 5.1.3-1"'),
    "kid": ({"header": {"kid": "other"}}, 'KidNotFound", code=1001, ref="SEC 6.3"'),
    "empty kid": ({"header": {"kid": ""}}, 'KidMissing", code=1001, ref="SEC 6.3"'),
    "changed": ({"respell": with_payload(b"{}")}, 'SignatureInvalid", code=1001, ref="SEC 5.1.3-1"'),
    "issuer": ({"iss": "https://x.example"}, 'IssuerMismatch", code=1001, ref="SEC 5.1.3-2"'),
    "audience": ({"aud": "x"}, 'AudienceMismatch", code=1001, ref="SEC 5.1.3-3"'),
    "empty audience": ({"aud": []}, 'AudienceMismatch", code=1001, ref="SEC 5.1.3-3"'),
    "more audiences": ({"aud": ["client-1", "x"]}, 'AudienceMismatch", code=1001, ref="SEC 5.1.3-3"'),
    "azp": ({"azp": "x"}, 'AudienceMismatch", code=1001, ref="SEC 5.1.3-5"'),
    "expired": ({"exp": NOW - 61}, 'TokenExpired", code=1001, ref="SEC 5.1.3-7"'),
    "no exp": ({"exp": None}, 'TokenExpired", code=1001, ref="SEC 5.1.3-7"'),
    "exp is true": ({"exp": True}, 'TokenExpired", code=1001, ref="SEC 5.1.3-7"'),
    "from the future": ({"iat": NOW + 900, "exp": NOW + 999}, 'TokenExpired", code=1001, ref="SEC 5.1.3-8"'),
    "exp before iat": ({"exp": NOW - 30, "iat": NOW - 5}, 'TokenExpired", code=1001, ref="SEC 5.1.3-8"'),
    "not yet": ({"nbf": NOW + 900}, 'TokenExpired", code=1001, ref="SEC 5.1.3-7"'),
    "no nonce": ({"nonce": None}, 'NonceMissing", code=1001, ref="SEC 5.1.3-9"'),
    "foreign nonce": ({"nonce": "made-up"}, 'NonceNotFound", code=1001, ref="SEC 5.1.3-9"'),
}


@pytest.mark.parametrize("case", INVALID)
def test_invalid(open_tool: OpenTool, case: str) -> None:
    """What is wrong or incomplete is answered with 400."""
    changes, error = INVALID[case]
    browser = open_tool()
    assert_refused(browser, browser.launch(**changes), status=400, error=f"class=invalid, {error}")


@pytest.mark.parametrize("case", SECURITY)
def test_security(open_tool: OpenTool, case: str) -> None:
    """What cannot be trusted is answered with 401."""
    changes, error = SECURITY[case]
    browser = open_tool()
    # The table was written when the tests were collected, which may be minutes ago.
    late = time.time() - NOW
    moved: dict[str, Any] = {
        name: value + late if name in {"exp", "iat", "nbf"} and isinstance(value, float) else value
        for name, value in changes.items()
    }
    reply = browser.launch(**moved)
    assert_refused(browser, reply, status=401, error=f'class=security, type="{error}')


@pytest.mark.parametrize("answer", [(404, b"{}"), (200, b"<html>"), (200, b"{}"), (200, b'{"keys":null}'), (302, b"")])
def test_key_set_cannot_be_had(open_tool: OpenTool, answer: tuple[int, bytes]) -> None:
    """A key set that does not come, or is none, is nobody's fault in the launch."""
    browser = open_tool()
    browser.platform.answer = lambda: answer
    error = 'class=unknown, type="Unknown", code=1017, ref="SEC 6.3"'
    assert_refused(browser, browser.launch(), status=500, error=error)


def test_key_set_is_unreachable(open_tool: OpenTool) -> None:
    """A platform that gives no answer is a failure as well."""

    def silent() -> tuple[int, bytes]:
        raise TimeoutError

    browser = open_tool()
    browser.platform.answer = silent
    assert "code=1017" in browser.launch().error


@pytest.mark.parametrize("flag", [{"use": "enc"}, {"alg": "RS512"}, {"key_ops": ["encrypt"]}, {"kty": "EC"}])
def test_keys_for_other_purposes_are_not_used(open_tool: OpenTool, flag: dict[str, Any]) -> None:
    """A key is used only for what it was published for."""
    browser = open_tool()
    browser.platform.entries[0] |= flag
    assert 'type="KidNotFound"' in browser.launch().error


@pytest.mark.filterwarnings("ignore::jwt.warnings.InsecureKeyLengthWarning")
def test_weak_keys_are_not_used(open_tool: OpenTool) -> None:
    """A key of 1024 bits is no key."""
    weak = rsa.generate_private_key(public_exponent=65537, key_size=1024)
    numbers = weak.public_key().public_numbers()
    browser = open_tool()
    browser.platform.entries[0] |= {"n": encoded(numbers.n.to_bytes(128))}
    assert 'type="KidNotFound"' in browser.launch(key=weak).error


def test_state_of_another_browser(open_tool: OpenTool) -> None:
    """Who did not begin the login cannot finish it."""
    browser = open_tool()
    login = browser.begin()
    token = browser.platform.sign(browser.claims(login), header={"kid": "main"})
    browser.cookies.clear()
    assert 'type="StateMismatch"' in browser.finish(login, token).error


def test_state_expires(open_tool: OpenTool) -> None:
    """A login that takes longer than ten minutes begins again."""
    moments = iter([NOW, NOW + 601])
    browser = open_tool(clock=lambda: next(moments))
    assert 'type="StateMismatch"' in browser.launch().error


def test_posts_that_are_no_forms(open_tool: OpenTool) -> None:
    """A token in a body of another type is not there."""
    browser = open_tool()
    login = browser.begin()
    token = browser.platform.sign(browser.claims(login), header={"kid": "main"})
    fields = {"id_token": token, "state": next(iter(browser.cookies.values()))}
    for kind in ("application/json", "text/plain", "multipart/form-data; boundary=x"):
        assert "MissingParameter" in browser.send("POST", "/lti/launch", fields, content_type=kind).error


def test_page_says_who_acts_and_what_to_do(open_tool: OpenTool) -> None:
    """A refusal is for people: cause, actor, remedy, code, name and reference."""
    page = open_tool(policy="class").launch(email="").text
    for text in ('data-error-code="1006"', "INVALID_USER_EMAIL", "Who can act", "What to do", "<code>email</code>"):
        assert text in page


def test_way_back_needs_an_authenticated_platform(open_tool: OpenTool) -> None:
    """A link back to the platform, with a text for people and one for logs, is for good tokens only."""
    presentation = {"return_url": "https://lms.example/back?course=1"}
    authenticated = open_tool().launch(launch_presentation=presentation, version="1.2").text
    assert "https://lms.example/back?course=1&amp;lti_errormsg=" in authenticated
    assert "lti_errorlog=INVALID_LTI_VERSION" in authenticated
    assert "lms.example/back" not in open_tool().launch(launch_presentation=presentation, exp=1).text
    script = {"return_url": "javascript:alert(1)"}
    assert "javascript" not in open_tool().launch(launch_presentation=script, version="1.2").text


def test_pages_tell_no_secrets(open_tool: OpenTool) -> None:
    """Neither the token nor the expected state and nonce are shown, and markup is escaped."""
    browser = open_tool()
    page = browser.launch(form={"error": "<script>", "error_description": "<b>x"}).text
    assert "<script" not in page
    assert "<b>x" not in page
    for secret in browser.cookies.values():
        assert secret not in page


def test_unexpected_errors_have_a_page(open_tool: OpenTool) -> None:
    """Whatever breaks inside, a person gets a page and a machine the class, and nothing more."""
    browser = open_tool(without="non-latin-names-crash")
    reply = browser.launch(name="Ωμέγα")
    assert_refused(browser, reply, status=500, error="class=unknown")
    assert "Traceback" not in reply.text


def test_registration_that_went_away(open_tool: OpenTool) -> None:
    """The registration is read again when the person comes back."""
    browser = open_tool()
    login = browser.begin()
    token = browser.platform.sign(browser.claims(login), header={"kid": "main"})
    with browser.app.state.faults.arm("credentials.read", "empty") as gone:
        assert 'type="RegistrationNotFound", code=1002' in browser.finish(login, token).error
    assert gone.hits == 1


def test_attribute_names_must_be_there(open_tool: OpenTool) -> None:
    """A custom field that the registration names has to be sent, whatever it holds."""
    attributes = {"email": "user_email", "course_id": "course_code", "person_id": "person_ref"}
    integration = Integration(
        issuer="https://lms.example",
        client_id="client-1",
        auth_url="https://lms.example/auth",
        jwks_url="https://lms.example/jwks",
        deployment_ids=("1",),
        attributes=attributes,
    )
    good = {"user_email": "e@x.example", "course_code": "k", "person_ref": "p"}
    browser = open_tool(integrations=(integration,), policy="class")
    browser.app.state.store.create_class("https://lms.example", "1", "k", "Prepared")
    assert "Prepared" in browser.launch(custom=good).text
    for field, absent, empty in (("user_email", 1004, 1006), ("course_code", 1005, 1007), ("person_ref", 1018, 1022)):
        rest = {name: value for name, value in good.items() if name != field}
        assert f"code={absent}" in browser.launch(custom=rest).error
        assert f"code={empty}" in browser.launch(custom={**rest, field: None}).error
        assert f"code={empty}" in browser.launch(custom={**rest, field: "$Some.variable"}).error
