"""The class product: values, preconditions, back-end failures, and the edit of a class."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest

from conformance.sample_tool.faults import POINTS, Faults

if TYPE_CHECKING:
    from tests.conformance.sample_tool.conftest import Browser, Reply

OpenTool = Callable[..., "Browser"]

VOCABULARY = "http://purl.imsglobal.org/vocab/lis/v2/"
TEACHER = VOCABULARY + "membership#Instructor"
EMAIL = "ada@lms.example"
COURSE = ("https://lms.example", "1", "course-1")


def teach(browser: Browser, **changes: Any) -> Reply:
    """A launch of a teacher."""
    return browser.launch(**{"roles": [TEACHER], **changes})


@pytest.fixture
def school(open_tool: OpenTool) -> Browser:
    """A tool with a class, and a teacher with a Zoom account."""
    browser = open_tool(policy="class")
    browser.app.state.store.authorise_zoom(EMAIL)
    browser.app.state.store.create_class(*COURSE, "Analytical engines")
    return browser


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"email": None}, 'type="MissingClaim", code=1006'),
        ({"email": ""}, 'type="InvalidClaim", code=1006'),
        ({"email": " "}, 'type="InvalidClaim", code=1006'),
        ({"email": "$Person.email.primary"}, 'type="InvalidClaim", code=1006'),
        ({"context": None}, 'type="MissingClaim", code=1007'),
        ({"context": {"id": 7, "title": "t"}}, 'type="InvalidClaim", code=1007'),
        ({"name": None}, 'type="MissingClaim", code=1019'),
        ({"name": "", "family_name": " "}, 'type="InvalidClaim", code=1019'),
        ({"sub": None}, 'type="MissingClaim", code=1022, ref="CORE 5.3.6"'),
        ({"context": {"id": "c"}}, 'type="MissingClaim", code=1023'),
        ({"roles": []}, 'type="InvalidClaim", code=1024'),
        ({"roles": [" "]}, 'type="InvalidClaim", code=1024'),
    ],
)
def test_values_are_needed(school: Browser, changes: dict[str, Any], error: str) -> None:
    """What the product cannot do without is asked for by its own code."""
    refused = school.launch(**changes)
    assert (refused.status, refused.error) == (400, f"class=invalid, {error}")
    assert school.me().status == 401


def test_one_name_is_enough(school: Browser) -> None:
    """A person may have only one of the three names."""
    assert "Welcome, Lovelace" in school.launch(name=None, family_name="Lovelace").text


@pytest.mark.parametrize(
    ("role", "privileged"),
    [
        (TEACHER, True),
        (VOCABULARY + "membership/Instructor#TeachingAssistant", True),
        ("Instructor", True),
        ("TeachingAssistant", True),
        ("urn:lti:role:ims/lis/Instructor", True),
        ("urn:lti:role:ims/lis/TeachingAssistant/Grader", True),
        (VOCABULARY + "membership/Learner#Instructor", False),
        (VOCABULARY + "institution/person#Instructor", False),
        ("NotAnInstructor", False),
    ],
)
def test_privilege(school: Browser, role: str, *, privileged: bool) -> None:
    """Only a teaching role in the course itself asks for a Zoom account."""
    school.app.state.store.withdraw_zoom(EMAIL)
    reply = school.launch(roles=[role])
    assert reply.launched != privileged
    assert reply.error == ("class=invalid, code=1009" if privileged else "")


def test_students_wait_for_the_class(open_tool: OpenTool) -> None:
    """A student comes in once a teacher has created the class, in the same deployment."""
    browser = open_tool(policy="class")
    browser.app.state.store.authorise_zoom(EMAIL)
    assert browser.launch().error == "class=invalid, code=1011"
    assert teach(browser).launched
    assert browser.launch().launched
    assert browser.launch(deployment_id="Two").error == "class=invalid, code=1011"


@pytest.mark.parametrize("mode", ["error", "timeout", "garbage"])
@pytest.mark.parametrize(
    ("point", "code"),
    [
        ("credentials.read", 1003),
        ("zoom_auth.read", 1008),
        ("course_link.read", 1010),
        ("meeting_defaults.read", 1012),
        ("deferred.create", 1013),
        ("class.create", 1014),
        ("enrollment.write", 1015),
        ("class.read", 1016),
    ],
)
def test_backend_failures(school: Browser, point: str, code: int, mode: str) -> None:
    """A failure at a point is told by its code, fires once, and leaves nothing behind."""
    school.app.state.store.defer_class(EMAIL, "https://lms.example", "1", "course-9")
    fresh: dict[str, Any] = {"context": {"id": "course-new", "title": "New"}}
    with school.app.state.faults.arm(point, mode) as armed:
        refused = teach(school, **fresh)
    assert (refused.status, refused.error) == (500, f'class=unknown, type="Unknown", code={code}')
    assert armed.hits == 1
    assert school.me().status == 401
    assert teach(school, **fresh).launched


@pytest.mark.parametrize(
    ("point", "error"),
    [
        ("credentials.read", 'class=invalid, type="RegistrationNotFound", code=1002'),
        ("zoom_auth.read", "class=invalid, code=1009"),
        ("class.read", 'class=unknown, type="Unknown", code=1016'),
        ("course_link.read", ""),
        ("meeting_defaults.read", ""),
    ],
)
def test_nothing_found_is_not_a_failure(school: Browser, point: str, error: str) -> None:
    """A read that finds nothing gives the neighbouring code, or is no error at all."""
    with school.app.state.faults.arm(point, "empty"):
        reply = teach(school)
    assert reply.error == error


def test_deferred_classes_come_into_being(school: Browser) -> None:
    """What was prepared for a teacher is there after the teacher's launch, for students as well."""
    school.app.state.store.defer_class(EMAIL, "https://lms.example", "1", "later", "Prepared")
    later: dict[str, Any] = {"context": {"id": "later", "title": "x"}}
    assert "code=1011" in school.launch(**later).error
    assert teach(school).launched
    assert "Prepared" in school.launch(**later).text


