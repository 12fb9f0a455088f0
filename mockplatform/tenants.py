"""Many platforms in one process, each with an issuer, people, grades and a clock of its own."""

from __future__ import annotations

import re
import threading
from dataclasses import dataclass, field, replace
from typing import Any, Final

from mockplatform.dialects.dialect import dialect_of
from mockplatform.errors import UsageError
from mockplatform.filling import Filling, filling_of, pour
from mockplatform.lms import Platform
from mockplatform.records import Settings
from mockplatform.state import State
from mockplatform.store import Kind
from mockplatform.stores.earlier_runs import Run, earlier_runs, reissue

__all__ = ["FIRST", "Filling", "Tenants"]

FIRST: Final = "main"
"""The id of the tenant at the root, wherever one must be named; in the store it is empty."""

_SHARED: Final = "*"
_FEW: Final = 50
"""So many open tenants are not worth a look whether all of them are still there."""
_ID: Final = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9_-]{0,62}[A-Za-z0-9])?")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Tenant:
    """That there is a tenant.

    Args:
        made: tells it from one of the same id that was removed.
        ready: whether it is filled; nobody sees it before.
    """

    id: str
    made: str
    settings: Settings
    empty: bool = False
    ready: bool = False


@dataclass(frozen=True, slots=True)
class _Open:
    record: _Tenant
    platform: Platform = field(compare=False)


