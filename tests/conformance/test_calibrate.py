"""`calibrate`: from the answers of a tool to its `[observe]`, and what it says where that cannot be told."""

from __future__ import annotations

import contextlib
import html
import itertools
import json
import re
import sys
import tomllib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from conformance.browser import Visit
from conformance.calibrating.marking import mark
from conformance.calibrating.naming import names_of, type_named
from conformance.calibrating.samples import Evidence, Sample, fragments
from conformance.calibrating.sorting import sort
from conformance.calibrating.writing import placed
from conformance.catalogue import scenarios
from conformance.sample_tool.session import COOKIE
from conformance.sampling import FAULTS
from conformance.toolfile import load
from conformance.transport import Request, Response
from mockplatform.errors import UsageError
from tests.conformance.loopback import free_port
from tests.conformance.manners import Reason, Shown, page, served_dressed
from tests.conformance.test_real_tools import PYLTI1P3

SNAKES = re.compile(r"(?<=[a-z])(?=[A-Z])")
OWN_WORDS = {"TokenExpired": "E-TIME", "SignatureInvalid": "E-SIG", "NonceReused": "E-USED"}


def snake(name: str) -> str:
    return SNAKES.sub("_", name).lower()


@pytest.fixture
def tool(tmp_path: Path) -> Iterator[Callable[..., Path]]:
    """Starts the sample tool with the manners of another, and gives its tool file."""
    with contextlib.ExitStack() as stack:

        def start(**manners: Any) -> Path:
            return served_dressed(stack, tmp_path, **manners)

        yield start


def observe_in(path: Path) -> Mapping[str, Any]:
    found: Mapping[str, Any] = tomllib.loads(path.read_text("utf-8"))["observe"]
    return found


def rows(out: str) -> dict[str, str]:
    """What the table says of each launch."""
    return {line.split("  ")[1].strip(): line[38:].strip() for line in out.splitlines() if re.match(r"  \S.{36}", line)}


def verdicts(run: Any, path: Path, tmp_path: Path, *patterns: str, profile: str = "core") -> dict[str, str]:
    """The status of each scenario in a run with the tool file."""
    report = tmp_path / "report.json"
    only = [part for pattern in patterns for part in ("--only", pattern)]
    run("run", "--tool", path, "--profile", profile, "--report", f"json:{report}", *only)
    return {row["id"]: row["status"] for row in json.loads(report.read_text("utf-8"))["results"]}


def test_every_fault_is_in_the_catalogue_and_is_refused_by_a_right_tool():
    """The launches that are sent exist, and each of them has to be refused."""
    known = {scenario.id: scenario for scenario in scenarios()}
    for fault in (fault for faults in FAULTS.values() for fault in faults):
        preferred = next(iter(known[fault].expect.values())).preferred
        assert preferred.outcome == "rejected"


def test_the_sample_tool_is_read_by_its_header_and_its_attribute(tool: Any, run: Any):
    """Its header and its `data-error-code` are found, and every refusal is read as what it is."""
    path = tool()
    before = path.read_text("utf-8")
    ran = run("calibrate", "--tool", path)

    observe = observe_in(path)
    assert ran.code == 0
    assert observe["launched"] == {"status": "2xx", "css": "main#course"}
    assert {"kind": "header"} in observe["error"]
    assert {"kind": "html", "css": "[data-error-code]", "attr": "data-error-code"} in observe["error"]
    assert observe["status"] == {"400": "invalid", "401": "security"}
    assert path.read_text("utf-8").startswith(before)
    assert load(path).observe.launched.css == "main#course"
    read = rows(ran.out)
    assert "TokenExpired" in read["time/expired-an-hour-ago"]
    assert read["student by LTI 1.3"] == "launched"


def test_json_errors_are_found_with_their_paths(tool: Any, run: Any, tmp_path: Path):
    """Paths to type and message are proposed, and words that name a type themselves are taken for it."""

    def refused(reason: Reason) -> Shown:
        body = {
            "ok": False,
            "error": {"type": snake(reason.type), "message": f"No: {reason.type}", "at": reason.number},
        }
        return Shown(status=400, body=json.dumps(body), kind="application/json")

    path = tool(refused=refused)
    ran = run("calibrate", "--tool", path)

    observe = observe_in(path)
    assert observe["error"] == [{"kind": "json", "type": "$.error.type", "message": "$.error.message"}]
    assert observe["names"]["nonce_reused"] == "NonceReused"
    assert ran.code == 0
    found = verdicts(run, path, tmp_path, "time/expired-an-hour-ago", "nonce/absent", "accepted/*", profile="ltix")
    assert found["time/expired-an-hour-ago"] == found["nonce/absent"] == "passed"
    assert set(found.values()) == {"passed"}


