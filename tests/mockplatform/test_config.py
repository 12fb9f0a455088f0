from __future__ import annotations

import unicodedata
from collections.abc import Callable
from pathlib import Path

import pytest

from mockplatform.claims import INSTRUCTOR, LEARNER
from mockplatform.config import load_school
from mockplatform.errors import UsageError
from mockplatform.model import Course, Person, Registration
from mockplatform.tool_table import registration_from

MEMBERSHIP = "http://purl.imsglobal.org/vocab/lis/v2/membership"
TOOL = """
[[registration]]
client_id = "a"
deployment_ids = ["1"]
login_url = "http://127.0.0.1:8000/login"
launch_url = "http://127.0.0.1:8000/launch"
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "school.toml"


def problem(file: Path, text: str) -> str:
    file.write_text(text, encoding="utf-8")
    with pytest.raises(UsageError) as caught:
        load_school(file)
    told = str(caught.value)
    assert told.startswith(f"{file}: ")
    assert "\n" not in told
    return told.removeprefix(f"{file}: ")


def test_the_shipped_school() -> None:
    """Without a file there are two tools on this machine, at least twenty people and five courses, one with a crowd."""
    school = load_school()
    first, second = school.registrations

    assert (first.client_id, first.deployment_ids) == ("lti-conformance", ("1", "2"))
    assert (first.login_url, first.launch_url) == (
        "http://127.0.0.1:8000/lti/login",
        "http://127.0.0.1:8000/lti/launch",
    )
    assert second.attributes.keys() == {"email", "course_id", "person_id"}
    assert len(school.people) >= 20
    assert len(school.courses) == 5
    assert [course.crowd for course in school.courses if course.crowd] == [100_000]
    assert school.issuer is None


@pytest.mark.parametrize(
    "is_one",
    [
        lambda person: INSTRUCTOR in person.roles,
        lambda person: person.roles == (LEARNER,),
        lambda person: MEMBERSHIP + "/Instructor#TeachingAssistant" in person.roles,
        lambda person: MEMBERSHIP + "#Mentor" in person.roles and person.mentor_of,
        lambda person: person.roles == ("http://purl.imsglobal.org/vocab/lis/v2/institution/person#Administrator",),
        lambda person: MEMBERSHIP + "#ContentDeveloper" in person.roles,
        lambda person: "http://purl.imsglobal.org/vocab/lti/system/person#TestUser" in person.roles,
        lambda person: "http://purl.imsglobal.org/vocab/lis/v2/institution/person#Guest" in person.roles,
        lambda person: "http://purl.imsglobal.org/vocab/lis/v2/institution/person#Observer" in person.roles,
        lambda person: {INSTRUCTOR, LEARNER} <= set(person.roles),
        lambda person: person.roles == (),
        lambda person: any(role.startswith("https://lms.example/") for role in person.roles),
        lambda person: person.given_name and not person.family_name,
        lambda person: not person.name,
        lambda person: not person.email,
        lambda person: any(ord(letter) > 0xFFFF for letter in person.name),
        lambda person: unicodedata.bidirectional(person.name[:1] or " ") in ("R", "AL"),
        lambda person: len(person.name) > 200,
        lambda person: "<b>" in person.name,
        lambda person: "'" in person.name,
    ],
)
def test_the_shipped_people_are_awkward(is_one: Callable[[Person], bool]) -> None:
    """Among the shipped people is somebody of each kind that tools stumble over."""
    assert any(is_one(person) for person in load_school().people)


def test_the_shipped_people_say_what_is_special() -> None:
    """Everybody has a note, and mentors look after people who are there."""
    people = {person.sub: person for person in load_school().people}

    assert all(person.note for person in people.values())
    assert {sub for person in people.values() for sub in person.mentor_of} <= people.keys()


@pytest.mark.parametrize(
    ("written", "role"),
    [
        ("Learner", LEARNER),
        ("membership/Instructor#Grader", MEMBERSHIP + "/Instructor#Grader"),
        ("institution/Guest", "http://purl.imsglobal.org/vocab/lis/v2/institution/person#Guest"),
        ("system/SysAdmin", "http://purl.imsglobal.org/vocab/lis/v2/system/person#SysAdmin"),
        ("lti/TestUser", "http://purl.imsglobal.org/vocab/lti/system/person#TestUser"),
        ("https://lms.example/roles#Wizard", "https://lms.example/roles#Wizard"),
        ("urn:lti:role:ims/lis/Instructor", "urn:lti:role:ims/lis/Instructor"),
        ("strange/Thing", "strange/Thing"),
    ],
)
def test_a_role_may_be_written_short(file: Path, written: str, role: str) -> None:
    """A role is a name of the course's vocabulary or of a named one, and anything else stays as it is."""
    file.write_text(TOOL + f'[[person]]\nsub = "p"\nroles = ["{written}"]', encoding="utf-8")

    assert load_school(file).people[0].roles == (role,)


def test_only_an_empty_list_means_no_role(file: Path) -> None:
    """Somebody of whom no role is told is a learner."""
    file.write_text(TOOL + '[[person]]\nsub = "p"\n[[person]]\nsub = "q"\nroles = []', encoding="utf-8")

    assert [person.roles for person in load_school(file).people] == [(LEARNER,), ()]