class Tenants:
    """The tenants beside the first one, by id; each is reachable at `/t/{id}`.

    Which there are stands in the first one's store, so that workers which share a store have the same tenants.

    Args:
        first: the platform at the root; the others get its clock, keys and store.
        filling: what each of them is filled with; people, courses and tools of the first as it is now unless given.
    """

    def __init__(self, first: Platform, filling: Filling | None = None) -> None:
        self.first = first
        self._records = first.state.store.table(Kind("tenants", _Tenant), _SHARED)
        self._take_over(filling or Filling())
        self._filling = filling or filling_of(first)
        self._made = first.state.store.table(Kind("made", Settings), _SHARED)
        # Kept, so that a later run does not take for the beginning what was changed since.
        self._made.add(FIRST, first.settings)
        self._open: dict[str, _Open] = {}
        self._most_open = _FEW
        self._lock = threading.Lock()

    def begin_with(self, **settings: Any) -> None:
        """Let the first one behave so from now on, also whenever it is reset, and new tenants with it.

        Args:
            settings: fields of `mockplatform.records.Settings`.

        Raises:
            UsageError: there is no such flavour or quirk.
        """
        self.first.change_settings(**settings)
        self._made.change(FIRST, lambda made: replace(made, **settings))

    def create(self, tenant: str = "", title: str = "", *, empty: bool = False, **settings: Any) -> Platform:
        """A new tenant, filled like the school unless it is to be empty.

        Args:
            tenant: its id, for URLs; made up unless given.
            settings: further fields of `mockplatform.records.Settings`.

        Raises:
            UsageError: the id is taken or cannot stand in a URL.
        """
        tenant = tenant or self.first.new_id().strip("-_")
        if tenant == FIRST or not _ID.fullmatch(tenant):
            why = "is the id of the first one" if tenant == FIRST else "is no id"
            raise UsageError(f"tenant {tenant[:80]!r} {why}; write up to 64 letters, digits, - and _, such as class-7b")
        base = replace(self._beginning(), offset_s=0.0, title=title or tenant)
        wanted = replace(base, **settings)
        # Before anything is kept: nobody could open a tenant that speaks no known dialect.
        dialect_of(wanted.flavour, wanted.quirks)
        record = _Tenant(id=tenant, made=self.first.new_id(), settings=wanted, empty=empty)
        if not self._records.add(tenant, record):
            raise UsageError(f"tenant {tenant!r} is there already; choose another id, or reset or remove it")
        platform = self._fill(record)
        record = replace(record, ready=True)
        self._records.put(tenant, record)
        self._keep(record, platform)
        return platform

    def get(self, tenant: str) -> Platform | None:
        """A tenant by its id; the first one by `main`."""
        if tenant == FIRST:
            return self.first
        record = self._records.get(tenant)
        if record is None or not record.ready:
            with self._lock:
                self._open.pop(tenant, None)
            return None
        known = self._open.get(tenant)
        if known is not None and known.record == record:
            return known.platform
        return self._keep(record, self._platform(record))

    def all(self, offset: int = 0, limit: int | None = None) -> list[Platform]:
        """The tenants in the order in which they were made, without the first one."""
        found = (self.get(record.id) for record in self._records.page(offset=offset, limit=limit))
        return [platform for platform in found if platform is not None]

    def count(self) -> int:
        """How many there are, without the first one."""
        return self._records.count()

    def reset(self, tenant: str) -> Platform:
        """Let a tenant forget everything, and fill it anew as it was when it was made.

        Raises:
            UsageError: there is no such tenant.
        """
        if tenant == FIRST:
            self.first.canary_hits.clear()
            pour(self.first, self._beginning(), self._filling)
            return self.first
        record = self._known(tenant)
        return self._keep(record, self._fill(record))

    def remove(self, tenant: str) -> None:
        """Forget a tenant.

        Raises:
            UsageError: there is no such tenant, or it is the first one.
        """
        if tenant == FIRST:
            raise UsageError(f"tenant {FIRST!r} is the first one, which cannot be removed; reset it")
        self._known(tenant)
        self._records.pop(tenant)
        with self._lock:
            self._open.pop(tenant, None)
        self.first.state.store.drop(tenant)

    def _take_over(self, filling: Filling) -> None:
        """Let what the store has of an earlier run be issued by this one.

        An issuer that was chosen stays with its tools, except those that this run has, too.
        """
        first = self.first
        store, now = first.state.store, Run(url=first.url, issuer=first.issuer)
        offered = filling.issued_by(first.issuer)
        own = frozenset(tool.client_id for tool in offered if tool.issuer == first.issuer)
        for before in earlier_runs(store, now, first.registrations, offered):
            tenants = [record.id for record in self._records.page()] if before.url != now.url else []
            issuers = {f"{before.url}/t/{tenant}": f"{now.url}/t/{tenant}" for tenant in tenants}
            if before.is_default:
                issuers[before.issuer] = now.issuer
            for state in (first.state, *(State(store, tenant) for tenant in tenants)):
                reissue(state, issuers)
            if not before.is_default:
                reissue(first.state, {before.issuer: now.issuer}, client_ids=own)

    def _beginning(self) -> Settings:
        return self._made.get(FIRST) or self.first.settings

    def _known(self, tenant: str) -> _Tenant:
        record = self._records.get(tenant)
        if record is None:
            raise UsageError(f"there is no tenant {tenant[:80]!r}")
        return record

    def _keep(self, record: _Tenant, platform: Platform) -> Platform:
        with self._lock:
            self._open[record.id] = _Open(record, platform)
            if len(self._open) > self._most_open:
                # Another worker may have removed some, and nobody asks for these any more.
                self._open = {name: one for name, one in self._open.items() if self._records.get(name) == one.record}
                self._most_open = max(_FEW, 2 * len(self._open))
        return platform

    def _fill(self, record: _Tenant) -> Platform:
        platform = self._platform(record)
        pour(platform, record.settings, Filling() if record.empty else self._filling)
        return platform

    def _platform(self, record: _Tenant) -> Platform:
        first = self.first
        return Platform(
            url=self._url(record),
            clock=first._clock,  # noqa: SLF001 - the real one, without the offset of the first one
            new_id=first.new_id,
            keys=first.keys,
            store=first.state.store,
            tenant=record.id,
            fetch=first.fetch,
        )

    def _url(self, record: _Tenant) -> str:
        return f"{self.first.url}/t/{record.id}"
