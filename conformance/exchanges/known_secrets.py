"""Secrets that the harness knows by their values: those of the tool file, and those that a launch has shown. Pure."""

from __future__ import annotations

import html
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import fields, is_dataclass
from typing import Any, Final, NamedTuple
from urllib.parse import quote, quote_plus, unquote, unquote_plus

from conformance.exchanges.bodies import FORM, media_type
from conformance.exchanges.legs import Leg
from conformance.model import Observation
from conformance.toolvalues import Tool
from mockplatform.model import Exchange, Params
from mockplatform.telling.masking import dotted, is_readable, kind_of, looks_secret

__all__ = ["Form", "configured", "forms_of", "ways_of", "without", "witnessed"]

_SHORTEST: Final = 6
_SHORTEST_BEGINNING: Final = 8
_PASSWORD: Final = re.compile(r"://[^\s/:@]{0,200}:([^\s]{1,400})@")
_USER: Final = re.compile(r"://([^\s/:@?#]{1,400})[:@]")
_PUBLIC: Final = frozenset({"client_id", "iss", "login_hint", "lti_message_hint", "nonce", "state", "sub"})
"""What a launch shows to everybody, also where a tool keeps it in a cookie."""


class Form(NamedTuple):
    """A way to write a secret, and how such begin; one that might be a word has to stand by itself."""

    beginning: str
    text: str
    is_word: bool


def configured(tool: Tool) -> frozenset[str]:
    """The secrets of a tool file: by their keys, and passwords in addresses wherever these stand."""
    return frozenset(secret for secret in _within("", tool) if len(secret) >= _SHORTEST)


def _within(name: str, value: Any) -> Iterator[str]:
    if isinstance(value, str):
        # In a tool file it is a place where to look for the codes of errors.
        yield from _values(name, value) if kind_of(name) != "code" else ()
        yield from _passwords(value)
    elif is_dataclass(value) and not isinstance(value, type):
        for one in fields(value):
            yield from _within(one.name, getattr(value, one.name))
    elif isinstance(value, Mapping):
        for key, held in value.items():
            yield from _within(str(key), held)
    elif isinstance(value, tuple | list):
        for held in value:
            yield from _within(name, held)


def _values(name: str, value: str) -> Iterator[str]:
    """What of a value with such a name is secret: of a JWT its signature, of a cookie not its name."""
    kind = kind_of(name)
    if kind == "cookie":
        pairs = value.split(";")[:1] if name.lower() == "set-cookie" else value.split(";")
        values = [pair.partition("=")[2].strip().strip('"') for pair in pairs]
    elif kind == "authorization":
        values = [value.partition(" ")[2].strip() or value]
    else:
        values = [value] if kind and not (kind == "code" and is_readable(value)) else []
    for secret in values:
        yield secret.rpartition(".")[2] if secret.count(".") == 2 else secret


def _passwords(address: str) -> Iterator[str]:
    for password in _PASSWORD.findall(address) if "://" in address else ():
        yield from (password, unquote(password))
    for user in _USER.findall(address) if "@" in address else ():
        yield from (user, unquote(user)) if looks_secret(user) else ()
    if "://" in address and "?" in address:
        yield from _of_params(_query(address))


def _query(address: str) -> Params:
    return _telling(address.partition("?")[2].partition("#")[0])


def _telling(form: str) -> Params:
    """The parameters of a form that are secret, or are known to be none; the others need not be decoded."""
    pairs = (pair.partition("=") for pair in form.split("&")) if form else ()
    return tuple(
        (name, unquote_plus(value)) for name, _, value in pairs if value and (name in _PUBLIC or kind_of(name))
    )


def _of_params(params: Iterable[tuple[str, str]]) -> Iterator[str]:
    for name, value in params:
        yield from _values(name, value)


