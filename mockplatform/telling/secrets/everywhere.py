"""Secrets in texts that may be anything: behind telling names, and in the places that need no name, as rules have them.

No pattern looks at a part of a text more than once, or at more than a few hundred characters of it.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Callable, Iterable
from typing import Final

from mockplatform.telling.encoded_tokens import encoded_secrets
from mockplatform.telling.secrets.addresses import ADDRESS_RULES
from mockplatform.telling.secrets.dots import as_cookies, as_set_cookie, dotted, masked
from mockplatform.telling.secrets.fields import FIELD_RULES
from mockplatform.telling.secrets.looks import looks_secret, made_of_words
from mockplatform.telling.secrets.named import without_named
from mockplatform.telling.secrets.rule import PERCENT, Rule
from mockplatform.telling.tokens import tokens_in

__all__ = ["without_secrets"]

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
    if secret.isalpha() and made_of_words(secret):
        # "Outcomes" decodes to a colon and more.
        return found[0]
    # One that was cut somewhere can be read as well.
    whole = secret[:-1] if len(secret) % 4 == 1 else secret
    try:
        name, colon, _ = base64.b64decode(whole + "=" * (-len(whole) % 4)).partition(b":")
        told = name.decode().isprintable()
    except ValueError:
        return found[0]
    return found["before"] + dotted(found["secret"]) if colon and told else found[0]


def _response(found: re.Match[str]) -> str:
    return found["before"] + dotted(found["secret"]) if looks_secret(found["secret"]) else found[0]


def _cookie_header(found: re.Match[str]) -> str:
    as_header = as_set_cookie if found["name"].lower() == "set-cookie" else as_cookies
    return found["before"] + as_header(found["secret"])


def _key(found: re.Match[str]) -> str:
    return found["before"] + re.sub(r"[^\s=\\]", "•", found["secret"])


_RULES: Final = (
    Rule(
        sign="private key",
        pattern=re.compile(r"(?P<before>-----BEGIN [A-Z ]{0,40}PRIVATE KEY-----)(?P<secret>(?:[^-]|-(?!----))*+)"),
        told=_key,
    ),
    *FIELD_RULES,
    # Of Digest (RFC 7616, section 3.4.1).
    Rule(
        sign='response="',
        pattern=re.compile(r"(?P<before>\b[Rr]esponse=\")(?P<secret>[\w+/=•-]{16,200}+)(?=\")"),
        told=_response,
    ),
    Rule(
        sign="bearer",
        pattern=re.compile(
            rf"(?P<before>\bbearer(?:[ \t]{{1,4}}|\+|{PERCENT}20))(?P<secret>[A-Za-z0-9._~+/•-]{{8,}}=*)",
            re.IGNORECASE | re.ASCII,
        ),
        told=_bearer,
    ),
    Rule(
        sign="basic",
        pattern=re.compile(
            rf"(?P<before>\bbasic(?:[ \t]{{1,4}}|{PERCENT}20))(?P<secret>[A-Za-z0-9+/]{{8,}}=*)",
            re.IGNORECASE | re.ASCII,
        ),
        told=_basic,
    ),
    *ADDRESS_RULES,
    Rule(
        sign="cookie",
        pattern=re.compile(
            r"(?P<before>\b(?P<name>set-cookie|cookie): ?)"
            r"(?P<secret>[^\s=;]{1,200}=(?:[^\r\n;]|;[ \t]*+(?:\r?\n[ \t]++)?+)++)",
            re.IGNORECASE | re.ASCII,
        ),
        told=_cookie_header,
    ),
)


def without_secrets(text: str) -> str:
    """A text in which what looks like a secret, by its name or by itself, is masked."""
    text = without_named(text)
    small = text.lower()
    for rule in _RULES:
        if rule.sign not in small:
            continue
        # A loop, since a generator for each rule would take as long as the rest for a short text.
        for hint in rule.hints:
            if hint in small:
                text = rule.pattern.sub(rule.told, text)
                break
    text = _without_signatures(text) if "." in text or "%2" in text or "\\u002" in text else text
    return _without_encoded_signatures(text)


def _without_signatures(text: str) -> str:
    spans = ((begin, end) for token in tokens_in(text) for begin, end in token.secrets)
    return _replaced(text, spans, dotted)


def _without_encoded_signatures(text: str) -> str:
    # Not even first letters, since these would be a signature again for whoever looks at the text once more.
    return _replaced(text, encoded_secrets(text), lambda secret: "•" * len(secret))


def _replaced(text: str, spans: Iterable[tuple[int, int]], told: Callable[[str], str]) -> str:
    pieces, at = [], 0
    for begin, end in spans:
        pieces += [text[at:begin], told(text[begin:end])]
        at = end
    return "".join((*pieces, text[at:])) if pieces else text
