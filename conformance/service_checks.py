"""Checks of what a tool says to the platform: its token requests, and its calls of services.

Each is told by the calls of a story, in their order and with the platform's own times.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any, Final, TypeGuard
from urllib.parse import urljoin, urlsplit

from conformance.call_reading import (
    asked_back_at,
    calls_of,
    column_of,
    columns_of,
    form_of,
    is_cut,
    is_token,
    lifetime_s,
    next_pages,
    place,
    unsigned,
)
from conformance.late_calls import is_late
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
    "own_tokens",
    "pages_ended",
    "retried_once",
    "tokens_reused",
    "told_soon",
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
        if not _is_moment(begin) or not _is_moment(end):
            return "the assertion of a token request does not say when it was made and how long it is good for"
        if end - begin > LONGEST_ASSERTION_S:
            return f"the assertion of a token request is good for {end - begin:.0f} s, expected about 300"
    return None


def _is_moment(value: Any) -> TypeGuard[float]:
    # With larger numbers Python cannot count on.
    return isinstance(value, int | float) and abs(value) < 1e15


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
        if not is_token(call):
            # A token that was refused is no good, whatever its time; which one it was is not known here.
            held = {} if call.status == 401 else held
        if not is_token(call) or call.status != 200:
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
        if shown is not None and shown != own and not is_late(call, seen):
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


def _assertions(seen: Observation) -> Iterator[tuple[Exchange, Mapping[str, str], Mapping[str, Any]]]:
    """Each token request with its form and the claims of its assertion."""
    for call in calls_of(seen, "token"):
        # What the journal has cut off may be right.
        if not is_cut(call.request_body):
            form = form_of(call.request_body)
            yield call, form, unsigned(form.get("client_assertion", ""))


def _list_of(call: Exchange) -> tuple[str, str]:
    """Which list a page belongs to; its pages differ in the query."""
    return str(call.about.get("endpoint")), urlsplit(call.url).path


def _pages(seen: Observation) -> list[Exchange]:
    return [call for call in _services(seen) if _is_page(call)]


def _is_page(call: Exchange) -> bool:
    return call.method == "GET" and call.status == 200


def _unread(seen: Observation) -> bool:
    """Whether the page of a list that was read last leads on to one that was not asked for."""
    asked = {(call.about.get("attempt"), place(call.url)) for call in seen.calls if call.method == "GET"}
    return any(
        (call.about.get("attempt"), place(urljoin(call.url, page))) not in asked
        for call in _last_pages(seen)
        for page in next_pages(call)
    )


def _last_pages(seen: Observation) -> list[Exchange]:
    """The page of each list that was read last, but for those by which a tool had found the one column it looked for.

    It has if the column that it used next was on a page by then, and it has made none as if it were not there.
    """
    made = {call.about.get("attempt") for call in calls_of(seen, "create_line_item")}
    known: dict[tuple[str, str], set[str | None]] = {}
    last: dict[tuple[str, str], Exchange] = {}
    for call, used in zip(seen.calls, _used_next(seen), strict=True):
        if call.about.get("endpoint") in ("token", None) or not _is_page(call):
            continue
        listed = known.setdefault(_list_of(call), set())
        # What a page held of which the journal has kept only the beginning, nobody knows.
        listed.update([used] if is_cut(call.response_body) else columns_of(call))
        is_searched = call.about.get("endpoint") == "line_items" and call.about.get("attempt") not in made
        if not is_searched or used is None or used not in listed:
            last[_list_of(call)] = call
    return list(last.values())


def _used_next(seen: Observation) -> list[str | None]:
    """For each call the column that was used by it or next after it."""
    columns: list[str | None] = []
    for call in reversed(seen.calls):
        is_use = call.about.get("endpoint") in ("scores", "results")
        columns.append(column_of(call) if is_use else columns[-1] if columns else None)
    return columns[::-1]


def _services(seen: Observation) -> list[Exchange]:
    return [call for call in seen.calls if call.about.get("endpoint") not in ("token", None)]


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value] if isinstance(value, str) else []


def _doubled(values: list[str]) -> bool:
    return len(set(values)) < len(values)
