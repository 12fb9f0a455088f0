"""Scenarios about services: what they name exists, what they need, and what their checks see."""

from __future__ import annotations

import json
from base64 import urlsafe_b64encode
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest

from conformance import answer_checks, grade_checks, service_checks
from conformance.call_reading import JOURNAL_BYTES
from conformance.catalogue import SERVICE_OF, scenarios
from conformance.checks import checks
from conformance.errors import types
from conformance.filling import filled
from conformance.model import Answered, Observation, Scenario
from conformance.sample_tool.flaws import grading, picks, service_calls, token_requests
from conformance.toolvalues import Action, Capabilities
from conformance.wire import told
from mockplatform.dialects.dialect import checked_quirks
from mockplatform.endpoints.journal import SHOWN_BYTES
from mockplatform.misbehaving.faults import endpoint_names, verbs
from mockplatform.model import Exchange
from tests.conformance.makers import make_tool, scenarios_of
from tests.conformance.miniatures import Miniature, lab_of
from tests.conformance.running import results_of, table

SERVICED = tuple(scenario for scenario in scenarios() if scenario.serviced)
PLATFORM = "http://127.0.0.1:9400"
ROSTER = table(
    "roster", 'action = "read_roster"', 'before = [{ name = "launch" }]', 'expect.any = { outcome = "launched" }'
)

every_serviced = pytest.mark.parametrize("scenario", SERVICED, ids=lambda scenario: str(scenario.id))


@every_serviced
def test_what_the_platform_does_wrong_is_known_to_it(scenario: Scenario) -> None:
    """Endpoints, verbs, settings and quirks are those of the platform."""
    checked_quirks(scenario.quirks, where=scenario.id)
    for fault in scenario.wire:
        assert fault.endpoint in endpoint_names()
        verbs()[fault.verb].check(told(filled(fault.settings, {"elsewhere": PLATFORM})), where=scenario.id)


def test_every_type_of_a_service_has_a_scenario_or_a_reason() -> None:
    """The profile ltix judges each type that a platform can provoke."""
    expected = {e.preferred.type for s in scenarios() for e in s.expect.values()}
    for name, kind in types().items():
        assert (name in expected) != bool(kind.unprovoked)


def test_every_flaw_of_service_calls_is_guarded() -> None:
    """A flaw that no scenario has to notice would survive."""
    guarded = {flaw for scenario in scenarios() for flaw in scenario.guards}
    flaws = [flaw for module in (token_requests, service_calls, grading, picks) for flaw in module.FLAWS]
    assert [flaw.name for flaw in flaws if flaw.fails == "guards" and flaw.name not in guarded] == []


@pytest.mark.parametrize(("action", "need"), SERVICE_OF.items())
def test_an_action_with_a_fixed_name_needs_its_service(tmp_path: Path, action: str, need: str) -> None:
    """A scenario need not repeat what follows from its action."""
    (scenario,) = scenarios_of(tmp_path, table("x", f'action = "{action}"', "expect.any = {}"))
    assert need in scenario.needs
    assert scenario.exclusive


@pytest.mark.parametrize(
    ("tool", "cause", "advice"),
    [
        ({}, "missing-capability", '"nrps"'),
        ({"capabilities": Capabilities(services=("nrps",))}, "missing-action", "[actions.read_roster]"),
    ],
)
def test_a_tool_without_the_service_is_told_what_to_give(
    tmp_path: Path, tool: dict[str, Any], cause: str, advice: str
) -> None:
    """Nothing is sent, and the reason says what to put where."""
    miniature = Miniature()
    with lab_of(miniature, tool=make_tool(**tool)) as lab:
        results, _ = results_of(lab, scenarios_of(tmp_path, ROSTER), plain=False)
    verdict = results["roster"].verdict
    assert (verdict.status, verdict.cause) == ("skipped", cause)
    assert advice in verdict.reason
    assert miniature.launches == []


def test_a_fault_that_was_never_met_proves_nothing(tmp_path: Path) -> None:
    """A tool that never asks the misbehaving endpoint has not been tried."""
    actions = {"read_roster": Action(request="GET /me")}
    wire = 'wire = [{ endpoint = "memberships", verb = "close" }]'
    with lab_of(Miniature(), tool=make_tool(capabilities=Capabilities(services=("nrps",)), actions=actions)) as lab:
        results, _ = results_of(lab, scenarios_of(tmp_path, ROSTER.replace("expect.", f"{wire}\nexpect.")))
        left = lab.platform.faults.all()
    assert (results["roster"].status, results["roster"].verdict.cause) == ("error", "fault-not-armed")
    assert left == []


