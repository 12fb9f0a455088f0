from __future__ import annotations

import contextlib
import os
import re
import signal
import socket
import ssl
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from importlib import metadata
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
from mockplatform.model import Registration
from mockplatform.records import PlacedLink
from mockplatform.running import attached, serving
from mockplatform.server import listen, serve
from mockplatform.service import services
from tests.mockplatform.makers import make_registration
from tests.patience import reading

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
        assert cli.main(["serve", "--port", "0", "--no-sample-tool", *arguments]) == 2
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
        (["serve", "--workers", "0"], "0 is no number from 1 to 64"),
        (["serve", "--workers", "many"], "many is no number from 1 to 64"),
        (["serve", "--control-port", "70000"], "--control-port"),
        (["serve", "--colour"], "--colour"),
    ],
)
def test_a_command_line_that_is_wrong(capsys: pytest.CaptureFixture[str], arguments: list[str], complaint: str) -> None:
    """A command, option or port that does not exist ends with exit code 2 and is named in one line."""
    with pytest.raises(SystemExit) as caught:
        cli.main(arguments)

    assert caught.value.code == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("mockplatform")
    assert complaint in line


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
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, timeout=60, check=True
    )

    assert done.stdout == "set()\n"


@pytest.mark.parametrize(
    ("host", "named"),
    [
        ("127.0.0.1", "127.0.0.1"),
        ("localhost", "localhost"),
        ("::1", "[::1]"),
        ("0.0.0.0", "127.0.0.1"),
        ("::", "127.0.0.1"),
    ],
)
@pytest.mark.parametrize("tls", [False, True])
def test_the_address_is_the_host_as_it_was_typed(host: str, named: str, tls: bool) -> None:
    """The URL names the host as it was typed, and this machine's own where the platform listens everywhere."""
    with contextlib.closing(listen()) as bound:
        port = bound.getsockname()[1]
        assert serving._url(host, bound, tls=tls) == f"{'https' if tls else 'http'}://{named}:{port}"


@pytest.mark.parametrize(
    ("option", "file", "names"),
    [
        (None, "", None),
        (None, "https://file.example", "https://file.example"),
        ("https://o.example", "https://f.example", "https://o.example"),
    ],
)
def test_the_issuer(tmp_path: Path, option: str | None, file: str, names: str | None) -> None:
    """The issuer is the option's, else the file's, else the URL, also of tools that name none."""
    config = tmp_path / "school.toml"
    own = f'[platform]\nissuer = "{file}"\n' if file else ""
    third = '[[registration]]\nissuer = "https://third.example"\n' + SCHOOL.partition("[[registration]]")[2]
    config.write_text(
        own + (SCHOOL + third.partition("[[person]]")[0]).format(tool="http://127.0.0.1:1"), encoding="utf-8"
    )

    with serving.running(serving.Wanted(port=0, config=config, issuer=option), ()) as platform:
        first = platform.tenants.first

    assert first.issuer == (names or first.url)
    assert [tool.issuer for tool in first.registrations] == [first.issuer, "https://third.example"]
    assert first.settings.on_problem == "refuse"
    assert set(first.settings.services) == set(services())


@dataclass(frozen=True, slots=True)
class Offered:
    app: Starlette
    registration: Registration


def test_an_offered_tool_is_served_and_registered_first() -> None:
    """What another package offers runs on a port of its own, is known to the platform, and ends with it."""
    asked: dict[str, str] = {}

    def attach(**given: str) -> Offered:
        asked.update(given)
        app = Starlette(routes=[Route("/", lambda _: Response("tool"))])
        urls = {"login_url": f"{given['tool_url']}/login", "launch_url": f"{given['tool_url']}/launch"}
        return Offered(app, make_registration(issuer=given["issuer"], client_id="offered", **urls))

    with serving.running(serving.Wanted(port=0), [("sample", attach)]) as platform:
        first = platform.tenants.first
        assert asked == {"platform_url": first.url, "issuer": first.issuer, "tool_url": platform.tools[0].url}
        assert httpx2.get(asked["tool_url"]).text == "tool"
        assert first.registrations[0].client_id == "offered"
        assert f"Tool sample   {asked['tool_url']}\n" in platform.told
        platform.tenants.reset("main")
        assert first.registrations[0].client_id == "offered"
        tenant = platform.tenants.create("class-7b")
        assert next(tool.issuer for tool in tenant.registrations) == tenant.issuer == f"{first.url}/t/class-7b"

    with pytest.raises(httpx2.ConnectError):
        httpx2.get(asked["tool_url"])