def witnessed(seen: Observation | None, timeline: Iterable[Leg] = ()) -> frozenset[str]:
    """The cookies, tokens and assertions of a launch: whatever else shows them is to hide them as well."""
    exchanges = () if seen is None else (*seen.exchanges, *seen.calls)
    sent = [pair for exchange in exchanges for pair in _sent(exchange)]
    public = {value for name, value in sent if name in _PUBLIC}
    if seen is not None:
        public.add(seen.person_id)
    found = {*_of_params(sent), *(secret for exchange in exchanges for secret in _shown(exchange))}
    found.update(secret for leg in timeline for secret in _told(leg))
    return frozenset(secret for secret in found - public if looks_secret(secret))


def _sent(exchange: Exchange) -> Params:
    is_form = exchange.request_body and media_type(exchange.request_headers) == FORM
    return (*_query(exchange.url), *(_telling(exchange.request_body) if is_form else ()))


def _shown(exchange: Exchange) -> Iterator[str]:
    yield from _of_params(exchange.request_headers)
    yield from _of_params(exchange.response_headers)
    if '_token"' in exchange.response_body:
        yield from _members(exchange.response_body)


def _members(body: str) -> Iterator[str]:
    try:
        told = json.loads(body)
    except (ValueError, RecursionError):
        return
    yield from _of_params(
        tuple((name, value) for name, value in told.items() if isinstance(value, str)) if isinstance(told, dict) else ()
    )


def _told(leg: Leg) -> Iterator[str]:
    for line in (*leg.lines, *(leg.reply.headers if leg.reply else ())):
        for value in (line.value, line.was):
            if value:
                yield from _values(line.name, value)


def without(text: str, forms: tuple[Form, ...]) -> str:
    """The text without secrets that are written so: as they are, or as addresses, JSON and pages write them."""
    if len(text) < _SHORTEST:
        return text
    for beginning, form, is_word in forms:
        if beginning not in text:
            continue
        if is_word:
            text = _without_word(text, form)
        elif form in text:
            text = text.replace(form, dotted(form))
        text = _cut(text, form)
    return text


def _without_word(text: str, word: str) -> str:
    # Not by a pattern, since `re` keeps the last hundreds that it was given, and with them the secrets.
    pieces, at, found = [], 0, text.find(word)
    while found >= 0:
        end = found + len(word)
        if _is_in_word(text[found - 1 : found]) or _is_in_word(text[end : end + 1]):
            found = text.find(word, found + 1)
            continue
        pieces += [text[at:found], dotted(word)]
        at, found = end, text.find(word, end)
    return "".join((*pieces, text[at:]))


def _is_in_word(sign: str) -> bool:
    return sign.isalnum() or sign == "_"


def _cut(text: str, form: str) -> str:
    """A text that ends in the middle of a secret, since somebody has cut it."""
    mark = text.rfind("…") if text.endswith(("…", "more", "at least")) else -1
    end = mark if mark >= 0 else len(text)
    at = text.find(form[:_SHORTEST_BEGINNING], max(0, end - len(form)), end)
    if at < 0 or end - at < _SHORTEST_BEGINNING or not form.startswith(text[at:end]):
        return text
    return text[:at] + dotted(text[at:end]) + text[end:]


def forms_of(ways: Iterable[frozenset[str]]) -> tuple[Form, ...]:
    """Ways to write secrets as they are looked for, the longest first."""
    return tuple(
        Form(beginning=way[:_SHORTEST], text=way, is_word=way.isascii() and way.isalpha())
        for way in sorted(frozenset[str]().union(*ways), key=lambda way: (-len(way), way))
    )


def ways_of(secret: str) -> frozenset[str]:
    """The ways in which addresses, JSON, pages and logs write a secret."""
    if secret.isalnum():
        return frozenset({secret})
    escaped = html.escape(secret)
    return frozenset(
        {
            *(secret, quote(secret, safe=""), quote_plus(secret), repr(secret)[1:-1]),
            *(json.dumps(secret)[1:-1], json.dumps(secret, ensure_ascii=False)[1:-1]),
            *(escaped, html.escape(secret, quote=False), escaped.replace("x27;", "39;")),
        }
    )
