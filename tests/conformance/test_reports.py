from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any, get_args

import jsonschema
import pytest

import conformance
from conformance.exchanges.legs import Leg, Line, Reply, TokenParts
from conformance.model import Attempt, Expectation, Fault, Finding, Result, Status, Verdict
from conformance.reports import formats
from conformance.requirements import requirements
from conformance.telling.documenting import dossier_of
from conformance.telling.dossier import Dossier
from mockplatform.model import Exchange
from mockplatform.mutation import bind
from tests.conformance.makers import make_observation, make_profile, make_report, make_result, make_scenario, reject

SCHEMA = json.loads((Path(conformance.__file__).parent / "schemas" / "report.schema.json").read_text(encoding="utf-8"))
STATUSES: tuple[Status, ...] = get_args(Status)
LONG = "x" * 30


def verdict(status: Status, **changes: Any) -> Verdict:
    cause = {"skipped": "missing-capability", "error": "control-failed"}.get(status)
    values = {"status": status, "axes": {"code": "passed"}, "reason": f"because of {status}", "cause": cause}
    return Verdict(**(values | changes))


def full_result(status: Status) -> Result:
    """A result in which every field says something."""
    exchange = Exchange(asker="browser", method="POST", url="http://127.0.0.1:1/launch?x=1", status=400)
    lost = Exchange(asker="browser", method="GET", url="http://127.0.0.1:1/next", status=None, trouble="no answer")
    scenario = make_scenario(
        f"area/{status}",
        attempt=Attempt(name="judged", mutations=(bind("claims.expired(by_s=60)", where="t"),)),
        before=(Attempt(name="first"),),
        faults=(Fault(point="class.create", mode="empty"),),
        requirement=("SEC-5.1.3-09", "CLASS-1001"),
    )
    expectation = Expectation(
        preferred=reject(klass="security", type="TokenExpired", code=1001),
        allowed=(reject(klass="invalid", type="InvalidClaim", code=1006),),
    )
    seen = make_observation(
        klass="invalid",
        code=1007,
        channel="html",
        message="Sorry <b>you</b> & “others”",
        session=False,
        exchanges=(exchange, lost),
        findings=(Finding(id="channels-disagree", text="the answer contradicts itself"),),
    )
    return make_result(
        scenario.id,
        status,
        scenario=scenario,
        expectation=expectation,
        observation=None if status == "skipped" else seen,
        verdict=verdict(status),
        duration_s=0.25,
        replay=f"lti-conformance run --tool {LONG}/{LONG}/{LONG}.toml --profile own --seed 7 --only {scenario.id}",
    )


def full_report(**changes: Any) -> Dossier:
    """A run with a result of each status."""
    values: dict[str, Any] = {
        "findings": (Finding(id="no-probe", text="no probe is configured"),),
        "waivers": ("waiver 'a/b' is stale",),
    }
    return told(*map(full_result, STATUSES), **(values | changes))


def told(*results: Result, **changes: Any) -> Dossier:
    """A finished run of these results, as reports tell it."""
    return dossier_of(make_report(*results, **changes))


def hop(method: str, url: str, status: int | None) -> dict[str, Any]:
    """A request that nobody has told more of than this."""
    trouble = "" if status else "no answer"
    reply: dict[str, Any] = {"status": status, "trouble": trouble, "headers": [], "body": "", "elapsed_s": 0.0}
    title = "The browser posts a form" if method == "POST" else "The browser goes on"
    empty: dict[str, Any] = {"title": title, "lines": [], "token": None, "problems": []}
    return {"asker": "browser", "method": method, "url": url, "reply": reply} | empty


def problems(text: str) -> list[str]:
    validator = jsonschema.Draft202012Validator(SCHEMA, format_checker=jsonschema.FormatChecker())
    return [f"{error.json_path}: {error.message}" for error in validator.iter_errors(json.loads(text))]


REPORTS = {
    "full": full_report(),
    "codes": full_report(profile=make_profile("code")),
    "types": full_report(profile=make_profile("class", "type")),
    "outcome": full_report(profile=make_profile()),
    "stopped": full_report(stopped="the tool is gone: nobody answers", complete=False),
    "empty": told(complete=False, stopped="the plain launch does not work"),
    "passed": told(make_result()),
}
every_report = pytest.mark.parametrize("report", REPORTS.values(), ids=REPORTS)
every_format = pytest.mark.parametrize("name", formats())


