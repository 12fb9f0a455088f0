"""The JSON Schema of the tool file, made from the dataclasses that read it.

`python -m conformance.schema > conformance/schemas/tool.schema.json` publishes it anew.
"""

from __future__ import annotations

import dataclasses
import datetime
import json
import sys
from collections.abc import Callable, Iterable, Mapping
from types import ModuleType, NoneType, UnionType
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

from conformance.driver import FaultPoint
from conformance.faults import drivers, fault_points, reachable
from conformance.observe import extractors
from conformance.sentences import sentences
from conformance.toolvalues import Tool

__all__ = ["settings_schema", "tool_schema"]

_SCALARS: Mapping[Any, Mapping[str, str]] = {
    str: {"type": "string"},
    bool: {"type": "boolean"},
    int: {"type": "integer"},
    float: {"type": "number"},
    datetime.date: {"type": "string", "format": "date"},
}


def tool_schema() -> dict[str, Any]:
    """The schema of a tool file, or of `[tool.lti-conformance]` in a `pyproject.toml`."""
    schema = _table(Tool)
    tables = schema["properties"]
    # These two are read by the modules of a folder, so their dataclass says no more than "a table".
    tables["observe"]["properties"]["error"]["items"] = _chosen_by("kind", extractors())
    tables["faults"] |= {
        "properties": {
            point.name: _chosen_by("driver", _bindable(point)) | {"description": point.what}
            for point in fault_points().values()
            if _bindable(point)
        },
        "additionalProperties": False,
    }
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Tool file of lti-conformance",
        **schema,
        # LTI 1.3 begins with a login; LTI 1.1 has one address.
        "anyOf": [_given("login_url", "launch_url"), _given("lti11_launch_url")],
    }


def settings_schema(module: ModuleType) -> dict[str, Any]:
    """The schema of the keys that a channel or a driver has beside its name."""
    return _table(module.Settings)


def _given(*keys: str) -> dict[str, Any]:
    return {"properties": {"tool": {"required": list(keys)}}}


def _bindable(point: FaultPoint) -> tuple[str, ...]:
    """The drivers that a point can be bound to."""
    return tuple(kind for kind in reachable(point) if hasattr(drivers()[kind], "Settings"))


def _chosen_by(key: str, choices: Iterable[str]) -> dict[str, Any]:
    chosen = {"enum": list(choices), "description": f"Which {key} it is; the other keys are those of that {key}."}
    return {"type": "object", "properties": {key: chosen}, "required": [key]}


def _of(hint: Any) -> dict[str, Any]:
    if dataclasses.is_dataclass(hint):
        return _table(hint)
    if hint in _SCALARS:
        return dict(_SCALARS[hint])
    if hint is Any:
        return {}
    return _BY_ORIGIN[get_origin(hint)](get_args(hint))


def _table(cls: Any) -> dict[str, Any]:
    hints = get_type_hints(cls)
    told = sentences(cls)
    properties: dict[str, Any] = {}
    required = []
    for field in dataclasses.fields(cls):
        key = field.metadata.get("key", field.name)
        properties[key] = _of(hints[field.name])
        if field.name in told:
            properties[key]["description"] = told[field.name]
        elif "description" in properties[key].get("items", {}):
            properties[key]["description"] = properties[key]["items"]["description"]
        if isinstance(field.default, str | bool | int | float):
            properties[key]["default"] = field.default
        if field.default is dataclasses.MISSING and field.default_factory is dataclasses.MISSING:
            required.append(key)
    made = {
        "type": "object",
        "description": (cls.__doc__ or "").partition("\n")[0],
        "properties": properties,
        "additionalProperties": False,
    }
    return made | ({"required": required} if required else {})


def _union(members: tuple[Any, ...]) -> dict[str, Any]:
    # TOML has no null: what may be None is left out.
    kinds = [_of(member) for member in members if member is not NoneType]
    return kinds[0] if len(kinds) == 1 else {"anyOf": kinds}


_BY_ORIGIN: Mapping[Any, Callable[[tuple[Any, ...]], dict[str, Any]]] = {
    Union: _union,
    UnionType: _union,
    Literal: lambda choices: {"enum": list(choices)},
    tuple: lambda items: {"type": "array", "items": _of(items[0])},
    Mapping: lambda items: {"type": "object", "additionalProperties": _of(items[1])},
}


if __name__ == "__main__":
    sys.stdout.write(json.dumps(tool_schema(), indent=2, ensure_ascii=False) + "\n")
