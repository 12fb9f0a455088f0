"""TOML tables become dataclasses; whatever is wrong in a table becomes one line that says where and what."""

from __future__ import annotations

import dataclasses
import datetime as dt
import difflib
import re
import tomllib
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping
from enum import StrEnum
from functools import cache
from types import MappingProxyType, NoneType, UnionType
from typing import TYPE_CHECKING, Any, Final, Literal, TypeVar, Union, get_args, get_origin, get_type_hints

from mockplatform.errors import UsageError

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["build", "keyed", "named", "read_toml"]

T = TypeVar("T")
K = TypeVar("K", bound=Hashable)

_NAMES: Final[dict[type, str]] = {
    str: "a string",
    bool: "true or false",
    int: "an integer",
    float: "a number",
    dt.datetime: "a date with a time",
    dt.date: "a date",
    dt.time: "a time",
    list: "an array",
    tuple: "an array",
    dict: "a table",
    Mapping: "a table",
    NoneType: "nothing",
}
_SCALARS: Final = (str, bool, int, float, dt.datetime, dt.date, dt.time)
_BARE_KEY: Final = re.compile(r"[A-Za-z0-9_-]+")
_LONGEST_ECHO: Final = 60


def read_toml(path: Path) -> dict[str, Any]:
    """The tables of a TOML file.

    Raises:
        UsageError: the file is missing, cannot be read or is not TOML.
    """
    try:
        return tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except FileNotFoundError:
        problem = "there is no such file"
    except OSError as error:
        problem = f"the file cannot be read: {error.strerror or error}"
    except UnicodeDecodeError as error:
        problem = f"not TOML: byte {error.start} is not UTF-8"
    except tomllib.TOMLDecodeError as error:
        problem = f"not TOML: {error}"
    raise UsageError(f"{path}: {problem}")


def named(key: str, **options: Any) -> Any:
    """A dataclass field that TOML calls by another name than Python does."""
    return dataclasses.field(metadata={"key": key}, **options)


def build(cls: type[T], table: Mapping[str, Any], *, where: str) -> T:
    """An instance of a dataclass from a table; `where` opens each message, array items count from 0.

    A `ValueError` from the dataclass's own `__post_init__` is reported as a fault of its table.

    Raises:
        UsageError: a key is unknown, missing or holds something else than the field's type.
    """
    made: T = _table(cls, table, _Place(where))
    return made


def keyed(items: Iterable[T], key: Callable[[T], K], *, where: str) -> Mapping[K, T]:
    """The items by key, in their order and for reading only.

    Raises:
        UsageError: two items have the same key.
    """
    found: dict[K, T] = {}
    for item in items:
        if key(item) in found:
            raise UsageError(f"{where}: {key(item)} stands there twice, expected once")
        found[key(item)] = item
    return MappingProxyType(found)


@dataclasses.dataclass(frozen=True, slots=True)
class _Place:
    where: str
    key: str = ""

    def member(self, key: str) -> _Place:
        name = key if _BARE_KEY.fullmatch(key) else repr(key)
        return _Place(self.where, f"{self.key}.{name}" if self.key else name)

    def item(self, index: int) -> _Place:
        return _Place(self.where, f"{self.key}[{index}]")

    def wrong(self, problem: str) -> UsageError:
        where = self.where.removesuffix(":")
        gap = " " if where.endswith("]") else ": "
        return UsageError(f"{where}{gap}{self.key}: {problem}" if self.key else f"{where}: {problem}")


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class _Entry:
    name: str
    hint: Any
    required: bool


@cache
def _entries(cls: Any) -> Mapping[str, _Entry]:
    hints = get_type_hints(cls)
    absent = dataclasses.MISSING
    return {
        field.metadata.get("key", field.name): _Entry(
            name=field.name,
            hint=hints[field.name],
            required=field.default is absent and field.default_factory is absent,
        )
        for field in dataclasses.fields(cls)
        if field.init
    }


def _convert(hint: Any, value: Any, place: _Place) -> Any:
    if hint is Any or hint is object:
        return value
    if dataclasses.is_dataclass(hint):
        return _table(hint, value, place)
    converter = _converter(hint)
    if converter is None:
        raise TypeError(f"{place.where}: no TOML value can fill a field of type {hint!r}")
    return converter(hint, value, place)


@cache
def _converter(hint: Any) -> Callable[[Any, Any, _Place], Any] | None:
    converter = _BY_ORIGIN.get(get_origin(hint) or hint)
    if converter is None and isinstance(hint, type) and issubclass(hint, StrEnum):
        return _enum
    return converter


def _table(cls: Any, value: Any, place: _Place) -> Any:
    if not isinstance(value, Mapping):
        raise place.wrong(_mismatch("a table", value))
    entries = _entries(cls)
    for key in value:
        if key not in entries:
            raise place.member(key).wrong(f"unknown key{_nearest(key, entries)}")
    for key, entry in entries.items():
        if entry.required and key not in value:
            raise place.member(key).wrong(f"missing, expected {_expected(entry.hint)}")
    arguments = {entries[key].name: _convert(entries[key].hint, item, place.member(key)) for key, item in value.items()}
    try:
        return cls(**arguments)
    except ValueError as error:
        raise place.wrong(str(error)) from error


