"""The lies of a launch in words, one sentence for each marked line of its timeline. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Final

from conformance.exchanges.legs import Leg, Line

__all__ = ["lies_of"]

_LONGEST: Final = 80
_BEFORE: Final = 20
"""As many characters are shown of what two long values have in common, before they differ."""
_TAKEN_APART: Final = "id_token"
_SIGNED: Final = (_TAKEN_APART, "oauth_signature", "signature")


def lies_of(timeline: Sequence[Leg]) -> Iterator[str]:
    """Each place in which what was sent is not what an honest platform says; of a masked timeline."""
    for leg in timeline:
        for kind, lines in _parts(leg):
            for line in lines:
                if line.was is not None and not (line.name == _TAKEN_APART and _is_told_apart(leg)):
                    yield f"{kind}{line.name} {_told(line)}"


def _parts(leg: Leg) -> Iterator[tuple[str, Sequence[Line]]]:
    yield "", leg.lines
    if leg.token is not None:
        yield "header ", leg.token.header
        yield "claim ", leg.token.claims


def _is_told_apart(leg: Leg) -> bool:
    """Whether the lies of a token have lines of their own."""
    return leg.token is not None and any(line.was is not None for line in (*leg.token.header, *leg.token.claims))


def _told(line: Line) -> str:
    line = replace(line, value=_in_line(line.value), was=_in_line(line.was))
    if line.value is None:
        return "is left out" + (f", in place of {_clipped(line.was, 0)}" if line.was else "")
    if line.value == line.was:
        another = "signature" if line.name in _SIGNED else "value"
        return f"is {_clipped(line.value, 0)}, another {another} than an honest platform sends"
    if not line.was:
        return f"is {_clipped(line.value, 0)}, which an honest platform does not send"
    at = _difference(line.value, line.was)
    return f"is {_clipped(line.value, at)}, in place of {_clipped(line.was, at)}"


def _in_line(text: str | None) -> str | None:
    """JSON over several lines as one; other white space may be the lie itself."""
    return re.sub(r"\n *", " ", text) if text and text[0] in "[{" else text


def _difference(one: str, other: str) -> int:
    """Where two texts begin to differ."""
    pairs = enumerate(zip(one, other, strict=False))
    return next((at for at, (a, b) in pairs if a != b), min(len(one), len(other)))


def _clipped(text: str | None, at: int) -> str:
    """A text, quoted; of a long one the part around a place."""
    shown = text or ""
    if len(shown) <= _LONGEST:
        return repr(shown)
    begin = max(0, min(at - _BEFORE, len(shown) - _LONGEST))
    end = begin + _LONGEST
    return f"{'… ' if begin else ''}{shown[begin:end]!r}{' …' if end < len(shown) else ''}"
