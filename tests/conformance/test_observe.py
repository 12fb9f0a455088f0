from __future__ import annotations

import json
from typing import Any

import pytest

from conformance.observe import Reader, extractors
from conformance.toolvalues import Launched, Named, Observe
from mockplatform.errors import UsageError
from tests.conformance.makers import LAUNCH_URL, make_page, make_visit

HTML = {"kind": "html", "css": "[data-code]", "attr": "data-code"}
TEXT = {"kind": "text"}
PATTERN = {"kind": "text", "pattern": r"number (\d+)"}
HEADER = {"kind": "header"}
PLATFORM_RETURN = "http://127.0.0.1:9400/return?launch=1"


def reader(*error: Any, launched: Launched | None = None, **observe: Any) -> Reader:
    return Reader(Observe(launched=launched or Launched(), error=error, **observe), where="tool.toml:")


def test_the_channels_in_the_order_of_trust() -> None:
    """The walk over the folder finds these seven, the most trusted first."""
    assert list(extractors()) == ["header", "problem", "json", "return_url", "html", "text", "status"]


@pytest.mark.parametrize(
    ("status", "body", "by_status_alone", "by_marker"),
    [
        (200, "Welcome", "launched", "launched"),
        (200, "Sorry", "launched", "rejected"),
        (204, "", "launched", "rejected"),
        (302, "", "unclear", "rejected"),
        (302, "Welcome", "unclear", "rejected"),
        (400, "Welcome", "rejected", "rejected"),
        (401, "", "rejected", "rejected"),
        (405, "", "rejected", "rejected"),
        (422, "", "rejected", "rejected"),
        (500, "Welcome", "crashed", "crashed"),
        (502, "", "crashed", "crashed"),
        (200, "Welcome <i data-code='1006'>", "unclear", "unclear"),
        (200, "<i data-code='1006'>", "unclear", "rejected"),
        (302, "<i data-code='1006'>", "rejected", "rejected"),
        (400, "<i data-code='1006'>", "rejected", "rejected"),
        (500, "<i data-code='1006'>", "rejected", "rejected"),
        (500, "<i data-code='1006'>Welcome", "rejected", "rejected"),
        (500, "<i data-code='oops'>", "crashed", "crashed"),
        (400, "<i data-code='oops'>", "rejected", "rejected"),
    ],
)
def test_the_outcome_of_a_status_and_a_page(status: int, body: str, by_status_alone: str, by_marker: str) -> None:
    """What an answer is where 2xx alone means launched, and where a text has to be there as well."""
    visit = make_visit(status, body)

    assert by_status_alone == reader(HTML).read(visit).outcome
    assert by_marker == reader(HTML, launched=Launched(text="Welcome")).read(visit).outcome


@pytest.mark.parametrize(
    ("kind", "outcome"),
    [("timeout", "hung"), ("loop", "hung"), ("dropped", "crashed"), ("refused", "crashed"), ("foreign", "unclear")],
)
def test_the_outcome_without_an_answer(kind: Any, outcome: str) -> None:
    """Each way to end without an answer, with what was told about it."""
    seen = reader().read(make_visit(None, trouble="what happened", trouble_kind=kind))

    assert (seen.outcome, seen.trouble, seen.status_code) == (outcome, "what happened", None)


def test_going_back_to_the_platform_is_a_refusal() -> None:
    """The return URL is the way back for somebody who was turned away, with a code or without."""
    told = reader().read(make_visit(None, url=f"{PLATFORM_RETURN}&lti_errorlog=1006&lti_errormsg=Sorry"))
    silent = reader().read(make_visit(None, url="http://127.0.0.1:9400/return"))

    assert (told.outcome, told.code, told.channel, told.message) == ("rejected", 1006, "return_url", "Sorry")
    assert (silent.outcome, silent.code) == ("rejected", None)
    assert "without a word" in silent.trouble


