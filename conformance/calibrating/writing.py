"""A draft as the text of `[observe]`, and its place in the text of a tool file."""

from __future__ import annotations

import dataclasses
import tomllib
from collections.abc import Iterator, Mapping
from typing import Any

import tomlkit
from tomlkit.exceptions import TOMLKitError

from conformance.calibrating.drafting import Draft
from conformance.calibrating.proposal import Proposal, listed
from conformance.calibrating.samples import plain
from conformance.toolvalues import Launched, Named, Probe
from mockplatform.errors import UsageError

__all__ = ["block", "marker_text", "placed"]

MOST_TYPES = 4
_NO_PROBE = (
    "No session probe was found, so nobody looks for sessions after refusals. Give a request that succeeds only",
    'for somebody who is signed in: probe = { request = "GET /api/me", status = 200 }',
)


def block(draft: Draft, *, name: str = "observe") -> str:
    """The tables of a draft that has a mark, each line with how it was found.

    Args:
        name: the full name of the table, in `pyproject.toml` a longer one.
    """
    assert draft.mark is not None, "without a refusal there is nothing to write"
    refused = len({sample.label for sample in draft.sorted.refused})
    lines = [
        f"[{name}] # proposed by `lti-conformance calibrate`: look it through",
        f"# Holds for all {len(draft.good)} good launches ({', '.join(dict.fromkeys(s.label for s in draft.good))})",
        f"# and for {_of_refused(len(draft.mark.open_to), refused)}.",
        f"launched = {marker_text(draft.mark.launched)}",
    ]
    if draft.probed.probe is None:
        lines += [f"# {line}" for line in (*_NO_PROBE, plain(draft.probed.unsure)) if line]
    else:
        before = draft.before.get("probe", {}) if draft.probed.is_kept else {}
        probe = _as_written(draft.probed.probe, before)
        lines += [f"# {plain(draft.probed.found)}", f"probe = {_inline(probe)}"]
    for proposal in draft.channels:
        if proposal.kind != "status":
            lines += ["", *_channel(proposal, name)]
    for proposal in draft.commented:
        lines += ["", "# Of use once [observe.names] says what its words mean:"]
        lines += [line if line.startswith("#") else f"# {line}" for line in _channel(proposal, name)]
    lines += _names(draft, name)
    for proposal in draft.channels:
        if proposal.kind == "status":
            lines += ["", *_statuses(proposal, name)]
    return "\n".join(lines) + "\n"


def placed(text: str, tables: str, *, name: str, where: str) -> str:
    """The text of a tool file with these tables in place of those of that name, or at its end; nothing else changes.

    Raises:
        UsageError: the tables of the file are written in a way that cannot be changed so.
    """
    if text.count("\r\n") == text.count("\n") > 0:
        return placed(text.replace("\r\n", "\n"), tables, name=name, where=where).replace("\n", "\r\n")
    try:
        changed = _replaced(text, tables, name) if _inside(tomllib.loads(text), name) is not None else None
        if changed is None:
            gap = "" if not text else "\n" if text.endswith("\n") else "\n\n"
            changed = f"{text}{gap}{tables}"
        sound = _without(tomllib.loads(changed), name) == _without(tomllib.loads(text), name)
        sound = sound and _inside(tomllib.loads(changed), name) == _inside(tomllib.loads(tables), name)
    except (TOMLKitError, tomllib.TOMLDecodeError, KeyError, TypeError, AttributeError):
        sound = False
    if not sound or changed is None:
        raise UsageError(f"{where} the table [{name}] cannot be put there by a program; use --print and paste it")
    return changed


def _replaced(text: str, tables: str, name: str) -> str:
    """The file with the old table's place taken by the new one."""
    document, made = tomlkit.parse(text), tomlkit.parse(tables)
    *above, last = name.split(".")
    container: Any = document
    source: Any = made
    for part in above:
        container, source = container[part], source[part]
    # What stands before the next table is about that, though it is part of this one.
    comment = _trailing(text, container[last].as_string())
    container[last] = source[last]
    changed = tomlkit.dumps(document)
    if comment:
        body = tables.rstrip("\n")
        head, found, tail = changed.partition(body)
        changed = f"{head}{body}\n\n{comment}{tail.lstrip(chr(10))}" if found else changed
    return changed


