"""What all reports are made of: complete, the same when it is read again, and without secrets."""

from __future__ import annotations

import base64
import datetime
import json
from dataclasses import fields, replace
from typing import Any

import pytest

from conformance.clearing import cleared
from conformance.documenting import dossier_of
from conformance.dossier import Chapter, Dossier
from conformance.legs import Leg, Line, Reply, TokenParts
from conformance.model import Finding, Verdict
from conformance.reading import read_dossier
from conformance.reports import formats
from conformance.reports.as_json import render
from mockplatform.errors import UsageError
from tests.conformance.makers import make_dossier, make_entry, make_observation, make_report, make_result

every_format = pytest.mark.parametrize("name", formats())

CANARY = "canary-0f9e8d7c6b5a4f3e2d1c"
HEADER = base64.urlsafe_b64encode(b'{"alg":"RS256","typ":"JWT"}').decode().rstrip("=")
JWT = f"{HEADER}.eyJzdWIiOiJ4In0.{CANARY}"
BASIC = base64.b64encode(f"user:{CANARY}".encode()).decode()

SECRETS = {
    "bearer token": f"Authorization: Bearer {CANARY}",
    "client assertion": f"client_assertion={JWT}",
    "signature of any token": f"the token {JWT} was refused",
    "access token": f'{{"access_token": "{CANARY}"}}',
    "cookie": f"Cookie: session={CANARY}; other={CANARY}",
    "cookie that is set": f"Set-Cookie: session={CANARY}; Path=/; HttpOnly",
    "OAuth signature in a form": f"oauth_version=1.0&oauth_signature={CANARY}&x=1",
    "OAuth signature in a header": f'OAuth realm="", oauth_signature="{CANARY}"',
    "OAuth secret": f"consumer_secret={CANARY}",
    "password in a DSN": f"could not connect to postgresql://admin:{CANARY}@db.example.org:5432/lti",
    "password of an upstream": f"proxy http://me:{CANARY}@127.0.0.1:3128 answered 407",
    "basic credentials": f"Authorization: Basic {BASIC}",
}


def planted(value: Any, secret: str) -> Any:
    """The value with a secret in each of its texts that may hold any words."""
    if isinstance(value, str):
        return f"{value} {secret}"
    if isinstance(value, Leg | Line | Reply | TokenParts | Finding | Chapter):
        kept = {"asker", "id"}
        return replace(
            value, **{f.name: planted(getattr(value, f.name), secret) for f in fields(value) if f.name not in kept}
        )
    if isinstance(value, tuple):
        return tuple(planted(held, secret) for held in value)
    return value


LEG = Leg(
    title="Authentication response",
    method="POST",
    url="http://127.0.0.1:1/launch",
    lines=(Line(name="state", value="s-1", was="s-2"), Line(name="nonce", value=None, was="n")),
    token=TokenParts(
        header=(Line(name="alg", value="RS256"),), claims=(Line(name="iat", value=None, was="1"),), signature="It fits."
    ),
    problems=("no nonce",),
    reply=Reply(status=400, headers=(Line(name="server", value="x"),), body="<p>Sorry</p>"),
)


def leaky_report(secret: str) -> Dossier:
    """A run in which a tool, a driver and a user have put a secret into each text that is theirs."""
    seen = make_observation(message=f"Sorry {secret}", trouble=secret, findings=(Finding(id="a", text=secret),))
    results = [
        make_result(
            f"area/{status}",
            status,
            verdict=Verdict(status=status, axes={}, reason=f"because {secret}", cause="control-failed"),
            observation=seen,
            replay=f"lti-conformance replay {secret}",
            recipe=secret,
            timeline=planted((LEG,), secret),
        )
        for status in ("failed", "warned", "error", "waived", "passed", "skipped")
    ]
    return dossier_of(
        make_report(
            *results,
            tool=f"My tool {secret}",
            findings=(Finding(id="fault-drivers", text=secret),),
            stale_waivers=(secret,),
            stopped=secret,
            complete=False,
            chapters=(Chapter(id="order", title=secret, lines=(secret,), data={"a": [secret], "b": {secret: 1}}),),
            only=(secret,),
            versions={"python": secret},
        )
    )


@every_format
@pytest.mark.parametrize("secret", SECRETS.values(), ids=SECRETS)
def test_no_secret_gets_into_a_report(name: str, secret: str) -> None:
    """Planted in each text of a run, it is in none of the formats, and what stands around it is."""
    text = formats()[name](leaky_report(secret))

    assert CANARY not in text
    assert BASIC not in text
    assert "My tool" in text or name in ("badge", "sarif")


