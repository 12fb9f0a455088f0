"""Private keys in a store, for all workers that share it and for the next run."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from mockplatform.keys import Keep
from mockplatform.store import Kind, Store

__all__ = ["SHARED", "kept_in"]

SHARED: Final = "*"
"""Where a store keeps what belongs to no tenant; no tenant's id has an asterisk."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _KeptKey:
    pem: str = field(repr=False)


def kept_in(store: Store) -> Keep:
    """Keys of a store: whoever asks for a name first makes the key, for everybody."""
    table = store.table(Kind("keys", _KeptKey), SHARED)

    def keep(name: str, make: Callable[[], str]) -> str:
        found = table.get(name)
        while found is None:
            table.add(name, _KeptKey(pem=make()))
            found = table.get(name)
        return found.pem

    return keep
