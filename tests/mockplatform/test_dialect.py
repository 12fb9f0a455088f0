from __future__ import annotations

import json
import string
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import jwt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mockplatform.dialects.dialect import Dialect, checked_quirks, dialect_of, quirks_typed
from mockplatform.dialects.quirk import Quirk, quirks
from mockplatform.dialects.values import FORMS, filled, in_form
from mockplatform.errors import UsageError
from mockplatform.keys import KeyRing
from mockplatform.lms import Platform
from mockplatform.model import AuthResponse, Course, LoginRequest, Person
from mockplatform.opening import resource_link
from mockplatform.records import Group, GroupSet, LineItem, PlacedLink, Score
from mockplatform.roster import changes, note_person, roster
from tests.mockplatform.makers import (
    COURSE,
    INSTRUCTOR,
    LAW,
    LTI11,
    NOW_S,
    PERSON,
    make_auth_request,
    make_launch,
    make_platform,
    make_registration,
)

LEAVES_ALONE = "as_is"
CORE_41 = ("client_id", "lti_deployment_id", "lti_message_hint")


def platform_with(keys: KeyRing, **settings: Any) -> Platform:
    return make_platform(keys, quirks=settings, registrations=(make_registration(**LTI11),))


def answered(platform: Platform) -> tuple[LoginRequest, AuthResponse, Mapping[str, Any], Mapping[str, Any]]:
    """The login, the answer, and the header and claims of a launch by the platform's first person."""
    registration, person, course = platform.registrations[0], platform.people[0], platform.courses[0]
    pending = platform.begin(platform.intend(registration, person=person, roles=[INSTRUCTOR], course=course))
    answer = platform.authorize(make_auth_request(pending.login))
    assert isinstance(answer, AuthResponse)
    text = dict(answer.fields)["id_token"]
    claims = jwt.decode(text, options={"verify_signature": False})
    return pending.login, answer, jwt.get_unverified_header(text), claims


def claims_with(keys: KeyRing, **settings: Any) -> Mapping[str, Any]:
    return answered(platform_with(keys, **settings))[3]


def lti(name: str) -> str:
    return f"https://purl.imsglobal.org/spec/lti/claim/{name}"


class TestQuirks:
    @pytest.mark.parametrize("quirk", quirks().values(), ids=lambda quirk: quirk.name)
    def test_each_says_what_it_is(self, quirk: Quirk) -> None:
        """It has a summary in one sentence, a section, and a neutral setting that it takes itself."""
        assert quirk.summary.endswith(".")
        assert "\n" not in quirk.summary
        assert quirk.reference
        assert quirk.checked(quirk.neutral, "test") == quirk.neutral
        assert set(quirk.breaks) <= {*quirk.choices, "True"}

    def test_names_are_where_they_live(self) -> None:
        """The module and the function make the name, unless it is declared."""
        shaped = [quirk for quirk in quirks().values() if quirk.function is not None]

        assert [quirk.name for quirk in shaped] == [
            f"{quirk.function.__module__.rpartition('.')[2]}.{quirk.function.__name__}"
            for quirk in shaped
            if quirk.function is not None
        ]
        assert len(shaped) < len(quirks())

    @pytest.mark.parametrize(
        ("text", "found"),
        [
            ("id_token.aud=array_of_one", ("id_token.aud", "array_of_one")),
            ("aud=array_of_one", ("id_token.aud", "array_of_one")),
            ("lifetime_s=60", ("id_token.lifetime_s", 60)),
            ("attachment=true", ("keys.attachment", True)),
            ("login.without=client_id, lti_deployment_id", ("login.without", ("client_id", "lti_deployment_id"))),
            ("login.extra=a=b", ("login.extra", ("a=b",))),
            ('vendor={"https://a.example": 1}', ("claims.vendor", {"https://a.example": 1})),
            ("token.audience=", ("token.audience", "")),
        ],
    )
    def test_as_typed(self, text: str, found: tuple[str, Any]) -> None:
        """A name, or its last part where that is enough, and a setting of the quirk's kind."""
        assert quirks_typed([text], where="--quirk") == dict([found])

    @pytest.mark.parametrize(
        ("text", "told"),
        [
            ("aud", "'aud' is no quirk with its setting, such as id_token.aud=array_of_one"),
            ("auds=x", "unknown quirk 'auds'; did you mean 'id_token.aud'?"),
            ("§§=x", "unknown quirk '§§'; `lti-conformance list --quirks` shows all"),
            ("extra=a=b", "quirk 'extra' may be answer.extra or basic.extra or login.extra; write one of them"),
            (
                "aud=list",
                "quirk 'id_token.aud' is 'list', expected a text out of string, array_of_one, array_with_other",
            ),
            ("lifetime_s=soon", "quirk 'id_token.lifetime_s' is 'soon', expected a whole number"),
            ("lifetime_s=true", "quirk 'id_token.lifetime_s' is True, expected a whole number"),
            ("lifetime_s=-1", "quirk 'id_token.lifetime_s' is -1, expected a whole number"),
            ("claims.vendor=[]", "quirk 'claims.vendor' is [], expected an object"),
            (
                "login.without=iss",
                f"quirk 'login.without' is ('iss',), expected a list of texts out of {', '.join(CORE_41)}",
            ),
        ],
    )
    def test_mistakes_are_told(self, text: str, told: str) -> None:
        """In one line, with the quirk and what to write instead."""
        with pytest.raises(UsageError) as caught:
            quirks_typed([text], where="--quirk")
        assert str(caught.value).removeprefix("--quirk: ") == (f"'{text}'{told[5:]}" if text == "aud" else told)

    def test_settings_from_json_are_checked(self) -> None:
        """Short names become full ones, and lists tuples."""
        assert checked_quirks({"aud": "array_of_one", "login.without": ["client_id"]}, where="control") == {
            "id_token.aud": "array_of_one",
            "login.without": ("client_id",),
        }