def _scalar(hint: Any, value: Any, place: _Place) -> Any:
    if not _fits(hint, value):
        raise place.wrong(_mismatch(_NAMES[hint], value))
    try:
        return float(value) if hint is float else value
    except OverflowError:
        raise place.wrong("the number is too large") from None


def _array(hint: Any, value: Any, place: _Place) -> Any:
    if not _fits(hint, value):
        raise place.wrong(_mismatch("an array", value))
    item_hint, *rest = get_args(hint) or (Any,)
    if rest != [Ellipsis]:
        raise TypeError(f"{place.where}: of the tuples only tuple[X, ...] can be filled, not {hint!r}")
    return tuple(_convert(item_hint, item, place.item(index)) for index, item in enumerate(value))


def _mapping(hint: Any, value: Any, place: _Place) -> Any:
    if not isinstance(value, Mapping):
        raise place.wrong(_mismatch("a table", value))
    _, item_hint = get_args(hint) or (str, Any)
    return {key: _convert(item_hint, item, place.member(key)) for key, item in value.items()}


def _literal(hint: Any, value: Any, place: _Place) -> Any:
    for choice in get_args(hint):
        if type(choice) is type(value) and choice == value:
            return choice
    raise place.wrong(_not_a_choice(get_args(hint), value))


def _enum(hint: Any, value: Any, place: _Place) -> Any:
    choices = [member.value for member in hint]
    if value not in choices:
        raise place.wrong(_not_a_choice(choices, value))
    return hint(value)


def _union(hint: Any, value: Any, place: _Place) -> Any:
    members = [member for member in get_args(hint) if member is not NoneType]
    if value is None and len(members) < len(get_args(hint)):
        return None
    # The exact type first: `float | int` must not turn 1 into 1.0.
    candidates = sorted(
        (member for member in members if len(members) == 1 or _fits(member, value)),
        key=lambda member: member is not type(value),
    )
    if len(candidates) == 1:
        return _convert(candidates[0], value, place)
    problems = []
    for member in candidates:
        try:
            return _convert(member, value, place)
        except UsageError as error:
            problems.append(error)
    # Of two kinds of table the first is the common one; of two lists of choices none is.
    raise problems[0] if isinstance(value, Mapping) else place.wrong(_mismatch(_expected(hint), value))


_BY_ORIGIN: Final[dict[Any, Callable[[Any, Any, _Place], Any]]] = {
    **dict.fromkeys(_SCALARS, _scalar),
    Literal: _literal,
    Union: _union,
    UnionType: _union,
    tuple: _array,
    dict: _mapping,
    Mapping: _mapping,
}


def _fits(hint: Any, value: Any) -> bool:
    """Whether the value has the shape of the hint, its members unseen."""
    if hint is Any or hint is object:
        return True
    if dataclasses.is_dataclass(hint) or get_origin(hint) in (dict, Mapping) or hint in (dict, Mapping):
        return isinstance(value, Mapping)
    if tuple in (hint, get_origin(hint)):
        return isinstance(value, list | tuple)
    if get_origin(hint) is Literal:
        return type(value) in {type(choice) for choice in get_args(hint)}
    if hint is str or (isinstance(hint, type) and issubclass(hint, StrEnum)):
        return isinstance(value, str)
    # bool is a subclass of int, and datetime of date: only the exact type will do.
    return type(value) is hint or (hint is float and type(value) is int)


def _expected(hint: Any) -> str:
    return _either(_alternatives(hint))


def _alternatives(hint: Any) -> Iterator[str]:
    origin = get_origin(hint) or hint
    if origin in (Union, UnionType):
        for member in get_args(hint):
            yield from () if member is NoneType else _alternatives(member)
    elif origin is Literal:
        yield from map(repr, get_args(hint))
    elif isinstance(origin, type) and issubclass(origin, StrEnum):
        yield from (repr(member.value) for member in origin)
    else:
        yield "a table" if dataclasses.is_dataclass(origin) else _NAMES.get(origin, "a value")


def _mismatch(expected: str, value: Any) -> str:
    # The type and never the value: it may be a secret in the wrong place.
    kinds = (kind for kind in _NAMES if type(value) is kind)
    return f"expected {expected}, got {_NAMES[kind] if (kind := next(kinds, None)) else type(value).__name__}"


def _not_a_choice(choices: Iterable[Any], value: Any) -> str:
    known = [repr(choice) for choice in choices]
    got = repr(value) if len(repr(value)) <= _LONGEST_ECHO else f"{repr(value)[:_LONGEST_ECHO]}…"
    close = difflib.get_close_matches(repr(value), known, n=1)
    return f"expected {_either(known)}, got {got}" + (f"; did you mean {close[0]}?" if close else "")


def _nearest(key: str, known: Iterable[str]) -> str:
    keys = list(known)
    close = difflib.get_close_matches(key, keys, n=1)
    return f"; did you mean {close[0]!r}?" if close else f", expected {_either(keys)}"


def _either(words: Iterable[str]) -> str:
    *others, last = dict.fromkeys(words)
    return f"{', '.join(others)} or {last}" if others else last
