from __future__ import annotations

import json
from typing import Any

import pytest

from conformance.extractors import error_header, html, json_body, problem, return_url, status, text
from conformance.sighting import Page, Sighting, Words
from conformance.toolvalues import Named
from mockplatform.errors import UsageError
from mockplatform.tables import build
from tests.conformance.makers import make_page

PLAIN = Words({})
NOTHING = Sighting()
EXPIRED = Sighting(klass="security", type="TokenExpired")


def json_page(value: object, content_type: str = "application/json", **changes: Any) -> Page:
    body = value if isinstance(value, bytes) else json.dumps(value).encode()
    return make_page(body, headers=(("Content-Type", content_type),), **changes)


def header_page(value: str, name: str = "LTI-Error") -> Page:
    return make_page(headers=((name, value),))


class TestPage:
    @pytest.mark.parametrize(
        ("body", "charset"),
        [
            ("<p class=error>Ungültig</p>".encode(), ""),
            ("<p class=error>Ungültig</p>".encode(), "; charset=utf-8"),
            ("<p class=error>Ungültig</p>".encode(), "; charset=klingon"),
            ("<p class=error>Ungültig</p>".encode(), "; charset=idna"),
            ("<p class=error>Ungültig</p>".encode("latin-1"), "; charset=ISO-8859-1"),
            ("<p class=error>Ungültig</p>".encode("utf-16"), '; boundary=x; Charset="utf-16"'),
        ],
    )
    def test_the_charset_of_the_content_type_is_honoured(self, body: bytes, charset: str) -> None:
        """Text, elements and what a person sees are read in it; what names none that is known is read as UTF-8."""
        page = make_page(body, headers=(("Content-Type", f"text/html{charset}"),))
        assert (page.text, page.visible) == ("<p class=error>Ungültig</p>", "Ungültig")
        assert page.html.css_first(".error").text() == "Ungültig"

    @pytest.mark.parametrize("charset", ["utf-8", "utf-16", "utf-7", "hex", "undefined", "unicode_escape"])
    @pytest.mark.parametrize("body", [b"\xff<p>\xd8", b"+2AA-\\ud800"])
    def test_no_charset_makes_a_text_that_cannot_be_written(self, body: bytes, charset: str) -> None:
        """Whatever a tool sends under whatever name, its text is one that a file can hold."""
        page = make_page(body, headers=(("Content-Type", f"text/html; charset={charset}"),))
        assert page.text.encode("utf-8").decode("utf-8") == page.text


