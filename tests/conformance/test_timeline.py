"""What the timeline of a launch shows: its legs in order, each lie beside what is honest, and nothing secret."""

from __future__ import annotations

import itertools
import json
import logging
import pickle
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from conformance.arrange import ArrangementFailedError
from conformance.catalogue import scenarios, select
from conformance.demo import demo_lab
from conformance.driver import OutOfReachError
from conformance.evidence import lacking
from conformance.exchanges.exchange_legs import MOST, MOST_CALLS, READ, call_legs, exchange_leg, few, legs_of
from conformance.exchanges.exchange_legs import told as shown_legs
from conformance.exchanges.legs import Leg, Line
from conformance.lab import Lab
from conformance.model import Result, Scenario
from conformance.phases import Depth, generated
from conformance.profile import load_profile
from conformance.runner import Options, Runner
from conformance.story import Told, tell
from conformance.target import Start
from conformance.timeline import timeline_of
from mockplatform.claims import claim_name
from mockplatform.model import Exchange
from mockplatform.mutation import NotApplicableError, Spoilt
from tests.conformance.makers import make_profile, scenarios_of
from tests.conformance.miniatures import Miniature, lab_of, launched, refused, welcome
from tests.conformance.running import EXPIRED, PLAIN, Fault, results_of, table, tried

LOGIN = "Login request: the platform sends the browser to the tool"
ASKED = "Authentication request: the tool sends the browser back"
ANSWER = "Authentication response: the browser brings the tool what the platform says"
LET_IN = Miniature(lambda tool, _: launched(**tool.session()))


@pytest.fixture(autouse=True)
def _quiet(caplog: pytest.LogCaptureFixture) -> None:
    """A tool that is lied to says so at length."""
    caplog.set_level(logging.CRITICAL)


@pytest.fixture(scope="module")
def lab() -> Iterator[Lab]:
    """The sample tool under `core`, after its plain launch."""
    with demo_lab(load_profile("core"), Start(seed=0)) as opened:
        Runner(opened, Options()).plain_launch()
        yield opened


def told_of(lab: Lab, scenario: Scenario) -> Told:
    states = lab.honest_states(scenario.role)
    return tell(lab, scenario, states if scenario.states is None or not states else scenario.states, "1")


def timeline(lab: Lab, id_: str) -> tuple[Leg, ...]:
    """The legs as a report shows them."""
    return shown_legs(timeline_of(lab, told_of(lab, next(known for known in scenarios() if known.id == id_))))


def all_lines(legs: Sequence[Leg]) -> list[Line]:
    tokens = [leg.token for leg in legs if leg.token is not None]
    lines = [line for leg in legs for line in leg.lines]
    return lines + [line for token in tokens for line in (*token.header, *token.claims)]


def lies(legs: Sequence[Leg]) -> dict[str, tuple[str | None, str | None]]:
    return {line.name: (line.value, line.was) for line in all_lines(legs) if line.was is not None}


def titled(legs: Sequence[Leg], words: str) -> Leg:
    return next(leg for leg in legs if words in leg.title)


def value(leg: Leg, name: str) -> str | None:
    return next(line.value for line in leg.lines if line.name == name)


def exchange(**changes: Any) -> Exchange:
    values: dict[str, Any] = {"asker": "browser", "method": "GET", "url": "http://127.0.0.1:9555/", "status": 200}
    return Exchange(**(values | changes))


def replied(body: str, kind: str = "text/html", **headers: str) -> str:
    given = (("content-type", kind), *((name.replace("_", "-"), text) for name, text in headers.items()))
    (leg,) = shown_legs([exchange_leg(exchange(response_body=body, response_headers=given), "T")])
    assert leg.reply is not None
    return leg.reply.body


def sending(place: str) -> Any:
    """A rule that sends whoever comes with an old token somewhere."""

    def rule(tool: Miniature, claims: Mapping[str, Any]) -> Any:
        away = (302, "", {"location": place})
        return away if claims["exp"] < tool.clock() else welcome(tool, claims)

    return rule


def sent(lab: Lab, scenario: Scenario) -> Told | None:
    """The story of a scenario, if the sample tool can be told it."""
    if lacking(lab, scenario, ()) is not None:
        return None
    try:
        return told_of(lab, scenario)
    except (NotApplicableError, OutOfReachError, ArrangementFailedError):
        return None


