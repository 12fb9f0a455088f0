"""What a plain launch that works shows all the same: cookies that no LMS page carries, and another launch URL."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from conformance.mishaps.failure import Failure
from conformance.plain_findings import plain_findings
from conformance.toolfile import load
from mockplatform.errors import UsageError
from tests.conformance.loopback import free_port
from tests.conformance.makers import make_tool
from tests.conformance.test_first_hour import described, launch_ended, running

ROOT = Path(__file__).parents[2]
LAUNCH_URL = make_tool().tool.launch_url


def told(failure: Failure) -> dict[str, str]:
    """The findings by their ids."""
    return {finding.id: finding.text for finding in plain_findings(failure)}


def launched_with(*cookies: str, sent: str = "sid=x", scheme: str = "http") -> Failure:
    """A launch that worked, after a login that set these cookies."""
    failure = launch_ended(200, "Welcome", cookies=tuple(("set-cookie", text) for text in cookies), sent=sent)
    steps = tuple(replace(step, url=step.url.replace("http:", f"{scheme}:")) for step in failure.steps)
    return replace(failure, seen=replace(failure.seen, outcome="launched", exchanges=steps))


def asked_at(address: str) -> Failure:
    """A launch that worked, by a tool that wanted the answer there."""
    asked = {"client_id": "lti-conformance", "redirect_uri": address}
    return launch_ended(200, "Welcome", cookies=(), sent="", auth_requests=(asked,))


def command(folder: Path, path: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """A command of the harness in a process of its own."""
    return subprocess.run(
        [sys.executable, "-m", "conformance", *words, "--tool", str(path)],
        cwd=folder,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )


class TestCookies:
    @pytest.mark.parametrize("scheme", ["http", "https"])
    @pytest.mark.parametrize("value", ["Lax", "Strict"])
    def test_one_that_stays_on_its_own_site_is_told_of(self, value: str, scheme: str) -> None:
        """The attribute is written by hand, and no connection makes it better; Secure does not either."""
        for secure in ("", "; Secure"):
            text = told(launched_with(f"sid=x; Path=/; SameSite={value.lower()}{secure}", scheme=scheme))[
                "login-cookie"
            ]
            assert f"the cookie 'sid' of the login has SameSite={value}" in text
            assert "not send with a POST from another site" in text
            assert "set SameSite=None and Secure" in text
            assert "OIDC-AUTHREQ-13" in text

    @pytest.mark.parametrize(
        ("attributes", "lack"),
        [
            ("Path=/", "has no SameSite, which browsers take for Lax"),
            ("Path=/; Secure; SameSite=yes", "has no SameSite, which browsers take for Lax"),
            ("Path=/; SameSite=None", "has SameSite=None without Secure, which browsers refuse"),
        ],
        ids=["neither", "no word of the standard", "none alone"],
    )
    def test_what_is_missing_depends_on_the_connection(self, attributes: str, lack: str) -> None:
        """Over plain http many tools leave it out, so they are told what to look for over https."""
        over_http = told(launched_with(f"sid=x; {attributes}"))["login-cookie"]
        over_https = told(launched_with(f"sid=x; {attributes}", scheme="https"))["login-cookie"]

        assert lack in over_http
        assert "see that over https" in over_http
        assert lack in over_https
        assert "see that over https" not in over_https

    @pytest.mark.parametrize(
        "cookies",
        [
            ("sid=x; Path=/; SameSite=None; Secure",),
            ("sid=x; path=/; samesite=none; secure; Partitioned",),
            ("sid=x; Path=/; SameSite=Lax", "sid=x; Path=/; SameSite=None; Secure"),
            ("sid=x; Path=/; SameSite=None; Secure", "visits=1; Path=/stats; SameSite=Lax"),
            ("sid=x; Path=/; SameSite=None; Secure", "old=; Path=/; SameSite=Lax; Max-Age=0"),
            ("sid=x; Path=/; SameSite=None; Secure", "old=; Path=/; Expires=Thu, 01 Jan 1970 00:00:00 GMT"),
            (),
        ],
        ids=["both", "in small letters", "set anew", "not sent back", "deleted", "expired", "none"],
    )
    def test_no_other_is(self, cookies: tuple[str, ...]) -> None:
        """A launch that does not come with a cookie does not need it."""
        assert told(launched_with(*cookies)) == {}

    def test_each_is_named_with_what_it_lacks(self) -> None:
        """One finding for all of them, since a run shows an id once."""
        found = told(
            launched_with(
                "a=1; Path=/; SameSite=Lax",
                "b=1; Path=/; SameSite=Lax",
                "c=1; Path=/; SameSite=None",
                sent="a=1; b=1; c=1",
            )
        )["login-cookie"]

        assert "the cookies 'a' and 'b' of the login have SameSite=Lax" in found
        assert "the cookie 'c' of the login has SameSite=None without Secure" in found

    def test_a_name_that_holds_the_state_is_the_same_in_every_run(self) -> None:
        """Libraries name a cookie after the state, which is drawn anew for each launch."""
        asked = {"redirect_uri": LAUNCH_URL, "state": "0123456789abcdef0123"}
        failure = launched_with("lti-0123456789abcdef=1; Path=/; SameSite=Lax", sent="lti-0123456789abcdef=1")
        found = told(replace(failure, seen=replace(failure.seen, auth_requests=(asked,))))

        assert "the cookie 'lti-…' of the login" in found["login-cookie"]

    @pytest.mark.parametrize("words", [("doctor",), ("run", "--only", "nonce/absent")], ids=["doctor", "run"])
    def test_the_commands_say_so(self, tmp_path: Path, words: tuple[str, ...]) -> None:
        """It is no verdict: the tool is as conformant as before."""
        with running(tmp_path, cookie="Path=/; SameSite=Lax") as path:
            done = command(tmp_path, path, *words)

        assert done.returncode == 0, done.stdout + done.stderr
        assert done.stdout.count("login-cookie") == 1


class TestLaunchUrl:
    def test_an_answer_that_went_elsewhere_is_told_of(self) -> None:
        """The platform answers to where the tool wants it, also where the tool file names another address."""
        found = told(asked_at("http://127.0.0.1:9555/lti/other?next=1"))["redirect-uri-differs"]

        assert "asked for the platform's answer at http://127.0.0.1:9555/lti/other" in found
        assert f"launch_url in the tool file is {LAUNCH_URL}" in found
        assert "letter by letter" in found

    @pytest.mark.parametrize("address", [LAUNCH_URL, LAUNCH_URL.replace("http:", "https:")])
    def test_the_same_is_not(self, address: str) -> None:
        """Nor is a tool that thinks itself behind a proxy for https, as the harness reaches it by http on purpose."""
        assert told(asked_at(address)) == {}

    def test_the_target_link_is_an_address_of_the_tool_file(self) -> None:
        """Some tools take the answer wherever the platform wanted to go."""
        failure = asked_at("http://127.0.0.1:9555/game")
        tool = make_tool()
        given = replace(tool, tool=replace(tool.tool, target_link_uri="http://127.0.0.1:9555/game"))
        assert told(replace(failure, tool=given)) == {}

    def test_a_launch_that_continues_no_login_has_none(self) -> None:
        """LTI 1.1 asks for no address."""
        assert told(launch_ended(200, "Welcome", cookies=(), auth_requests=())) == {}

    @pytest.mark.parametrize("words", [("doctor",), ("run", "--only", "nonce/absent")], ids=["doctor", "run"])
    def test_the_commands_say_so(self, tmp_path: Path, words: tuple[str, ...]) -> None:
        """A slip in the tool file does not pass without a word."""
        with running(tmp_path, {"launch_url": "{url}/lunch"}) as path:
            done = command(tmp_path, path, *words)

        assert done.returncode == 0, done.stdout + done.stderr
        assert "/launch, and launch_url in the tool file is" in " ".join(done.stdout.split())


class TestImports:
    def doctor(self, folder: Path, *, app: str = "first_tool:app", **modules: str) -> tuple[str, str]:
        """What is said of an application in such modules, and what stands in the log."""
        for name, text in modules.items():
            (folder / f"{name}.py").write_text(text, encoding="utf-8")
        url, platform = (f"http://127.0.0.1:{free_port()}" for _ in range(2))
        done = command(folder, described(folder, url, platform, tool=f'app = "{app}"'), "doctor")
        assert done.returncode == 2, done.stdout + done.stderr
        assert done.stderr.count("\n") == 1
        log = folder / ".lti-conformance" / "tool.log"
        return done.stderr, log.read_text("utf-8") if log.exists() else ""

    @pytest.mark.parametrize(
        ("modules", "words"),
        [
            ({"first_tool": "\n\nos.environ\n"}, "NameError: name 'os' is not defined (first_tool.py:3)"),
            ({"first_tool": "import second", "second": "1 / 0"}, "division by zero (second.py:1)"),
            ({"first_tool": "import json\n\njson.loads('x')"}, "char 0) (first_tool.py:3)"),
            ({"first_tool": "import second", "second": "\ndef f(:"}, "SyntaxError: invalid syntax (second.py:2)"),
            ({"first_tool": "\nimport no_such_module"}, "No module named 'no_such_module' (first_tool.py:2)"),
            ({"first_tool": "\nfrom json import nothing"}, "first_tool.py:2)"),
        ],
        ids=["name", "imported", "in the standard library", "syntax", "missing module", "missing name"],
    )
    def test_the_place_is_told(self, tmp_path: Path, modules: dict[str, str], words: str) -> None:
        """It is the last line of the user's own code that was reached, from the folder in which they are."""
        err, log = self.doctor(tmp_path, **modules)

        assert words in err
        assert "the whole traceback is in .lti-conformance/tool.log" in err
        assert "Traceback (most recent call last)" in log

    def test_an_endless_message_is_cut(self, tmp_path: Path) -> None:
        """All of it is in the log."""
        err, log = self.doctor(tmp_path, first_tool="raise ValueError('no ' * 300 + 'end')")

        assert "no no no no…" in err
        assert "(first_tool.py:1)" in err
        assert len(err) < 600 + len(str(tmp_path))
        assert "no end" in log

    def test_a_module_that_is_not_there(self, tmp_path: Path) -> None:
        """The line says where it was looked for; there is no traceback worth reading."""
        err, log = self.doctor(tmp_path, app="nowhere:app")

        assert f"No module named 'nowhere': imports start from the current folder, {tmp_path}" in err
        assert log == ""

    def test_a_tool_file_elsewhere(self, tmp_path: Path) -> None:
        """Imports start from the current folder all the same (README), so it is named."""
        inner = tmp_path / "inner"
        inner.mkdir()
        (inner / "beside_it.py").write_text("", encoding="utf-8")
        path = described(inner, "http://127.0.0.1:9", "http://127.0.0.1:9", tool='app = "beside_it:app"')
        done = command(tmp_path, path, "doctor")

        assert f"imports start from the current folder, {tmp_path}" in done.stderr
        assert done.returncode == 2


