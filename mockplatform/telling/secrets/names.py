"""Names whose values open something for whoever has them: of parameters, headers, JSON members and settings."""

from __future__ import annotations

import functools
import re
from typing import Final, Literal

__all__ = ["ENDING", "Kind", "kind_of"]

Kind = Literal["", "secret", "token", "code", "cookie", "authorization"]
"""What a name says of its value: that it is a secret, perhaps one, or how it is written; many codes are of errors."""

ENDING: Final = re.compile(
    "secret|pass(?:w(?:or)?d|phrase)?|pwd|key|token|jwt|assertion|signature|session(?:[_-]?id)?|sessid|credentials?"
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
_CODE: Final = re.compile("(?:authori[sz]ation|oauth2?|auth)?code")
_DIRECTORY: Final = re.compile("(?:OLD)?PWD")
"""Where a shell is."""
_SEPARATOR: Final = re.compile(r"%(?:25)*5f|\\+u005f|[^a-z0-9]+")
_LONGEST_NAME: Final = 128
"""As many characters has a name that is remembered: a longer one may be anything, of any size."""


def kind_of(name: str) -> Kind:
    """What the name of a parameter, a header or a member says of its value."""
    return _kind_of_usual(name) if len(name) <= _LONGEST_NAME else _kind(name)


def _kind(name: str) -> Kind:
    words = [word for word in _SEPARATOR.split(name.lower()) if word]
    last, compact = words[-1] if words else "", "".join(words[-3:])
    if last in ("cookie", "cookie2"):
        return "cookie"
    if last in ("authorization", "authorisation"):
        return "authorization"
    if _CODE.fullmatch(compact):
        return "code"
    if _SURE.search(compact) or (last == "pwd" and not _DIRECTORY.fullmatch(name)):
        return "secret"
    is_header = len(words) > 1 and "x" in words[:2] and last in _HEADERS
    if last == "pass":
        # Alone it may count what has passed.
        return "secret" if len(words) > 1 else "token"
    return "token" if is_header or last == "sid" or _LIKELY.search(compact) else ""


_kind_of_usual: Final = functools.lru_cache(maxsize=4096)(_kind)
