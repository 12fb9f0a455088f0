"""The sample tool in front of a fake Zoom: every way to fail has its code, and leaves nothing half made."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import func, select

from conformance.driver import Binding, Order, Site
from conformance.faults import opened
from conformance.modes import BASE_MODES, MODES, Mode
from conformance.sample_tool.tables import classes, course_links, deferred_classes, enrolments
from conformance.sample_tool.zoom import http_zoom
from conformance.upstream import FakeZoom, Fault
from conformance.upstream.app import create_upstream
from mockplatform.server import listen, serve
from tests.conformance.loopback import keep_still, server
from tests.conformance.upstream.asking import Clock

if TYPE_CHECKING:
    from tests.conformance.sample_tool.conftest import Browser, Reply

OpenTool = Callable[..., "Browser"]

TEACHER = "http://purl.imsglobal.org/vocab/lis/v2/membership#Instructor"
EMAIL = "ada@lms.example"
CREATE = "POST /v2/users/*/meetings"
SITE = Site(where="tool.toml", tool_url=str, send=lambda _: pytest.fail("it sends nothing to the tool"))
LATER = "Prepared over the API"


def teach(browser: Browser) -> Reply:
    return browser.launch(roles=[TEACHER])


def rows(browser: Browser) -> dict[str, int]:
    """How many rows there are of whatever a launch makes."""
    with browser.app.state.store.transaction() as connection:
        return {
            table.name: connection.execute(select(func.count()).select_from(table)).scalar_one()
            for table in (classes, course_links, deferred_classes, enrolments)
        }


def kept_meetings(browser: Browser) -> list[str]:
    """The meetings that the classes of the tool have."""
    with browser.app.state.store.transaction() as connection:
        return list(connection.execute(select(classes.c.meeting_id).order_by(classes.c.id)).scalars())


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def zoom(clock: Clock) -> FakeZoom:
    return FakeZoom(clock=clock)


@pytest.fixture
def school(open_tool: OpenTool, zoom: FakeZoom) -> Browser:
    """A tool that creates its classes at Zoom, and a teacher with an account there."""
    browser = open_tool(policy="class", zoom=zoom.ask)
    browser.app.state.store.authorise_zoom(EMAIL)
    return browser


@pytest.fixture
def bindings(zoom: FakeZoom) -> Iterator[Mapping[str, Binding]]:
    """The points that the driver reaches, for the launches of one teacher."""
    table = {"driver": "upstream", "zoom": zoom, "match": "email"}
    tables = {
        "class.create": table,
        "deferred.create": {**table, "contains": LATER},
        "zoom.session": table,
    }
    with opened(tables, SITE) as found:
        yield found


def order(point: str, mode: Mode, **more: Any) -> Order:
    return Order(point=point, mode=mode, marks={"email": EMAIL}, **more)


def paths(zoom: FakeZoom) -> list[str]:
    return [f"{asked.method} {asked.path}" for asked in zoom.journal]


def test_a_class_has_a_meeting_at_zoom(school: Browser, zoom: FakeZoom) -> None:
    """One token and one meeting, with the title of the course; a second launch asks for nothing."""
    assert teach(school).launched
    assert teach(school).launched
    assert paths(zoom) == ["POST /oauth/token", f"POST /v2/users/{EMAIL}/meetings"]
    assert kept_meetings(school) == list(zoom.meetings)
    (meeting,) = zoom.meetings.values()
    assert (meeting["topic"], meeting["settings"]) == ("Analytical engines", {"waiting_room": True})


def test_the_token_of_a_person_is_used_again(school: Browser, zoom: FakeZoom, clock: Clock) -> None:
    """Until it has expired; then it is exchanged once."""
    for number in range(2):
        assert school.launch(roles=[TEACHER], context={"id": f"c{number}", "title": "T" * 300}).launched
    assert paths(zoom).count("POST /oauth/token") == 1
    clock.now += 3600
    assert school.launch(roles=[TEACHER], context={"id": "c2", "title": "T"}).launched
    assert paths(zoom).count("POST /oauth/token") == 2
    assert kept_meetings(school) == list(zoom.meetings)


@pytest.mark.parametrize("mode", MODES)
def test_a_class_that_zoom_does_not_create(
    school: Browser, zoom: FakeZoom, bindings: Mapping[str, Binding], mode: Mode
) -> None:
    """It is 1014, whatever Zoom did; nothing is left of it here or there, and the retry makes exactly one."""
    binding = bindings["class.create"]
    assert mode in binding.modes
    assert binding.isolated
    before = rows(school)
    with binding.arm(order("class.create", mode)) as armed:
        refused = teach(school)
    assert (refused.status, refused.error) == (500, 'class=unknown, type="Unknown", code=1014')
    assert armed.hits
    assert school.me().status == 401
    assert rows(school) == before
    assert not zoom.meetings
    assert teach(school).launched
    assert rows(school) == {**before, "classes": 1, "course_links": 1, "enrolments": 1}
    assert kept_meetings(school) == list(zoom.meetings)


@pytest.mark.parametrize("mode", MODES)
def test_a_failure_that_passes_by_itself(school: Browser, bindings: Mapping[str, Binding], mode: Mode) -> None:
    """A token refused once is exchanged and the launch goes on; all else fails this launch alone."""
    with bindings["class.create"].arm(order("class.create", mode, times=1)) as armed:
        assert teach(school).launched == (mode == "token-refused")
        assert teach(school).launched
    assert armed.hits == 1
    assert rows(school)["classes"] == 1


def test_a_refused_token_is_exchanged_once(school: Browser, zoom: FakeZoom) -> None:
    """And then believed: a tool that goes on asking never comes to an end."""
    with zoom.arm(Fault(route=CREATE, mode="token-refused")) as armed:
        teach(school)
    assert armed.hits == 2
    assert paths(zoom).count("POST /oauth/token") == 2


def test_a_withdrawn_grant_is_found_out_with_a_token_at_hand(school: Browser, zoom: FakeZoom) -> None:
    """The token of the last class is refused, and there is no other to be had."""
    teach(school)
    with zoom.arm(Fault(route=CREATE, mode="grant-refused")):
        refused = school.launch(roles=[TEACHER], context={"id": "c2", "title": "T"})
    assert "code=1014" in refused.error
    assert paths(zoom)[-2:] == [f"POST /v2/users/{EMAIL}/meetings", "POST /oauth/token"]


def test_others_launch_while_one_fails(school: Browser, bindings: Mapping[str, Binding]) -> None:
    """The fault is for one teacher only."""
    school.app.state.store.authorise_zoom("grace@lms.example")
    with bindings["class.create"].arm(order("class.create", "error")):
        assert school.launch(roles=[TEACHER], email="grace@lms.example", context={"id": "g", "title": "G"}).launched
        assert "code=1014" in teach(school).error


@pytest.mark.parametrize("mode", MODES)
def test_deferred_classes_that_zoom_does_not_create(
    school: Browser, zoom: FakeZoom, bindings: Mapping[str, Binding], mode: Mode
) -> None:
    """It is 1013; all or none come into being, and the retry makes each exactly once."""
    for name in ("d1", "d2"):
        school.app.state.store.defer_class(EMAIL, "https://lms.example", "1", name, LATER)
    with bindings["deferred.create"].arm(order("deferred.create", mode)) as armed:
        refused = teach(school)
    assert refused.error == 'class=unknown, type="Unknown", code=1013'
    assert armed.hits
    assert rows(school)["deferred_classes"] == 2
    assert len(zoom.meetings) == rows(school)["classes"] == 1
    assert teach(school).launched
    assert rows(school) == {"classes": 3, "course_links": 3, "deferred_classes": 0, "enrolments": 1}
    assert sorted(kept_meetings(school)) == sorted(zoom.meetings)


def test_of_several_deferred_classes_the_second_fails(school: Browser, zoom: FakeZoom) -> None:
    """The first is taken back at Zoom as well."""
    for name in ("First", "Second", "Third"):
        school.app.state.store.defer_class(EMAIL, "https://lms.example", "1", name, name)
    with zoom.arm(Fault(route=CREATE, mode="error", marks=("Second",))):
        assert "code=1013" in teach(school).error
    assert [meeting["topic"] for meeting in zoom.meetings.values()] == ["Analytical engines"]
    assert teach(school).launched
    assert sorted(kept_meetings(school)) == sorted(zoom.meetings)
    assert len(zoom.meetings) == 4


def test_a_deferred_class_that_there_is_already(school: Browser, zoom: FakeZoom) -> None:
    """The launch into its course has made it, and no second meeting is."""
    school.app.state.store.defer_class(EMAIL, "https://lms.example", "1", "course-1", LATER)
    assert teach(school).launched
    assert len(zoom.meetings) == rows(school)["classes"] == 1
    assert rows(school)["deferred_classes"] == 0


@pytest.mark.parametrize("mode", MODES)
def test_an_edit_without_a_live_account(
    school: Browser, zoom: FakeZoom, bindings: Mapping[str, Binding], mode: Mode
) -> None:
    """It is 1337, a launch meanwhile is none the worse, and afterwards the edit works."""
    teach(school)
    assert school.send("POST", "/class/edit").status == 200
    with bindings["zoom.session"].arm(order("zoom.session", mode)) as armed:
        refused = school.send("POST", "/class/edit")
        assert (refused.status, refused.error) == (401, "class=security, code=1337")
        assert armed.hits
        assert teach(school).launched
    assert school.send("POST", "/class/edit").status == 200


@pytest.mark.parametrize("mode", BASE_MODES)
@pytest.mark.parametrize(("point", "code"), [("class.create", 1014), ("deferred.create", 1013)])
def test_the_points_within_the_tool_work_beside(
    school: Browser, zoom: FakeZoom, point: str, code: int, mode: str
) -> None:
    """A point that fails in the tool itself does so before Zoom is asked."""
    school.app.state.store.defer_class(EMAIL, "https://lms.example", "1", "d1", LATER)
    with school.app.state.faults.arm(point, mode) as armed:
        assert f"code={code}" in teach(school).error
    assert armed.hits == 1
    assert len(zoom.meetings) == rows(school)["classes"]
    assert teach(school).launched


def test_a_meeting_without_a_class_is_taken_back(school: Browser, zoom: FakeZoom) -> None:
    """The database failed after Zoom had made it."""
    store = school.app.state.store
    with store.transaction() as connection:
        connection.exec_driver_sql("CREATE TRIGGER no BEFORE INSERT ON classes BEGIN SELECT RAISE(ABORT, 'no'); END")
    assert "code=1014" in teach(school).error
    assert paths(zoom)[-1].startswith("DELETE /v2/meetings/")
    assert not zoom.meetings


@pytest.mark.parametrize(
    "answer",
    [
        (200, b""),
        (201, b"[]"),
        (201, b'{"id": true}'),
        (201, b'{"id": null}'),
        (201, b'{"id": ""}'),
        (201, b"[" * 100_000),
        (302, b'{"id": 1}'),
        (401, b"<html>"),
        (401, b'{"code": 200}'),
    ],
)
@pytest.mark.parametrize("at", ["/oauth/token", "/meetings"])
def test_answers_that_are_no_answers(open_tool: OpenTool, zoom: FakeZoom, at: str, answer: tuple[int, bytes]) -> None:
    """Whichever request gets it, there is no class and no crash."""

    async def ask(method: str, path: str, headers: Mapping[str, str], body: bytes) -> tuple[int, bytes]:
        return answer if path.endswith(at) else await zoom.ask(method, path, headers, body)

    browser = open_tool(policy="class", zoom=ask)
    browser.app.state.store.authorise_zoom(EMAIL)
    assert teach(browser).error == 'class=unknown, type="Unknown", code=1014'
    assert rows(browser)["classes"] == 0


def test_over_a_socket(open_tool: OpenTool, zoom: FakeZoom, monkeypatch: pytest.MonkeyPatch) -> None:
    """The tool's own way to Zoom: a class, a silence that it does not wait out, and an edit."""
    monkeypatch.setattr("conformance.sample_tool.zoom.TIMEOUT_S", 0.1)
    with serve(create_upstream(zoom), listen()) as url:
        browser = open_tool(policy="class", zoom=http_zoom(f"{url}/"))
        browser.app.state.store.authorise_zoom(EMAIL)
        with zoom.arm(Fault(route=CREATE, mode="timeout")):
            assert "code=1014" in teach(browser).error
        monkeypatch.undo()
        assert teach(browser).launched
        assert browser.send("POST", "/class/edit").status == 200
    assert kept_meetings(browser) == list(zoom.meetings)
    assert json.loads(zoom.journal[1].body)["topic"] == "Analytical engines"
    assert browser.send("POST", "/class/edit").error == "class=security, code=1337"


