"""Flaws of grades: the column, the address below it, the time of a score, and what is read of results."""

from __future__ import annotations

import dataclasses
import datetime
import json
from typing import Final

from conformance.sample_tool.flaws.crashes import unexpected
from conformance.sample_tool.flaws.kinds import Flaw, drop, insert, replace
from conformance.sample_tool.following import take
from conformance.sample_tool.services import calls, grades
from conformance.sample_tool.services.model import Call, Errand

__all__ = ["FLAWS"]


def always_now(errand: Errand) -> Errand:
    """Says when the attempt was begun, which stays the same."""
    moment = datetime.datetime(2026, 1, 1, 8, 0, 0, 250_000, tzinfo=datetime.UTC)
    return dataclasses.replace(errand, stamp=moment.isoformat(timespec="milliseconds"))


def whole_seconds(errand: Errand) -> Errand:
    """Rounds the time of a score up to seconds, and counts them up."""
    stamped = grades.stamped(errand)
    moment = datetime.datetime.fromisoformat(stamped.stamp)
    number = errand.tool.stamps.next("seconds", errand.line_item, 0)
    later = moment.replace(microsecond=0) + datetime.timedelta(seconds=number)
    return dataclasses.replace(stamped, stamp=later.isoformat())


async def without_query(errand: Errand) -> Errand:
    """Puts the address of the scores together from the path alone."""
    call = grades.scoring_call(errand)
    await take(dataclasses.replace(call, url=call.url.partition("?")[0]), errand.plan.call)
    return dataclasses.replace(errand, title="The grade is sent")


def gone_is_done(call: Call) -> Call:
    """Takes 404 to say that the teacher has removed the column."""
    return call if call.answer.status == 404 else calls.succeeded(call)


def conflict_is_done(call: Call) -> Call:
    """Takes 409 to say that the platform has the score already."""
    return call if call.answer.status == 409 else calls.succeeded(call)


async def for_the_address(errand: Errand) -> Errand:
    """Names whose score it is as the tool itself knows people."""
    content = json.dumps({**grades.score_of(errand), "userId": errand.person.email}).encode()
    await take(dataclasses.replace(grades.scoring_call(errand), content=content), errand.plan.call)
    return dataclasses.replace(errand, title="The grade is sent")


def plain_json(call: Call) -> Call:
    """Sends everything as JSON without a type of its own."""
    typed = {**call.headers, "Content-Type": "application/json"}
    return dataclasses.replace(call, headers=typed) if call.content_type else call


def divided(errand: Errand) -> Errand:
    """Shows per cent."""
    for result in errand.items:
        round(100 * result["resultScore"] / result["resultMaximum"])
    return errand


def offered_somehow(errand: Errand) -> Errand:
    """Takes any claim for an offer."""
    return errand


async def found_somewhere(errand: Errand) -> Errand:
    """Looks for the column at an address that has to be there."""
    if not errand.line_item:
        errand.offer.grades["lineitems"].rstrip("/")
    return await grades.found(errand)


FLAWS: Final = (
    Flaw(
        name="score-time-repeated",
        why="The time of a score is that of the attempt, so a corrected score is never newer.",
        profile="core",
        changes=(replace(grades.stamped, by=always_now),),
    ),
    Flaw(
        name="score-time-in-seconds",
        why="The time of a score is exact to a second, and two scores in one second are the same to the platform.",
        profile="core",
        changes=(replace(grades.stamped, by=whole_seconds),),
        fails="grades",
    ),
    Flaw(
        name="line-item-query-lost",
        why="The address of the scores is made by adding to the path, and the query goes under.",
        profile="core",
        changes=(replace(grades.scored, by=without_query),),
    ),
    Flaw(
        name="line-item-query-lost-unnoticed",
        why="The query of the column's address goes under, and 404 is taken for a column that somebody has removed.",
        profile="core",
        changes=(replace(grades.scored, by=without_query), replace(calls.succeeded, by=gone_is_done)),
    ),
    Flaw(
        name="score-conflict-unread",
        why="A corrected score has the time of the first one, and 409 is taken for a score that is there already.",
        profile="core",
        changes=(replace(grades.stamped, by=always_now), replace(calls.succeeded, by=conflict_is_done)),
    ),
    Flaw(
        name="score-by-email",
        why="The tool knows people by their addresses, and platforms keep scores for anybody without a word.",
        profile="core",
        changes=(replace(grades.scored, by=for_the_address),),
    ),
    Flaw(
        name="score-type-unnamed",
        why="A score is JSON to the tool, and platforms answer 415 to whoever says only that.",
        profile="core",
        changes=(replace(calls.content_type, by=plain_json),),
    ),
    Flaw(
        name="column-for-each-score",
        why="Each score makes a column of its own, since nobody looks for the one that is there.",
        profile="core",
        changes=(drop(grades.found),),
    ),
    Flaw(
        name="grades-offer-unread",
        why="The addresses of the gradebook are read without a look.",
        profile="ltix",
        changes=unexpected(replace(grades.offered, by=offered_somehow), replace(grades.found, by=found_somewhere)),
    ),
    Flaw(
        name="grades-scope-unread",
        why="A score is sent whether or not the platform has said that it takes one.",
        profile="ltix",
        changes=(drop(grades.scores_granted),),
    ),
    Flaw(
        name="results-divided",
        why="Results are shown per cent, and there may be none, or none that they are part of.",
        profile="core",
        changes=unexpected(insert(divided, before=grades.shown)),
    ),
)