class TestWords:
    @pytest.mark.parametrize(
        ("word", "meaning"),
        [
            ("1006", Sighting(code=1006)),
            (1006, Sighting(code=1006)),
            (" 1337 ", Sighting(code=1337)),
            ("INVALID_USER_EMAIL", Sighting(code=1006)),
            ("TokenExpired", EXPIRED),
            ("InvalidJson", Sighting(klass="invalid", type="InvalidJson")),
            ("security", Sighting(klass="security")),
            (":unknown", Sighting(klass="unknown")),
            ("1000", NOTHING),
            ("1025", NOTHING),
            ("01006", NOTHING),
            ("１００６", NOTHING),
            ("9" * 6000, NOTHING),
            ("token expired", NOTHING),
            ("", NOTHING),
            (None, NOTHING),
            (True, NOTHING),
            ({"code": 1006}, NOTHING),
        ],
    )
    def test_the_meaning_of_a_single_word(self, word: object, meaning: Sighting) -> None:
        """Codes, their names, types and classes mean themselves; anything else means nothing."""
        assert meaning == PLAIN.meaning(word)

    @pytest.mark.parametrize(
        ("running_text", "code"),
        [
            ("Error code: 1024", 1024),
            ("error 1001", 1001),
            ("Something failed (Code 1337).", 1337),
            ("ERROR=1017", 1017),
            ("code: #1006", 1006),
            ("the launch ended in FAILED_TO_GET_CLASS", 1016),
            ("width=1024", None),
            ("1024 x 768", None),
            ("Copyright 1006", None),
            ("Error code: 1000", None),
            ("Error code: 10060", None),
            ("Error code: 1025", None),
            ("Decode 1006", None),
            ("error. Please call us at the number that you know: 1006", None),
            ("", None),
        ],
    )
    def test_a_number_counts_only_beside_a_label(self, running_text: str, code: int | None) -> None:
        """A number on a page is a screen width, a year or a price unless it is labelled."""
        assert Sighting(code=code) == PLAIN.search(running_text)

    def test_the_words_of_a_tool_mean_what_its_file_says(self) -> None:
        """A word stands for a type, a code or a table of both, and for the class that follows."""
        words = Words({"EXP": "TokenExpired", "E17": Named(code=1017), "BAD": Named(type="KidNotFound", code=1001)})

        assert words.meaning("EXP") == EXPIRED
        assert words.meaning("E17") == Sighting(code=1017)
        assert words.meaning("BAD") == Sighting(klass="security", type="KidNotFound", code=1001)
        assert words.kinds == {"type", "class", "code"}

    def test_the_class_of_a_table_wins_over_that_of_its_type(self) -> None:
        """A tool may sort a type into another class, and then that is what it said."""
        assert Words({"X": Named(type="TokenExpired", klass="unknown")}).meaning("X").klass == "unknown"

    def test_the_longest_word_on_a_page_wins(self) -> None:
        """A word within a longer one does not hide it."""
        words = Words({"expired": "TokenExpired", "nonce expired": "NonceNotFound"})

        assert words.search("Sorry, the nonce expired.").type == "NonceNotFound"

    def test_a_word_and_a_labelled_number_are_both_read(self) -> None:
        """The type comes from the tool's word, the code from the number."""
        assert Words({"too old": "TokenExpired"}).search("Your token is too old. Error 1001.") == Sighting(
            klass="security", type="TokenExpired", code=1001
        )

    @pytest.mark.parametrize(
        ("names", "problem_text"),
        [
            ({"EXP": "TokenExpierd"}, "observe.names.EXP: unknown error type 'TokenExpierd'"),
            ({"EXP": Named(type="Nope")}, "observe.names.EXP: unknown error type 'Nope'"),
            ({"EXP": Named(code=1999)}, "observe.names.EXP: unknown code 1999"),
        ],
    )
    def test_a_word_for_something_unknown_is_refused(self, names: Any, problem_text: str) -> None:
        """A misspelt type or code would silently mean nothing."""
        with pytest.raises(UsageError) as raised:
            Words(names, where="tool.toml: observe.names")
        assert problem_text in str(raised.value)
        assert "\n" not in str(raised.value)


class TestHeader:
    @pytest.mark.parametrize(
        ("value", "seen"),
        [
            (
                'class=security, type="TokenExpired", code=1001, ref="SEC 5.1.3-7"',
                Sighting(klass="security", type="TokenExpired", code=1001),
            ),
            ("code=1006", Sighting(code=1006)),
            ("class=invalid", Sighting(klass="invalid")),
            ("type=TokenExpired", EXPIRED),
            ('type="TokenExpired";code=1001', Sighting(klass="security", type="TokenExpired", code=1001)),
            ('type="TokenExpired"code=1001', Sighting(klass="security", type="TokenExpired", code=1001)),
            ('code="1001"', Sighting(code=1001)),
            ('class=nonsense, type="TokenExpired"', EXPIRED),
            ('class=unknown, type="TokenExpired"', Sighting(klass="unknown", type="TokenExpired")),
            ('ref="type=NonceReused, code=1001"', NOTHING),
            ("error_type=NonceReused, x-code=1001", NOTHING),
            ("type=Nonsense, code=99", NOTHING),
            ("TokenExpired", EXPIRED),
            ("1006", Sighting(code=1006)),
            ("?!", NOTHING),
        ],
    )
    def test_the_members_of_the_field(self, value: str, seen: Sighting) -> None:
        """Members in any order, quoted or not; what stands in the text of another member does not count."""
        assert seen == error_header.read(error_header.Settings(), header_page(value), PLAIN)

    def test_any_case_of_the_name_and_another_name(self) -> None:
        """Header names have no case, and a tool may use one of its own."""
        own = error_header.Settings(name="X-Error")

        assert error_header.read(error_header.Settings(), header_page("code=1006", "lti-error"), PLAIN)
        assert error_header.read(own, header_page("1006", "x-error"), PLAIN) == Sighting(code=1006)
        assert error_header.read(own, header_page("1006"), PLAIN) is None

    def test_a_tools_own_word_as_the_type_tells_its_code_too(self) -> None:
        """What a word means on every axis is read from the header as it is from a page."""
        words = Words({"E-EXP": Named(type="TokenExpired", code=1001)})

        seen = error_header.read(error_header.Settings(), header_page("type=E-EXP"), words)
        assert seen == Sighting(klass="security", type="TokenExpired", code=1001)

    def test_no_header_is_no_sighting(self) -> None:
        """An answer without the header, or with an empty one, shows no error."""
        assert error_header.read(error_header.Settings(), make_page(), PLAIN) is None
        assert error_header.read(error_header.Settings(), header_page(""), PLAIN) is None


