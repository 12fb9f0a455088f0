"""`lti-conformance flavour`: how real platforms differ, and how that is known."""

from __future__ import annotations

import argparse
import json
import textwrap
from collections.abc import Mapping, Sequence
from typing import Any

from mockplatform.dialects.flavour import CONFIDENCES, Difference, Flavour, Seen, differences, flavour_named
from mockplatform.dialects.quirk import Quirk, quirks

__all__ = ["command"]

_WIDTH = 116


def command(options: argparse.Namespace) -> int:
    """Show a flavour, or what changes from one to another; 0 also where nothing does."""
    one = flavour_named(options.one, where="flavour")
    if options.action == "show":
        _print(_shown(one), _shown_lines(one), as_json=options.as_json)
        return 0
    other = flavour_named(options.other, where="flavour")
    changed = differences(one, other)
    _print(_changed(one, other, changed), _changed_lines(one, other, changed), as_json=options.as_json)
    return 0


def _print(document: Mapping[str, Any], lines: Sequence[str], *, as_json: bool) -> None:
    print(json.dumps(document, indent=1, ensure_ascii=False) if as_json else "\n".join(lines))


def _shown(flavour: Flavour) -> Mapping[str, Any]:
    return {
        "name": flavour.name,
        "title": flavour.title,
        "summary": flavour.summary,
        "registration": {name: _told(seen) for name, seen in flavour.facts.items()},
        "quirks": [_row(name, quirks()[name]) | _told(seen) for name, seen in flavour.settings.items()],
    }


def _changed(one: Flavour, other: Flavour, changed: Sequence[Difference]) -> Mapping[str, Any]:
    return {
        "one": one.name,
        "other": other.name,
        "registration": {
            name: {"one": _fact(one.facts.get(name)), "other": _fact(other.facts.get(name))}
            for name in _other_facts(one, other)
        },
        "differences": [
            _row(found.quirk, quirks()[found.quirk])
            | {
                "one": _side(found.one, quirks()[found.quirk]),
                "other": _side(found.other, quirks()[found.quirk]),
            }
            for found in changed
        ],
    }


def _row(name: str, quirk: Quirk) -> dict[str, Any]:
    return {"quirk": name, "summary": quirk.summary, "reference": quirk.reference}


def _told(seen: Seen) -> dict[str, Any]:
    return {"value": seen.value, "source": seen.source, "confidence": seen.confidence, "date": seen.date}


def _side(seen: Seen | None, quirk: Quirk) -> Mapping[str, Any]:
    """One side of a difference; a neutral value without a source says that nobody has looked."""
    return _told(seen) if seen else {"value": quirk.neutral, "source": "", "confidence": "", "date": ""}


def _fact(seen: Seen | None) -> Mapping[str, Any] | None:
    return _told(seen) if seen else None


def _other_facts(one: Flavour, other: Flavour) -> tuple[str, ...]:
    """What is registered in another way."""
    names = dict.fromkeys((*one.facts, *other.facts))
    told = [{name: seen.value for name, seen in flavour.facts.items()} for flavour in (one, other)]
    return tuple(name for name in names if told[0].get(name) != told[1].get(name))


def _shown_lines(flavour: Flavour) -> list[str]:
    lines = [f"{flavour.title} ({flavour.name})", *_wrapped(flavour.summary, "")]
    for name, seen in flavour.facts.items():
        lines += ["", f"registration: {name}", *_wrapped(str(seen.value), "  "), *_wrapped(_origin(seen), "    ")]
    for name, seen in flavour.settings.items():
        quirk = quirks()[name]
        lines += ["", f"{name}  ({quirk.reference})", *_wrapped(quirk.summary, "  ")]
        lines += _wrapped(_text(seen.value), "  = ")
        lines += _wrapped(_origin(seen), "    ")
        broken = quirk.breaks.get(str(seen.value))
        lines += _wrapped(f"breaks a rule: {broken}", "    ") if broken else []
    return lines if flavour.settings else [*lines, "No quirk: what each of them is without a flavour."]


def _changed_lines(one: Flavour, other: Flavour, changed: Sequence[Difference]) -> list[str]:
    facts = _other_facts(one, other)
    if not changed and not facts:
        return [f"{one.name} and {other.name} do not differ, as far as is known"]
    width = max(len(one.name), len(other.name))
    lines = [f"What changes for a tool from {one.title} to {other.title}"]
    for name in facts:
        lines += ["", f"registration: {name}"]
        for flavour in (one, other):
            seen = flavour.facts.get(name)
            lines += _wrapped(str(seen.value) if seen else "not known", f"  {flavour.name:<{width}} = ")
            lines += _wrapped(_origin(seen), " " * (width + 5)) if seen else []
    for found in changed:
        quirk = quirks()[found.quirk]
        lines += ["", f"{found.quirk}  ({quirk.reference})", *_wrapped(quirk.summary, "  ")]
        for flavour, seen in ((one, found.one), (other, found.other)):
            lines += _wrapped(_text(seen.value if seen else quirk.neutral), f"  {flavour.name:<{width}} = ")
            lines += _wrapped(_origin(seen) if seen else "neutral: no source says otherwise", " " * (width + 5))
    return lines


def _origin(seen: Seen) -> str:
    date = f", {seen.date}" if seen.date else ""
    return f"{CONFIDENCES[seen.confidence]}: {seen.source}{date}"


def _text(value: Any) -> str:
    return value if isinstance(value, str) and value else json.dumps(value, ensure_ascii=False)


def _wrapped(text: str, begin: str) -> list[str]:
    return textwrap.wrap(text, _WIDTH, initial_indent=begin, subsequent_indent=" " * len(begin)) or [begin]
