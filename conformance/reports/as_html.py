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

from conformance.model import Status
from conformance.reports.escaping import legible
from conformance.reports.marks import GRADES, MARKS
from conformance.statuses import OPEN, URGENT_FIRST, RowStatus
from conformance.telling.conclusion import Verdict
from conformance.telling.dossier import Dossier, Entry

if TYPE_CHECKING:
    from jinja2 import Environment
    from markupsafe import Markup

__all__ = ["HEAD", "SIZE", "render"]

HEAD = re.compile(r"– LTI conformance</title>")
"""How an earlier report of this format is known."""

FOLDER = Path(__file__).with_name("html")
SIZE = 4_000_000
"""How many bytes a report may have before it packs what was said on the wire."""
# Each holds the place of something in the templates. Whatever a tool has said is escaped and cannot have it.
_WIRE, _PACKED, _NONCE = "<!--wire-->", "<!--packed-->", "<!--nonce-->"

_TONES: Mapping[Verdict, RowStatus] = {
    "conformant": "passed",
    "not conformant": "failed",
    "regressed": "failed",
    "waivers to clear": "warned",
    "partial": "warned",
    "not tested": "error",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Group:
    """The results that have one status."""

    status: Status
    entries: Sequence[Entry]


def render(dossier: Dossier) -> str:
    """The report as one HTML document."""
    groups = _groups(dossier)
    text = (
        _templates()
        .get_template("report.html")
        .render(
            run=dossier,
            tone=_TONES[dossier.verdict],
            groups=groups,
            cells=_by_area(dossier),
            graded=tuple(axis for axis in dossier.axes if axis != "outcome"),
            about=_about(dossier),
            marks=MARKS,
            grades=GRADES,
            order=URGENT_FIRST,
            open=OPEN,
            style=_part("style.css"),
            script=_part("report.js"),
        )
    )
    told = [entry for group in groups for entry in group.entries if entry.timeline]
    whole = "".join(_filled(_fit(text), told)) + "\n"
    # Not to be guessed by a tool that would send a script, and the same whenever the report is made again.
    return whole.replace(_NONCE, hashlib.sha256(whole.encode()).hexdigest()[:32])


def _groups(dossier: Dossier) -> Sequence[_Group]:
    """What asks for attention first."""
    found: dict[Status, list[Entry]] = {status: [] for status in URGENT_FIRST}
    for entry in dossier.results:
        found[entry.status].append(entry)
    return [_Group(status=status, entries=entries) for status, entries in found.items() if entries]


def _by_area(dossier: Dossier) -> Mapping[str, Sequence[Entry]]:
    """The results that stand behind a row of `Dossier.areas`, by its name."""
    found: dict[str, list[Entry]] = {}
    for entry in dossier.results:
        found.setdefault(entry.area, []).append(entry)
    return found


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
    """The report with what was said on the wire in its places, and packed at its end once it is long.

    Args:
        told: the entries for which `full` of parts.html has written a place: those with a timeline, in its order.
    """
    drawn: Any = _templates().get_template("timeline.html").module
    head, _, tail = text.partition(_PACKED)
    first, *rest = head.split(_WIRE)
    left = SIZE - len(text.encode())
    packed: list[str] = []
    yield first
    for entry, after in zip(told, rest, strict=True):
        wire = _fit(drawn.timeline(entry.timeline))
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
    # jinja2 is loaded for this format alone.
    from mockplatform.templates import environment

    return environment(
        FOLDER, {"anchor": _anchor, "id": unquote, "text": _text, "prose": _prose, "breakable": _breakable}
    )


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


def _fit(text: str) -> str:
    """The text without what HTML forbids; a bare carriage return would be read as the end of a line."""
    return legible(text).replace("\r", r"\x0d")


@functools.cache
def _part(name: str) -> Markup:
    from markupsafe import Markup

    return Markup((FOLDER / name).read_text(encoding="utf-8"))  # noqa: S704
