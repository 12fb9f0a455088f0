"""`python -m mockplatform` is `mockplatform`."""

from __future__ import annotations

from mockplatform.cli import entry

entry()
