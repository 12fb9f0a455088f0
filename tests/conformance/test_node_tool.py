"""A tool in another language: the harness reaches its back end over the control endpoint, and nobody else does."""

from __future__ import annotations

import contextlib
import json
import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlencode

import pytest

from conformance.cli import main
from conformance.driver import Binding, Order, OutOfReachError, Site
from conformance.faults import opened
from conformance.modes import Mode
from conformance.transport import HttpTransport, Request, Response
from mockplatform.errors import UsageError
from tests.conformance.loopback import free_port, is_listening
from tests.conformance.readers import block
from tests.patience import reading, taken

ROOT = Path(__file__).parents[2]
SOURCE = ROOT / "tests" / "real_tools" / "node_express"
FAULTS = "/.lti-conformance/faults"
SECRET = "only-for-tests"
PLATFORM = "http://127.0.0.1:9400"
REGISTERED = {
    "LTI_PLATFORM_ISSUER": PLATFORM,
    "LTI_PLATFORM_AUTH_URL": f"{PLATFORM}/auth",
    "LTI_PLATFORM_TOKEN_URL": f"{PLATFORM}/token",
    "LTI_PLATFORM_JWKS_URL": f"{PLATFORM}/jwks",
    "LTI_CLIENT_ID": "lti-main",
    "LTI_DEPLOYMENT_ID": "1",
}
TOPIC_TOOL = """
import express from "express";
import { control, reach } from "./control.mjs";
const app = express().use("/.lti-conformance/faults", control(process.env.LTI_FAULTS_SECRET));
app.get("/reach", async (req, res) => {
  try { res.send(String(await reach("class.create"))); } catch ({ message }) { res.send(message); }
});
const server = app.listen(0, "127.0.0.1", () => console.log(`http://127.0.0.1:${server.address().port}`));
"""
NO_NETWORK = re.compile(
    r"\b(ENOTFOUND|EAI_AGAIN|ECONN\w+|ETIMEDOUT|ENETUNREACH|EHOSTUNREACH|ERR_SOCKET_TIMEOUT|E50\d|E40[137]|\w*CERT\w*)\b"
)


@dataclass(frozen=True, kw_only=True)
class Tool:
    """A running tool, and the way to it."""

    url: str
    transport: HttpTransport

    def ask(self, method: str, path: str, secret: str | None = None, body: bytes = b"") -> Response:
        headers = [("content-type", "application/json")] if body else []
        headers += [("authorization", secret)] if secret is not None else []
        return self.transport.send(Request(method=method, url=self.url + path, headers=tuple(headers), body=body))

    def login(self) -> int:
        """Begin a login, which looks the registration up: the code of the refusal, or the status of the redirect."""
        # With PORT=0 the tool's own address ends so.
        query = urlencode({"iss": PLATFORM, "login_hint": "x", "target_link_uri": "http://127.0.0.1:0/lti/launch"})
        answer = self.ask("GET", f"/lti/login?client_id=lti-main&{query}")
        found = re.search(r"code=(\d+)", answer.header("lti-error") or "")
        return int(found[1]) if found else answer.status

    @contextlib.contextmanager
    def bound(self, point: str = "credentials.read") -> Iterator[Binding]:
        """One point of the tool, bound to its endpoint."""
        site = Site(where="tool.toml:", tool_url=lambda path: self.url + path, send=self.transport.send)
        with opened({point: {"driver": "control", "secret": SECRET}}, site) as bindings:
            yield bindings[point]


def install(folder: Path) -> None:
    """Install what the lock file names; skip the test where the registry is out of reach."""
    shutil.copytree(SOURCE, folder)
    options = ("--ignore-scripts", "--no-audit", "--no-fund", "--no-update-notifier", "--fetch-retries=1")
    try:
        done = subprocess.run(
            ["npm", "ci", *options], cwd=folder, capture_output=True, text=True, timeout=180, check=False
        )
    except subprocess.TimeoutExpired:
        pytest.skip("npm did not come to an end; is the registry out of reach?")
    if done.returncode != 0 and (trouble := NO_NETWORK.search(done.stderr)):
        pytest.skip(f"the npm registry is out of reach: {trouble[0]}")
    assert done.returncode == 0, done.stderr


