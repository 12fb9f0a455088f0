from __future__ import annotations

import contextlib
import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlencode

import httpx2
import jwt
import pytest
from selectolax.lexbor import LexborHTMLParser
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import Route

from mockplatform import __version__, cli
from mockplatform.config import School
from mockplatform.keys import KeyRing
from mockplatform.server import listen, serve
from tests.mockplatform.makers import COURSE, PERSON, make_registration

ROOT = Path(cli.__file__).parent.parent
CLAIM = "https://purl.imsglobal.org/spec/lti/claim/"
SCHOOL = """
[[registration]]
name = "Tiny tool"
client_id = "tiny"
deployment_ids = ["one"]
login_url = "{tool}/login"
launch_url = "{tool}/launch"

[[person]]
sub = "p-1"
given_name = "芽衣"
family_name = "佐藤"
email = "mei@example.org"
"""


@pytest.fixture
def told(capsys: pytest.CaptureFixture[str]) -> Any:
    """Runs a command line that fails, and returns the one line that it says."""

    def run(*arguments: str) -> str:
        assert cli.main(["serve", "--port", "0", *arguments]) == 2
        printed = capsys.readouterr()
        assert printed.out == ""
        (line,) = printed.err.splitlines()
        return line

    return run


def test_a_config_that_does_not_exist(told: Any, tmp_path: Path) -> None:
    """A missing file ends with exit code 2 and its name."""
    file = tmp_path / "none.toml"

    assert told("--config", str(file)) == f"mockplatform: {file}: there is no such file"


def test_a_config_that_is_wrong(told: Any, tmp_path: Path) -> None:
    """A wrong key in the file ends with exit code 2, file, key and problem."""
    file = tmp_path / "school.toml"
    file.write_text(SCHOOL.format(tool="http://127.0.0.1:1") + "phone = '1'", encoding="utf-8")

    assert told("--config", str(file)).startswith(f"mockplatform: {file}: person[0].phone: unknown key")


@pytest.mark.parametrize("issuer", ["lms", "http://", "https://lms.example/?a=b"])
def test_an_issuer_that_is_no_url(told: Any, issuer: str) -> None:
    """An issuer that LTI does not allow is refused by the name of its option."""
    assert told("--issuer", issuer).startswith(f"mockplatform: --issuer: '{issuer}' ")


