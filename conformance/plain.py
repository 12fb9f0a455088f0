"""Dataclasses as JSON has them: the inverse of `mockplatform.tables.build`. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from typing import Any

__all__ = ["plain"]


def plain(value: Any) -> Any:
    """The value as objects, arrays and scalars; a field is called as its table calls it."""
    if is_dataclass(value):
        return {field.metadata.get("key", field.name): plain(getattr(value, field.name)) for field in fields(value)}
    if isinstance(value, Mapping):
        return {key: plain(held) for key, held in value.items()}
    if isinstance(value, tuple | list):
        return [plain(held) for held in value]
    return value
