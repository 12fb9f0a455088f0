"""The way back from a tool to the platform: what a return URL had, and what the tool has kept of it."""

from __future__ import annotations

from collections.abc import Sequence
from urllib.parse import parse_qsl, urlsplit

from conformance.browser import Visit
from mockplatform.model import Launch

__all__ = ["lost_on_return"]


def lost_on_return(visit: Visit, launches: Sequence[Launch]) -> tuple[str, ...]:
    """The parameters of the return URL that are not as they were when the platform gave it (CORE 5.4.4, DL 2.3).

    Args:
        launches: those that may have told the tool where to send the person, the last one at the end.
    """
    if not visit.stopped:
        return ()
    missed = [_missed(visit, launch) for launch in launches]
    return missed[-1] if missed and all(missed) else ()


def _missed(visit: Visit, launch: Launch) -> tuple[str, ...]:
    path = urlsplit(visit.request.url).path
    answers = path == urlsplit(launch.deep_link_return_url).path
    given = urlsplit(launch.deep_link_return_url if answers else launch.return_url).query
    return tuple(name for name, value in parse_qsl(given, keep_blank_values=True) if (name, value) not in visit.params)
