from __future__ import annotations

import pytest

from mockplatform import flow
from mockplatform.keys import KeyRing
from mockplatform.model import AuthResponse, SignedToken
from mockplatform.mutation import Context, bind, through
from tests.mockplatform.makers import INSTRUCTOR, NOW_S, make_auth_request, make_launch, make_registration

CLAIM = "https://purl.imsglobal.org/spec/lti/claim/"


def test_the_login_request_names_the_launch() -> None:
    """The login carries issuer, hints, target, client and deployment, and goes to the login URL."""
    login = flow.login_request(make_launch())

    assert (login.method, login.url) == ("POST", "http://127.0.0.1:8000/lti/login")
    assert dict(login.params) == {
        "iss": "http://127.0.0.1:9400",
        "login_hint": "hint-person-7",
        "target_link_uri": "http://127.0.0.1:8000/lti/launch",
        "lti_message_hint": "launch-1",
        "client_id": "Client-A",
        "lti_deployment_id": "Dep-1",
    }
    assert len(login.params) == 6


def test_the_login_request_may_come_by_get() -> None:
    """The method is the launch's own."""
    assert flow.login_request(make_launch(login_method="GET")).method == "GET"


def test_the_registration_adds_login_parameters() -> None:
    """What a tool wants with every login stands behind LTI's own parameters."""
    launch = make_launch(registration=make_registration(login_params={"new_window": "1"}))

    assert flow.login_request(launch).params[-1] == ("new_window", "1")


def test_the_claims_of_an_honest_token() -> None:
    """A resource link launch has exactly these claims."""
    token = flow.id_token(make_launch(), make_auth_request(), kid="key-1", now_s=NOW_S)

    assert token.header == {"alg": "RS256", "typ": "JWT", "kid": "key-1"}
    assert (token.algorithm, token.key) == ("RS256", "platform")
    assert token.claims == {
        "iss": "http://127.0.0.1:9400",
        "aud": "Client-A",
        "sub": "person-7",
        "iat": 1_799_999_995,
        "exp": 1_800_000_295,
        "nonce": "Nonce-1",
        "given_name": "Zoë",
        "family_name": "Nguyễn",
        "name": "Zoë Nguyễn",
        "email": "zoe@example.org",
        "locale": "de-DE",
        CLAIM + "message_type": "LtiResourceLinkRequest",
        CLAIM + "version": "1.3.0",
        CLAIM + "deployment_id": "Dep-1",
        CLAIM + "target_link_uri": "http://127.0.0.1:8000/lti/launch",
        CLAIM + "resource_link": {"id": "link-3", "title": "Quiz 3"},
        CLAIM + "roles": [INSTRUCTOR],
        CLAIM + "context": {
            "id": "course-9",
            "label": "BIO 7",
            "title": "Zellen & Gewebe",
            "type": ["http://purl.imsglobal.org/vocab/lis/v2/course#CourseSection"],
        },
        CLAIM + "tool_platform": {
            "guid": "guid-1",
            "name": "mockplatform",
            "product_family_code": "mockplatform",
            "version": "1",
        },
        CLAIM + "launch_presentation": {
            "document_target": "iframe",
            "return_url": "http://127.0.0.1:9400/return?launch=1",
            "locale": "de-DE",
        },
        CLAIM + "custom": {"resource": "link-3"},
    }


def test_attributes_travel_in_custom_fields() -> None:
    """Email, course and person stand in the custom fields that the registration names for them."""
    named = {"email": "user_email", "course_id": "course_code", "person_id": "person_ref"}
    launch = make_launch(registration=make_registration(attributes=named))
    claims = flow.id_token(launch, make_auth_request(), kid="k", now_s=NOW_S).claims

    assert isinstance(claims, dict)
    assert claims[CLAIM + "custom"] == {
        "resource": "link-3",
        "user_email": "zoe@example.org",
        "course_code": "course-9",
        "person_ref": "person-7",
    }