def call(endpoint: str, status: int = 200, **more: Any) -> Exchange:
    about = {"endpoint": endpoint, "attempt": "judged", "registered": "tool", **more.pop("about", {})}
    given: dict[str, Any] = {"asker": "tool", "method": "GET", "url": f"{PLATFORM}/{endpoint}", **more}
    return Exchange(status=status, about=about, **given)


def seen(*calls: Exchange) -> Observation:
    return Observation(outcome="launched", calls=calls, platform_host="127.0.0.1", person_id="ada")


def token_request(*, expires_in: int = 3600, audience: str = "", at_s: float = 0.0, **claims: Any) -> Exchange:
    honest = {"iss": "tool", "sub": "tool", "aud": f"{PLATFORM}/token", "iat": 0, "exp": 300, "jti": "1"}
    payload = urlsafe_b64encode(json.dumps(honest | claims).encode()).decode().rstrip("=")
    form = {
        "grant_type": "client_credentials",
        "client_assertion_type": "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
        "client_assertion": f"h.{payload}.s",
        "scope": "roster",
    }
    granted = json.dumps({"access_token": "x", "expires_in": expires_in})
    about = {"audience": audience}
    return call("token", method="POST", request_body=urlencode(form), response_body=granted, at_s=at_s, about=about)


def score(stamp: str, status: int | None = 200, *, fault: str = "", **changed: Any) -> Exchange:
    honest = {"userId": "ada", "scoreGiven": 1, "scoreMaximum": 2, "timestamp": stamp}
    body = honest | {"activityProgress": "Completed", "gradingProgress": "FullyGraded"} | changed
    sent = call("scores", method="POST", request_body=json.dumps(body), about={"fault": fault} if fault else {})
    return replace(sent, status=status)


def cut(exchange: Exchange) -> Exchange:
    return replace(exchange, request_body=exchange.request_body[:SHOWN_BYTES])


EARLY, LATE = "2026-11-22T07:30:00.125Z", "2026-11-22T07:30:00.126+00:00"
NEXT = (("link", f'<{PLATFORM}/memberships?p=2>; rel="next"'),)
FIRST, SECOND = call("memberships", response_headers=NEXT), call("memberships", url=f"{PLATFORM}/memberships?p=2")
RESULTS = call("results")
LISTED = json.dumps([{"id": f"{PLATFORM}/line_items/7?type=a"}])
COLUMNS = call("line_items", response_headers=NEXT, response_body=LISTED)
LAST_COLUMNS = call("line_items", url=f"{PLATFORM}/memberships?p=2", response_body="[]")
CUT_COLUMNS = replace(COLUMNS, response_body=LISTED + " " * SHOWN_BYTES)
LISTED_USED, UNLISTED_USED = (call("scores", url=f"{PLATFORM}/line_items/{item}/scores?type=a") for item in "78")
UNLISTED_READ = call("results", url=f"{PLATFORM}/line_items/8/results")
OTHERS = call("memberships", about={"attempt": "earlier", "registered": "other", "client_id": "other"})
LEFT_OVER, OWN = (call("memberships", about={"client_id": client_id}) for client_id in ("other", "tool"))
OTHERS_FIRST, OWN_FIRST = (replace(page, response_headers=NEXT) for page in (OTHERS, OWN))
OTHERS_SECOND, LEFT_OVER_SECOND, OWN_SECOND = (replace(page, url=SECOND.url) for page in (OTHERS, LEFT_OVER, OWN))
OTHERS_SCORE, LEFT_OVER_SCORE = (
    replace(one, method="POST", url=f"{PLATFORM}/7/scores", about={**one.about, "endpoint": "scores"})
    for one in (OTHERS, LEFT_OVER)
)
OWN_SCORE, WRONG_SCORE = (
    replace(one, method="POST", url=f"{PLATFORM}/8/scores", about={**one.about, "endpoint": "scores"})
    for one in (OWN, LEFT_OVER)
)
LONG = cut(call("scores", method="POST", request_body='{"comment": "' + "x" * SHOWN_BYTES + '", "userId": "ada"}'))
SPELLINGS = (
    '<memberships?p=2>; REL="NEXT"',
    "<memberships?p=2> ; rel = next",
    '<memberships>; title="a, <b>; c"; rel=self, <memberships?p=2>; rel="last next"',
    "<memberships?p=2>;; rel=next; rel=self",
)
NO_NEXT = '<memberships?p=2>; rel=last; title="rel=next"; rel=next, <x>; rel="nextish"'
DEPLOYMENT = "https://purl.imsglobal.org/spec/lti/claim/deployment_id"
DEPLOYED: dict[str, Any] = {DEPLOYMENT: "1"}
DEPLOYED_TWICE: dict[str, Any] = {DEPLOYMENT: "2"}
THERE = f"{PLATFORM}/lti/elsewhere"
AWAY = (("host", "localhost:9400"), ("authorization", "Bearer x"))
BUSY = (("retry-after", "2"),)


