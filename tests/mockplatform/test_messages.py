from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any

import jwt
import pytest

from mockplatform import flow
from mockplatform.keys import KeyRing
from mockplatform.lms import Platform
from mockplatform.message import messages
from mockplatform.model import AuthResponse, Launch, Message, Person, ResourceLink
from mockplatform.records import LineItem, PlacedLink
from tests.mockplatform.makers import (
    COURSE,
    INSTRUCTOR,
    LTI11,
    NOW_S,
    PERSON,
    make_auth_request,
    make_launch,
    make_platform,
    make_registration,
)

CLAIM = "https://purl.imsglobal.org/spec/lti/claim/"
DL_SETTINGS = "https://purl.imsglobal.org/spec/lti-dl/claim/deep_linking_settings"
AGS = "https://purl.imsglobal.org/spec/lti-ags/claim/endpoint"
LEARNER = "http://purl.imsglobal.org/vocab/lis/v2/membership#Learner"
STUDENT = Person(sub="person-8", given_name="Ana", family_name="", email="ana@example.org", roles=(LEARNER,))


def claims_of(launch: Launch, **options: Any) -> Mapping[str, Any]:
    claims = flow.id_token(launch, make_auth_request(), kid="k", now_s=NOW_S, **options).claims
    assert isinstance(claims, Mapping)
    return claims


def intend(platform: Platform, message: Message, **values: Any) -> Launch:
    tool = platform.registrations[0]
    return platform.intend(tool, person=PERSON, roles=[INSTRUCTOR], course=COURSE, message=message, **values)


def test_each_message_has_its_type() -> None:
    """Every message of the folder names its type, and all of them say version, deployment, target and roles."""
    told = {name: claims_of(make_launch(message=name)) for name in messages()}

    assert {name: claims[CLAIM + "message_type"] for name, claims in told.items()} == {
        "resource_link": "LtiResourceLinkRequest",
        "deep_linking": "LtiDeepLinkingRequest",
        "submission_review": "LtiSubmissionReviewRequest",
        "data_privacy": "LtiDataPrivacyLaunchRequest",
    }
    for claims in told.values():
        assert claims[CLAIM + "version"] == "1.3.0"
        assert {CLAIM + name for name in ("deployment_id", "target_link_uri", "roles")} <= claims.keys()


def test_a_link_is_described_where_it_has_a_description() -> None:
    """The description of a link travels with its title (CORE 5.3.5)."""
    link = ResourceLink(id="l", title="Quiz", description="Ten questions")

    assert claims_of(make_launch(resource_link=link))[CLAIM + "resource_link"] == {
        "id": "l",
        "title": "Quiz",
        "description": "Ten questions",
    }


@pytest.mark.parametrize(
    ("person", "absent"),
    [
        (dataclasses.replace(PERSON, family_name=""), {"family_name"}),
        (dataclasses.replace(PERSON, given_name=""), {"given_name"}),
        (dataclasses.replace(PERSON, email=""), {"email"}),
        (dataclasses.replace(PERSON, locale=""), {"locale"}),
        (dataclasses.replace(PERSON, sub=""), {"sub"}),
        (dataclasses.replace(PERSON, given_name="", family_name=""), {"given_name", "family_name", "name"}),
    ],
    ids=["mononym", "family name only", "no address", "no language", "anonymous", "nameless"],
)
def test_what_is_not_known_is_left_out(person: Person, absent: set[str]) -> None:
    """A person without one of the fields has a token without that claim, and with no empty one (CORE 5.3.6)."""
    told = claims_of(make_launch(person=person))

    assert claims_of(make_launch()).keys() - told.keys() == absent
    assert "" not in told.values()


@pytest.mark.parametrize(
    ("privacy", "absent"),
    [
        ("public", set()),
        ("name", {"email"}),
        ("email", {"given_name", "family_name", "name"}),
        ("anonymous", {"given_name", "family_name", "name", "email"}),
    ],
)
def test_a_tool_gets_what_it_may_know(privacy: str, absent: set[str]) -> None:
    """By the privacy of its registration a tool lacks names, address or both; the subject always stays."""
    tool = make_registration(privacy=privacy, custom={"mail": "$Person.email.primary", "who": "$Person.name.full"})
    told = claims_of(make_launch(registration=tool, message="submission_review", for_user=STUDENT))
    of_student = {"given_name": "Ana", "name": "Ana", "email": "ana@example.org"}

    assert claims_of(make_launch()).keys() - told.keys() == absent
    assert told["sub"] == "person-7"
    assert told[CLAIM + "for_user"] == {
        "user_id": "person-8",
        "roles": [LEARNER],
        **{name: value for name, value in of_student.items() if name not in absent},
    }
    assert told[CLAIM + "custom"]["mail"] == ("" if "email" in absent else "zoe@example.org")
    assert told[CLAIM + "custom"]["who"] == ("" if "name" in absent else "Zoë Nguyễn")