@pytest.fixture(scope="session")
def node_tool(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The tool with its packages, in a folder that all workers of a run share."""
    if shutil.which("node") is None or shutil.which("npm") is None:
        pytest.skip("node and npm are not installed")
    version = subprocess.run(
        ["node", "--version"], capture_output=True, text=True, timeout=60, check=True
    ).stdout.strip()
    if int(version.removeprefix("v").partition(".")[0]) < 20:
        pytest.skip(f"node is {version}, and jose needs 20")
    base = tmp_path_factory.getbasetemp()
    shared = base.parent if "PYTEST_XDIST_WORKER" in os.environ else base
    folder = shared / "node_express"
    with taken(shared / "node_express.lock", "fetching the packages of the tool"):
        if not (folder / "installed").exists():
            shutil.rmtree(folder, ignore_errors=True)
            install(folder)
            (folder / "installed").touch()
    return folder


@contextlib.contextmanager
def started(folder: Path, variables: Mapping[str, str], program: str = "server.mjs") -> Iterator[Tool]:
    """A tool on a port of its own, with nothing in its environment but these variables."""
    process = subprocess.Popen(
        ["node", program],
        cwd=folder,
        env={"PATH": os.environ["PATH"], "PORT": "0", **REGISTERED, **variables},
        stdout=subprocess.PIPE,
        text=True,
    )
    with process, HttpTransport(timeout_s=30) as transport:
        try:
            assert process.stdout is not None
            with reading(process, "the tool's address"):
                url = process.stdout.readline().strip()
            yield Tool(url=url, transport=transport)
        finally:
            process.terminate()


@pytest.fixture(scope="module")
def tool(node_tool: Path) -> Iterator[Tool]:
    """The tool in test mode."""
    with started(node_tool, {"LTI_FAULTS_SECRET": SECRET}) as running:
        yield running


@pytest.fixture(scope="module")
def plain_tool(node_tool: Path) -> Iterator[Tool]:
    """The tool as people run it."""
    with started(node_tool, {}) as running:
        yield running


def test_the_tool_passes_the_class_profile(node_tool: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No launch is judged wrongly, every fault was reached over the endpoint, and nothing is left running."""
    ports, report = (free_port(), free_port()), tmp_path / "report.json"
    monkeypatch.setenv("NODE_TOOL", str(node_tool))
    monkeypatch.setenv("TOOL_PORT", str(ports[0]))
    monkeypatch.setenv("PLATFORM_PORT", str(ports[1]))
    monkeypatch.setenv("LTI_FAULTS_SECRET", SECRET)

    code = main(
        ["run", "--tool", str(SOURCE / "lti-conformance.toml"), "--profile", "class", "--report", f"json:{report}"]
    )

    told = json.loads(report.read_text("utf-8"))
    wrong = {row["id"]: row["reason"] for row in told["results"] if row["status"] in ("failed", "error")}
    assert (wrong, code, told["complete"]) == ({}, 0, True)
    back_end = {1003, 1008, 1010, 1012, 1013, 1014, 1015, 1016}
    assert {row["code"] for row in told["codes"] if row["status"] == "passed"} >= back_end
    assert SECRET not in report.read_text("utf-8")
    assert [port for port in ports if is_listening(port)] == []


def test_a_fault_strikes_while_it_is_armed(tool: Tool) -> None:
    """The code of the point comes back, each strike is counted, and afterwards the point works."""
    with tool.bound() as binding:
        assert tool.login() == 302
        with binding.arm(Order(point="credentials.read", mode="error")) as armed:
            assert armed.hits == 0
            assert [tool.login(), tool.login()] == [1003, 1003]
            assert armed.hits == 2
        assert tool.login() == 302


@pytest.mark.parametrize(("mode", "code"), [("timeout", 1003), ("garbage", 1003), ("empty", 1002)])
def test_each_mode_is_told_apart(tool: Tool, mode: Mode, code: int) -> None:
    """A failed look at the registrations is no missing registration."""
    with tool.bound() as binding, binding.arm(Order(point="credentials.read", mode=mode)):
        assert tool.login() == code


def test_a_fault_strikes_as_often_as_is_asked(tool: Tool) -> None:
    """Then the point works again, and the count stays."""
    with tool.bound() as binding, binding.arm(Order(point="credentials.read", mode="error", times=1)) as armed:
        assert [tool.login(), tool.login()] == [1003, 302]
        assert armed.hits == 1


def test_what_a_killed_run_left_behind_is_disarmed(tool: Tool) -> None:
    """The next run begins with a tool that works."""
    left = json.dumps({"point": "credentials.read", "mode": "error", "times": None, "ttl_s": 60}).encode()
    assert tool.ask("POST", FAULTS, f"Bearer {SECRET}", left).status == 201
    assert tool.login() == 1003
    with tool.bound():
        assert tool.login() == 302


def test_what_the_tool_cannot_do_it_says_itself(tool: Tool) -> None:
    """Its own words reach whoever asked."""
    raised = pytest.raises(OutOfReachError, match="no such mode; there are error, timeout, garbage, empty")
    with tool.bound("class.create") as binding, raised, binding.arm(Order(point="class.create", mode="rate-limited")):
        pass


@pytest.mark.parametrize("secret", [None, "Bearer", "Bearer undefined", f"Bearer {SECRET}"])
@pytest.mark.parametrize("path", [FAULTS, f"{FAULTS}/", f"{FAULTS}/some-id", "/test/zoom-auth", "/test/deferred"])
@pytest.mark.parametrize("method", ["POST", "GET", "DELETE", "PUT", "OPTIONS"])
def test_outside_test_mode_there_is_no_endpoint(plain_tool: Tool, method: str, path: str, secret: str | None) -> None:
    """Every request is answered like one to a path that nobody has ever heard of."""
    answer = plain_tool.ask(method, path, secret, b"{}" if method == "POST" else b"")
    unheard = plain_tool.ask(method, "/unheard-of", secret, b"{}" if method == "POST" else b"")
    assert answer.status == 404
    assert answer.body == unheard.body.replace(b"/unheard-of", path.encode())
    assert names(answer) == names(unheard)


@pytest.mark.parametrize("secret", [None, "Bearer", f"Bearer {SECRET}x", f"Basic {SECRET}"])
@pytest.mark.parametrize("path", [FAULTS, f"{FAULTS}/", f"{FAULTS}/some-id", "/test/zoom-auth", "/test/deferred"])
@pytest.mark.parametrize("method", ["POST", "GET", "DELETE", "PUT", "OPTIONS"])
def test_without_the_secret_there_is_no_endpoint(
    tool: Tool, plain_tool: Tool, method: str, path: str, secret: str | None
) -> None:
    """In test mode the answer is that of a tool which has none, even to a body that is no JSON."""
    answers = [one.ask(method, path, secret, b"{" if method == "POST" else b"") for one in (tool, plain_tool)]
    assert answers[0].status == 404
    assert answers[0].body == answers[1].body
    assert names(answers[0]) == names(answers[1])


@pytest.fixture
def topic_tool(node_tool: Path) -> Iterator[Tool]:
    """What the topic has for Express, mounted in a tool with nothing but a point at /reach."""
    # Packages are looked for in the folders above.
    with tempfile.TemporaryDirectory(dir=node_tool) as folder:
        (Path(folder) / "control.mjs").write_text(block("js", "express"), "utf-8")
        (Path(folder) / "main.mjs").write_text(TOPIC_TOOL, "utf-8")
        with started(Path(folder), {"LTI_FAULTS_SECRET": SECRET}, "main.mjs") as running:
            yield running


def test_the_example_of_the_topic_keeps_the_contract(topic_tool: Tool) -> None:
    """What a stranger copies fails as it is asked, counts, is disarmed, and says what it cannot do."""

    def reached() -> str:
        return topic_tool.ask("GET", "/reach").body.decode()

    with topic_tool.bound("class.create") as binding:
        with binding.arm(Order(point="class.create", mode="error")) as armed:
            assert [reached(), reached(), armed.hits] == ["error", "error", 2]
            again = pytest.raises(UsageError, match="has armed class.create already")
            with again, binding.arm(Order(point="class.create", mode="error")):
                pass
        assert reached() == "true"
        with binding.arm(Order(point="class.create", mode="empty", times=1)) as armed:
            assert [reached(), reached(), armed.hits] == ["false", "true", 1]
    raised = pytest.raises(OutOfReachError, match="there are class.create")
    with topic_tool.bound("class.read") as binding, raised, binding.arm(Order(point="class.read", mode="error")):
        pass


def test_a_fault_of_the_topic_whose_time_is_over_is_none(topic_tool: Tool) -> None:
    """It strikes no more, and keeps nobody from arming the next one."""
    over = json.dumps({"point": "class.create", "mode": "error", "ttl_s": 0}).encode()
    statuses = [topic_tool.ask("POST", FAULTS, f"Bearer {SECRET}", over).status for _ in range(2)]
    assert (statuses, topic_tool.ask("GET", "/reach").body) == ([201, 201], b"true")


@pytest.mark.parametrize("secret", [None, "Bearer", f"Bearer {SECRET}x"])
def test_the_example_of_the_topic_hides_without_the_secret(topic_tool: Tool, secret: str | None) -> None:
    """Each request of the contract is a 404, with no secret and with a wrong one."""
    asked = [("POST", ""), ("GET", "/class.create"), ("DELETE", "/class.create"), ("DELETE", "")]
    assert [topic_tool.ask(method, FAULTS + path, secret).status for method, path in asked] == [404] * 4


def names(answer: Response) -> list[tuple[str, str]]:
    """The headers of an answer, but for the time and the length."""
    varying = ("date", "content-length")
    return sorted((name.lower(), value) for name, value in answer.headers if name.lower() not in varying)