class TestProblem:
    TYPE = "application/problem+json"

    def test_our_members(self) -> None:
        """Class, type and code stand in members of their own; the detail is for people."""
        page = json_page(
            {"error_class": "security", "error_type": "TokenExpired", "code": 1001, "detail": "Too old", "title": "No"},
            "application/problem+json; charset=utf-8",
        )
        assert problem.read(problem.Settings(), page, PLAIN) == Sighting(
            klass="security", type="TokenExpired", code=1001, message="Too old"
        )

    @pytest.mark.parametrize(
        "uri",
        ["https://x.example/errors/TokenExpired", "urn:lti:error:TokenExpired", "https://x.example/e#TokenExpired"],
    )
    def test_the_tail_of_the_problem_type(self, uri: str) -> None:
        """The standard member `type` may name the error as well."""
        assert problem.read(problem.Settings(), json_page({"type": uri}, self.TYPE), PLAIN) == EXPIRED

    def test_other_member_names(self) -> None:
        """A tool file may name the members."""
        settings = problem.Settings(klass="k", type="t", code="c")
        page = json_page({"k": "unknown", "t": "InvalidJson", "c": "1006", "code": 1001}, self.TYPE)

        assert problem.read(settings, page, PLAIN) == Sighting(klass="unknown", type="InvalidJson", code=1006)

    @pytest.mark.parametrize(
        "page",
        [
            json_page({"code": 1001}),
            json_page(b"{", TYPE),
            json_page(b"[" * 200_000, TYPE),
            json_page(b"\xff\xfe\x00", TYPE),
            json_page([1001], TYPE),
            json_page(None, TYPE),
            make_page('{"code": 1001}'),
            make_page(headers=()),
        ],
    )
    def test_what_is_no_problem_document(self, page: Page) -> None:
        """Another content type, broken JSON, JSON too deep to read and JSON that is no object show nothing."""
        assert problem.read(problem.Settings(), page, PLAIN) is None

    def test_a_problem_without_our_members_is_an_error_without_a_name(self) -> None:
        """It is recognised, and says nothing about class, type or code."""
        seen = problem.read(problem.Settings(), json_page({"type": "about:blank", "title": "Bad"}, self.TYPE), PLAIN)

        assert seen == Sighting(message="Bad")
        assert not seen


class TestJson:
    SETTINGS = json_body.Settings(klass="$.error.class", type="$.error.type", code="$.errors[0].code", message="$.text")

    def test_each_path(self) -> None:
        """Class, type, code and message each stand at their path."""
        page = json_page(
            {"error": {"class": "security", "type": "TokenExpired"}, "errors": [{"code": "1001"}], "text": "Old"}
        )
        assert json_body.read(self.SETTINGS, page, PLAIN) == Sighting(
            klass="security", type="TokenExpired", code=1001, message="Old"
        )

    @pytest.mark.parametrize(
        "body",
        [
            {},
            {"error": None},
            {"error": {"type": None}},
            {"errors": []},
            {"errors": {}},
            {"text": "Welcome"},
            [],
            5,
            None,
        ],
    )
    def test_a_body_without_the_paths_shows_no_error(self, body: object) -> None:
        """The good answer of a JSON tool is not taken for an error, whatever message it carries."""
        assert json_body.read(self.SETTINGS, json_page(body), PLAIN) is None

    @pytest.mark.parametrize("body", [b"", b"{", b"\xff", b"[" * 200_000, b"<html>", b'{"error": {"type": '])
    def test_garbage_shows_no_error(self, body: bytes) -> None:
        """What cannot be read as JSON is left alone."""
        assert json_body.read(self.SETTINGS, json_page(body), PLAIN) is None

    def test_only_json_is_read(self) -> None:
        """A page of another kind is not parsed, one of a kind of JSON is."""
        body = {"error": {"type": "TokenExpired"}}

        assert json_body.read(self.SETTINGS, json_page(body, "text/html"), PLAIN) is None
        assert json_body.read(self.SETTINGS, json_page(body, "application/vnd.x+json"), PLAIN) == EXPIRED

    def test_an_unknown_word_is_an_error_without_a_name(self) -> None:
        """A value stands at the path: an error, though nobody knows which."""
        seen = json_body.read(self.SETTINGS, json_page({"error": {"type": "WhoKnows"}}), PLAIN)

        assert seen == NOTHING

    @pytest.mark.parametrize(
        ("path", "value"),
        [
            ("$.a", {"b": [1, {"c": 2}]}),
            ("$.a.b[1].c", 2),
            ("$.a.b[0]", 1),
            ("$.a.b[2]", None),
            ("$.a.c", None),
            ("$.a[0]", None),
            ("$.a.b.c", None),
        ],
    )
    def test_a_path(self, path: str, value: object) -> None:
        """Members and indexes, and None where the way ends."""
        assert value == json_body.at_path({"a": {"b": [1, {"c": 2}]}}, path)

    @pytest.mark.parametrize("path", ["error.code", "$", "$error", "$.", "$.a[x]", "$.a[-1]", "$..a", ""])
    def test_what_is_no_path_is_refused(self, path: str) -> None:
        """A path that cannot be read would find nothing for ever."""
        with pytest.raises(UsageError, match="is not a path such as"):
            build(json_body.Settings, {"code": path}, where="t:")

    def test_the_axes_are_those_with_a_path(self) -> None:
        """A path to the type also tells the class."""
        assert json_body.axes(json_body.Settings(code="$.c"), PLAIN) == {"code"}
        assert json_body.axes(json_body.Settings(type="$.t"), PLAIN) == {"type", "class"}
        assert json_body.axes(json_body.Settings(type="$.t"), Words({"X": Named(code=1001)})) == {
            "type",
            "class",
            "code",
        }
        assert json_body.axes(json_body.Settings(message="$.m"), PLAIN) == set()


