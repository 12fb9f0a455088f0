"""The steps that post a score and read results (AGS 2.0)."""

from __future__ import annotations

import datetime
import json
import threading
from dataclasses import replace
from typing import Any, Final
from urllib.parse import urlsplit, urlunsplit

from conformance.sample_tool.following import take
from conformance.sample_tool.forms import only, origin, with_query
from conformance.sample_tool.services import documents
from conformance.sample_tool.services.errands import call_for, scopes_of
from conformance.sample_tool.services.model import Call, Errand, Pages
from conformance.sample_tool.services.paging import every_page
from conformance.sample_tool.services.refusals import malformed, mismatched, not_offered

__all__ = [
    "LINE_ITEM",
    "SCORE",
    "Stamps",
    "bound",
    "created",
    "found",
    "offered",
    "results",
    "score_of",
    "scored",
    "scores_granted",
    "scoring_call",
    "shown",
    "stamped",
    "under",
]

SCOPES: Final = "https://purl.imsglobal.org/spec/lti-ags/scope/"
LINE_ITEM, RESULTS, SCORE = f"{SCOPES}lineitem", f"{SCOPES}result.readonly", f"{SCOPES}score"
ITEM_TYPE: Final = "application/vnd.ims.lis.v2.lineitem+json"
ITEMS_TYPE: Final = "application/vnd.ims.lis.v2.lineitemcontainer+json"
RESULTS_TYPE: Final = "application/vnd.ims.lis.v2.resultcontainer+json"
SCORE_TYPE: Final = "application/vnd.ims.lis.v1.score+json"
MAXIMUM: Final = 100
GIVEN: Final = 87.5


class Stamps:
    """When each person's last score in a line item was said to be given, in milliseconds."""

    def __init__(self) -> None:
        self._last: dict[tuple[str, str], int] = {}
        self._turn = threading.Lock()

    def next(self, line_item: str, person: str, now: float) -> int:
        """The time for another score: now, or just after the last one (AGS 3.4.9)."""
        with self._turn:
            stamp = max(int(now * 1000), self._last.get((line_item, person), 0) + 1)
            self._last[line_item, person] = stamp
        return stamp


def offered(errand: Errand) -> Errand:
    """The launch has said where grades go (AGS 3.1)."""
    claim = errand.offer.grades
    if not any(origin(documents.text(claim, name)) for name in ("lineitem", "lineitems")):
        raise not_offered("AGS 3.1", "grades")
    return errand


def scores_granted(errand: Errand) -> Errand:
    """The launch has said that scores may be posted (AGS 3.1)."""
    if SCORE not in scopes_of(errand.offer.grades):
        raise mismatched("AGS 3.1", "scope")
    return errand


def bound(errand: Errand) -> Errand:
    """The column that the platform has bound to the link, if there is one (AGS 3.1)."""
    return replace(errand, line_item=documents.text(errand.offer.grades, "lineitem"))


async def found(errand: Errand) -> Errand:
    """The column that the tool made before for this link, in this course or in one that it was copied from."""
    if errand.line_item:
        return errand
    home, name = documents.text(errand.offer.grades, "lineitems"), column(errand)
    if origin(home) is None:
        raise not_offered("AGS 3.2", "line items")
    call = call_for(
        errand,
        service="line items",
        ref="AGS 3.2",
        home=home,
        url=with_query(home, {"resource_id": name}),
        scopes=(LINE_ITEM,),
        accept=ITEMS_TYPE,
        expects="list",
    )
    listed = (await every_page(Pages(call=call))).items
    ids = [documents.text(item, "id") for item in listed if item.get("resourceId") == name]
    if not all(ids):
        raise malformed("AGS 3.2", "line item without an id")
    return replace(errand, line_item=next(iter(ids), ""))