class TestDialect:
    def test_a_neutral_one_changes_nothing(self) -> None:
        """Whatever it is given comes back, the same object."""
        launch = make_launch()

        assert dialect_of("neutral", {}).shape(PERSON) is PERSON
        assert dialect_of("neutral", {}).quirks == {}
        assert Dialect().value("nrps.page_size", 100) == 100
        assert dialect_of("neutral", {"nrps.page_size": 7}).value("nrps.page_size", 100) == 7
        assert launch == make_launch()

    def test_a_quirk_of_ones_own_wins_over_the_flavour(self) -> None:
        """Also where it says that there is none."""
        canvas = dialect_of("canvas", {"id_token.azp": "absent"})

        assert canvas.value("id_token.azp", "") == "absent"
        assert canvas.value("id_token.lifetime_s", 0) == 3600

    def test_quirks_have_one_order(self) -> None:
        """However they were switched on."""
        one = dialect_of("neutral", {"id_token.azp": "client_id", "id_token.aud": "array_of_one"})
        other = dialect_of("neutral", {"id_token.aud": "array_of_one", "id_token.azp": "client_id"})

        assert list(one.quirks) == list(other.quirks)

    def test_a_platform_refuses_what_does_not_exist(self, keys: KeyRing) -> None:
        """When it is made and when it is changed, and it stays as it was."""
        with pytest.raises(UsageError, match="unknown flavour 'canvass'; did you mean 'canvas'"):
            make_platform(keys, flavour="canvass")
        platform = make_platform(keys)
        with pytest.raises(UsageError, match="unknown quirk 'id_token.azb'; did you mean 'id_token.azp'"):
            platform.change_settings(quirks={"id_token.azb": "client_id"})
        assert platform.settings.quirks == {}


