"""What a page says, in clauses, and the patterns for what it says of a thing. Pure.

A lone noun proves nothing: a footer speaks of a platform, a debug page of cookies. A pattern made by `of` is found only
where a clause says of the thing that there is something wrong with it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from conformance.sighting import Page

__all__ = ["clauses", "matches", "of", "raised_last", "text_of", "title_of"]

_BEFORE = (
    r"unknown|invalid|no|no such|missing|unregistered|unrecogni[sz]ed|mismatch(?:ed|ing)?|wrong|bad|unexpected|"
    r"(?:could not|couldn't|cannot|can't|unable to|failed to|did not|didn't) (?:find|verify|decode|validate|match)"
)
_AFTER = r"unknown|unrecogni[sz]ed|unregistered|mismatch(?:es|ed)?|missing|invalid|wrong"
_DENIED = (
    r"(?:\bnot|\bnever|n't) (?:be |been |yet )?"
    r"(?:found|known|registered|recogni[sz]ed|valid|match(?:ed|ing)?|equal|exist|present|configured|correct)"
)
# No page uses it, and the extractor of `Page` keeps it, as it does not count as white space.
_EDGE = "\ue000"
_BLOCK = re.compile(
    r"(?i)<(?=/?(?:p|div|h[1-6]|li|ul|ol|dl|dt|dd|tr|td|th|table|br|hr|pre|form|nav|header|footer|main|section|article|"
    r"aside|button|option|label|a)\b)"
)
_ADDRESS = re.compile(r"(?i)\bhttps?://[^\s\ue000]+|(?<=[\s\ue000])/[^\s\ue000]*|[?&][^\s\ue000]+=[^\s\ue000]*")
# One of JavaScript's: at Layer.handle [as handle_request] (/srv/tool/app.js:12:9). A time of day is none.
_FRAME = re.compile(
    rf"\bat (?:(?:async |new )?[^\s(){_EDGE}]{{1,200}} (?:\[as [^\s\]{_EDGE}]{{1,100}}\] )?\()?(?:async )?"
    rf"(?:[^\s(){_EDGE}]{{0,300}}\.[cm]?[jt]sx?|node:[\w/]{{1,100}}):\d+:\d+\)?"
)
# As requests, httpx and aiohttp say it of what a tool has asked: its client is a program.
_STATUS = re.compile(
    r"(?i)\b\d{3} (?:client|server) error\b|\b(?:client|server) error '\d{3}\b|\bClientResponseError: \d{3}\b"
)
_MEMBER = re.compile(r"""["'],\s*["']|[{}\[\]]""")
_JOINT = re.compile(r"_|(?<=[a-z])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
_IN_GROUP = re.compile(r"^ +\| ")
_TRACEBACK = "Traceback (most recent call last)"
# Django's, and Werkzeug's.
_EXCEPTION = "pre.exception_value, p.errormsg"
_DEBUGGED = re.compile(r"(?i)\btraceback\b|\bstack trace\b|\brequest information\b|\bsettings module\b")


def of(subject: str, *, before: str = "", after: str = "") -> str:
    """The pattern of a clause by which there is something wrong with a thing.

    Args:
        before: what else may be said in front of it.
        after: what else may be said behind it.
    """
    front, behind = (f"{common}|{own}" if own else common for common, own in ((_BEFORE, before), (_AFTER, after)))
    return (
        rf"\b(?:{front})\b[^\w.!?;{_EDGE}]+(?:\w+[^\w.!?;{_EDGE}]+){{0,2}}(?:{subject})\b|"
        rf"\b(?:{subject})\b[^.!?;{_EDGE}]{{0,40}}?(?:\b(?:{behind})|{_DENIED})\b"
    )


def matches(pattern: str, words: str) -> bool:
    """Whether a pattern is found in clauses, case aside."""
    return re.search(pattern, words, re.IGNORECASE) is not None


def text_of(body: str) -> str:
    """What a page says to a person, its title first; of a bare traceback the line in which what was raised begins."""
    if raised := _raised_at_the_end(body):
        return raised
    title, visible = title_of(body), _page(body).visible
    return visible if visible.startswith(title) else " ".join(f"{title} {visible}".split())


def title_of(body: str) -> str:
    """The title of a page; empty if it has none."""
    return next(_texts(body, "title"), "") if "<" in body else ""


def clauses(body: str) -> str:
    """The same, blocks and values kept apart, names taken apart into words, without addresses.

    Of a page for debugging only its headings and the exception: it lists every setting and variable besides. Of a
    bare traceback only the exception. What tells no more than an HTTP status is left out: it is none of the tool's own.
    """
    text = _raised_at_the_end(body) or f"{title_of(body)}{_EDGE}{_page(_BLOCK.sub(f'{_EDGE}<', body)).visible}"
    if "<" in body and _DEBUGGED.search(text):
        text = _EDGE.join((*(found for tag in ("title", "h1", "h2") for found in _texts(body, tag)), *_raised_in(body)))
    text = _STATUS.sub(_EDGE, _FRAME.sub(_EDGE, text))
    text = _MEMBER.sub(_EDGE, _ADDRESS.sub(" ", text)).replace("’", "'")
    return " ".join(_JOINT.sub(" ", text).split())


def _page(body: str) -> Page:
    return Page(url="", status=None, headers=(), body=body.encode("utf-8", "replace"))


def _raised_in(body: str) -> Iterator[str]:
    """What an exception says on a page for debugging, where its framework marks it."""
    return (" ".join(node.text(separator=" ").split()) for node in _page(body).html.css(_EXCEPTION))


def _raised_at_the_end(body: str) -> str:
    """What a Python traceback that is the whole answer ends in: the first unindented line below its last frames.

    An exception may say more than one line, and the last of these is often a hint or a link. Empty for any other
    answer; the heading alone for a traceback that was cut among its frames.
    """
    body = body.strip()
    return raised_last(body) if body.startswith(_TRACEBACK) else ""


def raised_last(log: str) -> str:
    """What the last Python traceback of a text ends in; empty if it has none.

    The heading alone for a traceback that was cut among its frames. What an exception group holds counts as well.
    """
    lines = [_IN_GROUP.sub("", line) for line in log.split("\n")]
    if not any(line.startswith(_TRACEBACK) for line in lines):
        return ""
    last = max(n for n, line in enumerate(lines) if line.startswith(_TRACEBACK))
    return next((line.strip() for line in lines[last + 1 :] if line[:1].strip()), _TRACEBACK)


def _texts(body: str, tag: str) -> Iterator[str]:
    """The texts of all elements of a kind."""
    return (" ".join(node.text(separator=" ").split()) for node in _page(body).html.tags(tag))
