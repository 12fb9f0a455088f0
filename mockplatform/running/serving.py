"""A platform that runs until it is told to stop: its pages, its control API, the tools beside it, its workers."""

from __future__ import annotations

import contextlib
import datetime
import os
import queue
import secrets
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from mockplatform.app import create_app
from mockplatform.config import School, issuer_problem, load_school
from mockplatform.control.app import Door, create_control
from mockplatform.dialects.dialect import dialect_of, quirks_typed
from mockplatform.errors import UsageError
from mockplatform.fetching import is_loopback
from mockplatform.records import Settings
from mockplatform.running.attached import Attached, Offer, attached, move, trusted
from mockplatform.running.plan import Plan, context_of, open_store, tenants_of
from mockplatform.server import listen, serve
from mockplatform.service import services
from mockplatform.tenants import Filling, Tenants

if TYPE_CHECKING:
    import socket
    import ssl

    from mockplatform.tls import CertificateAuthority

__all__ = ["Wanted", "WorkerLostError", "running"]

_EVERY_ADDRESS: Final = ("0.0.0.0", "::", "")  # noqa: S104 - compared with, never chosen here
_STORES: Final = ("sqlite", "postgresql")


class WorkerLostError(Exception):
    """A worker process has ended by itself."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What the command line asks for.

    Args:
        control_port: None: the next one after that of the pages, or a free one if theirs is.
        control_secret_env: the environment variable that holds the secret of the control API.
        quirks: each as `NAME=VALUE`.
    """

    host: str = "127.0.0.1"
    port: int = 9400
    config: Path | None = None
    issuer: str | None = None
    flavour: str = ""
    quirks: Sequence[str] = ()
    store: str = ""
    workers: int = 1
    tls: bool = False
    ca_path: Path | None = None
    control_port: int | None = None
    control_secret_env: str = ""
    allow_remote: bool = False


@dataclass(frozen=True, slots=True)
class Running:
    """A platform that serves.

    Args:
        ended: gets the exit code of a worker that has ended by itself.
    """

    tenants: Tenants
    control_url: str
    tools: Sequence[Attached]
    secret: str = field(repr=False)
    told: str
    ended: queue.SimpleQueue[int]

    def wait(self) -> None:
        """Wait until a signal comes.

        Raises:
            WorkerLostError: a worker ended.
        """
        raise WorkerLostError(f"a worker has ended by itself with exit code {self.ended.get()}; all were stopped")


@contextlib.contextmanager
def running(
    wanted: Wanted, offers: Sequence[tuple[str, Offer]], environment: Mapping[str, str] = os.environ
) -> Iterator[Running]:
    """A platform with everything around it for the block.

    Raises:
        UsageError: it cannot be had as it is wanted.
    """
    _check(wanted)
    school = load_school(wanted.config)
    quirks = quirks_typed(wanted.quirks, where="--quirk")
    dialect_of(wanted.flavour or "neutral", quirks)
    secret, made_up = _secret(wanted, environment)
    authority = _authority(wanted)
    with contextlib.ExitStack() as stack:
        bound, control = _listen(wanted, stack)
        url = _url(wanted.host, bound, tls=authority is not None)
        issuer = wanted.issuer or school.issuer or url
        if authority is not None and offers:
            # The tools' clients, and the platform's own and its workers', which fetch the tools' key sets.
            stack.enter_context(trusted(authority.pem.decode("ascii")))
        tls = _tools_context(authority) if offers else None
        tools = stack.enter_context(attached(offers, platform_url=url, issuer=issuer, tls=tls))
        plan = _plan(wanted, school, tools, url=url, issuer=issuer, quirks=quirks, authority=authority)
        tenants = _tenants(plan, wanted, tools, stack)
        # Plain on loopback, so that the test CA can be had before anybody trusts it.
        covered = authority is not None and not _is_own(wanted.host)
        control_url = _url(wanted.host, control, tls=covered)
        door = Door(url=control_url, secret=secret, check_host=_is_own(wanted.host))
        app = create_control(tenants, door, certificate=plan.certificate)
        ended: queue.SimpleQueue[int] = queue.SimpleQueue()
        stack.enter_context(_served(plan, tenants, bound, wanted.workers, ended))
        stack.enter_context(serve(app, control, context_of(plan) if covered else None))
        told = _told(tenants, control_url, tools, wanted.ca_path, secret if made_up else "", tls=authority is not None)
        yield Running(tenants, control_url, tools, secret, told, ended)


def _plan(
    wanted: Wanted,
    school: School,
    tools: Sequence[Attached],
    *,
    url: str,
    issuer: str,
    quirks: Mapping[str, Any],
    authority: CertificateAuthority | None,
) -> Plan:
    return Plan(
        url=url,
        issuer=issuer,
        host=_reachable(wanted.host),
        settings=Settings(flavour=wanted.flavour or "neutral", quirks=quirks, services=tuple(services())),
        filling=_filling(school, tools, issuer),
        store=wanted.store,
        allow_remote=wanted.allow_remote,
        **({} if authority is None else _as_pem(authority)),
    )


