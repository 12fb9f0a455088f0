"""Many platforms in one process, each with an issuer, people, grades and a clock of its own."""

from __future__ import annotations

from mockplatform.lms import Platform

__all__ = ["Tenants"]


class Tenants:
    """The tenants beside the first one, by id; each is reachable at `/t/{id}`."""

    def __init__(self, first: Platform) -> None:
        self.first = first
        self._others: dict[str, Platform] = {}

    def get(self, tenant: str) -> Platform | None:
        """A tenant by its id."""
        return self._others.get(tenant)
