"""Texts of a dossier without secrets and without characters that no file can hold. Pure.

Each text of each value is looked through, whatever it is for, so that a field that is added later is safe as well:
first for the secrets that are known, then for what looks like one by its name or by itself. Whatever is cut is cut
afterwards, since the rest of a secret does not look like one.

What has been looked through is remembered by a `Clearing`, which belongs to the making of one report and ends with it:
nothing here outlives that, since each text may be a secret of a tool.
"""

from __future__ import annotations

import functools
import hashlib
import operator
from collections.abc import Mapping, Sequence
from dataclasses import fields, is_dataclass, replace
from typing import Any, Final, TypeVar

from conformance.exchanges.known_secrets import Form, forms_of, ways_of, without
from conformance.exchanges.legs import Line, Reply
from mockplatform.telling.masking import masked_headers, masked_named, masked_text

__all__ = ["NOTHING", "Clearing", "cleared"]

T = TypeVar("T")

NOTHING: Final[frozenset[str]] = frozenset()
_NUMBERS: Final = (int, float)
_LISTS: Final = (tuple, list)
_OURS: Final = frozenset(
    {"asker", "cause", "channel", "id", "klass", "outcome", "profile", "requirement", "schema", "severity", "status"}
)
"""Fields whose words are the harness's own: somebody may have one of them for a password."""
_SHORT: Final = 2000
"""As many characters has a text that is remembered as it is; of a longer one a digest is."""
_MOST: Final = 4096
"""As many texts are remembered at a time."""


def cleared(value: T, known: frozenset[str] = NOTHING) -> T:
    """The value, each of its texts without secrets; what holds none is the same object.

    Args:
        known: secrets by their values.
    """
    return Clearing().cleared(value, known)


class Clearing:
    """Clears values, and looks only once through a text in which nothing was found."""

    __slots__ = ("_clean", "_forms", "_known", "_ways")

    def __init__(self) -> None:
        self._clean: set[str | bytes] = set()
        self._known = NOTHING
        self._ways: Mapping[str, frozenset[str]] = {}
        self._forms: tuple[Form, ...] = ()

    def cleared(self, value: T, known: frozenset[str] = NOTHING) -> T:
        """The value, each of its texts without secrets; what holds none is the same object.

        Args:
            known: secrets by their values.
        """
        told: T = self._value(value, self._forms_of(known))
        return told

    def unknown_to(self, text: str, known: frozenset[str]) -> str:
        """The text without these secrets; what only looks like one stays."""
        return without(text, self._forms_of(known))

    def _forms_of(self, known: frozenset[str]) -> tuple[Form, ...]:
        if known != self._known:
            # Those of the tool file are known of the next result as well.
            self._ways = {secret: self._ways.get(secret) or ways_of(secret) for secret in known}
            self._known, self._forms = known, forms_of(self._ways.values())
        return self._forms

    def _value(self, value: Any, forms: tuple[Form, ...]) -> Any:
        if isinstance(value, str):
            safe = self._text(without(value, forms) if forms and value else value)
            return value if safe == value else safe
        if value is None or isinstance(value, _NUMBERS):
            return value
        if isinstance(value, _LISTS):
            return _same(value, tuple(self._value(one, forms) for one in value))
        if isinstance(value, Mapping):
            return self._table(value, forms)
        if isinstance(value, Line):
            value = _line(value)
        elif isinstance(value, Reply):
            value = _reply(value)
        changed = {}
        kind: type = type(value)
        for name in _names(kind):
            old = getattr(value, name)
            # Most fields of most results are empty, and what is empty hides nothing.
            new = self._value(old, () if name in _OURS else forms) if old else old
            if new is not old:
                changed[name] = new
        return replace(value, **changed) if changed else value

    def _table(self, table: Mapping[Any, Any], forms: tuple[Form, ...]) -> Mapping[Any, Any]:
        told = {self._value(key, forms): self._member(key, held, forms) for key, held in table.items()}
        is_same = len(told) == len(table) and all(told.get(key, table) is held for key, held in table.items())
        return table if is_same else told

    def _member(self, key: Any, held: Any, forms: tuple[Form, ...]) -> Any:
        """A member of a table, masked by its name as well; a list of such has the same name."""
        if isinstance(held, _LISTS):
            return _same(held, tuple(self._member(key, one, forms) for one in held))
        named = masked_named(key, held) if isinstance(held, str) and isinstance(key, str) else held
        return self._value(named, forms)

    def _text(self, text: str) -> str:
        if text in self._clean:
            return text
        sound = text.encode("utf-8", "replace")
        mark = text if len(text) <= _SHORT else hashlib.blake2b(sound, digest_size=32).digest()
        if mark in self._clean:
            return sound.decode("utf-8")
        safe = masked_text(sound.decode("utf-8"))
        if safe == text:
            self._remember(mark)
        return safe

    def _remember(self, mark: str | bytes) -> None:
        if len(self._clean) >= _MOST:
            self._clean.clear()
        self._clean.add(mark)


@functools.cache
def _names(kind: type) -> tuple[str, ...]:
    """The fields of a dataclass; nothing else has any."""
    return tuple(field.name for field in fields(kind) if field.init) if is_dataclass(kind) else ()


def _same(value: Sequence[Any], held: tuple[Any, ...]) -> Sequence[Any]:
    """The list as it was, if all that it holds is."""
    return value if all(map(operator.is_, held, value)) else held


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