def test_privacy_holds_for_lti11_too(keys: KeyRing) -> None:
    """An anonymous launch of LTI 1.1 names neither person nor address."""
    tool = make_registration(**LTI11, privacy="anonymous", attributes={"email": "user_email"})
    platform = make_platform(keys, registrations=(tool,))

    fields = dict(platform.begin_basic(intend(platform, "resource_link")).response.fields)

    assert not {"zoe@example.org", "Zoë", "Nguyễn", "Zoë Nguyễn"} & set(fields.values())
    assert fields["user_id"] == "legacy-person-7"


def test_custom_fields_of_tool_and_link_are_merged() -> None:
    """The link's parameters replace those of the registration, and both replace what the platform adds (CORE 5.4.6)."""
    tool = make_registration(custom={"a": "tool", "b": "tool", "email": "fixed"}, attributes={"email": "email"})
    link = ResourceLink(id="link-3", title="Quiz 3", custom={"b": "link", "resource": "own"})

    told = claims_of(make_launch(registration=tool, resource_link=link))[CLAIM + "custom"]

    assert told == {"resource": "own", "email": "fixed", "a": "tool", "b": "link"}


def test_a_deep_linking_request_has_the_custom_fields_of_the_tool_alone() -> None:
    """Where there is no link yet, its parameters do not travel."""
    tool = make_registration(custom={"a": "$Context.id"})
    link = ResourceLink(id="link-3", title="Quiz 3", custom={"b": "link"})

    told = claims_of(make_launch(registration=tool, resource_link=link, message="deep_linking"))

    assert told[CLAIM + "custom"] == {"a": "course-9"}


def test_further_claims_are_merged() -> None:
    """What a launch has beside the usual stands in its token by full name."""
    assert claims_of(make_launch(extra={"https://lms.example/claim": {"x": 1}}))["https://lms.example/claim"] == {
        "x": 1
    }


def test_the_document_target_is_the_launch_s_own() -> None:
    """A launch in a window says so (CORE 5.4.4)."""
    told = claims_of(make_launch(document_target="window"))

    assert told[CLAIM + "launch_presentation"]["document_target"] == "window"


def test_a_storage_target_comes_with_login_and_response(keys: KeyRing) -> None:
    """A frame that keeps data is named in both; without one nothing is said of it (LTI Client Side OIDC 0.1)."""
    platform = make_platform(keys)
    offered = platform.begin(intend(platform, "resource_link", storage_target="_parent"))
    plain = platform.begin(intend(platform, "resource_link"))

    answers = [platform.authorize(make_auth_request(pending.login)) for pending in (offered, plain)]

    assert dict(offered.login.params)["lti_storage_target"] == "_parent"
    assert "lti_storage_target" not in dict(plain.login.params)
    assert [
        dict(answer.fields).get("lti_storage_target") for answer in answers if isinstance(answer, AuthResponse)
    ] == ["_parent", None]


def test_the_deep_linking_settings_can_be_chosen() -> None:
    """A launch may want other settings, further ones, and none of some (DL 4.4.1)."""
    wanted = {
        "accept_types": ["file"],
        "accept_media_types": "image/*",
        "accept_multiple": None,
        "accept_lineitem": False,
        "auto_create": True,
        "data": "own",
    }

    told = claims_of(make_launch(message="deep_linking", deep_linking=wanted))[DL_SETTINGS]

    assert "accept_multiple" not in told
    assert {name: told[name] for name in wanted if name != "accept_multiple"} == {
        name: value for name, value in wanted.items() if name != "accept_multiple"
    }
    assert told["deep_link_return_url"] == "http://127.0.0.1:9400/deep-links?launch=1"


def test_a_deep_linking_request_may_have_a_target_of_its_own(keys: KeyRing) -> None:
    """A tool with an address for deep linking is sent its requests there, and its other launches as ever."""
    tool = make_registration(deep_linking_url="http://127.0.0.1:8000/lti/pick")
    platform = make_platform(keys, registrations=(tool,))

    assert intend(platform, "deep_linking").target_link_uri == "http://127.0.0.1:8000/lti/pick"
    assert intend(platform, "resource_link").target_link_uri == "http://127.0.0.1:8000/lti/launch"


