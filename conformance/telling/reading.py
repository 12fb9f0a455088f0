"""Reports that were kept: from JSON back to the dossier that they tell. Pure."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import fields, replace
from typing import Any, NoReturn

from conformance.telling.dossier import SCHEMA, STREAM, Dossier, Entry
from conformance.telling.tally import summed
from mockplatform.errors import UsageError
from mockplatform.tables import build

__all__ = ["read_dossier", "read_kept"]


def read_kept(content: bytes, *, where: str) -> Dossier:
    """The dossier of a JSON report's file, or of the results that a killed run has left behind.

    Args:
        where: how messages name the file.

    Raises:
        UsageError: it is none.
    """
    if not content.strip():
        raise UsageError(f"{where}: is empty; a run that was killed before its first launch leaves no more")
    head, *lines = content.split(b"\n")
    if f'"{STREAM}"'.encode() in head:
        # What follows the last end of a line was being written, perhaps not even whole characters of it.
        return _cut_off(_text(head, where), [_text(line, where) for line in lines[:-1]], where)
    return read_dossier(_text(content, where), where=where)


def read_dossier(text: str, *, where: str) -> Dossier:
    """The dossier of a JSON report; the inverse of `reports.as_json.render`.

    Args:
        where: how messages name the report, usually its path.

    Raises:
        UsageError: it is none.
    """
    document = _object(text, where)
    if document.get("schema") != SCHEMA:
        raise UsageError(f'{where}: no report of lti-conformance: its "schema" is not "{SCHEMA}"')
    dossier = _built(document, where)
    _require_once(dossier.results, where)
    return dossier


def _text(content: bytes, where: str) -> str:
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError as error:
        raise UsageError(f"{where}: no JSON report: byte {error.start} is not UTF-8") from None


def _object(text: str, where: str) -> dict[str, Any]:
    try:
        document = json.loads(text, parse_constant=_no_number)
        # Half a character can be told in JSON, and be written to no file.
        json.dumps(document, ensure_ascii=False).encode("utf-8")
    except (ValueError, RecursionError) as error:
        raise UsageError(f"{where}: no JSON report: {error}") from None
    return document if isinstance(document, dict) else {}


def _built(document: Mapping[str, Any], where: str) -> Dossier:
    """The dossier; what follows from its other members is not read but follows from them again."""
    following = {field.metadata.get("key", field.name) for field in fields(Dossier) if not field.init}
    return build(Dossier, {key: value for key, value in document.items() if key not in following}, where=f"{where}:")


def _no_number(name: str) -> NoReturn:
    raise ValueError(f"{name} is no number of JSON")


def _require_once(entries: Sequence[Entry], where: str) -> None:
    twice = [id_ for id_, times in Counter(entry.id for entry in entries).items() if times > 1]
    if twice:
        raise UsageError(f"{where}: results: '{twice[0]}' stands there twice")


def _cut_off(head: str, lines: Sequence[str], where: str) -> Dossier:
    """The dossier of a run that did not come to its end."""
    numbered = [(f"{where} line {number}", line) for number, line in enumerate(lines, 2) if line]
    told = [(at, _object(line, at)) for at, line in numbered]
    # Under pytest more may become known of the run in its middle.
    heads = [_object(head, where), *(document for _, document in told if document.get("schema") == STREAM)]
    known = _built({**heads[-1], "schema": SCHEMA}, where)
    read = [build(Entry, document, where=f"{at}:") for at, document in told if document.get("schema") != STREAM]
    # Under pytest a scenario may be tried again, and the later result counts.
    entries = [*{entry.id: entry for entry in read}.values()]
    untried = max(0, known.untried - len(entries))
    stopped = f"the run was cut off after {len(entries)} of {known.untried} results"
    spent = round(sum(entry.duration_s for entry in entries), 3)
    begun = replace(known, complete=False, stopped=stopped, untried=untried, duration_s=spent)
    return summed(begun, entries)
