"""A proxy between the tool and its PostgreSQL: statements on a named table fail, and nothing changes in the database.

The tool's DSN names the proxy, at `listen`, in the place of the server, `upstream`; the rest of it (user, password,
database) stays. TLS between them is refused, so a DSN with `sslmode=require` has to say `prefer`. A statement counts
if its own words name the table: a view or a function is not looked into.

- `error`: the statement fails on the server with 58030 (io_error); a transaction is aborted as by any other error.
- `timeout`: it sleeps on the server until the fault is over or the tool cancels it, and fails then.
- `garbage`: the connection ends in the middle of a row.
- `empty`: it runs, but its rows are left out, also the one that a count always has.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Final

from conformance.driver import Armed, Binding, FaultPoint, Mark, Order, OutOfReachError, Site
from conformance.modes import BASE_MODES, Mode
from conformance.pgproxy.addresses import Address, read_listen, read_upstream
from conformance.pgproxy.rules import Faults, Rule
from conformance.pgproxy.touch import table_name
from mockplatform.errors import BindError, UsageError

if TYPE_CHECKING:
    from conformance.pgproxy.server import Proxy, Running

__all__ = ["KIND", "TITLE", "Settings", "example", "modes", "opened"]

KIND: Final = "proxy"
TITLE: Final = "a proxy between the tool and its PostgreSQL, for any language"

WRITE_MODES: Final[tuple[Mode, ...]] = ("error", "timeout", "garbage")
TABLES: Final[Mapping[str, str]] = {
    "credentials.read": "registrations",
    "zoom_auth.read": "zoom_authorisations",
    "course_link.read": "course_links",
    "meeting_defaults.read": "meeting_defaults",
    "enrollment.write": "enrollments",
    "zoom.session": "zoom_authorisations",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Keys of `driver = "proxy"`: where the tool connects to, where the server is, and what fails.

    Args:
        listen: `127.0.0.1:6543`; or a directory, for the socket of port 5432 in it; or a socket `/dir/.s.PGSQL.6543`.
        upstream: a URL or settings as libpq has them, of which host and port count; or `host:port`; or a directory.
        table: as SQL writes it, with or without its schema.
        match: the mark of a launch that a statement's text or parameters must contain to fail.
    """

    listen: str
    upstream: str = field(repr=False)
    table: str
    match: Mark | None = None

    @property
    def hosts(self) -> tuple[str, ...]:
        """Where the server is, and where the proxy listens; empty for sockets."""
        return tuple(a.host for a in (read_upstream(self.upstream), read_listen(self.listen)) if a.host)

    def __post_init__(self) -> None:
        if read_listen(self.listen) == read_upstream(self.upstream):
            raise ValueError(f"listen and upstream are both {self.listen}; the proxy needs an address of its own")
        table_name(self.table)


def modes(point: FaultPoint) -> tuple[Mode, ...]:
    """All of them where rows are read; a write cannot find nothing."""
    if point.access == "platform":
        return ()
    return BASE_MODES if point.rows == "read" else WRITE_MODES


def example(point: FaultPoint) -> str:
    """A line of `[faults]`."""
    settings = f'listen = "127.0.0.1:6543", upstream = "127.0.0.1:5432", table = "{TABLES.get(point.name, "classes")}"'
    return f'"{point.name}" = {{ driver = "proxy", {settings} }}'


@contextlib.contextmanager
def opened(bound: Mapping[FaultPoint, Settings], site: Site) -> Iterator[Mapping[str, Binding]]:
    """The proxies, one for each address, as long as the run lasts.

    Raises:
        UsageError: an address is taken, or two servers are to be behind it.
    """
    # Who binds no point to a proxy needs no event loop.
    from conformance.pgproxy.server import running

    with contextlib.ExitStack() as stack:
        proxies = _proxies(bound, site, stack)
        thread = stack.enter_context(running(list(proxies.values())))
        yield {
            point.name: Binding(
                arm=partial(_armed, thread, proxies[read_listen(settings.listen)], _rule(point, settings)),
                modes=modes(point),
                isolated=settings.match is not None,
            )
            for point, settings in bound.items()
        }


def _proxies(bound: Mapping[FaultPoint, Settings], site: Site, stack: contextlib.ExitStack) -> Mapping[Address, Proxy]:
    from conformance.pgproxy.server import Proxy, listening

    proxies: dict[Address, Proxy] = {}
    upstreams: dict[Address, Address] = {}
    marked = {read_listen(settings.listen) for settings in bound.values() if settings.match is not None}
    for point, settings in bound.items():
        where = f'{site.where} faults."{point.name}"'
        address, upstream = read_listen(settings.listen), read_upstream(settings.upstream)
        if upstreams.setdefault(address, upstream) != upstream:
            raise UsageError(
                f"{where}: upstream is {upstream}, but that of another point at {address} is {upstreams[address]}; "
                "give each server a listen of its own"
            )
        if address not in proxies:
            try:
                listener = stack.enter_context(listening(address))
            except BindError as error:
                raise UsageError(f"{where}: listen: {error}") from None
            proxies[address] = Proxy(listener, upstream=upstream, faults=Faults(marked=address in marked))
    return proxies


@contextlib.contextmanager
def _armed(thread: Running, proxy: Proxy, rule: Rule, order: Order) -> Iterator[Armed]:
    known = BASE_MODES if rule.access == "read" else WRITE_MODES
    if order.mode not in known:
        raise OutOfReachError(f"a statement cannot do '{order.mode}', only {', '.join(known)}")
    fault = proxy.faults.arm(rule, order)
    try:
        yield fault
    finally:
        proxy.faults.disarm(fault)
        thread.wake(proxy, fault)


def _rule(point: FaultPoint, settings: Settings) -> Rule:
    return Rule(table=table_name(settings.table), access=point.rows, match=settings.match)
