"""Text of which projects that use the plugin are made."""

from __future__ import annotations

import contextlib
import textwrap

from mockplatform.server import listen

IN_PROCESS = """
    import os

    import pytest

    from conformance import Arrangement, InProcess, Launched, Observe, Probe
    from conformance.sample_tool import Integration, create_tool

    def sample_app(platform, **options):
        registered = Integration(
            issuer=platform.issuer,
            client_id=platform.client_id,
            auth_url=platform.auth_url,
            jwks_url=platform.jwks_url,
            deployment_ids=(platform.deployment_id,),
        )
        return create_tool((registered,), **options)

    OBSERVE = Observe(
        launched=Launched(css="main#course"), probe=Probe(request="GET /api/me"), error=({"kind": "header"},)
    )

    @pytest.fixture(scope="session")
    def lti_tool(lti_platform):
        app = sample_app(lti_platform, without=os.environ.get("FLAW"))
        return InProcess(app=app, name="Sample", observe=OBSERVE)
"""
"""A conftest.py with the sample tool as an application in the process of the run."""


def free_port() -> int:
    """A port at which nobody listens."""
    with contextlib.closing(listen()) as bound:
        port: int = bound.getsockname()[1]
        return port


def tool_file(*, tool: str, platform: str, more: str = "", keys: str = "") -> str:
    """The tool file of the sample tool at an address."""
    return f"""
[tool]
name = "Sample"
login_url = "{tool}/lti/login"
launch_url = "{tool}/lti/launch"
{keys}
[platform]
url = "{platform}"
[observe]
launched = {{ css = "main#course" }}
probe = {{ request = "GET /api/me" }}
[[observe.error]]
kind = "header"
{textwrap.dedent(more)}
"""
