"""Channels: where a tool shows its error, and how it is read.

Each [[observe.error]] of the tool file names a channel by its `kind`. All of them are read; the
most trusted one that says something wins, and channels that contradict each other are a finding.
The most trusted comes first:
"""

from __future__ import annotations

import inspect
from collections.abc import Iterator

from conformance.observe import extractors
from conformance.paragraphs import paragraph, prose
from conformance.schema import settings_schema

__all__ = ["lines"]

_REST = """
[observe.names] says what your own words mean: NONCE_ALREADY_RECEIVED = "NonceReused"; [observe.status] what a status \
means: 401 = "security". A text channel that also matches the page of a good launch is not used, and the report says \
so. What no channel can tell is reported as skipped (not-observable), never as passed.

The header LTI-Error is our small proposal for tools that do not want to show codes to people: \
LTI-Error: class=security, type="TokenExpired", code=1001, ref="SEC 5.1.3-7".

What each key holds: `lti-conformance explain tool-file`.
"""


def lines() -> Iterator[str]:
    """Each channel with what it reads and its keys, then what holds for all of them."""
    for kind, module in extractors().items():
        yield from paragraph(kind, (inspect.getdoc(module) or "").partition("\n")[0])
        yield from paragraph("", f"Keys: {', '.join(settings_schema(module)['properties'])}")
    for text in _REST.splitlines():
        yield from prose(text) if text else [""]
