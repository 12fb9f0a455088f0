"""Reports that were kept: from JSON back to the dossier that they tell. Pure."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from conformance.dossier import SCHEMA, STREAM, Dossier, Entry
from conformance.tally import summed
from mockplatform.errors import UsageError
from mockplatform.tables import build

__all__ = ["read_dossier"]


def read_dossier(text: str, *, where: str) -> Dossier:
    """The dossier of a JSON report, or of the results that a killed run has left behind.

    Args:
        where: how messages name the report, usually its path.

    Raises:
        UsageError: it is none.
    """
    first, *rest = text.split("\n")
    if f'"{STREAM}"' in first:
        return _cut_off(_object(first, where), rest, where)
    document = _object(text, where)
    if document.get("schema") != SCHEMA:
        raise UsageError(f'{where}: no report of lti-conformance: its "schema" is not "{SCHEMA}"')
    return build(Dossier, document, where=f"{where}:")


def _object(text: str, where: str) -> dict[str, Any]:
    try:
        document = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise UsageError(f"{where}: no JSON report: {error}") from None
    return document if isinstance(document, dict) else {}


def _cut_off(head: dict[str, Any], lines: Iterable[str], where: str) -> Dossier:
    """The dossier of a run that did not come to its end; a line that was not written whole is no result."""
    known = build(Dossier, {**head, "schema": SCHEMA}, where=f"{where}:")
    # What follows the last end of a line was being written.
    *whole, _ = list(lines) or [""]
    entries = [
        build(Entry, _object(line, f"{where} line {number}"), where=f"{where} line {number}:")
        for number, line in enumerate(whole, 2)
        if line
    ]
    untried = max(0, known.untried - len(entries))
    stopped = f"the run was cut off after {len(entries)} of {known.untried} results"
    return summed(replace(known, complete=False, stopped=stopped, untried=untried), entries)
