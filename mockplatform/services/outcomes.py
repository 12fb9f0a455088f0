"""LTI 1.1 Basic Outcomes: a tool reads, replaces and deletes the grade of a launch (LTI 1.1, section 6; BO 1.1).

A `lis_result_sourcedid` is JSON, as some platforms write it, with a mark that only the platform can make; nothing is
kept for it. Grades stand in the same gradebook as those of AGS: in the line item of the link, whose maximum is 1
unless AGS has made it.
"""

from __future__ import annotations

import base64
import datetime
import hashlib
import hmac
import json
import re
from collections.abc import Callable, Mapping
from typing import Any, Final

from mockplatform.claims import LEARNER
from mockplatform.gradebook.line_items import only_line_item
from mockplatform.lms import Platform
from mockplatform.model import Launch, Registration
from mockplatform.oauth.oauth1_requests import SignatureError, signer
from mockplatform.pox import MEDIA_TYPES, PoxError, PoxRequest, pox_answer, pox_request
from mockplatform.records import LineItem, Score, score_key
from mockplatform.roster import full_role
from mockplatform.service import Call, Operation, Reply

__all__ = ["CLAIM", "NAME", "OPERATIONS", "SCOPES", "basic_params", "claims", "sourced_id"]

NAME: Final = "outcomes"
CLAIM: Final = "https://purl.imsglobal.org/spec/lti-bo/claim/basicoutcome"
SCOPES: Final = ()

_PATH: Final = "/lti/outcomes"
_SCORE: Final = re.compile(r"[0-9]{1,9}(\.[0-9]{1,30})?|\.[0-9]{1,30}")
_SOURCED_ID: Final = ("resultRecord", "sourcedGUID", "sourcedId")
_RESULT: Final = ("resultRecord", "result", "resultScore")
_Where = tuple[str, str, str]
"""Course, link and person of a grade, by their ids."""


class _RefusedError(Exception):
    """The request is well-formed and signed, and cannot be fulfilled."""


def claims(platform: Platform, launch: Launch) -> Mapping[str, Any]:
    """Where a grade goes, for a tool that could sign for it: the claim of LTI 1.3 (LTI Core 1.3, section 6.1)."""
    params = basic_params(platform, launch) if launch.registration.speaks_lti11 else {}
    return {CLAIM: dict(params)} if "lis_result_sourcedid" in params else {}


def basic_params(platform: Platform, launch: Launch) -> Mapping[str, str]:
    """Where a grade goes, in an LTI 1.1 launch; only learners have one (LTI 1.1, section 6)."""
    if launch.message != "resource_link":
        return {}
    params = {"lis_outcome_service_url": f"{platform.url}{_PATH}"}
    if LEARNER in map(full_role, launch.roles):
        where = (launch.course.id, launch.resource_link.id, launch.person.sub)
        params["lis_result_sourcedid"] = sourced_id(launch.registration, where)
    return params


def sourced_id(registration: Registration, where: _Where) -> str:
    """What names a grade to a tool.

    Args:
        where: the ids of the course, the link and the person.
    """
    told = json.dumps(where).encode()
    digest = hmac.new(registration.consumer_secret.encode(), told, hashlib.sha256).digest()
    mark = base64.urlsafe_b64encode(digest[:18]).decode("ascii")
    course, link, user = where
    data = {"course": course, "link": link, "user": user}
    return json.dumps({"data": data, "mark": mark}, ensure_ascii=False, separators=(",", ":"))


def outcomes(call: Call) -> Reply:
    """Fulfil a signed request; every answer is XML, and one that could be fulfilled or not has status 200 (BO 1.1)."""
    sent = call.headers.get("content-type", "").partition(";")[0].strip().lower()
    if sent not in MEDIA_TYPES:
        return _failure(call, 415, f"Content-Type is {sent!r}, expected {MEDIA_TYPES[0]}")
    try:
        registration = signer(call)
        call.about["client_id"] = registration.client_id
        request = pox_request(call.body)
    except SignatureError as error:
        challenge = (("www-authenticate", f'OAuth realm="{call.platform.url}"'),)
        refused = _failure(call, 401, str(error))
        return Reply(status=401, body=refused.body, headers=challenge)
    except PoxError as error:
        return _failure(call, 400, error.description, PoxRequest(operation="", message_id=error.message_id))
    return _fulfilled(call, registration, request)


