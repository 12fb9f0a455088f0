"""The waivers of a tool file changed in its text: every other line, comments included, stays as it is. Pure.

What comes out is read again and held against what was wanted, so that a layout which the editor does not understand
is refused instead of spoilt.
"""

from __future__ import annotations

import copy
import tomllib
from collections.abc import Mapping, Sequence
from typing import Any

import tomlkit
from tomlkit.container import Container
from tomlkit.exceptions import TOMLKitError
from tomlkit.items import AoT, Array, Item, Key, Table, Whitespace

from conformance.results.waiving import Edit
from mockplatform.errors import UsageError

__all__ = ["edited"]

OWN: tuple[str, ...] = ()
PROJECT = ("tool", "lti-conformance")
"""Where the tables of a tool file lie, in a file of its own and in `pyproject.toml`."""
_DROPPED = "dropped by lti-conformance waive: neither this line nor the one above is kept"


def edited(text: str, edits: Sequence[Edit], *, where: str, inside: tuple[str, ...] = OWN) -> str:
    """The text of a tool file with its waivers changed.

    Args:
        where: how messages name the file.
        inside: the keys that lead to the tables of the tool file.

    Raises:
        UsageError: its waivers are laid out in a way that cannot be edited.
    """
    mark, body = ("\ufeff", text[1:]) if text.startswith("\ufeff") else ("", text)
    windows = "\r\n" in body and body.count("\r\n") == body.count("\n")
    body = body.replace("\r\n", "\n") if windows else body
    changed = [edit for edit in edits if edit.index is not None]
    fresh = [dict(edit.values or {}) for edit in edits if edit.index is None]
    wanted = _wanted(tomllib.loads(body), changed, fresh, inside)
    for append in (_appended_to_the_rest, _appended_at_the_end):
        try:
            done = append(_changed(body, changed, inside), fresh, inside)
        except (TOMLKitError, KeyError, TypeError, ValueError, AttributeError):
            continue
        if _reads_as(done, wanted):
            return mark + (done.replace("\n", "\r\n") if windows else done)
    header = ".".join((*inside, "waiver"))
    raise UsageError(
        f"{where}: its waivers cannot be edited as they are laid out; write them as [[{header}]] tables, one behind "
        "the other"
    )


def _wanted(data: Any, changed: Sequence[Edit], fresh: Sequence[Mapping[str, Any]], inside: Sequence[str]) -> Any:
    """What the file has to say afterwards."""
    data = copy.deepcopy(data)
    table = _inside(data, inside)
    waivers = [dict(waiver) for waiver in table.get("waiver", ())]
    for edit in changed:
        assert edit.index is not None, "it changes one that is there"
        waivers[edit.index] = waivers[edit.index] | dict(edit.values) if edit.values is not None else {}
    table["waiver"] = [waiver for waiver in (*waivers, *fresh) if waiver]
    return data


def _inside(table: Any, keys: Sequence[str]) -> Any:
    for key in keys:
        table = table[key]
    return table


def _reads_as(text: str, wanted: Mapping[str, Any]) -> bool:
    try:
        return _without_empty(tomllib.loads(text)) == _without_empty(wanted)
    except tomllib.TOMLDecodeError:
        return False


def _without_empty(table: Mapping[str, Any]) -> Mapping[str, Any]:
    """The same without waivers, where none is left."""
    kept = {key: _without_empty(value) if isinstance(value, dict) else value for key, value in table.items()}
    return {key: value for key, value in kept.items() if key != "waiver" or value}


def _changed(text: str, changed: Sequence[Edit], inside: Sequence[str]) -> str:
    """The text with waivers that are there renewed, narrowed or taken out."""
    if not changed:
        return text
    document = _parsed(text)
    waivers = _inside(document, inside)["waiver"]
    for edit in sorted(changed, key=lambda edit: edit.index or 0, reverse=True):
        if edit.values is not None:
            for key, value in edit.values.items():
                waivers[edit.index][key] = value
        elif isinstance(waivers, AoT):
            _mark_dropped(waivers[edit.index or 0])
        else:
            del waivers[edit.index]
    lines = tomlkit.dumps(document).split("\n")
    marked = {index for index, line in enumerate(lines) if line == f"# {_DROPPED}"}
    done = "\n".join(line for index, line in enumerate(lines) if not {index, index + 1} & marked)
    # At the end of the file, the blank line above what was dropped is left over.
    return done.rstrip("\n") + "\n" if marked and not text.endswith("\n\n") else done


def _parsed(text: str) -> tomlkit.TOMLDocument:
    """The text for editing.

    Raises:
        ValueError: the editor would move something: it gathers tables of one array from wherever they stand.
    """
    document = tomlkit.parse(text)
    if tomlkit.dumps(document) != text:
        raise ValueError("not as it was")
    return document


def _mark_dropped(waiver: Table) -> None:
    """Leave of a waiver only its header with a mark, and what stands before the next one."""
    body = waiver.value.body
    rest = _cut_rest(waiver.value)
    del body[:]
    # The blank line above the header is there already.
    body += [(None, tomlkit.comment(_DROPPED)), *rest[1:]]


def _cut_rest(table: Container) -> list[tuple[Key | None, Item]]:
    """What stands behind a table, cut off: from the first blank line behind its last key.

    Such comments are about the table that follows.
    """
    body = table.body
    end = len(body)
    while end and body[end - 1][0] is None:
        end -= 1
    while end < len(body) and not isinstance(body[end][1], Whitespace):
        end += 1
    rest = body[end:]
    del body[end:]
    return rest


def _appended_to_the_rest(text: str, fresh: Sequence[Mapping[str, Any]], inside: Sequence[str]) -> str:
    """The text with new waivers behind those that are there."""
    document = _parsed(text if text.endswith("\n") else f"{text}\n")
    waivers = _inside(document, inside).get("waiver") if fresh else None
    if isinstance(waivers, AoT) and waivers:
        rest = _cut_rest(waivers[-1].value)
        for values in fresh:
            waivers[-1].add(tomlkit.nl())
            waivers.append(_table(values))
        waivers[-1].value.body.extend(rest)
        return tomlkit.dumps(document)
    if isinstance(waivers, Array):
        for values in fresh:
            line = tomlkit.inline_table()
            line.update(values)
            waivers.append(line)
        return tomlkit.dumps(document)
    return _appended_at_the_end(text, fresh, inside)


def _appended_at_the_end(text: str, fresh: Sequence[Mapping[str, Any]], inside: Sequence[str]) -> str:
    """The text with new waivers at its end."""
    header = ".".join((*inside, "waiver"))
    blocks = [f"\n[[{header}]]\n{tomlkit.dumps(_table(values))}" for values in fresh]
    gap = "" if text.endswith("\n") or not text or not blocks else "\n"
    return text + gap + "".join(blocks)


def _table(values: Mapping[str, Any]) -> Table:
    table = tomlkit.table()
    for key, value in values.items():
        table.add(key, value)
    return table
