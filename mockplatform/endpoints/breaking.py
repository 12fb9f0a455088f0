"""The lies that somebody has picked on a page: from the fields of a form to mutations, and back to a form."""

from __future__ import annotations

import ast
import importlib
import importlib.metadata
import inspect
import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from mockplatform.errors import UsageError
from mockplatform.lms import Platform
from mockplatform.model import BasicLaunch, KeySet, Launch, SignedLaunch
from mockplatform.mutation import Context, Mutation, NotApplicableError, Spoilt, bind, mutations
from mockplatform.telling.rehearsal import idle_lies

__all__ = [
    "advice_of",
    "answers",
    "context_of",
    "is_by_lti11",
    "picked",
    "picked_names",
    "refuse_unfit",
    "rehearsed",
    "shown",
]

_LTI11 = (BasicLaunch, SignedLaunch)
_MAY_BE_BLANK = ("content_type", "text", "value")
"""Parameters that say what is sent; the others name something, and nothing is called nothing."""
_EARLIER = 5
"""How many launches of before a lie may take something from."""


def shown() -> tuple[Mutation, ...]:
    """Every lie that a launch can carry by itself, those about LTI 1.1 last; the key set tells its own."""
    told = (known for known in mutations().values() if known.stage is not KeySet)
    return tuple(sorted(told, key=lambda known: known.stage in _LTI11))


def picked_names(given: Sequence[tuple[str, str]]) -> tuple[str, ...]:
    """The names of the lies that were picked, once each and as far as there are such."""
    known = {mutation.name for mutation in shown()}
    return tuple(dict.fromkeys(value for name, value in given if name == "mutation" and value in known))


def picked(given: Sequence[tuple[str, str]]) -> tuple[Spoilt, ...]:
    """The mutations that a form describes: `mutation` names one, `mutation.parameter` says how.

    Raises:
        UsageError: a lie is not known, or a parameter is missing or not of its type.
    """
    ticked = [value for name, value in given if name == "mutation"]
    if not ticked:
        # Most launches are honest: they load no mutations.
        return ()
    values, known = dict(given), {mutation.name for mutation in shown()}
    for value in ticked:
        if value not in known:
            raise UsageError(f"Launch, but broken: no lie is called {value!r}; choose one of the list")
    return tuple(_spoilt(mutations()[name], values) for name in picked_names(given))


def _spoilt(mutation: Mutation, values: Mapping[str, str]) -> Spoilt:
    arguments = {}
    for name, parameter in mutation.parameters.items():
        text = values.get(f"{mutation.name}.{name}")
        optional = parameter.default is not inspect.Parameter.empty
        if text is None or (text == "" and optional and parameter.annotation is not str):
            continue
        if not text.strip() and parameter.annotation is str and not optional and name not in _MAY_BE_BLANK:
            raise UsageError(f"{mutation.name}: {name} is blank; fill it in, or take the tick off the lie")
        arguments[name] = _value(text, parameter.annotation, f"{mutation.name}: {name}")
    inside = ", ".join(f"{name}={value!r}" for name, value in arguments.items())
    return bind(f"{mutation.name}({inside})", where="Launch, but broken")


def _value(text: str, wanted: Any, where: str) -> Any:
    if wanted is str:
        return text
    if wanted is bool:
        return text.strip().lower() in ("true", "1", "yes", "on")
    if wanted not in (int, float):
        return _any_value(text)
    try:
        return wanted(text)
    except ValueError:
        raise UsageError(f"{where} is {text!r}, expected a number such as 60") from None


def _any_value(text: str) -> Any:
    """JSON, or what a mutation's own default looks like; anything else is a text."""
    for read in (_json, ast.literal_eval):
        try:
            return read(text)
        except (ValueError, SyntaxError, MemoryError, RecursionError):
            continue
    return text


def _json(text: str) -> Any:
    return json.loads(text, parse_constant=_no_number)


def _no_number(text: str) -> Any:
    raise ValueError(f"{text} is no number of JSON")


def is_by_lti11(spoilts: Sequence[Spoilt]) -> bool:
    """Whether the lies are about a launch by LTI 1.1.

    Raises:
        UsageError: some are and some are not.
    """
    stages = {spoilt.mutation.stage in _LTI11 for spoilt in spoilts}
    if len(stages) > 1:
        raise UsageError("Launch, but broken: some of the mutations are for LTI 1.1 and others for 1.3; pick one kind")
    return stages == {True}


def context_of(platform: Platform, launch: Launch) -> Context:
    """What the lies of a launch may know: also launches of the same tool before it, and another registration of it."""
    tool = launch.registration
    before = [
        pending.earlier
        for pending in platform.launches.page(newest_first=True, limit=200)
        if pending.launch.registration.key == tool.key and pending.response is not None
    ]
    others = (other for other in platform.state.registrations.page(limit=200) if other.key != tool.key)
    second = next((other for other in others if other.launch_url == tool.launch_url), None)
    return Context(
        launch=launch,
        keys=platform.keys,
        canary_url=platform.canary_url(launch),
        earlier=tuple(reversed(before[:_EARLIER])),
        second=second,
    )


def refuse_unfit(platform: Platform, launch: Launch, spoilts: Sequence[Spoilt], context: Context) -> None:
    """Try the lies on a launch that nobody sees, since a tool must not be in the middle of one that cannot go on.

    Raises:
        UsageError: a lie finds no place, or not what it is made of.
    """
    rehearsed(platform, launch, spoilts, context)


def rehearsed(platform: Platform, launch: Launch, spoilts: Sequence[Spoilt], context: Context) -> tuple[Spoilt, ...]:
    """Those of the lies that change nothing in a launch.

    Raises:
        UsageError: a lie finds no place, or not what it is made of.
    """
    try:
        return idle_lies(platform, launch, spoilts, context)
    except NotApplicableError as problem:
        raise UsageError(f"Launch, but broken: {problem}; pick another mutation, or launch honestly before") from None
    except (LookupError, TypeError, ValueError, AttributeError) as problem:
        raise UsageError(
            f"Launch, but broken: the mutations cannot be applied here ({type(problem).__name__}: {problem});"
            " look at their parameters"
        ) from None


def advice_of(spoilts: Sequence[Spoilt]) -> Sequence[Any]:
    """What a right tool answers to these lies, as far as an installed package knows (group `mockplatform.advice`)."""
    names = [str(spoilt) for spoilt in spoilts]
    found: list[Any] = []
    for entry in importlib.metadata.entry_points(group="mockplatform.advice"):
        found += _asked(entry, names)
    return found


def _asked(entry: importlib.metadata.EntryPoint, names: Sequence[str]) -> Sequence[Any]:
    try:
        expected: Callable[[Sequence[str]], Sequence[Any]] = entry.load()
    except (ImportError, AttributeError):
        # Announced and not there: the page is as useful as without that package.
        return ()
    return expected(names)


def answers() -> Mapping[str, Sequence[str]]:
    """Types and codes of the errors that right tools answer to each lie alone, as far as an installed package knows."""
    found: dict[str, Sequence[str]] = {}
    for entry in importlib.metadata.entry_points(group="mockplatform.advice"):
        try:
            told: Callable[[], Mapping[str, Sequence[str]]] = importlib.import_module(entry.module).answers
        except (ImportError, AttributeError):
            continue
        found |= told()
    return found