class TestRequests:
    @pytest.mark.parametrize(
        "request_", ["course", "/course", "GET", "GET course", "GET  /course", "", "GET ftp://127.0.0.1/", "GET /a b"]
    )
    def test_a_probe_without_method_and_path_is_refused(self, tmp_path: Path, request_: str) -> None:
        """The line names the file, the table and the form."""
        rest = f'probe = {{ request = "{request_}" }}'
        with pytest.raises(UsageError) as caught:
            load(described(tmp_path, "http://127.0.0.1:1", "http://127.0.0.1:2", rest=rest))

        assert str(caught.value).endswith(
            f'lti-conformance.toml: observe.probe: request {request_!r} is not of the form "METHOD /path", '
            "such as GET /api/me"
        )

    @pytest.mark.parametrize("request_", ["GET /api/me", "get /me?a=b", "POST http://127.0.0.1:8000/me", "PROPFIND /"])
    def test_one_with_them_is_read(self, tmp_path: Path, request_: str) -> None:
        """A URL of the tool may stand in place of the path."""
        rest = f'probe = {{ request = "{request_}" }}'
        probe = load(described(tmp_path, "http://127.0.0.1:1", "http://127.0.0.1:2", rest=rest)).observe.probe
        assert probe is not None
        assert probe.request == request_