def test_an_offered_tool_moves_in_every_tenant(tmp_path: Path) -> None:
    """After a restart the kept tenants launch it where it is now, except those that have dropped it."""
    wanted = serving.Wanted(port=0, store=f"sqlite:///{tmp_path / 'platform.db'}")

    def attach(**given: str) -> Offered:
        urls = {"login_url": f"{given['tool_url']}/login", "launch_url": f"{given['tool_url']}/launch"}
        return Offered(Starlette(), make_registration(issuer=given["issuer"], client_id="offered", **urls))

    with serving.running(wanted, [("sample", attach)]) as platform:
        for tenant in ("keeps", "drops"):
            platform.tenants.create(tenant)
        dropping = platform.tenants.get("drops")
        assert dropping is not None
        dropping.state.registrations.pop(f"{dropping.issuer} offered")
        first, tool = platform.tenants.first, platform.tools[0]
        for name, url in (("own", f"{tool.url}/page?class=1"), ("elsewhere", "https://elsewhere.example/page")):
            link = PlacedLink(
                id=name,
                course_id="course-1",
                client_id="offered",
                issuer=first.issuer,
                deployment_id="1",
                type="ltiResourceLink",
                title=name,
                url=url,
            )
            first.state.links.put(name, link, group="course-1")
    with serving.running(wanted, [("sample", attach)]) as platform:
        keeps, drops = (platform.tenants.get(tenant) for tenant in ("keeps", "drops"))
        assert keeps is not None
        assert drops is not None
        (found,) = (tool for tool in keeps.registrations if tool.client_id == "offered")
        assert (found.issuer, found.login_url) == (keeps.issuer, f"{platform.tools[0].url}/login")
        assert "offered" not in {tool.client_id for tool in drops.registrations}
        urls = [link.url for link in platform.tenants.first.state.links.page()]
        assert urls == [f"{platform.tools[0].url}/page?class=1", "https://elsewhere.example/page"]


def test_a_tool_that_cannot_be_loaded(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """A broken offer of another package is named, with the way around it."""
    broken = metadata.EntryPoint("sample", "no_such_package.tool:attach", attached.GROUP)
    monkeypatch.setattr(metadata, "entry_points", lambda **_: [broken])

    assert cli.main(["serve", "--port", "0"]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("mockplatform: the tool 'sample' (no_such_package.tool:attach) cannot be loaded: ")
    assert line.endswith("; --no-sample-tool leaves it out")


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (["--workers", "2"], "--workers: several processes need a store that they share; add --store"),
        (["--ca-path", "ca.pem"], "--ca-path: there is a test CA only with --tls"),
        (["--control-secret-env", "NO_SUCH_VARIABLE"], "the environment variable NO_SUCH_VARIABLE is not set"),
        (["--flavour", "moodel"], "unknown flavour 'moodel'"),
        (["--quirk", "no.such=1"], "--quirk: unknown quirk 'no.such'"),
        (["--store", "platform.db"], "the store's URL names no database"),
        (["--store", "mysql://x/y"], "--store: 'mysql' is not known; write sqlite:///FILE or postgresql://user@host/"),
        (["--store", "sqlite:////no/such/place.db"], "the file cannot be written"),
        (["--tls", "--ca-path", "/no/such/place.pem"], "cannot use this place for the test CA"),
    ],
)
def test_an_option_that_cannot_be_met(told: Any, arguments: list[str], complaint: str) -> None:
    """What cannot be done is said in one line before anything is served."""
    assert complaint in told(*arguments)


