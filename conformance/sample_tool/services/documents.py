"""JSON that a platform has sent."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

__all__ = ["member", "read_json", "text"]


def read_json(body: bytes) -> Any:
    """The value of a body; ValueError if it has none."""
    try:
        return json.loads(body)
    except RecursionError:
        raise ValueError("nested too deeply") from None


def text(document: Mapping[str, Any], name: str) -> str:
    """A member that should be text; empty when it is not."""
    value = document.get(name)
    return value if isinstance(value, str) else ""


def member(document: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    """A member that should be an object; an empty one when it is not."""
    value = document.get(name)
    return value if isinstance(value, dict) else {}
