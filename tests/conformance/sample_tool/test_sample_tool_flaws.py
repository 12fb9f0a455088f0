"""Each flaw is a changed plan, and each shows itself in a launch that the correct tool answers otherwise."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from conformance.sample_tool import FLAWS, Flaw, Integration, create_tool
from conformance.sample_tool.flaws import flawed
from conformance.sample_tool.model import Policy
from conformance.sample_tool.steps import plan_of
from tests.conformance.sample_tool import broken_launches as story

if TYPE_CHECKING:
    from tests.conformance.sample_tool.conftest import Browser

OpenTool = Callable[..., "Browser"]

NOW = time.time()
VOCABULARY = "http://purl.imsglobal.org/vocab/lis/v2/"
TEACHER = VOCABULARY + "membership#Instructor"
ISSUER = "https://lms.example"
COURSE = (ISSUER, "1", "course-1")
ATTRIBUTES = {"email": "user_email", "course_id": "course_code", "person_id": "person_ref"}
FIRST = Integration(
    issuer=ISSUER,
    client_id="client-1",
    auth_url="https://lms.example/auth",
    jwks_url="https://lms.example/jwks",
    deployment_ids=("1", "Two"),
)
NAMED = replace(FIRST, client_id="client-named", attributes=ATTRIBUTES)
OTHER = replace(FIRST, issuer="https://other.example", client_id="client-2", jwks_url="https://other.example/jwks")


NEW_COURSE = {"context": {"id": "new", "title": "New"}}

BROKEN: Mapping[str, Mapping[str, Any] | story.Story] = {
    "login-parameters-unchecked": {"login": {"login_hint": []}},
    "duplicate-login-parameters-accepted": {"login": {"login_hint": ["a", "b"]}},
    "empty-client-id-accepted": {"login": {"client_id": ""}},
    "unknown-issuer-accepted-at-login": {"login": {"iss": "https://nobody.example"}},
    "client-id-ignored": {"login": {"client_id": "nobody"}},
    "issuer-normalised-at-login": {"login": {"iss": "https://LMS.example/"}},
    "foreign-target-accepted": {"login": {"target_link_uri": "https://x.example/"}},
    "hints-mangled": lambda browser: browser.begin(lti_message_hint="a%2Bb"),
    "get-login-refused": {},
    "oidc-error-ignored": {"form": {"error": "login_required"}},
    "duplicate-fields-last-wins": story.token_twice,
    "extra-form-fields-refused": {"form": {"anything": "else"}},
    "state-unchecked": {"form": {"state": "made-up"}},
    "state-not-bound": story.without_cookies,
    "lenient-base64": {"respell": lambda token: token + "="},
    "duplicate-members-accepted": story.with_duplicate_header,
    "any-encoding-accepted": story.with_byte_order_mark,
    "accepts-alg-none": {"respell": story.unsigned},
    "trusts-header-alg": story.by_public_secret,
    "other-algorithms": {"alg": "PS256"},
    "crit-ignored": {"header": {"crit": ["x"], "x": 1}},
    "typ-ignored": {"header": {"typ": "at+jwt"}},
    "signature-unverified": {"key": story.FOREIGN_KEY},
    "signature-unverified-when-empty": {"respell": lambda token: token.rpartition(".")[0] + "."},
    "trusts-embedded-jwk": story.by_embedded_key,
    "trusts-x5c": story.by_certificate,
    "trusts-jku": story.by_named_set,
    "kid-unchecked": {"header": {"kid": ""}},
    "kid-fallback": {"header": {"kid": "unknown"}},
    "weak-keys-accepted": story.by_weak_key,
    "key-use-ignored": story.by_encryption_key,
    "first-key-of-duplicates": story.by_second_of_two,
    "whole-set-spoilt": story.beside_odd_entry,
    "keys-never-refetched": story.after_rotation,
    "keys-never-cached": story.in_outage,
    "issuer-unchecked": {"iss": "https://nobody.example"},
    "issuer-normalised": {"iss": "https://LMS.example/"},
    "audience-unchecked": {"aud": "somebody"},
    "audience-any-member": {"aud": ["client-1", "somebody"]},
    "one-element-audience-refused": {"aud": ["client-1"]},
    "azp-unchecked": {"azp": "somebody"},
    "expiry-unchecked": {"exp": NOW - 90_000, "iat": NOW - 90_100},
    "expiry-missing-accepted": story.without_claim("exp"),
    "expiry-strings-accepted": {"exp": str(NOW + 300)},
    "fractional-expiry-refused": {"exp": NOW + 300.5},
    "endless-leeway": {"exp": NOW - 900, "iat": NOW - 1000},
    "milliseconds-accepted": {"exp": (NOW + 300) * 1000},
    "iat-unchecked": {"iat": NOW + 3600, "exp": NOW + 7200},
    "nbf-unchecked": {"nbf": NOW + 3600},
    "nonce-unchecked": {"nonce": "made-up"},
    "nonce-never-consumed": story.replayed,
    "nonce-never-issued-accepted": {"nonce": "made-up"},
    "nonce-burnt-early": story.after_forgery,
    "nonce-not-bound": story.with_nonce_of_other_login,
    "nonce-missing-accepted": {"nonce": None},
    "version-unchecked": {"version": None},
    "version-prefix": {"version": "1.3.1"},
    "message-type-unchecked": {"message_type": "LtiSubmissionReviewRequest"},
    "message-type-case-insensitive": {"message_type": "ltiresourcelinkrequest"},
    "deployment-unchecked": {"deployment_id": "9"},
    "deployment-missing-accepted": {"deployment_id": None},
    "deployment-case-insensitive": {"deployment_id": "TWO"},
    "target-link-unchecked": {"target_link_uri": "https://x.example/"},
    "resource-link-unchecked": {"resource_link": None},
    "subject-unchecked": {"sub": None},
    "roles-missing-accepted": story.without_claim("https://purl.imsglobal.org/spec/lti/claim/roles"),
    "roles-of-any-type": {"roles": "Learner"},
    "unknown-roles-refused": {"roles": ["urn:example:janitor"]},
    "unknown-claims-refused": {"https://x.example/claim": 1},
    "non-latin-names-crash": {"name": "Ωμέγα"},
    "long-values-refused": {"name": "x" * 65},
    "session-before-validation": story.session_after_refusal({"form": {"state": "x"}}),
    "session-before-message": story.session_after_refusal({"version": "1.2"}),
    "attribute-fallback": story.with_custom(user_email="e@x", course_code="course-1"),
    "email-unchecked": {"email": None},
    "course-id-unchecked": {"context": {"title": "t"}, "roles": [TEACHER]},
    "name-unchecked": {"name": None},
    "every-name-required": {},
    "person-id-unchecked": {"sub": None},
    "title-unchecked": {"context": {"id": "course-1"}},
    "empty-roles-accepted": {"roles": []},
    "blank-is-a-value": {"name": " "},
    "unresolved-variables-taken": {"email": "$Person.email.primary"},
    "substring-privilege": {"roles": [VOCABULARY + "membership/Learner#Instructor"], **NEW_COURSE},
    "zoom-not-required": story.without_zoom,
    "zoom-failure-ignored": story.failing("zoom_auth.read"),
    "class-created-by-students": NEW_COURSE,
    "course-link-of-any-school": {"deployment_id": "Two"},
    "course-link-failure-ignored": story.failing("course_link.read"),
    "meeting-defaults-failure-ignored": story.failing("meeting_defaults.read", **NEW_COURSE),
    "deferred-failure-ignored": story.failing("deferred.create"),
    "enrolment-failure-ignored": story.failing("enrollment.write"),
    "class-failure-ignored": story.failing("class.read"),
    "everything-accepted": {"form": {"id_token": "x"}},
    "everything-refused": {},
    "everything-500": {"exp": 1},
    "audience-answered-403": {"aud": "somebody"},
    "class-blurred": {"exp": 1},
    "type-blurred": {"exp": 1},
    "expired-as-signature": {"exp": 1},
    "jwks-failure-as-kid-not-found": story.without_key_set,
    "code-blurred": {"exp": 1},
    "codes-off-by-one": {"exp": 1},
    "not-found-as-failed": {"login": {"client_id": "nobody"}},
    "failed-as-not-found": story.failing("credentials.read"),
    "attribute-as-value": story.with_custom(user_email="e@x", course_code="course-1"),
    "email-as-course-id": {"email": None},
    "version-as-validation": {"version": "1.2"},
    "keyset-as-validation": story.without_key_set,
    "roles-as-validation": {"roles": []},
}

REFUSES_GOOD_LAUNCHES = {"get-login-refused", "everything-refused", "fractional-expiry-refused", "every-name-required"}


def school(open_tool: OpenTool, flaw: Flaw, *, without: str | None) -> Browser:
    """A tool under the policy of a flaw, with a class and a teacher who has a Zoom account."""
    policy = "class" if flaw.profile == "class" else "open"
    browser = open_tool(policy=policy, without=without, integrations=(FIRST, NAMED, OTHER))
    browser.app.state.store.authorise_zoom("ada@lms.example")
    browser.app.state.store.create_class(*COURSE, "Analytical engines")
    return browser


def played(browser: Browser, broken: Mapping[str, Any] | story.Story) -> tuple[bool, int, str, str]:
    """The facts of the answer to a broken launch, but for what is random in them."""
    reply = broken(browser) if callable(broken) else browser.launch(**broken)
    hint = "a%252Bb" in reply.headers.get("location", "")
    return reply.launched, reply.status, reply.error, f"{hint} {reply.status == 200}"


def test_every_flaw_has_a_launch_that_shows_it() -> None:
    """The table above names every flaw, and no other."""
    assert list(BROKEN) == list(FLAWS)


@pytest.mark.parametrize("name", FLAWS)
def test_flaw_is_described(name: str) -> None:
    """A flaw has a name in lower case, a reason, and a plan of its own."""
    flaw = FLAWS[name]
    policy: Policy = "class" if flaw.profile == "class" else "open"
    assert flaw.name == name == name.lower()
    assert len(flaw.why) > 20
    assert flaw.why.endswith(".")
    assert flawed(plan_of(policy), name) != plan_of(policy)


@pytest.mark.filterwarnings("ignore::jwt.warnings.InsecureKeyLengthWarning")
@pytest.mark.parametrize("name", FLAWS)
def test_flaw_shows_itself(open_tool: OpenTool, platform: Any, name: str) -> None:
    """The flawed tool answers a broken launch otherwise than the correct one."""
    entries = [dict(entry) for entry in platform.entries]
    correct = played(school(open_tool, FLAWS[name], without=None), BROKEN[name])
    platform.entries[:], platform.answer = entries, None
    spoilt = played(school(open_tool, FLAWS[name], without=name), BROKEN[name])
    assert spoilt != correct


@pytest.mark.parametrize("name", sorted(FLAWS.keys() - REFUSES_GOOD_LAUNCHES))
def test_flawed_tool_accepts_good_launches(open_tool: OpenTool, name: str) -> None:
    """A flaw shows in broken launches only, and leaves teachers and students alone."""
    browser = school(open_tool, FLAWS[name], without=name)
    for roles in ([TEACHER], [VOCABULARY + "membership#Learner"]):
        assert browser.launch(roles=roles, exp=int(NOW) + 300).launched


def test_unknown_flaw_names_near_ones() -> None:
    """A misspelt flaw is a mistake of the caller, with a hint."""
    with pytest.raises(ValueError, match="nonce-never-consumed"):
        create_tool((), without="nonce-never-consumd")
    with pytest.raises(ValueError, match=r"there are .*everything-refused"):
        create_tool((), without="???")
