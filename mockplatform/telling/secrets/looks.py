"""Whether a value looks as if chance had made it, or as words and numbers of somebody."""

from __future__ import annotations

import itertools
import re
from typing import Final

__all__ = ["is_readable", "looks_secret", "made_of_words"]

_DATE: Final = re.compile(r"\d{4}-\d\d-\d\d")
_WORDY: Final = re.compile(r"[A-Z0-9_.-]{1,15}")
"""As the names of algorithms are written."""
_SHORTEST: Final = 8
_MANY_DIGITS: Final = 12
_SHORTEST_CODE: Final = 16
"""Of authorization codes; an error has a shorter code, or one of words."""
_HEXADECIMAL: Final = re.compile(r"[\da-f]+|[\dA-F]+")
_BETWEEN: Final = re.compile(r"%20|%2[BCF]|%3[AB]", re.IGNORECASE)
_FOLLOWING: Final = {
    "a": "bcdgilmnrsty",
    "c": "aehkot",
    "d": "ei",
    "e": "acdelmnprstxy",
    "f": "io",
    "g": "e",
    "h": "aeio",
    "i": "cdefglmnorstv",
    "k": "e",
    "l": "adeilot",
    "m": "aeio",
    "n": "acdegiost",
    "o": "flmnoprtuw",
    "p": "aelor",
    "q": "u",
    "r": "aeiou",
    "s": "aehiostu",
    "t": "aehior",
    "u": "elnrst",
    "v": "e",
    "w": "hi",
}
_COMMON: Final = frozenset(
    shown
    for first, others in _FOLLOWING.items()
    for other in others
    for shown in (first + other, first.upper() + other, (first + other).upper())
)
"""Letters that are often neighbours in the words of error codes; a capital behind a small letter begins a word."""
_SPOKEN: Final = 0.45
"""The share of such neighbours in words, among signs that are letters or digits. Of random letters this is too much to
hope for: of 16 small ones, or capitals in groups, one in 45 is still taken for words, of 22 mixed ones one in 2,000."""


def looks_secret(value: str) -> bool:
    """Whether a value is no word, no address and no date: most that was made by chance has digits and letters."""
    if len(value) < _SHORTEST or "://" in value or any(map(str.isspace, value)) or _DATE.match(value):
        return False
    digits, letters = sum(map(str.isdigit, value)), sum(map(str.isalpha, value))
    if digits < _MANY_DIGITS and (not (digits and letters) or _WORDY.fullmatch(value)):
        return False
    # The path of a file, or the id of a scenario; passwords of words and digits have no slash.
    return not ("/" in value and made_of_words(value))


def is_readable(value: str) -> bool:
    """Whether a code is one of an error and none that opens something: it is short, has blanks or is made of words."""
    return len(value) < _SHORTEST_CODE or any(map(str.isspace, value)) or made_of_words(value)


def made_of_words(value: str) -> bool:
    """Whether a value is made of words, with some numbers at most; what chance makes is seldom so."""
    if _HEXADECIMAL.fullmatch(value):
        return False
    signs = _BETWEEN.sub(" ", value)
    pairs = [one + other for one, other in itertools.pairwise(signs) if one.isalnum() and other.isalnum()]
    return bool(pairs) and sum(pair in _COMMON for pair in pairs) >= _SPOKEN * len(pairs)