def test_a_registration_from_a_form() -> None:
    """The keys of a table make a registration, with the checks of a file."""
    table = {"client_id": "a", "deployment_ids": ["1"], "login_url": "http://a/l", "launch_url": "http://a/"}

    assert registration_from(table, where="The tool").launch_url == "http://a/"
    with pytest.raises(UsageError, match="The tool: launch_url: 'javascript:x' is no http or https URL"):
        registration_from(table | {"launch_url": "javascript:x"}, where="The tool")


def test_a_file_with_everything(file: Path) -> None:
    """A file says all that a platform can be told."""
    file.write_text(
        """
        [platform]
        issuer = "https://lms.example"
        [[registration]]
        name = "Quiz"
        issuer = "https://other.example/a"
        client_id = "a"
        deployment_ids = ["1", "x"]
        login_url = "https://quiz.example/login?tenant=1"
        launch_url = "https://quiz.example/launch"
        redirect_uris = ["https://quiz.example/launch", "https://quiz.example/back"]
        attributes = { email = "user_email" }
        login_params = { new_window = "1" }
        lti11_launch_url = "https://quiz.example/lti11"
        consumer_key = "key"
        consumer_secret = "word"
        jwks_url = "https://quiz.example/jwks"
        jwks = { keys = [{ kty = "RSA" }] }
        scopes = ["https://purl.imsglobal.org/spec/lti-ags/scope/score"]
        custom = { user = "$User.id" }
        deep_linking_url = "https://quiz.example/pick"
        privacy = "anonymous"
        [[person]]
        sub = "p"
        given_name = "Ada"
        family_name = "Lovelace"
        email = "ada@example.org"
        locale = "en-GB"
        roles = ["Instructor"]
        mentor_of = ["q"]
        note = "The first"
        [[course]]
        id = "c"
        label = "C"
        title = "Course"
        crowd = 7
        """,
        encoding="utf-8",
    )
    school = load_school(file)

    assert school.issuer == "https://lms.example"
    assert school.registrations == (
        Registration(
            name="Quiz",
            issuer="https://other.example/a",
            client_id="a",
            deployment_ids=("1", "x"),
            login_url="https://quiz.example/login?tenant=1",
            launch_url="https://quiz.example/launch",
            redirect_uris=("https://quiz.example/launch", "https://quiz.example/back"),
            attributes={"email": "user_email"},
            login_params={"new_window": "1"},
            lti11_launch_url="https://quiz.example/lti11",
            consumer_key="key",
            consumer_secret="word",
            jwks_url="https://quiz.example/jwks",
            jwks={"keys": [{"kty": "RSA"}]},
            scopes=("https://purl.imsglobal.org/spec/lti-ags/scope/score",),
            custom={"user": "$User.id"},
            deep_linking_url="https://quiz.example/pick",
            privacy="anonymous",
        ),
    )
    assert school.people == (
        Person(
            sub="p",
            given_name="Ada",
            family_name="Lovelace",
            email="ada@example.org",
            locale="en-GB",
            roles=(INSTRUCTOR,),
            mentor_of=("q",),
            note="The first",
        ),
    )
    assert school.courses == (Course(id="c", label="C", title="Course", crowd=7),)


def test_people_and_courses_are_the_shipped_ones_unless_given(file: Path) -> None:
    """A file with a tool alone plays in the shipped school."""
    file.write_text(TOOL, encoding="utf-8")
    school = load_school(file)

    assert [tool.client_id for tool in school.registrations] == ["a"]
    assert school.people == load_school().people
    assert school.courses == load_school().courses


def test_a_tool_without_an_issuer_gets_the_platforms(file: Path) -> None:
    """The platform's issuer fills the registrations that name none."""
    second = TOOL.replace('"a"', '"b"') + 'issuer = "https://own.example"'
    file.write_text(TOOL + second, encoding="utf-8")

    issued = load_school(file).issued_by("https://lms.example")

    assert [tool.issuer for tool in issued] == ["https://lms.example", "https://own.example"]


def test_the_same_client_id_may_come_from_two_issuers(file: Path) -> None:
    """A client id is one platform's: another issuer may have given the same."""
    file.write_text(TOOL + TOOL + 'issuer = "https://own.example"', encoding="utf-8")

    assert len(load_school(file).registrations) == 2


