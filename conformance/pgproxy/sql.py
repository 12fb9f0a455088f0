"""What the statements of an SQL text touch, as far as their words tell: no view or function is looked into.

(PostgreSQL documentation, "SQL Commands".)
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from typing import Final

from conformance.pgproxy.tokens import Token, tokens
from conformance.pgproxy.touch import QUERIES, Name, Touched, chain, touched

__all__ = ["BY_NAME", "Statement", "may_go_by_name", "statements"]

BY_NAME: Final = frozenset({b"execute", b"fetch", b"move"})
WITH_ROWS: Final = frozenset({b"select", b"values", b"table", b"fetch", b"move"})
_GOES_BY_NAME: Final = re.compile(
    rb"\b(?:prepare|execute|deallocate|declare|fetch|move|close|discard)\b", re.IGNORECASE
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    """A statement of a text.

    Args:
        start: where its first word begins.
        end: where its last word ends.
        verb: what it does, such as `select` also for one that begins with WITH.
        name: of the prepared statement or the cursor that it makes, uses or ends; None for all.
        body: where the statement begins that it prepares or declares.
    """

    start: int
    end: int
    verb: bytes
    reads: frozenset[Name] = field(default=frozenset())
    writes: frozenset[Name] = field(default=frozenset())
    name: bytes | None = None
    body: int | None = None

    @property
    def finds_rows(self) -> bool:
        """Whether no rows and a count of nought are an answer to it."""
        return self.verb in WITH_ROWS


def may_go_by_name(text: bytes) -> bool:
    """Whether a text may make, use or end a prepared statement or a cursor; a quick look that errs on yes."""
    return _GOES_BY_NAME.search(text) is not None


def statements(text: bytes, *, backslashes: bool = False) -> Iterator[Statement]:
    """The statements of a text; what is empty between semicolons is none.

    Args:
        backslashes: as for `tokens`.
    """
    for separates, group in groupby(tokens(text, backslashes=backslashes), key=lambda token: token.is_sign(b";")):
        if not separates:
            yield _statement(list(group))


def _statement(words: Sequence[Token]) -> Statement:
    verb = next((word.value for word in words if not word.is_sign(b"(")), b"")
    name, body, found = None, None, Touched()
    match verb:
        case b"copy":
            found = _copied(words)
        case b"explain":
            found = touched(_from_first(words, *QUERIES))
        case b"create" if any(word.is_word(b"table", b"materialized") for word in words[1:5]):
            found = touched(_from_first(words, b"as")[1:])
        case b"declare":
            query = _from_first(words, b"for")[1:]
            name, body, found = _name(words[1:2]), _start(query), touched(query)
        case b"prepare":
            query = _from_first(words, b"as")[1:]
            name, body = _name(words[1:2]), _start(query)
        case b"execute":
            name = _name(words[1:2])
        case b"fetch" | b"move" | b"close" | b"deallocate" | b"discard":
            # The name comes last, whatever the direction.
            name = _name(words[-1:])
        case _ if verb in QUERIES:
            found = touched(words)
            verb = found.verb
    return Statement(
        start=words[0].start,
        end=words[-1].end,
        verb=verb,
        reads=found.reads,
        writes=found.writes,
        name=name,
        body=body,
    )


def _copied(words: Sequence[Token]) -> Touched:
    """COPY of a table in or out, or of a query out."""
    name, end = chain(words, 1)
    if not name:
        inner = touched(words[1:])
        return Touched(verb=b"copy", reads=inner.reads, writes=inner.writes)
    direction = next((word.value for word in words[end:] if word.is_word(b"from", b"to")), b"")
    only = frozenset({name})
    return Touched(
        reads=only if direction == b"to" else frozenset(), writes=only if direction == b"from" else frozenset()
    )


def _from_first(words: Sequence[Token], *wanted: bytes) -> Sequence[Token]:
    """The words from the first of these key words on that stands in no parentheses."""
    depth = 0
    for at, word in enumerate(words):
        depth += word.is_sign(b"(") - word.is_sign(b")")
        if depth == 0 and word.is_word(*wanted):
            return words[at:]
    return ()


def _start(words: Sequence[Token]) -> int | None:
    return words[0].start if words else None


def _name(words: Sequence[Token]) -> bytes | None:
    if not words or not words[0].is_name or words[0].is_word(b"all"):
        return None
    return words[0].value
