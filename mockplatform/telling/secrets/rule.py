"""A way in which secrets stand in a text without a telling name."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

__all__ = ["PERCENT", "QUOTE", "Rule"]

PERCENT: Final = "%(?:25){0,4}"
"""Of a sign that was encoded once or several times."""
QUOTE: Final = r"(?:\\{0,8}[\"']|&(?:amp;)?(?:quot|apos|#0?3[49]|#x2[27]);)"
"""As JSON, JSON in JSON, Python and pages write it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """What to look for, and what is told in its place.

    Args:
        sign: what is in each text in which it is worth looking, in small letters.
        hints: one of these is in it as well; they are looked for only behind the sign, since most texts are short.
    """

    sign: str
    hints: tuple[str, ...] = ("",)
    pattern: re.Pattern[str]
    told: Callable[[re.Match[str]], str]