def test_a_control_port_in_use(told: Any) -> None:
    """Where the port of the control API is taken, its option is named."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        line = told("--control-port", str(port))

    assert line.startswith(f"mockplatform: control API: cannot listen on 127.0.0.1:{port}: ")
    assert line.endswith("(--control-port)")


def test_a_flavour_and_quirks_are_those_of_the_command_line(tmp_path: Path) -> None:
    """Flavour and quirks that are asked for count, also where a store remembers others."""
    store = f"sqlite:///{tmp_path / 'platform.db'}"
    quirks = ("token.format=jwt", "ags.page_size=2")
    with serving.running(serving.Wanted(port=0, store=store), ()) as platform:
        before = platform.tenants.first.settings
        platform.tenants.first.change_settings(title="Kept")
    with serving.running(serving.Wanted(port=0, store=store, quirks=quirks), ()) as platform:
        after = platform.tenants.first.settings
    with serving.running(serving.Wanted(port=0, store=store), ()) as platform:
        again = platform.tenants.first.settings

    assert (before.flavour, before.quirks) == ("neutral", {})
    assert after.quirks == {"token.format": "jwt", "ags.page_size": 2}
    assert again == after
    assert after.title == "Kept"


def test_the_ids_of_the_school_outlive_a_flavour(tmp_path: Path) -> None:
    """A store gives back, at neutral, the ids that the school had before it was another platform's."""
    store = f"sqlite:///{tmp_path / 'platform.db'}"
    with serving.running(serving.Wanted(port=0, store=store), ()) as platform:
        given = platform.tenants.first.people, platform.tenants.first.courses
    with serving.running(serving.Wanted(port=0, store=store, flavour="canvas"), ()) as platform:
        shaped = {person.sub for person in platform.tenants.first.people}
    with serving.running(serving.Wanted(port=0, store=store, flavour="neutral"), ()) as platform:
        again = platform.tenants.first.people, platform.tenants.first.courses

    assert shaped.isdisjoint(person.sub for person in given[0])
    assert [sorted(map(str, kind)) for kind in again] == [sorted(map(str, kind)) for kind in given]


def test_a_store_outlives_the_platform(tmp_path: Path) -> None:
    """People, tenants and the keys are those of the run before; without a store nothing is written."""
    store = f"sqlite:///{tmp_path / 'platform.db'}"
    with serving.running(serving.Wanted(port=0, store=store), ()) as platform:
        platform.tenants.create("kept", "Kept")
        platform.tenants.first.state.people.pop(platform.tenants.first.people[0].sub)
        people, kid = platform.tenants.first.people, platform.tenants.first.keys.kid("platform")
    with serving.running(serving.Wanted(port=0, store=store), ()) as platform:
        kept = platform.tenants.get("kept")

        assert kept is not None
        assert kept.settings.title == "Kept"
        assert platform.tenants.first.people == people
        assert platform.tenants.first.keys.kid("platform") == kid


def test_the_control_api_of_a_platform_for_others_has_a_secret() -> None:
    """On an address that other machines reach a secret is made up and told once; on loopback there is none."""
    with serving.running(serving.Wanted(host="0.0.0.0", port=0), ()) as platform:
        secret = platform.secret
        refused = httpx2.get(f"{platform.control_url}/tenants")
        let_in = httpx2.get(f"{platform.control_url}/tenants", headers={"authorization": f"Bearer {secret}"})
        assert f"Control secret {secret}\n" in platform.told
    with serving.running(serving.Wanted(port=0), ()) as platform:
        assert platform.secret == ""
        assert httpx2.get(f"{platform.control_url}/tenants").status_code == 200

    assert len(secret) >= 32
    assert (refused.status_code, let_in.status_code) == (401, 200)


def test_the_secret_of_the_environment() -> None:
    """A secret that an environment variable holds is asked for everywhere, and is not printed."""
    wanted = serving.Wanted(port=0, control_secret_env="CONTROL")
    with serving.running(wanted, (), {"CONTROL": "s3cret-value"}) as platform:
        assert httpx2.get(f"{platform.control_url}/tenants").status_code == 401
        assert "s3cret-value" not in platform.told + repr(platform)
        headers = {"authorization": "Bearer s3cret-value"}
        assert httpx2.get(f"{platform.control_url}/tenants", headers=headers).status_code == 200


