"""The content items of a deep linking response: what each type has to have, and what the platform had asked for.

A further type is one entry of `TYPES`; a further setting that has to be obeyed is one function of `SETTINGS`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal

from mockplatform.deep_links import values
from mockplatform.deep_links.values import Member

__all__ = ["SETTINGS", "TYPES", "Problem", "problems_of"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """One mistake of a response, as a sentence; for a mistake to `refuse`, nothing of the response is placed."""

    text: str
    severity: Literal["refuse", "note"] = "refuse"


Members = Mapping[str, Member]

_TEXTS: Final[Members] = {"title": Member(values.text), "text": Member(values.text)}
_PICTURE: Final = values.record(
    url=Member(values.url, required=True), width=Member(values.whole_number), height=Member(values.whole_number)
)
_PICTURES: Final[Members] = {"icon": Member(_PICTURE), "thumbnail": Member(_PICTURE)}
_SIZE: Final[Members] = {"width": Member(values.whole_number), "height": Member(values.whole_number)}
_WINDOW: Final = values.record(targetName=Member(values.text), windowFeatures=Member(values.text), **_SIZE)
_SPAN: Final = values.record(startDateTime=Member(values.date), endDateTime=Member(values.date))
_REVIEW: Final = values.record(
    url=Member(values.url),
    label=Member(values.text),
    custom=Member(values.texts),
    reviewableStatus=Member(values.listed),
)
_LINE_ITEM: Final = values.record(
    label=Member(values.text),
    scoreMaximum=Member(values.positive, required=True),
    resourceId=Member(values.text),
    tag=Member(values.text),
    gradesReleased=Member(values.truth),
    submissionReview=Member(_REVIEW),
)

TYPES: Final[Mapping[str, tuple[str, Members]]] = {
    "link": (
        "DL 3.1",
        {
            "url": Member(values.url, required=True),
            **_TEXTS,
            **_PICTURES,
            "embed": Member(values.record(html=Member(values.text, required=True))),
            "window": Member(_WINDOW),
            "iframe": Member(values.record(src=Member(values.url, required=True), **_SIZE)),
        },
    ),
    "ltiResourceLink": (
        "DL 3.2",
        {
            "url": Member(values.url),
            **_TEXTS,
            **_PICTURES,
            "window": Member(_WINDOW),
            "iframe": Member(values.record(**_SIZE)),
            "custom": Member(values.texts),
            "lineItem": Member(_LINE_ITEM),
            "available": Member(_SPAN),
            "submission": Member(_SPAN),
        },
    ),
    "file": (
        "DL 3.3",
        {"url": Member(values.url, required=True), **_TEXTS, **_PICTURES, "expiresAt": Member(values.date)},
    ),
    "html": ("DL 3.4", {"html": Member(values.text, required=True), **_TEXTS}),
    "image": ("DL 3.5", {"url": Member(values.url, required=True), **_TEXTS, **_PICTURES, **_SIZE}),
}
"""The section and the members of each type of DL 3."""


def problems_of(items: Sequence[Any], settings: Mapping[str, Any] | None) -> tuple[Problem, ...]:
    """What is wrong with the items, by themselves and measured by the settings of the request that they answer.

    Args:
        settings: None, if nobody knows which request that is.
    """
    own = (problem for number, item in enumerate(items, 1) for problem in _item(f"content item {number}", item))
    objects = [(f"content item {n}", item) for n, item in enumerate(items, 1) if isinstance(item, Mapping)]
    obeyed = () if settings is None else (problem for rule in SETTINGS for problem in rule(objects, settings))
    return (*own, *obeyed)


def _item(name: str, item: Any) -> Iterator[Problem]:
    if not isinstance(item, Mapping):
        yield Problem(text=f"{name} is {values.kind(item)}, expected an object (DL 4.5.6)")
        return
    found = item.get("type")
    if not isinstance(found, str) or not found:
        yield Problem(text=f"{name} has no type, expected a text such as ltiResourceLink (DL 3)")
    elif found in TYPES:
        section, members = TYPES[found]
        yield from (Problem(text=f"{name} ({found}): {text} ({section})") for text in values.misfits(item, members))
        for date in _without_zone(item):
            told = f"{name} ({found}): {date} has no time zone, so that nobody knows when it is ({section})"
            yield Problem(text=told, severity="note")
        for member in item.keys() - members.keys() - {"type"}:
            if not values.is_web_address(member):
                told = f"{name} ({found}): {member} is no member of this type; name your own by a URL (DL 3.6)"
                yield Problem(text=told, severity="note")
    elif not values.is_web_address(found):
        told = f"{name} is of the type {found!r}; there is none such, and types of your own have a URL (DL 3.7)"
        yield Problem(text=told, severity="note")


def _without_zone(item: Mapping[str, Any]) -> Iterator[str]:
    """The names of dates without a zone, which the standard neither demands nor rules out (ISO 8601)."""
    if values.lacks_zone(item.get("expiresAt")):
        yield "expiresAt"
    for span in ("available", "submission"):
        ends = item.get(span)
        if isinstance(ends, Mapping):
            yield from (f"{span}.{end}" for end in ("startDateTime", "endDateTime") if values.lacks_zone(ends.get(end)))


Items = Sequence[tuple[str, Mapping[str, Any]]]


def _accept_types(items: Items, settings: Mapping[str, Any]) -> Iterator[Problem]:
    """Only what was asked for comes back (DL 4.4.1)."""
    accepted = settings.get("accept_types")
    if not isinstance(accepted, list):
        return
    for name, item in items:
        if isinstance(item.get("type"), str) and item["type"] not in accepted:
            wanted = ", ".join(map(str, accepted)) or "nothing"
            yield Problem(text=f"{name} is of the type {item['type']!r}, accept_types are {wanted} (DL 4.4.1)")


def _accept_multiple(items: Items, settings: Mapping[str, Any]) -> Iterator[Problem]:
    """One item at most, unless more are wanted (DL 4.4.1, which gives no default)."""
    accepted = settings.get("accept_multiple")
    if len(items) > 1 and accepted is not True:
        said = "is false" if accepted is False else "was not sent, so one is safe"
        severity: Literal["refuse", "note"] = "refuse" if accepted is False else "note"
        yield Problem(
            text=f"there are {len(items)} content items, accept_multiple {said} (DL 4.4.1)", severity=severity
        )


def _targets(items: Items, settings: Mapping[str, Any]) -> Iterator[Problem]:
    """An item that says how it is shown names a way that the platform has (DL 4.4.1)."""
    accepted = settings.get("accept_presentation_document_targets")
    if not isinstance(accepted, list):
        return
    for name, item in items:
        named = [target for target in ("embed", "iframe", "window") if target in item]
        if named and not set(named) & set(accepted):
            wanted = ", ".join(map(str, accepted)) or "none"
            told = f"{name} is for {', '.join(named)}, accept_presentation_document_targets are {wanted} (DL 4.4.1)"
            yield Problem(text=told, severity="note")


def _accept_lineitem(items: Items, settings: Mapping[str, Any]) -> Iterator[Problem]:
    """A line item comes only where one is made of it (DL 4.4.1)."""
    if settings.get("accept_lineitem") is False:
        for name, item in items:
            if "lineItem" in item:
                yield Problem(
                    text=f"{name} has a lineItem, accept_lineitem is false: it is ignored (DL 4.4.1)", severity="note"
                )


def _accept_media_types(items: Items, settings: Mapping[str, Any]) -> Iterator[Problem]:
    """A file is of a type that was asked for, as far as its name tells (DL 4.4.1)."""
    ranges = settings.get("accept_media_types")
    accepted = [one.strip() for one in ranges.split(",")] if isinstance(ranges, str) else []
    for name, item in items:
        media_type = values.media_type(item.get("url")) if item.get("type") == "file" else ""
        if media_type and accepted and not set(accepted) & {media_type, "*/*", media_type.partition("/")[0] + "/*"}:
            yield Problem(
                text=f"{name} is {media_type} by its name, accept_media_types are {ranges} (DL 4.4.1)", severity="note"
            )


SETTINGS: Final[tuple[Callable[[Items, Mapping[str, Any]], Iterator[Problem]], ...]] = (
    _accept_types,
    _accept_multiple,
    _targets,
    _accept_lineitem,
    _accept_media_types,
)
