"""The tool file: every key.

`lti-conformance.toml`, or the same tables below [tool.lti-conformance] in pyproject.toml. An editor
can check it by the JSON Schema that comes with the package, conformance/schemas/tool.schema.json.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from conformance.faults import drivers
from conformance.observe import extractors
from conformance.paragraphs import paragraph, prose
from conformance.schema import settings_schema, tool_schema

__all__ = ["lines"]

Schema = Mapping[str, Any]

_IN_ONE_LINE = "faults"
"""A table whose values are written in one line each; their keys are those of the drivers."""


def lines() -> Iterator[str]:
    """Each table with its keys, then the keys of each channel and driver."""
    for name, value in tool_schema()["properties"].items():
        header, table = _inner(name, value) or (f"[{name}]", value)
        yield from _table(header, table, name, above=_sentence(value))
    for title, modules in (("kind in [[observe.error]]", extractors()), ("driver in [faults]", drivers())):
        for name, module in modules.items():
            if hasattr(module, "Settings"):
                yield from _table(f'"{name}" as {title}', settings_schema(module), "")


def _table(header: str, table: Schema, path: str, *, above: str = "") -> Iterator[str]:
    """A table, its keys, and the tables in it; `above` is what is said about the place that it has in the file."""
    yield header
    for sentence in dict.fromkeys((above, _sentence(table))):
        yield from prose(sentence, indent="  ")
    inner = {}
    for key, value in table.get("properties", {}).items():
        place = f"{path}.{key}"
        found = _inner(place, value) if path not in ("", _IN_ONE_LINE) else None
        presence = _presence(value, required=key in table.get("required", ()))
        kind = f"see {found[0]}" if found else _kind(value)
        yield from paragraph(key, f"{kind}{presence}. {_sentence(value)}", label_width=18)
        if found:
            inner[place] = found
    yield ""
    for place, (title, value) in inner.items():
        yield from _table(title, value, place)


def _inner(path: str, value: Schema) -> tuple[str, Schema] | None:
    """The table that a value is or holds, below its header; None for a value without keys of its own."""
    free = value.get("additionalProperties") or {}
    choices = [free, *free.get("anyOf", ())]
    places = [(f"[{path}]", value), (f"[[{path}]]", value.get("items", {})), *((f"[{path}.NAME]", c) for c in choices)]
    return next(((header, table) for header, table in places if "properties" in table), None)


def _sentence(value: Schema) -> str:
    """What the schema says about a value, without the name of the table that stands above it.

    It becomes a sentence, unless it opens with a list of values: those are typed as they stand.
    """
    text = re.sub(r"^(?:A value of )?`[^`]+`: ", "", value.get("description", ""))
    return text if re.match(r"\w+,", text) else text[:1].upper() + text[1:]


def _presence(value: Schema, *, required: bool) -> str:
    if required:
        return ", required"
    return f", {json.dumps(value['default'], ensure_ascii=False)} unless given" if value.get("default") else ""


def _kind(value: Schema) -> str:
    """What a value is, in words."""
    for key, told in _KINDS.items():
        if key in value:
            return told(value[key], value)
    return "any value"


def _typed(name: str, value: Schema) -> str:
    if name == "array":
        return f"list: {_kind(value['items'])}"
    return "date" if value.get("format") == "date" else _TYPES[name]


_TYPES: Mapping[str, str] = {
    "string": "text",
    "boolean": "true or false",
    "integer": "whole number",
    "number": "number",
    "object": "table",
}

_KINDS: Mapping[str, Callable[[Any, Schema], str]] = {
    "enum": lambda choices, _: f"one of {', '.join(map(str, choices))}",
    "anyOf": lambda kinds, _: " or ".join(map(_kind, kinds)),
    "type": _typed,
}