def shows(legs: Sequence[Leg], spoilt: Spoilt) -> bool:
    """Whether a lie is a marked line, that of the claim or parameter it drops or sets; or a leg names it."""
    marked = set(lies(legs))
    if str(spoilt) in " ".join(leg.title for leg in legs):
        return True
    if spoilt.mutation.name not in ("claims.without", "claims.value", "login.without", "basic.without"):
        return bool(marked)
    about = str(spoilt.arguments.get("claim", spoilt.arguments.get("name")))
    head = about if "://" in about else about.partition(".")[0]
    return bool(marked & {head, claim_name(head)})


class TestCatalogue:
    @pytest.mark.parametrize(("name", "beside"), [("core", ""), ("class", "core")])
    def test_every_scenario_has_a_timeline_that_shows_its_lies(self, name: str, beside: str):
        """None is beyond telling, and each lie is a marked line or named by a leg; `ltix` sends what `core` sends."""
        profile = load_profile(name)
        known = {scenario.id for scenario in select(scenarios(), load_profile(beside))} if beside else set()
        chosen = [scenario for scenario in select(scenarios(), profile) if scenario.id not in known]
        with demo_lab(profile, Start(seed=0)) as lab:
            Runner(lab, Options()).plain_launch()
            legs = [(scenario, timeline_of(lab, told)) for scenario in chosen if (told := sent(lab, scenario))]
        assert len(legs) > 0.9 * len(chosen)
        for scenario, timeline in legs:
            assert not timeline[0].title.startswith("What was a lie cannot be shown"), scenario.id
            hidden = [str(spoilt) for spoilt in scenario.attempt.mutations if not shows(timeline, spoilt)]
            assert hidden == [], scenario.id
            assert scenario.attempt.mutations or not lies(timeline), scenario.id

    def test_a_claim_that_is_left_out(self, lab: Lab):
        """The value is None, beside the number that an honest platform says."""
        found = lies(timeline(lab, "time/issue-time-absent"))
        assert list(found) == ["iat"]
        value, was = found["iat"]
        assert value is None
        assert re.fullmatch(r"\d{10}", was or "")

    def test_a_number_as_text(self, lab: Lab):
        """The type of a claim is a part of it."""
        said, was = lies(timeline(lab, "time/expiry-text"))["exp"]
        assert said == json.dumps(was)

    def test_a_lie_that_no_value_shows(self, lab: Lab):
        """A bit of the signature: a leg names the lie, and the token says that it does not fit."""
        legs = timeline(lab, "signature/flipped-bit")
        assert (legs[0].asker, legs[0].title) == ("harness", "Not to be seen in the values: signature.flipped_bit")
        token = titled(legs, ANSWER).token
        assert token is not None
        assert "does not fit" in token.signature

    def test_a_spoilt_key_set_is_shown_as_the_tool_got_it(self, lab: Lab):
        """The fetch of this story and no other, with what lay there."""
        legs = timeline(lab, "keys/list-empty")
        fetches = [leg for leg in legs if "key set" in leg.title]
        assert [leg.title for leg in fetches] == ["The tool fetches the key set, spoilt by key_set.no_keys"]
        assert fetches[0].asker == "tool"
        assert fetches[0].reply is not None
        assert json.loads(fetches[0].reply.body) == {"keys": []}

    def test_an_unasked_answer_has_no_login(self, lab: Lab):
        """Neither a login nor a request of the tool was sent, so none is shown."""
        titles = [leg.title for leg in timeline(lab, "state/unasked")]
        assert titles == ["No login came before: the answer comes unasked", ANSWER]

    def test_a_continued_login_is_named(self, lab: Lab):
        """The tool's request stands there, with the name of the launch that it was for."""
        titles = [leg.title for leg in timeline(lab, "state/login-of-another-browser")]
        assert titles[:3] == ["The login of the launch 'attacker' is continued", ASKED, ANSWER]

    def test_of_an_old_timestamp_nothing_else_is_marked(self, lab: Lab):
        """The nonce of LTI 1.1 is new each time, and the signature fits what was signed."""
        found = lies(timeline(lab, "basic/timestamp-an-hour-old"))
        assert list(found) == ["oauth_timestamp"]
        sent, honest = (int(text or "") for text in found["oauth_timestamp"])
        assert 3600 <= honest - sent < 3700

    def test_a_field_changed_after_signing_leaves_a_signature_that_is_wrong(self, lab: Lab):
        """Both are marked, and the signature is masked on both sides."""
        found = lies(timeline(lab, "basic/roles-changed-after-signing"))
        assert found.keys() == {"roles", "oauth_signature"}
        assert found["roles"] == ("Instructor", "Learner")
        assert all("••••" in (text or "") for text in found["oauth_signature"])

    def test_services_are_told_call_by_call(self, lab: Lab):
        """What the tool asked the platform for, with the token masked and the score as it was sent."""
        legs = timeline(lab, "grades/score")
        assert legs[0].title == "Action: post_score"
        score = titled(legs, "scores")
        assert (score.asker, score.method) == ("tool", "POST")
        assert re.fullmatch(r"Bearer .{4}•+", value(score, "authorization") or "")
        assert "scoreGiven" in (value(score, "body") or "")

    def test_a_deep_linking_response_is_taken_apart(self, lab: Lab):
        """What the tool sends back is a leg with its token."""
        back = timeline(lab, "deep_linking_answer/data")[-1]
        assert "with a deep linking response" in back.title
        assert back.token is not None
        assert any(line.name.endswith("/content_items") for line in back.token.claims)
        assert back.token.signature.endswith("nothing against it.")

    def test_copies_are_one_leg_with_lines_and_then_replies(self, lab: Lab):
        """Twenty times the same form is not shown twenty times."""
        legs = timeline(lab, "together/answer-twenty-times")
        copies = [leg for leg in legs if leg.title == "The same answer once more, at the same moment"]
        assert len(copies) == 19
        assert all(leg.reply is not None and not leg.lines for leg in copies)


