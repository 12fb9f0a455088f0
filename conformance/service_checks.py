"""Checks of what a tool says to the platform: its token requests, and its calls of services.

Each is told by the calls of a story, in their order and with the platform's own times.
"""

from __future__ import annotations

import base64
import datetime
import json
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from conformance.model import Observation
from mockplatform.model import Exchange

__all__ = [
    "assertions_once",
    "assertions_right",
    "assertions_short",
    "deployment_told",
    "last_page_read",
    "no_page_again",
    "no_token_elsewhere",
    "one_column",
    "own_tokens",
    "pages_ended",
    "retried_once",
    "score_right",
    "stamps_grow",
    "tokens_reused",
    "told_soon",
    "url_query_kept",
    "waited_as_told",
]

MOST_PAGES = 500
READINGS = 3
LONGEST_ASSERTION_S = 600
LONGEST_WAIT_S = 60
ASSERTION = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
CLAIM = "https://purl.imsglobal.org/spec/lti/claim/"
ACTIVITY = ("Initialized", "Started", "InProgress", "Submitted", "Completed")
GRADING = ("FullyGraded", "Pending", "PendingManual", "Failed", "NotReady")


def assertions_right(seen: Observation) -> str | None:
    """Each token request proves by an assertion of the tool's own registration who asks (SEC 4.1.1)."""
    for call, form, claims in _assertions(seen):
        client_id = call.about.get("registered")
        audience, wanted = claims.get("aud"), call.about.get("audience") or call.url
        wrong = {
            f"grant_type is {form.get('grant_type')!r}": form.get("grant_type") != "client_credentials",
            f"client_assertion_type is {form.get('client_assertion_type')!r}": (
                form.get("client_assertion_type") != ASSERTION
            ),
            f"iss is {claims.get('iss')!r}, expected {client_id!r}": claims.get("iss") != client_id,
            f"sub is {claims.get('sub')!r}, expected {client_id!r}": claims.get("sub") != client_id,
            f"aud is {audience!r}, expected {wanted!r}": wanted not in _listed(audience),
            f"jti is {claims.get('jti')!r}": not claims.get("jti"),
        }
        problems = [problem for problem, holds in wrong.items() if holds]
        if problems:
            return f"the token request does not say who asks whom: {'; '.join(problems)}"
    return None


def assertions_short(seen: Observation) -> str | None:
    """No assertion is good for longer than it takes to send it (SEC 4.1.1)."""
    for _, _, claims in _assertions(seen):
        begin, end = claims.get("iat"), claims.get("exp")
        if not isinstance(begin, int | float) or not isinstance(end, int | float):
            return "the assertion of a token request does not say when it was made and how long it is good for"
        if end - begin > LONGEST_ASSERTION_S:
            return f"the assertion of a token request is good for {end - begin:.0f} s, expected about 300"
    return None


def assertions_once(seen: Observation) -> str | None:
    """No assertion is used twice (SEC 4.1.1)."""
    ids = [str(claims.get("jti")) for _, _, claims in _assertions(seen)]
    return "two token requests have the same jti, so whoever sees one could ask as well" if _doubled(ids) else None


def deployment_told(seen: Observation) -> str | None:
    """Each assertion names the deployment that the token is for (CORE 6.2.1)."""
    silent = any(CLAIM + "deployment_id" not in claims for _, _, claims in _assertions(seen))
    return "the assertion of a token request does not name the deployment" if silent else None


def tokens_reused(seen: Observation) -> str | None:
    """For the same scopes one token is enough as long as it is good (SEC 7.1.1)."""
    granted = (_form(call) for call in _to(seen, "token") if call.status == 200)
    scopes = [" ".join(sorted(form.get("scope", "").split())) for form in granted]
    return "the tool asks for a new access token although it has a good one" if _doubled(scopes) else None


def own_tokens(seen: Observation) -> str | None:
    """Each call shows a token that was given to the registration in whose name it is made (CORE 6.2.1)."""
    for call in _services(seen):
        shown, own = call.about.get("client_id"), call.about.get("registered")
        if shown is not None and shown != own:
            return f"a call for the registration {own} shows the access token of {shown}"
    return None


def retried_once(seen: Observation) -> str | None:
    """After a refused token the tool asks for another one and calls once more, and then tells the person (RFC 6750)."""
    counts = Counter(f"{call.method} {call.url}" for call in _services(seen) if call.status == 401)
    often = next((place for place, count in counts.items() if count > 3), None)
    return None if often is None else f"the tool called {often} {counts[often]} times with tokens that are refused"


def waited_as_told(seen: Observation) -> str | None:
    """A platform that says when to come back is left alone until then (RFC 9110 10.2.3)."""
    until: dict[str, float] = {}
    for call in _services(seen):
        endpoint = str(call.about.get("endpoint"))
        if call.at_s < until.get(endpoint, 0.0):
            return f"the tool called again {until[endpoint] - call.at_s:.1f} s before the platform wanted it to"
        told = next((value for name, value in call.response_headers if name.lower() == "retry-after"), "")
        if told.isdigit():
            until[endpoint] = call.at_s + int(told)
    return None


def no_token_elsewhere(seen: Observation) -> str | None:
    """An access token is shown to the platform's own host only (RFC 6750 5.2)."""
    for call in seen.calls:
        headers = {name.lower(): value for name, value in call.request_headers}
        host = urlsplit(f"//{headers.get('host', '')}").hostname
        if host != seen.platform_host and "authorization" in headers:
            return f"the tool sent its access token to {host}, where a link in an answer led it"
    return None


