"""How secrets stand in texts that may be anything: addresses, forms, JSON, pages, logs, and several of them at once.

Each way is a row: `_TAILS` has what may follow a telling name, by its first sign, and `_RULES` what needs no name.
No pattern looks at a part of a text more than once, or at more than a few hundred characters of it.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from mockplatform.telling.secret_names import ENDING, Kind, kind_of
from mockplatform.telling.secret_values import as_cookies, as_set_cookie, dotted, masked, masked_as
from mockplatform.telling.tokens import tokens_in

__all__ = ["without_secrets"]

_QUOTE: Final = r"(?:\\{0,8}[\"']|&(?:amp;)?(?:quot|apos|#0?3[49]|#x2[27]);)"
"""As JSON, JSON in JSON, Python and pages write it."""
_TAG: Final = re.compile(r"<[A-Za-z][^<>\"']*+[\"']")
_DOCUMENT: Final = ("{", "[", "<", '"')
"""How JSON and pages begin."""
_NAME_BEFORE: Final = re.compile(r"[\w%\\-]*\Z")
_LONGEST_NAME: Final = 48


@dataclass(frozen=True, slots=True, kw_only=True)
class _Tail:
    """What may follow a name: its groups are `before`, which stays, and `secret`."""

    pattern: re.Pattern[str]
    told: Callable[[Kind, str], str] = masked_as


def _tail(pattern: str, told: Callable[[Kind, str], str] = masked_as) -> _Tail:
    return _Tail(pattern=re.compile(pattern, re.IGNORECASE), told=told)


def _perhaps(kind: Kind, value: str) -> str:
    return masked_as(kind, value, sure=False)


def _listed(kind: Kind, values: str) -> str:
    return re.sub(r"[^\s\"',\\&;]+", lambda found: masked_as(kind, found[0]), values)


def _value(kind: Kind, value: str) -> str:
    """What follows an equals sign; a header is not written so."""
    return masked_as(kind, value) if kind in ("secret", "token") else value


_IN_FORM: Final = _tail(r"(?P<before>=)(?P<secret>[^&\s]+)", _value)
_IN_PROSE: Final = _tail(r"(?P<before>=)(?P<secret>(?:[^&\s\"']|[\"'](?!\s|/?>))++)", _value)
"""An address in the attribute of a tag that stands in a text ends with the quotes that end the tag, too."""
_IN_DOCUMENT: Final = _tail(r"(?P<before>=)(?P<secret>(?:[^&\s\"<>\\]|\\(?!\\*[\"'&]))++)", _value)
"""An address inside of JSON or a page ends where its text or attribute does."""
_QUOTED: Final = _tail(r"(?P<before>=\")(?P<secret>[^\"]*+)(?=\"(?:[\s,;&)>\]}/]|$))", _value)
"""As in the header of a request that is signed by OAuth 1.0 (RFC 5849, section 3.5.1)."""
_ENCODED: Final = _tail(
    r"(?P<before>%(?:25){0,4}3D)(?P<secret>(?:(?!%(?:25){0,4}26)[^&\s\"'<>])++)",
    _value,
)
"""In an address that stands in a parameter of another one."""
_MEMBER: Final = _tail(
    rf"(?P<before>{_QUOTE}\]?\s*+(?::|=>?)\s*+b?(?P<quote>{_QUOTE}))(?P<secret>(?:(?!(?P=quote))(?:\\.|[^\\\r\n]))*+)"
)
_NUMBER: Final = _tail(rf"(?P<before>{_QUOTE}\s*+:\s*+)(?P<secret>-?\d[\d.]*+)")
_LIST: Final = _tail(rf"(?P<before>{_QUOTE}\s*+:\s*+\[)(?P<secret>[^\]]{{0,4000}})", _listed)
_PAIR: Final = _tail(
    rf"(?P<before>{_QUOTE}\s*+,\s*+b?(?P<quote>{_QUOTE}))(?P<secret>(?:(?!(?P=quote))(?:\\.|[^\\\r\n]))*+)", _perhaps
)
"""A header as a pair of a list; other names may stand so in a list of names."""
_CELL: Final = _tail(
    rf"(?P<before>\s*+(?:</?[a-z][^<>]{{0,200}}>\s*+){{2,5}}{_QUOTE}?)(?P<secret>(?:(?!{_QUOTE})[^<])++)", _perhaps
)
"""In the next cell of a table."""
_SAID: Final = _tail(r"(?P<before>[ \t]{0,3}(?::|=>?)[ \t]{0,3})(?P<secret>[^\s\"'`,;<>&]{6,})", _perhaps)
_SAID_QUOTED: Final = _tail(
    r"(?P<before>[ \t]{0,3}(?:[:=][ \t]{0,3}|[ \t](?:is[ \t]|was[ \t])?)(?P<quote>[\"'`]))"
    r"(?P<secret>[^\s\"'`]{6,400})(?=(?P=quote))",
    _perhaps,
)
_SET: Final = _tail(
    r"(?P<before>[ \t]{0,3}(?:=|:=)[ \t]{0,3}(?P<quote>[\"'`]))(?P<secret>[^\"'`\r\n]{1,400})(?=(?P=quote))",
)

_TAILS: Final[Mapping[str, tuple[_Tail, ...]]] = {
    "%": (_ENCODED,),
    **dict.fromkeys("\"'\\&", (_MEMBER, _NUMBER, _LIST, _PAIR)),
    "<": (_CELL,),
    ":": (_SET, _SAID_QUOTED, _SAID),
    **dict.fromkeys(" \t", (_SET, _SAID_QUOTED, _SAID, _CELL)),
    **dict.fromkeys("\r\n", (_CELL,)),
}


def _by_names(text: str) -> str:
    """The text without what stands behind telling names."""
    small = text.lower()
    if len(small) != len(text):
        # Few letters become two; then places would not be the same.
        small = "".join(one.lower() if one.isascii() else one for one in text)
    tails = {**_TAILS, "=": (_QUOTED, _SET, _assigned(text))}
    pieces, at = [], 0
    for found in ENDING.finditer(small):
        end = found.end()
        possible = tails.get(text[end : end + 1], ()) if found.start() >= at else ()
        # First what it is named, since what follows may be the whole rest of the text.
        kind = kind_of(_name(text, end)) if possible else ""
        tail, follows = _following(possible, text, end) if kind else (None, None)
        if tail and follows:
            pieces += [text[at : follows.start("secret")], tail.told(kind, follows["secret"])]
            at = follows.end("secret")
    return "".join((*pieces, text[at:])) if pieces else text


def _following(tails: Sequence[_Tail], text: str, end: int) -> tuple[_Tail, re.Match[str]] | tuple[None, None]:
    found = ((tail, tail.pattern.match(text, end)) for tail in tails)
    return next(((tail, follows) for tail, follows in found if follows), (None, None))


def _name(text: str, end: int) -> str:
    before = _NAME_BEFORE.search(text[max(0, end - _LONGEST_NAME) : end])
    return before[0] if before else ""


def _assigned(text: str) -> _Tail:
    """Where the values of parameters end depends on what a text is."""
    if text.lstrip().startswith(_DOCUMENT):
        return _IN_DOCUMENT
    return _IN_PROSE if _TAG.search(text) else _IN_FORM


@dataclass(frozen=True, slots=True, kw_only=True)
class _Rule:
    """A way in which secrets stand without a name.

    Args:
        hints: one of these is in each text in which it is worth looking, in small letters.
    """

    hints: tuple[str, ...]
    pattern: re.Pattern[str]
    told: Callable[[re.Match[str]], str]


_ATTRIBUTE_NAME: Final = re.compile(r"\b(?:name|id)\s{0,9}=\s{0,9}\\{0,8}[\"']?([^\s\"'>\\]+)", re.IGNORECASE)
_ATTRIBUTE_VALUE: Final = re.compile(
    r"(?P<before>\b(?:value|content)\s{0,9}=\s{0,9}\\{0,8})(?:(?P<quote>[\"'])"
    r"(?P<quoted>(?:(?!(?P=quote))(?:[^\\]|\\(?!\\*[\"'])))*+)|(?P<plain>[^\s\"'>\\]+))",
    re.IGNORECASE,
)


def _field(found: re.Match[str]) -> str:
    """A field of a form, whose attributes may come in any order."""
    kinds = {kind_of(name) for name in _ATTRIBUTE_NAME.findall(found[0])} - {""}
    if not kinds:
        return found[0]
    kind = "secret" if "secret" in kinds else next(iter(kinds))
    return _ATTRIBUTE_VALUE.sub(lambda value: _attribute(kind, value), found[0])


def _attribute(kind: Kind, found: re.Match[str]) -> str:
    if found["plain"] is not None:
        return found["before"] + masked_as(kind, found["plain"])
    return found["before"] + found["quote"] + masked_as(kind, found["quoted"])


_WORD: Final = re.compile(r"[A-Za-z][a-z]*")
_ABOUT_BEARERS: Final = re.compile(
    r"auth(?:entic|oris|oriz)|challeng|credential|format|header|introduc|method|prefix|requir|scheme|token|usage"
)


def _bearer(found: re.Match[str]) -> str:
    """A token, unless it is a word of a sentence: one about bearers, or one that a small letter follows."""
    secret, after = found["secret"], found.string[found.end() : found.end() + 2]
    is_word = bool(_WORD.fullmatch(secret))
    if is_word and (_ABOUT_BEARERS.match(secret.lower()) or (after[:1] == " " and after[1:].islower())):
        return found[0]
    return found["before"] + masked(secret)


def _basic(found: re.Match[str]) -> str:
    """What may be a word of prose is a secret if it decodes to a name and a password (RFC 7617, section 2)."""
    secret = found["secret"].rstrip("=")
    # One that was cut somewhere can be read as well.
    whole = secret[:-1] if len(secret) % 4 == 1 else secret
    try:
        name, colon, _ = base64.b64decode(whole + "=" * (-len(whole) % 4)).partition(b":")
    except binascii.Error:
        return found[0]
    told = name.isascii() and name.decode("ascii", "replace").isprintable()
    return found["before"] + dotted(found["secret"]) if colon and told else found[0]


_PORT: Final = re.compile(r"\d{1,5}(?:[/?#]|$)")
_PORT_AT_THE_END: Final = re.compile(r"\d{1,5}(?:\W|$)")


def _address(found: re.Match[str]) -> str:
    """A password, unless a port stands there, perhaps at the end of a sentence."""
    is_whole = found.string[found.end() : found.end() + 1] == "@"
    is_port = (_PORT if is_whole else _PORT_AT_THE_END).match(found["secret"])
    return found[0] if is_port else found["before"] + "•" * len(found["secret"])


def _cookie_header(found: re.Match[str]) -> str:
    as_header = as_set_cookie if found["name"].lower() == "set-cookie" else as_cookies
    return found["before"] + as_header(found["secret"])


def _key(found: re.Match[str]) -> str:
    return found["before"] + re.sub(r"[^\s=\\]", "•", found["secret"])


_RULES: Final = (
    _Rule(
        hints=("private key",),
        pattern=re.compile(r"(?P<before>-----BEGIN [A-Z ]{0,40}PRIVATE KEY-----)(?P<secret>(?:[^-]|-(?!----))*+)"),
        told=_key,
    ),
    _Rule(
        hints=("<input", "<button", "<meta", "<param"),
        pattern=re.compile(
            r"<(?:input|button|meta|param)\b(?:[^<>\"']|\"[^\"<]*\"|'[^'<]*')*+(?:[\"'][^<]*+)?", re.IGNORECASE
        ),
        told=_field,
    ),
    _Rule(
        hints=("bearer",),
        pattern=re.compile(
            r"(?P<before>\bbearer(?:[ \t]{1,4}|\+|%(?:25)?20))(?P<secret>[A-Za-z0-9._~+/•-]{8,}=*)", re.IGNORECASE
        ),
        told=_bearer,
    ),
    _Rule(
        hints=("basic",),
        pattern=re.compile(
            r"(?P<before>\bbasic(?:[ \t]{1,4}|%(?:25)?20))(?P<secret>[A-Za-z0-9+/]{8,}=*)", re.IGNORECASE
        ),
        told=_basic,
    ),
    # A password in the address of a database or a service (RFC 3986, section 3.2.1), with signs in it that ought to
    # be encoded; what was cut before its end is none either, where no port can stand.
    _Rule(
        hints=("://",),
        pattern=re.compile(
            r"(?P<before>\b[a-z][a-z0-9+.-]{0,30}://[^\s/:@\[\"'<>]{0,200}:)"
            r"(?P<secret>(?:(?!://)[^\s\"'<>…]){1,400}(?=@)|[^\s/:@\"'<>…]{6,400}(?=…|$))",
            re.IGNORECASE,
        ),
        told=_address,
    ),
    _Rule(
        hints=("cookie",),
        pattern=re.compile(
            r"(?P<before>\b(?P<name>set-cookie|cookie): ?)"
            r"(?P<secret>[^\s=;]{1,200}=(?:[^\r\n;]|;[ \t]*+(?:\r?\n[ \t]++)?+)++)",
            re.IGNORECASE,
        ),
        told=_cookie_header,
    ),
)


def without_secrets(text: str) -> str:
    """A text in which what looks like a secret, by its name or by itself, is masked."""
    text = _by_names(text)
    small = text.lower()
    for rule in _RULES:
        if any(hint in small for hint in rule.hints):
            text = rule.pattern.sub(rule.told, text)
    return _without_signatures(text) if "." in text or "%2" in text else text


def _without_signatures(text: str) -> str:
    pieces, at = [], 0
    for token in tokens_in(text):
        for begin, end in token.secrets:
            pieces += [text[at:begin], dotted(text[begin:end])]
            at = end
    return "".join((*pieces, text[at:]))
