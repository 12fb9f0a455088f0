"""From a finished launch to an observation: what happened, and which error the tool named.

Pure: the pages are values. All configured channels are read; the most trusted one that tells an axis wins, and
channels that contradict each other are a finding.
"""

from __future__ import annotations

import functools
import importlib
import pkgutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import ModuleType
from typing import Any
from urllib.parse import urlsplit

from conformance.addresses import origin
from conformance.browser import Visit
from conformance.extractors import html, json_body
from conformance.model import Finding, Observation, Outcome
from conformance.sighting import Page, Sighting, Words
from conformance.toolvalues import Launched, Observe
from mockplatform.errors import UsageError
from mockplatform.tables import build

__all__ = ["Channel", "Reader", "checked", "extractors", "looks_launched", "page_of"]

TEXT_CHANNELS = ("text", "return_url")
MESSAGE_LENGTH = 400


@dataclass(frozen=True, slots=True, kw_only=True)
class Channel:
    """A configured extractor."""

    kind: str
    rank: int
    settings: Any
    module: ModuleType

    def read(self, page: Page, words: Words) -> Sighting | None:
        """What it sees on a page."""
        sighting: Sighting | None = self.module.read(self.settings, page, words)
        return sighting


@functools.cache
def extractors() -> Mapping[str, ModuleType]:
    """The channel modules by the kind that a tool file calls them."""
    package = importlib.import_module("conformance.extractors")
    modules = (importlib.import_module(f"{package.__name__}.{i.name}") for i in pkgutil.iter_modules(package.__path__))
    return {module.KIND: module for module in sorted(modules, key=lambda module: int(module.RANK))}


def _channels(observe: Observe, where: str) -> tuple[Channel, ...]:
    made = []
    for index, table in enumerate(observe.error):
        place = f"{where} observe.error[{index}]"
        kind = str(table.get("kind"))
        if kind not in extractors():
            raise UsageError(f"{place}: kind is '{kind}', expected one of {', '.join(extractors())}")
        keys = {key: value for key, value in table.items() if key != "kind"}
        if kind == "status":
            keys = {"classes": {**observe.status, **keys}}
        module = extractors()[kind]
        settings = build(module.Settings, keys, where=f"{place}:")
        made.append(Channel(kind=kind, rank=module.RANK, settings=settings, module=module))
    if observe.status and not any(channel.kind == "status" for channel in made):
        module = extractors()["status"]
        settings = build(module.Settings, {"classes": observe.status}, where=f"{where} observe.status:")
        made.append(Channel(kind="status", rank=module.RANK, settings=settings, module=module))
    return tuple(made)


def page_of(visit: Visit) -> Page:
    """The page on which a launch ended, or the request that led back to the platform."""
    response = visit.response
    answered = response or visit.sender
    return Page(
        url=visit.request.url,
        status=response.status if response else None,
        # On the way back to the platform, the error stands on the answer that sent the person there.
        headers=answered.headers if answered else (),
        body=response.body if response else b"",
        params=visit.params if visit.stopped else (),
    )


class Reader:
    """Reads a tool's answers as its tool file says.

    Channels that need no configuration (`header`, `problem`, `return_url`) are always read, but count as
    able to tell something only when they are configured.

    Raises:
        UsageError: an extractor or a name of the tool file does not fit.
    """

    def __init__(self, observe: Observe, *, where: str = "tool file:") -> None:
        self._launched = checked(observe.launched, f"{where} observe.launched")
        self._words = Words(observe.names, where=f"{where} observe.names")
        self.channels = _channels(observe, where)
        configured = {channel.kind for channel in self.channels}
        standard = [
            Channel(kind=kind, rank=module.RANK, settings=module.Settings(), module=module)
            for kind, module in extractors().items()
            if kind in ("header", "problem", "return_url") and kind not in configured
        ]
        self._void: set[int] = set()
        self._all = sorted((*self.channels, *standard), key=lambda channel: channel.rank)

    @property
    def axes(self) -> frozenset[str]:
        """The axes that a configured channel could ever tell."""
        usable = (c for c in self.channels if id(c.settings) not in self._void)
        return frozenset().union(*(c.module.axes(c.settings, self._words) for c in usable))

    def calibrate(self, good: Page) -> tuple[Finding, ...]:
        """Void each text channel that sees an error on the page of a good launch."""
        findings = []
        for channel in self._all:
            if channel.kind in TEXT_CHANNELS and channel.read(good, self._words) is not None:
                self._void.add(id(channel.settings))
                pattern = getattr(channel.settings, "pattern", None) or "the words of observe.names"
                text = f"the text channel ({pattern}) also matches the page of a good launch, so it is not used"
                findings.append(Finding(id="void-text-pattern", text=text))
        return tuple(findings)

    def read(self, visit: Visit, marker: Launched | None = None) -> Observation:
        """The observation of a launch that ended like this.

        Args:
            marker: how success looks, if it is not a launch; `[observe] launched` otherwise.
        """
        marker = marker or self._launched
        page = page_of(visit)
        seen = [
            (channel.kind, sighting)
            for channel in self._all
            if id(channel.settings) not in self._void and (sighting := channel.read(page, self._words)) is not None
        ]
        recognised = [sighting for kind, sighting in seen if kind != "status"]
        # Frameworks dress their own 500 as problem or JSON: there only an error that has a meaning counts.
        crashing = page.status is not None and page.status >= 500
        error_seen = any(recognised) if crashing else bool(recognised)
        outcome, trouble = _outcome(visit, page, marker, error_seen=error_seen)
        told = [] if outcome == "launched" else [(kind, s) for kind, s in seen if s]
        cut = visit.response is not None and visit.response.cut
        return Observation(
            outcome=outcome,
            status_code=page.status,
            klass=_first(told, "klass"),
            type=_first(told, "type"),
            code=_first(told, "code"),
            channel=told[0][0] if told else None,
            message=_message(page, seen),
            trouble=trouble,
            left_for=origin(visit.request.url) if visit.trouble_kind == "foreign" else "",
            returned=dict(visit.params) if visit.stopped else None,
            findings=(*_disagreements(told), *((_CUT,) if cut else ())),
        )


