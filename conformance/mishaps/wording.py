"""What a page says, in clauses, and the patterns for what it says of a thing. Pure.

A lone noun proves nothing: a footer speaks of a platform, a debug page of cookies. A pattern made by `of` is found only
where a clause says of the thing that there is something wrong with it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from conformance.sighting import Page

__all__ = ["clauses", "matches", "of", "text_of", "title_of"]

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
_MEMBER = re.compile(r"""["'],\s*["']|[{}\[\]]""")
_JOINT = re.compile(r"_|(?<=[a-z])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
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
    """What a page says to a person, its title first."""
    title, visible = title_of(body), _page(body).visible
    return visible if visible.startswith(title) else " ".join(f"{title} {visible}".split())


def title_of(body: str) -> str:
    """The title of a page; empty if it has none."""
    return next(_texts(body, "title"), "") if "<" in body else ""


def clauses(body: str) -> str:
    """The same, blocks and values kept apart, names taken apart into words, without addresses.

    Of a page for debugging only its headings: it lists every setting and variable besides.
    """
    text = f"{title_of(body)}{_EDGE}{_page(_BLOCK.sub(f'{_EDGE}<', body)).visible}"
    if "<" in body and _DEBUGGED.search(text):
        text = _EDGE.join(found for tag in ("title", "h1", "h2") for found in _texts(body, tag))
    text = _MEMBER.sub(_EDGE, _ADDRESS.sub(" ", text)).replace("’", "'")
    return " ".join(_JOINT.sub(" ", text).split())


def _page(body: str) -> Page:
    return Page(url="", status=None, headers=(), body=body.encode("utf-8", "replace"))


def _texts(body: str, tag: str) -> Iterator[str]:
    """The texts of all elements of a kind."""
    return (" ".join(node.text(separator=" ").split()) for node in _page(body).html.tags(tag))