def test_problems_are_read_by_their_type(tool: Any, run: Any):
    """RFC 9457 has a URI as type: its end is a word of the tool, and what it repeats of the launch is none of it."""

    def refused(reason: Reason) -> Shown:
        body = {"type": f"https://tool.example/problems/{snake(reason.type)}", "title": "No", "status": 400}
        return Shown(status=400, body=json.dumps(body), kind="application/problem+json")

    path = tool(refused=refused)
    ran = run("calibrate", "--tool", path)

    observe = observe_in(path)
    assert observe["error"] == [{"kind": "problem"}]
    assert observe["names"]["audience_mismatch"] == "AudienceMismatch"
    assert "AudienceMismatch" in rows(ran.out)["audience/foreign"]


def test_what_a_tool_repeats_of_a_lie_is_no_part_of_its_word(tool: Any, run: Any):
    """A name holds for other lies of the kind as well, so the value that was sent does not belong to it."""
    said = {"IssuerMismatch": "Wrong issuer https://other-platform.example", "AudienceMismatch": "Bad aud another-tool"}

    def refused(reason: Reason) -> Shown:
        return Shown(status=400, body=f'<p class="error">{said.get(reason.type, snake(reason.type))}</p>')

    path = tool(refused=refused)
    run("calibrate", "--tool", path)

    names = observe_in(path)["names"]
    assert (names["Wrong issuer"], names["Bad aud"]) == ("IssuerMismatch", "AudienceMismatch")


def test_words_that_do_not_name_a_type_are_left_to_a_person(tool: Any, run: Any):
    """A word that only stood where a known fault was sent is written as a comment, and means nothing yet."""

    def refused(reason: Reason) -> Shown:
        word = OWN_WORDS.get(reason.type, "E-OTHER")
        return Shown(status=422, body=json.dumps({"code": word}), kind="application/json")

    path = tool(refused=refused)
    ran = run("calibrate", "--tool", path)

    assert "names" not in observe_in(path) or observe_in(path)["names"] == {}
    text = path.read_text("utf-8")
    assert '# "E-TIME" = "TokenExpired" # seen only on time/expired-an-hour-ago' in text
    assert '# "E-OTHER" = "…" # seen on ' in text
    assert "nothing known" in rows(ran.out)["time/expired-an-hour-ago"]


def test_error_pages_with_status_200_are_told_from_good_ones(tool: Any, run: Any, tmp_path: Path):
    """In one layout, with status 200 for both, only what good pages have in common marks a launch."""

    def refused(reason: Reason) -> Shown:
        return page("Classroom", f'<h1>Sorry</h1><p class="error-text">We stopped: {snake(reason.type)}</p>')

    def good(number: int, name: str) -> Shown:
        return page("Classroom", f"<h1>Hello {html.escape(name)}</h1><p>Visit {number}</p>")

    path = tool(refused=refused, good=good)
    ran = run("calibrate", "--tool", path)

    observe = observe_in(path)
    assert ran.code == 0
    assert observe["launched"] == {"status": "2xx", "text": "Hello"}
    assert observe["error"] == [{"kind": "html", "css": ".error-text"}]
    found = verdicts(run, path, tmp_path, "accepted/*", "signature/flipped-bit", "state/altered")
    assert set(found.values()) == {"passed"}


def test_refusals_on_the_return_url_are_read_there(tool: Any, run: Any):
    """A tool that sends the person back to the platform says why in `lti_errorlog`."""

    def refused(reason: Reason) -> Shown | None:
        if not reason.return_url:
            return Shown(status=400, body="No")
        told = f"{reason.return_url}&lti_errorlog={reason.type}&lti_errormsg=Sorry"
        return Shown(status=302, headers={"location": told})

    path = tool(refused=refused)
    ran = run("calibrate", "--tool", path)

    assert {"kind": "return_url"} in observe_in(path)["error"]
    assert "return_url" in rows(ran.out)["message/version-two"]
    assert ran.code == 0


def test_bare_statuses_tell_only_what_they_mean(tool: Any, run: Any):
    """Without a body there is no channel; 400 and 401 are classes, and it is said that nothing else can be read."""

    def refused(reason: Reason) -> Shown:
        return Shown(status={"invalid": 400, "security": 401}.get(reason.klass, 500), body="No", kind="text/plain")

    path = tool(refused=refused)
    ran = run("calibrate", "--tool", path)

    observe = observe_in(path)
    assert "error" not in observe
    assert observe["status"] == {"400": "invalid", "401": "security"}
    assert rows(ran.out)["message/version-two"].endswith("invalid (by status)")


