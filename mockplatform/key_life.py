"""The keys that a platform publishes and signs with, and how they change (SEC 6.3)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from mockplatform import flow
from mockplatform.keys import KeyRing
from mockplatform.model import KeySet
from mockplatform.mutation import Context, Spoilt, through

__all__ = ["PlatformKeys"]


@dataclass(slots=True, kw_only=True)
class PlatformKeys:
    """What the key set endpoint publishes: an honest set and, for a while, lies about it."""

    ring: KeyRing
    mutations: Sequence[Spoilt] = ()
    context: Context | None = None
    extra_kid: str | None = None
    fetches: int = 0

    def publish(self) -> KeySet:
        """The answer of the endpoint now."""
        key = self.ring.jwk("platform")
        fresh = () if self.extra_kid is None else (dict(key) | {"kid": self.extra_kid},)
        honest = flow.key_set(key, *fresh)
        return honest if self.context is None else through(honest, self.mutations, self.context)

    def signing_kid(self) -> str:
        """The key id that honest tokens name now."""
        return self.ring.kid("platform")