class TestIds:
    @pytest.mark.parametrize("form", FORMS)
    @LAW
    @given(text=st.text(min_size=1, max_size=40))
    def test_a_form_is_kept(self, form: str, text: str) -> None:
        """What has the form stays as it is, so that asking twice does no harm, and the same text gives the same id."""
        once = in_form(text, form)

        assert in_form(once, form) == once
        assert in_form(text, form) == once

    @pytest.mark.parametrize("form", [form for form in FORMS if form not in (LEAVES_ALONE, "timestamp")])
    @LAW
    @given(texts=st.sets(st.text(alphabet=string.ascii_letters + "-", min_size=1, max_size=12), min_size=2, max_size=9))
    def test_two_have_two_ids(self, form: str, texts: set[str]) -> None:
        """Short, in ASCII, and never the id of somebody else (SEC 5.1.2)."""
        made = {in_form(text, form) for text in texts}

        assert len(made) == len(texts)
        assert all(len(text) <= 255 and text.isascii() and not set(text) & set("/?#%\\ ") for text in made)

    def test_nothing_stays_nothing(self) -> None:
        """An empty id is no id in any form."""
        assert {in_form("", form) for form in FORMS} == {""}

    def test_a_person_is_the_same_everywhere(self, keys: KeyRing) -> None:
        """In the token, on the roster and among the people of the platform, though not as it was given."""
        platform = platform_with(keys, **{"ids.person": "hex32", "ids.course": "int", "services.media_types": "strict"})
        platform.enrol(platform.people[0], platform.courses[0], [INSTRUCTOR])
        claims = answered(platform)[3]
        members = roster(platform, platform.courses[0]).members

        assert claims["sub"] == platform.people[0].sub == members[0].person.sub
        assert claims["sub"] != PERSON.sub
        assert len(members) == 1
        assert claims[lti("context")]["id"] == platform.courses[0].id
        assert claims[lti("context")]["id"].isdigit()
        assert platform.course(platform.courses[0].id) == platform.courses[0]
        assert platform.course(COURSE.id) is None

    def test_ids_follow_a_change_of_flavour(self, keys: KeyRing) -> None:
        """What the platform has goes on with ids of the new form, nobody twice."""
        platform = make_platform(keys)
        platform.change_settings(flavour="moodle")

        assert [person.sub.isdigit() for person in platform.people] == [True]
        assert [course.id.isdigit() for course in platform.courses] == [True]
        assert replace(platform.people[0], sub=PERSON.sub) == PERSON

    def test_ids_come_back_with_neutral(self, keys: KeyRing) -> None:
        """Ids are shaped from those that the school has given, whichever flavour was there in between."""
        platform, straight = make_platform(keys), make_platform(keys, flavour="moodle")
        given = (platform.people, platform.courses)
        for flavour in ("canvas", "blackboard", "moodle"):
            platform.change_settings(flavour=flavour)

        assert (platform.people, platform.courses) == (straight.people, straight.courses)
        platform.change_settings(flavour="neutral")
        assert (platform.people, platform.courses) == given

    def test_what_lies_under_an_id_goes_with_it(self, keys: KeyRing) -> None:
        """Enrolments, line items, scores, links and groups are those of the course and its people after a change."""
        platform = make_platform(keys)
        fill(platform)
        before = held(platform)
        platform.change_settings(flavour="canvas")
        (course,), (person,) = platform.courses, platform.people

        assert held(platform) == [
            [replace(known, course=course, person=person) for known in before[0]],
            [replace(known, course_id=course.id, resource_link_id=own_link(platform)) for known in before[1]],
            [replace(known, user_id=person.sub, scoring_user_id=person.sub) for known in before[2]],
            [replace(known, course_id=course.id) for known in before[3]],
            [replace(known, course_id=course.id, members=(person.sub,)) for known in before[4]],
            [replace(known, course_id=course.id) for known in before[5]],
        ]
        assert all(before)
        assert platform.state.enrolments.count(group=COURSE.id) == 0
        assert len(roster(platform, course).members) == 1
        platform.change_settings(flavour="neutral")
        assert [[str(known) for known in kind] for kind in held(platform)] == [
            [str(known) for known in kind] for kind in before
        ]

    @pytest.mark.parametrize("start", ["neutral", "canvas"])
    def test_a_mentor_goes_on_looking_after_the_same_people(self, keys: KeyRing, start: str) -> None:
        """Whom somebody looks after is named by their ids of now, also on a roster and after the way back."""
        people = (replace(PERSON, mentor_of=("a", "gone")), replace(PERSON, sub="a", mentor_of=("b",)))
        platform = make_platform(keys, people=(*people, replace(PERSON, sub="b")), flavour=start)
        platform.enrol(platform.people[0], platform.courses[0], [INSTRUCTOR])
        for flavour in ("canvas", "moodle"):
            platform.change_settings(flavour=flavour)
            mentor, first, second = platform.people
            assert (mentor.mentor_of, first.mentor_of) == ((first.sub, "gone"), (second.sub,))
            (enrolled,) = platform.state.enrolments.page()
            assert enrolled.person == mentor
        platform.change_settings(flavour="neutral")

        assert platform.people[:2] == people

    def test_an_id_that_somebody_has_taken_is_left_to_them(self, keys: KeyRing) -> None:
        """Nobody is overwritten by whoever would get their id."""
        platform = make_platform(keys)
        platform.change_settings(flavour="canvas")
        shaped, other = platform.people[0], replace(PERSON, given_name="Other")
        platform.state.people.put(PERSON.sub, other)
        platform.change_settings(flavour="neutral")

        assert {shaped.sub, PERSON.sub} == {person.sub for person in platform.people}
        assert platform.state.people.get(PERSON.sub) == other

    def test_ids_that_have_the_form_stay(self, keys: KeyRing) -> None:
        """Whoever knows a real id can give it."""
        person, course = replace(PERSON, sub="4711"), Course(id="12", label="a", title="b")
        platform = make_platform(keys, flavour="moodle", people=[person], courses=[course])

        assert platform.people == (person,)
        assert platform.courses == (course,)

    def test_the_link_of_a_course(self, keys: KeyRing) -> None:
        """It has the platform's form, and is the same in each launch."""
        platform = platform_with(keys, **{"ids.resource_link": "primary_key"})
        first, second = (answered(platform)[3][lti("resource_link")]["id"] for _ in range(2))

        assert first == second
        assert first.startswith("_")
        assert first.endswith("_1")


