"""Named functions whose keyword arguments a user sets: their parameters, described and checked.

A parameter is described by its annotation and its default: `code: Annotated[int, Within(200, 599)] = 503`.
"""

from __future__ import annotations

import difflib
import inspect
import re
import types
import typing
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from mockplatform.errors import UsageError

__all__ = ["Matching", "NamedFunction", "Parameter", "Within", "described", "near_miss", "public_functions"]

Type = Literal["string", "integer", "number", "boolean", "object"]

_TYPES: Mapping[Any, Type] = {str: "string", int: "integer", float: "number", bool: "boolean"}
_ACCEPTED: Mapping[Type, tuple[type, ...]] = {
    "string": (str,),
    "integer": (int,),
    "number": (int, float),
    "boolean": (bool,),
    "object": (dict,),
}


@dataclass(frozen=True, slots=True)
class Within:
    """Annotates a number with the range that it must lie in, both ends included."""

    least: float
    most: float


@dataclass(frozen=True, slots=True)
class Matching:
    """Annotates a text with the regular expression that all of it must match.

    Args:
        told: what that is, for whoever gives another text.
    """

    pattern: str
    told: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameter:
    """One argument of a named function; `default` is None where it is required."""

    name: str
    type: Type
    required: bool
    default: Any = None
    choices: tuple[str, ...] = ()
    least: float | None = None
    most: float | None = None
    pattern: str = ""
    told: str = ""

    @property
    def expected(self) -> str:
        """What may be given, in words."""
        if self.choices:
            return "one of " + ", ".join(self.choices)
        some = f"{'an' if self.type[0] in 'io' else 'a'} {self.type}"
        if self.least is not None:
            return f"{some} from {self.least} to {self.most}"
        return self.told or some

    def accepts(self, value: object) -> bool:
        """Whether a JSON value may be given for it."""
        # bool is a subclass of int.
        if not isinstance(value, _ACCEPTED[self.type]) or (isinstance(value, bool) and self.type != "boolean"):
            return False
        if self.choices:
            return value in self.choices
        if self.least is not None and self.most is not None:
            return isinstance(value, (int, float)) and self.least <= value <= self.most
        return not self.pattern or re.fullmatch(self.pattern, str(value)) is not None


@dataclass(frozen=True, slots=True, kw_only=True)
class NamedFunction:
    """A function that a user can name, and what it takes."""

    name: str
    summary: str
    parameters: Mapping[str, Parameter]
    function: Callable[..., Any]

    def check(self, settings: Mapping[str, Any], *, where: str) -> None:
        """Make sure that the function can be called with these settings.

        Args:
            where: how a complaint begins.

        Raises:
            UsageError: one is unknown, missing, of another type or out of range.
        """
        for name, value in settings.items():
            if name not in self.parameters:
                takes = ", ".join(self.parameters) or "none"
                hint = near_miss(name, self.parameters)
                raise UsageError(f"{where}: '{self.name}' has no setting '{name}'{hint} (it takes: {takes})")
            parameter = self.parameters[name]
            if not parameter.accepts(value):
                raise UsageError(f"{where}: {self.name}.{name} is {value!r}, expected {parameter.expected}")
        for parameter in self.parameters.values():
            if parameter.required and parameter.name not in settings:
                raise UsageError(f"{where}: '{self.name}' needs the setting '{parameter.name}': {parameter.expected}")


def described(name: str, function: Callable[..., Any]) -> NamedFunction:
    """A function as its signature and docstring describe it; its keyword-only arguments are the parameters."""
    hints = typing.get_type_hints(function, include_extras=True)
    keyword = (p for p in inspect.signature(function).parameters.values() if p.kind is p.KEYWORD_ONLY)
    return NamedFunction(
        name=name,
        summary=(inspect.getdoc(function) or "").partition("\n")[0],
        parameters={p.name: _parameter(p, hints[p.name]) for p in keyword},
        function=function,
    )


def _parameter(parameter: inspect.Parameter, hint: Any) -> Parameter:
    bare, *notes = typing.get_args(hint) if typing.get_origin(hint) is typing.Annotated else (hint,)
    choices = typing.get_args(bare) if typing.get_origin(bare) is Literal else ()
    within = next((note for note in notes if isinstance(note, Within)), None)
    matching = next((note for note in notes if isinstance(note, Matching)), None)
    required = parameter.default is parameter.empty
    return Parameter(
        name=parameter.name,
        type="string" if choices else _TYPES.get(bare, "object"),
        required=required,
        default=None if required else parameter.default,
        choices=choices,
        least=within.least if within else None,
        most=within.most if within else None,
        pattern=matching.pattern if matching else "",
        told=matching.told if matching else "",
    )


def public_functions(module: types.ModuleType) -> dict[str, Callable[..., Any]]:
    """The functions that a module defines, but for those whose names begin with `_`."""
    return {
        name: value
        for name, value in vars(module).items()
        if inspect.isfunction(value) and value.__module__ == module.__name__ and not name.startswith("_")
    }


def near_miss(name: str, known: Iterable[str]) -> str:
    """The end of a complaint about an unknown name: the known one that looks most like it."""
    near = difflib.get_close_matches(name, list(known), n=1)
    return f"; did you mean '{near[0]}'?" if near else ""
