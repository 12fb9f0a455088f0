"""The report for machines; its JSON Schema is `conformance/schemas/report.schema.json`.

It holds all that the other formats tell, so that any of them can be made of it later: `reading.read_dossier`.
"""

from __future__ import annotations

import json
import re

from conformance.telling.dossier import Dossier
from conformance.telling.plain import plain

__all__ = ["HEAD", "render"]

HEAD = re.compile(r'\A\{\s*"schema": "lti-conformance-report/')
"""How an earlier report of this format is known."""


def render(dossier: Dossier) -> str:
    """The report as one JSON object, each result in a line of its own."""
    document = plain(dossier)
    # An indented result takes ten times as long to write as one in a line, and twice the room.
    results = ",\n".join(f"  {json.dumps(entry, ensure_ascii=False)}" for entry in document.pop("results"))
    head = json.dumps(document, indent=1, ensure_ascii=False).removesuffix("\n}")
    return f'{head},\n "results": [\n{results}\n ]\n}}\n'