def graded(platform: Platform, **extra: Any) -> tuple[PlacedLink, LineItem]:
    """A link of the course with its column."""
    link = PlacedLink(
        id="placed-1",
        course_id="course-9",
        client_id="Client-A",
        issuer=platform.issuer,
        deployment_id="Dep-2",
        type="ltiResourceLink",
        title="Essay",
        url="http://127.0.0.1:8000/essay",
        custom={"a": "link", "b": "link"},
        line_item_id="item-1",
    )
    item = LineItem(
        id="item-1",
        course_id="course-9",
        client_id="Client-A",
        label="Essay",
        score_maximum=10,
        resource_link_id="placed-1",
        extra=extra,
    )
    platform.state.links.put(link.id, link, group=link.course_id)
    platform.state.line_items.put(item.id, item, group=item.course_id)
    return link, item


def test_a_submission_review(keys: KeyRing) -> None:
    """It names the person reviewed, the roles of the reviewer, the link, and its line item even without grades."""
    platform = make_platform(keys)
    graded(platform)

    launch = intend(platform, "submission_review", for_user=STUDENT, line_item="item-1")
    told = claims_of(launch)

    assert told[CLAIM + "message_type"] == "LtiSubmissionReviewRequest"
    assert told[CLAIM + "for_user"]["user_id"] == "person-8"
    assert told["sub"] == "person-7"
    assert told[CLAIM + "roles"] == [INSTRUCTOR]
    assert told[CLAIM + "resource_link"] == {"id": "placed-1", "title": "Essay"}
    assert told[CLAIM + "deployment_id"] == "Dep-2"
    assert told[CLAIM + "target_link_uri"] == "http://127.0.0.1:8000/essay"
    assert told[AGS]["lineitem"] == "http://127.0.0.1:9400/lti/courses/course-9/line-items/item-1"


def test_a_review_without_a_line_item(keys: KeyRing) -> None:
    """It is about the first line item of its link, or about one that is made for the link once (AGS 4.3.1)."""
    platform = make_platform(keys)
    link, _ = graded(platform)

    of_link = intend(platform, "submission_review", for_user=STUDENT, link=link)
    of_course = [intend(platform, "submission_review", for_user=STUDENT) for _ in range(2)]
    (made,) = (item for item in platform.state.line_items.page() if item.id != "item-1")

    assert claims_of(of_link)[AGS]["lineitem"].endswith("/line-items/item-1")
    assert {launch.line_item for launch in of_course} == {made.id}
    assert claims_of(of_course[0])[AGS]["lineitem"].endswith(f"/line-items/{made.id}")
    assert made.resource_link_id == of_course[0].resource_link.id


def test_a_review_may_have_a_target_of_its_own(keys: KeyRing) -> None:
    """Address and custom parameters that a line item has for reviews are those of its reviews only (AGS 2.0)."""
    platform = make_platform(keys)
    link, _ = graded(platform, submissionReview={"url": "http://127.0.0.1:8000/review", "custom": {"b": "review"}})

    review = intend(platform, "submission_review", for_user=STUDENT, line_item="item-1")
    usual = intend(platform, "resource_link", link=link)

    assert review.target_link_uri == "http://127.0.0.1:8000/review"
    assert claims_of(review)[CLAIM + "custom"] == {"resource": "placed-1", "a": "link", "b": "review"}
    assert usual.target_link_uri == "http://127.0.0.1:8000/essay"
    assert claims_of(usual)[CLAIM + "custom"]["b"] == "link"


def test_a_data_privacy_launch_is_of_no_course() -> None:
    """It names the person whose data it is about, and neither course nor link (Data Privacy Launch 1.0)."""
    told = claims_of(make_launch(message="data_privacy", for_user=STUDENT))

    assert told[CLAIM + "for_user"] == {
        "user_id": "person-8",
        "given_name": "Ana",
        "name": "Ana",
        "email": "ana@example.org",
    }
    assert not {CLAIM + "context", CLAIM + "resource_link"} & told.keys()


def test_an_unknown_variable_follows_the_dialect(keys: KeyRing) -> None:
    """A platform that leaves unknown variables out does so in its tokens."""
    tool = make_registration(custom={"x": "$Canvas.user.id", "y": "$User.id"})
    seen = []
    for quirks in ({}, {"custom.unknown": "omit"}, {"custom.unknown": "empty"}):
        platform = make_platform(keys, registrations=(tool,), quirks=quirks)
        pending = platform.begin(intend(platform, "resource_link"))
        answer = platform.authorize(make_auth_request(pending.login))
        assert isinstance(answer, AuthResponse)
        told = jwt.decode(dict(answer.fields)["id_token"], options={"verify_signature": False})
        seen.append({name: value for name, value in told[CLAIM + "custom"].items() if name != "resource"})

    assert seen == [{"x": "$Canvas.user.id", "y": "person-7"}, {"y": "person-7"}, {"x": "", "y": "person-7"}]