def fill(platform: Platform) -> None:
    """One of everything that lies under the id of the course or of the person."""
    state = platform.state
    of: dict[str, Any] = {"course_id": COURSE.id}
    platform.enrol(PERSON, COURSE, [INSTRUCTOR])
    item = LineItem(id="i", client_id="c", label="l", score_maximum=1.0, resource_link_id=own_link(platform), **of)
    state.line_items.put(item.id, item, group=COURSE.id)
    who: dict[str, Any] = {"user_id": PERSON.sub, "scoring_user_id": PERSON.sub}
    score = Score(line_item_id="i", timestamp="t", activity_progress="a", grading_progress="g", **who)
    state.scores.put(f"i {PERSON.sub}", score, group="i")
    link = PlacedLink(id="p", client_id="c", issuer="i", deployment_id="1", type="t", title="t", **of)
    state.links.put(link.id, link, group=COURSE.id)
    state.groups.put("g", Group(id="g", name="g", members=(PERSON.sub,), **of), group=COURSE.id)
    state.group_sets.put("s", GroupSet(id="s", name="s", **of), group=COURSE.id)


def held(platform: Platform) -> list[list[Any]]:
    """What the course has, found by its id."""
    state, course = platform.state, platform.courses[0].id
    kinds: list[Any] = [state.enrolments, state.line_items, state.links, state.groups, state.group_sets]
    found = [kind.page(group=course) for kind in kinds]
    return [*found[:2], [state.scores.get(f"i {platform.people[0].sub}")], *found[2:]]


def own_link(platform: Platform) -> str:
    return platform.dialect.shape(resource_link(platform.courses[0], None, {})).id


class TestLogin:
    def test_method_and_parameters(self, keys: KeyRing) -> None:
        """By GET, without an optional parameter, with one of the vendor."""
        settings = {"login.method": "GET", "login.without": ["lti_deployment_id"], "login.extra": ["who={sub}"]}
        login = answered(platform_with(keys, **settings))[0]

        assert login.method == "GET"
        assert "lti_deployment_id" not in dict(login.params)
        assert dict(login.params)["who"] == "person-7"

    @pytest.mark.parametrize("form", ["uuid", "number", "jwt", "json", "tilde", "odd"])
    def test_a_hint_of_any_form_brings_the_launch_back(self, keys: KeyRing, form: str) -> None:
        """Of two launches under way each gets its own answer."""
        platform = platform_with(keys, **{"login.message_hint": form})
        intended = [
            platform.intend(platform.registrations[0], person=person, roles=[INSTRUCTOR], course=COURSE)
            for person in (PERSON, replace(PERSON, sub="person-8"))
        ]
        begun = [platform.begin(launch) for launch in intended]

        for pending, sub in zip(reversed(begun), ("person-8", "person-7"), strict=True):
            answer = platform.authorize(make_auth_request(pending.login))
            assert isinstance(answer, AuthResponse)
            assert jwt.decode(dict(answer.fields)["id_token"], options={"verify_signature": False})["sub"] == sub
        assert begun[0].key != begun[1].key

    def test_the_shapes_of_hints(self, keys: KeyRing) -> None:
        """JSON is JSON, and a JWT has three parts, of which the first says so."""
        hints = {
            form: dict(answered(platform_with(keys, **{"login.message_hint": form}))[0].params)["lti_message_hint"]
            for form in ("json", "jwt")
        }

        assert json.loads(hints["json"]).keys() == {"cmid", "launchid"}
        assert jwt.get_unverified_header(hints["jwt"]) == {"typ": "JWT", "alg": "HS256"}

    def test_a_login_without_its_hint(self, keys: KeyRing) -> None:
        """The hint of the person is enough for the platform."""
        platform = platform_with(keys, **{"login.without": ["lti_message_hint"], "login.hint": "person"})
        registration, person, course = platform.registrations[0], platform.people[0], platform.courses[0]
        pending = platform.begin(platform.intend(registration, person=person, roles=[INSTRUCTOR], course=course))
        request = make_auth_request(pending.login, lti_message_hint=None)

        assert isinstance(platform.authorize(request), AuthResponse)
        assert pending.auth_problems == ()
        assert dict(pending.login.params)["login_hint"] == "person-7"