def pages_ended(seen: Observation) -> str | None:
    """A list that never ends is given up (RFC 8288)."""
    count = len(_services(seen))
    return f"the tool has read {count} pages of a list without an end" if count > MOST_PAGES else None


def last_page_read(seen: Observation) -> str | None:
    """A list is read to its last page (AGS 3.2.4, NRPS 2.4.2)."""
    lists = [call for call in _services(seen) if call.method == "GET" and call.status == 200]
    links = [value for name, value in lists[-1].response_headers if name.lower() == "link"] if lists else []
    if any(_leads_on(link) for link in links):
        return "the tool did not read the last page of a list, so that it knows only some of its entries"
    return None


def no_page_again(seen: Observation) -> str | None:
    """No page is read again and again (RFC 8288)."""
    counts = Counter(call.url for call in _services(seen) if call.method == "GET" and call.status == 200)
    most = max(counts.values(), default=0)
    return f"the tool has read one page of a list {most} times" if most > READINGS else None


def told_soon(seen: Observation) -> str | None:
    """A person who waits is told within a minute (RFC 9110 10.2.3)."""
    times = [call.at_s for call in seen.calls if call.about.get("attempt") == "judged"]
    spent = max(times, default=0.0) - min(times, default=0.0)
    return f"the tool let the person wait for {spent:.0f} s" if spent > LONGEST_WAIT_S else None


def url_query_kept(seen: Observation) -> str | None:
    """What stands in the query of a line item's address stands in that of its scores and results (AGS 3.3.1, 3.4.1)."""
    for call in (*_to(seen, "scores"), *_to(seen, "results")):
        if not dict(parse_qsl(urlsplit(call.url).query)).get("type"):
            return f"the query of the line item is lost: {call.method} {call.url}"
    return None


def stamps_grow(seen: Observation) -> str | None:
    """Each score of a person has a later time than the one before, to the millisecond and with a zone (AGS 3.4.9)."""
    last: dict[tuple[str, str], datetime.datetime] = {}
    for call in _to(seen, "scores"):
        score = _object(call.request_body)
        told = str(score.get("timestamp"))
        try:
            moment = datetime.datetime.fromisoformat(told)
        except ValueError:
            return f"the timestamp of a score is {told!r}, expected a time such as 2026-11-22T07:30:00.125Z"
        if moment.tzinfo is None or "." not in told:
            return f"the timestamp of a score is {told!r}, without fractions of a second or without a zone"
        place = (urlsplit(call.url).path, str(score.get("userId")))
        if place in last and moment <= last[place]:
            return "a score is not later than the one before, so the platform has to drop it"
        last[place] = moment
    return None


def score_right(seen: Observation) -> str | None:
    """A score says whose it is, how much of how much, and how far things are (AGS 3.4.4 to 3.4.8)."""
    for call in _to(seen, "scores"):
        score = _object(call.request_body)
        given, maximum = score.get("scoreGiven"), score.get("scoreMaximum")
        wrong = {
            f"userId is {score.get('userId')!r}, expected the sub of the launch": score.get("userId") != seen.person_id,
            f"activityProgress is {score.get('activityProgress')!r}": score.get("activityProgress") not in ACTIVITY,
            f"gradingProgress is {score.get('gradingProgress')!r}": score.get("gradingProgress") not in GRADING,
            f"scoreGiven is {given!r}": given is not None and not _is_number(given),
            f"scoreMaximum is {maximum!r}": given is not None and (not _is_number(maximum) or maximum == 0),
        }
        problems = [problem for problem, holds in wrong.items() if holds]
        if problems:
            return f"the score is wrong: {'; '.join(problems)}"
    return None


def one_column(seen: Observation) -> str | None:
    """What is graded twice has one column in the gradebook (AGS 3.2.15)."""
    made = [call for call in _to(seen, "create_line_item") if call.status == 201]
    return f"the tool has made {len(made)} columns for one thing" if len(made) > 1 else None


def _assertions(seen: Observation) -> Iterator[tuple[Exchange, Mapping[str, str], Mapping[str, Any]]]:
    """Each token request with its form and the claims of its assertion."""
    for call in _to(seen, "token"):
        form = _form(call)
        parts = form.get("client_assertion", "").split(".")
        yield call, form, _object(_decoded(parts[1])) if len(parts) == 3 else {}


def _to(seen: Observation, endpoint: str) -> list[Exchange]:
    """The calls of an endpoint, but for those whose token was refused before anybody read them."""
    return [
        call
        for call in seen.calls
        if call.about.get("endpoint") == endpoint and (call.status != 401 or _is_token(call))
    ]


def _is_token(call: Exchange) -> bool:
    return call.about.get("endpoint") == "token"


def _services(seen: Observation) -> list[Exchange]:
    return [call for call in seen.calls if call.about.get("endpoint") not in ("token", None)]


def _form(call: Exchange) -> Mapping[str, str]:
    return dict(parse_qsl(call.request_body, keep_blank_values=True))


def _decoded(part: str) -> str:
    try:
        return base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)).decode()
    except ValueError:
        return ""


def _object(text: str) -> Mapping[str, Any]:
    try:
        found = json.loads(text)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value] if isinstance(value, str) else []


def _doubled(values: list[str]) -> bool:
    return len(set(values)) < len(values)


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and value >= 0


def _leads_on(link: str) -> bool:
    return any('rel="next"' in part or "rel=next" in part for part in link.split(","))
