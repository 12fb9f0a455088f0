"""The journal: what browsers and tools have asked this platform."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import chain
from urllib.parse import parse_qsl

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from mockplatform.endpoints.finding import found, number
from mockplatform.endpoints.own_forms import for_people
from mockplatform.endpoints.parameters import query_of
from mockplatform.endpoints.rendering import html
from mockplatform.endpoints.wire import platform_of
from mockplatform.keys import from_b64url
from mockplatform.misbehaving.faults import endpoint_names
from mockplatform.model import Exchange, Params
from mockplatform.telling.curl import curl_of
from mockplatform.telling.masking import masked_exchange, tokens_in

__all__ = ["FOR_PEOPLE", "NAVIGATION", "ROUTES"]

FOR_PEOPLE = True
NAVIGATION = (40, "/journal", "Journal")

_PART = 50

_ANSWERS: Mapping[str, Callable[[Exchange], bool]] = {
    "": lambda _exchange: True,
    "good": lambda exchange: exchange.status is not None and exchange.status < 400,
    "bad": lambda exchange: exchange.status is None or exchange.status >= 400,
    "faulty": lambda exchange: bool(exchange.about.get("fault")),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Entry:
    """An exchange as the journal shows it."""

    exchange: Exchange
    path: str
    parameters: Params
    token: tuple[str, ...]
    """Header and claims of the token in the answer or the request, laid out for reading; empty if there is none."""
    curl: str


def _words(exchange: Exchange) -> str:
    about = " ".join(exchange.about.values())
    headers = " ".join(f"{name}: {value}" for name, value in (*exchange.request_headers, *exchange.response_headers))
    said = f"{exchange.request_body} {exchange.response_body}"
    return f"{exchange.asker} {exchange.method} {exchange.url} {exchange.status} {about} {headers} {said}"


async def journal(request: Request) -> Response:
    """What was said on the wire, the newest first."""
    platform, given = platform_of(request), dict(query_of(request))
    answer = _ANSWERS.get(given.get("answer", ""), _ANSWERS[""])
    wanted = {name: given[name] for name in ("endpoint", "client_id", "course") if given.get(name)}

    def accept(exchange: Exchange) -> bool:
        return answer(exchange) and all(exchange.about.get(name) == value for name, value in wanted.items())

    shown = found(
        platform.state.journal,
        query=given.get("q", ""),
        words=_words,
        accept=accept if wanted or given.get("answer") else None,
        offset=number(given.get("from", "")),
        limit=_PART,
        newest_first=True,
    )
    entries = [_entry(exchange) for exchange in shown.items]
    return html(
        request, "journal.html", entries=entries, found=shown, given=given, endpoints=endpoint_names(), answers=_ANSWERS
    )


def _entry(exchange: Exchange) -> _Entry:
    shown = masked_exchange(exchange)
    address, _, query = shown.url.partition("?")
    said = parse_qsl(query, keep_blank_values=True)
    if shown.method == "POST" and not shown.request_body.lstrip().startswith(("{", "[", "<")):
        said += parse_qsl(shown.request_body, keep_blank_values=True)
    token = next(chain.from_iterable(map(tokens_in, (shown.response_body, shown.request_body))), None)
    return _Entry(
        exchange=shown,
        path="/" + address.split("://", 1)[-1].partition("/")[2],
        parameters=tuple(said),
        token=() if token is None else (_laid_out(token.header), _laid_out(token.claims)),
        curl=curl_of(shown),
    )


def _laid_out(part: str) -> str:
    try:
        value = json.loads(from_b64url(part))
    except (ValueError, RecursionError):
        return part
    return json.dumps(value, indent=2, ensure_ascii=False)


ROUTES = for_people(Route("/journal", journal, name="journal"))
