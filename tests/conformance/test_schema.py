from __future__ import annotations

import datetime
import json
import tomllib
from pathlib import Path
from typing import Any

import jsonschema
import pytest

import conformance
from conformance.faults import drivers, fault_points, reachable
from conformance.observe import extractors
from conformance.schema import tool_schema

SCHEMAS = Path(conformance.__file__).parent / "schemas"
COMPLETE = tomllib.loads(Path(__file__).with_name("complete.toml").read_text(encoding="utf-8"))


def published(name: str) -> Any:
    return json.loads((SCHEMAS / f"{name}.schema.json").read_text(encoding="utf-8"))


def as_json(value: Any) -> Any:
    """The value with its dates as text, as editors hand TOML to a schema."""
    if isinstance(value, dict):
        return {key: as_json(item) for key, item in value.items()}
    if isinstance(value, list):
        return [as_json(item) for item in value]
    return value.isoformat() if isinstance(value, datetime.date) else value


def problems(table: Any) -> list[str]:
    validator = jsonschema.Draft202012Validator(published("tool"), format_checker=jsonschema.FormatChecker())
    return [f"{error.json_path}: {error.message}" for error in validator.iter_errors(as_json(table))]


@pytest.mark.parametrize("name", ["tool", "report"])
def test_a_published_schema_is_one(name: str) -> None:
    """Both are schemas of the draft that they name."""
    schema = published(name)

    jsonschema.Draft202012Validator.check_schema(schema)
    assert schema["$schema"] == "https://json-schema.org/draft/2020-12/schema"


def test_the_published_schema_of_the_tool_file_is_the_present_one() -> None:
    """After a change of the dataclasses `python -m conformance.schema` writes it anew."""
    assert published("tool") == tool_schema()


def test_a_complete_tool_file_is_valid() -> None:
    """Every key is known to the schema."""
    assert problems(COMPLETE) == []


def test_the_complete_file_is_complete() -> None:
    """A key that the schema knows and the example does not would be tested nowhere."""
    assert missing(published("tool"), COMPLETE) == []


def missing(schema: Any, table: Any, path: str = "") -> list[str]:
    """The keys of the schema's tables that a file leaves out."""
    if schema.get("type") == "array":
        return missing(schema["items"], table[0], f"{path}[0]") if isinstance(table, list) else []
    properties = schema.get("properties", {}) if path != ".faults" else {}
    found = [f"{path}.{key}" for key in properties if key not in table]
    for key, inner in properties.items():
        if key in table:
            found += missing(inner, table[key], f"{path}.{key}")
    return found


def changed(*path: Any, value: Any) -> Any:
    """The complete file with another value at a place."""
    table = json.loads(json.dumps(as_json(COMPLETE)))
    inner = table
    for key in path[:-1]:
        inner = inner[key]
    inner[path[-1]] = value
    return table


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("tol",), {}),
        (("tool", "login_ulr"), "x"),
        (("tool", "login_url"), 5),
        (("tool", "ready_timeout_s"), "30"),
        (("platform", "second"), {"issuer": "x"}),
        (("profile", "order"), ["1001"]),
        (("rulings", "x"), 1.5),
        (("observe", "status", "401"), "secure"),
        (("observe", "names", "mail"), {"typ": "TokenExpired"}),
        (("observe", "error", 0), {"kind": "htlm"}),
        (("observe", "error", 0), {"css": "p"}),
        (("capabilities", "lti_versions"), ["2.0"]),
        (("persona", 0, "roles"), "Instructor"),
        (("faults", "class.creat"), {"driver": "callback"}),
        (("faults", "class.create"), {"driver": "telepathy"}),
        (("waiver", 0), {"scenario": "a/b"}),
        (("waiver", 0, "expires"), "soon"),
    ],
)
def test_what_the_loader_refuses_the_schema_refuses(path: Any, value: Any) -> None:
    """An editor shows the slip before a run does."""
    assert problems(changed(*path, value=value))


def test_a_tool_file_needs_its_two_addresses() -> None:
    """Nothing else is required, and LTI 1.1 has one alone."""
    assert problems({"tool": {"lti11_launch_url": "http://127.0.0.1/a"}}) == []
    assert problems({"tool": {"login_url": "http://127.0.0.1/a", "launch_url": "http://127.0.0.1/b"}}) == []
    assert problems({"tool": {"login_url": "http://127.0.0.1/a"}})
    assert problems({})


def test_the_schema_knows_every_channel_and_fault_point() -> None:
    """What a folder holds is listed."""
    properties = published("tool")["properties"]

    assert properties["observe"]["properties"]["error"]["items"]["properties"]["kind"]["enum"] == list(extractors())
    bindable = [
        point.name
        for point in fault_points().values()
        if any(hasattr(drivers()[kind], "Settings") for kind in reachable(point))
    ]
    assert list(properties["faults"]["properties"]) == bindable
    assert "jwks.fetch" not in bindable
