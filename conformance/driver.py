"""What a fault point is, and what a driver that makes it fail has to offer.

A driver is a module of `faultpoints/` with

- `KIND`: its name in the tool file, and `TITLE`: what it is for, in a sentence;
- `modes(point)`: the ways in which it can make that point fail; none if it cannot reach it;
- `Settings`: a dataclass of the keys of `[faults]` beside `driver`; a driver without it has nothing to bind;
- `example(point)`: a line of `[faults]` that binds the point;
- `opened(bound, site)`: a context manager around a whole run, which is given the settings of each point bound to
  this driver and yields a `Binding` for each. It undoes what a killed run has left behind before it yields, and
  whatever is still armed after it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import Final, Literal, Protocol, get_args

from conformance.modes import Mode
from conformance.transport import Request, Response

__all__ = ["MARKS", "Access", "Armed", "Binding", "FaultPoint", "Mark", "Order", "OutOfReachError", "Site"]


Access = Literal["read", "write"]
Mark = Literal["email", "sub", "context_id"]

MARKS: Final[tuple[Mark, ...]] = get_args(Mark)
"""What only one launch carries, so that a driver can tell it from others."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FaultPoint:
    """A named place in the back end of a tool at which something can fail.

    Args:
        access: whether it reads rows, writes them, or calls another service.
        stored: what it does with the rows of a tool that keeps in its database what others ask a service for.
        code: what its failure is called; `absent` is what an honest empty answer is called, None if it is no error.
        natural: scenarios that bring about the empty answer by fresh people and courses, with nothing injected.
    """

    name: str
    access: Literal["read", "write", "call", "platform"]
    what: str
    code: int
    absent: int | None = None
    stored: Access | None = None
    natural: tuple[str, ...] = ()

    @property
    def rows(self) -> Access:
        """What it does with the rows of a database."""
        return self.stored or ("read" if self.access == "read" else "write")


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """A fault as it is asked for.

    Args:
        times: how often the point fails before it works again; None: until it is disarmed.
        ttl_s: seconds after which the fault ends by itself, whatever became of who armed it.
        marks: what only this launch carries, by the name of the mark, for drivers that can tell launches apart.
    """

    point: str
    mode: Mode
    times: int | None = None
    ttl_s: float = 60.0
    marks: Mapping[str, str] = field(default_factory=dict)

    def marked_by(self, mark: Mark) -> str:
        """The value of a mark.

        Raises:
            OutOfReachError: this launch does not have it.
        """
        if not self.marks.get(mark):
            raise OutOfReachError(f"it is told to look for the {mark} of the launch, which has none; drop `match`")
        return self.marks[mark]


class OutOfReachError(Exception):
    """A driver has no way to make the point fail like this; the text says which way there is."""


class Armed(Protocol):
    """A fault while it is armed."""

    @property
    def hits(self) -> int | None:
        """How often the point was reached so far; None if the driver has no way to know."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Binding:
    """A fault point of one tool, bound to what makes it fail.

    Args:
        arm: arms the point for the block and disarms it on every way out; raises `OutOfReachError` if it cannot do
            what the order asks, and anything else if it could and did not succeed.
        modes: the ways in which it can fail here.
        isolated: whether only the launch with the order's marks is hit, so that others may run side by side.
    """

    arm: Callable[[Order], AbstractContextManager[Armed]]
    modes: tuple[Mode, ...]
    isolated: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """The run that a driver works for.

    Args:
        where: how a message about the tool file begins.
        tool_url: a path on the tool's host as a URL.
        send: sends a request to the tool; raises `TransportTrouble` if there is no answer.
        notes: sentences for the report, such as what a killed run had left behind.
    """

    where: str
    tool_url: Callable[[str], str]
    send: Callable[[Request], Response]
    notes: list[str] = field(default_factory=list)