@pytest.mark.parametrize(
    ("launched", "body", "url", "outcome"),
    [
        ({"status": 201}, "", LAUNCH_URL, "unclear"),
        ({"status": "200"}, "", LAUNCH_URL, "launched"),
        ({"status": 200, "css": "main#course"}, "<main id=course>", LAUNCH_URL, "launched"),
        ({"css": "main#course"}, "<main id=other>", LAUNCH_URL, "rejected"),
        ({"css": "main#course", "text": "Hi"}, "<main id=course>Bye", LAUNCH_URL, "rejected"),
        ({"url": "/course"}, "", "http://127.0.0.1:9555/course/7?x=1", "launched"),
        ({"url": "/course"}, "", "http://127.0.0.1:9555/course", "launched"),
        ({"url": "/course"}, "", "http://127.0.0.1:9555/course-error", "rejected"),
        ({"url": "/course/"}, "", "http://127.0.0.1:9555/course/7", "launched"),
        ({"url": "/course?ok=1"}, "", "http://127.0.0.1:9555/course?ok=1&id=7", "launched"),
        ({"url": "/course?ok=1"}, "", "http://127.0.0.1:9555/course?ok=12", "rejected"),
        ({"url": "/course"}, "", "http://127.0.0.1:9555/error?back=/course", "rejected"),
        ({"url": "http://127.0.0.1:9555/course"}, "", "http://127.0.0.1:9555/course?id=7", "launched"),
        ({"url": "http://127.0.0.1:955"}, "", "http://127.0.0.1:9555/course", "rejected"),
        ({"json": "$.user.id"}, '{"user": {"id": 0}}', LAUNCH_URL, "launched"),
        ({"json": "$.user.id"}, '{"user": {"id": null}}', LAUNCH_URL, "rejected"),
        ({"json": "$.user.id"}, "not json", LAUNCH_URL, "rejected"),
        ({"json": "$.user.id"}, "[" * 200_000, LAUNCH_URL, "rejected"),
    ],
)
def test_the_marks_of_a_launched_page(launched: dict[str, Any], body: str, url: str, outcome: str) -> None:
    """Status, text, place, element and JSON member; all that are given must hold."""
    assert outcome == reader(launched=Launched(**launched)).read(make_visit(200, body, url=url)).outcome


@pytest.mark.parametrize(
    ("launched", "problem"),
    [
        ({"json": "ok"}, "tool.toml: observe.launched.json: 'ok' is not a path"),
        ({"css": "[["}, "tool.toml: observe.launched: css '[[' is not a CSS selector"),
    ],
)
def test_a_mark_that_cannot_be_read_is_refused(launched: dict[str, Any], problem: str) -> None:
    """Such a mark would hold for every page, or end the run."""
    with pytest.raises(UsageError) as raised:
        reader(launched=Launched(**launched))
    assert problem in str(raised.value)


def test_the_most_trusted_channel_wins_each_axis_and_the_rest_is_filled_in() -> None:
    """The header tells the type, the page adds the code that the header leaves out."""
    seen = reader(HTML).read(make_visit(400, "<i data-code='1001'>", headers=(("LTI-Error", 'type="TokenExpired"'),)))

    assert (seen.klass, seen.type, seen.code, seen.channel) == ("security", "TokenExpired", 1001, "header")
    assert seen.findings == ()


def test_the_order_in_the_tool_file_does_not_matter() -> None:
    """A channel's rank decides, wherever it stands."""
    visit = make_visit(400, "<i data-code='1006'>number 1001")

    assert reader(PATTERN, HTML).read(visit).code == 1006
    assert reader(HTML, PATTERN).read(visit).code == 1006


def test_channels_that_contradict_each_other_are_a_finding() -> None:
    """The more trusted one wins, and the finding shows both."""
    seen = reader(HTML).read(make_visit(400, "<i data-code='1001'>", headers=(("LTI-Error", "code=1006"),)))

    assert seen.code == 1006
    assert [finding.id for finding in seen.findings] == ["channels-disagree"]
    assert seen.findings[0].text == "the answer contradicts itself: header says 1006, html says 1001"


