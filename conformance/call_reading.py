"""What stands in a tool's calls and in the answers to them: forms, assertions, links, and times to wait."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Iterator, Mapping
from email.utils import parsedate_to_datetime
from typing import Any, Final
from urllib.parse import parse_qsl, urlsplit

from conformance.model import Observation
from mockplatform.model import Exchange

__all__ = [
    "JOURNAL_BYTES",
    "asked_back_at",
    "calls_of",
    "column_of",
    "columns_of",
    "form_of",
    "is_cut",
    "is_token",
    "lifetime_s",
    "members",
    "next_pages",
    "place",
    "unsigned",
]

JOURNAL_BYTES: Final = 16_000
"""How much of a body the platform's journal keeps."""
DEFAULT_LIFETIME_S: Final = 3600.0
"""What the standard recommends (SEC 7.1.1)."""
_TARGET = re.compile(r"[\s,]*<([^>]*)>")
_PARAMETER = re.compile(r"""\s*;\s*(?:([^\s=;,<>"]+)\s*(?:=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s;,"]*)))?)?""")


def calls_of(seen: Observation, endpoint: str) -> list[Exchange]:
    """The calls of an endpoint, but for those whose token was refused before anybody read them."""
    calls = (call for call in seen.calls if call.about.get("endpoint") == endpoint)
    return [call for call in calls if call.status != 401 or is_token(call)]


def is_token(call: Exchange) -> bool:
    """Whether a call asks for an access token."""
    return call.about.get("endpoint") == "token"


def is_cut(body: str) -> bool:
    """Whether the journal may hold only the beginning of a body."""
    return len(body.encode()) >= JOURNAL_BYTES


def form_of(body: str) -> Mapping[str, str]:
    """The fields of a form."""
    return dict(parse_qsl(body, keep_blank_values=True))


def members(body: str) -> Mapping[str, Any]:
    """The members of a JSON object; none of anything else."""
    try:
        found = json.loads(body)
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def unsigned(token: str) -> Mapping[str, Any]:
    """The claims of a JWT, whoever has signed it."""
    parts = token.split(".")
    try:
        return members(base64.urlsafe_b64decode(parts[1] + "=" * (-len(parts[1]) % 4)).decode())
    except (IndexError, ValueError):
        return {}


def lifetime_s(body: str) -> float:
    """How long the access token in an answer is good; 0 if there is none in it."""
    answer = members(body)
    if not isinstance(answer.get("access_token"), str):
        return 0.0
    try:
        return float(answer.get("expires_in", DEFAULT_LIFETIME_S))
    except (TypeError, ValueError):
        return 0.0


def asked_back_at(call: Exchange) -> float | None:
    """When the platform wants to be asked again, by its own clock; None if it did not say (RFC 9110 10.2.3)."""
    told = next((value.strip() for name, value in call.response_headers if name.lower() == "retry-after"), "")
    if told.isascii() and told.isdigit():
        return call.at_s + int(told)
    try:
        return parsedate_to_datetime(told).timestamp()
    except ValueError:
        return None


def next_pages(call: Exchange) -> list[str]:
    """The addresses of the page after this one, as they are written in the answer."""
    links = (value for name, value in call.response_headers if name.lower() == "link")
    return [target for value in links for target, relations in _links(value) if "next" in relations]


def columns_of(page: Exchange) -> list[str]:
    """The columns on a page of a gradebook, each by the path of its address."""
    try:
        found = json.loads(page.response_body)
    except (ValueError, RecursionError):
        return []
    items = found if isinstance(found, list) else []
    return [_path(item["id"]) for item in items if isinstance(item, dict) and isinstance(item.get("id"), str)]


def column_of(call: Exchange) -> str:
    """The column to which a score goes, or whose results are read, by its path (AGS 3.3.1, 3.4.1)."""
    return _path(call.url).rpartition("/")[0]


def place(url: str) -> tuple[str, tuple[tuple[str, str], ...]]:
    """What tells one page from another: not the host, nor in which order and how the query is written."""
    parts = urlsplit(url)
    return parts.path, tuple(sorted(parse_qsl(parts.query, keep_blank_values=True)))


def _path(url: str) -> str:
    try:
        return urlsplit(url).path
    except ValueError:
        return ""


def _links(value: str) -> Iterator[tuple[str, list[str]]]:
    """Each link of a header with its relations; of several `rel` the first counts (RFC 8288 3.3)."""
    end = 0
    while (target := _TARGET.match(value, end)) is not None:
        end, relations = target.end(), None
        while (parameter := _PARAMETER.match(value, end)) is not None:
            end = parameter.end()
            if relations is None and (parameter[1] or "").lower() == "rel":
                relations = (parameter[2] or parameter[3] or "").lower().split()
        yield target[1], relations or []