async def created(errand: Errand) -> Errand:
    """Where there is no column yet, the tool makes one (AGS 3.2.5)."""
    if errand.line_item:
        return errand
    column_of_mine = {"label": "Sample tool", "scoreMaximum": MAXIMUM, "resourceId": column(errand)}
    call = call_for(
        errand,
        service="line items",
        ref="AGS 3.2.5",
        home=documents.text(errand.offer.grades, "lineitems"),
        method="POST",
        scopes=(LINE_ITEM,),
        accept=ITEM_TYPE,
        content_type=ITEM_TYPE,
        content=json.dumps(column_of_mine).encode(),
    )
    made = (await take(call, errand.plan.call)).document
    if not documents.text(made, "id"):
        raise malformed("AGS 3.2.5", "line item without an id")
    return replace(errand, line_item=made["id"])


def stamped(errand: Errand) -> Errand:
    """Each score of a person is later than the one before (AGS 3.4.9)."""
    tool = errand.tool
    stamp = tool.stamps.next(errand.line_item, graded(errand), tool.clock())
    moment = datetime.datetime.fromtimestamp(stamp / 1000, datetime.UTC)
    return replace(errand, stamp=moment.isoformat(timespec="milliseconds").replace("+00:00", "Z"))


async def scored(errand: Errand) -> Errand:
    """The score goes into the column (AGS 3.4)."""
    await take(scoring_call(errand), errand.plan.call)
    return replace(errand, title="The grade is sent", lines=((graded(errand), f"{GIVEN} of {MAXIMUM}"),))


async def results(errand: Errand) -> Errand:
    """What the platform has in the column; without one there is nothing yet (AGS 3.3)."""
    if not errand.line_item:
        return errand
    call = call_for(
        errand,
        service="results",
        ref="AGS 3.3",
        home=_home(errand),
        url=under(errand.line_item, "results"),
        scopes=(RESULTS,),
        accept=RESULTS_TYPE,
        expects="list",
    )
    return replace(errand, items=(await every_page(Pages(call=call))).items)


def shown(errand: Errand) -> Errand:
    """Each result; one without a score has none yet (AGS 3.3.4)."""
    lines = (
        (documents.text(result, "userId"), _result(result.get("resultScore"), result.get("resultMaximum", 1)))
        for result in errand.items
    )
    return replace(errand, title=f"{len(errand.items)} results", lines=tuple(lines))


def under(url: str, last: str) -> str:
    """The address below another one; its query stays where it is (AGS 3.3.1, 3.4.1)."""
    parts = urlsplit(url)
    return urlunsplit(parts._replace(path=f"{parts.path.rstrip('/')}/{last}"))


def scoring_call(errand: Errand) -> Call:
    """The request that posts the score."""
    return call_for(
        errand,
        service="scores",
        ref="AGS 3.4",
        home=_home(errand),
        url=under(errand.line_item, "scores"),
        method="POST",
        scopes=(SCORE,),
        content_type=SCORE_TYPE,
        content=json.dumps(score_of(errand)).encode(),
        expects="nothing",
    )


def score_of(errand: Errand) -> dict[str, Any]:
    """The score as the platform wants it (AGS 3.4.4 to 3.4.9)."""
    return {
        "userId": graded(errand),
        "scoreGiven": GIVEN,
        "scoreMaximum": MAXIMUM,
        "activityProgress": "Completed",
        "gradingProgress": "FullyGraded",
        "timestamp": errand.stamp,
    }


def graded(errand: Errand) -> str:
    """Whose score it is: somebody whom the form names, or whoever asks."""
    return only(errand.form, "user_id") or errand.offer.person_id


def column(errand: Errand) -> str:
    """What the tool calls its column for a link, also after the course was copied (AGS 3.2.15)."""
    return f"sample-tool-{errand.offer.link_id or 'course'}"


def _home(errand: Errand) -> str:
    """What the launch has named; a line item of another host is not to be trusted."""
    claim = errand.offer.grades
    return documents.text(claim, "lineitems") or documents.text(claim, "lineitem")


def _result(score: object, maximum: object) -> str:
    return "none yet" if score is None else f"{score} of {maximum}"
