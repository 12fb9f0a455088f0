from __future__ import annotations

import dataclasses

import pytest

from mockplatform.mentoring import MENTOR
from mockplatform.model import ResourceLink
from mockplatform.variables import VARIABLES, Unknown, substituted
from tests.mockplatform.makers import INSTRUCTOR, PERSON, make_launch

LINK = ResourceLink(
    id="link-3",
    title="Quiz 3",
    description="Three questions",
    dates={"available.startDateTime": "2027-01-01T08:00:00Z", "submission.endDateTime": "2027-02-01T08:00:00Z"},
)
LAUNCH = make_launch(resource_link=LINK)


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("User.id", "person-7"),
        ("User.username", "zoe"),
        ("Person.name.full", "Zoë Nguyễn"),
        ("Person.name.given", "Zoë"),
        ("Person.name.family", "Nguyễn"),
        ("Person.email.primary", "zoe@example.org"),
        ("Context.id", "course-9"),
        ("Context.label", "BIO 7"),
        ("Context.title", "Zellen & Gewebe"),
        ("Context.type", "http://purl.imsglobal.org/vocab/lis/v2/course#CourseSection"),
        ("CourseSection.title", "Zellen & Gewebe"),
        ("CourseSection.label", "BIO 7"),
        ("ResourceLink.id", "link-3"),
        ("ResourceLink.title", "Quiz 3"),
        ("ResourceLink.description", "Three questions"),
        ("ResourceLink.available.startDateTime", "2027-01-01T08:00:00Z"),
        ("ResourceLink.available.endDateTime", ""),
        ("ResourceLink.submission.endDateTime", "2027-02-01T08:00:00Z"),
        ("Membership.role", INSTRUCTOR),
        ("ToolPlatformInstance.guid", "guid-1"),
        ("Message.documentTarget", "iframe"),
        ("Message.locale", "de-DE"),
        ("Message.returnURL", "http://127.0.0.1:9400/return?launch=1"),
        ("Person.sourcedId", ""),
        ("CourseSection.timeFrame.begin", ""),
    ],
)
def test_a_variable_stands_for_its_value(variable: str, value: str) -> None:
    """Each variable of CORE, appendix B, gives what the launch knows, and nothing where it knows nothing."""
    assert substituted({"x": f"${variable}"}, LAUNCH) == {"x": value}


@pytest.mark.parametrize("variable", VARIABLES)
def test_every_variable_gives_a_text(variable: str) -> None:
    """No variable fails for a person of whom nothing is known."""
    nobody = dataclasses.replace(PERSON, given_name="", family_name="", email="", locale="")

    assert isinstance(VARIABLES[variable](dataclasses.replace(LAUNCH, person=nobody)), str)


@pytest.mark.parametrize("value", ["plain", "", "costs $User.id", "User.id", "$$User.id", "a$"])
def test_only_a_whole_value_is_a_variable(value: str) -> None:
    """A value that is not just one known variable stays as it is."""
    assert substituted({"x": value}, LAUNCH) == {"x": value}


@pytest.mark.parametrize("name", ["$Canvas.course.id", "$user.id", "$User.Id", "$"])
@pytest.mark.parametrize(("unknown", "fields"), [("literal", ["x", "y"]), ("empty", ["x", "y"]), ("omit", ["y"])])
def test_what_is_unknown_stays_or_goes(name: str, unknown: Unknown, fields: list[str]) -> None:
    """A variable that the platform does not know is literal, empty or left out; names count by case."""
    told = substituted({"x": name, "y": "$Context.id"}, LAUNCH, unknown=unknown)

    assert list(told) == fields
    assert told.get("x", "") == (name if unknown == "literal" else "")
    assert told["y"] == "course-9"


@pytest.mark.parametrize(
    ("roles", "value"), [((MENTOR,), "p1,p2"), ((INSTRUCTOR, MENTOR), "p1,p2"), ((INSTRUCTOR,), "")]
)
def test_whom_a_mentor_looks_after(roles: tuple[str, ...], value: str) -> None:
    """The ids stand one after the other, and go with the role as the claim does (CORE 5.4.3 and appendix B.1)."""
    launch = dataclasses.replace(LAUNCH, person=dataclasses.replace(PERSON, mentor_of=("p1", "p2")), roles=roles)

    assert substituted({"x": "$User.scope.mentor"}, launch) == {"x": value}