class TestOrder:
    def test_login_request_answer_and_what_follows(self, tmp_path: Path):
        """Each leg of a launch has what came back, and the tool's request what it asked."""
        tool = Miniature(sending("/hop"))
        legs = tried(tool, tmp_path, EXPIRED)["expired"].timeline
        assert [leg.title for leg in legs] == [LOGIN, ASKED, ANSWER, "The browser goes on"]
        assert [leg.reply.status if leg.reply else None for leg in legs] == [302, None, 302, 404]
        assert set(lies(legs)) == {"iat", "exp"}

    def test_a_request_that_the_platform_minds(self, tmp_path: Path):
        """The problems stand at the tool's own request."""
        tool = Miniature(lambda t, _: launched(**t.session()))
        tool.login = lambda t: (
            302,
            "",
            {"location": t.continue_login(t.logins[-1])[2]["location"].replace("prompt=none", "prompt=login")},
        )
        legs = tried(tool, tmp_path, EXPIRED)["expired"].timeline
        assert any("prompt" in problem for problem in titled(legs, ASKED).problems)

    def test_a_login_that_the_tool_refuses_is_all(self, tmp_path: Path):
        """There was nothing more, and its reply says why."""
        count = itertools.count()
        tool = Miniature()
        tool.login = lambda t: (403, "Not you", {}) if next(count) == 2 else t.continue_login(t.logins[-1])
        unsent, leg = tried(tool, tmp_path, EXPIRED)["expired"].timeline
        assert unsent.title == "It did not come to: claims.expired"
        assert leg.title == LOGIN
        assert leg.reply is not None
        assert (leg.reply.status, leg.reply.body) == (403, "Not you")

    def test_a_foreign_place_is_not_contacted(self, tmp_path: Path):
        """The request that was not sent is shown with the reason."""
        tool = Miniature(sending("https://elsewhere.example/x?id_token=secretsecret"))
        legs = shown_legs(tried(tool, tmp_path, EXPIRED)["expired"].timeline)
        assert [leg.title for leg in legs][-1] == "Not sent"
        assert legs[-1].reply is not None
        assert legs[-1].reply.status is None
        assert "elsewhere.example" in legs[-1].reply.trouble
        assert "secretsecret" not in legs[-1].url