def test_refusals_that_are_all_alike_say_that_only_the_outcome_can_be_judged(tool: Any, run: Any):
    """One page for every refusal has nothing to extract, and that is said."""
    path = tool(refused=lambda _: Shown(status=403, body="<p>Forbidden</p>"))
    ran = run("calibrate", "--tool", path)

    assert set(observe_in(path)) == {"launched", "probe"}
    assert "all refusals are alike" in ran.out
    assert "refused in 1 way, 0 let in" in ran.out
    assert rows(ran.out)["nonce/absent"].startswith("rejected")


def test_a_tool_that_lets_everything_in_is_not_calibrated(tool: Any, run: Any):
    """Where no refusal was seen nothing tells launched from refused, and nothing is written even if asked to."""

    def same(_: object, __: object = None) -> Shown:
        return page("Classroom", "<h1>Hello</h1>")

    path = tool(refused=same, good=same)
    before = path.read_bytes()
    for options in ((), ("--write",)):
        ran = run("calibrate", "--tool", path, *options)
        assert ran.code == 1
        assert "no refusal was seen" in ran.out
        assert "Let in" in ran.out
    assert path.read_bytes() == before


def test_a_tool_that_refuses_good_launches_is_diagnosed(tool: Any, run: Any):
    """A good launch that is refused by its status ends calibration as it ends a run."""
    path = tool(good=lambda *_: Shown(status=403, body="Who are you?"))
    before = path.read_bytes()

    ran = run("calibrate", "--tool", path)

    assert ran.code == 3
    assert "Who are you?" in ran.out
    assert path.read_bytes() == before


def test_a_refusal_page_with_status_200_for_good_launches_is_doubted(tool: Any, run: Any):
    """A tool that is not registered shows everybody the same error page: that is no launched page to learn from."""

    def closed(*_: object) -> Shown:
        return page("Classroom", "<h1>Registration not found</h1>")

    def refused(reason: Reason) -> Shown:
        return closed() if reason.type != "MissingParameter" else page("Classroom", "<h1>No id_token</h1>")

    path = tool(refused=refused, good=closed)
    before = path.read_bytes()
    ran = run("calibrate", "--tool", path)

    assert ran.code == 1
    assert "In doubt" in ran.out
    assert "Registration not found" in ran.out
    assert path.read_bytes() == before