class TestTokens:
    @pytest.mark.parametrize(
        ("setting", "audience", "party"),
        [
            ("array_of_one", ["Client-A"], None),
            ("array_with_other", ["Client-A", "https://other-audience.example"], "Client-A"),
        ],
    )
    def test_audience(self, keys: KeyRing, setting: str, audience: list[str], party: str | None) -> None:
        """A list, and with a second audience the authorised party beside it."""
        claims = claims_with(keys, **{"id_token.aud": setting})

        assert (claims["aud"], claims.get("azp")) == (audience, party)

    def test_times(self, keys: KeyRing) -> None:
        """Age and lifetime are independent of each other, whatever else is switched on."""
        settings = {"id_token.iat_age_s": 20, "id_token.lifetime_s": 60, "id_token.nbf": "iat"}
        claims = claims_with(keys, **settings)

        assert claims["iat"] == claims["nbf"] == int(NOW_S) - 20
        assert claims["exp"] == int(NOW_S) + 40
        assert claims_with(keys, **{"id_token.iat_age_s": 0})["exp"] == int(NOW_S) + 300

    def test_header_and_order(self, keys: KeyRing) -> None:
        """No type, a member that nobody knows, and claims in another order with the same values."""
        settings = {"id_token.typ": "absent", "id_token.header": {"x": ["{sub}"]}}
        header = answered(platform_with(keys, **settings))[2]
        usual, turned = claims_with(keys), claims_with(keys, **{"id_token.claim_order": "reversed"})
        first = claims_with(keys, **{"id_token.claim_order": "lti_first"})

        assert header.keys() == {"alg", "kid", "x"}
        assert header["x"] == ["person-7"]
        assert list(turned) == list(usual)[::-1]
        assert turned == usual == first
        assert next(iter(first)).startswith("https://purl.imsglobal.org")

    def test_what_is_not_known_of_a_person(self, keys: KeyRing) -> None:
        """It stands there empty or as null, but not where the tool must not see it."""
        person = Person(sub="p", given_name="Teller", family_name="", email="")
        told = {}
        for privacy in ("public", "name"):
            registration = make_registration(privacy=privacy)
            quirk = {"claims.unknown_person": "empty"}
            platform = make_platform(keys, people=[person], registrations=[registration], quirks=quirk)
            told[privacy] = answered(platform)[3]

        assert told["public"]["family_name"] == told["public"]["email"] == ""
        assert told["name"]["family_name"] == ""
        assert "email" not in told["name"]

    def test_blocks_of_claims(self, keys: KeyRing) -> None:
        """Values of the launch stand in them, numbers and nulls too."""
        block = {"https://vendor.example/claim": {"user": "{person_number}", "text": "of {sub}", "none": "{null}"}}
        claims = claims_with(keys, **{"claims.vendor": block, "claims.lis": {"person_sourcedid": "$Person.sourcedId"}})

        found = claims["https://vendor.example/claim"]
        assert isinstance(found["user"], int)
        assert (found["text"], found["none"]) == ("of person-7", None)
        assert claims[lti("lis")] == {"person_sourcedid": "$Person.sourcedId"}

    def test_a_block_with_an_unknown_value(self) -> None:
        """It is refused by name."""
        with pytest.raises(UsageError, match=r"nothing is called \{who\}; there are sub,"):
            filled({"a": ["{who}"]}, make_launch())

    def test_roles(self, keys: KeyRing) -> None:
        """Further ones fit the person, in two spellings and in another order."""
        added = ["http://purl.imsglobal.org/vocab/lis/v2/institution/person#{institution_role}"]
        claims = claims_with(keys, **{"roles.added": added, "roles.spelling": "both", "roles.order": "reversed"})

        assert claims[lti("roles")] == ["Instructor", added[0].replace("{institution_role}", "Instructor"), INSTRUCTOR]

    def test_the_form(self, keys: KeyRing) -> None:
        """Further fields stand before the token, and the frame behind it."""
        settings = {"answer.extra": ["utf8=✓"], "answer.storage_target": "_parent"}
        fields = answered(platform_with(keys, **settings))[1].fields

        assert [name for name, _ in fields] == ["utf8", "id_token", "state", "lti_storage_target"]