def test_there_are_at_least_these_formats() -> None:
    """One module each, found by walking the folder."""
    assert {"text", "json"} <= set(formats())


@every_report
@every_format
def test_a_format_renders_any_report(report: Dossier, name: str) -> None:
    """Text that ends with a line, the same each time."""
    text = formats()[name](report)

    assert text.endswith("\n")
    assert text == formats()[name](report)


@pytest.mark.parametrize("status", STATUSES)
@pytest.mark.parametrize("name", ["text", "json"])
def test_a_single_result_of_each_status(status: Status, name: str) -> None:
    """Alone in its report."""
    assert formats()[name](told(full_result(status)))


class TestText:
    TEXT = formats()["text"](full_report())

    @pytest.mark.parametrize("status", ["failed", "warned", "error"])
    def test_what_did_not_pass_is_told_in_full(self, status: Status) -> None:
        """Id, reason, what was sent and seen, the rule with its reference, and the command that repeats it."""
        result = full_result(status)
        start = self.TEXT.index(f"area/{status} – ")
        told = self.TEXT[start : self.TEXT.find("\n\n", start)]
        flat = " ".join(told.split())

        assert f"because of {status}" in flat
        assert "claims.expired(by_s=60), class.create=empty, after 1 earlier" in flat
        assert "rejected (1001, TokenExpired, class security) or rejected (1006, InvalidClaim, class invalid)" in flat
        assert "status 400, 1007, class invalid by html, saying: Sorry <b>you</b> & “others”" in flat
        assert "POST http://127.0.0.1:1/launch → 400" in flat
        assert "GET http://127.0.0.1:1/next → no answer" in flat
        assert result.scenario.why in flat
        for id_ in result.scenario.requirement:
            assert requirements()[id_].citation in flat
            assert requirements()[id_].text in flat

    @pytest.mark.parametrize("status", ["failed", "warned", "error"])
    def test_the_command_stands_on_one_line(self, status: Status) -> None:
        """It is copied."""
        assert any(line.endswith(full_result(status).replay) for line in self.TEXT.splitlines())

    def test_each_lie_is_shown_beside_the_honest_value(self) -> None:
        """Of parameters, of the token's header and of its claims; what was left out, and what nobody else sends."""
        token = TokenParts(
            header=(Line(name="alg", value="none", was="RS256"),),
            claims=(Line(name="iat", value=None, was="17"), Line(name="sub", value="u-1")),
            signature="",
        )
        leg = Leg(title="", lines=(Line(name="extra", value="x" * 200, was=""),), token=token)
        text = formats()["text"](told(replace(full_result("failed"), timeline=(leg,))))
        flat = " ".join(text.split())

        assert "instead header alg is 'none', in place of 'RS256'" in flat
        assert "instead claim iat is left out, in place of '17'" in flat
        assert f"instead extra is '{'x' * 80}' …, which an honest platform does not send" in flat
        assert "claim sub" not in flat

    def test_lies_that_have_no_room_are_counted(self) -> None:
        """Nobody takes six for all."""
        leg = Leg(title="", lines=tuple(Line(name=f"p{n}", value="x", was="y") for n in range(9)))
        text = formats()["text"](told(replace(full_result("failed"), timeline=(leg,))))

        assert text.count("instead    p") == 6
        assert "… and 3 more places, which the JSON report tells\n" in text

    def test_what_a_tool_says_cannot_steer_the_terminal(self) -> None:
        """Neither in a reason nor in a line that is not wrapped, and not as a line of its own."""
        hostile = "\x1b[1A\x1b[2K ok\x9b1m\r\nno failure"
        changes: dict[str, Any] = {"verdict": verdict("failed", reason=hostile), "replay": hostile}
        text = formats()["text"](told(replace(full_result("failed"), **changes), tool=hostile))

        assert all(line.isprintable() for line in text.splitlines())
        assert not any(line.startswith("no failure") for line in text.splitlines())
        assert "because    \\x1b[1A\\x1b[2K ok\\x9b1m  no failure" in text

    def test_the_verdict_stands_above_the_counts(self) -> None:
        """With the exit code and its meaning."""
        (line, _) = formats()["text"](REPORTS["stopped"]).splitlines()[-2:]

        assert (
            line == "✗ Not conformant (exit code 3: the plain launch fails, the tool is lost, or the run was cut off)"
        )
        assert "✓ Conformant (exit code 0)" in formats()["text"](REPORTS["passed"])

    def test_a_green_run_names_its_excuses(self) -> None:
        """Each waived scenario with its reason."""
        assert "Waived:\n  w area/waived: because of waived" in self.TEXT

    def test_of_very_many_requests_the_first_and_the_last_are_shown(self) -> None:
        """And how many there are between them."""
        legs = tuple(Leg(title="", method="GET", url=f"http://t/{n}?x", reply=Reply(status=200)) for n in range(40))
        text = formats()["text"](told(replace(full_result("failed"), timeline=legs)))
        hops = [line.strip() for line in text.splitlines() if "http://t/" in line or "more, which" in line]

        assert hops == [
            *(f"GET http://t/{n} → 200" for n in range(6)),
            "… 28 more, which the JSON report has",
            *(f"GET http://t/{n} → 200" for n in range(34, 40)),
        ]

    def test_what_passed_is_not_told(self) -> None:
        """Only its row counts it."""
        assert "area/passed – " not in self.TEXT
        assert "because of passed" not in self.TEXT

    def test_what_was_not_tried_is_listed_with_its_reason(self) -> None:
        """Under a heading of its own."""
        assert "Not tested:\n  – 1: because of skipped (area/skipped)" in self.TEXT

    def test_findings_and_stale_waivers_come_once(self) -> None:
        """With how many scenarios showed them."""
        assert self.TEXT.count("• channels-disagree: the answer contradicts itself (5: area/passed, ") == 1
        assert self.TEXT.count("• no-probe: no probe is configured\n") == 1
        assert self.TEXT.count("! waiver 'a/b' is stale\n") == 1

    def test_the_last_line_counts(self) -> None:
        """Every status that occurs, the time and the seed."""
        counts = "1 passed, 1 failed, 1 warned, 1 skipped, 1 waived, 1 error"
        assert self.TEXT.splitlines()[-1] == f"{counts} · 1.2 s · seed 7"

    def test_an_early_end_is_told(self) -> None:
        """With the sentence, and the counts say that they are incomplete."""
        text = formats()["text"](REPORTS["stopped"])

        assert "✗ The run ended early: the tool is gone: nobody answers.\n" in text
        assert "1 error, incomplete: 0 not tried · " in text
        assert "nothing was tried, incomplete" in formats()["text"](REPORTS["empty"])

    def test_the_table_is_that_of_the_profile(self) -> None:
        """Codes, launch types, or areas."""
        by_code, by_type, by_area = (formats()["text"](REPORTS[name]) for name in ("codes", "types", "outcome"))

        assert "✗ 1001 FAILED_IMSLTI_VALIDATION" in by_code
        assert "· 1337 ZOOM_AUTHENTICATION_ERROR" in by_code
        assert "✗ TokenExpired " in by_type
        assert "RosterTooLarge" not in by_type
        assert "✗ area                 failed   1 of 5 passed, 1 skipped" in by_area


