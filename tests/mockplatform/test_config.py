from __future__ import annotations

from pathlib import Path

import pytest

from mockplatform.config import load_school
from mockplatform.errors import UsageError
from mockplatform.model import Course, Person, Registration

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
    """Without a file there are two tools on this machine, at least five people and three courses."""
    school = load_school()
    first, second = school.registrations

    assert (first.client_id, first.deployment_ids) == ("lti-conformance", ("1", "2"))
    assert (first.login_url, first.launch_url) == (
        "http://127.0.0.1:8000/lti/login",
        "http://127.0.0.1:8000/lti/launch",
    )
    assert second.attributes.keys() == {"email", "course_id", "person_id"}
    assert len(school.people) >= 5
    assert len(school.courses) == 3
    assert school.issuer is None


def test_the_shipped_people_are_awkward() -> None:
    """Among the shipped people are names without a Latin letter, and no name is blank."""
    names = [person.name for person in load_school().people]

    assert sum(not any("a" <= letter <= "z" for letter in name.lower()) for name in names) >= 3
    assert all(person.given_name.strip() and person.family_name.strip() for person in load_school().people)


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
        [[person]]
        sub = "p"
        given_name = "Ada"
        family_name = "Lovelace"
        email = "ada@example.org"
        locale = "en-GB"
        [[course]]
        id = "c"
        label = "C"
        title = "Course"
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
        ),
    )
    assert school.people == (
        Person(sub="p", given_name="Ada", family_name="Lovelace", email="ada@example.org", locale="en-GB"),
    )
    assert school.courses == (Course(id="c", label="C", title="Course"),)


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
        (TOOL.replace('["1"]', "[1]"), "registration[0].deployment_ids[0]: expected a string, got an integer"),
        (TOOL + TOOL, "registration.client_id: 'a' stands there twice, expected once"),
        (TOOL + "[[person]]\nsub = 'p'", "person[0].given_name: missing, expected a string"),
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
