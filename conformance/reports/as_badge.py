"""The report as a badge: the JSON of a shields.io endpoint, in which only a complete conformant run is green."""

from __future__ import annotations

import json
from collections.abc import Mapping

from conformance.dossier import Dossier
from conformance.reports.escaping import clipped, legible
from conformance.reports.verdict import Verdict, counted, verdict

__all__ = ["render"]

_COLOURS: Mapping[Verdict, str] = {
    "conformant": "brightgreen",
    "not conformant": "red",
    "regressed": "red",
    "waivers to clear": "yellow",
    "partial": "yellow",
    "not tested": "lightgrey",
}
_LONGEST = 60


def render(dossier: Dossier) -> str:
    """The badge as one JSON object.

    `isError` keeps whoever shows the badge from choosing another colour for it.
    """
    told = verdict(dossier)
    badge = {
        "schemaVersion": 1,
        "label": clipped(f"LTI {legible(dossier.profile)}", _LONGEST),
        "message": _message(dossier, told),
        "color": _colour(dossier, told),
        "isError": told != "conformant",
    }
    return json.dumps(badge, ensure_ascii=False) + "\n"


def _message(dossier: Dossier, told: Verdict) -> str:
    broken = counted(dossier, "failed", "error")
    if told == "not conformant" and broken:
        return broken if dossier.complete and not dossier.stopped else f"{broken}, partial"
    but = counted(dossier, "warned", "waived", "skipped") if told == "conformant" else ""
    return f"{told}, {but}" if but else told


def _colour(dossier: Dossier, told: Verdict) -> str:
    if told == "not conformant" and not dossier.summary.get("failed"):
        return "orange"
    if told == "conformant" and counted(dossier, "warned", "waived"):
        return "yellowgreen"
    return "green" if told == "conformant" and dossier.summary.get("skipped") else _COLOURS[told]
