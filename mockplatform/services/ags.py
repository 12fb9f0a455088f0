"""Assignment and Grade Services 2.0: line items, scores and results of a course's gradebook."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final
from urllib.parse import parse_qsl, quote

from mockplatform.gradebook.line_items import (
    bound_line_items,
    changed_line_item,
    is_tools,
    keep_line_item,
    line_item_url,
    line_items_url,
    made_line_item,
    number_told,
    remove_line_item,
    told_line_item,
    tools_line_items,
)
from mockplatform.gradebook.scores import publish, result_score, score_advice, score_of
from mockplatform.json_members import Members, json_object
from mockplatform.lms import Platform
from mockplatform.message import messages
from mockplatform.model import Course, Launch
from mockplatform.paging import link_header, once, page_links, part_of
from mockplatform.records import Grant, LineItem, Score, score_key
from mockplatform.roster import member
from mockplatform.service import Call, Operation, Reply, ServiceError, course_of

__all__ = ["CLAIM", "NAME", "OPERATIONS", "SCOPES", "claims"]

NAME: Final = "ags"
CLAIM: Final = "https://purl.imsglobal.org/spec/lti-ags/claim/endpoint"

_SCOPE: Final = "https://purl.imsglobal.org/spec/lti-ags/scope/"
LINE_ITEM: Final = _SCOPE + "lineitem"
LINE_ITEM_READONLY: Final = _SCOPE + "lineitem.readonly"
RESULT_READONLY: Final = _SCOPE + "result.readonly"
SCORE: Final = _SCOPE + "score"
SCOPES: Final = (LINE_ITEM, LINE_ITEM_READONLY, RESULT_READONLY, SCORE)

_ITEM: Final = "application/vnd.ims.lis.v2.lineitem+json"
_ITEMS: Final = "application/vnd.ims.lis.v2.lineitemcontainer+json"
_RESULTS: Final = "application/vnd.ims.lis.v2.resultcontainer+json"
_SCORE_TYPE: Final = "application/vnd.ims.lis.v1.score+json"


def claims(platform: Platform, launch: Launch) -> Mapping[str, Any]:
    """Where the grades of the course and of the launched link are, and what the tool may do there (AGS 3.1)."""
    if "context" in messages()[launch.message].omits:
        return {}
    allowed = SCOPES if launch.registration.scopes is None else launch.registration.scopes
    # A review names its line item even where the platform offers no grade service; no token opens it then.
    offered = SCOPES if NAME in platform.settings.services else ()
    scopes = [scope for scope in offered if scope in allowed]
    if not scopes and not launch.line_item:
        return {}
    told: dict[str, Any] = {"scope": scopes}
    if {LINE_ITEM, LINE_ITEM_READONLY} & set(scopes):
        told["lineitems"] = line_items_url(platform, launch.course.id)
    item = _launched_line_item(platform, launch)
    if item is not None:
        told["lineitem"] = line_item_url(platform, item)
    return {CLAIM: told}


def line_items(call: Call) -> Reply:
    """The tool's line items in a course, filtered and in pages (AGS 3.2.4)."""
    course, grant = course_of(call), _grant(call)
    wanted = {name: once(call, name) for name in ("resource_link_id", "resource_id", "tag")}
    part = part_of(call, page_size=call.platform.dialect.value("ags.page_size", 0))
    found = [
        item
        for item in tools_line_items(call.platform, course, issuer=grant.issuer, client_id=grant.client_id)
        if all(not value or getattr(item, name) == value for name, value in wanted.items())
    ]
    told = [told_line_item(call.platform, item) for item in found[part.start : part.end]]
    return Reply(json=told, headers=link_header(page_links(call, part, len(found))))


def create_line_item(call: Call) -> Reply:
    """A new line item of the tool (AGS 3.2.5)."""
    course, grant = course_of(call), _grant(call)
    members = Members(json_object(call.body))
    item = made_line_item(call.platform, course, members, issuer=grant.issuer, client_id=grant.client_id)
    _advise(call, members.advice)
    keep_line_item(call.platform, item)
    told = told_line_item(call.platform, item)
    return Reply(status=201, json=told, headers=(("location", told["id"]),))


def line_item(call: Call) -> Reply:
    """One line item (AGS 3.2.3)."""
    return Reply(json=told_line_item(call.platform, _line_item(call)))


def update_line_item(call: Call) -> Reply:
    """A line item as the tool defines it anew (AGS 3.2.6)."""
    item, members = _line_item(call), Members(json_object(call.body))
    changed = changed_line_item(call.platform, item, members)
    _advise(call, members.advice)
    if call.platform.state.line_items.change(changed.id, lambda _: changed) is None:
        raise _unknown(call)
    return Reply(json=told_line_item(call.platform, changed))


def delete_line_item(call: Call) -> Reply:
    """A line item and its scores are no more (AGS 3.2.3)."""
    remove_line_item(call.platform, _line_item(call))
    return Reply(status=204)


def scores(call: Call) -> Reply:
    """A score of a person, kept if it is newer than the last one (AGS 3.4)."""
    platform = call.platform
    course, item = course_of(call), _line_item(call)
    members = Members(json_object(call.body))
    score = score_of(item, members)
    advice = [*members.advice, score_advice(score), _stranger(call, course, score)]
    if not publish(platform, score):
        if platform.dialect.value("ags.old_score", "conflict") == "conflict":
            raise ServiceError(
                409,
                "conflict",
                f"timestamp is {score.timestamp!r}, which is not after that of this person's last score in this line"
                " item; each score needs a later one (AGS 3.4.9)",
            )
        advice.append("the score was dropped: its timestamp is not after that of the last one (AGS 3.4.9)")
    _advise(call, advice)
    return Reply(status=204)


