"""Records as JSON values and back, by the types of their fields."""

from __future__ import annotations

import functools
import json
from collections.abc import Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, TypeVar

from mockplatform.store import Kind

if TYPE_CHECKING:
    from cattrs import Converter

__all__ = ["read", "structured", "text", "told"]

T = TypeVar("T")


@functools.cache
def _converter() -> Converter:
    # A platform in memory that nobody controls tells no records.
    from cattrs.preconf.json import make_converter

    converter = make_converter(detailed_validation=False)
    # Read-only views stand in many records and are no class that the library knows.
    converter.register_unstructure_hook_func(lambda cls: cls is MappingProxyType, _members)
    return converter


def _members(value: Mapping[str, Any]) -> dict[str, Any]:
    return {name: told(member) for name, member in value.items()}


def told(value: Any) -> Any:
    """A record as a JSON value; bytes are told in base 85."""
    return _converter().unstructure(value)


def structured(value: Any, cls: Any) -> Any:
    """The record of a type that was told."""
    return _converter().structure(value, cls)


def text(kind: Kind[T], value: T) -> str:
    """A record as JSON in ASCII: every database takes it, whatever a mutation has put into it."""
    return json.dumps(told(value) if kind.encode is None else kind.encode(value), separators=(",", ":"))


def read(kind: Kind[T], written: str) -> T:
    """The record that a text holds."""
    value = json.loads(written)
    record: T = structured(value, kind.type) if kind.decode is None else kind.decode(value)
    return record
