"""`lti-conformance list`."""

from __future__ import annotations

import argparse
import json
from collections.abc import Mapping, Sequence
from typing import Any

from conformance.catalogue import scenarios
from conformance.errors import codes, types
from conformance.faults import fault_points, reachable
from conformance.profile import load_profile, profile_names
from conformance.rulings import rulings
from mockplatform.dialects.flavour import flavours
from mockplatform.dialects.quirk import quirks
from mockplatform.mutation import mutations

__all__ = ["command"]

Row = Mapping[str, Any]


def command(options: argparse.Namespace) -> int:
    """Print the rows of a kind, as a table or as JSON.

    What there is stands in `command_table.LISTED`; the function below of the same name makes its rows.
    """
    rows: Sequence[Row] = globals()[f"_{options.kind}"]()
    if options.as_json:
        print(json.dumps(rows, indent=1, ensure_ascii=False))
        return 0
    width = max((len(_key(row)) for row in rows), default=0)
    for row in rows:
        print(f"{_key(row):<{width}}  {row['summary']}")
    return 0


def _key(row: Row) -> str:
    return " ".join(str(row[key]) for key in ("code", "id", "name") if key in row)


def _scenarios() -> Sequence[Row]:
    profiles = [load_profile(name) for name in profile_names()]
    return [
        {
            "id": scenario.id,
            "summary": scenario.title,
            "profiles": [profile.name for profile in profiles if profile.expectation(scenario) is not None],
            "requirement": list(scenario.requirement),
            "mutations": list(scenario.mutations),
            "faults": [fault.point for fault in scenario.faults],
            "guards": list(scenario.guards),
            "aliases": list(scenario.aliases),
        }
        for scenario in scenarios()
    ]


def _codes() -> Sequence[Row]:
    return [
        {
            "name": code.name,
            "code": code.code,
            "summary": code.cause,
            "class": code.klass,
            "actor": code.actor,
            "remedy": code.remedy,
            "retryable": code.retryable,
            "reference": code.reference,
        }
        for code in codes().values()
    ]


def _errors() -> Sequence[Row]:
    return [
        {
            "name": error.type,
            "summary": error.cause,
            "class": error.klass,
            "surface": error.surface,
            "actor": error.actor,
            "remedy": error.remedy,
            "retryable": error.retryable,
            "reference": error.reference,
        }
        for error in types().values()
    ]


def _mutations() -> Sequence[Row]:
    return [
        {
            "name": mutation.name,
            "summary": mutation.summary.partition("\n")[0],
            "stage": mutation.stage.__name__,
            "parameters": list(mutation.parameters),
            "reference": mutation.reference,
        }
        for mutation in mutations().values()
    ]


def _profiles() -> Sequence[Row]:
    found = [load_profile(name) for name in profile_names()]
    return [{"name": p.name, "summary": f"{p.title}: {p.question}", "axes": list(p.axes)} for p in found]


def _faultpoints() -> Sequence[Row]:
    return [
        {
            "name": point.name,
            "summary": point.what,
            "code": point.code,
            "absent": point.absent,
            "drivers": {kind: list(modes) for kind, modes in reachable(point).items()},
        }
        for point in fault_points().values()
    ]


def _flavours() -> Sequence[Row]:
    return [
        {"name": flavour.name, "summary": f"{flavour.title}: {flavour.summary}", "quirks": list(flavour.settings)}
        for flavour in flavours().values()
    ]


def _quirks() -> Sequence[Row]:
    return [
        {
            "name": quirk.name,
            "summary": quirk.summary,
            "neutral": quirk.neutral,
            "choices": list(quirk.choices),
            "stages": [stage.__name__ for stage in quirk.stages],
            "breaks": dict(quirk.breaks),
            "reference": quirk.reference,
        }
        for quirk in quirks().values()
    ]


def _rulings() -> Sequence[Row]:
    return [
        {
            "name": ruling.id,
            "summary": ruling.question,
            "ruling": ruling.ruling,
            "switch": ruling.switch or None,
            "default": ruling.default,
            "documents": [passage.citation for passage in ruling.passage],
            "scenarios": list(ruling.scenarios),
        }
        for ruling in rulings().values()
    ]
