"""The report for a browser: one file that asks nothing of any network; its parts lie in the folder `html`."""

from __future__ import annotations

import base64
import functools
import hashlib
import re
import zlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, unquote

from conformance.dossier import Dossier, Entry, RowStatus
from conformance.model import Grade, Status

if TYPE_CHECKING:
    from jinja2 import Environment
    from markupsafe import Markup
from conformance.reports.verdict import Verdict, verdict

__all__ = ["SIZE", "render"]

FOLDER = Path(__file__).with_name("html")
SIZE = 4_000_000
"""How many bytes a report may have before it packs what was said on the wire."""
# Each holds the place of something in the templates. Whatever a tool has said is escaped and cannot have it.
_WIRE, _PACKED, _NONCE = "<!--wire-->", "<!--packed-->", "<!--nonce-->"

_MARKS: Mapping[RowStatus | Status, str] = {
    "passed": "✓",
    "failed": "✗",
    "warned": "!",
    "skipped": "–",
    "waived": "w",
    "error": "?",
    "not-run": "·",
}
_GRADES: Mapping[Grade, str] = {"passed": "✓", "allowed": "≈", "failed": "✗", "unobserved": "·"}
_ORDER: tuple[Status, ...] = ("failed", "error", "warned", "waived", "skipped", "passed")
_TONES: Mapping[Verdict, RowStatus] = {
    "conformant": "passed",
    "not conformant": "failed",
    "regressed": "failed",
    "waivers to clear": "warned",
    "partial": "warned",
    "not tested": "error",
}
# What HTML forbids, what no UTF-8 can say, and what would turn the order of the text around it.
_UNFIT = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff\ufdd0-\ufdef\ufffe\uffff"
    + "".join(f"{chr(plane + 0xFFFE)}{chr(plane + 0xFFFF)}" for plane in range(0x10000, 0x110000, 0x10000))
    + "]"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Group:
    """The results that have one status."""

    status: Status
    entries: Sequence[Entry]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Row:
    """The results of one area."""

    name: str
    passed: int
    entries: Sequence[Entry]


def render(dossier: Dossier) -> str:
    """The report as one HTML document."""
    groups = _groups(dossier)
    text = (
        _templates()
        .get_template("report.html")
        .render(
            run=dossier,
            headline=verdict(dossier).capitalize(),
            tone=_TONES[verdict(dossier)],
            groups=groups,
            areas=_areas(dossier),
            graded=tuple(axis for axis in dossier.axes if axis != "outcome"),
            about=_about(dossier),
            marks=_MARKS,
            grades=_GRADES,
            order=_ORDER,
            style=_part("style.css"),
            script=_part("report.js"),
        )
    )
    told = [entry for group in groups for entry in group.entries if entry.timeline]
    whole = "".join(_filled(_UNFIT.sub(_escaped, text), told)) + "\n"
    # Not to be guessed by a tool that would send a script, and the same whenever the report is made again.
    return whole.replace(_NONCE, hashlib.sha256(whole.encode()).hexdigest()[:32])


def _groups(dossier: Dossier) -> Sequence[_Group]:
    """What asks for attention first."""
    found: dict[Status, list[Entry]] = {status: [] for status in _ORDER}
    for entry in dossier.results:
        found[entry.status].append(entry)
    return [_Group(status=status, entries=entries) for status, entries in found.items() if entries]


def _areas(dossier: Dossier) -> Sequence[_Row]:
    found: dict[str, list[Entry]] = {}
    for entry in dossier.results:
        found.setdefault(entry.area, []).append(entry)
    return [
        _Row(name=name, passed=sum(entry.status == "passed" for entry in entries), entries=entries)
        for name, entries in found.items()
    ]


def _about(dossier: Dossier) -> Mapping[str, Sequence[str]]:
    """The codes and types in whose rows a scenario stands, by its id."""
    found: dict[str, list[str]] = {}
    rows = [(str(row.code), row.scenarios) for row in dossier.codes]
    rows += [(row.type, row.scenarios) for row in dossier.types]
    for name, ids in rows:
        for id_ in ids:
            found.setdefault(id_, []).append(name)
    return found


def _filled(text: str, told: Iterable[Entry]) -> Iterator[str]:
    """The report with what was said on the wire in its places, and packed at its end once it is long."""
    drawn: Any = _templates().get_template("timeline.html").module
    head, _, tail = text.partition(_PACKED)
    first, *rest = head.split(_WIRE)
    left = SIZE - len(text.encode())
    packed: list[str] = []
    yield first
    for entry, after in zip(told, rest, strict=True):
        wire = _UNFIT.sub(_escaped, drawn.timeline(entry.timeline))
        left -= len(wire.encode())
        if left > 0:
            yield wire
        else:
            yield drawn.packed(len(packed))
            packed.append(wire)
        yield after
    if packed:
        yield drawn.pack(base64.b64encode(zlib.compress(_WIRE.join(packed).encode(), 9)).decode())
    yield tail


@functools.cache
def _templates() -> Environment:
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    made = Environment(
        loader=FileSystemLoader(FOLDER),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    made.filters |= {"anchor": _anchor, "id": unquote, "text": _text, "prose": _prose, "breakable": _breakable}
    made.tests["web"] = lambda url: url.startswith(("https://", "http://"))
    return made


def _anchor(id_: str, kind: str) -> str:
    """The fragment that leads to the part of a scenario, a rule or a chapter."""
    return quote(re.sub(r"\s", "_", f"{kind}-{id_}"), safe="/", errors="replace")


def _text(text: str) -> Markup:
    """Text between tags, where a quotation mark needs no escape: bodies are full of them."""
    from markupsafe import Markup

    return Markup(text.replace("&", "&amp;").replace("<", "&lt;"))  # noqa: S704


def _prose(text: str) -> Markup:
    """A sentence of the project's own data, with what stands between backticks as code."""
    from markupsafe import Markup, escape

    return Markup(re.sub(r"`([^`]+)`", r"<code>\1</code>", str(escape(text))))  # noqa: S704


def _breakable(name: str, after: str) -> Markup:
    """A long name, with places where a line may end."""
    from markupsafe import Markup, escape

    return Markup(f"{after}<wbr>").join(escape(part) for part in name.split(after))  # noqa: S704


def _escaped(found: re.Match[str]) -> str:
    """The escape that stands for a character which cannot stand for itself."""
    number = ord(found[0])
    return f"\\x{number:02x}" if number < 0x100 else f"\\u{number:04x}" if number < 0x10000 else f"\\U{number:08x}"


@functools.cache
def _part(name: str) -> Markup:
    from markupsafe import Markup

    return Markup((FOLDER / name).read_text(encoding="utf-8"))  # noqa: S704
