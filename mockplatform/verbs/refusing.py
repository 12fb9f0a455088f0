"""Verbs that answer instead of the endpoint, which never learns of the request."""

from __future__ import annotations

import json
from email.utils import formatdate
from typing import Annotated, Final, Literal

from mockplatform.misbehaving.arguments import Matching, Within
from mockplatform.misbehaving.wire_call import Answer, WireCall
from mockplatform.verbs.headers import HEADER_VALUE

__all__ = ["empty", "no_content", "rate_limit", "redirect", "status", "unauthorized"]

_QUOTABLE: Final = Matching(r"[\x20-\x21\x23-\x5b\x5d-\x7e]*", "ASCII without quotation marks and backslashes")


async def status(
    call: WireCall,
    *,
    code: Annotated[int, Within(200, 599)] = 503,
    body: str = "",
    media_type: Annotated[str, HEADER_VALUE] = "text/plain",
) -> None:
    """Answers with this status and text, such as 500 or 404."""
    await call.reply(Answer(status=code, headers=(("content-type", media_type),), body=body.encode()))


async def empty(
    call: WireCall, *, media_type: Annotated[str, HEADER_VALUE] = "application/json; charset=utf-8"
) -> None:
    """Answers 200 with a body of no bytes."""
    await call.reply(Answer(headers=(("content-type", media_type),)))


async def no_content(call: WireCall) -> None:
    """Answers 204, which has no body (RFC 9110, section 15.3.5)."""
    await call.reply(Answer(status=204))


async def rate_limit(
    call: WireCall,
    *,
    retry_after_s: Annotated[int, Within(0, 86_400)] = 2,
    form: Literal["seconds", "date"] = "seconds",
    code: Annotated[int, Within(400, 599)] = 429,
) -> None:
    """Answers 429 and says when to come back, in seconds or as a date (RFC 6585, section 4; RFC 9110, 10.2.3)."""
    told = str(retry_after_s) if form == "seconds" else formatdate(call.now_s + retry_after_s, usegmt=True)
    headers = (("content-type", "application/json"), ("retry-after", told))
    await call.reply(Answer(status=code, headers=headers, body=b'{"error":"rate_limited"}'))


async def unauthorized(
    call: WireCall,
    *,
    error: Annotated[str, _QUOTABLE] = "invalid_token",
    description: Annotated[str, _QUOTABLE] = "the access token has expired or was withdrawn",
) -> None:
    """Answers 401 with a challenge, as if the access token were no good any more (RFC 6750, section 3.1)."""
    challenge = f'Bearer error="{error}", error_description="{description}"'
    headers = (("content-type", "application/json"), ("www-authenticate", challenge))
    body = json.dumps({"error": error, "error_description": description}).encode()
    await call.reply(Answer(status=401, headers=headers, body=body))


async def redirect(
    call: WireCall,
    *,
    to: Annotated[str, HEADER_VALUE] = "",
    code: Annotated[int, Within(300, 399)] = 302,
) -> None:
    """Sends whoever asks to another URL, or to the same one for ever if none is given."""
    await call.reply(Answer(status=code, headers=(("location", to or call.url),)))
