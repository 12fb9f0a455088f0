"""Which tables a query reads and writes, told from the places at which its names stand.

(PostgreSQL documentation, "SELECT", "INSERT", "UPDATE", "DELETE", "MERGE".)
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import Enum
from typing import Final

from conformance.pgproxy.tokens import Kind, Token, tokens

__all__ = ["QUERIES", "Name", "Touched", "chain", "matches", "table_name", "touched"]

Name = tuple[bytes, ...]
"""A table's name in parts, the schema's before it if it stands there."""

QUERIES: Final = (b"select", b"with", b"values", b"table", b"insert", b"update", b"delete", b"merge")
VERBS: Final = frozenset(QUERIES) - {b"with"}
ENDS_OF_FROM: Final = frozenset(
    b"where group having window order limit offset fetch for union intersect except returning set".split()
)
SET_OPERATIONS: Final = frozenset({b"union", b"intersect", b"except"})
BEFORE_TABLES: Final = (b"only", b"lateral")
NOTHING: Final = Token(Kind.SIGN, b"", 0, 0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Touched:
    """What a query does: its verb, and the tables that it reads and writes."""

    verb: bytes = b""
    reads: frozenset[Name] = field(default=frozenset())
    writes: frozenset[Name] = field(default=frozenset())


def table_name(text: str) -> Name:
    """The parts of a table's name as SQL writes it: `classes`, `lti.classes`, `"Classes"`.

    Raises:
        ValueError: it is no such name.
    """
    words = list(tokens(text.encode()))
    name, end = chain(words, 0)
    if not name or end < len(words):
        raise ValueError(f"table is {text!r}, expected a name as SQL writes it, such as 'classes' or 'lti.classes'")
    return name


def matches(table: Name, name: Name) -> bool:
    """Whether a name in a statement means this table; one that has no schema may mean that of any."""
    return all(ours == theirs for ours, theirs in zip(reversed(table), reversed(name), strict=False))


def chain(words: Sequence[Token], at: int) -> tuple[Name, int]:
    """The dotted name that begins at this word, and where it ends; an empty one if there is none."""
    parts: list[bytes] = []
    while at < len(words) and words[at].is_name:
        parts.append(words[at].value)
        at += 1
        if not (at + 1 < len(words) and words[at].is_sign(b".")):
            break
        at += 1
    return tuple(parts), at


def touched(words: Sequence[Token]) -> Touched:
    """What a query touches."""
    walk = _Walk(words)
    walk.to_the_end()
    return Touched(
        verb=walk.levels[0].verb or b"",
        reads=frozenset(walk.reads),
        writes=frozenset(walk.writes),
    )


class _Wanted(Enum):
    READ = "a table that is read"
    WRITE = "a table that is written"


@dataclass(slots=True, kw_only=True)
class _Level:
    """What is known between two parentheses.

    Args:
        is_query: whether a FROM in it is followed by tables: in a function's arguments it is not.
        known: names of WITH that hide tables.
        defines: what the query in the parentheses is called by the WITH around it.
        listing: whether a comma leads to another table.
    """

    is_query: bool
    known: frozenset[bytes] = frozenset()
    defines: bytes | None = None
    verb: bytes | None = None
    wanted: _Wanted | None = None
    listing: bool = False
    in_with: bool = False
    recursive: bool = False


class _Walk:
    """Goes through the words of a query once."""

    def __init__(self, words: Sequence[Token]) -> None:
        self.words = words
        self.at = 0
        self.levels = [_Level(is_query=True)]
        self.reads: set[Name] = set()
        self.writes: set[Name] = set()

    def to_the_end(self) -> None:
        while self.at < len(self.words):
            word, level = self.words[self.at], self.levels[-1]
            if word.is_sign(b"("):
                self._open(level)
            elif word.is_sign(b")"):
                self._close()
            elif word.is_sign(b","):
                level.wanted = _Wanted.READ if level.listing else None
                if level.in_with:
                    self._common_table(level)
            elif word.is_name and level.wanted is not None and not word.is_word(*BEFORE_TABLES):
                self._table(level, level.wanted)
                continue
            elif word.kind is Kind.WORD and level.is_query:
                self._word(word.value, level)
            self.at += 1

    def _word_at(self, at: int) -> Token:
        return self.words[at] if 0 <= at < len(self.words) else NOTHING

    def _open(self, level: _Level, *, defines: bytes | None = None) -> None:
        inner = _Level(is_query=self._word_at(self.at + 1).is_word(*QUERIES), known=level.known, defines=defines)
        if defines is not None and level.recursive:
            inner.known |= {defines}
        if level.wanted is _Wanted.READ and not inner.is_query:
            # A join in parentheses, or a subquery in two pairs of them.
            inner.is_query, inner.wanted = True, _Wanted.READ
        level.wanted = None
        self.levels.append(inner)

    def _close(self) -> None:
        if len(self.levels) == 1:
            return
        inner, level = self.levels.pop(), self.levels[-1]
        if inner.defines is not None:
            level.known |= {inner.defines}
        elif level.verb is None:
            level.verb = inner.verb

    def _table(self, level: _Level, wanted: _Wanted) -> None:
        level.wanted = None
        name, self.at = chain(self.words, self.at)
        if wanted is _Wanted.WRITE:
            self.writes.add(name)
        elif not self._word_at(self.at).is_sign(b"(") and not (len(name) == 1 and name[0] in level.known):
            self.reads.add(name)

    def _word(self, value: bytes, level: _Level) -> None:
        before, after = self._word_at(self.at - 1), self._word_at(self.at + 1)
        if value in ENDS_OF_FROM:
            level.listing = False
        if value in SET_OPERATIONS:
            level.verb = None
        elif value == b"table" and level.verb in (None, b"insert"):
            level.verb, level.wanted = level.verb or value, _Wanted.READ
        elif value in VERBS and level.verb is None:
            level.verb, level.in_with = value, False
            level.wanted = _Wanted.WRITE if value == b"update" else None
        elif value == b"with":
            self._common_table(level)
        elif value == b"from" and level.verb == b"delete" and before.is_word(b"delete"):
            level.wanted = _Wanted.WRITE
        # IS DISTINCT FROM compares; USING with parentheses names columns or holds a query.
        elif (value == b"from" and not before.is_word(b"distinct")) or (value == b"using" and after.is_name):
            level.wanted, level.listing = _Wanted.READ, True
        elif value == b"join":
            level.wanted = _Wanted.READ
        elif value == b"into" and before.is_word(b"insert", b"merge"):
            level.wanted = _Wanted.WRITE

    def _common_table(self, level: _Level) -> None:
        """Steps into a query of WITH, if one begins behind this word."""
        at = self.at + 1
        if self._word_at(at).is_word(b"recursive"):
            level.recursive = True
            at += 1
        name = self._word_at(at)
        at += 1
        if self._word_at(at).is_sign(b"("):
            while at < len(self.words) and not self._word_at(at).is_sign(b")"):
                at += 1
            at += 1
        if not (name.is_name and self._word_at(at).is_word(b"as")):
            return
        at += 1
        while self._word_at(at).is_word(b"not", b"materialized"):
            at += 1
        if self._word_at(at).is_sign(b"("):
            self.at, level.in_with = at, True
            self._open(level, defines=name.value)
