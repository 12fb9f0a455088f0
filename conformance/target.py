"""Brings a tool and the platform up for a run, and takes everything down again on every way out."""

from __future__ import annotations

import contextlib
import datetime
import random
import ssl
from collections.abc import Iterator, Mapping
from pathlib import Path
from urllib.parse import urlsplit

from conformance.driver import Site
from conformance.faults import opened
from conformance.hosting import address_of, hosted
from conformance.lab import Lab, is_loopback, registrations
from conformance.model import Profile
from conformance.observe import Reader, checked
from conformance.offering import offer_services
from conformance.remote import refuse_remote
from conformance.start import Start
from conformance.toolvalues import Tool
from conformance.transport import HttpTransport, Transport
from mockplatform.app import create_app
from mockplatform.errors import UsageError
from mockplatform.keys import KeyRing
from mockplatform.lms import Platform

__all__ = ["Start", "environment", "faults_ready", "lab_for", "open_lab", "platform_for", "process_keys"]

_KEYS = KeyRing()


def process_keys() -> KeyRing:
    """The keys of this process; making one costs more than a hundred signatures."""
    return _KEYS


def platform_for(start: Start, *, url: str) -> Platform:
    """A platform that answers every tool and notes its mistakes, reachable at `url` once somebody serves it."""
    # The run as well: a tool keeps the nonces of LTI 1.1 for longer than from one run to the next.
    drawn = random.Random(f"{start.seed} {start.run_id}")  # noqa: S311 - ids that a seed must be able to repeat
    return Platform(
        url=url,
        clock=start.clock,
        new_id=lambda: f"{drawn.getrandbits(128):032x}",
        keys=process_keys(),
        on_problem="note",
        flavour=start.flavour,
        quirks=start.quirks,
    )


def lab_for(
    tool: Tool,
    profile: Profile,
    transport: Transport,
    start: Start,
    *,
    url: str,
    platform: Platform | None = None,
    where: str = "tool file:",
    allow_remote: bool = False,
) -> Lab:
    """A lab with a platform of its own, reachable at `url` once somebody serves it, or with one that is there."""
    platform = platform or platform_for(start, url=url)
    platform.registrations = tuple(registrations(tool).values())
    offer_services(platform, tool, transport)
    for name, action in tool.actions.items():
        checked(action.granted, f"{where} actions.{name}.granted")
    hosts = {urlsplit(url).hostname for url in (tool.tool.login_url, tool.address)}
    return Lab(
        tool=tool,
        profile=profile,
        platform=platform,
        transport=transport,
        reader=Reader(tool.observe, where=where),
        seed=start.seed,
        run_id=start.run_id,
        may_contact=lambda asked: is_loopback(asked) or (allow_remote and urlsplit(asked).hostname in hosts),
    )


@contextlib.contextmanager
def faults_ready(lab: Lab, where: str) -> Iterator[None]:
    """The fault points of the tool file can be armed in the block; afterwards nothing is left of them.

    Raises:
        UsageError: a binding does not fit, or a driver cannot begin its work.
    """
    site = Site(where=where, tool_url=lab.tool_url, send=lab.transport.send)
    with opened(lab.tool.faults, site) as bindings:
        lab.faults, lab.notes = bindings, site.notes
        yield


@contextlib.contextmanager
def open_lab(
    tool: Tool,
    profile: Profile,
    start: Start,
    *,
    platform: Platform | None = None,
    where: str = "tool file:",
    allow_remote: bool = False,
) -> Iterator[Lab]:
    """A lab for a running tool, for one that is started by a command, or for an application in this process.

    Args:
        platform: one that is served already; without it the lab serves its own at `platform.url`.

    Raises:
        UsageError: an address is taken or remote, or the tool does not come up.
    """
    # The demonstration needs neither a server nor certificates.
    from mockplatform.server import listen, serve

    refuse_remote(tool, where, allow_remote=allow_remote)
    network = tool.network
    with contextlib.ExitStack() as stack:
        transport = stack.enter_context(
            HttpTransport(timeout_s=network.timeout_s, ca_path=network.ca_path, proxy=network.proxy)
        )
        url = tool.platform.url
        lab = lab_for(
            tool, profile, transport, start, url=url, platform=platform, where=where, allow_remote=allow_remote
        )
        # Before the tool is up: it may need a proxy or an upstream to start, and no table that a killed run has hidden.
        stack.enter_context(faults_ready(lab, where))
        if platform is None:
            stack.enter_context(serve(create_app(lab.platform), listen(*address_of(url)), _tls(tool, where)))
        lab.printed = stack.enter_context(hosted(tool, transport, environment(tool), where))
        yield lab


def environment(tool: Tool) -> Mapping[str, str]:
    """The variables that tell a tool what to register."""
    url = tool.network.public_url or tool.platform.url
    return {
        "LTI_PLATFORM_ISSUER": tool.issuer,
        "LTI_PLATFORM_AUTH_URL": f"{url}/auth",
        "LTI_PLATFORM_TOKEN_URL": f"{url}/token",
        "LTI_PLATFORM_JWKS_URL": f"{url}/jwks",
        "LTI_CLIENT_ID": tool.platform.client_id,
        "LTI_DEPLOYMENT_ID": tool.platform.deployment_id,
        **({"LTI_CONSUMER_KEY": tool.platform.consumer_key} if tool.platform.consumer_key else {}),
        **({"LTI_CONSUMER_SECRET": tool.platform.consumer_secret} if tool.platform.consumer_secret else {}),
    }


def _tls(tool: Tool, where: str) -> ssl.SSLContext | None:
    """What the platform speaks TLS with: a test CA, exported to `platform.ca_path` for the tool to trust."""
    parts = urlsplit(tool.platform.url)
    if parts.scheme == "http":
        if tool.platform.ca_path is not None:
            raise UsageError(f"{where} platform.ca_path: there is nothing to trust, platform.url is plain http")
        return None
    from mockplatform.tls import authority_at, new_authority, server_context

    now = datetime.datetime.now(datetime.UTC)
    path = tool.platform.ca_path
    authority = authority_at(Path(path), now) if path is not None else new_authority(now)
    return server_context(authority, parts.hostname or "localhost", now)