def test_a_deep_linking_request_asks_for_things_to_link_to() -> None:
    """It has settings in place of a resource link, and is otherwise the token of a launch (DL 4.4)."""
    link = flow.id_token(make_launch(), make_auth_request(), kid="key-1", now_s=NOW_S)
    token = flow.id_token(make_launch(message="deep_linking"), make_auth_request(), kid="key-1", now_s=NOW_S)
    assert isinstance(link.claims, dict)
    assert isinstance(token.claims, dict)

    settings = token.claims["https://purl.imsglobal.org/spec/lti-dl/claim/deep_linking_settings"]
    assert settings == {
        "deep_link_return_url": "http://127.0.0.1:9400/deep-links?launch=1",
        "accept_types": ["link", "ltiResourceLink"],
        "accept_presentation_document_targets": ["iframe", "window"],
        "accept_multiple": True,
        "title": "Quiz 3",
        "text": "Pick what BIO 7 shall link to",
        "data": "launch-1.course-9",
    }
    assert token.claims[CLAIM + "message_type"] == "LtiDeepLinkingRequest"
    assert token.claims[CLAIM + "custom"] == {}
    own = {CLAIM + name for name in ("message_type", "resource_link", "custom")}
    assert {name: value for name, value in token.claims.items() if name.startswith(CLAIM) and name not in own} == {
        name: value for name, value in link.claims.items() if name.startswith(CLAIM) and name not in own
    }
    assert CLAIM + "resource_link" not in token.claims
    assert token.header == link.header


@pytest.mark.parametrize("name", ["deep_link_return_url", "accept_types", "title"])
def test_a_setting_is_named_by_its_short_name(name: str) -> None:
    """A mutation reaches the members of the settings as it reaches those of any LTI claim."""
    launch = make_launch(message="deep_linking")
    token = flow.id_token(launch, make_auth_request(), kid="key-1", now_s=NOW_S)
    lie = bind(f'claims.without(claim="deep_linking_settings.{name}")', where="test")
    spoilt = through(token, (lie,), Context(launch=launch, keys=KeyRing(), canary_url=""))

    key = "https://purl.imsglobal.org/spec/lti-dl/claim/deep_linking_settings"
    assert isinstance(token.claims, dict)
    assert isinstance(spoilt.claims, dict)
    assert token.claims[key].keys() - spoilt.claims[key].keys() == {name}


@pytest.mark.parametrize("state", ["State-ß/+ =&", "", " lead\tand trail ", "<b>\"'"])
def test_the_response_brings_token_and_state(state: str) -> None:
    """The form goes to the redirect URI and carries the token, and the state as the tool wrote it."""
    response = flow.auth_response(make_auth_request(state=state), SignedToken(text="a.b.c"))

    assert response == AuthResponse(
        method="POST",
        url="http://127.0.0.1:8000/lti/launch",
        fields=(("id_token", "a.b.c"), ("state", state)),
        content_type="application/x-www-form-urlencoded",
    )


def test_a_response_without_a_state_has_none() -> None:
    """A tool that sent no state gets none back."""
    response = flow.auth_response(make_auth_request(state=None), SignedToken(text="a.b.c"))

    assert response.fields == (("id_token", "a.b.c"),)


def test_an_error_goes_the_way_of_the_response() -> None:
    """The error form has a code, a description and the state, and no token (SEC 5.1.1.5)."""
    response = flow.auth_error(make_auth_request(state="s"), "invalid_request", "nonce is missing")

    assert (response.method, response.url) == ("POST", "http://127.0.0.1:8000/lti/launch")
    assert response.fields == (
        ("error", "invalid_request"),
        ("error_description", "nonce is missing"),
        ("state", "s"),
    )
    assert "state" not in dict(flow.auth_error(make_auth_request(state=None), "e", "d").fields)


def test_the_key_set_lists_its_keys() -> None:
    """The honest key set answers 200 with the given keys, as JSON that may be cached."""
    answer = flow.key_set({"kid": "a"}, {"kid": "b"})

    assert answer.keys == ({"kid": "a"}, {"kid": "b"})
    assert (answer.status, answer.content_type, answer.body) == (200, "application/json", None)
    assert answer.headers == (("cache-control", "public, max-age=300"),)