@pytest.mark.parametrize(
    ("check", "right", "wrong"),
    [
        ("assertions_right", (token_request(),), (token_request(sub="ada"),)),
        ("assertions_right", (token_request(aud=[f"{PLATFORM}/token"]),), (token_request(aud=PLATFORM),)),
        (
            "assertions_right",
            (token_request(audience="urn:x", aud=["urn:x"]),),
            (token_request(audience="urn:x"),),
        ),
        ("deployment_told", (token_request(**DEPLOYED),), (token_request(),)),
        ("assertions_short", (token_request(),), (token_request(exp=1200),)),
        ("assertions_short", (token_request(),), (token_request(exp=10**400),)),
        ("assertions_once", (token_request(), token_request(jti="2")), (token_request(), token_request())),
        ("tokens_reused", (token_request(),), (token_request(), token_request(jti="2"))),
        (
            "tokens_reused",
            (token_request(), token_request(at_s=3500.0)),
            (token_request(), token_request(at_s=3400.0)),
        ),
        (
            "tokens_reused",
            (token_request(expires_in=120), token_request()),
            (token_request(expires_in=180), token_request()),
        ),
        (
            "tokens_reused",
            (token_request(**DEPLOYED), token_request(**DEPLOYED_TWICE), token_request(iss="second")),
            (token_request(**DEPLOYED), token_request(), token_request(**DEPLOYED)),
        ),
        (
            "tokens_reused",
            (token_request(), call("memberships", 401), token_request()),
            (token_request(), call("memberships", 403), token_request()),
        ),
        ("own_tokens", (call("memberships", about={"client_id": "tool"}),), (call("x", about={"client_id": "other"}),)),
        ("own_tokens", (OTHERS, LEFT_OVER, OWN), (OTHERS, LEFT_OVER)),
        ("own_tokens", (OTHERS, OWN, LEFT_OVER), (OWN, LEFT_OVER)),
        ("own_tokens", (OTHERS, OWN), (OTHERS, LEFT_OVER, call("groups", about={"client_id": "tool"}))),
        ("own_tokens", (OTHERS_FIRST, OWN_FIRST, LEFT_OVER_SECOND, OWN_SECOND), (OTHERS, OWN_FIRST, LEFT_OVER_SECOND)),
        ("own_tokens", (OTHERS_FIRST, LEFT_OVER_SECOND, OWN_FIRST), (OTHERS_FIRST, OWN_FIRST, LEFT_OVER_SECOND)),
        (
            "own_tokens",
            (OTHERS_FIRST, OTHERS_SECOND, OWN_FIRST, OWN_SECOND),
            (OTHERS_FIRST, OTHERS_SECOND, OWN_FIRST, LEFT_OVER_SECOND, OWN_SECOND),
        ),
        ("own_tokens", (OTHERS_SCORE, OWN_SCORE, LEFT_OVER_SCORE), (OTHERS, OWN, OWN_SCORE, LEFT_OVER_SCORE)),
        ("own_tokens", (OTHERS_SCORE, OWN_SCORE), (OTHERS_SCORE, OWN_SCORE, WRONG_SCORE)),
        ("retried_once", (call("memberships", 401),) * 2, (call("memberships", 401),) * 3),
        ("retried_once", (call("memberships", 403),) * 2, (call("memberships", 403),) * 3),
        (
            "retried_once",
            (call("memberships", 401), call("memberships", 403)),
            (call("memberships", 401), call("memberships", 401), call("memberships", 403)),
        ),
        (
            "waited_as_told",
            (call("memberships", 429, at_s=1.0, response_headers=BUSY), call("memberships", at_s=3.0)),
            (call("memberships", 429, at_s=1.0, response_headers=BUSY), call("memberships", at_s=2.5)),
        ),
        (
            "told_soon",
            (call("memberships", at_s=1.0), call("x", at_s=50.0)),
            (call("x", at_s=1.0), call("x", at_s=90.0)),
        ),
        (
            "told_soon",
            (call("memberships", at_s=1.0, elapsed_s=59.0),),
            (call("memberships", at_s=1.0, elapsed_s=61.0),),
        ),
        (
            "no_token_elsewhere",
            (call("x", url=THERE, request_headers=AWAY[:1]), call("memberships", request_headers=AWAY)),
            (call("x", url=f"{THERE}/scores", request_headers=AWAY),),
        ),
        ("pages_ended", (FIRST,) * 999, (FIRST,) * 1000),
        ("pages_ended", (*(FIRST,) * 999, RESULTS), (*(FIRST,) * 1000, RESULTS)),
        ("no_page_again", (call("memberships"),) * 3, (call("memberships"),) * 4),
        ("last_page_read", (call("memberships"),), (call("memberships", response_headers=NEXT),)),
        ("last_page_read", (FIRST, SECOND, RESULTS), (FIRST, RESULTS)),
        ("last_page_read", (FIRST, SECOND, FIRST), (FIRST, FIRST)),
        ("last_page_read", (COLUMNS, LISTED_USED), (COLUMNS, call("create_line_item", 201), LISTED_USED)),
        ("last_page_read", (COLUMNS, LISTED_USED, UNLISTED_READ), (COLUMNS, UNLISTED_USED)),
        ("last_page_read", (COLUMNS, LAST_COLUMNS, UNLISTED_USED), (COLUMNS, UNLISTED_READ)),
        ("last_page_read", (CUT_COLUMNS, UNLISTED_USED), (COLUMNS,)),
        ("last_page_read", (LAST_COLUMNS,), (LISTED_USED, COLUMNS)),
        ("last_page_read", (replace(LAST_COLUMNS, response_body="["),), (replace(COLUMNS, response_body="{}"),)),
        ("stamps_grow", (score(EARLY), score(LATE)), (score(LATE), score(EARLY))),
        ("stamps_grow", (score(EARLY),), (score("2026-11-22T07:30:00Z"),)),
        ("stamps_grow", (score(EARLY.replace(".", ",")), score(LATE)), (score(LATE.replace(".", ",")), score(EARLY))),
        ("stamps_grow", (LONG,), (score("", comment="x"),)),
        ("stamps_grow", (score(EARLY, 503), score(EARLY)), (score(EARLY, 204), score(EARLY))),
        ("stamps_grow", (score(EARLY, None), score(EARLY)), (score(EARLY, None), score(EARLY, scoreGiven=2))),
        ("stamps_grow", (score(EARLY, fault="delay"), score(EARLY)), (score(LATE, 503), score(EARLY))),
        ("score_right", (LONG,), (score(EARLY, userId="grace", comment="x"),)),
        ("score_right", (score(EARLY),), (score(EARLY, userId="grace"),)),
        ("score_right", (score(EARLY, scoreGiven=None),), (score(EARLY, scoreMaximum="2"),)),
        ("one_column", (call("create_line_item", 201),), (call("create_line_item", 201),) * 2),
        ("url_query_kept", (call("scores", url=f"{PLATFORM}/scores?type=a&x=%2F"),), (call("scores"),)),
        (
            "url_query_kept",
            (call("results", url=f"{PLATFORM}/results?x=/&page=2&type=a"),),
            (call("results", url=f"{PLATFORM}/results?type=a"),),
        ),
        (
            "url_query_kept",
            (call("line_items"),),
            (call("scores", url=f"{PLATFORM}/scores?type=a&x=%252F"),),
        ),
    ],
)
def test_a_check_of_calls_tells_right_from_wrong(
    check: str, right: tuple[Exchange, ...], wrong: tuple[Exchange, ...]
) -> None:
    """It is silent about the one and has a sentence about the other."""
    look = checks()[check]
    assert look(seen(*right)) is None
    assert look(seen(*wrong))


