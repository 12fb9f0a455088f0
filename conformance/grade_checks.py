"""Checks of what a tool does in a platform's gradebook: its columns, and the scores that it sends (AGS 2.0)."""

from __future__ import annotations

import datetime
from typing import Final
from urllib.parse import parse_qsl, urlsplit

from conformance.call_reading import calls_of, is_cut, members
from conformance.model import Observation
from mockplatform.model import Exchange

__all__ = ["LINE_ITEM_QUERY", "one_column", "score_right", "stamps_grow", "url_query_kept"]

LINE_ITEM_QUERY: Final = "type=a&x=%2F"
"""What the addresses of line items end with in scenarios that ask whether it is kept."""
ACTIVITY = ("Initialized", "Started", "InProgress", "Submitted", "Completed")
GRADING = ("FullyGraded", "Pending", "PendingManual", "Failed", "NotReady")
FAILURE = 400


def url_query_kept(seen: Observation) -> str | None:
    """What stands in the query of a line item's address stands in that of its scores and results (AGS 3.3.1, 3.4.1)."""
    for call in (*calls_of(seen, "scores"), *calls_of(seen, "results")):
        kept = parse_qsl(urlsplit(call.url).query, keep_blank_values=True)
        lost = [name for name, value in parse_qsl(LINE_ITEM_QUERY) if (name, value) not in kept]
        if lost:
            return f"the query of the line item is lost ({', '.join(lost)}): {call.method} {call.url}"
    return None


def stamps_grow(seen: Observation) -> str | None:
    """Each score of a person has a later time than the one before, to the millisecond and with a zone (AGS 3.4.9)."""
    last: dict[tuple[str, str], tuple[datetime.datetime, Exchange]] = {}
    for call in _scores(seen):
        score = members(call.request_body)
        told = str(score.get("timestamp"))
        try:
            moment = datetime.datetime.fromisoformat(told)
        except ValueError:
            return f"the timestamp of a score is {told!r}, expected a time such as 2026-11-22T07:30:00.125Z"
        if moment.tzinfo is None or not {".", ","}.intersection(told):
            return f"the timestamp of a score is {told!r}, without fractions of a second or without a zone"
        place = (urlsplit(call.url).path, str(score.get("userId")))
        if place in last and moment <= last[place][0] and not _is_resent(call, last[place][1]):
            return "a score is not later than the one before, so the platform has to drop it"
        last[place] = moment, call
    return None


def score_right(seen: Observation) -> str | None:
    """A score says whose it is, how much of how much, and how far things are (AGS 3.4.4 to 3.4.8)."""
    for call in _scores(seen):
        score = members(call.request_body)
        given, maximum = score.get("scoreGiven"), score.get("scoreMaximum")
        wrong = {
            f"userId is {score.get('userId')!r}, expected the sub of the launch": score.get("userId") != seen.person_id,
            f"activityProgress is {score.get('activityProgress')!r}": score.get("activityProgress") not in ACTIVITY,
            f"gradingProgress is {score.get('gradingProgress')!r}": score.get("gradingProgress") not in GRADING,
            f"scoreGiven is {given!r}": given is not None and not _is_number(given),
            f"scoreMaximum is {maximum!r}": given is not None and (not _is_number(maximum) or maximum == 0),
        }
        problems = [problem for problem, holds in wrong.items() if holds]
        if problems:
            return f"the score is wrong: {'; '.join(problems)}"
    return None


def one_column(seen: Observation) -> str | None:
    """What is graded twice has one column in the gradebook (AGS 3.2.15)."""
    made = [call for call in calls_of(seen, "create_line_item") if call.status == 201]
    return f"the tool has made {len(made)} columns for one thing" if len(made) > 1 else None


def _scores(seen: Observation) -> list[Exchange]:
    """The scores that were sent, but for those that are too long for the journal: what is cut off may be right."""
    return [call for call in calls_of(seen, "scores") if not is_cut(call.request_body)]


def _is_resent(call: Exchange, before: Exchange) -> bool:
    """Whether a score is the one before once more, which as far as the tool can know did not arrive."""
    failed = before.status is None or before.status >= FAILURE or "fault" in before.about
    return failed and members(call.request_body) == members(before.request_body)


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and value >= 0
