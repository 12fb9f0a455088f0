"""Mutations: named lies about one stage of a launch.

A mutation is a pure function whose first argument is a stage and which returns a new value of that stage; its
keyword arguments are its parameters. One that needs to know more than the value (an earlier launch, another
registration) takes a `Context` as its second argument. `mutations/*.py` holds them; the file name and the
function name make the name: `claims.expired`. A call is written as in Python: `claims.expired(by_s=60)`.
"""

from __future__ import annotations

import ast
import difflib
import functools
import importlib
import inspect
import pkgutil
import typing
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final, TypeVar

from mockplatform.errors import UsageError
from mockplatform.keys import KeyRing
from mockplatform.model import AuthRequest, AuthResponse, IdToken, Launch, Params, Registration, SignedLaunch, Stage

__all__ = [
    "Context",
    "Earlier",
    "Mutation",
    "NotApplicableError",
    "Spoilt",
    "bind",
    "claims_of",
    "header_of",
    "mutation",
    "mutations",
    "through",
]

AnyStage = TypeVar("AnyStage", bound=Stage)
LONGEST_TEXT: Final = 100_000
_SHOWN: Final = 80


class NotApplicableError(Exception):
    """The value has no place for this lie, for instance because an earlier mutation took it away."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Earlier:
    """What a mutation may take from a launch sent before this one in the same scenario."""

    auth_request: AuthRequest | None = None
    response: AuthResponse | None = None
    signed: SignedLaunch | None = None
    """The form of an LTI 1.1 launch."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """What a mutation may know beside the value that it spoils."""

    launch: Launch
    keys: KeyRing
    canary_url: str
    """Serves the attacker's key set; nobody ought to ask for it."""
    earlier: tuple[Earlier, ...] = ()
    second: Registration | None = None
    """The same tool as another registered platform knows it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Mutation:
    """A named lie, its stage and the section that it breaks."""

    name: str
    stage: type[Any]
    summary: str
    reference: str
    parameters: Mapping[str, inspect.Parameter]
    wants_context: bool
    function: Callable[..., Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Spoilt:
    """A mutation with its parameters; its text can be typed back in."""

    mutation: Mutation
    arguments: Mapping[str, Any]

    def __str__(self) -> str:
        inside = ", ".join(f"{name}={value!r}" for name, value in self.arguments.items())
        return f"{self.mutation.name}({inside})" if inside else self.mutation.name

    def __call__(self, value: AnyStage, context: Context) -> AnyStage:
        """The spoilt value."""
        extra = (context,) if self.mutation.wants_context else ()
        return typing.cast("AnyStage", self.mutation.function(value, *extra, **self.arguments))


def mutation(reference: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Mark a function as a mutation that breaks the given section."""

    def mark(function: Callable[..., Any]) -> Callable[..., Any]:
        function.__lti_reference__ = reference  # type: ignore[attr-defined]
        return function

    return mark


@functools.cache
def mutations() -> Mapping[str, Mutation]:
    """Every mutation by name, found by walking the folder `mutations`."""
    package = importlib.import_module("mockplatform.mutations")
    found: dict[str, Mutation] = {}
    for info in sorted(pkgutil.iter_modules(package.__path__), key=lambda info: info.name):
        module = importlib.import_module(f"{package.__name__}.{info.name}")
        for name, function in vars(module).items():
            if hasattr(function, "__lti_reference__") and function.__module__ == module.__name__:
                found[f"{info.name}.{name}"] = _described(f"{info.name}.{name}", function)
    return found


def _described(name: str, function: Callable[..., Any]) -> Mutation:
    hints = typing.get_type_hints(function)
    positional = [p for p in inspect.signature(function).parameters.values() if p.kind is not p.KEYWORD_ONLY]
    keyword = {n: p for n, p in inspect.signature(function).parameters.items() if p.kind is p.KEYWORD_ONLY}
    return Mutation(
        name=name,
        stage=hints[positional[0].name],
        summary=inspect.getdoc(function) or "",
        reference=function.__lti_reference__,  # type: ignore[attr-defined]
        parameters={n: p.replace(annotation=hints[n]) for n, p in keyword.items()},
        wants_context=len(positional) > 1,
        function=function,
    )