@pytest.mark.parametrize(
    "line",
    [
        Line(name="Authorization", value=CANARY),
        Line(name="x-api-key", value=CANARY),
        Line(name="Cookie", value=f"a={CANARY}"),
        Line(name="set-cookie", value=f"a={CANARY}; Path=/", was=""),
        Line(name="client_secret", value="x", was=CANARY),
        Line(name="oauth_signature", value=CANARY),
        Line(name="id_token", value=JWT),
    ],
    ids=lambda line: line.name,
)
def test_a_header_or_parameter_is_masked_by_its_name(line: Line) -> None:
    """Its value need not look like a secret."""
    (told,) = cleared((line,))

    assert CANARY not in f"{told.value}{told.was}"
    assert told.name == line.name


def test_what_holds_no_secret_stays_as_it_is() -> None:
    """Not even a copy is made."""
    assert cleared(LEG) is LEG


def test_a_lone_surrogate_becomes_something_that_a_file_can_hold() -> None:
    """A tool may say one in JSON."""
    assert cleared("before \ud800 after") == "before ? after"


@every_format
def test_a_report_can_be_written_whatever_a_tool_says(name: str) -> None:
    """Each format is UTF-8 in the end."""
    assert formats()[name](leaky_report("\ud800\x00\x1b[31m]]>\u2028 | `` <b>")).encode()


def all_values() -> Dossier:
    """A dossier in which no field has its default."""
    entry = make_entry(
        "area/one",
        "failed",
        timeline=(LEG, Leg(title="t", asker="tool")),
        steps=("«first»: a launch",),
        recipe="r.json",
        serviced=True,
        faults=("class.create=empty",),
        findings=(Finding(id="flaky", text="first this, then that"),),
        cause="no-recovery",
    )
    report = make_report(
        make_result("area/two", "skipped", observation=None),
        only=("area/*",),
        strict=True,
        stopped="lost",
        untried=3,
        complete=False,
        stale_waivers=("w",),
        findings=(Finding(id="no-probe", text="none"),),
        chapters=(Chapter(id="order", title="Order", lines=("a",), data={"a": [1, None, {"b": "c"}]}),),
    )
    told = dossier_of(report)
    return replace(told, results=(entry, *told.results))


@pytest.mark.parametrize("dossier", [all_values(), make_dossier(), make_dossier(make_entry())])
def test_a_json_report_is_read_as_it_was_written(dossier: Dossier) -> None:
    """Nothing is lost, and written again it is the same text."""
    text = render(dossier)
    read = read_dossier(text, where="r.json")

    assert render(read) == text
    assert json.loads(text).keys() == {field.metadata.get("key", field.name) for field in fields(Dossier)}


@every_format
def test_a_format_does_not_know_whether_a_report_was_read(name: str) -> None:
    """A kept report is rendered as it would have been at the end of its run."""
    dossier = all_values()

    assert formats()[name](read_dossier(render(dossier), where="r.json")) == formats()[name](dossier)


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "no JSON report"),
        ("{", "no JSON report"),
        ("[" * 100_000, "no JSON report"),
        ("[]", '"schema" is not'),
        ('{"schema": "lti-conformance-report/2"}', '"schema" is not "lti-conformance-report/1"'),
        ('{"schema": "lti-conformance-report/1"}', "tool: missing, expected a string"),
    ],
)
def test_what_is_no_report_is_refused_in_one_line(text: str, problem: str) -> None:
    """It names the file and what is wrong."""
    with pytest.raises(UsageError, match="^r.json: ") as refused:
        read_dossier(text, where="r.json")
    assert problem in str(refused.value)
    assert "\n" not in str(refused.value)


def test_a_member_that_does_not_fit_is_named() -> None:
    """By its place in the report."""
    document = json.loads(render(make_dossier(make_entry())))
    document["results"][0]["status"] = "great"

    with pytest.raises(UsageError, match=r"results\[0\]\.status"):
        read_dossier(json.dumps(document), where="r.json")


def test_the_start_is_told_in_utc() -> None:
    """To the second."""
    at = datetime.datetime(2027, 3, 1, 12, 30, 15, 999, tzinfo=datetime.UTC)
    assert dossier_of(make_report(started=at)).started == "2027-03-01T12:30:15Z"
