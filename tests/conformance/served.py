"""The sample tool at an address of its own, and the tool file that describes it."""

from __future__ import annotations

import contextlib

from conformance.sample_tool import Integration, create_tool
from mockplatform.server import listen, serve
from tests.conformance.plugin.projects import free_port, tool_file

__all__ = ["served"]


def served(stack: contextlib.ExitStack, *, without: str | None = None, more: str = "") -> str:
    """The tool file of a sample tool, with a flaw if one is named, that runs until the stack is unwound."""
    platform = f"http://127.0.0.1:{free_port()}"
    registered = Integration(
        issuer=platform,
        client_id="lti-conformance",
        auth_url=f"{platform}/auth",
        jwks_url=f"{platform}/jwks",
        deployment_ids=("1",),
    )
    tool = stack.enter_context(serve(create_tool((registered,), without=without), listen()))
    return tool_file(tool=tool, platform=platform, more=more)
