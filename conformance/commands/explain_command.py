"""`lti-conformance explain`."""

from __future__ import annotations

import argparse
import difflib
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from conformance import explaining
from conformance.catalogue import scenarios, words
from conformance.choosing import chosen
from conformance.errors import codes, types
from conformance.explaining import Area
from conformance.faults import fault_points
from conformance.model import Scenario
from conformance.phases import properties
from conformance.rulings import rulings
from conformance.topics import found_topics, topic_lines
from mockplatform.errors import UsageError

__all__ = ["KINDS", "Kind", "command"]

_PATTERN = re.compile(r"[*?[]")


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """A kind of things that can be explained.

    Args:
        known: each thing by every word that it is called by.
        lines: what there is to say about one.
    """

    known: Callable[[], Mapping[str, Any]]
    lines: Callable[[Any], Iterator[str]]


def command(options: argparse.Namespace) -> int:
    """Print what, why, how to fix, and the reference."""
    print("\n".join(_explained(options.id)).rstrip())
    return 0


def _explained(word: str) -> Iterator[str]:
    written = [(kind, kind.known()) for kind in KINDS]
    for kind, known in written:
        if word in known:
            return kind.lines(known[word])
    if _PATTERN.search(word):
        return explaining.area_lines(_matching(word))
    alike = {name.casefold(): name for _, known in reversed(written) for name in known}
    meant = alike.get(word.casefold())
    if meant is not None:
        return _explained(meant)
    near = difflib.get_close_matches(word.casefold(), alike, n=1)
    raise UsageError(f"nothing is called '{word}'" + (f"; did you mean '{alike[near[0]]}'?" if near else ""))


def _matching(pattern: str) -> Area:
    found = tuple(each for each in (*scenarios(), *properties()) if chosen(words(each), [pattern]))
    if not found:
        raise UsageError(f"nothing matches '{pattern}'; `lti-conformance list` lists the scenarios")
    return Area(pattern=pattern, scenarios=found)


def _areas() -> Mapping[str, Area]:
    """The areas of reports by name, but for those of which a topic tells more."""
    found: dict[str, list[Scenario]] = {}
    for each in (*scenarios(), *properties()):
        found.setdefault(each.id.partition("/")[0], []).append(each)
    return {
        name: Area(pattern=f"{name}/*", scenarios=tuple(held))
        for name, held in found.items()
        if name not in found_topics()
    }


def _scenarios() -> Mapping[str, Scenario]:
    everything = (*scenarios(), *properties())
    return {word: scenario for scenario in everything for word in (scenario.id, *scenario.aliases)}


def _codes() -> Mapping[str, Any]:
    return {word: code for code in codes().values() for word in (str(code.code), code.name)}


KINDS: tuple[Kind, ...] = (
    Kind(known=found_topics, lines=topic_lines),
    Kind(known=_codes, lines=explaining.code_lines),
    Kind(known=types, lines=explaining.type_lines),
    Kind(known=fault_points, lines=explaining.point_lines),
    Kind(known=rulings, lines=explaining.ruling_lines),
    Kind(known=_areas, lines=explaining.area_lines),
    Kind(known=_scenarios, lines=explaining.scenario_lines),
)