class TestJson:
    @every_report
    def test_it_fits_its_schema(self, report: Dossier) -> None:
        """Every status, early ends and empty reports too."""
        assert problems(formats()["json"](report)) == []

    def test_a_whole_result(self) -> None:
        """Written down by hand, key by key."""
        document = json.loads(formats()["json"](told(full_result("failed"))))

        assert document["results"] == [
            {
                "id": "area/failed",
                "title": "The title of area/failed",
                "severity": "must",
                "requirement": ["SEC-5.1.3-09", "CLASS-1001"],
                "mutations": ["claims.expired(by_s=60)"],
                "faults": ["class.create=empty"],
                "status": "failed",
                "outcome": "rejected",
                "expected": {
                    "outcome": "rejected",
                    "class": "security",
                    "type": "TokenExpired",
                    "code": 1001,
                    "allowed": [{"outcome": "rejected", "class": "invalid", "type": "InvalidClaim", "code": 1006}],
                },
                "observed": {
                    "outcome": "rejected",
                    "status_code": 400,
                    "class": "invalid",
                    "type": None,
                    "code": 1007,
                    "channel": "html",
                    "session": False,
                    "message": "Sorry <b>you</b> & “others”",
                    "trouble": "",
                },
                "axes": {"outcome": "unobserved", "class": "unobserved", "type": "unobserved", "code": "passed"},
                "cause": None,
                "reason": "because of failed",
                "findings": [{"id": "channels-disagree", "text": "the answer contradicts itself"}],
                "duration_s": 0.25,
                "replay": full_result("failed").replay,
                "why": "The reason for area/failed.",
                "fix": "",
                "sent": "a launch as instructor with claims.expired(by_s=60), class.create=empty, after 1 earlier",
                "steps": [
                    "«first»: a launch, in the browser user",
                    "«judged»: a launch, in the browser user, with claims.expired(by_s=60)",
                ],
                "recipe": "",
                "serviced": False,
                "lies": [],
                "timeline": [
                    hop("POST", "http://127.0.0.1:1/launch?x=1", 400),
                    hop("GET", "http://127.0.0.1:1/next", None),
                ],
            }
        ]

    def test_the_head(self) -> None:
        """What the run was, and its sums."""
        document = json.loads(formats()["json"](full_report()))

        assert document["schema"] == "lti-conformance-report/1"
        assert (document["tool"], document["profile"], document["seed"]) == ("My tool", "own", 7)
        assert (document["started"], document["duration_s"]) == ("2027-03-01T12:30:15Z", 1.25)
        assert (document["complete"], document["stopped"]) == (True, None)
        assert document["summary"] == dict.fromkeys(STATUSES, 1)
        assert document["waivers"] == ["waiver 'a/b' is stale"]
        assert len(document["codes"]) == 25
        assert len(document["types"]) == 26
        assert document["codes"][0] == {
            "code": 1001,
            "name": "FAILED_IMSLTI_VALIDATION",
            "status": "failed",
            "scenarios": [f"area/{status}" for status in STATUSES],
        }

    def test_what_was_not_tried_was_not_observed(self) -> None:
        """Null, and all axes are there all the same."""
        (result,) = json.loads(formats()["json"](told(full_result("skipped"))))["results"]

        assert (result["outcome"], result["observed"], result["cause"]) == (None, None, "missing-capability")
        assert set(result["axes"]) == {"outcome", "class", "type", "code"}

    @pytest.mark.parametrize(
        ("path", "value"),
        [
            (("schema",), "lti-conformance-report/2"),
            (("extra",), 1),
            (("complete",), "yes"),
            (("started",), "2027-03-01"),
            (("summary", "flaky"), 0),
            (("summary", "passed"), -1),
            (("codes", 0, "status"), "skipped"),
            (("types", 0, "type"), 5),
            (("results", 0, "status"), "broken"),
            (("results", 0, "outcome"), "accepted"),
            (("results", 0, "severity"), "MUST"),
            (("results", 0, "axes", "outcome"), "skipped"),
            (("results", 0, "axes", "colour"), "passed"),
            (("results", 0, "expected", "outcome"), "crashed"),
            (("results", 0, "expected", "extra"), 1),
            (("results", 0, "expected", "allowed"), [{"class": "invalid"}]),
            (("results", 0, "observed", "extra"), 1),
            (("results", 0, "observed", "class"), "other"),
            (("results", 0, "faults"), ["class.create"]),
            (("results", 0, "extra"), 1),
            (("results", 0, "cause"), 5),
        ],
    )
    def test_the_schema_is_strict(self, path: Any, value: Any) -> None:
        """Each of these is refused."""
        document = json.loads(formats()["json"](full_report()))
        inner = document
        for key in path[:-1]:
            inner = inner[key]
        inner[path[-1]] = value

        assert problems(json.dumps(document))

    @pytest.mark.parametrize("status", ["skipped", "error"])
    def test_the_schema_wants_a_cause(self, status: Status) -> None:
        """What was not judged says why by a word."""
        document = json.loads(formats()["json"](told(full_result(status))))
        document["results"][0]["cause"] = None

        assert problems(json.dumps(document))

    @pytest.mark.parametrize("key", ["schema", "tool", "seed", "summary", "codes", "types", "findings", "results"])
    def test_nothing_may_be_left_out(self, key: str) -> None:
        """Scripts rely on every key."""
        document = json.loads(formats()["json"](full_report()))
        del document[key]

        assert problems(json.dumps(document))
