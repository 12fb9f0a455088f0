"""`python -m conformance` is `lti-conformance`."""

from __future__ import annotations

from conformance.cli import entry

entry()
