"""Verbs that send the right body under other headers."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Annotated, Final, Literal

from mockplatform.misbehaving.arguments import Matching
from mockplatform.misbehaving.wire_call import Answer, WireCall

__all__ = ["HEADER_VALUE", "header", "link", "media_type"]

HEADER_VALUE: Final = Matching(r"[\t\x20-\x7e\xa0-\xff]*", "a text without line breaks, Latin-1 at most")
_NAME: Final = Matching(
    # A length that is not true is what the verb `cut` is for; servers refuse to write one.
    r"(?i:(?!(?:content-length|transfer-encoding|connection)$)[!#$%&'*+.^_`|~0-9a-z-]+)",
    "the name of a header other than Content-Length, Transfer-Encoding and Connection",
)


async def header(call: WireCall, *, name: Annotated[str, _NAME], value: Annotated[str, HEADER_VALUE] = "") -> None:
    """Gives a header another value, or takes it away if none is given."""
    values = (value,) if value else ()
    await call.pass_on(lambda answer: answer.with_header(name.lower(), *values))


async def media_type(call: WireCall, *, value: Annotated[str, HEADER_VALUE] = "text/plain") -> None:
    """Names another media type than the body has."""
    await call.pass_on(lambda answer: answer.with_header("content-type", value))


async def link(
    call: WireCall,
    *,
    form: Literal["itself", "foreign", "unquoted", "several", "none"] = "itself",
    url: Annotated[str, HEADER_VALUE] = "http://elsewhere.invalid/next",
) -> None:
    """Says otherwise where the next page is: the same one, another host, in another spelling, or nowhere (RFC 8288).

    Args:
        url: the next page for the form `foreign`; whoever asks there with the access token gives it away.
    """
    await call.pass_on(lambda answer: answer.with_header("link", *_LINKS[form](answer, call.url, url)))


def _spelt_otherwise(answer: Answer, _own: str, _foreign: str) -> list[str]:
    return [re.sub(r'rel="([^" ]*)"', r"rel=\1", value) for value in answer.header("link")]


def _each_in_a_header(answer: Answer, own: str, _foreign: str) -> list[str]:
    return [f'<{own}>; rel="current"', f'<{own}>; rel="first"', *answer.header("link")]


_LINKS: Mapping[str, Callable[[Answer, str, str], list[str]]] = {
    "itself": lambda _answer, own, _foreign: [f'<{own}>; rel="next"'],
    "foreign": lambda _answer, _own, foreign: [f'<{foreign}>; rel="next"'],
    "unquoted": _spelt_otherwise,
    "several": _each_in_a_header,
    "none": lambda _answer, _own, _foreign: [],
}
