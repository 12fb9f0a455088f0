"""What the tool does at a platform's services, from top to bottom."""

from __future__ import annotations

from conformance.sample_tool.model import Step
from conformance.sample_tool.services import calls, errands, grades, groups, paging, picking, roster, tokens
from conformance.sample_tool.services.model import Call, Errand, Pages, TokenRequest

__all__ = ["ANSWER", "CALL", "GRADE", "GROUPS", "PAGE", "RESULTS", "ROSTER", "TOKEN"]

TOKEN: tuple[Step[TokenRequest], ...] = (
    tokens.offered,
    tokens.known,
    tokens.identity,
    tokens.audience,
    tokens.lifetime,
    tokens.single_use,
    tokens.deployment,
    tokens.signed,
    tokens.asked,
    tokens.refusal,
    tokens.document,
    tokens.access_token,
    tokens.token_type,
    tokens.scopes,
    tokens.time_left,
    tokens.kept,
)

CALL: tuple[Step[Call], ...] = (
    calls.same_host,
    calls.same_scheme,
    calls.bearer,
    calls.accept,
    calls.content_type,
    calls.sent,
    calls.renewed,
    calls.waited,
    calls.allowed,
    calls.succeeded,
    calls.document,
)

PAGE: tuple[Step[Pages], ...] = (
    paging.unvisited,
    paging.bounded,
    paging.fetched,
    paging.listed,
    paging.limited,
    paging.onward,
)

MAY: tuple[Step[Errand], ...] = (errands.same_site, errands.teacher)

ROSTER: tuple[Step[Errand], ...] = (
    *MAY,
    roster.offered,
    errands.registered,
    roster.members,
    roster.readable,
    roster.shown,
)

GRADE: tuple[Step[Errand], ...] = (
    *MAY,
    grades.offered,
    grades.scores_granted,
    errands.registered,
    grades.bound,
    grades.found,
    grades.created,
    grades.stamped,
    grades.scored,
)

RESULTS: tuple[Step[Errand], ...] = (
    *MAY,
    grades.offered,
    errands.registered,
    grades.bound,
    grades.found,
    grades.results,
    grades.shown,
)

GROUPS: tuple[Step[Errand], ...] = (*MAY, groups.offered, errands.registered, groups.listed, groups.shown)

ANSWER: tuple[Step[Errand], ...] = (
    *MAY,
    picking.asked,
    picking.chosen,
    picking.accepted,
    picking.at_most_one,
    picking.identity,
    picking.lifetime,
    picking.single_use,
    picking.message,
    picking.data,
    picking.content,
    picking.failure,
    picking.signed,
)