@pytest.mark.parametrize("check", ["score_right", "stamps_grow"])
def test_a_body_without_a_bottom_is_no_score(check: str) -> None:
    """What no parser takes is a wrong score, and no end of the run."""
    deep = replace(score(EARLY), request_body="[" * 15_000)
    assert checks()[check](seen(deep))


@pytest.mark.parametrize("spelling", SPELLINGS)
def test_a_next_page_is_seen_in_each_spelling(spelling: str) -> None:
    """Names, relations and quotation marks are free (RFC 8288 3)."""
    page = call("memberships", response_headers=(("Link", spelling),))
    assert service_checks.last_page_read(seen(page))
    assert service_checks.last_page_read(seen(page, SECOND)) is None


def test_what_only_looks_like_a_next_page_is_none() -> None:
    """A title is no relation, and of several relations of one link the first counts (RFC 8288 3.3)."""
    assert service_checks.last_page_read(seen(call("memberships", response_headers=(("link", NO_NEXT),)))) is None


def test_the_time_of_a_visit_counts_without_calls() -> None:
    """A tool that sits still keeps a person waiting as well."""
    visit = Exchange(asker="browser", method="GET", url="http://127.0.0.1:9500/roster", status=200, elapsed_s=61.0)
    assert service_checks.told_soon(replace(seen(), exchanges=(visit,)))