def test_the_way_to_zoom_has_an_end(open_tool: OpenTool, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody there, nobody who answers, and far too much of an answer are 1014."""
    monkeypatch.setattr("conformance.sample_tool.zoom.TIMEOUT_S", 0.1)
    monkeypatch.setattr("conformance.sample_tool.zoom.BODY_LIMIT", 5)
    with server(keep_still) as still, serve(create_upstream(FakeZoom(clock=Clock())), listen()) as large:
        for url in ("http://127.0.0.1:1", still, large):
            browser = open_tool(policy="class", zoom=http_zoom(url))
            browser.app.state.store.authorise_zoom(EMAIL)
            assert "code=1014" in teach(browser).error


def test_a_teacher_whose_account_is_gone_in_between(school: Browser, zoom: FakeZoom) -> None:
    """The tool does not go to Zoom for somebody who has no account with it."""
    with zoom.arm(Fault(route=CREATE, mode="token-refused")):

        async def ask(*request: Any) -> tuple[int, bytes]:
            school.app.state.store.withdraw_zoom(EMAIL)
            return await zoom.ask(*request)

        school.app.state.tool = replace(school.app.state.tool, zoom=ask)
        assert "code=1014" in teach(school).error
    assert paths(zoom).count("POST /oauth/token") == 1
