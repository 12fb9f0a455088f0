"""The login answers with the authentication request, or says what is missing."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

import pytest

from conformance.sample_tool import Integration

if TYPE_CHECKING:
    from tests.conformance.sample_tool.conftest import Browser

OpenTool = Callable[..., "Browser"]

ONE = Integration(
    issuer="https://lms.example",
    client_id="client-1",
    auth_url="https://lms.example/auth",
    jwks_url="https://lms.example/jwks",
    deployment_ids=("1",),
)
TWO = replace(ONE, client_id="client-2")


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_authentication_request_is_complete(open_tool: OpenTool, method: str) -> None:
    """The request keeps the query of the platform's address and gives hints back as they came."""
    login = open_tool().begin(method, lti_message_hint="a+b %2B é&=")
    assert login.status == 302
    address = urlsplit(login.headers["location"])
    query = parse_qs(address.query)
    assert address.netloc == "lms.example"
    state, nonce = query.pop("state"), query.pop("nonce")
    assert state != nonce
    assert query == {
        "tenant": ["7"],
        "scope": ["openid"],
        "response_type": ["id_token"],
        "response_mode": ["form_post"],
        "prompt": ["none"],
        "client_id": ["client-1"],
        "redirect_uri": ["https://tool.example/lti/launch"],
        "login_hint": ["hint"],
        "lti_message_hint": ["a+b %2B é&="],
    }


def test_absent_message_hint_stays_absent(open_tool: OpenTool) -> None:
    """Without a message hint the request has none, not an empty one."""
    assert "lti_message_hint" not in open_tool().begin().headers["location"]


@pytest.mark.parametrize("name", ["iss", "login_hint", "target_link_uri"])
@pytest.mark.parametrize("values", [[], [""], ["https://lms.example", "https://lms.example"]])
def test_required_parameters_are_given_once(open_tool: OpenTool, name: str, values: list[str]) -> None:
    """Absent, empty and doubled parameters are refused."""
    changed: dict[str, Any] = {name: values}
    login = open_tool().begin(**changed)
    assert login.status == 400
    assert login.error == 'class=invalid, type="MissingParameter", code=1001, ref="SEC 5.1.1.1"'


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"client_id": ""}, "code=1020"),
        ({"client_id": "nobody"}, "code=1002"),
        ({"iss": "https://nobody.example"}, "code=1002"),
        ({"iss": "https://lms.example/"}, "code=1002"),
        ({"iss": "https://LMS.example"}, "code=1002"),
        ({"target_link_uri": "https://elsewhere.example/"}, 'type="InvalidClaim", code=1001'),
        ({"target_link_uri": "http://tool.example/"}, 'type="InvalidClaim", code=1001'),
        ({"target_link_uri": "https://tool.example@elsewhere.example/"}, 'type="InvalidClaim", code=1001'),
        ({"target_link_uri": "https://[oops/"}, 'type="InvalidClaim", code=1001'),
    ],
)
def test_refused_logins(open_tool: OpenTool, changes: dict[str, Any], code: str) -> None:
    """A login for nobody or to elsewhere is the caller's mistake."""
    login = open_tool().begin(**changes)
    assert login.status == 400
    assert code in login.error


def test_client_id_may_be_left_out_when_it_is_clear(open_tool: OpenTool) -> None:
    """One registration of an issuer is found without client id; of several none is."""
    assert open_tool(integrations=(ONE,)).begin(client_id=[]).status == 302
    assert "code=1020" in open_tool(integrations=(ONE, TWO)).begin(client_id=[]).error


def test_client_id_chooses_the_registration(open_tool: OpenTool) -> None:
    """Two registrations of one issuer are told apart."""
    login = open_tool(integrations=(ONE, TWO)).begin(client_id="client-2")
    assert "client_id=client-2" in login.headers["location"]


def test_forms_of_another_type_count_as_empty(open_tool: OpenTool) -> None:
    """JSON is no form."""
    login = open_tool().send("POST", "/lti/login", {"iss": "x"}, content_type="application/json")
    assert 'type="MissingParameter"' in login.error
