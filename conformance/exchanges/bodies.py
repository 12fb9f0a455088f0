"""What is known of a request's or an answer's body by its headers. Pure."""

from __future__ import annotations

from typing import Final

from mockplatform.model import Params

__all__ = ["FORM", "SHOWN", "media_type"]

SHOWN: Final = 16_000
"""As many bytes of a body are kept for reading."""
FORM: Final = "application/x-www-form-urlencoded"


def media_type(headers: Params) -> str:
    """The media type in small letters, without parameters; empty if none is named."""
    found = next((value for name, value in headers if name.lower() == "content-type"), "")
    return found.partition(";")[0].strip().lower()