def test_a_port_in_use(told: Any) -> None:
    """A port that another program has is named."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        line = told("--port", str(port))

    assert line.startswith(f"mockplatform: cannot listen on 127.0.0.1:{port}: ")


def test_signals_are_as_they_were(told: Any) -> None:
    """A command line that has ended leaves the handling of signals as it found it."""

    def own(number: int, frame: object) -> None:
        pytest.fail(f"nobody has sent signal {number}")

    before = {number: signal.signal(number, own) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        told("--issuer", "x")
        assert [signal.getsignal(number) for number in before] == [own, own]
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        ([], "COMMAND"),
        (["play"], "'play'"),
        (["serve", "--port", "65536"], "65536 is no port number between 0 and 65535"),
        (["serve", "--port", "-1"], "--port"),
        (["serve", "--port", "http"], "http is no port number"),
        (["serve", "--colour"], "--colour"),
    ],
)
def test_a_command_line_that_is_wrong(capsys: pytest.CaptureFixture[str], arguments: list[str], complaint: str) -> None:
    """A command, option or port that does not exist ends with exit code 2 and is named."""
    with pytest.raises(SystemExit) as caught:
        cli.main(arguments)

    assert caught.value.code == 2
    assert complaint in capsys.readouterr().err.splitlines()[-1]


def test_the_version(capsys: pytest.CaptureFixture[str]) -> None:
    """The program tells its version."""
    with pytest.raises(SystemExit) as caught:
        cli.main(["--version"])

    assert caught.value.code == 0
    assert capsys.readouterr().out == f"mockplatform {__version__}\n"


def test_the_help_loads_nothing_heavy() -> None:
    """To print its help the program loads neither web server nor cryptography."""
    script = (
        "import sys\n"
        "from mockplatform.cli import parser\n"
        "parser().format_help()\n"
        "print({'starlette', 'uvicorn', 'cryptography', 'jinja2'} & sys.modules.keys())"
    )
    done = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True)

    assert done.stdout == "set()\n"


@pytest.mark.parametrize(
    ("arguments", "issuer", "url", "names"),
    [
        ([], None, "http://127.0.0.1:81", "http://127.0.0.1:81"),
        (["--host", "localhost"], None, "http://localhost:81", "http://localhost:81"),
        (["--host", "::1"], None, "http://[::1]:81", "http://[::1]:81"),
        (["--host", "0.0.0.0"], None, "http://127.0.0.1:81", "http://127.0.0.1:81"),
        (["--host", "::"], None, "http://127.0.0.1:81", "http://127.0.0.1:81"),
        ([], "https://file.example", "http://127.0.0.1:81", "https://file.example"),
        (["--issuer", "https://own.example"], "https://file.example", "http://127.0.0.1:81", "https://own.example"),
    ],
)
def test_address_and_issuer(keys: KeyRing, arguments: list[str], issuer: str | None, url: str, names: str) -> None:
    """The URL is the host as it was typed; the issuer is the option's, else the file's, else the URL."""
    options = cli.parser().parse_args(["serve", *arguments])
    tools = (make_registration(issuer=""), make_registration(issuer="https://third.example"))
    school = School(issuer=issuer, registrations=tools, people=(PERSON,), courses=(COURSE,))

    platform = cli._platform(options, school, keys, port=81)

    assert (platform.url, platform.issuer) == (url, names)
    assert [tool.issuer for tool in platform.registrations] == [names, "https://third.example"]
    assert platform.settings.on_problem == "refuse"


@dataclass(frozen=True, kw_only=True, slots=True)
class Running:
    """A platform in a process of its own, and what it printed."""

    process: subprocess.Popen[str]
    printed: dict[str, str]

    def stop(self, number: signal.Signals) -> tuple[int, str, str]:
        """Exit code and the rest of what it prints, once it has got a signal."""
        self.process.send_signal(number)
        out, err = self.process.communicate(timeout=60)
        return self.process.returncode, out, err


@contextlib.contextmanager
def running(*arguments: str, command: tuple[str, ...] = ()) -> Iterator[Running]:
    process = subprocess.Popen(
        [*command, sys.executable, "-m", "mockplatform", "serve", "--port", "0", *arguments],
        cwd=ROOT,
        # Unbuffered output would hide that what is printed does not arrive.
        env={name: value for name, value in os.environ.items() if name != "PYTHONUNBUFFERED"},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    with process:
        try:
            printed = {}
            assert process.stdout is not None
            for line in process.stdout:
                if line == "press Ctrl-C to stop\n":
                    break
                name, _, value = line.strip().rpartition(" ")
                printed[name.strip()] = value
            yield Running(process=process, printed=printed)
        finally:
            process.kill()


def tiny_tool(platform: dict[str, str]) -> Starlette:
    """A tool that checks what SEC 5.1.3 wants, with PyJWT and the platform's published key."""

    async def body(request: Request) -> dict[str, str]:
        return dict(parse_qsl((await request.body()).decode(), strict_parsing=True))

    async def login(request: Request) -> Response:
        asked = await body(request)
        assert asked["iss"] == platform["Issuer"]
        answer = {
            "scope": "openid",
            "response_type": "id_token",
            "response_mode": "form_post",
            "prompt": "none",
            "client_id": "tiny",
            "redirect_uri": str(request.url_for("launch")),
            "login_hint": asked["login_hint"],
            "lti_message_hint": asked["lti_message_hint"],
            "state": "state-1",
            "nonce": "nonce-1",
        }
        return RedirectResponse(f"{platform['Auth URL']}?{urlencode(answer)}", 303)

    async def launch(request: Request) -> Response:
        sent = await body(request)
        async with httpx2.AsyncClient() as http:
            (key,) = (await http.get(platform["Key set URL"])).json()["keys"]
        assert jwt.get_unverified_header(sent["id_token"])["kid"] == key["kid"]
        claims = jwt.decode(
            sent["id_token"],
            jwt.PyJWK(key),
            audience="tiny",
            issuer=platform["Issuer"],
            options={"require": ["exp", "iat", "nonce", "sub"]},
        )
        return JSONResponse({"state": sent["state"], "claims": claims})

    return Starlette(routes=[Route("/login", login, methods=["POST"]), Route("/launch", launch, methods=["POST"])])


