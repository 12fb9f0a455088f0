"""The ways in which a fault point can fail."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, Literal, get_args

__all__ = ["BASE_MODES", "MODES", "Mode"]

BaseMode = Literal["error", "timeout", "garbage", "empty"]
UpstreamMode = Literal["token-refused", "grant-refused", "not-found", "rate-limited"]
Mode = BaseMode | UpstreamMode

BASE_MODES: Final[tuple[BaseMode, ...]] = get_args(BaseMode)

MODES: Final[Mapping[Mode, str]] = {
    "error": "it fails at once",
    "timeout": "it does not answer",
    "garbage": "it answers what nobody can read",
    "empty": "it succeeds and finds or makes nothing",
    "token-refused": "the upstream answers 401: the access token is no longer good",
    "grant-refused": "the upstream answers 400: it grants no new access token",
    "not-found": "the upstream answers 404: it does not know the user",
    "rate-limited": "the upstream answers 429 and says when to come back",
}
