"""What an extractor works with: the page it reads, the words it knows, and what it has seen."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from conformance.errors import codes, types
from conformance.model import ErrorClass
from conformance.toolvalues import Named
from mockplatform.errors import UsageError
from mockplatform.model import Params

__all__ = ["Page", "Sighting", "Words"]

_CLASSES: Mapping[str, ErrorClass] = {"invalid": "invalid", "security": "security", "unknown": "unknown"}
# A lone 1024 on a page is usually a screen width: a number counts only beside a label.
_LABELLED = re.compile(r"(?i)\b(?:error|code)\W{0,12}(10(?:0[1-9]|1[0-9]|2[0-4])|1337)\b")
_CHARSET = re.compile(r"(?i);\s*charset\s*=\s*[\"']?([\w.:+-]+)")


@dataclass(frozen=True, kw_only=True)
class Page:
    """The last answer of a launch, as extractors see it."""

    url: str
    status: int | None
    headers: Params
    body: bytes
    params: Params = ()
    """Parameters of the request that led back to the platform, if the tool sent the person there."""

    @cached_property
    def text(self) -> str:
        """The body as text, in the charset of its content type; in UTF-8 if that names none that is known."""
        named = _CHARSET.search(self.header("content-type") or "")
        try:
            read = self.body.decode(named[1] if named else "utf-8", "replace")
        except (LookupError, ValueError):
            read = self.body.decode("utf-8", "replace")
        # Some charsets can say half of a surrogate pair, which nothing can write.
        return read.encode("utf-8", "replace").decode("utf-8")

    @cached_property
    def data(self) -> Any:
        """The body as JSON; None if it is none."""
        try:
            return json.loads(self.body)
        except (ValueError, RecursionError):
            return None

    @cached_property
    def html(self) -> Any:
        """The body as a parsed page."""
        from selectolax.lexbor import LexborHTMLParser

        return LexborHTMLParser(self.text)

    @cached_property
    def visible(self) -> str:
        """What a person reads: the text without markup, white space folded."""
        if "<" not in self.text[:2000]:
            return " ".join(self.text.split())
        from selectolax.lexbor import LexborHTMLParser

        page = LexborHTMLParser(self.text)
        for name in ("script", "style", "head"):
            # By tag: a document's first CSS query costs more than to parse a short page.
            for node in page.tags(name):
                node.decompose()
        root = page.body or page.root
        return " ".join(root.text(separator=" ").split()) if root is not None else ""

    def header(self, name: str) -> str | None:
        """The first header of that name, any case."""
        return next((value for key, value in self.headers if key.lower() == name.lower()), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sighting:
    """An error that an extractor recognised; what it could not read is None."""

    klass: ErrorClass | None = None
    type: str | None = None
    code: int | None = None
    message: str = ""

    def __bool__(self) -> bool:
        return any(value is not None for value in (self.klass, self.type, self.code))


class Words:
    """What the words of a tool mean: the canonical names, and `[observe.names]` of its tool file.

    Raises:
        UsageError: a name stands for a type or code that does not exist.
    """

    def __init__(self, names: Mapping[str, str | Named], *, where: str = "observe.names") -> None:
        self._own = {word: _meaning(value, f"{where}.{word}") for word, value in names.items()}
        self._longest_first = sorted(self._own, key=len, reverse=True)
        self._code_names = {code.name: code.code for code in codes().values()}

    def meaning(self, word: object) -> Sighting:
        """What a single word or number means; an empty sighting if it means nothing."""
        text = str(word).strip()
        if text in self._own:
            return self._own[text]
        if re.fullmatch(r"[0-9]{4}", text) and int(text) in codes():
            return Sighting(code=int(text))
        if text in self._code_names:
            return Sighting(code=self._code_names[text])
        if text in types():
            return Sighting(type=text, klass=types()[text].klass)
        return Sighting(klass=_CLASSES.get(text.removeprefix(":")))

    def search(self, text: str) -> Sighting:
        """What a running text means: a labelled number, the name of a code, or a word of the tool."""
        own = next((self._own[word] for word in self._longest_first if word in text), Sighting())
        number = _LABELLED.search(text)
        named_code = next((code for name, code in self._code_names.items() if name in text), None)
        code = own.code or (int(number[1]) if number else named_code)
        return Sighting(klass=own.klass, type=own.type, code=code)

    def knows(self, word: str) -> bool:
        """Whether a word, or a running text, means anything."""
        return bool(self.meaning(word) or self.search(word))

    @property
    def kinds(self) -> frozenset[str]:
        """The axes on which the tool's own words say something."""
        own = self._own.values()
        spoken = {
            "type": any(m.type for m in own),
            "class": any(m.klass for m in own),
            "code": any(m.code for m in own),
        }
        return frozenset(axis for axis, told in spoken.items() if told)


def _meaning(value: str | Named, where: str) -> Sighting:
    named = Named(type=value) if isinstance(value, str) else value
    if named.type is not None and named.type not in types():
        raise UsageError(f"{where}: unknown error type '{named.type}'; `lti-conformance list --errors` shows all")
    if named.code is not None and named.code not in codes():
        raise UsageError(f"{where}: unknown code {named.code}; `lti-conformance list --codes` shows all")
    klass = named.klass or (types()[named.type].klass if named.type else None)
    return Sighting(klass=klass, type=named.type, code=named.code)
