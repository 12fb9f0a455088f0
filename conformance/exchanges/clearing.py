"""Texts of a dossier without secrets and without characters that no file can hold. Pure.

Each text of each value is looked through, whatever it is for, so that a field that is added later is safe as well:
first for the secrets that are known, then for what looks like one by its name or by itself. Whatever is cut is cut
afterwards, since the rest of a secret does not look like one.
"""

from __future__ import annotations

import functools
from collections.abc import Mapping
from dataclasses import fields, is_dataclass, replace
from typing import Any, Final, TypeVar

from conformance.exchanges.known_secrets import unknown_to
from conformance.exchanges.legs import Line, Reply
from mockplatform.telling.masking import masked_headers, masked_named, masked_text

__all__ = ["NOTHING", "cleared"]

T = TypeVar("T")

NOTHING: Final[frozenset[str]] = frozenset()
_OURS: Final = frozenset(
    {"asker", "cause", "channel", "id", "klass", "outcome", "profile", "requirement", "schema", "severity", "status"}
)
"""Fields whose words are the harness's own: somebody may have one of them for a password."""


def cleared(value: T, known: frozenset[str] = NOTHING) -> T:
    """The value, each of its texts without secrets; what holds none is the same object.

    Args:
        known: secrets by their values.
    """
    told: T = _cleared(value, known)
    return told


def _cleared(value: Any, known: frozenset[str]) -> Any:
    if value is None or isinstance(value, int | float):
        return value
    if isinstance(value, str):
        safe = _text(unknown_to(value, known) if known else value)
        return value if safe == value else safe
    if isinstance(value, Line):
        value = _line(value)
    if isinstance(value, Reply):
        value = _reply(value)
    if is_dataclass(value) and not isinstance(value, type):
        changed = {}
        for name in _names(type(value)):
            old = getattr(value, name)
            new = _cleared(old, NOTHING if name in _OURS else known)
            if new is not old:
                changed[name] = new
        return replace(value, **changed) if changed else value
    if isinstance(value, Mapping):
        return {_cleared(key, known): _member(key, held, known) for key, held in value.items()}
    if isinstance(value, tuple | list):
        held = tuple(_cleared(one, known) for one in value)
        return value if all(new is old for new, old in zip(held, value, strict=True)) else held
    return value


@functools.cache
def _names(kind: type) -> tuple[str, ...]:
    return tuple(field.name for field in fields(kind) if field.init)


def _member(key: Any, held: Any, known: frozenset[str]) -> Any:
    """A member of a table, masked by its name as well; a list of such has the same name."""
    if isinstance(held, tuple | list):
        return tuple(_member(key, one, known) for one in held)
    return _cleared(masked_named(key, held) if isinstance(held, str) and isinstance(key, str) else held, known)


def _line(line: Line) -> Line:
    """A parameter, header or claim, masked by its name as well."""
    value, was = (masked_named(line.name, said) if said else said for said in (line.value, line.was))
    return line if (value, was) == (line.value, line.was) else replace(line, value=value, was=was)


def _reply(reply: Reply) -> Reply:
    """What came back: of these names it is known that they are headers."""
    headers = tuple(_header(line) for line in reply.headers)
    return reply if headers == reply.headers else replace(reply, headers=headers)


def _header(line: Line) -> Line:
    value = masked_headers(((line.name, line.value),))[0][1] if line.value else line.value
    return line if value == line.value else replace(line, value=value)


@functools.lru_cache(maxsize=4096)
def _text(text: str) -> str:
    return masked_text(text.encode("utf-8", "replace").decode("utf-8"))
