"""`lti-conformance explain`."""

from __future__ import annotations

import argparse
import difflib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from conformance import explaining
from conformance.catalogue import scenarios
from conformance.errors import codes, types
from conformance.faults import fault_points
from conformance.model import Scenario
from conformance.phases import properties
from conformance.rulings import rulings
from conformance.topics import found_topics, topic_lines
from mockplatform.errors import UsageError

__all__ = ["KINDS", "Kind", "command"]


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
    for kind in KINDS:
        known = kind.known()
        if word in known:
            return kind.lines(known[word])
    near = difflib.get_close_matches(word, [name for kind in KINDS for name in kind.known()], n=1)
    raise UsageError(f"nothing is called '{word}'" + (f"; did you mean '{near[0]}'?" if near else ""))


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
    Kind(known=_scenarios, lines=explaining.scenario_lines),
)