class TestWhen:
    def test_only_what_did_not_pass_has_one(self, tmp_path: Path):
        """A passed one has nothing, nor has a skipped one."""
        text = EXPIRED + PLAIN + table("away", 'needs = ["second"]', "expect.any.code = 1001")
        results = tried(Miniature(), tmp_path, text)
        assert {name: result.status for name, result in results.items()} == {
            "expired": "passed",
            "plain": "passed",
            "away": "skipped",
        }
        assert [result.timeline for result in results.values()] == [(), (), ()]

    def test_a_warning_has_one(self, tmp_path: Path):
        """What is only warned of is to be understood as well."""
        text = EXPIRED.replace("expect.any", 'severity = "should"\nexpect.any')
        result = tried(LET_IN, tmp_path, text)["expired"]
        assert result.status == "warned"
        assert titled(result.timeline, ANSWER)

    def test_it_is_of_the_first_take(self, tmp_path: Path):
        """A failure stands although its repetition passes, and so does what was seen of it."""
        count = itertools.count()

        def rule(tool: Miniature, claims: Mapping[str, Any]) -> Any:
            is_first = claims["exp"] < tool.clock() and next(count) == 0
            return launched("Welcome by mistake", **tool.session()) if is_first else welcome(tool, claims)

        result = tried(Miniature(rule), tmp_path, EXPIRED)["expired"]
        assert [finding.id for finding in result.findings] == ["flaky"]
        reply = titled(result.timeline, ANSWER).reply
        assert reply is not None
        assert reply.body == "Welcome by mistake"

    def test_a_twin_that_was_refused_is_shown(self, tmp_path: Path):
        """Where the verdict blames the twin, its exchanges are what helps."""

        def rule(tool: Miniature, claims: Mapping[str, Any]) -> Any:
            return refused(1001) if "Learner" in str(claims) else welcome(tool, claims)

        text = table("student", 'role = "student"', "mutations = ['claims.expired']", "expect.any.code = 1001")
        result = tried(Miniature(rule), tmp_path, text)["student"]
        assert result.verdict.cause == "control-failed"
        assert [leg.reply.status if leg.reply else None for leg in result.timeline] == [302, 400]

    def test_an_earlier_launch_that_is_blamed_is_shown(self, tmp_path: Path):
        """The judged one says nothing about why an honest one before it was refused."""
        count = itertools.count()
        tool = Miniature(lambda t, c: refused(1234) if next(count) == 2 else welcome(t, c))
        text = table(
            "again",
            'before = [{ name = "first" }]',
            "mutations = ['claims.expired']",
            "expect.any.code = 1001",
        )
        result = tried(tool, tmp_path, text)["again"]
        assert result.verdict.cause == "control-failed"
        assert "'first'" in result.verdict.reason
        reply = titled(result.timeline, ANSWER).reply
        assert reply is not None
        assert ("lti-error", "code=1234") in [(line.name, line.value) for line in reply.headers]
        assert lies(result.timeline) == {}

    def test_a_person_who_is_locked_out_afterwards(self, tmp_path: Path):
        """Where the verdict blames the launch after the refusal, that one follows the judged one."""
        locked: list[str] = []

        def rule(tool: Miniature, claims: Mapping[str, Any]) -> Any:
            if claims["sub"] in locked:
                return refused(1001)
            if claims["exp"] < tool.clock():
                locked.append(claims["sub"])
            return welcome(tool, claims)

        result = tried(Miniature(rule), tmp_path, EXPIRED)["expired"]
        assert result.verdict.cause == "no-recovery"
        assert [leg.title for leg in result.timeline] == [LOGIN, ASKED, ANSWER] * 2
        assert lies(result.timeline[:3])
        assert not lies(result.timeline[3:])

    def test_a_fault_that_was_not_met_has_the_launch(self, tmp_path: Path):
        """What could not be judged was sent all the same."""
        text = table("faulty", 'faults = [{ point = "class.create" }]', "expect.any = { code = 1014 }")
        fault = Fault()
        tool = Miniature()
        result = tried(tool, tmp_path, text, faults={"class.create": fault})["faulty"]
        assert result.verdict.cause == "fault-not-armed"
        assert [leg.title for leg in result.timeline] == [LOGIN, ASKED, ANSWER]

    def test_a_result_travels_by_pickle(self, tmp_path: Path):
        """So it does between the workers of pytest, and nothing of the story goes with it."""
        result = tried(LET_IN, tmp_path, EXPIRED)["expired"]
        packed = pickle.dumps(result)
        again: Result = pickle.loads(packed)
        assert again.timeline == result.timeline
        assert result.timeline
        assert b"PendingLaunch" not in packed

    def test_the_smallest_story_of_a_property_has_one(self):
        """`run --deep` shows the failure that it has made small."""
        wanted = next(known for known in generated.properties() if "time" in known.id or "exp" in known.id)
        with lab_of(Miniature(lambda t, _: launched(**t.session()))) as lab:
            runner = Runner(lab, Options())
            runner.plain_launch()
            (result, *_) = generated.run(runner, [wanted], Depth(examples=5))
        assert isinstance(result, Result)
        assert result.status == "failed"
        assert titled(result.timeline, ANSWER)


