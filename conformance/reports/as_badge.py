"""The report as a badge: the JSON of a shields.io endpoint, in which only a complete conformant run is green."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping

from conformance.model import Status
from conformance.reports.escaping import clipped, legible
from conformance.statuses import RED
from conformance.telling.conclusion import Verdict
from conformance.telling.dossier import Dossier

__all__ = ["HEAD", "render"]

HEAD = re.compile(r'\A\{"schemaVersion": 1, "label": "LTI ')
"""How an earlier report of this format is known."""

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
    badge = {
        "schemaVersion": 1,
        "label": clipped(f"LTI {legible(dossier.profile)}", _LONGEST),
        "message": _message(dossier),
        "color": _colour(dossier),
        "isError": dossier.verdict != "conformant",
    }
    return json.dumps(badge, ensure_ascii=False) + "\n"


def _message(dossier: Dossier) -> str:
    broken = _counted(dossier, *RED)
    if dossier.verdict == "not conformant" and broken:
        return broken if dossier.complete and not dossier.stopped else f"{broken}, partial"
    but = _counted(dossier, "warned", "waived", "skipped") if dossier.verdict == "conformant" else ""
    return f"{dossier.verdict}, {but}" if but else dossier.verdict


def _counted(dossier: Dossier, *statuses: Status) -> str:
    """How many results have each of these statuses, such as `3 failed, 1 error`; those with none are left out."""
    return ", ".join(f"{number} {status}" for status in statuses if (number := dossier.summary.get(status)))


def _colour(dossier: Dossier) -> str:
    if dossier.verdict == "not conformant" and not dossier.summary.get("failed"):
        return "orange"
    if dossier.verdict == "conformant" and _counted(dossier, "warned", "waived"):
        return "yellowgreen"
    spotless = dossier.verdict != "conformant" or not dossier.summary.get("skipped")
    return _COLOURS[dossier.verdict] if spotless else "green"
