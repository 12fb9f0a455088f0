"""What the records of a state document must be, beside their types, for a tenant to be served from them.

What a platform can come to by itself is consistent: a line item outlives its course, a link its tool.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final

from mockplatform.errors import UsageError
from mockplatform.key_life import check_key_life
from mockplatform.misbehaving.faults import MAX_ARMED, check_fault
from mockplatform.moments import MomentError, moment_of
from mockplatform.records import LineItem, Score
from mockplatform.state import MAX_LINE_ITEMS, MAX_LINKS

__all__ = ["check_keys", "check_records"]

_MOST: Final[Mapping[str, int]] = {
    "faults": MAX_ARMED,
    "key_life": 1,
    "line_items": MAX_LINE_ITEMS,
    "links": MAX_LINKS,
}


def _check_line_item(item: LineItem, *, where: str) -> None:
    if not item.score_maximum > 0:
        raise UsageError(f"{where}: score_maximum is {item.score_maximum:g}, expected more than 0 (AGS 3.2.8)")


def _check_score(score: Score, *, where: str) -> None:
    try:
        moment_of(score.timestamp, precise=False)
    except MomentError as error:
        raise UsageError(f"{where}: timestamp is {score.timestamp!r}: {error} (AGS 3.4.9)") from None
    if score.score_maximum is not None and not score.score_maximum > 0:
        raise UsageError(f"{where}: score_maximum is {score.score_maximum:g}, expected more than 0 (AGS 3.4.4)")
    if not isinstance(score.extra.get("submission", {}), Mapping):
        raise UsageError(
            f"{where}: extra.submission is no object; give startedAt and submittedAt, or none (AGS 3.4.10)"
        )


_CHECKS: Final[Mapping[str, Callable[..., None]]] = {
    "line_items": _check_line_item,
    "scores": _check_score,
    "faults": check_fault,
    "key_life": check_key_life,
}


def check_records(table: str, records: Iterable[Any]) -> None:
    """Make sure that endpoints can work with the records of a table.

    Args:
        table: its name in `mockplatform.state.State` and in the document.

    Raises:
        UsageError: they cannot, or there are too many.
    """
    check, most = _CHECKS.get(table), _MOST.get(table)
    for index, record in enumerate(records):
        where = f"body: {table}[{index}]"
        if most is not None and index >= most:
            raise UsageError(f"{where}: it is one too many, expected at most {most}")
        if check is not None:
            check(record, where=where)


def check_keys(table: str, keys: Iterable[str]) -> None:
    """Make sure that no record of a table would take the place of another one.

    Raises:
        UsageError: two have the same key.
    """
    known: dict[str, int] = {}
    for index, key in enumerate(keys):
        first = known.setdefault(key, index)
        if first != index:
            raise UsageError(f"body: {table}[{index}]: it has the ids of {table}[{first}], expected once each")
