"""Which hosts a tool file would have the harness contact."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import urlsplit

from conformance.faults import settings_of
from conformance.lab import is_loopback
from conformance.toolvalues import Tool
from mockplatform.errors import UsageError

__all__ = ["refuse_remote"]


def refuse_remote(tool: Tool, where: str, *, allow_remote: bool) -> None:
    """Nothing, if all that the tool file names is on this machine, or if more is allowed.

    Raises:
        UsageError: something is elsewhere.
    """
    contacted = {
        "tool.login_url": tool.tool.login_url,
        "tool.launch_url": tool.tool.launch_url,
        "tool.lti11_launch_url": tool.tool.lti11_launch_url or "",
        "tool.ready_url": tool.tool.ready_url or "",
        "observe.probe.request": tool.observe.probe.request if tool.observe.probe else "",
        **{f"arrange.{state}.request": entry.request or "" for state, entry in tool.arrange.items()},
        **{f"actions.{name}.request": action.request for name, action in tool.actions.items()},
        **_fault_hosts(tool, where),
    }
    for key, text in contacted.items():
        url = text.rpartition(" ")[2]
        if "://" in url and not allow_remote and not is_loopback(url):
            raise UsageError(f"{where} {key}: {_shown(url)} is not on this machine; --allow-remote permits it")


def _shown(url: str) -> str:
    """A URL without the password that may stand in it; of a fault point's host, the host."""
    parts = urlsplit(url)
    bare = parts.netloc.rpartition("@")[2]
    return parts._replace(netloc=bare).geturl() if parts.scheme in ("http", "https") else bare


def _fault_hosts(tool: Tool, where: str) -> Mapping[str, str]:
    """The hosts that the drivers of fault points contact, each as a URL."""
    named = (
        (point, f"fault://[{host}]" if ":" in host else f"fault://{host}")
        for bound in settings_of(tool.faults, where=where).values()
        for point, settings in bound.items()
        for host in getattr(settings, "hosts", ())
    )
    return {f'faults."{point.name}"': url for point, url in named if not is_loopback(url)}
