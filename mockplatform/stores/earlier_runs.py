"""What earlier runs at other URLs have left in a store, under the issuers that they had."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final
from urllib.parse import urlsplit

from mockplatform.model import Registration
from mockplatform.state import State
from mockplatform.store import Kind, Store
from mockplatform.stores.kept_keys import SHARED

__all__ = ["Run", "earlier_runs", "reissue"]

_LAST: Final = "last"
_KEYS: Final[Mapping[str, Callable[[Any], str]]] = {
    "links": lambda link: link.id,
    "line_items": lambda item: item.id,
    "grants": lambda grant: grant.token,
}
"""The tables beside the registrations whose records name an issuer, with the keys of these records."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """Where a platform was, and what it called itself."""

    url: str
    issuer: str

    @property
    def is_default(self) -> bool:
        """Whether nobody chose the issuer."""
        return self.issuer == self.url


def earlier_runs(store: Store, now: Run, kept: Iterable[Registration], offered: Iterable[Registration]) -> list[Run]:
    """The runs before this one whose issuers may stand in the store; this one is noted as the last.

    Args:
        kept: the registrations of the first platform.
        offered: those that it is to have in this run.
    """
    table = store.table(Kind("runs", Run), SHARED)
    before = table.get(_LAST)
    if before == now:
        return []
    table.put(_LAST, now)
    return [before] if before is not None else _inferred(kept, offered)


def _inferred(kept: Iterable[Registration], offered: Iterable[Registration]) -> list[Run]:
    """Runs of versions that noted none: what each run offers stands under the URL of the one that kept it."""
    tools = tuple(offered)
    names, keys = {tool.client_id for tool in tools}, {tool.key for tool in tools}
    known = (tool.issuer for tool in kept if tool.client_id in names and tool.key not in keys)
    return [Run(url=issuer, issuer=issuer) for issuer in dict.fromkeys(known) if urlsplit(issuer).port is not None]


def reissue(state: State, issuers: Mapping[str, str], *, client_ids: frozenset[str] | None = None) -> None:
    """Give what a tenant keeps under some issuers other ones; a tool that is there already under its new one stays.

    Args:
        issuers: the new ones by the old ones.
        client_ids: only tools with these ids; None: all.
    """

    def changed(record: Any) -> Any:
        concerned = client_ids is None or record.client_id in client_ids
        return replace(record, issuer=issuers.get(record.issuer, record.issuer)) if concerned else record

    for tool in state.registrations.page():
        moved = changed(tool)
        if moved != tool:
            state.registrations.add(moved.key, moved)
            state.registrations.pop(tool.key)
    for name, key in _KEYS.items():
        table = getattr(state, name)
        for record in table.page():
            if changed(record) != record:
                table.change(key(record), changed)