def _trailing(text: str, table: str) -> str:
    """The comment at the end of a table that belongs to the one after it: set off by a blank line, and not the last."""
    if text.rstrip().endswith(table.rstrip()) and table.strip():
        return ""
    lines = table.splitlines()
    while lines and not (lines[0].strip() == "" and all(_is_comment(line) for line in lines)):
        lines.pop(0)
    comment = "\n".join(lines).strip("\n")
    return f"{comment}\n" if comment else ""


def _is_comment(line: str) -> bool:
    return not line.strip() or line.lstrip().startswith("#")


def _inside(table: Mapping[str, Any], name: str) -> Any:
    for part in name.split("."):
        if not isinstance(table, Mapping) or part not in table:
            return None
        table = table[part]
    return table


def _without(table: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    first, _, rest = name.partition(".")
    if not rest:
        return {key: value for key, value in table.items() if key != first}
    return {**table, first: _without(table.get(first, {}), rest)}


def _of_refused(open_to: int, refused: int) -> str:
    return f"none of {refused} refusals" if not open_to else f"{open_to} of {refused} refusals as well"


def marker_text(launched: Launched, before: Mapping[str, Any] | None = None) -> str:
    """The marker as a tool file has it.

    Args:
        before: as it is in the file, with its `${NAME}`.
    """
    return _inline(_as_written(launched, before or {}))


def _as_written(value: Launched | Probe, before: Mapping[str, Any]) -> Mapping[str, Any]:
    """The keys of a table that say something, as a person has written them before, with their `${NAME}`."""
    said = {key: one for key, one in dataclasses.asdict(value).items() if one not in (None, {})}
    return {key: before.get(key, one) for key, one in said.items()}


def _inline(table: Mapping[str, Any]) -> str:
    inline = tomlkit.inline_table()
    inline.update(table)
    return f"{{ {inline.as_string()[1:-1].strip()} }}"


def _named(named: Named) -> Mapping[str, Any]:
    table = {"type": named.type, "code": named.code, "class": named.klass}
    return {key: value for key, value in table.items() if value is not None}


def _quoted(word: str) -> str:
    return tomlkit.string(word).as_string()


def _channel(proposal: Proposal, name: str) -> Iterator[str]:
    yield f"# Found: {plain(proposal.found)}."
    yield f"[[{name}.error]]"
    yield f'kind = "{proposal.kind}"'
    for key, value in proposal.settings.items():
        yield f"{key} = {tomlkit.item(value).as_string()}"


def _names(draft: Draft, name: str) -> Iterator[str]:
    if not draft.names and not draft.kept:
        return
    yield from ("", f"[{name}.names]")
    for word, value in draft.kept.items():
        written = draft.before.get("names", {}).get(word, value if isinstance(value, str) else _named(value))
        rendered = _quoted(written) if isinstance(written, str) else _inline(written)
        yield f"{_quoted(word)} = {rendered} # as it was before"
    for one in (named for named in draft.names if named.type is not None):
        yield f'{_quoted(one.word)} = "{one.type}" # says so itself; seen on {listed(one.labels)}'
    unsure = [named for named in draft.names if named.type is None]
    if unsure:
        yield "# What these mean is for you to say: taken from the answers, a name would make every check of it pass."
    for one in unsure:
        few = one.could_be if len(one.could_be) <= MOST_TYPES else ()
        could = " or ".join(f'"{kind}"' for kind in few) or '"…"'
        only = "only " if len(one.labels) == 1 else ""
        yield f"# {_quoted(one.word)} = {could} # seen {only}on {listed(one.labels)}"


def _statuses(proposal: Proposal, name: str) -> Iterator[str]:
    yield f"# Found: {plain(proposal.found)}."
    yield f"[{name}.status]"
    for status, klass in proposal.settings.items():
        yield f'{status} = "{klass}"'
    for status, why in proposal.doubtful.items():
        yield f"# {status} = {plain(why)}"
