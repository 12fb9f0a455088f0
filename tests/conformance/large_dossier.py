"""A run as large as one gets, made of nothing but its number of scenarios."""

from __future__ import annotations

import json
from itertools import cycle, islice
from typing import get_args

from conformance.errors import codes, types
from conformance.exchanges.legs import Leg, Line, Reply, TokenParts
from conformance.model import Finding, Grade, Status
from conformance.telling.dossier import (
    Area,
    Chapter,
    CodeRow,
    Dossier,
    Entry,
    Expected,
    FindingRow,
    Observed,
    Rule,
    TypeRow,
)
from tests.conformance.makers import make_dossier, make_entry

__all__ = ["large_dossier"]

AREAS = ("claims", "security", "nonce", "identity", "login", "roster", "scores", "deep-linking", "order", "precedence")
STATUSES: tuple[Status, ...] = (
    "passed",
    "failed",
    "passed",
    "passed",
    "failed",
    "passed",
    "passed",
    "warned",
    "skipped",
)
PLATFORM = "http://127.0.0.1:9400"
TOOL = "http://127.0.0.1:8000"
PURL = "https://purl.imsglobal.org/spec/lti/claim/"
RULES = {
    "SEC-5.1.3-09": Rule(
        citation="SEC §5.1.3 step 9",
        level="MUST",
        text="The current time is before the time that the exp claim tells, with some leeway of a few minutes.",
        url="https://www.imsglobal.org/spec/security/v1p0/#authentication-response-validation",
    ),
    "LTI-5.3.1-01": Rule(citation="LTI §5.3.1", level="SHOULD", text="A launch of another type is left alone."),
}


def large_dossier(count: int = 1000) -> Dossier:
    """A run of so many scenarios, a third of which failed and have timelines."""
    statuses = list(islice(cycle(STATUSES), count))
    entries = [_entry(number, status) for number, status in enumerate(statuses)]
    return make_dossier(
        *entries,
        axes=("outcome", "class", "code"),
        codes=tuple(
            CodeRow(code=code, name=told.name, status="failed", scenarios=_among(entries, place, len(codes())))
            for place, (code, told) in enumerate(codes().items())
        ),
        types=tuple(
            TypeRow(type=name, status="failed", scenarios=_among(entries, place, len(types())))
            if kind.surface == "launch"
            else TypeRow(type=name, surface="service", status="not-run", scenarios=(), reason="no service was used")
            for place, (name, kind) in enumerate(types().items())
        ),
        areas=tuple(Area(name=name, status="failed", summary=dict.fromkeys(get_args(Status), 1)) for name in AREAS),
        findings=(
            FindingRow(
                id="unclean-refusal",
                text="A refusal is answered with status 200.",
                scenarios=tuple(entry.id for entry in entries[1::50]),
            ),
        ),
        chapters=(
            Chapter(id="order", title="In which order it checks", lines=("1001 before 1006", "1006 before 1007")),
        ),
        rules=RULES,
        remedies={str(code): told.remedy for code, told in codes().items()},
    )


def _among(entries: list[Entry], place: int, rows: int) -> tuple[str, ...]:
    """The scenarios of one of so many rows."""
    return tuple(entry.id for entry in entries[place::rows])


def _entry(number: int, status: Status) -> Entry:
    id_ = f"{AREAS[number // 20 % len(AREAS)]}/a-launch-that-is-number-{number}"
    grade: Grade = "failed" if status == "failed" else "passed"
    expected = Expected(
        outcome="rejected",
        klass="security",
        type="TokenExpired",
        code=1001,
        allowed=(Expected(outcome="rejected", klass="invalid", code=1006),),
    )
    trouble = status in ("failed", "warned")
    seen = Observed(outcome="rejected", status_code=400, klass="invalid", code=1007, channel="html", session=False)
    return make_entry(
        id_,
        status,
        title=f"A token that has expired by {number} seconds is not taken for a launch",
        why="Whoever finds an old token in a log or a browser's history would come in with it as somebody else.",
        requirement=tuple(RULES),
        expected=expected,
        observed=None if status == "skipped" else seen,
        axes={"outcome": "passed", "class": grade, "type": "unobserved", "code": grade},
        findings=(Finding(id="unclean-refusal", text="A refusal is answered with status 200."),) if trouble else (),
        timeline=_timeline(number) if trouble else (),
    )


def _timeline(number: int) -> tuple[Leg, ...]:
    """Login, its answer, the token, and three calls of the tool; the two pages among them of 2 kB each."""
    headers = tuple(Line(name=f"x-header-{place}", value="text/html; charset=utf-8") for place in range(5))
    page = f"<!doctype html><p class='error'>Launch {number} was refused</p>" + "<p class='x'>A line & more</p>\\n" * 63
    page = page[:2000]
    plain = (
        Line(name="iss", value=PLATFORM),
        Line(name="client_id", value="lti-main"),
        Line(name="nonce", value="n" * 22),
    )
    data = json.dumps({"members": [{"user_id": str(place)} for place in range(8)]})
    call = Leg(
        title="What the tool asks of the platform",
        asker="tool",
        method="GET",
        url=f"{PLATFORM}/memberships/course-1",
        lines=(Line(name="authorization", value="Bearer ••••"),),
        problems=("The scope was not granted.",),
        reply=Reply(status=403, headers=headers, body=data, elapsed_s=0.01),
    )
    moved = Reply(status=302, headers=headers, elapsed_s=0.004)
    return (
        Leg(title="The platform begins a login", method="POST", url=f"{TOOL}/lti/login", lines=plain, reply=moved),
        Leg(
            title="The browser is sent for the token",
            method="GET",
            url=f"{PLATFORM}/auth?scope=openid&nonce={'n' * 22}",
            lines=plain,
            reply=Reply(status=200, headers=headers, body=page, elapsed_s=0.02),
        ),
        Leg(
            title="The token is posted",
            method="POST",
            url=f"{TOOL}/lti/launch",
            lines=(Line(name="state", value="s" * 32), Line(name="id_token", value="eyJ…")),
            token=_token(number),
            reply=Reply(status=200, headers=headers, body=page, elapsed_s=0.03),
        ),
        call,
        call,
        call,
    )


def _token(number: int) -> TokenParts:
    """A token of 25 claims, one of which is a lie, one too many and one left out."""
    claims = [
        Line(name=f"{PURL}claim_{place}", value=f'{{"id": "{place}", "label": "LTI 101"}}') for place in range(22)
    ]
    lies = [
        Line(name="exp", value=f"1000000000 (2001-09-09 01:46:40 UTC, {number} s ago)", was="1795270000"),
        Line(name="azp", value="somebody-else", was=""),
        Line(name="nonce", value=None, was="n" * 22),
    ]
    return TokenParts(
        header=(Line(name="alg", value="RS256"), Line(name="kid", value="main")),
        claims=(*claims[:5], *lies, *claims[5:]),
        signature="RS256, made with the key main, which the platform publishes; it fits.",
    )
