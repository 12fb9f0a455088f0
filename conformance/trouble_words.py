"""The words by which a page that refuses somebody, or that broke, is told from one that welcomes."""

from __future__ import annotations

import re

__all__ = ["speaks_of_trouble"]

_TROUBLE = re.compile(
    r"(?i)\b(?:errors?|exceptions?|traceback|fail(?:ed|ures?|s)?|invalid|denied|refused|reject(?:ed)?|expired|forbidden"
    r"|unauthori[sz]ed|not (?:found|allowed|valid|registered|authori[sz]ed)|no such|could not|cannot|can't|unable"
    r"|unknown|missing|mismatch|sorry|bad request|problem|wrong)\b"
)


def speaks_of_trouble(text: str) -> bool:
    """Whether a text has a word that pages of refusals have.

    >>> speaks_of_trouble("The launch could not be verified"), speaks_of_trouble("Welcome")
    (True, False)
    """
    return _TROUBLE.search(text) is not None