def test_the_status_tells_a_class_and_nothing_beyond() -> None:
    """`[observe.status]` is a channel of its own, the weakest one, and no sign of an error by itself."""
    by_status = reader(status={"401": "security", "4xx": "invalid"})

    assert by_status.axes == {"class"}
    assert by_status.read(make_visit(401)).klass == "security"
    assert by_status.read(make_visit(404)).klass == "invalid"
    assert by_status.read(make_visit(401, headers=(("LTI-Error", "class=unknown"),))).klass == "unknown"
    assert reader(status={"500": "unknown"}).read(make_visit(500)).outcome == "crashed"


def test_a_table_of_the_kind_status_adds_to_the_statuses() -> None:
    """Both places may name statuses."""
    both = reader({"kind": "status", "403": "security"}, status={"404": "invalid"})

    assert both.read(make_visit(403)).klass == "security"
    assert both.read(make_visit(404)).klass == "invalid"


@pytest.mark.parametrize(
    "observe", [{"status": {"40x": "security"}}, {"error": ({"kind": "status", "40x": "security"},)}]
)
def test_a_status_that_is_none_is_refused(observe: dict[str, Any]) -> None:
    """It would never be met."""
    with pytest.raises(UsageError, match="'40x' is neither a status such as 401 nor a kind such as 4xx"):
        Reader(Observe(**observe), where="tool.toml:")


def test_a_launched_page_tells_no_error() -> None:
    """Codes and classes belong to refusals."""
    seen = reader(HTML, status={"200": "unknown"}).read(make_visit(200))

    assert (seen.outcome, seen.klass, seen.code, seen.channel) == ("launched", None, None, None)


def test_names_of_the_tool_become_types_and_codes() -> None:
    """`[observe.names]` translates, as a word or as a table."""
    named = reader(HTML, names={"exp": "TokenExpired", "mail": Named(code=1006, klass="invalid")})

    expired = named.read(make_visit(400, "<i data-code='exp'>"))
    mail = named.read(make_visit(400, "<i data-code='mail'>"))
    assert (expired.klass, expired.type, expired.code) == ("security", "TokenExpired", None)
    assert (mail.klass, mail.type, mail.code) == ("invalid", None, 1006)
    assert named.axes == {"class", "type", "code"}


def test_what_could_be_told_depends_on_what_is_configured() -> None:
    """Channels that are read unasked tell something, but silence from them proves nothing."""
    assert reader().axes == set()
    assert reader(HTML).axes == {"code"}
    assert reader(HEADER).axes == {"class", "type", "code"}
    assert reader({"kind": "json", "type": "$.t"}).axes == {"class", "type"}
    assert reader().read(make_visit(400, headers=(("lti-error", "code=1006"),))).code == 1006


@pytest.mark.parametrize(
    ("error", "problem"),
    [
        ({"kind": "htlm"}, "tool.toml: observe.error[0]: kind is 'htlm', expected one of header, problem, json,"),
        ({"css": "p"}, "observe.error[0]: kind is 'None'"),
        ({"kind": "html"}, "observe.error[0] css: missing"),
        ({"kind": "html", "css": "p", "atr": "x"}, "atr: unknown key; did you mean 'attr'?"),
        ({"kind": "html", "css": 5}, "css: expected a string, got an integer"),
        ({"kind": "json", "code": "error.code"}, "is not a path such as"),
        ({"kind": "text", "pattern": "("}, "not a regular expression"),
    ],
)
def test_a_channel_that_does_not_fit_is_refused(error: dict[str, Any], problem: str) -> None:
    """The message names file, place and key in one line."""
    with pytest.raises(UsageError) as raised:
        reader(error)
    assert problem in str(raised.value)
    assert "\n" not in str(raised.value)