def test_edit_needs_a_live_zoom_session(school: Browser) -> None:
    """A teacher may edit while Zoom is connected; afterwards it is 1337."""
    assert school.send("POST", "/class/edit").status == 401
    teach(school)
    assert school.send("POST", "/class/edit").status == 200
    for mode in ("error", "empty"):
        with school.app.state.faults.arm("zoom.session", mode) as armed:
            assert school.send("POST", "/class/edit").error == "class=security, code=1337"
        assert armed.hits == 1
    school.app.state.store.withdraw_zoom(EMAIL)
    refused = school.send("POST", "/class/edit")
    assert (refused.status, refused.error) == (401, "class=security, code=1337")
    assert 'data-error-code="1337"' in refused.text


def test_edit_is_for_teachers_of_this_site(school: Browser) -> None:
    """Students, and forms of other sites, edit nothing."""
    school.launch()
    assert school.send("POST", "/class/edit").error == "class=security"
    teach(school)
    assert school.send("POST", "/class/edit", origin="https://x.example").error == "class=security"
    assert school.send("POST", "/class/edit", origin="https://tool.example").status == 200


def test_a_fault_may_pass(school: Browser) -> None:
    """After so many failures the point works again, and is not counted any more."""
    with school.app.state.faults.arm("enrollment.write", "error", times=2) as armed:
        assert [teach(school).launched for _ in range(4)] == [False, False, True, True]
    assert armed.hits == 2


def test_faults_are_armed_once() -> None:
    """Unknown names and arming twice are mistakes of the caller."""
    faults = Faults()
    with faults.arm("class.read", "error"), pytest.raises(ValueError, match="armed already"):
        faults.arm("class.read", "empty")
    faults.arm("class.read", "empty").disarm()
    with pytest.raises(ValueError, match="unknown fault point"):
        faults.arm("class.reed", "error")
    with pytest.raises(ValueError, match="unknown fault mode"):
        faults.arm("class.read", "slow")
    assert len(POINTS) == 9