def _fulfilled(call: Call, registration: Registration, request: PoxRequest) -> Reply:
    fulfil = _OPERATIONS.get(request.operation)
    if fulfil is None:
        told = f"{request.operation}Request is not known here; there are {', '.join(_OPERATIONS)}"
        return Reply(body=_answer(call, "unsupported", told, request))
    try:
        where = _where(registration, request)
        call.about["course"] = where[0]
        description, score = fulfil(call.platform, registration, where, request)
    except _RefusedError as error:
        return _failure(call, 200, str(error), request)
    return Reply(body=_answer(call, "success", description, request, score))


def _failure(call: Call, status: int, description: str, request: PoxRequest | None = None) -> Reply:
    return Reply(status=status, body=_answer(call, "failure", description, request))


def _answer(call: Call, code: Any, description: str, request: PoxRequest | None, score: str | None = None) -> bytes:
    return pox_answer(
        answer_id=call.platform.new_id(),
        code=code,
        description=description,
        operation=request.operation if request else "",
        message_id=request.message_id if request else "",
        score=score,
    )


def _where(registration: Registration, request: PoxRequest) -> _Where:
    given = request.texts.get(_SOURCED_ID, "")
    if not given:
        raise _RefusedError(f"{'/'.join(_SOURCED_ID)} is missing or empty")
    try:
        data = json.loads(given)["data"]
        where = (data["course"], data["link"], data["user"])
        right = sourced_id(registration, where).encode()
    except (ValueError, TypeError, KeyError, RecursionError):
        right = b""
    if not hmac.compare_digest(given.encode(), right):
        raise _RefusedError(
            f"sourcedId is {given!r}, which is no lis_result_sourcedid of a launch of this tool;"
            " send it back exactly as the launch brought it"
        )
    return where


def _replace(platform: Platform, registration: Registration, where: _Where, request: PoxRequest) -> tuple[str, None]:
    language = request.texts.get((*_RESULT, "language"), "en").strip()
    if language.partition("-")[0].lower() != "en":
        raise _RefusedError(f"resultScore/language is {language!r}, expected 'en': how a decimal number is written")
    text = request.texts.get((*_RESULT, "textString"), "").strip()
    if not _SCORE.fullmatch(text) or float(text) > 1:
        raise _RefusedError(f"resultScore/textString is {text!r}, expected a decimal number from 0.0 to 1.0")
    item = _line_item(platform, registration, where, make=True)
    assert item is not None
    now = datetime.datetime.fromtimestamp(platform.clock(), datetime.UTC)
    score = Score(
        line_item_id=item.id,
        user_id=where[2],
        timestamp=now.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        activity_progress="Completed",
        grading_progress="FullyGraded",
        score_given=float(text) * item.score_maximum,
        score_maximum=item.score_maximum,
    )
    platform.state.scores.put(score.key, score, group=item.id)
    return f"the score of this result is now {text}", None


def _read(platform: Platform, registration: Registration, where: _Where, _request: PoxRequest) -> tuple[str, str]:
    item = _line_item(platform, registration, where)
    score = platform.state.scores.get(score_key(item.id, where[2])) if item else None
    if item is None or score is None or score.score_given is None:
        return "this result has no score", ""
    share = score.score_given / (score.score_maximum or item.score_maximum)
    return "the score of this result was read", f"{min(max(share, 0.0), 1.0):.10g}"


def _delete(platform: Platform, registration: Registration, where: _Where, _request: PoxRequest) -> tuple[str, None]:
    item = _line_item(platform, registration, where)
    if item is not None:
        platform.state.scores.pop(score_key(item.id, where[2]))
    return "this result has no score any more", None


_OPERATIONS: Final[Mapping[str, Callable[..., tuple[str, str | None]]]] = {
    "replaceResult": _replace,
    "readResult": _read,
    "deleteResult": _delete,
}


def _line_item(platform: Platform, registration: Registration, where: _Where, *, make: bool = False) -> LineItem | None:
    """The line item of a link: the tool's, or else the platform's own; that of no other tool."""
    course_id, link_id, _user = where
    bound = [item for item in platform.state.line_items.page(group=course_id) if item.resource_link_id == link_id]
    owner = {"issuer": registration.issuer, "client_id": registration.client_id}
    usable = [item for item in bound if item.is_owned_by(**owner)] or [item for item in bound if not item.client_id]
    if usable or not make:
        return usable[0] if usable else None
    placed = platform.state.links.get(link_id)
    label = placed.title if placed is not None else registration.name
    return only_line_item(platform, registration, course_id, link_id, label=label, score_maximum=1.0)


OPERATIONS: Final = (Operation(name="outcomes", method="POST", path=_PATH, answer=outcomes, gives=MEDIA_TYPES[0]),)
