"""Texts of a dossier without secrets and without characters that no file can hold. Pure.

Each text of each value is looked through, whatever it is for, so that a field that is added later is safe as well.
"""

from __future__ import annotations

import functools
from collections.abc import Mapping
from dataclasses import fields, is_dataclass, replace
from typing import Any, TypeVar

from conformance.legs import Line
from mockplatform.telling.masking import masked_headers, masked_params, masked_text

__all__ = ["cleared"]

T = TypeVar("T")


def cleared(value: T) -> T:
    """The value, each of its texts without secrets; what holds none is the same object."""
    told: T = _cleared(value)
    return told


def _cleared(value: Any) -> Any:
    if isinstance(value, str):
        safe = _text(value)
        return value if safe == value else safe
    if isinstance(value, Line):
        value = _line(value)
    if is_dataclass(value) and not isinstance(value, type):
        changed = {f.name: new for f in fields(value) if (new := _cleared(old := getattr(value, f.name))) is not old}
        return replace(value, **changed) if changed else value
    if isinstance(value, Mapping):
        return {_cleared(key): _cleared(held) for key, held in value.items()}
    if isinstance(value, tuple | list):
        held = tuple(map(_cleared, value))
        return value if all(new is old for new, old in zip(held, value, strict=True)) else held
    return value


def _line(line: Line) -> Line:
    """A parameter or header, masked by its name as well."""
    value, was = _named(line.name, line.value), _named(line.name, line.was)
    return line if (value, was) == (line.value, line.was) else replace(line, value=value, was=was)


def _named(name: str, value: str | None) -> str | None:
    if not value:
        return value
    return masked_headers(masked_params(((name, value),)))[0][1]


@functools.lru_cache(maxsize=4096)
def _text(text: str) -> str:
    return masked_text(text.encode("utf-8", "replace").decode("utf-8"))
