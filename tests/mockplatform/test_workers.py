from __future__ import annotations

import os
import signal
import socket
import ssl
import subprocess
import sys
from pathlib import Path

import httpx2
import pytest

from mockplatform.errors import BindError
from mockplatform.records import Settings
from mockplatform.running import workers
from mockplatform.running.plan import Plan
from mockplatform.running.serving import Wanted, running
from mockplatform.server import listen
from mockplatform.tenants import Filling
from tests.mockplatform.makers import make_auth_request
from tests.patience import reading

ROOT = Path(workers.__file__).parent.parent


@pytest.fixture
def store(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path / 'platform.db'}"


def is_served(url: str) -> bool:
    host, _, port = url.removeprefix("http://").rstrip("/").partition(":")
    try:
        socket.create_connection((host, int(port)), timeout=30).close()
    except ConnectionRefusedError:
        return False
    return True


def test_a_launch_is_begun_here_and_answered_there(store: str) -> None:
    """What the control API of the parent begins, the workers go on with; tenants and keys are the same for all."""
    with running(Wanted(port=0, store=store, workers=2), ()) as platform:
        first, control = platform.tenants.first, platform.control_url
        httpx2.post(f"{control}/tenants", json={"id": "one"}).raise_for_status()
        tenant = httpx2.get(f"{control}/tenants/one/registrations").json()["items"][0]
        person = httpx2.get(f"{control}/tenants/one/people").json()["items"][0]["sub"]
        course = httpx2.get(f"{control}/tenants/one/courses").json()["items"][0]["id"]
        choice = {"registration": tenant["key"], "person": person, "course": course}
        begun = httpx2.post(f"{control}/tenants/one/launches", json=choice).json()
        asked = make_auth_request(
            dict(begun["params"]), client_id=tenant["client_id"], redirect_uri=tenant["launch_url"]
        )
        answer = httpx2.get(f"{first.url}/t/one/auth", params=asked.params)
        launch = httpx2.get(f"{control}/tenants/one/launches/{begun['id']}").json()
        journal = httpx2.get(f"{control}/tenants/one/journal").json()["items"]
        (key, *_) = httpx2.get(f"{first.url}/jwks").json()["keys"]

    assert answer.status_code == 200
    assert launch["token"]["text"] in answer.text
    assert launch["token"]["header"]["kid"] == key["kid"] == first.keys.kid("platform")
    assert launch["token"]["claims"]["iss"] == f"{first.url}/t/one"
    assert [exchange["about"]["endpoint"] for exchange in journal] == ["auth"]
    assert not is_served(first.url)


def test_workers_speak_tls(store: str) -> None:
    """The certificate of every worker is of the one test CA."""
    with running(Wanted(port=0, store=store, workers=2, tls=True), ()) as platform:
        trusting = ssl.create_default_context(cadata=httpx2.get(f"{platform.control_url}/ca.pem").text)
        url = platform.tenants.first.url
        answers = [httpx2.get(f"{url}/jwks", verify=trusting).status_code for _ in range(4)]

    assert url.startswith("https://")
    assert answers == [200] * 4


def test_a_worker_that_cannot_start_is_an_error(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """A worker that ends before it serves ends the others, too."""
    plan = Plan(
        url="http://127.0.0.1:1",
        issuer="http://127.0.0.1:1",
        host="127.0.0.1",
        settings=Settings(),
        filling=Filling(),
        store=f"sqlite:///{tmp_path / 'none' / 'platform.db'}",
    )
    lost: list[int] = []
    with (
        listen() as bound,
        pytest.raises(BindError, match="a worker for http://127.0.0.1:1 did not start: it ended with exit code 2"),
        workers.workers(plan, bound, 2, lost.append),
    ):
        pytest.fail("a worker without a store was started")

    assert lost == []
    lines = capfd.readouterr().err.splitlines()
    assert len(lines) == 2
    assert all(line.startswith("mockplatform: sqlite:///") for line in lines)


def start(store: str) -> tuple[subprocess.Popen[str], dict[str, str]]:
    """A platform with two workers in processes of their own, once it serves."""
    command = [sys.executable, "-m", "mockplatform", "serve", "--port", "0", "--no-sample-tool"]
    process = subprocess.Popen(
        [*command, "--workers", "2", "--store", store],
        cwd=ROOT,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    printed = {}
    with reading(process, "where the platform is"):
        for line in process.stdout:
            if line.startswith("press"):
                break
            name, _, value = line.strip().rpartition(" ")
            printed[name.strip()] = value
    return process, printed


def children(process: subprocess.Popen[str]) -> list[int]:
    return [int(pid) for pid in Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()]


@pytest.mark.parametrize(
    ("number", "code"), [(signal.SIGTERM, 0), (signal.SIGINT, 0), (signal.SIGKILL, -signal.SIGKILL)]
)
def test_nothing_is_left_running(store: str, number: signal.Signals, code: int) -> None:
    """However the parent ends, its workers end with it, and nobody listens any more."""
    process, printed = start(store)
    with process:
        assert is_served(printed["Page"])
        process.send_signal(number)
        # The workers write to the same standard error: it ends when the last of them has.
        out, err = process.communicate(timeout=60)

    assert (process.returncode, out, err) == (code, "", "")
    assert not is_served(printed["Page"])
    assert not is_served(printed["Control API"])


@pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="children are told by /proc alone")
def test_a_worker_that_is_lost_ends_the_platform(store: str) -> None:
    """When a worker is killed the others are stopped, and the platform says so with exit code 1."""
    process, printed = start(store)
    with process:
        os.kill(children(process)[0], signal.SIGKILL)
        out, err = process.communicate(timeout=60)

    assert process.returncode == 1
    assert out == ""
    assert err == "mockplatform: a worker has ended by itself with exit code -9; all were stopped\n"
    assert not is_served(printed["Page"])
