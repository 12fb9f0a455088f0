"""Fault points of the tool's back end, armed for a story and disarmed on every way out."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import TYPE_CHECKING

from conformance.driver import MARKS, Armed, Order, OutOfReachError
from conformance.filling import values_of
from conformance.model import Fault
from mockplatform.errors import UsageError

if TYPE_CHECKING:
    from conformance.story import Story

__all__ = ["DisarmError", "FaultError", "armed_for", "hits_of"]

LEAST_TTL_S = 60.0
TTL_ANSWERS = 6
"""A fault lives at least as long as so many answers may take; then it ends by itself."""


class FaultError(Exception):
    """A driver could not arm its fault point, or tell what became of it."""


class DisarmError(FaultError):
    """A driver could not disarm its fault point, which may go on failing until its time to live is over."""


@contextlib.contextmanager
def armed_for(story: Story, fault: Fault) -> Iterator[Armed]:
    """What counts the hits of a fault point that fails for the block; drivers may run the user's code and break.

    Raises:
        FaultError: the driver did not succeed.
        OutOfReachError: it has no way to do this.
    """
    lab, cast = story.lab, story.cast
    known = lab.registrations[story.registration]
    values = values_of(cast.person, cast.course, known, story.lti)
    marks: dict[str, str] = {mark: values[mark] for mark in MARKS}
    ttl_s = max(LEAST_TTL_S, TTL_ANSWERS * lab.tool.network.timeout_s)
    order = Order(point=fault.point, mode=fault.mode, times=fault.times, ttl_s=ttl_s, marks=marks)
    try:
        driver = lab.faults[fault.point].arm(order)
        armed = driver.__enter__()
    except OutOfReachError as error:
        raise OutOfReachError(f'the fault point "{fault.point}" cannot be made to do {fault}: {error}') from error
    except (Exception, SystemExit) as error:
        kind = "" if isinstance(error, UsageError) else f"{type(error).__name__}: "
        raise FaultError(f'the driver of "{fault.point}" could not arm it: {kind}{error}') from error
    try:
        yield armed
    except BaseException:
        # Whatever ends the story goes on; a point that stays armed ends by its time to live.
        with contextlib.suppress(Exception):
            driver.__exit__(None, None, None)
        raise
    try:
        driver.__exit__(None, None, None)
    except Exception as error:
        raise DisarmError(f'the driver of "{fault.point}" could not disarm it: {error}') from error


def hits_of(point: str, fault: Armed) -> int | None:
    """How often an armed fault was reached."""
    try:
        hits = fault.hits
    except AttributeError:
        text = f'the driver of "{point}" yields nothing with `hits`, so nobody knows if it was met'
        raise FaultError(text) from None
    except Exception as error:
        raise FaultError(f'the driver of "{point}" could not tell how often it was met: {error}') from error
    if hits is not None and (not isinstance(hits, int) or isinstance(hits, bool) or hits < 0):
        raise FaultError(f'the driver of "{point}" counts {hits!r} hits; expected a whole number, or None')
    return hits