def test_https_with_a_ca_of_its_own(tmp_path: Path) -> None:
    """With TLS every URL is https; whoever trusts the CA of the file, or of the control API, gets through."""
    file = tmp_path / "ca.pem"
    with serving.running(serving.Wanted(port=0, tls=True, ca_path=file), ()) as platform:
        first = platform.tenants.first
        told = httpx2.get(f"{platform.control_url}/ca.pem").text
        trusting = ssl.create_default_context(cadata=told)
        configuration = httpx2.get(f"{first.url}/.well-known/openid-configuration", verify=trusting).json()
        with pytest.raises(httpx2.ConnectError):
            httpx2.get(first.url)

    assert told == file.read_text()
    assert configuration["issuer"] == first.url
    assert first.url.startswith("https://127.0.0.1:")
    assert platform.control_url.startswith("http://127.0.0.1:")


@pytest.mark.parametrize("tls", [False, True])
def test_the_sample_tool_is_launched(tls: bool) -> None:
    """The tool that the harness offers is registered and launches, by https as well: it trusts the test CA."""
    before = os.environ.get("SSL_CERT_FILE")
    with serving.running(serving.Wanted(port=0, tls=tls), attached.offered()) as platform:
        first, control = platform.tenants.first, f"{platform.control_url}/tenants/main"
        cadata = httpx2.get(f"{platform.control_url}/ca.pem").text if tls else None
        choice = {
            "registration": first.registrations[0].key,
            "person": first.people[0].sub,
            "course": first.courses[0].id,
        }
        begun = httpx2.post(f"{control}/launches", json=choice).raise_for_status().json()
        with httpx2.Client(verify=ssl.create_default_context(cadata=cadata), follow_redirects=True) as http:
            asked = submit(http, http.get(begun["open"]).text)
            # A browser keeps Secure cookies on loopback; this client does not send them.
            kept = "; ".join(f"{cookie.name}={cookie.value}" for cookie in http.cookies.jar)
            launched = submit(http, asked.text, headers={"cookie": kept})
        told = httpx2.get(f"{control}/launches/{begun['id']}").json()

    assert platform.tools[0].url.startswith("https://127.0.0.1:" if tls else "http://127.0.0.1:")
    assert first.registrations[0].launch_url.startswith(platform.tools[0].url)
    assert launched.status_code == 200, launched.headers.get("lti-error")
    assert "lti-error" not in launched.headers
    assert told["auth_request"]["problems"] == []
    assert told["response"]["url"] == str(launched.url)
    assert os.environ.get("SSL_CERT_FILE") == before


@pytest.mark.parametrize("tls", [False, True])
@pytest.mark.asyncio
async def test_the_key_set_of_an_offered_tool_is_fetched(tls: bool) -> None:
    """The platform's own fetcher trusts the test CA, by which the tool beside it is served."""
    with serving.running(serving.Wanted(port=0, tls=tls), attached.offered()) as platform:
        first = platform.tenants.first
        assert first.fetch is not None
        status, body = await first.fetch(first.registrations[0].jwks_url)

    assert status == 200
    assert b'"keys"' in body


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
        [*command, sys.executable, "-m", "mockplatform", "serve", "--port", "0", "--no-sample-tool", *arguments],
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
            with reading(process, "where the platform is"):
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


def submit(http: httpx2.Client, page: str, *, headers: dict[str, str] | None = None, **choice: str) -> httpx2.Response:
    """The answer to the form of a page that posts, sent as a browser sends it."""
    form = LexborHTMLParser(page).css("form[method=post]")[0]
    fields = {
        str(field.attributes["name"]): str(field.attributes["value"])
        for field in form.css("input[type=hidden], input[type=radio][checked]")
    }
    return http.post(str(form.attributes["action"]), data=fields | choice, headers=headers)


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
        "Token URL": platform["Page"] + "token",
        "Configuration": platform["Page"] + ".well-known/openid-configuration",
        "Control API": platform["Control API"],
    }
    assert platform["Control API"] != platform["Page"]
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
        with socket.create_connection((host, int(port)), timeout=60) as client:
            client.sendall(b"GET /jwks HTTP/1.1\r\nHost: a\r\n\r\n")
            assert client.recv(100).startswith(b"HTTP/1.1 200")
            assert server.stop(number) == (0, "", "")
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection((host, int(port)), timeout=60)


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