class TestReturnUrl:
    def page(self, **params: str) -> Page:
        return make_page(status=None, params=tuple(params.items()))

    @pytest.mark.parametrize(
        ("params", "seen"),
        [
            ({"lti_errorlog": "1006"}, Sighting(code=1006)),
            ({"lti_errorlog": "TokenExpired"}, EXPIRED),
            ({"lti_errormsg": "Sorry. Error 1006."}, Sighting(code=1006, message="Sorry. Error 1006.")),
            ({"lti_errormsg": "Sorry", "lti_errorlog": "code=1001"}, Sighting(code=1001, message="Sorry")),
            ({"lti_errorlog": "nonsense", "lti_log": "1006"}, Sighting(code=1006)),
            ({"lti_errormsg": "Sorry"}, Sighting(message="Sorry")),
        ],
    )
    def test_the_parameters(self, params: dict[str, str], seen: Sighting) -> None:
        """The log first, then the message; the message is kept for people."""
        assert seen == return_url.read(return_url.Settings(), self.page(**params), PLAIN)

    @pytest.mark.parametrize("params", [{}, {"launch": "1"}, {"lti_errorlog": ""}, {"error": "1006"}])
    def test_other_parameters_show_nothing(self, params: dict[str, str]) -> None:
        """Parameters of the platform's own, and empty ones, are no error."""
        assert return_url.read(return_url.Settings(), self.page(**params), PLAIN) is None

    def test_parameters_of_the_tools_own(self) -> None:
        """A tool file may name them."""
        settings = return_url.Settings(params=("oops",))

        assert return_url.read(settings, self.page(oops="1006", lti_errorlog="1001"), PLAIN) == Sighting(code=1006)


class TestHtml:
    @pytest.mark.parametrize(
        ("body", "seen"),
        [
            ('<main data-code="1006">x</main>', Sighting(code=1006)),
            ('<p>a</p><div data-code=" TokenExpired "></div>', EXPIRED),
            ('<i data-code="Error 1001 at login"></i>', Sighting(code=1001)),
            ('<i data-code="whatever"></i>', NOTHING),
            ('<i data-code="1006"></i><i data-code="1001"></i>', Sighting(code=1006)),
        ],
    )
    def test_an_attribute(self, body: str, seen: Sighting) -> None:
        """The attribute of the first element that fits."""
        assert seen == html.read(html.Settings(css="[data-code]", attr="data-code"), make_page(body), PLAIN)

    def test_the_text_of_an_element(self) -> None:
        """Without an attribute the text counts, with what is inside."""
        page = make_page("<div class='error'><b>Error</b> code: <i>1024</i></div><p>Error code: 1001</p>")

        assert html.read(html.Settings(css=".error"), page, PLAIN) == Sighting(code=1024)

    @pytest.mark.parametrize(
        "body",
        [
            b"",
            b"plain text 1006",
            b"<p>no such element</p>",
            b"<i data-code=''></i>",
            b"<i data-code></i>",
            b"\xff\xfe<",
        ],
    )
    def test_no_element_or_an_empty_one_shows_nothing(self, body: bytes) -> None:
        """Many good pages have an empty place for errors."""
        assert html.read(html.Settings(css="[data-code]", attr="data-code"), make_page(body), PLAIN) is None

    def test_garbled_markup_is_read_as_browsers_read_it(self) -> None:
        """Unclosed and misnested elements do not hide the error."""
        page = make_page(b"<div><p data-code=1006><b></div></i>\x00\xff")

        assert html.read(html.Settings(css="[data-code]", attr="data-code"), page, PLAIN) == Sighting(code=1006)

    @pytest.mark.parametrize("css", ["[[", "", "p >", ":::"])
    def test_what_is_no_selector_is_refused(self, css: str) -> None:
        """A selector that cannot be read is a fault of the tool file and not of a run."""
        with pytest.raises(UsageError, match="is not a CSS selector"):
            build(html.Settings, {"css": css}, where="t:")