def results(call: Call) -> Reply:
    """The results of a line item, one for each person who has a score (AGS 3.3)."""
    platform, item = call.platform, _line_item(call)
    user_id = once(call, "user_id")
    part = part_of(call, page_size=platform.dialect.value("ags.page_size", 0))
    if user_id:
        found = platform.state.scores.get(score_key(item.id, user_id))
        shown, total = ([found] if found is not None else [])[part.start : part.end], 1
    else:
        shown = platform.state.scores.page(group=item.id, offset=part.start, limit=part.size)
        total = platform.state.scores.count(group=item.id)
    told = [_told_result(platform, item, score) for score in shown]
    return Reply(json=told, headers=link_header(page_links(call, part, total)))


def _launched_line_item(platform: Platform, launch: Launch) -> LineItem | None:
    """The line item that a launch is about: the reviewed one, or the only one of its link."""
    if launch.line_item:
        return platform.state.line_items.get(launch.line_item)
    if launch.message == "deep_linking":
        return None
    tool = launch.registration
    bound = bound_line_items(
        platform, launch.course, launch.resource_link.id, issuer=tool.issuer, client_id=tool.client_id
    )
    return bound[0] if len(bound) == 1 else None


def _told_result(platform: Platform, item: LineItem, score: Score) -> dict[str, Any]:
    told: dict[str, Any] = {
        "id": line_item_url(platform, item, f"/results/{quote(score.user_id, safe='')}"),
        "scoreOf": line_item_url(platform, item),
        "userId": score.user_id,
        "resultMaximum": number_told(item.score_maximum),
    }
    result = result_score(item, score)
    if result is not None:
        told["resultScore"] = number_told(result)
    if score.comment:
        told["comment"] = score.comment
    if score.scoring_user_id:
        told["scoringUserId"] = score.scoring_user_id
    return told


def _stranger(call: Call, course: Course, score: Score) -> str:
    """What is to be said of a score for somebody who is not in the course.

    Raises:
        ServiceError: the platform takes scores of members only.
    """
    known = member(call.platform, course, score.user_id)
    if known is not None and known.status != "Deleted":
        return ""
    told = f"userId is {score.user_id!r}, which is nobody in this course; send the sub of a launch (AGS 3.4.5)"
    if call.platform.dialect.value("ags.members_only", otherwise=False):
        raise ServiceError(404, "invalid_request", told)
    return told


def _advise(call: Call, advice: Sequence[str]) -> None:
    """Let the journal say what would better be otherwise in a call that is right."""
    if any(advice):
        call.about["advice"] = "; ".join(filter(None, advice))


def _grant(call: Call) -> Grant:
    assert call.grant is not None
    return call.grant


def _line_item(call: Call) -> LineItem:
    """The tool's line item that a URL is about, the query of line items kept (AGS 3.3.1, 3.4.1).

    Raises:
        ServiceError: the tool has none there.
    """
    course, grant = course_of(call), _grant(call)
    query = call.platform.dialect.value("ags.line_item_query", "")
    lost = [name for name, value in parse_qsl(query, keep_blank_values=True) if (name, value) not in call.query]
    if lost:
        raise ServiceError(
            404,
            "invalid_request",
            f"the URL has lost {', '.join(lost)} of the line item's query {query!r}; /scores and /results belong to the"
            " end of the path, before the query (AGS 3.3.1, 3.4.1)",
        )
    item = call.platform.state.line_items.get(call.path["item"])
    if item is None or not is_tools(call.platform, course, item, issuer=grant.issuer, client_id=grant.client_id):
        raise _unknown(call)
    return item


def _unknown(call: Call) -> ServiceError:
    return ServiceError(
        404,
        "invalid_request",
        f"this tool has no line item {call.path['item']!r} in this course; it may have been removed, or belong to"
        " another tool (AGS 3.2.3)",
    )


_ITEMS_PATH: Final = "/lti/courses/{course}/line-items"
_ITEM_PATH: Final = _ITEMS_PATH + "/{item}"
_READ: Final = (LINE_ITEM, LINE_ITEM_READONLY)
_WRITE: Final = (LINE_ITEM,)

OPERATIONS: Final = (
    Operation(name="line_items", method="GET", path=_ITEMS_PATH, answer=line_items, scopes=_READ, gives=_ITEMS),
    Operation(
        name="create_line_item",
        method="POST",
        path=_ITEMS_PATH,
        answer=create_line_item,
        scopes=_WRITE,
        accepts=(_ITEM,),
        gives=_ITEM,
    ),
    Operation(name="line_item", method="GET", path=_ITEM_PATH, answer=line_item, scopes=_READ, gives=_ITEM),
    Operation(
        name="update_line_item",
        method="PUT",
        path=_ITEM_PATH,
        answer=update_line_item,
        scopes=_WRITE,
        accepts=(_ITEM,),
        gives=_ITEM,
    ),
    Operation(name="delete_line_item", method="DELETE", path=_ITEM_PATH, answer=delete_line_item, scopes=_WRITE),
    Operation(
        name="scores",
        method="POST",
        path=_ITEM_PATH + "/scores",
        answer=scores,
        scopes=(SCORE,),
        accepts=(_SCORE_TYPE,),
    ),
    Operation(
        name="results",
        method="GET",
        path=_ITEM_PATH + "/results",
        answer=results,
        scopes=(RESULT_READONLY,),
        gives=_RESULTS,
    ),
)
