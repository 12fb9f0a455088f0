"""Templates of pages: what stands in them is escaped, and a name that nothing has is an error."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from jinja2 import Environment, FileSystemLoader, StrictUndefined

__all__ = ["environment", "is_web"]


def environment(folder: Path, filters: Mapping[str, Callable[..., Any]]) -> Environment:
    """The templates of a folder, with these filters and the test `web`."""
    made = Environment(
        loader=FileSystemLoader(folder),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    made.filters |= filters
    made.tests["web"] = is_web
    return made


def is_web(url: object) -> bool:
    """Whether an address may be linked: `javascript:` and its like are text."""
    try:
        parts = urlsplit(str(url))
        return parts.scheme in ("http", "https") and bool(parts.hostname)
    except ValueError:
        return False