def test_a_file_that_does_not_exist(file: Path) -> None:
    """A missing file is named."""
    with pytest.raises(UsageError) as caught:
        load_school(file)
    assert str(caught.value) == f"{file}: there is no such file"


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "no tool is registered; add a [[registration]] with client_id, deployment_ids, login_url and launch_url"),
        ("registration = []", "no tool is registered; add a [[registration]] with client_id, deployment_ids, "),
        ("registration = 3", "registration: expected an array, got an integer"),
        ("[[registration]]", "registration[0].client_id: missing, expected a string"),
        (TOOL + "[school]", "school: unknown key"),
        (TOOL + "login_ulr = ''", "registration[0].login_ulr: unknown key; did you mean 'login_url'?"),
        (TOOL + "name = 3", "registration[0].name: expected a string, got an integer"),
        (TOOL + "redirect_uris = 'x'", "registration[0].redirect_uris: expected an array, got a string"),
        (TOOL + "redirect_uris = ['http://a/', 'x']", "registration[0]: redirect_uris[1]: 'x' is no http or https URL"),
        (TOOL + "attributes = { mail = 'm' }", "registration[0]: attributes.mail: unknown key, expected email, "),
        (TOOL + "issuer = 'lms'", "registration[0]: issuer: 'lms' is no http or https URL"),
        (TOOL + "issuer = 'http://lms/?a=1'", "registration[0]: issuer: 'http://lms/?a=1' has a query or a fragment"),
        (TOOL + "[platform]\nissuer = 'http://lms/#a'", "platform: issuer: 'http://lms/#a' has a query or a fragment"),
        (TOOL.replace('"a"', '""'), "registration[0]: client_id is empty"),
        (TOOL.replace('["1"]', "[]"), 'registration[0]: deployment_ids needs one id or more, such as ["1"]'),
        (TOOL.replace('["1"]', '["1", ""]'), "registration[0]: deployment_ids needs one id or more"),
        (TOOL.replace('["1"]', f'["1", "{"d" * 256}"]'), "registration[0]: deployment_ids[1] has 256 characters"),
        (TOOL.replace('"a"', '"a\\tb"'), "registration[0]: client_id: 'a\\tb' has a character that cannot be seen"),
        (
            TOOL + "redirect_uris = ['http://a/\u200b']",
            "registration[0]: redirect_uris[0]: 'http://a/\\u200b' is no http",
        ),
        (TOOL + "deep_linking_url = 'x'", "registration[0]: deep_linking_url: 'x' is no http or https URL"),
        (TOOL.replace('["1"]', "[1]"), "registration[0].deployment_ids[0]: expected a string, got an integer"),
        (TOOL + TOOL, "registration.client_id: 'a' stands there twice, expected once"),
        (TOOL + "[[person]]\ngiven_name = 'p'", "person[0].sub: missing, expected a string"),
        (TOOL + "jwks = { x = 1 }", "registration[0]: jwks has no list of keys"),
        (TOOL + "jwks_url = 'x'", "registration[0]: jwks_url: 'x' is no http or https URL"),
        (
            TOOL + "privacy = 'all'",
            "registration[0].privacy: expected 'public', 'name', 'email' or 'anonymous', got 'all'",
        ),
        (TOOL + "[[course]]\nid = 'c'", "course[0].label: missing, expected a string"),
        (TOOL + 2 * "[[course]]\nid = 'c'\nlabel = ''\ntitle = ''\n", "course.id: c stands there twice"),
        (TOOL + "[[course]]\nid = ''\nlabel = ''\ntitle = ''\n", "course.id: one is empty"),
        ("[[registration]", "not TOML: "),
    ],
)
def test_what_is_wrong_is_said_in_one_line(file: Path, text: str, told: str) -> None:
    """Whatever a platform cannot use is told with file, key and problem."""
    assert problem(file, text).startswith(told)


@pytest.mark.parametrize(
    "url",
    ["", "x", "/login", "127.0.0.1:8000", "ftp://a/", "http://", "http:///a", "http://[", "http://a:b/", "http://a b/"],
)
@pytest.mark.parametrize("key", ["login_url", "launch_url"])
def test_a_url_has_to_be_one(file: Path, key: str, url: str) -> None:
    """The addresses of a tool are http or https URLs with a host; the message names key, value and a right one."""
    right = f'{key} = "http://127.0.0.1:8000/{key.partition("_")[0]}"'
    assert right in TOOL

    assert problem(file, TOOL.replace(right, f'{key} = "{url}"')) == (
        f"registration[0]: {key}: '{url}' is no http or https URL; write one such as 'http://127.0.0.1:8000/lti/launch'"
    )


@pytest.mark.parametrize(
    ("lines", "told"),
    [
        ('consumer_key = "k"', "lti11_launch_url is missing or empty"),
        ('lti11_launch_url = "http://127.0.0.1:8000/"\nconsumer_key = "k"', "consumer_secret is missing or empty"),
        (
            'lti11_launch_url = "http://127.0.0.1:8000/"\nconsumer_key = ""\nconsumer_secret = "s"',
            "consumer_key is missing or empty",
        ),
    ],
)
def test_lti11_needs_all_three(file: Path, lines: str, told: str) -> None:
    """A registration for LTI 1.1 has launch URL, consumer key and consumer secret."""
    needed = "LTI 1.1 needs lti11_launch_url, consumer_key, consumer_secret"

    assert problem(file, TOOL + lines) == f"registration[0]: {told}; {needed}"


def test_the_launch_url_of_lti11_is_checked(file: Path) -> None:
    """What is no URL is refused, as elsewhere."""
    lines = 'lti11_launch_url = "tool"\nconsumer_key = "k"\nconsumer_secret = "s"'

    assert problem(file, TOOL + lines).startswith("registration[0]: lti11_launch_url: 'tool' is no http or https URL")
