"""A secret as dots, with its shape kept: length, parts and first letters."""

from __future__ import annotations

import re
from typing import Final

from mockplatform.telling.secrets.looks import is_readable, looks_secret
from mockplatform.telling.secrets.names import Kind
from mockplatform.telling.tokens import header_in

__all__ = ["as_authorization", "as_cookies", "as_set_cookie", "dotted", "masked", "masked_as"]

_DOT: Final = "•"
_KEPT: Final = 4
_JWT: Final = re.compile(r"[A-Za-z0-9_-]+\.[A-Za-z0-9_-]*\.[A-Za-z0-9_•-]+")
_BEGUN: Final = re.compile(r"(?P<header>[A-Za-z0-9_-]++)\.(?P<claims>[A-Za-z0-9_-]*+)(?P<rest>(?:\.[A-Za-z0-9_-]*+)?$)")
_JWE: Final = re.compile(r"(?:[A-Za-z0-9_-]+\.[A-Za-z0-9_•-]*\.)(?:[A-Za-z0-9_•-]*\.){2}[A-Za-z0-9_•-]*")
_NOTHING: Final = re.compile(
    r"[\"'<\[({]*+(?:none|null|nil|undefined|required|missing|redacted|\.\.\.|\*++)?[\"'>\])},;:.]*+",
    re.IGNORECASE | re.ASCII,
)
"""What stands where no password does, perhaps at the end of a sentence or an expression."""
_VERSION: Final = re.compile(
    r"[~^=<>!v]{0,3}\d{1,4}(?:\.\d{1,4}){1,3}(?:[.-]?(?:a|b|rc|dev|alpha|beta|post)[.\d]{0,4})?(?:,.*)?"
)
"""Of a package whose name ends as that of a secret does."""
_ATTRIBUTE: Final = re.compile(
    r"\s*(?:samesite=(?:none|lax|strict)|secure|httponly|partitioned)\s*", re.IGNORECASE | re.ASCII
)
"""Of a cookie, told without the cookie."""
_SCHEMES: Final = ("basic", "bearer", "digest", "negotiate", "oauth", "token")


def dotted(secret: str) -> str:
    """A secret of whose characters only the first are left, and only if it is long."""
    kept = secret[:_KEPT] if len(secret) > 2 * _KEPT else ""
    return kept + re.sub(r"[^\s=]", _DOT, secret[len(kept) :])


def masked(secret: str) -> str:
    """A secret as dots; of a JWT header and claims stay, since only its signature is worth something."""
    if _JWT.fullmatch(secret):
        head, _, signature = secret.rpartition(".")
        return f"{head}.{dotted(signature)}"
    if _JWE.fullmatch(secret) and header_in(secret.partition(".")[0]):
        header, key, vector, *rest = secret.split(".")
        return ".".join((header, dotted(key), vector, *map(dotted, rest)))
    begun = _BEGUN.match(secret)
    return secret if begun and header_in(begun["header"]) and begun["rest"] in ("", ".") else dotted(secret)


def masked_as(kind: Kind, value: str, *, sure: bool = True) -> str:
    """A value masked as its name says.

    Args:
        kind: what the name says of it.
        sure: whether what stands there is the value of that name, and not perhaps the next word of a sentence.
    """
    if kind == "cookie":
        return as_cookies(value) if "=" in value else value
    if kind == "authorization":
        return _if_credentials(value)
    if kind == "code":
        return value if is_readable(value) else masked(value)
    if not ((kind == "secret" and sure) or (kind and looks_secret(value))):
        return value
    return value if _NOTHING.fullmatch(value) or _VERSION.fullmatch(value) else masked(value)


def _if_credentials(value: str) -> str:
    scheme, blank, credentials = value.strip().partition(" ")
    proving = scheme.lower() in _SCHEMES or looks_secret(credentials) if blank else looks_secret(value)
    return as_authorization(value) if proving and " " not in credentials.strip() else value


def as_authorization(value: str) -> str:
    """The value of a header such as `Authorization`: the scheme stays."""
    scheme, blank, credentials = value.partition(" ")
    return f"{scheme} {masked(credentials)}" if blank else masked(value)


def as_cookies(value: str) -> str:
    """The value of a header `Cookie`: the names stay."""
    return ";".join(_cookie(pair) for pair in value.split(";"))


def as_set_cookie(value: str) -> str:
    """The value of a header `Set-Cookie`: the name and the attributes stay."""
    pair, semicolon, attributes = value.partition(";")
    return f"{_cookie(pair)}{semicolon}{attributes}"


def _cookie(pair: str) -> str:
    if _ATTRIBUTE.fullmatch(pair):
        return pair
    # The claims of a token that is a session are as private as the session.
    name, equals, secret = pair.partition("=")
    return f"{name}{equals}{dotted(secret)}" if equals else dotted(name)