def test_what_changes_with_every_launch_is_neither_marker_nor_error(tool: Any, run: Any):
    """Numbers, tickets and greetings by name differ between good launches, references between equal refusals."""
    words = ("amber", "birch", "cedar", "dune", "elm", "fern", "grove", "heath")

    def refused(reason: Reason) -> Shown:
        ticket = words[reason.number % 8] + words[reason.number // 8 % 8]
        return Shown(status=400, body=f'<p id="error-ticket">{ticket}</p><p class="error">{reason.type}</p>')

    def good(number: int, name: str) -> Shown:
        tip = words[number % 8]
        return page("Classroom", f'<h1 id="{tip}">{tip} for {name}</h1><p id="room">Ticket {number}</p>')

    path = tool(refused=refused, good=good)
    run("calibrate", "--tool", path)

    observe = observe_in(path)
    assert observe["error"] == [{"kind": "html", "css": ".error"}]
    assert not any(word in str(observe["launched"]) for word in words)


def test_a_broken_launch_that_is_let_in_does_not_spoil_the_marker(tool: Any, run: Any, tmp_path: Path):
    """What the tool lets in is named as such, and later runs still see it launched."""
    path = tool(without="expiry-unchecked")
    ran = run("calibrate", "--tool", path)

    assert ran.code == 0
    assert "Let in, to go by the page: time/expired-an-hour-ago." in ran.out
    found = verdicts(run, path, tmp_path, "time/expired-an-hour-ago", "signature/flipped-bit")
    assert found == {"time/expired-an-hour-ago": "failed", "signature/flipped-bit": "passed"}


def test_a_tool_that_leads_on_is_known_by_its_address_and_probed_there(tool: Any, run: Any, tmp_path: Path):
    """After a redirect the place marks the launch, and the page that needs a session becomes the probe."""

    def room(cookies: str) -> Shown:
        if COOKIE not in cookies:
            return Shown(status=302, headers={"location": "/welcome-page"})
        return page("Classroom", "<h1>Hello</h1>")

    path = tool(
        good=lambda *_: Shown(status=303, headers={"location": "/room"}),
        pages={"/room": room, "/welcome-page": lambda _: page("Classroom", "<h1>Please sign in</h1>")},
        refused=lambda reason: page("Classroom", f"<p role=alert>{reason.type}</p>"),
    )
    ran = run("calibrate", "--tool", path)

    observe = observe_in(path)
    assert ran.code == 0
    assert observe["launched"]["url"] == "/room"
    assert observe["probe"] == {"request": "GET /room", "status": 200}
    assert set(verdicts(run, path, tmp_path, "signature/flipped-bit", "accepted/login-by-*").values()) == {"passed"}


def me(cookies: str) -> Shown:
    """Who is signed in, for those who are."""
    return Shown(status=200 if COOKIE in cookies else 401, body="{}", kind="application/json")


def sign_in_first(cookies: str) -> Shown:
    """A page that leads everybody else to where one signs in."""
    return page("Profile", "<h1>You</h1>") if COOKIE in cookies else Shown(status=302, headers={"location": "/"})


@pytest.mark.parametrize(
    ("pages", "place", "without"),
    [({"/api/me": me}, "/api/me", 401), ({"/profile": sign_in_first}, "/profile", 302)],
    ids=["json", "page"],
)
def test_a_usual_address_is_the_probe_if_it_tells_sessions_apart(
    tool: Any, run: Any, tmp_path: Path, pages: Any, place: str, without: int
):
    """A tool whose launch ends where it was posted has a probe all the same, with the evidence written beside it."""
    path = tool(pages={"/api/": lambda _: Shown(status=404), **pages} if place == "/profile" else pages)
    ran = run("calibrate", "--tool", path)

    assert ran.code == 0
    assert observe_in(path)["probe"] == {"request": f"GET {place}", "status": 200}
    written = path.read_text("utf-8")
    assert f"# Found: a usual address; it answers 200 after each, and {without} without; after " in written
    assert re.search(r"without; after 0 of \d+ refused launches it answers 200\n", written)
    assert set(verdicts(run, path, tmp_path, "signature/flipped-bit", "nonce/absent").values()) == {"passed"}


@pytest.mark.parametrize(
    "show",
    [
        lambda _: Shown(status=200, body="{}"),
        lambda _: Shown(status=401),
        lambda cookies: Shown(status=200, body='{"user": "Ann"}' if COOKIE in cookies else '{"user": null}'),
        lambda _: Shown(status=500),
    ],
    ids=["open", "closed", "one-status", "crash"],
)
def test_a_usual_address_is_no_probe_without_evidence(tool: Any, run: Any, show: Any):
    """Where the status is the same with and without a session, or after refusals, nothing is proposed."""
    path = tool(pages=dict.fromkeys(("/me", "/api/me", "/profile", "/account"), show))
    ran = run("calibrate", "--tool", path)

    assert ran.code == 0
    assert "probe" not in observe_in(path)
    assert "how to see whether somebody is signed in" in ran.out


def test_a_usual_address_that_refused_launches_open_as_well_is_only_named(tool: Any, run: Any):
    """Whether it is a session that they leave is for a person to say: the comment has what was seen."""
    path = tool(
        refused=lambda reason: Shown(status=400, body=reason.type, headers={"set-cookie": "seen=1; Path=/"}),
        pages={"/api/me": lambda cookies: Shown(status=200 if cookies else 401)},
    )
    ran = run("calibrate", "--tool", path)

    assert ran.code == 0
    assert "probe" not in observe_in(path)
    told = r"# GET /api/me may be one: .* but after [1-9]\d* of \d+ refused launches it answers 200\n"
    assert re.search(told, path.read_text("utf-8"))


HOSTILE = (
    '<p id="error">"]]\n[tool]\nname = "x" # ${HOME} \x1b[31m {type}</p>',
    '<p id="error" data-error-code=\'"""{type}\\\'>{type}\u2028\u202e</p><p id="error:x y" class="error{{">{type}</p>',
    "<" * 5000 + '<p class="error">${HOME}{type}</p>',
    f'<p>{"a" * 900_000}</p><p class="error">{{type}}</p>',
    "<div>" * 3000 + '<i class="error">{type}\ud800</i>',
)


@pytest.mark.parametrize("body", HOSTILE, ids=range(len(HOSTILE)))
def test_hostile_answers_end_in_a_tool_file_that_can_be_read(tool: Any, run: Any, body: str):
    """Whatever a tool says, the file stays TOML, keeps its other tables and can be loaded."""
    path = tool(refused=lambda reason: Shown(status=400, body=body.replace("{type}", snake(reason.type))))
    before = tomllib.loads(path.read_text("utf-8"))

    ran = run("calibrate", "--tool", path)

    assert ran.code == 0
    after = tomllib.loads(path.read_text("utf-8"))
    assert {key: after[key] for key in before} == before
    assert load(path).observe.launched.css == "main#course"


def test_hostile_json_is_read_as_far_as_it_goes(tool: Any, run: Any):
    """Depth, odd names and lone surrogates are no reason to fail."""
    deep = "[" * 2000 + "]" * 2000

    def refused(reason: Reason) -> Shown:
        body = f'{{"a.b": 1, "": 2, "deep": {deep}, "error": "\\ud800{reason.type}", "code": "${{HOME}}{reason.type}"}}'
        return Shown(status=400, body=body, kind="application/json")

    path = tool(refused=refused)
    assert run("calibrate", "--tool", path).code == 0
    load(path)


OLD = """\
[observe]  # by hand
launched = { text = "Never there" }
probe = { request = "GET /api/me" }
[[observe.error]]
kind = "text"
[observe.names]
"too late" = "TokenExpired" # confirmed

# how it is reached
[network]
timeout_s = 12
"""


def test_a_table_that_is_there_is_replaced_only_when_asked(tool: Any, run: Any):
    """Without `--write` nothing changes; with it the table is another, and names and probe that a person gave stay."""
    path = tool()
    path.write_text(f"{path.read_text('utf-8')}{OLD}", "utf-8")
    before = path.read_text("utf-8")

    assert "--write" in run("calibrate", "--tool", path).out
    assert path.read_text("utf-8") == before
    ran = run("calibrate", "--tool", path, "--write")

    text = path.read_text("utf-8")
    observe = observe_in(path)
    assert 'Replaced launched = { status = "2xx", text = "Never there" }' in ran.out
    assert text.startswith(before.partition("[observe]")[0])
    assert text.endswith("\n# how it is reached\n[network]\ntimeout_s = 12\n")
    assert observe["launched"]["css"] == "main#course"
    assert observe["probe"] == {"request": "GET /api/me", "status": 200}
    assert observe["names"] == {"too late": "TokenExpired"}


SECRET = """
[observe]
launched = { text = "${MY_TOKEN}" }
probe = { request = "GET /lti/me?key=${MY_TOKEN}", headers = { Authorization = "Bearer ${MY_TOKEN}" } }
[observe.names]
"too late" = "${MY_TYPE}"
"too early" = { type = "${MY_TYPE}", class = "security" }
"""


def test_what_is_kept_is_kept_with_its_variables(tool: Any, run: Any, monkeypatch: pytest.MonkeyPatch):
    """A secret of the environment stands neither in the file nor on the screen, and means what it meant."""
    monkeypatch.setenv("MY_TOKEN", "hunter2secret")
    monkeypatch.setenv("MY_TYPE", "TokenExpired")
    path = tool(pages={"/lti/me": lambda cookies: Shown(status=200 if COOKIE in cookies else 401)})
    path.write_text(f"{path.read_text('utf-8')}{SECRET}", "utf-8")
    before = load(path).observe

    shown = run("calibrate", "--tool", path, "--print")
    ran = run("calibrate", "--tool", path, "--write")

    assert (shown.code, ran.code) == (0, 0)
    assert "hunter2secret" not in shown.out + shown.err + ran.out + ran.err + path.read_text("utf-8")
    assert observe_in(path)["probe"] == {
        "request": "GET /lti/me?key=${MY_TOKEN}",
        "status": 200,
        "headers": {"Authorization": "Bearer ${MY_TOKEN}"},
    }
    assert observe_in(path)["names"] == {
        "too late": "${MY_TYPE}",
        "too early": {"type": "${MY_TYPE}", "class": "security"},
    }
    after = load(path).observe
    assert (after.probe, after.names) == (before.probe, before.names)


@pytest.mark.parametrize(
    ("good", "refused"),
    [
        (Shown(body=b"\x89PNG\r\n\x1a\n\0\0" + bytes(range(256)), kind="image/png"), Shown(body=b"\x1f\x8b\0\xff")),
        (page("", "<h1>{}</h1><p>It is Sunday</p>"), page("", "<h1>{}</h1>")),
    ],
    ids=["pictures", "dates"],
)
def test_refusals_that_would_be_read_as_launched_are_a_doubt(tool: Any, run: Any, good: Shown, refused: Shown):
    """A marker that tells nothing apart is no calibration: nothing is written, and nobody is told that it can judge."""
    numbers = itertools.count()

    def drawn(shown: Shown) -> Shown:
        if isinstance(shown.body, bytes):
            return shown
        return replace(shown, body=shown.body.replace("{}", "w" + chr(ord("a") + next(numbers) % 26) * 5))

    path = tool(good=lambda *_: drawn(good), refused=lambda _: drawn(refused))
    before = path.read_bytes()
    ran = run("calibrate", "--tool", path)

    assert ran.code == 1
    assert "would be read as launched" in ran.out
    assert "can be judged" not in ran.out
    assert path.read_bytes() == before


def test_a_member_or_a_text_that_would_be_a_variable_marks_nothing(tool: Any, run: Any):
    """The tool file could not hold it: `${NAME}` in it is read from the environment."""
    for good, refused in (
        (Shown(body='{"${course}": 1}', kind="application/json"), '{"error": "%s", "${why}": "%s"}'),
        (page("Classroom", "<h1>Hello ${user}</h1><h2>Your ${n} tasks</h2>"), "<p class=error>${oh} %s</p>%s"),
    ):

        def told(reason: Reason, body: str = refused, kind: str = good.kind) -> Shown:
            return Shown(body=body % (reason.type, reason.code), kind=kind)

        def welcome(*_: object, shown: Shown = good) -> Shown:
            return shown

        path = tool(good=welcome, refused=told)
        ran = run("calibrate", "--tool", path)
        assert (ran.code, ran.err) == (0, "")
        assert "${" not in str(observe_in(path))
        load(path)
        path.unlink()


@pytest.mark.parametrize(
    ("refused", "place"),
    [
        (
            lambda r: Shown(status=303, headers={"location": f"/oops?code={r.type}"}),
            "the parameter code of the address",
        ),
        (lambda r: Shown(status=303, headers={"location": f"/oops/{r.type}"}), "the path of the address"),
        (
            lambda r: Shown(status=303, headers={"location": "/oops", "set-cookie": f"err={r.type}; Path=/"}),
            "the cookie err",
        ),
    ],
    ids=["query", "path", "cookie"],
)
def test_refusals_that_differ_where_nothing_is_read(tool: Any, run: Any, refused: Any, place: str):
    """They are not all alike, and the place in which they differ is named."""
    path = tool(refused=refused, pages={"/oops": lambda _: page("Classroom", "<h1>Sorry</h1>")})
    ran = run("calibrate", "--tool", path)

    assert "all refusals are alike" not in ran.out
    assert f"the refusals differ in {place}, which no extractor reads" in ran.out
    assert not re.search(r"refused in 1 way\b", ran.out)


def test_crashes_are_told_apart_from_refusals(tool: Any, run: Any):
    """A status from 500 is nothing that the tool says about a launch, and its own log may say more."""
    path = tool(refused=lambda r: Shown(status=500 if r.type == "TokenExpired" else 403, body="No"))
    ran = run("calibrate", "--tool", path)

    assert "Could not tell: why the answer to time/expired-an-hour-ago was a crash (status 500)" in ran.out
    assert "its own log" in ran.out


def test_print_never_writes(tool: Any, run: Any):
    """The proposal is shown, and the file stays as it is."""
    path = tool()
    before = path.read_bytes()

    ran = run("calibrate", "--tool", path, "--print")

    assert (ran.code, path.read_bytes()) == (0, before)
    assert "[observe]" in ran.out


def test_the_table_of_a_project_file_is_written_under_its_name(tool: Any, run: Any):
    """In `pyproject.toml` the tables are those of `[tool.lti-conformance.observe]`, and the rest is left alone."""
    own = tool().read_text("utf-8")
    project = Path(tool().parent) / "pyproject.toml"
    tables = re.sub(r"(?m)^\[(\w+)\]", r"[tool.lti-conformance.\1]", own)
    before = f'[project]\nname = "x"\n\n{tables}\n[tool.ruff]\nline-length = 99\n'
    project.write_text(before, "utf-8")

    assert run("calibrate", "--tool", project).code == 0

    assert project.read_text("utf-8").startswith(before)
    assert load(project).observe.launched.css == "main#course"
    assert run("calibrate", "--tool", project, "--write").code == 0
    assert tomllib.loads(project.read_text("utf-8"))["tool"]["ruff"] == {"line-length": 99}


def test_pages_by_role_are_learnt_from_one_role_alone(tool: Any, run: Any):
    """Where teachers and students see pages with nothing in common, those of teachers count, and that is said."""
    turns = iter(("Register", "Lessons", "Register", "Lessons"))

    def good(_: int, __: str) -> Shown:
        return page("Classroom", f"<h1>{next(turns, 'Register')}</h1>")

    path = tool(good=good, refused=lambda reason: page("Classroom", f"<p class=error>{reason.type}</p>"))
    ran = run("calibrate", "--tool", path)

    assert ran.code == 0
    assert observe_in(path)["launched"]["text"] == "Register"
    assert "how a launched student is told from a refused one" in ran.out


def test_a_later_good_launch_that_fails_is_left_out(tool: Any, run: Any):
    """A student may need a course that a teacher has set up: the first launch decides, and the rest is told."""
    turns = iter((200, 404, 200, 404))

    def good(_: int, __: str) -> Shown:
        status = next(turns, 200)
        return page("Classroom", "<h1>Register</h1>" if status == 200 else "<h1>Not open</h1>", status=status)

    path = tool(good=good)
    ran = run("calibrate", "--tool", path)

    assert ran.code == 0
    assert observe_in(path)["launched"]["text"] == "Classroom"
    assert "how a launched student is shown: answered with 404" in ran.out


def test_nobody_there_is_said_as_doctor_says_it(run: Any, tmp_path: Path):
    """A tool that does not run ends with exit code 3 and advice."""
    gone = f"http://127.0.0.1:{free_port()}"
    path = tmp_path / "lti-conformance.toml"
    platform = f"http://127.0.0.1:{free_port()}"
    path.write_text(
        f'[tool]\nlogin_url = "{gone}/login"\nlaunch_url = "{gone}/launch"\n[platform]\nurl = "{platform}"\n', "utf-8"
    )

    ran = run("calibrate", "--tool", path)

    assert ran.code == 3
    assert "start the tool" in ran.err.lower()


def test_a_stranger_s_flask_tool_is_read_as_a_person_would(run: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """PyLTI1p3's own exceptions, and its crashes, are told apart from launches, and a run judges them rightly."""
    PYLTI1P3.require()
    settings, _ = PYLTI1P3.settings_and_waivers()
    without = re.sub(r"(?ms)^\[observe\].*?(?=^\[network\])", "", settings)
    path = tmp_path / "lti-conformance.toml"
    path.write_text(without, "utf-8")
    monkeypatch.chdir(PYLTI1P3.file.parents[3])
    for name in ("TOOL_PORT", "PLATFORM_PORT"):
        monkeypatch.setenv(name, str(free_port()))
    monkeypatch.setenv("PYTHON", sys.executable)

    ran = run("calibrate", "--tool", path)

    observe = observe_in(path)
    assert ran.code == 0
    assert observe["launched"] == {"status": "2xx", "text": "Welcome"}
    assert observe["error"] == [{"kind": "html", "css": "#lti-error"}]
    written = tomllib.loads(PYLTI1P3.file.read_text("utf-8"))["observe"]["names"]
    agreed = {word: kind for word, kind in observe["names"].items() if written.get(word) == kind}
    assert agreed.keys() >= {"State not found", "Unable to find deployment", '"nonce" is empty', "Missing id_token"}
    wanted = ("accepted/*", "signature/flipped-bit", "state/altered", "audience/foreign", "time/expired-an-hour-ago")
    by_hand = tmp_path / "by-hand.toml"
    by_hand.write_text(settings, "utf-8")
    found = verdicts(run, path, tmp_path, *wanted)
    assert found == verdicts(run, by_hand, tmp_path, *wanted)
    assert {found[id_] for id_ in wanted[1:]} <= {"passed", "warned"}


def sample(label: str, body: str, *, status: int = 200, said: tuple[str, ...] = ()) -> Sample:
    request = Request(method="POST", url="http://127.0.0.1/launch")
    headers = (("content-type", "text/html"),)
    response = Response(status=status, headers=headers, body=body.encode())
    return Sample(label=label, visit=Visit(request=request, response=response), said=said, type="TokenExpired")


GOOD = tuple(
    sample(
        f"good {name}", f"<nav>Home</nav><main id=c><h1>Hi {name}</h1><p>Tasks</p><p>Grades</p></main>", said=(name,)
    )
    for name in ("Ada", "Grace")
)


@pytest.mark.parametrize(
    ("body", "group"),
    [
        ("<nav>Home</nav><main id=c><h1>Hi Emmy</h1><p>Tasks</p><p>Grades</p></main>", "let in"),
        ("<nav>Home</nav><main id=c><h1>Hi Emmy</h1><p>Tasks</p></main>", "between"),
        ("<nav>Home</nav><main id=c><h1>Hi Emmy</h1><p>Tasks</p><p>The launch failed</p></main>", "refused"),
        ("<nav>Home</nav><p>Nothing to see</p>", "refused"),
    ],
)
def test_a_page_is_sorted_by_what_it_lacks_of_good_pages(body: str, group: str):
    """All of it: let in; little, and no word about trouble: in between; most, or a word: refused."""
    others = [sample(f"other {n}", "<nav>Home</nav><p>Go away</p>") for n in range(3)]

    found = sort(GOOD, [sample("this", body, said=("Emmy",)), *others])

    groups = {"let in": found.let_in, "between": found.between, "refused": found.refused}
    assert [name for name, samples in groups.items() if "this" in {s.label for s in samples}] == [group]


def test_a_marker_is_not_taken_from_what_refusals_have_as_well():
    """The frame of all pages marks nothing, even where refusals have another status."""
    refused = tuple(sample(f"no {n}", "<nav>Home</nav><title>Hi</title><p>No</p>", status=400) for n in range(2))

    found = mark(Evidence(good=GOOD, refused=refused)).launched

    assert found.css == "main#c"


@pytest.mark.parametrize(
    ("word", "named"),
    [
        ("nonce_reused", "NonceReused"),
        ("NONCE-REUSED", "NonceReused"),
        ("TokenExpiredError", "TokenExpired"),
        ("Signature has expired", "TokenExpired"),
        ("Signature verification failed", "SignatureInvalid"),
        ("Your session expired", None),
        ("invalid_request", None),
        ("E-17", None),
        ("invalid state or unknown nonce", None),
        ("", None),
    ],
)
def test_a_word_names_a_type_or_does_not(word: str, named: str | None):
    """Only what the word itself says counts, and a word that says two things says none."""
    assert type_named(word) == named


def test_the_fault_that_was_sent_never_becomes_the_meaning_of_a_word():
    """Of a word that says nothing the types of its faults are told as what it could be."""
    (name,) = names_of({"E-17": ("time/expired",)}, {"time/expired": sample("time/expired", "")})

    assert (name.type, name.could_be) == (None, ("TokenExpired",))


def test_fragments_leave_out_what_the_launch_said_and_what_looks_like_an_id():
    """Between names and numbers the words of the tool remain."""
    assert list(fragments("Welcome, Ada! Ticket 4f3a is open", ("Ada",))) == ["Welcome", "Ticket", "is open"]


NEW = '[observe] # new\n# why\nlaunched = { status = "2xx" }\n\n[observe.names]\n"a" = "TokenExpired"\n# "b" = "…"\n'
BEFORE = '# ours\n\n[tool]\nname="x" # own blanks\n\n\n'
AFTER = "\n# about the network\n[network] # n\ntimeout_s=5\n"


@pytest.mark.parametrize(
    "old",
    [
        '[observe]\nlaunched={text="W"}\n[[observe.error]]\nkind="text"\n',
        '[observe.launched]\ntext = "W"\n',
        "[observe]\n",
    ],
)
@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_a_table_in_the_middle_is_replaced_where_it_stands(old: str, newline: str):
    """Every other byte stays, the comment on the next table included, and doing it again changes nothing."""
    text, wanted = (f"{BEFORE}{table}{AFTER}".replace("\n", newline) for table in (old, NEW))

    changed = placed(text, NEW, name="observe", where="f:")

    assert changed == wanted
    assert placed(changed, NEW, name="observe", where="f:") == wanted


def test_a_table_at_the_end_is_added_behind_a_blank_line():
    """A file without the table keeps all that it has."""
    assert placed("a = 1", NEW, name="observe", where="f:") == f"a = 1\n\n{NEW}"
    assert placed(BEFORE, NEW, name="observe", where="f:") == f"{BEFORE}\n{NEW}"


def test_tables_out_of_order_are_left_to_a_person():
    """A file whose `[observe]` lies in several places is not written."""
    text = '[observe]\nlaunched={text="W"}\n[network]\ntimeout_s=5\n[observe.names]\n"q"="TokenExpired"\n[rulings]\n'
    with pytest.raises(UsageError, match="--print"):
        placed(text, NEW, name="observe", where="f:")


def test_a_table_that_a_program_cannot_replace_is_left_alone():
    """A file that would change elsewhere is not written."""
    with pytest.raises(UsageError, match="--print"):
        placed("tool = { lti-conformance = { a = 1 } }\n", "[tool.lti-conformance.observe]\n", name="x.y", where="f:")