def _outcome(visit: Visit, page: Page, marker: Launched, *, error_seen: bool) -> tuple[Outcome, str]:
    ended = _TROUBLES.get(visit.trouble_kind)
    if ended is not None:
        return ended, visit.trouble
    if visit.stopped:
        return ("rejected", "") if page.params else ("rejected", "the tool sent the person back without a word")
    if page.status is not None and page.status >= 500:
        return ("rejected", "") if error_seen else ("crashed", f"status {page.status} without a recognised error")
    launched = looks_launched(marker, page)
    if launched and error_seen:
        return "unclear", "the page looks launched and carries an error at the same time"
    if launched:
        return "launched", ""
    if error_seen or page.status is None or page.status >= 400 or _has_marker(marker):
        return "rejected", ""
    return "unclear", f"status {page.status}, and neither a launch nor an error was recognised"


_TROUBLES: Mapping[str, Outcome] = {
    "timeout": "hung",
    "loop": "hung",
    "dropped": "crashed",
    "refused": "crashed",
    "foreign": "unclear",
    "again": "unclear",
    "unanswered": "rejected",
}
_CUT = Finding(id="answer-cut", text="an answer was longer than 1 MiB and was read only so far")


def checked(marker: Launched, where: str) -> Launched:
    """The marker of a page that grants what was asked for.

    Raises:
        UsageError: its path or selector cannot be read; a path that is none would hold for every page.
    """
    if marker.json is not None and not json_body.is_path(marker.json):
        raise UsageError(f"{where}.json: {marker.json!r} is not a path such as $.user.id")
    if marker.css is not None:
        try:
            html.Settings(css=marker.css)
        except ValueError as error:
            raise UsageError(f"{where}: {error}") from None
    return marker


def _has_marker(launched: Launched) -> bool:
    return any((launched.text, launched.url, launched.css, launched.json))


def looks_launched(launched: Launched, page: Page) -> bool:
    """Whether all that the marker asks for holds for a page."""
    status = str(launched.status)
    if page.status is None or status not in (str(page.status), f"{page.status // 100}xx"):
        return False
    if launched.text is not None and launched.text not in page.text:
        return False
    if launched.url is not None and not _same_place(launched.url, page.url):
        return False
    if launched.css is not None and page.html.css_first(launched.css) is None:
        return False
    return launched.json is None or json_body.at_path(page.data, launched.json) is not None


def _same_place(wanted: str, url: str) -> bool:
    parts = urlsplit(url)
    path = f"{parts.path}?{parts.query}" if "?" in wanted else parts.path
    place = path if wanted.startswith("/") else url
    # `/course` is the place of `/course/7`, but not of `/course-error`.
    return place.startswith(wanted) and (
        wanted[-1:] in ("/", "&") or place[len(wanted) :][:1] in ("", "/", "?", "#", "&")
    )


def _first(told: Sequence[tuple[str, Sighting]], axis: str) -> Any:
    return next((value for _, s in told if (value := getattr(s, axis)) is not None), None)


def _disagreements(told: Sequence[tuple[str, Sighting]]) -> tuple[Finding, ...]:
    found = []
    for axis in ("klass", "type", "code"):
        values = {kind: value for kind, s in told if (value := getattr(s, axis)) is not None}
        if len(set(values.values())) > 1:
            said = ", ".join(f"{kind} says {value}" for kind, value in values.items())
            found.append(Finding(id="channels-disagree", text=f"the answer contradicts itself: {said}"))
    return tuple(found)


def _message(page: Page, seen: Sequence[tuple[str, Sighting]]) -> str:
    told = next((s.message for _, s in seen if s.message), "") or page.visible
    return told if len(told) <= MESSAGE_LENGTH else told[:MESSAGE_LENGTH] + "…"