class TestRobust:
    def test_a_launch_that_cannot_be_told_is_still_shown(self, tmp_path: Path):
        """Whatever goes wrong in the telling, what the browser saw is there."""
        with lab_of(Miniature()) as lab:
            (scenario,) = scenarios_of(tmp_path, EXPIRED)
            told = tell(lab, scenario, (), "1")
            odd = replace(told.performed, pending=cast("Any", SimpleNamespace(launch=None)))
            legs = timeline_of(lab, replace(told, performed=odd))
        assert legs[0] == Leg(title="What was a lie cannot be shown: AttributeError", asker="harness")
        assert legs[1:] == legs_of(told.seen)
        assert len(legs) == 3

    def test_results_of_a_profile_have_lines_that_text_can_hold(self, tmp_path: Path):
        """Each name and value is text, whatever a header of the token held."""
        text = table(
            "odd",
            'mutations = [\'header.member(name="kid", value=[1, {"a": None}])\']',
            "expect.any.code = 1001",
        )
        with lab_of(LET_IN, profile=make_profile("code")) as lab:
            result = results_of(lab, scenarios_of(tmp_path, text))[0]["odd"]
        said, was = lies(result.timeline)["kid"]
        assert json.loads(said or "") == [1, {"a": None}]
        assert isinstance(was, str)


class TestBodies:
    def test_a_long_text_is_cut(self):
        """With how much more there is."""
        assert replied("x" * READ) == "x" * READ
        assert replied("x" * 5000) == "x" * READ + "… cut, 3,000 characters more"

    def test_what_was_cut_before_says_at_least(self):
        """A browser keeps only the first 16,000 bytes."""
        assert replied("x" * 16_000).endswith("… cut, 14,000 characters more at least")

    def test_what_is_no_text_is_a_sentence(self):
        """Its length as it was announced, or about that of what was kept."""
        assert replied("\x89PNG\ufffd", "image/png", content_length="12345") == "12,345 bytes of image/png"
        assert replied("\x89PNG\ufffd", "image/png") == "about 5 bytes of image/png"
        assert replied("\0\0", "") == "about 2 bytes of an unnamed type"

    @pytest.mark.parametrize("kind", ["application/json", "application/problem+json; charset=utf-8", "TEXT/PLAIN", ""])
    def test_text_is_shown(self, kind: str):
        """By its type, or by its look where it has none."""
        assert replied('{"a": 1}', kind) == '{"a": 1}'

    def test_secrets_are_masked_in_every_part(self):
        """Cookies, tokens in addresses, forms and bodies."""
        whole = exchange_leg(
            exchange(
                method="POST",
                url="http://127.0.0.1/?access_token=canary-in-url",
                request_headers=(
                    ("cookie", "sid=canary-in-cookie"),
                    ("authorization", "Bearer canary-in-bearer"),
                    ("content-type", "application/x-www-form-urlencoded"),
                ),
                request_body="client_secret=canary-in-form&oauth_signature=canary-in-signature",
                response_headers=(("set-cookie", "sid=canary-in-set-cookie; Path=/"),),
                response_body='{"access_token": "canary-in-body"}',
            ),
            "T",
        )
        assert "canary-" not in repr(shown_legs([whole]))

    def test_very_many_lines_are_cut(self):
        """Ten thousand fields are a lie of their own, of which the first show enough."""
        lines = few(tuple(Line(name=f"n{number}", value="") for number in range(MOST + 5)))
        assert len(lines) == MOST + 1
        assert lines[-1] == Line(name="…", value="5 more")

    def test_of_very_many_calls_the_first_and_the_last_are_shown(self):
        """A tool that reads a roster of hundreds of pages says the same each time."""
        calls = [exchange(asker="tool", url=f"http://127.0.0.1/{number}") for number in range(2 * MOST_CALLS + 7)]
        legs = list(call_legs(calls))
        assert len(legs) == 2 * MOST_CALLS + 1
        assert legs[MOST_CALLS] == Leg(title="7 more calls of the tool", asker="harness")
        assert (legs[0].url, legs[-1].url) == (calls[0].url, calls[-1].url)
