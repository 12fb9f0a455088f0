"""Dataclasses as JSON has them: the inverse of `mockplatform.tables.build`. Pure."""

from __future__ import annotations

import functools
from collections.abc import Mapping, Sequence
from dataclasses import fields
from typing import Any

__all__ = ["plain"]


def plain(value: Any) -> Any:
    """The value as objects, arrays and scalars; a field is called as its table calls it."""
    # Most values are scalars, and a report has a hundred thousand of them.
    if value is None or isinstance(value, str | int | float):
        return value
    if isinstance(value, Mapping):
        return {key: plain(held) for key, held in value.items()}
    if isinstance(value, tuple | list):
        return [plain(held) for held in value]
    return {key: plain(getattr(value, name)) for key, name in _keys(value.__class__)}


@functools.cache
def _keys(cls: Any) -> Sequence[tuple[str, str]]:
    """The fields of a dataclass, each as its table calls it and by its name."""
    return [(field.metadata.get("key", field.name), field.name) for field in fields(cls)]