def submit(http: httpx2.Client, page: str, **choice: str) -> httpx2.Response:
    """The answer to the first form of a page, sent as a browser sends it."""
    form = LexborHTMLParser(page).css("form")[0]
    fields = {str(field.attributes["name"]): str(field.attributes["value"]) for field in form.css("input")}
    for select in form.css("select"):
        fields[str(select.attributes["name"])] = str(select.css("option")[0].attributes["value"])
    return http.post(str(form.attributes["action"]), data=fields | choice)


def test_a_whole_launch_of_a_running_platform(tmp_path: Path) -> None:
    """A platform that is started by a person launches a tool from its page, and stops by Ctrl-C with exit code 0."""
    platform: dict[str, str] = {}
    file = tmp_path / "school.toml"
    with serve(tiny_tool(platform), listen()) as tool:
        file.write_text(SCHOOL.format(tool=tool), encoding="utf-8")
        with running("--config", str(file)) as server:
            platform |= server.printed
            with httpx2.Client(base_url=platform["Page"]) as http:
                login = submit(http, http.get("/").text, role="student")
                asked = submit(http, login.text)
                launched = submit(http, http.get(asked.headers["location"]).text)
                journal = http.get("/journal").text
            code, out, err = server.stop(signal.SIGINT)

    assert re.fullmatch(r"http://127\.0\.0\.1:[1-9]\d*/", platform["Page"])
    assert platform == {
        "Page": platform["Page"],
        "Issuer": platform["Page"].rstrip("/"),
        "Auth URL": platform["Page"] + "auth",
        "Key set URL": platform["Page"] + "jwks",
    }
    assert asked.status_code == 303
    said = launched.json()
    assert (said["state"], said["claims"]["nonce"]) == ("state-1", "nonce-1")
    assert (said["claims"]["sub"], said["claims"]["name"]) == ("p-1", "芽衣 佐藤")
    assert said["claims"][CLAIM + "deployment_id"] == "one"
    assert said["claims"][CLAIM + "context"]["title"] == "Launching safely"
    assert "nonce-1" in journal
    assert (code, out, err) == (0, "", "")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_stops_the_platform(number: signal.Signals) -> None:
    """Ctrl-C and SIGTERM end the platform with exit code 0 and without a word, though a client is still connected."""
    with running() as server:
        host, _, port = server.printed["Issuer"].removeprefix("http://").partition(":")
        with socket.create_connection((host, int(port))) as client:
            client.sendall(b"GET /jwks HTTP/1.1\r\nHost: a\r\n\r\n")
            assert client.recv(100).startswith(b"HTTP/1.1 200")
            assert server.stop(number) == (0, "", "")
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection((host, int(port)))


def test_a_platform_in_the_background_can_be_interrupted() -> None:
    """Where a shell has SIGINT ignored, as it does behind `&`, the platform still stops by it."""
    with running(command=("sh", "-c", "trap '' INT; exec \"$@\"", "sh")) as server:
        assert server.stop(signal.SIGINT) == (0, "", "")


def test_an_issuer_of_ones_own_is_announced() -> None:
    """The issuer that was asked for is printed and stands in the configuration."""
    with running("--issuer", "https://lms.example") as server:
        told = httpx2.get(server.printed["Page"] + ".well-known/openid-configuration").json()

        assert server.printed["Issuer"] == told["issuer"] == "https://lms.example"
        assert server.stop(signal.SIGINT)[0] == 0