class TestCalibration:
    GOOD = make_page("<p>Welcome to number 2024. Error code: 1024 pixels wide</p>")

    def test_a_pattern_that_matches_the_good_page_is_not_used(self) -> None:
        """It would see an error in every answer, so it is void and says so once."""
        calibrated = reader(PATTERN, launched=Launched(text="Welcome"))
        before = calibrated.read(make_visit(400, "number 1006"))

        findings = calibrated.calibrate(self.GOOD)

        assert before.code == 1006
        assert [finding.id for finding in findings] == ["void-text-pattern"]
        assert "number (\\d+)" in findings[0].text
        assert calibrated.read(make_visit(400, "number 1006")).code is None
        assert calibrated.axes == set()

    def test_words_that_stand_on_the_good_page_are_not_used(self) -> None:
        """The same without a pattern."""
        calibrated = reader(TEXT)

        assert [finding.id for finding in calibrated.calibrate(self.GOOD)] == ["void-text-pattern"]
        assert calibrated.axes == set()

    def test_only_the_pattern_that_matches_is_void(self) -> None:
        """Another text channel, and channels of other kinds, stay in use."""
        calibrated = reader(PATTERN, {"kind": "text", "pattern": r"LTI-(\d+)"}, HTML)

        assert len(calibrated.calibrate(self.GOOD)) == 1
        assert calibrated.read(make_visit(400, "number 1001 and LTI-1006")).code == 1006
        assert calibrated.read(make_visit(400, "<i data-code='1007'>")).code == 1007
        assert calibrated.axes == {"code"}

    def test_a_good_page_without_a_match_voids_nothing(self) -> None:
        """The usual case says nothing."""
        calibrated = reader(PATTERN, TEXT, HTML)

        assert calibrated.calibrate(make_page("Welcome, there are 1024 of us")) == ()
        assert calibrated.read(make_visit(400, "number 1006")).code == 1006


class TestMessage:
    def test_what_a_person_reads(self) -> None:
        """The text of the page without markup and scripts, cut short."""
        seen = reader().read(make_visit(400, "<head><title>T</title></head><script>x</script><h1>No</h1> <p>way</p>"))
        long = reader().read(make_visit(400, "a" * 1000))

        assert seen.message == "No way"
        assert long.message == "a" * 400 + "…"

    def test_a_message_of_a_channel_comes_first(self) -> None:
        """A problem's detail says it better than the raw JSON."""
        body = json.dumps({"detail": "Too old"})
        seen = reader().read(make_visit(400, body, headers=(("content-type", "application/problem+json"),)))

        assert seen.message == "Too old"


@pytest.mark.parametrize("content_type", ["application/problem+json", "application/json"])
def test_the_500_of_a_framework_is_a_crash_in_any_dress(content_type: str) -> None:
    """An uncaught exception that the framework wraps in JSON is no refusal that anybody can read."""
    body = json.dumps({"type": "about:blank", "title": "Internal Server Error", "status": 500, "code": "oops"})
    seen = reader({"kind": "json", "code": "$.code"}).read(
        make_visit(500, body, headers=(("content-type", content_type),))
    )

    assert seen.outcome == "crashed"


def test_a_cut_answer_is_a_finding() -> None:
    """What lay beyond the limit was not read, and that is said."""
    assert [f.id for f in reader().read(make_visit(400, "x", cut=True)).findings] == ["answer-cut"]
    assert reader().read(make_visit(400, "x")).findings == ()


@pytest.mark.parametrize("body", [b"", b"\x00", b"\xff\xfe", b"<", b"<<<>>>", b"{", b"[" * 100_000, b"<a" * 10_000])
def test_garbage_is_read_without_a_word(body: bytes) -> None:
    """No answer of a tool makes the harness fail."""
    everything = reader(HTML, TEXT, PATTERN, HEADER, {"kind": "json", "code": "$.c"}, {"kind": "problem"})
    for content_type in ("text/html", "application/json", "application/problem+json", ""):
        seen = everything.read(make_visit(400, body, headers=(("content-type", content_type), ("LTI-Error", '"='))))
        assert (seen.outcome, seen.code) == ("rejected", None)
