"""Checks of what a tool says to the platform: its token requests, and its calls of services.

Each is told by the calls of a story, in their order and with the platform's own times.
"""

from __future__ import annotations

import datetime
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any, Final
from urllib.parse import parse_qsl, urljoin, urlsplit

from conformance.call_reading import asked_back_at, form_of, is_cut, lifetime_s, members, next_pages, place, unsigned
from conformance.model import Observation
from mockplatform.model import Exchange

__all__ = [
    "ELSEWHERE",
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

ELSEWHERE: Final = "/lti/elsewhere"
"""Where foreign links of scenarios lead; no address of the platform is below it."""
MOST_PAGES = 999
"""One less than is seen of an attempt."""
MOST_REFUSALS = 2
READINGS = 3
LEAST_LEFT_S = 120
"""How long a token has to be good for to be used again: tools keep a margin for clocks that differ."""
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
    """For the same registration, deployment and scopes one token is enough as long as it is good (SEC 7.1.1)."""
    held: dict[tuple[object, ...], float] = {}
    for call in seen.calls:
        if not _is_token(call):
            # A token that was refused is no good, whatever its time; which one it was is not known here.
            held = {} if call.status == 401 else held
        if not _is_token(call) or call.status != 200:
            continue
        form = form_of(call.request_body)
        claims = unsigned(form.get("client_assertion", ""))
        scopes = frozenset(form.get("scope", "").split())
        holder = (str(claims.get("iss")), str(claims.get(CLAIM + "deployment_id")), scopes)
        if held.get(holder, call.at_s) - call.at_s > LEAST_LEFT_S:
            return "the tool asks for a new access token although it has a good one"
        held[holder] = call.at_s + lifetime_s(call.response_body)
    return None


def own_tokens(seen: Observation) -> str | None:
    """Each call shows a token that was given to the registration in whose name it is made (CORE 6.2.1)."""
    for call in _services(seen):
        shown, own = call.about.get("client_id"), call.about.get("registered")
        if shown is not None and shown != own:
            return f"a call for the registration {own} shows the access token of {shown}"
    return None


def retried_once(seen: Observation) -> str | None:
    """A call that is refused is made once more at most, and then the person is told (RFC 6750 3.1)."""
    refused = (call for call in _services(seen) if call.status in (401, 403))
    counts = Counter((call.about.get("attempt"), f"{call.method} {call.url}") for call in refused)
    often = next((found for found, count in counts.items() if count > MOST_REFUSALS), None)
    return None if often is None else f"the tool called {often[1]} {counts[often]} times although it is refused"


def waited_as_told(seen: Observation) -> str | None:
    """A platform that says when to come back is left alone until then (RFC 9110 10.2.3)."""
    until: dict[str, float] = {}
    for call in _services(seen):
        endpoint = str(call.about.get("endpoint"))
        if call.at_s < until.get(endpoint, 0.0):
            return f"the tool called again {until[endpoint] - call.at_s:.1f} s before the platform wanted it to"
        if (told := asked_back_at(call)) is not None:
            until[endpoint] = told
    return None


def no_token_elsewhere(seen: Observation) -> str | None:
    """An access token is shown to the platform's own host only (RFC 6750 5.2)."""
    for call in seen.calls:
        # A proxy before the platform may write another host, so that the host counts only where no honest call leads.
        if f"{ELSEWHERE}/" not in f"{urlsplit(call.url).path}/":
            continue
        headers = {name.lower(): value for name, value in call.request_headers}
        host = urlsplit(f"//{headers.get('host', '')}").hostname
        if host != seen.platform_host and "authorization" in headers:
            return f"the tool sent its access token to {host}, where a link in an answer led it"
    return None


def pages_ended(seen: Observation) -> str | None:
    """A list is given up some time, whatever it says of further pages (RFC 8288)."""
    count = max(Counter(_list_of(call) for call in _pages(seen)).values(), default=0)
    return f"the tool has read {count} pages of a list and more, and does not give up" if count > MOST_PAGES else None


def last_page_read(seen: Observation) -> str | None:
    """A list is read to its last page (AGS 3.2.4, NRPS 2.4.2)."""
    text = "the tool did not read the last page of a list, so that it knows only some of its entries"
    return text if _unread(seen) else None


def no_page_again(seen: Observation) -> str | None:
    """No page is read again and again (RFC 8288)."""
    counts = Counter(call.url for call in _pages(seen))
    most = max(counts.values(), default=0)
    return f"the tool has read one page of a list {most} times" if most > READINGS else None


def told_soon(seen: Observation) -> str | None:
    """A person who waits is told within a minute (RFC 9110 10.2.3)."""
    calls = [call for call in seen.calls if call.about.get("attempt") == "judged"]
    begin = min((call.at_s for call in calls), default=0.0)
    end = max((call.at_s + call.elapsed_s for call in calls), default=0.0)
    # The platform's clock alone knows of pauses in virtual time, and the visit alone of those after the last call.
    spent = max(end - begin, sum(exchange.elapsed_s for exchange in seen.exchanges))
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
    for call in _scores(seen):
        score = members(call.request_body)
        told = str(score.get("timestamp"))
        try:
            moment = datetime.datetime.fromisoformat(told)
        except ValueError:
            return f"the timestamp of a score is {told!r}, expected a time such as 2026-11-22T07:30:00.125Z"
        if moment.tzinfo is None or not {".", ","}.intersection(told):
            return f"the timestamp of a score is {told!r}, without fractions of a second or without a zone"
        place = (urlsplit(call.url).path, str(score.get("userId")))
        if place in last and moment <= last[place]:
            return "a score is not later than the one before, so the platform has to drop it"
        last[place] = moment
    return None


def score_right(seen: Observation) -> str | None:
    """A score says whose it is, how much of how much, and how far things are (AGS 3.4.4 to 3.4.8)."""
    for call in _scores(seen):
        score = members(call.request_body)
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
        # What the journal has cut off may be right.
        if not is_cut(call.request_body):
            form = form_of(call.request_body)
            yield call, form, unsigned(form.get("client_assertion", ""))


def _scores(seen: Observation) -> list[Exchange]:
    """The scores that were sent, but for those that are too long for the journal: what is cut off may be right."""
    return [call for call in _to(seen, "scores") if not is_cut(call.request_body)]


def _list_of(call: Exchange) -> tuple[str, str]:
    """Which list a page belongs to; its pages differ in the query."""
    return str(call.about.get("endpoint")), urlsplit(call.url).path


def _pages(seen: Observation) -> list[Exchange]:
    return [call for call in _services(seen) if call.method == "GET" and call.status == 200]


def _unread(seen: Observation) -> bool:
    """Whether the page of a list that was read last leads on to one that was not asked for."""
    asked = {(call.about.get("attempt"), place(call.url)) for call in seen.calls if call.method == "GET"}
    last = {_list_of(call): call for call in _pages(seen)}
    return any(
        (call.about.get("attempt"), place(urljoin(call.url, page))) not in asked
        for call in last.values()
        for page in next_pages(call)
    )


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


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value] if isinstance(value, str) else []


def _doubled(values: list[str]) -> bool:
    return len(set(values)) < len(values)


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and value >= 0
