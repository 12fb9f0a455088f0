"""The words of SQL text (PostgreSQL documentation, "SQL Syntax", "Lexical Structure").

The text stays bytes: PostgreSQL folds ASCII letters only, and a place in the text is a place in the message.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from enum import Enum
from typing import Final, NamedTuple

__all__ = ["Kind", "Token", "tokens"]


class Kind(Enum):
    """What a token is."""

    WORD = "a key word or a name without quotation marks, folded"
    NAME = "a name in quotation marks"
    LITERAL = "a string or a number"
    SIGN = "a single character of anything else"


class Token(NamedTuple):
    """A token; `value` is folded or unquoted, and empty for a literal."""

    kind: Kind
    value: bytes
    start: int
    end: int

    def is_word(self, *words: bytes) -> bool:
        """Whether it is one of these key words."""
        return self.kind is Kind.WORD and self.value in words

    def is_sign(self, sign: bytes) -> bool:
        """Whether it is this character."""
        return self.kind is Kind.SIGN and self.value == sign

    @property
    def is_name(self) -> bool:
        """Whether it may be the name of something."""
        return self.kind in (Kind.WORD, Kind.NAME)


_LETTER: Final = rb"[A-Za-z_\x80-\xff]"
_PATTERN: Final = rb"""
    (?P<space> \s++ | --[^\r\n]*+ )
  | (?P<comment> /\* )
  | (?P<string> %(plain)s | [eE]'(?:[^'\\]++|\\.|'')*+' | (?:[bBxXnN]|[uU]&)'(?:[^']++|'')*+'
      | \$(?P<tag>(?:%(letter)s[A-Za-z0-9_\x80-\xff]*+)?)\$.*?\$(?P=tag)\$ )
  | (?:[uU]&)?"(?P<quoted>(?:[^"]++|"")++)"
  | (?P<word> %(letter)s[A-Za-z0-9_$\x80-\xff]*+ )
  | (?P<number> \d[A-Za-z0-9_.]*+ | \$\d++ )
  | (?P<sign> . )
"""
_STANDARD: Final = rb"'(?:[^']++|'')*+'"
_BACKSLASHES: Final = rb"'(?:[^'\\]++|\\.|'')*+'"
_PATTERNS: Final = {
    escaping: re.compile(_PATTERN % {b"plain": plain, b"letter": _LETTER}, re.VERBOSE | re.DOTALL)
    for escaping, plain in ((False, _STANDARD), (True, _BACKSLASHES))
}
_EDGE_OF_COMMENT: Final = re.compile(rb"/\*|\*/")


def tokens(text: bytes, *, backslashes: bool = False) -> Iterator[Token]:
    """The tokens without space and comments; what does not end is taken character by character.

    Args:
        backslashes: whether they escape in every string: the server's `standard_conforming_strings` is off.
    """
    match_at = _PATTERNS[backslashes].match
    at = 0
    while found := match_at(text, at):
        at = found.end()
        match found.lastgroup:
            case "word":
                yield Token(Kind.WORD, found[0].lower(), found.start(), at)
            case "quoted":
                yield Token(Kind.NAME, found["quoted"].replace(b'""', b'"'), found.start(), at)
            case "sign":
                yield Token(Kind.SIGN, found[0], found.start(), at)
            case "comment":
                at = _end_of_comment(text, at)
            case "space":
                pass
            case _:
                yield Token(Kind.LITERAL, b"", found.start(), at)


def _end_of_comment(text: bytes, at: int) -> int:
    """Comments nest."""
    depth = 1
    while depth:
        edge = _EDGE_OF_COMMENT.search(text, at)
        if edge is None:
            return len(text)
        depth += 1 if edge[0] == b"/*" else -1
        at = edge.end()
    return at
