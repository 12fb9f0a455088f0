"""JSON of a tool, read as strictly as the strictest reader would (RFC 8259; RFC 7519, section 4)."""

from __future__ import annotations

import json
import math
from collections import Counter
from collections.abc import Callable
from typing import Any, Final

__all__ = ["finite", "strict_json", "whole_texts"]

_DEEPEST: Final = 100
"""Levels: more can be read, and then neither be kept nor shown."""
_SHOWN: Final = 60


def finite(text: str) -> float:
    """A number with a fraction or an exponent.

    Raises:
        ValueError: it is too large.
    """
    number = float(text)
    if math.isinf(number):
        raise ValueError(f"the number {text[:_SHOWN]} is too large")
    return number


def strict_json(body: bytes, *, parse_float: Callable[[str], float] = finite) -> Any:
    """The JSON value of a body: in UTF-8, each member once, no number that is none, and not nested without end.

    Args:
        parse_float: reads a number with a fraction or an exponent; `float` where one may be infinite.

    Raises:
        ValueError: it is none; the message says why.
    """
    too_deep = ValueError(f"it is nested more than {_DEEPEST} deep")
    try:
        value = json.loads(
            body.decode("utf-8"), object_pairs_hook=_once, parse_constant=_no_constant, parse_float=parse_float
        )
    except RecursionError:
        raise too_deep from None
    if _is_deeper(value, _DEEPEST):
        raise too_deep
    return value


def whole_texts(value: Any) -> Any:
    """The same JSON value, if every text in it can be kept and shown (RFC 8259, section 8.2).

    Raises:
        ValueError: one has half a character or U+0000.
    """
    if isinstance(value, dict):
        for name, member in value.items():
            whole_texts(name)
            whole_texts(member)
    elif isinstance(value, list | tuple):
        for member in value:
            whole_texts(member)
    elif isinstance(value, str):
        _check_text(value)
    return value


def _check_text(text: str) -> None:
    if "\0" in text:
        raise ValueError(f"the text {text[:_SHOWN]!r} has the character U+0000; leave it out")
    if not text.isascii() and any("\ud800" <= letter <= "\udfff" for letter in text):
        raise ValueError(f"the text {text[:_SHOWN]!r} has half a character (a lone surrogate); leave it out")


def _is_deeper(value: Any, levels: int) -> bool:
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return bool(inner) and (levels == 0 or any(_is_deeper(one, levels - 1) for one in inner))


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        ((twice, _),) = Counter(name for name, _ in pairs).most_common(1)
        raise ValueError(f"{twice!r} stands in it twice")
    return found


def _no_constant(name: str) -> float:
    raise ValueError(f"{name} is no number of JSON")
