"""Scores that tools publish, and the results that the gradebook makes of them (AGS 2.0, sections 3.3 and 3.4)."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from mockplatform.json_members import Members
from mockplatform.moments import moment_of
from mockplatform.records import LineItem, Score

if TYPE_CHECKING:
    from mockplatform.tenant import Tenant

__all__ = ["ACTIVITY_PROGRESS", "GRADING_PROGRESS", "publish", "result_score", "score_advice", "score_of"]

ACTIVITY_PROGRESS: Final = ("Initialized", "Started", "InProgress", "Submitted", "Completed")
GRADING_PROGRESS: Final = ("FullyGraded", "Pending", "PendingManual", "Failed", "NotReady")

_AT_WORK: Final = ("Started", "InProgress")
_HANDED_IN: Final = ("Submitted", "Completed")
_MARKUP: Final = re.compile(r"</?[a-zA-Z][^<>]*>")


def score_of(item: LineItem, members: Members) -> Score:
    """The score that a tool sends (AGS 3.4.3).

    Raises:
        ServiceError: something in it is wrong.
    """
    user_id = members.text("userId", "AGS 3.4.5", required=True)
    members.moment("timestamp", "AGS 3.4.9", precise=True, required=True)
    activity = members.one_of("activityProgress", "AGS 3.4.7", ACTIVITY_PROGRESS)
    grading = members.one_of("gradingProgress", "AGS 3.4.8", GRADING_PROGRESS)
    given = members.number("scoreGiven", "AGS 3.4.4")
    maximum = members.positive("scoreMaximum", "AGS 3.4.4", required=members.value("scoreGiven") is not None)
    comment = members.text("comment", "AGS 3.4.11")
    if "scoringUserId" in members:
        members.text("scoringUserId", "AGS 3.4.6: an id or left out", required=True)
    extra = _submission(members, members.value("submission"))
    members.value("scoringUserId")
    extra |= members.extensions()
    members.close()
    return Score(
        line_item_id=item.id,
        user_id=user_id,
        timestamp=str(members.value("timestamp")),
        activity_progress=activity,
        grading_progress=grading,
        score_given=given,
        score_maximum=maximum,
        comment=comment,
        scoring_user_id=str(members.value("scoringUserId") or ""),
        extra=extra,
    )


def score_advice(score: Score) -> str:
    """What would better be otherwise in a score that is right; empty if nothing."""
    if _MARKUP.search(score.comment):
        return "comment has markup, which people will read as it stands; send plain text (AGS 3.4.11)"
    return ""


def publish(platform: Tenant, score: Score) -> bool:
    """Keep a score as the last one of its line item and person, unless the last one is as new (AGS 3.4.9).

    Returns:
        Whether it was kept.
    """
    scores = platform.state.scores
    newer = True

    def succeed(last: Score) -> Score:
        nonlocal newer
        newer = moment_of(last.timestamp, precise=False) < moment_of(score.timestamp, precise=False)
        return _continued(last, score) if newer else last

    first = _continued(None, score)
    # Neither is there a last one nor can this be the first one while somebody removes the line item.
    return scores.add(first.key, first, group=score.line_item_id) or (
        scores.change(first.key, succeed) is not None and newer
    )


def result_score(item: LineItem, score: Score) -> float | None:
    """The score on the scale of the line item (AGS 3.4.4)."""
    if score.score_given is None:
        return None
    return score.score_given * item.score_maximum / (score.score_maximum or item.score_maximum)


def _submission(members: Members, submission: Any) -> dict[str, Any]:
    """When work began and was handed in, if the tool says it (AGS 3.4.10)."""
    if submission is None:
        return {}
    if not isinstance(submission, dict):
        members.wrong("submission", "an object", "AGS 3.4.10")
        return {}
    inner = Members(submission)
    started = inner.moment("startedAt", "AGS 3.4.10.1", precise=True)
    submitted = inner.moment("submittedAt", "AGS 3.4.10.2", precise=True)
    if started is not None and submitted is not None and submitted < started:
        inner.wrong("submittedAt", "the same time as startedAt or a later one", "AGS 3.4.10.2")
    extensions = inner.extensions()
    members.problems += (f"submission: {problem}" for problem in inner.problems)
    members.advice += (f"submission: {advice}" for advice in inner.advice)
    told = {name: submission[name] for name in ("startedAt", "submittedAt") if submission.get(name)}
    return {"submission": told | extensions}


def _continued(last: Score | None, score: Score) -> Score:
    """The score with the times of its submission that an earlier score has told (AGS 3.4.10.1, 3.4.10.2)."""
    before = last.extra.get("submission", {}) if last is not None else {}
    told = dict(score.extra.get("submission", {}))
    activity = score.activity_progress
    if activity != "Initialized":
        started = before.get("startedAt") or (score.timestamp if activity in _AT_WORK else "")
        told |= {"startedAt": told.get("startedAt") or started}
    if activity in _HANDED_IN:
        told |= {"submittedAt": told.get("submittedAt") or before.get("submittedAt") or score.timestamp}
    told = {name: value for name, value in told.items() if value}
    return replace(score, extra={**score.extra, "submission": told}) if told else score
