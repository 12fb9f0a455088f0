"""Which statements are to fail, and for how long."""

from __future__ import annotations

import threading
import time
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from conformance.driver import Access, Mark, Order
from conformance.modes import Mode
from conformance.pgproxy.sql import Statement
from conformance.pgproxy.touch import Name, matches

__all__ = ["Fault", "Faults", "Rule"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """The statements of a fault point.

    Args:
        access: whether those that read the table are meant, or those that write it.
        match: the mark of an order that a statement has to carry; None: every statement is meant.
    """

    table: Name
    access: Access
    match: Mark | None = None


class Fault:
    """A rule that is armed; `hits` counts the statements that it struck."""

    def __init__(self, rule: Rule, order: Order, *, clock: Callable[[], float]) -> None:
        self.rule = rule
        self.point = order.point
        self.mode: Mode = order.mode
        self.hits = 0
        self._times = order.times
        self._clock = clock
        self._until = clock() + order.ttl_s
        self._needle = rule.table[-1].replace(b'"', b'""').lower()
        self._marks = () if rule.match is None else spellings(order.marked_by(rule.match))

    @property
    def seconds_left(self) -> float:
        """How long it lasts if nobody disarms it."""
        return max(0.0, self._until - self._clock())

    def may_strike(self, lowered: bytes) -> bool:
        """Whether a text, in small letters, can be one of the statements that it strikes; a quick look."""
        return self._needle in lowered and self._in_force

    def strikes(self, statement: Statement, evidence: bytes) -> bool:
        """Whether this statement is to fail; counts it if so.

        Args:
            evidence: the text and the parameters, in which a mark may stand.
        """
        touched = statement.reads if self.rule.access == "read" else statement.writes
        struck = (
            self._in_force
            and any(matches(self.rule.table, name) for name in touched)
            and (self.mode != "empty" or statement.finds_rows)
            and (not self._marks or any(mark in evidence for mark in self._marks))
        )
        self.hits += struck
        return struck

    def missed(self) -> None:
        """A statement that it struck was never reached: another failed before."""
        self.hits -= 1

    @property
    def _in_force(self) -> bool:
        return (self._times is None or self.hits < self._times) and self.seconds_left > 0


NOTHING: Final[Mapping[int, Fault]] = {}


class Faults:
    """The faults that are armed at one proxy; any thread may arm and disarm.

    Args:
        marked: whether any rule looks for a mark, so that parameters have to be kept.
    """

    def __init__(self, *, marked: bool = False, clock: Callable[[], float] = time.monotonic) -> None:
        self.marked = marked
        self.armed: tuple[Fault, ...] = ()
        self._clock = clock
        self._lock = threading.Lock()

    def arm(self, rule: Rule, order: Order) -> Fault:
        """From now on the statements of the rule fail."""
        fault = Fault(rule, order, clock=self._clock)
        with self._lock:
            self.armed = (*self.armed, fault)
        return fault

    def disarm(self, fault: Fault) -> None:
        """From now on they work again."""
        with self._lock:
            self.armed = tuple(other for other in self.armed if other is not fault)

    def may_strike(self, text: bytes) -> bool:
        """Whether a text is worth a closer look."""
        if not self.armed:
            return False
        lowered = text.lower()
        return any(fault.may_strike(lowered) for fault in self.armed)

    def striking(self, statement: Statement, evidence: bytes) -> Fault | None:
        """The first fault that makes this statement fail, which counts it."""
        return next((fault for fault in self.armed if fault.strikes(statement, evidence)), None)


def spellings(mark: str) -> tuple[bytes, ...]:
    """How a mark may stand in a statement: as it is, in an SQL string, or a UUID without its dashes or as 16 bytes."""
    plain = mark.encode()
    found = {plain: None, plain.replace(b"'", b"''"): None}
    try:
        identifier = uuid.UUID(mark)
    except ValueError:
        return tuple(found)
    return (*found, identifier.hex.encode(), identifier.bytes)
