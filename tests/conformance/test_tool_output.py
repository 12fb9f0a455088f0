"""What a tool that runs in the harness's own process prints."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conformance.loopback import free_port
from tests.conformance.test_first_hour import described

ROOT = Path(__file__).parents[2]
ASGI = """
import logging, os, sys, time, warnings
from starlette.responses import HTMLResponse
from starlette.concurrency import run_in_threadpool
from tests.conformance.beginners import Beginner

print("printed at the import")

def in_a_pool():
    print("printed in a pool")

class Loud(Beginner):
    async def login(self, request):
        print("printed in the login")
        sys.stderr.write("written to stderr\\n")
        warnings.warn("the key is short", UserWarning)
        logging.getLogger("tool").warning("logged without a handler")
        await run_in_threadpool(in_a_pool)
        return await super().login(request)

app = Loud(platform=os.environ["LTI_PLATFORM_ISSUER"], url="http://127.0.0.1:PORT").app
"""
WSGI = """
print("printed at the import")

def app(environ, start_response):
    print("printed in the login")
    start_response("400 Bad Request", [("Content-Type", "text/plain")])
    yield b"Go away"
"""


SETTLED = """
print("printed at the import")
import os
from tests.conformance.beginners import Beginner

class Quiet(Beginner):
    async def login(self, request):
        print("printed in the login")
        return await super().login(request)

app = Quiet(platform=os.environ["LTI_PLATFORM_ISSUER"], url="http://127.0.0.1:PORT").app
"""
IN_THE_LOGIN = """
import os, sys
from tests.conformance.beginners import Beginner

print("printed at the import")

class Late(Beginner):
    async def login(self, request):
        sys.stdout.close()
        sys.stderr.close()
        sys.stdout = sys.stderr = None
        return await super().login(request)

app = Late(platform=os.environ["LTI_PLATFORM_ISSUER"], url="http://127.0.0.1:PORT").app
"""


def doctor(folder: Path, text: str) -> subprocess.CompletedProcess[str]:
    """`doctor` in a process of its own, at a tool with this source."""
    return ran(folder, text, "doctor")


def ran(folder: Path, text: str, *words: str) -> subprocess.CompletedProcess[str]:
    """A command in a process of its own, at a tool with this source."""
    port = free_port()
    (folder / "loud_tool.py").write_text(text.replace("PORT", str(port)), encoding="utf-8")
    tool = 'app = "loud_tool:app"'
    rest = "[network]\ntimeout_s = 2.0\n"
    path = described(folder, f"http://127.0.0.1:{port}", f"http://127.0.0.1:{free_port()}", tool=tool, rest=rest)
    command = [sys.executable, "-m", "conformance", *words, "--tool", str(path)]
    return subprocess.run(
        command, cwd=folder, env=os.environ | {"PYTHONPATH": str(ROOT)}, capture_output=True, text=True, check=False
    )


@pytest.mark.parametrize(
    ("text", "code", "lines"),
    [
        (
            ASGI,
            0,
            (
                "printed at the import",
                "printed in the login",
                "written to stderr",
                "the key is short",
                "logged without a handler",
                "printed in a pool",
            ),
        ),
        (WSGI, 3, ("printed at the import", "printed in the login")),
    ],
    ids=["asgi", "wsgi"],
)
def test_it_is_kept_apart(tmp_path: Path, text: str, code: int, lines: tuple[str, ...]) -> None:
    """All of it is in the log that is named, and none of it between the harness's own lines."""
    done = doctor(tmp_path, text)

    kept = (tmp_path / ".lti-conformance" / "tool.log").read_text(encoding="utf-8")
    told = done.stdout + done.stderr
    assert done.returncode == code, told
    for line in lines:
        assert (line in kept, line in told) == (True, False), told
    assert done.stdout.startswith("Register in ")
    assert "What the tool itself printed is in .lti-conformance/tool.log." in done.stderr


def test_a_silent_tool_leaves_no_log(tmp_path: Path) -> None:
    """Nothing that the harness prints goes to the tool's log."""
    done = doctor(tmp_path, WSGI.replace("print(", "str("))

    assert done.returncode == 3
    assert "tool.log" not in done.stderr
    assert not (tmp_path / ".lti-conformance" / "tool.log").exists()


