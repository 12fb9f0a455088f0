"""The XML of LTI 1.1 Basic Outcomes: a request taken apart, an answer put together (LTI 1.1, section 6; BO 1.1).

A request is at most 64 KB, has no document type, and therefore no entities but those of XML itself.
"""

from __future__ import annotations

import html
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, Literal
from xml.parsers import expat

__all__ = ["MEDIA_TYPES", "NAMESPACE", "PoxError", "PoxRequest", "pox_answer", "pox_request"]

NAMESPACE: Final = "http://www.imsglobal.org/services/ltiv1p1/xsd/imsoms_v1p0"
MEDIA_TYPES: Final = ("application/xml", "text/xml")

_MAX_BYTES: Final = 64 << 10
_MAX_DEPTH: Final = 20
_ENVELOPE: Final = "imsx_POXEnvelopeRequest"
_HEADER: Final = ("imsx_POXHeader", "imsx_POXRequestHeaderInfo")
_BODY: Final = "imsx_POXBody"
_FORBIDDEN: Final = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""What no XML text may hold, not even escaped (XML 1.0, section 2.2)."""

Path = tuple[str, ...]


class PoxError(Exception):
    """A request is not what Basic Outcomes wants.

    Args:
        message_id: what the request calls itself, as far as that could be read.
    """

    def __init__(self, description: str, message_id: str = "") -> None:
        super().__init__(description)
        self.description = description
        self.message_id = message_id


@dataclass(frozen=True, slots=True, kw_only=True)
class PoxRequest:
    """What a tool wants done.

    Args:
        operation: such as `replaceResult`.
        texts: what stands below the element of the operation, by the names on the way there.
    """

    operation: str
    message_id: str
    texts: Mapping[Path, str] = field(default_factory=dict)


def pox_request(body: bytes) -> PoxRequest:
    """The request in a body.

    Raises:
        PoxError: it is none.
    """
    if len(body) > _MAX_BYTES:
        raise PoxError(f"the body has {len(body)} bytes, more than {_MAX_BYTES}")
    texts = _texts(body)
    if next(iter(texts), ()) != (_ENVELOPE,):
        raise PoxError(f"the root element is {'/'.join(next(iter(texts), ()))}, expected {_ENVELOPE}")
    message_id = texts.get((_ENVELOPE, *_HEADER, "imsx_messageIdentifier"), "").strip()
    version = texts.get((_ENVELOPE, *_HEADER, "imsx_version"))
    if version is None or version.strip() != "V1.0":
        raise PoxError(f"{'/'.join(_HEADER)}/imsx_version is {version!r}, expected 'V1.0'", message_id)
    if not message_id:
        raise PoxError(f"{'/'.join(_HEADER)}/imsx_messageIdentifier is missing or empty")
    wanted = [path[2] for path in texts if len(path) == 3 and path[1] == _BODY]
    if len(wanted) != 1 or not wanted[0].endswith("Request"):
        raise PoxError(f"{_BODY} holds {', '.join(wanted) or 'nothing'}, expected one …Request element", message_id)
    below = {path[3:]: text for path, text in texts.items() if path[1:3] == (_BODY, wanted[0]) and len(path) > 3}
    return PoxRequest(operation=wanted[0].removesuffix("Request"), message_id=message_id, texts=below)


def pox_answer(
    *,
    answer_id: str,
    code: Literal["success", "failure", "unsupported"],
    description: str,
    operation: str = "",
    message_id: str = "",
    score: str | None = None,
) -> bytes:
    """The answer to a request.

    Args:
        answer_id: names the answer.
        score: what was read; empty, if there is none. None: nothing was to be read.
    """
    about = _element("imsx_messageRefIdentifier", message_id) if message_id else ""
    about += _element("imsx_operationRefIdentifier", operation) if operation else ""
    body = "" if score is None else _result(score)
    answered = f"<{operation}Response>{body}</{operation}Response>" if operation and code == "success" else ""
    status = (
        f"{_element('imsx_codeMajor', code)}"
        f"{_element('imsx_severity', 'status' if code == 'success' else 'error')}"
        f"{_element('imsx_description', description)}{about}"
    )
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        f'<imsx_POXEnvelopeResponse xmlns="{NAMESPACE}"><imsx_POXHeader><imsx_POXResponseHeaderInfo>'
        f"{_element('imsx_version', 'V1.0')}{_element('imsx_messageIdentifier', answer_id)}"
        f"<imsx_statusInfo>{status}</imsx_statusInfo>"
        "</imsx_POXResponseHeaderInfo></imsx_POXHeader>"
        f"<imsx_POXBody>{answered}</imsx_POXBody></imsx_POXEnvelopeResponse>"
    ).encode()


def _result(score: str) -> str:
    held = f"{_element('language', 'en')}{_element('textString', score)}"
    return f"<result><resultScore>{held}</resultScore></result>"


def _element(name: str, text: str) -> str:
    escaped = html.escape(_FORBIDDEN.sub("\ufffd", text))
    return f"<{name}>{escaped}</{name}>"


def _texts(body: bytes) -> dict[Path, str]:
    """The text directly in each element, by the names on the way there; the root comes first."""
    parser = expat.ParserCreate(namespace_separator=" ")
    reader = _Reader()
    parser.StartElementHandler = reader.start
    parser.EndElementHandler = reader.end
    parser.CharacterDataHandler = reader.text
    parser.StartDoctypeDeclHandler = reader.document_type
    try:
        parser.Parse(body, True)  # noqa: FBT003
    except (expat.ExpatError, ValueError, LookupError) as error:
        raise PoxError(f"the body is no well-formed XML: {error}") from error
    return {path: "".join(parts) for path, parts in reader.found.items()}


class _Reader:
    """Listens to the parser."""

    def __init__(self) -> None:
        self.found: dict[Path, list[str]] = {}
        self._path: Path = ()

    def document_type(self, *_told: object) -> None:
        raise PoxError("the body has a document type (DOCTYPE), which this service does not read")

    def start(self, name: str, _attributes: object) -> None:
        namespace, _, local = name.rpartition(" ")
        if namespace != NAMESPACE:
            raise PoxError(f"the element {local} is in the namespace {namespace!r}, expected {NAMESPACE!r}")
        self._path = (*self._path, local)
        if len(self._path) > _MAX_DEPTH:
            raise PoxError(f"elements are nested more than {_MAX_DEPTH} deep")
        # Of two scores nobody knows which one counts.
        if self._path in self.found:
            raise PoxError(f"the element {'/'.join(self._path)} stands there twice")
        self.found[self._path] = []

    def end(self, _name: str) -> None:
        self._path = self._path[:-1]

    def text(self, data: str) -> None:
        self.found[self._path].append(data)