class TestText:
    def test_labelled_numbers_and_words(self) -> None:
        """Without a pattern the words of the tool and labelled numbers are found."""
        words = Words({"has run out": "TokenExpired"})
        page = make_page("<body>Your ticket <b>has run</b> out. <script>var error = 1024</script></body>")

        assert text.read(text.Settings(), page, words) == EXPIRED
        assert text.read(text.Settings(), make_page("<p>Error code: 1024"), PLAIN) == Sighting(code=1024)
        assert text.read(text.Settings(), make_page("<meta content='width=1024'>Error code 1001"), PLAIN) == Sighting(
            code=1001
        )

    @pytest.mark.parametrize(
        "body", [b"", b"<p>width=1024", b"Welcome in 2024", b"\xff\x00", b"<script>error 1006</script>"]
    )
    def test_a_page_without_them_shows_nothing(self, body: bytes) -> None:
        """Numbers without a label, and what only a script reads, are no error."""
        assert text.read(text.Settings(), make_page(body), PLAIN) is None

    @pytest.mark.parametrize(
        ("pattern", "body", "seen"),
        [
            (r"LTI-(\d+)", "Failed: LTI-1006", Sighting(code=1006)),
            (r"(?P<type>\w+)Error", "TokenExpiredError", EXPIRED),
            (r"(?:(A)|(\d{4}))", "see 1001", Sighting(code=1001)),
            (r"Refused: (\w+)", "Refused: because", NOTHING),
        ],
    )
    def test_a_pattern(self, pattern: str, body: str, seen: Sighting) -> None:
        """What stands in its group; a word that nobody knows is an error all the same."""
        assert seen == text.read(text.Settings(pattern=pattern), make_page(body), PLAIN)

    def test_a_pattern_that_matches_nothing_shows_nothing(self) -> None:
        """No match is no sighting."""
        assert text.read(text.Settings(pattern=r"LTI-(\d+)"), make_page("Error code: 1006"), PLAIN) is None

    @pytest.mark.parametrize(
        ("pattern", "problem_text"),
        [("(", "not a regular expression"), (r"LTI-\d+", "has no group"), ("", "has no group")],
    )
    def test_what_is_no_pattern_is_refused(self, pattern: str, problem_text: str) -> None:
        """It must compile and have a group that holds the error."""
        with pytest.raises(UsageError, match=problem_text):
            build(text.Settings, {"pattern": pattern}, where="t:")

    def test_the_axes(self) -> None:
        """A pattern tells what its groups are called, otherwise a code; the tool's words add theirs."""
        assert text.axes(text.Settings(), PLAIN) == {"code"}
        assert text.axes(text.Settings(pattern=r"(?P<type>\w+)"), PLAIN) >= {"type"}
        assert text.axes(text.Settings(), Words({"X": "TokenExpired"})) == {"code", "type", "class"}


class TestStatus:
    @pytest.mark.parametrize(
        ("code", "klass"),
        [(401, "security"), (403, "invalid"), (404, "invalid"), (500, None), (200, None), (None, None)],
    )
    def test_the_exact_status_before_its_hundred(self, code: int | None, klass: Any) -> None:
        """401 has an entry of its own, the other 4xx share one, and the rest says nothing."""
        settings = status.Settings(classes={"401": "security", "4xx": "invalid"})
        seen = status.read(settings, make_page(status=code), PLAIN)

        assert klass == (seen.klass if seen is not None else None)

    def test_it_tells_a_class_only_if_it_has_one(self) -> None:
        """Without entries nothing could be told."""
        assert status.axes(status.Settings(classes={"401": "security"}), PLAIN) == {"class"}
        assert status.axes(status.Settings(), PLAIN) == set()
