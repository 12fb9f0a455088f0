"""How a launched page looks: what every good one has, and no refusal."""

from __future__ import annotations

import dataclasses
import itertools
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

from conformance.calibrating.samples import Evidence, Sample
from conformance.calibrating.sorting import common
from conformance.observe import looks_launched
from conformance.tool_text import writable
from conformance.toolvalues import Launched
from conformance.trouble_words import speaks_of_trouble

__all__ = ["Mark", "mark", "probe_places"]

MOST_PARTS = 300
_KINDS = ("heading", "id", "text", "class", "json")
"""What is tried, in this order; the frame of a page (navigation, header, footer) last: errors may have it as well."""
_DATED = re.compile(
    r"\b(?:(?:mon|tues|wednes|thurs|fri|satur|sun)day|january|february|march|april|june|july|august|september"
    r"|october|november|december|today|yesterday|am|pm)\b",
    re.IGNORECASE,
)
"""What all launches of one day have in common, and those of another have not."""
_MAIN = ("main#", "article#", "section#", "form#", "h1#", "h2#")


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """A proposal for `observe.launched`.

    Args:
        open_to: labels of refusals that look launched by it all the same.
    """

    launched: Launched
    open_to: tuple[str, ...] = ()


def mark(evidence: Evidence) -> Mark:
    """The marker that holds for every good launch and for as few refusals as can be, with as few parts as can be."""
    refused = evidence.refused
    tried = itertools.islice(_parts(evidence.good), MOST_PARTS)
    parts = [part for part in tried if all(looks_launched(part, s.page) for s in evidence.good)]
    # Other refusals than these may have the status of a launched page: a part that no page of a refusal has is better.
    parts = sorted((part for part in parts if _inside(part, refused) < len(refused)), key=lambda p: _inside(p, refused))
    chosen = parts[0] if parts else Launched()
    while left := _open(chosen, refused):
        more = [_merged(chosen, part) for part in parts if _free(part, chosen)]
        best = min(more, key=lambda marker: len(_open(marker, refused)), default=chosen)
        if len(_open(best, refused)) == len(left):
            break
        chosen = best
    return Mark(launched=chosen, open_to=tuple(dict.fromkeys(sample.label for sample in left)))


def probe_places(good: Sequence[Sample], host: str) -> tuple[str, ...]:
    """Where all good launches ended on the tool's host, as a request that a probe can try."""
    ends = [urlsplit(sample.page.url) for sample in good if sample.answered]
    if any(end.netloc != host for end in ends):
        return ()
    paths = {end.path or "/" for end in ends}
    queries = {end.query for end in ends} - {""}
    if len(paths) != 1:
        return ()
    query = f"?{queries.pop()}" if len(queries) == 1 else ""
    return tuple(filter(writable, (f"GET {paths.pop()}{query}",)))


def _open(marker: Launched, refused: Sequence[Sample]) -> list[Sample]:
    return [sample for sample in refused if looks_launched(marker, sample.page)]


def _inside(part: Launched, refused: Sequence[Sample]) -> int:
    """How many refusals have a part on their page, whatever their status."""
    with_status = ((dataclasses.replace(part, status=s.page.status or "2xx"), s.page) for s in refused)
    return sum(looks_launched(marker, page) for marker, page in with_status)


def _free(part: Launched, chosen: Launched) -> bool:
    """Whether the part asks for something of a kind that is not asked for yet."""
    return all(getattr(chosen, name) is None for name in _given(part))


def _merged(chosen: Launched, part: Launched) -> Launched:
    return dataclasses.replace(chosen, **{name: getattr(part, name) for name in _given(part)})


def _given(part: Launched) -> list[str]:
    return [name for name in ("text", "url", "css", "json") if getattr(part, name) is not None]


def _parts(good: Sequence[Sample]) -> Iterator[Launched]:
    """Markers of one part, the most telling first, of what a tool file can hold."""
    shared = [(kind, value) for kind, value in common(good) if writable(value)]
    urls = [value for kind, value in shared if kind == "url"]
    if urls:
        yield Launched(url=urls[-1])
    by_kind = {
        framed + kind: [value for found, value in shared if found == framed + kind]
        for framed in ("", "framed ")
        for kind in _KINDS
    }
    yield from (Launched(css=value) for value in by_kind["id"] if value.startswith(_MAIN))
    for kind, values in by_kind.items():
        for value in values:
            if kind.endswith("json"):
                yield Launched(json=value)
            elif kind.endswith(("id", "class")):
                yield Launched(css=value)
            elif len(value) >= 4 and not speaks_of_trouble(value) and not _DATED.search(value):
                yield Launched(text=value)