def _check(wanted: Wanted) -> None:
    problem = issuer_problem(wanted.issuer)
    if problem is not None:
        raise UsageError(f"--issuer: {problem}")
    kind, given, _ = wanted.store.partition("://")
    if given and kind.partition("+")[0] not in _STORES:
        raise UsageError(
            f"--store: {kind!r} is not known; write sqlite:///FILE or postgresql://user@host/database,"
            " or leave it out to use memory"
        )
    if wanted.workers > 1 and not wanted.store:
        raise UsageError("--workers: several processes need a store that they share; add --store sqlite:///platform.db")
    if wanted.ca_path is not None and not wanted.tls:
        raise UsageError("--ca-path: there is a test CA only with --tls; add it")


def _secret(wanted: Wanted, environment: Mapping[str, str]) -> tuple[str, bool]:
    """The secret of the control API, and whether it was made up here; empty: none is asked for."""
    name = wanted.control_secret_env
    if name:
        if not environment.get(name):
            raise UsageError(f"--control-secret-env: the environment variable {name} is not set, or is empty")
        return environment[name], False
    return ("", False) if _is_own(wanted.host) else (secrets.token_urlsafe(24), True)


def _authority(wanted: Wanted) -> CertificateAuthority | None:
    if not wanted.tls:
        return None
    from mockplatform.tls import authority_at, new_authority

    now = datetime.datetime.now(datetime.UTC)
    return new_authority(now) if wanted.ca_path is None else authority_at(wanted.ca_path, now)


def _tools_context(authority: CertificateAuthority | None) -> ssl.SSLContext | None:
    if authority is None:
        return None
    from mockplatform.tls import server_context

    return server_context(authority, "127.0.0.1", datetime.datetime.now(datetime.UTC))


def _as_pem(authority: CertificateAuthority) -> dict[str, str]:
    from cryptography.hazmat.primitives import serialization

    form = (serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    return {"certificate": authority.pem.decode("ascii"), "key": authority.key.private_bytes(*form).decode("ascii")}


def _listen(wanted: Wanted, stack: contextlib.ExitStack) -> tuple[socket.socket, socket.socket]:
    bound = listen(wanted.host, wanted.port)
    stack.callback(bound.close)
    following = wanted.port + 1 if wanted.port else 0
    try:
        control = listen(wanted.host, following if wanted.control_port is None else wanted.control_port)
    except UsageError as error:
        raise type(error)(f"control API: {error} (--control-port)") from None
    stack.callback(control.close)
    return bound, control


def _reachable(host: str) -> str:
    # Nobody can go to "every address"; this machine's own is the one that is certain to be among them.
    return "127.0.0.1" if host in _EVERY_ADDRESS else host


def _is_own(host: str) -> bool:
    return is_loopback(f"http://[{host}]/" if ":" in host else f"http://{host}/")


def _url(host: str, bound: socket.socket, *, tls: bool) -> str:
    scheme, name, port = "https" if tls else "http", _reachable(host), bound.getsockname()[1]
    return f"{scheme}://[{name}]:{port}" if ":" in name else f"{scheme}://{name}:{port}"


def _filling(school: School, tools: Sequence[Attached], issuer: str) -> Filling:
    # Each tenant is another school to the tool, under its own issuer.
    own = (tool.registration for tool in tools)
    offered = (replace(tool, issuer="" if tool.issuer == issuer else tool.issuer) for tool in own)
    return Filling(registrations=(*offered, *school.registrations), people=school.people, courses=school.courses)


def _tenants(plan: Plan, wanted: Wanted, tools: Sequence[Attached], stack: contextlib.ExitStack) -> Tenants:
    store = open_store(plan)
    close: Callable[[], Any] = getattr(store, "close", lambda: None)
    stack.callback(close)
    tenants = tenants_of(plan, store)
    first = tenants.first
    # What was asked for now counts, whatever an earlier run has left in the store.
    for tool in tools:
        move(first, tool.registration)
        for tenant in tenants.all():
            there = replace(tool.registration, issuer=tenant.issuer)
            if tenant.state.registrations.get(there.key) is not None:
                move(tenant, there)
    if wanted.flavour or wanted.quirks:
        tenants.begin_with(flavour=plan.settings.flavour, quirks=plan.settings.quirks)
    if wanted.config is not None:
        for registration in plan.filling.issued_by(plan.issuer):
            first.register(registration)
    return tenants


@contextlib.contextmanager
def _served(
    plan: Plan, tenants: Tenants, bound: socket.socket, count: int, ended: queue.SimpleQueue[int]
) -> Iterator[None]:
    if count == 1:
        with serve(create_app(tenants.first, tenants), bound, context_of(plan)):
            yield
    else:
        from mockplatform.running.workers import workers

        with workers(plan, bound, count, ended.put):
            yield


def _told(
    tenants: Tenants, control_url: str, tools: Sequence[Attached], ca_path: Path | None, secret: str, *, tls: bool
) -> str:
    first = tenants.first
    lines = {
        "Page": f"{first.url}/",
        "Issuer": first.issuer,
        "Auth URL": f"{first.url}/auth",
        "Key set URL": f"{first.url}/jwks",
        "Token URL": f"{first.url}/token",
        "Configuration": f"{first.url}/.well-known/openid-configuration",
        "Control API": f"{control_url}/",
    }
    if secret:
        lines["Control secret"] = secret
    if tls:
        lines["Test CA"] = str(ca_path or f"{control_url}/ca.pem")
    for tool in tools:
        lines[f"Tool {tool.name}"] = tool.url
    width = max(map(len, lines))
    return "\n".join([*(f"{name:<{width}} {value}" for name, value in lines.items()), "press Ctrl-C to stop"])