def test_checks_know_where_the_journal_cuts() -> None:
    """A body of that length or more may lack what a check looks for."""
    assert JOURNAL_BYTES == SHOWN_BYTES


def test_a_date_to_come_back_at_counts_as_seconds_do() -> None:
    """`Retry-After` has two forms (RFC 9110 10.2.3)."""
    busy = call("memberships", 429, at_s=0.0, response_headers=(("Retry-After", "Thu, 01 Jan 1970 00:00:20 GMT"),))
    assert service_checks.waited_as_told(seen(busy, call("memberships", at_s=19.0)))
    assert service_checks.waited_as_told(seen(busy, call("memberships", at_s=20.0))) is None


def test_tokens_are_looked_for_where_only_a_foreign_link_leads() -> None:
    """The check knows the one path that no honest call has."""
    led = [scenario for scenario in SERVICED if "no_token_elsewhere" in scenario.checks]
    assert led
    for scenario in led:
        assert service_checks.ELSEWHERE in str([dict(fault.settings) for fault in scenario.wire])


def test_the_query_of_a_line_item_is_the_one_that_is_looked_for() -> None:
    """The check knows what the platform writes behind the addresses of its line items."""
    asked = [scenario for scenario in SERVICED if "url_query_kept" in scenario.checks]
    assert asked
    assert {scenario.quirks.get("ags.line_item_query") for scenario in asked} == {grade_checks.LINE_ITEM_QUERY}


@pytest.mark.parametrize(("announced_s", "cause"), [(600, None), (0, "no-recovery")])
def test_a_recovery_is_not_asked_before_the_announced_time(tmp_path: Path, announced_s: int, cause: str | None) -> None:
    """A tool that remembers when the platform wants it back, and refuses until then, is right."""
    busy = (("retry-after", str(announced_s)),)
    twins = iter([(200, "Saved", dict[str, str]())])

    def refusing() -> tuple[int, str, dict[str, str]]:
        if (honest := next(twins, None)) is not None:
            return honest
        at_s = lab.platform.clock()
        lab.platform.state.note(call("memberships", 429, at_s=at_s, response_headers=busy), lab.platform.new_id())
        return 400, "Sorry", {}

    tool = make_tool(
        capabilities=Capabilities(services=("nrps",)), actions={"read_roster": Action(request="POST /edit")}
    )
    scenario = ROSTER.replace('"launched"', '"rejected"')
    with lab_of(Miniature(edit=refusing), tool=tool) as lab:
        results, _ = results_of(lab, scenarios_of(tmp_path, scenario), plain=False)
    assert results["roster"].verdict.cause == cause


DL = "https://purl.imsglobal.org/spec/lti-dl/claim/"
ITEMS = [{"type": "link"}, {"type": "file"}]


@pytest.mark.parametrize(
    ("check", "right", "wrong"),
    [
        ("answer_is_right", (Answered(claims={}),), (Answered(claims={}, problems=("aud is wrong",)),)),
        ("answer_is_right", (Answered(claims={}),), ()),
        (
            "answer_keeps_data",
            (Answered(claims={DL + "data": "x"}, asked={"data": "x"}),),
            (Answered(claims={}, asked={"data": "x"}),),
        ),
        (
            "answer_keeps_to_one",
            (Answered(claims={DL + "content_items": ITEMS[:1]}),),
            (Answered(claims={DL + "content_items": ITEMS}),),
        ),
        (
            "answer_keeps_to_types",
            (Answered(claims={DL + "content_items": ITEMS[:1]}, asked={"accept_types": ["link"]}),),
            (Answered(claims={DL + "content_items": ITEMS}, asked={"accept_types": ["link"]}),),
        ),
        ("answer_explains", (Answered(claims={DL + "errormsg": "None fits."}),), (Answered(claims={}),)),
        (
            "answers_differ",
            (Answered(claims={"nonce": "1"}), Answered(claims={"nonce": "2"})),
            (Answered(claims={"nonce": "1"}), Answered(claims={"nonce": "1"})),
        ),
    ],
)
def test_a_check_of_answers_tells_right_from_wrong(
    check: str, right: tuple[Answered, ...], wrong: tuple[Answered, ...]
) -> None:
    """It is silent about the one and has a sentence about the other."""
    look = getattr(answer_checks, check)
    assert look(Observation(outcome="launched", answers=right)) is None
    assert look(Observation(outcome="launched", answers=wrong))