@pytest.mark.parametrize(
    "begun",
    [
        "import io, sys\nsys.stdout = io.TextIOWrapper(sys.stdout.buffer, encoding='utf-8', line_buffering=True)",
        "import io, sys\nsys.__stdout__ = sys.stdout = io.TextIOWrapper(sys.__stdout__.buffer, write_through=True)",
        "import codecs, sys\nsys.stdout = codecs.getwriter('utf-8')(sys.stdout.detach())",
        "import sys\nsys.stdout = open(sys.stdout.fileno(), mode='w', encoding='utf-8', buffering=1)",
        "import sys\nsys.stdout.close()",
        "import io, sys\nio.TextIOWrapper(sys.stdout.buffer)\nio.TextIOWrapper(sys.stderr.buffer)",
        """import sys
class Tee:
    def __init__(self, other):
        self.other = other
    def write(self, text):
        return self.other.write(text)
    def flush(self):
        self.other.flush()
sys.stdout = Tee(sys.stdout)""",
        """import contextlib, io, sys
with contextlib.redirect_stdout(io.StringIO()) as kept:
    print("for the tool alone")
assert kept.getvalue() == "for the tool alone\\n" """,
    ],
    ids=["wrapped", "the first wrapped", "detached", "opened anew", "closed", "dropped", "tee", "redirected"],
)
def test_a_tool_may_do_what_it_likes_with_its_streams(tmp_path: Path, begun: str) -> None:
    """It prints to the log all the same, and the harness says the same as of any other tool."""
    done = doctor(tmp_path, f"{begun}\n{SETTLED}")

    kept = (tmp_path / ".lti-conformance" / "tool.log").read_text(encoding="utf-8")
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.startswith("Register in ")
    assert "✓ The plain launch by LTI 1.3 works" in done.stdout
    assert done.stderr == "What the tool itself printed is in .lti-conformance/tool.log.\n"
    assert kept == "printed at the import\nprinted in the login\n"


def test_streams_that_are_taken_away_at_work(tmp_path: Path) -> None:
    """The harness keeps its own also when the tool is already up."""
    done = doctor(tmp_path, IN_THE_LOGIN)

    assert done.returncode == 0, done.stdout + done.stderr
    assert "✓ The plain launch by LTI 1.3 works" in done.stdout


def test_a_run_tells_its_verdict(tmp_path: Path) -> None:
    """It is on the screen and in the report, and no part of a report is left."""
    begun = "import io, sys\nsys.stdout = io.TextIOWrapper(sys.stdout.buffer)\n"
    words = ("run", "--only", "nonce/absent", "--report", "json:r.json")
    done = ran(tmp_path, f"{begun}{SETTLED}", *words)

    assert "Traceback" not in done.stderr
    assert "nonce/absent" in done.stdout
    assert (tmp_path / "r.json").exists()
    assert not list(tmp_path.glob("r.json.part*"))


IN_THREADS = """
import logging, threading, warnings

def in_a_thread():
    print("printed in a thread")
    warnings.warn("warned in a thread", UserWarning)
    logging.getLogger("tool").warning("logged in a thread")
    raise LookupError("raised in a thread")

def for_ever():
    while True:
        print("printed for ever")
        never.wait(0.001)

never = threading.Event()
one = threading.Thread(target=in_a_thread)
one.start()
one.join()
threading.Thread(target=for_ever, daemon=True).start()
"""


def test_threads_of_the_tool_spoil_no_report(tmp_path: Path) -> None:
    """What they say while it is up is in the log, and none of it is in a report that is read from the screen."""
    done = ran(tmp_path, f"{IN_THREADS}{SETTLED}", "run", "--only", "nonce/absent", "--report", "json")

    kept = (tmp_path / ".lti-conformance" / "tool.log").read_text(encoding="utf-8")
    assert json.loads(done.stdout)["results"][0]["id"] == "nonce/absent"
    assert (done.returncode, done.stderr) == (0, "What the tool itself printed is in .lti-conformance/tool.log.\n")
    for verb in ("printed", "warned", "logged", "raised"):
        assert f"{verb} in a thread" in kept
    assert "printed for ever" in kept


LATE = """
import os
from a2wsgi import ASGIMiddleware
from tests.conformance.beginners import Beginner

served = ASGIMiddleware(Beginner(platform=os.environ["LTI_PLATFORM_ISSUER"], url="http://127.0.0.1:PORT").app)

def app(environ, start_response):
    return served(environ, start_response)
"""


@pytest.mark.parametrize("scenario", ["keys/stalls", "keys/trickles"])
def test_an_answer_that_comes_too_late_is_no_concern_of_the_user(tmp_path: Path, scenario: str) -> None:
    """A WSGI application that answers when nobody serves it any more leaves nothing on the terminal."""
    done = ran(tmp_path, LATE, "run", "--only", scenario)

    assert scenario in done.stdout
    assert done.stderr in ("", "What the tool itself printed is in .lti-conformance/tool.log.\n")
