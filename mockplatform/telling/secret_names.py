"""Names whose values open something for whoever has them: of parameters, headers, JSON members and settings."""

from __future__ import annotations

import functools
import re
from typing import Final, Literal

__all__ = ["ENDING", "Kind", "kind_of", "looks_secret"]

Kind = Literal["", "secret", "token", "cookie", "authorization"]
"""What a name says of its value: that it is a secret, perhaps one, or how it is written."""

ENDING: Final = re.compile(
    "secret|passw(?:or)?d|passphrase|key|token|jwt|assertion|signature|session(?:[_-]?id)?|sessid|credentials?"
    "|cookie|authori[sz]ation"
)
"""How such names end, in small letters."""
_SURE: Final = re.compile(
    "(?:secret|passw(?:or)?d|passphrase|(?:api|private|secret|access|signing)key|clientassertion|oauthsignature"
    "|(?:access|id|refresh|registration|auth|session|csrf|xsrf|bearer)token|jwt)$"
)
_LIKELY: Final = re.compile("(?:token|assertion|signature|session(?:id)?|sessid|credentials?)$")
_HEADERS: Final = frozenset({"access", "auth", "authentication", "csrf", "key", "session", "sid", "xsrf"})
"""How the names of headers end that are nobody's standard and begin with `X-`."""
_SEPARATOR: Final = re.compile(r"%(?:25)*5f|\\+u005f|[^a-z0-9]+")
_DATE: Final = re.compile(r"\d{4}-\d\d-\d\d")
_WORDY: Final = re.compile(r"[A-Z0-9_.-]{1,15}")
"""As the names of algorithms are written."""
_SHORTEST: Final = 8
_MANY_DIGITS: Final = 12


@functools.lru_cache(maxsize=4096)
def kind_of(name: str) -> Kind:
    """What the name of a parameter, a header or a member says of its value."""
    words = [word for word in _SEPARATOR.split(name.lower()) if word]
    last, compact = words[-1] if words else "", "".join(words[-3:])
    if last in ("cookie", "cookie2"):
        return "cookie"
    if last in ("authorization", "authorisation"):
        return "authorization"
    if _SURE.search(compact):
        return "secret"
    is_header = len(words) > 1 and "x" in words[:2] and last in _HEADERS
    return "token" if is_header or last == "sid" or _LIKELY.search(compact) else ""


def looks_secret(value: str) -> bool:
    """Whether a value is no word, no address and no date: most that was made by chance has digits and letters."""
    if len(value) < _SHORTEST or "://" in value or any(map(str.isspace, value)) or _DATE.match(value):
        return False
    digits, letters = sum(map(str.isdigit, value)), sum(map(str.isalpha, value))
    return digits >= _MANY_DIGITS or (bool(digits and letters) and not _WORDY.fullmatch(value))
