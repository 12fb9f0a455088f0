"""JWTs that were encoded in Base64 or Base64url once more, alone or within something else, such as JSON or claims."""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator
from typing import Final

from mockplatform.telling.tokens import tokens_in

__all__ = ["encoded_secrets"]

_BEGINS: Final = r"Z(?:Xl[BK]|Xd[rv]|Xcw)|(?P<second>V(?:5[SQ]|3[Mab]))|(?P<third>l(?:eU|d[2z]))"
"""How `{"`, or `{` and a blank or a new line, are written in Base64 twice, by the place in which they stand in the
three bytes that become four characters."""
_SOMEWHERE: Final = re.compile("Z(?:Xl[BK]|Xd[rv]|Xcw)|V(?:5[SQ]|3[Mab])|U(?<=leU)|2(?<=ld2)|z(?<=ldz)")
"""The same, to be told soon: it begins with what is rare in prose."""
_BEGINNING: Final = re.compile(f"(?={_BEGINS})")
"""Also one that begins within another."""
_RUN: Final = re.compile(r"[A-Za-z0-9+/_-]*+")
_SHORTEST: Final = 24
"""As a header is that was encoded twice, with the dots and the claims behind it."""
_URL_SAFE: Final = str.maketrans("+/", "-_")


def encoded_secrets(text: str) -> Iterator[tuple[int, int]]:
    """Where in a text the characters stand that hold the signatures of such tokens, in their order."""
    if len(text) < _SHORTEST or not _SOMEWHERE.search(text):
        return
    last = 0
    for begin, end in sorted(_all(text)):
        if end > last:
            yield max(begin, last), end
            last = end


def _all(text: str) -> Iterator[tuple[int, int]]:
    # What begins in the same of four places belongs to the same bytes: a run is read four times at most.
    read_until = [0, 0, 0, 0]
    for found in _BEGINNING.finditer(text):
        begin = found.start() - (2 if found["second"] is not None else 3 if found["third"] is not None else 0)
        if begin < 0 or begin < read_until[begin % 4]:
            continue
        run = _RUN.match(text, begin)
        end = run.end() if run else begin
        if end - begin >= _SHORTEST:
            read_until[begin % 4] = end
            yield from _within(text[begin:end], begin)


def _within(run: str, at: int) -> Iterator[tuple[int, int]]:
    whole = len(run) - (len(run) % 4 == 1)
    padded = run[:whole].translate(_URL_SAFE) + "=" * (-whole % 4)
    # Each byte becomes one character, so that places stay the same.
    decoded = base64.urlsafe_b64decode(padded).decode("latin-1")
    for token in tokens_in(decoded):
        for begin, end in token.secrets:
            if begin < end:
                yield at + begin * 4 // 3, at + (len(run) if end == len(decoded) else -(-end * 4 // 3))
