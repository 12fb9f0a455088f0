"""A run that is killed while a table of the tool is hidden, and the one after it."""

from __future__ import annotations

import contextlib
import os
import signal
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conformance.loopback import free_port

TOOL = """
import os
import signal

from conformance.sample_tool import Integration, create_tool

issuer = os.environ["LTI_PLATFORM_ISSUER"]
tool = create_tool(
    [
        Integration(
            issuer=issuer,
            client_id=os.environ["LTI_CLIENT_ID"],
            auth_url=os.environ["LTI_PLATFORM_AUTH_URL"],
            jwks_url=os.environ["LTI_PLATFORM_JWKS_URL"],
            deployment_ids=("1",),
        )
    ],
    policy="class",
    database_url="sqlite:///tool.sqlite",
)


def zoom_authorised(email):
    tool.state.store.authorise_zoom(email)


async def app(scope, receive, send):
    async def watched(message):
        told = dict(message.get("headers", ())).get(b"lti-error", b"")
        if b"code=1008" in told and "DIE" in os.environ:
            # Harness and tool are one process here, and the table is hidden at this very moment.
            os.kill(os.getpid(), signal.SIGKILL)
        await send(message)

    await tool(scope, receive, watched)
"""

FILE = """
[tool]
login_url = "http://127.0.0.1:{tool}/lti/login"
launch_url = "http://127.0.0.1:{tool}/lti/launch"
app = "mytool:app"

[platform]
url = "http://127.0.0.1:{platform}"

[observe]
launched = {{ css = "main#course" }}
error = [{{ kind = "header" }}]

[arrange]
zoom_authorised = {{ target = "mytool:zoom_authorised" }}

[faults]
"zoom_auth.read" = {{ driver = "sql", dsn = "sqlite:///tool.sqlite", table = "zoom_authorisations" }}
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "mytool.py").write_text(TOOL)
    (tmp_path / "lti-conformance.toml").write_text(FILE.format(tool=free_port(), platform=free_port()))
    return tmp_path


def run(project: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    chosen = ["--profile", "class", "--only", "backend/zoom-authorisation-unreadable"]
    return subprocess.run(
        [sys.executable, "-m", "conformance", "run", *chosen],
        cwd=project,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def contents(project: Path) -> tuple[list[str], set[str]]:
    """The database's schema, and the addresses that it knows."""
    with contextlib.closing(sqlite3.connect(project / "tool.sqlite")) as connection:
        schema = [row[0] for row in connection.execute("SELECT sql FROM sqlite_master ORDER BY name") if row[0]]
        return schema, {row[0] for row in connection.execute("SELECT email FROM zoom_authorisations")}


def test_the_next_run_puts_back_what_a_killed_one_has_hidden(project: Path) -> None:
    """The schema is what it was, no row is lost, and the report says what was found."""
    assert run(project).returncode == 0
    schema, known = contents(project)

    killed = run(project, DIE="1")
    assert killed.returncode == -signal.SIGKILL
    with contextlib.closing(sqlite3.connect(project / "tool.sqlite")) as connection:
        hidden = [row[0] for row in connection.execute("SELECT sql FROM sqlite_master ORDER BY name") if row[0]]
    assert hidden != schema, "the fault was not armed when the run was killed"

    after = run(project)
    assert after.returncode == 0, after.stdout + after.stderr
    assert "which a killed run had left with a fault, was put back" in " ".join(after.stdout.split())
    assert contents(project)[0] == schema
    assert contents(project)[1] > known
