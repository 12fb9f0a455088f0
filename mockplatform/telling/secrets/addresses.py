"""Secrets in addresses: users and passwords before the host, and authorization codes, also in encoded addresses."""

from __future__ import annotations

import re
from typing import Final

from mockplatform.telling.secrets.dots import masked
from mockplatform.telling.secrets.looks import is_readable, looks_secret, made_of_words
from mockplatform.telling.secrets.rule import PERCENT, Rule

__all__ = ["ADDRESS_RULES"]

_SLASHES: Final = r":(?:\\{0,8}/){2}"
"""As some write JSON they are escaped."""
_PORT: Final = re.compile(r"\d{1,5}(?:[/?#&\\]|$)")
_PORT_AT_THE_END: Final = re.compile(r"\d{1,5}(?:\W|$)")
_HOST: Final = re.compile(r"(?:[a-z-]{1,40}\d{0,2}\.){1,5}[a-z]{2,16}|(?:\d{1,3}\.){3}\d{1,3}|localhost", re.IGNORECASE)
_COLON: Final = re.compile(f"({PERCENT}3A)", re.IGNORECASE)
_WEB: Final = ("http", "https", "ws", "wss")
_WEB_PORT: Final = re.compile(r"\d{1,5}(?:[/?#&\\);,]|$)")
"""The host of a web address may be followed by what has an at sign of its own."""
_LONGEST_SCHEME: Final = 5
_LONG: Final = 16


def _password(found: re.Match[str]) -> str:
    """A password, unless a port stands there, perhaps at the end of a sentence."""
    is_whole = found.string[found.end() : found.end() + 1] == "@"
    is_web = found["before"].partition(":")[0].lower() in _WEB
    if is_whole and not is_web and found["secret"].isdigit():
        # Nobody deceives with the port of a database.
        is_port = None
    else:
        whole = _WEB_PORT if is_web else _PORT
        is_port = (whole if is_whole else _PORT_AT_THE_END).match(found["secret"])
    return found[0] if is_port else found["before"] + "•" * len(found["secret"])


def _user(found: re.Match[str]) -> str:
    """A user that is a token itself; a password may follow."""
    alone = found.string[found.end() : found.end() + 1] == "@"
    return found["before"] + _shown_user(found, found["secret"], alone=alone)


def _encoded(found: re.Match[str]) -> str:
    user, colon, password = (*_COLON.split(found["secret"], maxsplit=1), "", "")[:3]
    hidden = password if _PORT.match(password) else "•" * len(password)
    return f"{found['before']}{_shown_user(found, user, alone=not colon)}{colon}{hidden}"


def _shown_user(found: re.Match[str], user: str, *, alone: bool) -> str:
    """On the web nobody has a name without a password; what looks like another host is there to deceive."""
    if _HOST.fullmatch(user):
        return user
    if not alone:
        return masked(user) if looks_secret(user) else user
    scheme = found.string[max(0, found.start() - _LONGEST_SCHEME) : found.start()].lower()
    is_random = looks_secret(user) or (len(user) >= _LONG and not made_of_words(user))
    return masked(user) if scheme.endswith(_WEB) or is_random else user


_NAME: Final = re.compile(
    rf"(?:^|[^\w.-]|u0026|{PERCENT}(?:23|26|3F))(?:(?:authori[sz]ation|oauth2?|auth)[_-]?)?\Z", re.IGNORECASE
)
"""What may stand before the name of a code; an error code and a status code are none."""
_LONGEST_NAME: Final = 32


def _code(found: re.Match[str]) -> str:
    """An authorization code (RFC 6749, section 4.1.2), unless it is a number or words, as the codes of errors are."""
    before = found.string[max(0, found.start() - _LONGEST_NAME) : found.start()]
    if is_readable(found["secret"]) or not _NAME.search(before):
        return found[0]
    return found["before"] + masked(found["secret"])


ADDRESS_RULES: Final = (
    # In the address of a database or a service (RFC 3986, section 3.2.1), with signs in it that ought to be encoded;
    # what was cut before its end is no password, where no port can stand.
    Rule(
        sign=":",
        hints=("://", ":\\"),
        pattern=re.compile(
            rf"(?P<before>\b[A-Za-z][A-Za-z0-9+.-]{{0,30}}{_SLASHES}[^\s/:@\[\"'<>]{{0,200}}:)"
            rf"(?P<secret>(?:(?!{_SLASHES})[^\s\"'<>…]){{1,400}}(?=@)|[^\s/:@\"'<>…]{{6,400}}(?=…|$))"
        ),
        told=_password,
    ),
    # The address of a database as Go writes it.
    Rule(
        sign="@",
        hints=("@tcp(", "@unix("),
        pattern=re.compile(
            r"(?P<before>(?<![\w.-])[\w.-]{1,64}+:)"
            r"(?P<secret>(?:[^\s:\"'<>@]|@(?!(?:tcp|unix)\()){1,400}+)(?=@(?:tcp|unix)\()"
        ),
        told=lambda found: found["before"] + "•" * len(found["secret"]),
    ),
    Rule(
        sign="@",
        pattern=re.compile(
            rf"(?P<before>{_SLASHES})(?P<secret>[^\s/:@?#&;,|()\[\]{{}}<>\"'\\…]{{1,400}}+)"
            r"(?=@|:[^\s/@?#&;,<>\"'\\]{0,200}+@)"
        ),
        told=_user,
    ),
    Rule(
        sign="%",
        hints=("%40", "%2540"),
        pattern=re.compile(
            rf"(?P<before>{PERCENT}3[Aa](?:{PERCENT}2[Ff]){{2}})"
            rf"(?P<secret>(?:[\w.~!$*+=•-]|%(?!(?:25){{0,4}}(?:2[36CFcf]|3[BDFbdf]|40))){{1,400}}+)(?={PERCENT}40)"
        ),
        told=_encoded,
    ),
    Rule(
        sign="=",
        hints=("code=", "code[]=", "code%5b%5d="),
        pattern=re.compile(
            r"(?P<before>[Cc][Oo][Dd][Ee](?:\[\]|%5[Bb]%5[Dd])?=)(?P<secret>[\w.~/%+•-]++=*+)",
        ),
        told=_code,
    ),
    Rule(
        sign="code%",
        pattern=re.compile(
            rf"(?P<before>[Cc][Oo][Dd][Ee]{PERCENT}3[Dd])(?P<secret>(?:(?!{PERCENT}(?:23|26))[\w.~/%+•-])++)"
        ),
        told=_code,
    ),
)
