"""What was sent beside what an honest platform sends, line by line."""

from __future__ import annotations

from dataclasses import dataclass, replace

from mockplatform.model import Params
from mockplatform.telling.masking import masked_params

__all__ = ["Line", "compared", "shown"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A parameter or a claim.

    Args:
        value: as it was sent; None: it was left out.
        was: what an honest platform says there, if that differs: empty text for nothing at all.
    """

    name: str
    value: str | None
    was: str | None = None


def compared(now: Params, honest: Params) -> tuple[Line, ...]:
    """Parameters as they were sent, each with the honest value where that differs; a name may come twice."""
    left = list(honest)
    lines: list[Line] = []
    for pair in now:
        if pair in left:
            left.remove(pair)
            lines.append(Line(name=pair[0], value=pair[1]))
        else:
            lines.append(Line(name=pair[0], value=pair[1], was=""))
    for name, value in left:
        found = next((i for i, line in enumerate(lines) if line.name == name and line.was == ""), None)
        if found is None:
            lines.append(Line(name=name, value=None, was=value))
        else:
            lines[found] = replace(lines[found], was=value)
    return tuple(lines)


def shown(now: Params, honest: Params) -> tuple[Line, ...]:
    """Parameters as `compared` tells them, compared as they are and shown with their secrets masked."""
    return tuple(
        replace(line, value=_masked(line.name, line.value), was=_masked(line.name, line.was))
        for line in compared(now, honest)
    )


def _masked(name: str, value: str | None) -> str | None:
    return None if value is None else masked_params(((name, value),))[0][1]
