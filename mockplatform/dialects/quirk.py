"""Quirks: what distinguishes the honest launches of one platform from those of another.

A quirk is a pure function whose first argument is an honest stage of a launch (or a person, a course, a link: their
ids are a platform's own), whose second is the launch, and whose third is its setting; it returns a new value of that
stage. `quirks/*.py` holds them; the file name and the function name make the name: `id_token.aud`. Quirks that change
no stage stand there as data, in `DECLARED`, and are read by whoever does what they are about. A quirk is legal by the
standards, or its `breaks` says which of its settings is not.
"""

from __future__ import annotations

import difflib
import functools
import importlib
import inspect
import json
import pkgutil
import types
import typing
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from types import ModuleType
from typing import Any, Final

from mockplatform.errors import UsageError

__all__ = ["Quirk", "declared", "named_quirk", "quirk", "quirks", "setting_of"]

_KINDS: Final[Mapping[type, str]] = {
    bool: "true or false",
    int: "a whole number",
    str: "a text",
    tuple: "a list of texts",
    dict: "an object",
}
_MOST: Final = 31_536_000
"""Seconds: a year, which is also more than any page holds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Quirk:
    """One way in which platforms differ.

    Args:
        neutral: the setting of a platform without quirks; its type is that of every setting.
        choices: the settings that there are, or, of a list, its entries; none: any of the right type.
        breaks: settings that real platforms have and that break a rule, with the rule.
        most: the largest setting of one that is a number.
        stages: what its function shapes; none: it is read by whoever does what it is about.
    """

    name: str
    summary: str
    neutral: Any
    reference: str
    choices: tuple[str, ...] = ()
    breaks: Mapping[str, str] = field(default_factory=dict)
    most: int = _MOST
    stages: tuple[type[Any], ...] = ()
    function: Callable[..., Any] | None = None

    @property
    def expected(self) -> str:
        """What a setting may be, in words."""
        kind = _KINDS[type(self.neutral)]
        return f"{kind} out of {', '.join(self.choices)}" if self.choices else kind

    def checked(self, setting: Any, where: str) -> Any:
        """The setting, a list as a tuple.

        Raises:
            UsageError: the quirk has no such setting.
        """
        given = tuple(setting) if isinstance(setting, list) else setting
        fits = type(given) is type(self.neutral)
        if fits and isinstance(given, tuple):
            fits = all(isinstance(entry, str) and (not self.choices or entry in self.choices) for entry in given)
        elif fits and self.choices:
            fits = given in self.choices
        large = fits and isinstance(given, int) and given > self.most
        if fits and not large and not (isinstance(given, int) and given < 0):
            return given
        bound = f" up to {self.most}" if large else ""
        raise UsageError(f"{where}: quirk '{self.name}' is {setting!r}, expected {self.expected}{bound}")


def quirk(
    reference: str,
    *,
    neutral: Any,
    choices: tuple[str, ...] = (),
    breaks: Mapping[str, str] | None = None,
    most: int = _MOST,
) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Mark a function as a quirk about the given section; its docstring is the summary, the rest is as in `Quirk`."""

    def mark(function: Callable[..., Any]) -> Callable[..., Any]:
        hints = typing.get_type_hints(function)
        first = next(iter(inspect.signature(function).parameters))
        union = isinstance(hints[first], types.UnionType)
        function.__lti_quirk__ = Quirk(  # type: ignore[attr-defined]
            name=f"{function.__module__.rpartition('.')[2]}.{function.__name__}",
            summary=inspect.getdoc(function) or "",
            neutral=neutral,
            reference=reference,
            choices=choices,
            breaks=breaks or {},
            most=most,
            stages=typing.get_args(hints[first]) if union else (hints[first],),
            function=function,
        )
        return function

    return mark


def declared(
    name: str, summary: str, reference: str, *, neutral: Any, choices: tuple[str, ...] = (), breaks: str = ""
) -> Quirk:
    """A quirk without a function.

    Args:
        breaks: the rule that every setting but the neutral one breaks.
    """
    broken = dict.fromkeys((str(choice) for choice in choices or (True,) if choice != neutral), breaks)
    return Quirk(
        name=name,
        summary=summary,
        neutral=neutral,
        reference=reference,
        choices=choices,
        breaks=broken if breaks else {},
    )


@functools.cache
def quirks() -> Mapping[str, Quirk]:
    """Every quirk by name in the order in which they are applied, found by walking the folder `quirks`."""
    package = importlib.import_module("mockplatform.quirks")
    names = sorted(info.name for info in pkgutil.iter_modules(package.__path__))
    modules = (importlib.import_module(f"{package.__name__}.{name}") for name in names)
    return {found.name: found for module in modules for found in _of(module)}


def _of(module: ModuleType) -> Iterator[Quirk]:
    for value in vars(module).values():
        if getattr(value, "__module__", None) == module.__name__ and hasattr(value, "__lti_quirk__"):
            yield value.__lti_quirk__
    yield from getattr(module, "DECLARED", ())


def named_quirk(name: str, *, where: str) -> Quirk:
    """The quirk of a name; the part behind its dot will do where only one has it.

    Raises:
        UsageError: there is none, or more than one.
    """
    known = quirks()
    short = [full for full in known if full.partition(".")[2] == name]
    if name in known or len(short) == 1:
        return known[name if name in known else short[0]]
    if short:
        raise UsageError(f"{where}: quirk '{name}' may be {' or '.join(short)}; write one of them")
    raise UsageError(f"{where}: unknown quirk '{name}'{_nearest(name, known)}")


def _nearest(name: str, known: Iterable[str]) -> str:
    names = {full.partition(".")[2]: full for full in known} | {full: full for full in known}
    near = difflib.get_close_matches(name, names, n=1, cutoff=0.7)
    return f"; did you mean '{names[near[0]]}'?" if near else "; `lti-conformance list --quirks` shows all"


def setting_of(text: str, *, where: str) -> tuple[str, Any]:
    """The full name and the setting that a text such as `id_token.aud=array_of_one` switches on.

    A list is written with commas, an object as JSON.

    Raises:
        UsageError: it is no such text, or names something unknown.
    """
    name, equals, value = text.partition("=")
    if not equals:
        raise UsageError(f"{where}: '{text}' is no quirk with its setting, such as id_token.aud=array_of_one")
    found = named_quirk(name.strip(), where=where)
    return found.name, found.checked(_read(value, found), where)


def _read(text: str, wanted: Quirk) -> Any:
    """A setting as it is typed; what cannot be read stays text, for the check to refuse."""
    if isinstance(wanted.neutral, str):
        return text
    if isinstance(wanted.neutral, tuple):
        return tuple(part.strip() for part in text.split(",") if part.strip())
    try:
        return json.loads(text)
    except ValueError:
        return text
