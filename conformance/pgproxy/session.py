"""What the client of one connection has prepared, bound and declared, and so what it means by a name."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final

from conformance.pgproxy.sql import BY_NAME, Statement, may_go_by_name, statements

__all__ = ["Meant", "Session", "Told", "told"]

DEEPEST: Final = 2


@dataclass(frozen=True, slots=True)
class Told:
    """A text that the client sent.

    Args:
        evidence: the text and the parameters that are bound to it.
        by_name: whether it may make, use or end a prepared statement or a cursor.
    """

    text: bytes
    evidence: bytes
    by_name: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Meant:
    """A statement as the server will run it.

    Args:
        start: where it begins in the text that the client sent.
    """

    start: int
    statement: Statement
    evidence: bytes


def told(text: bytes) -> Told:
    """A text without parameters."""
    return Told(text, text, may_go_by_name(text))


class Session:
    """The names of one connection. The protocol's prepared statements and those of SQL share theirs.

    Attributes:
        backslashes: whether they escape in every string.
    """

    def __init__(self) -> None:
        self.backslashes = False
        self.prepared: dict[bytes, Told] = {}
        self.portals: dict[bytes, Told] = {}
        self.cursors: dict[bytes, Told] = {}

    def bind(self, portal: bytes, name: bytes, parameters: bytes) -> None:
        """A Bind: from now on the portal means this statement with these parameters."""
        known = self.prepared.get(name)
        if known is None:
            self.portals.pop(portal, None)
        elif parameters:
            self.portals[portal] = Told(known.text, known.evidence + parameters, known.by_name)
        else:
            self.portals[portal] = known

    def close(self, kind: bytes, name: bytes) -> None:
        """A Close."""
        (self.prepared if kind == b"S" else self.portals).pop(name, None)

    def restoring(self, name: bytes) -> Callable[[], None]:
        """What gives a prepared statement the meaning back that it has now."""
        prepared, known = self.prepared, self.prepared.get(name)

        def restore() -> None:
            if known is None:
                prepared.pop(name, None)
            else:
                prepared[name] = known

        return restore

    def meant(self, sent: Told) -> Iterator[Meant]:
        """The statements of a text, each with what its names stand for.

        What a statement makes or ends is noted when the next one is asked for: one that fails makes nothing.
        """
        for statement in statements(sent.text, backslashes=self.backslashes):
            whole = sent.text[statement.start : statement.end]
            evidence = whole + sent.evidence[len(sent.text) :]
            yield self._resolved(statement, evidence)
            self._remember(statement, sent.text, evidence)

    def _resolved(self, statement: Statement, evidence: bytes) -> Meant:
        start = statement.start
        # Names lead to statements without names, but for a client that lets them lead in circles.
        for _ in range(DEEPEST):
            known = self._known(statement)
            inner = next(statements(known.text, backslashes=self.backslashes), None) if known is not None else None
            if known is None or inner is None:
                break
            statement, evidence = inner, evidence + known.evidence
        return Meant(start=start, statement=statement, evidence=evidence)

    def _known(self, statement: Statement) -> Told | None:
        name = statement.name
        if name is None or statement.verb not in BY_NAME:
            return None
        if statement.verb == b"execute":
            return self.prepared.get(name)
        return self.cursors.get(name) or self.portals.get(name)

    def _remember(self, statement: Statement, text: bytes, evidence: bytes) -> None:
        name, body = statement.name, statement.body
        match statement.verb:
            case b"prepare" if name is not None and body is not None:
                self.prepared[name] = told(text[body : statement.end])
            case b"declare" if name is not None and body is not None:
                self.cursors[name] = Told(text[body : statement.end], evidence, by_name=False)
            case b"deallocate":
                _forget(self.prepared, name)
            case b"close":
                _forget(self.cursors, name)
            case b"discard" if name is None:
                self.prepared.clear()
                self.cursors.clear()


def _forget(known: dict[bytes, Told], name: bytes | None) -> None:
    if name is None:
        known.clear()
    else:
        known.pop(name, None)