def bind(text: str, *, where: str) -> Spoilt:
    """The mutation that a text such as `claims.expired(by_s=60)` names.

    Raises:
        UsageError: the text is no call, is too long, or names an unknown mutation or parameter.
    """
    name, arguments = _parsed(text, where)
    known = mutations()
    if name not in known:
        near = difflib.get_close_matches(name, known, n=1)
        hint = f"; did you mean '{near[0]}'?" if near else "; `lti-conformance list --mutations` shows all"
        raise UsageError(f"{where}: unknown mutation '{name}'{hint}")
    parameters = known[name].parameters
    for argument, value in arguments.items():
        if argument not in parameters:
            takes = ", ".join(parameters) or "none"
            raise UsageError(f"{where}: mutation '{name}' has no parameter '{argument}' (it takes: {takes})")
        _check_type(value, parameters[argument], f"{where}: mutation '{name}': parameter '{argument}'")
    for parameter in parameters.values():
        if parameter.default is parameter.empty and parameter.name not in arguments:
            raise UsageError(f"{where}: mutation '{name}' needs the parameter '{parameter.name}'")
    spoilt = Spoilt(mutation=known[name], arguments=arguments)
    # It is kept by its own text, which may be longer than the one that was typed.
    _check_length(str(spoilt), where)
    return spoilt


def _parsed(text: str, where: str) -> tuple[str, Mapping[str, Any]]:
    _check_length(text, where)
    shown = text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…"
    unreadable = UsageError(f"{where}: '{shown}' is not a mutation such as claims.expired(by_s=60)")
    try:
        node = ast.parse(text, mode="eval").body
        call = node if isinstance(node, ast.Call) else ast.Call(func=node, args=[], keywords=[])
        arguments = {k.arg: ast.literal_eval(k.value) for k in call.keywords}
        # A number too long to be written in digits could not be told again.
        name, _told = ast.unparse(call.func), repr(arguments)
    except (SyntaxError, ValueError, TypeError, MemoryError, RecursionError):
        raise unreadable from None
    if call.args or None in arguments or len(arguments) < len(call.keywords) or len(name) > _SHOWN:
        raise unreadable
    return name, {str(argument): value for argument, value in arguments.items()}


def _check_length(text: str, where: str) -> None:
    if len(text) > LONGEST_TEXT:
        raise UsageError(f"{where}: a mutation of {len(text)} characters, expected at most {LONGEST_TEXT}; shorten it")


def _check_type(value: object, parameter: inspect.Parameter, where: str) -> None:
    wanted = parameter.annotation
    if wanted not in (str, int, float, bool):
        return
    # bool is a subclass of int: only the exact type will do.
    if type(value) is not wanted and not (wanted is float and type(value) is int):
        raise UsageError(f"{where} is {value!r}, expected {wanted.__name__}")


def through(value: AnyStage, spoilts: Iterable[Spoilt], context: Context) -> AnyStage:
    """The value after every mutation of its stage, in their order."""
    for spoilt in spoilts:
        if spoilt.mutation.stage is type(value):
            value = spoilt(value, context)
    return value


def sent(params: Params, name: str, *, lacking: str) -> str:
    """The value of a parameter, the last one if it stands there twice.

    Args:
        lacking: how the complaint begins, such as `the form has no field`.

    Raises:
        NotApplicableError: it is not there, so no lie can be made of it.
    """
    found = dict(params)
    if name not in found:
        raise NotApplicableError(f"{lacking} {name}")
    return found[name]


class _Members(dict[str, Any]):
    """A JSON object from which no lie can be taken that an earlier one has removed."""

    def __missing__(self, name: str) -> Any:
        raise NotApplicableError(f"an earlier mutation has taken {name} away")


def claims_of(token: IdToken) -> dict[str, Any]:
    """A copy of the token's claims.

    Raises:
        NotApplicableError: the payload is raw bytes.
    """
    if isinstance(token.claims, bytes):
        raise NotApplicableError("the payload has been replaced by raw bytes")
    return _Members(token.claims)


def header_of(token: IdToken) -> dict[str, Any]:
    """A copy of the token's header.

    Raises:
        NotApplicableError: the header is raw bytes.
    """
    if isinstance(token.header, bytes):
        raise NotApplicableError("the header has been replaced by raw bytes")
    return _Members(token.header)