class TestKeys:
    def test_the_token_names_a_published_key(self, keys: KeyRing) -> None:
        """In whatever form, beside keys of the past, and under a fresh key id."""
        platform = platform_with(keys, **{"keys.kid": "timestamp", "keys.further": 3, "keys.without": ["alg"]})
        header = answered(platform)[2]
        published = platform.key_set.publish()
        kids = [key["kid"] for key in published.keys]

        assert header["kid"] == kids[-1]
        assert len(set(kids)) == 4
        assert all("alg" not in key for key in published.keys)
        assert {key["use"] for key in published.keys} == {"sig"}

    def test_the_answer_of_the_endpoint(self, keys: KeyRing) -> None:
        """Another media type, a file to be saved, and nothing said of how long it is good."""
        settings = {"keys.content_type": "application/jwk-set+json", "keys.cache_control": "", "keys.attachment": True}
        published = platform_with(keys, **settings).key_set.publish()

        assert published.content_type == "application/jwk-set+json"
        assert published.headers == (("content-disposition", 'attachment; filename="keyset.json"'),)


class TestBasic:
    def test_a_launch_of_lti_11(self, keys: KeyRing) -> None:
        """Without a callback, with two spellings of the role, two lines of text, and what the vendor adds."""
        settings = {
            "basic.callback": "absent",
            "basic.roles": "urn_and_short",
            "basic.description": "crlf",
            "basic.extra": ["ext_lms=moodle-2"],
        }
        platform = platform_with(keys, **settings)
        launch = platform.intend(platform.registrations[0], person=PERSON, roles=[INSTRUCTOR], course=COURSE)
        fields = dict(platform.begin_basic(launch).response.fields)

        assert "oauth_callback" not in fields
        assert fields["roles"] == "urn:lti:role:ims/lis/Instructor,Instructor"
        assert "\r\n" in fields["resource_link_description"]
        assert fields["ext_lms"] == "moodle-2"
        assert fields["oauth_signature"]


def test_what_was_noted_of_people_goes_with_their_ids(keys: KeyRing) -> None:
    """Under another flavour differences tell of people by the ids that they have by then (NRPS 2.4.3)."""
    names = ("short", "gone", "away")
    people = [Person(sub=name, given_name="", family_name="", email="") for name in names]
    platform = make_platform(keys, people=people)
    for person in people:
        note_person(platform, person.sub, None)
        note_person(platform, person.sub, person)
    platform.state.people.pop("gone")
    platform.change_settings(flavour="canvas")
    short, away = (person.sub for person in platform.people)
    active = [(one.person.sub, one.status) for one in changes(platform, platform.courses[0], 0.0)]
    platform.state.people.pop(away)
    left = [(one.person.sub, one.status) for one in changes(platform, platform.courses[0], 0.0)]

    assert not {short, away} & set(names)
    assert sorted(active) == sorted([("gone", "Deleted"), (short, "Active"), (away, "Active")])
    assert sorted(left) == sorted([("gone", "Deleted"), (short, "Active"), (away, "Deleted")])
    platform.change_settings(flavour="neutral")
    assert ("short", "Active") in [(one.person.sub, one.status) for one in changes(platform, COURSE, 0.0)]
