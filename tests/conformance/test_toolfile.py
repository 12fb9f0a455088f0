from __future__ import annotations

import datetime
from pathlib import Path
from typing import Any

import pytest

from conformance.toolfile import find, load
from conformance.toolvalues import (
    Action,
    Arrangement,
    Attributes,
    Capabilities,
    Launched,
    Named,
    Network,
    Observe,
    Persona,
    PlatformSettings,
    Probe,
    ProfileSettings,
    SecondPlatform,
    Tool,
    ToolSettings,
    Waiver,
)
from mockplatform.errors import UsageError

COMPLETE = Path(__file__).with_name("complete.toml")
MINIMAL = '[tool]\nlogin_url = "http://127.0.0.1:1/login"\nlaunch_url = "http://127.0.0.1:1/launch"\n'


def written(folder: Path, text: str, name: str = "lti-conformance.toml") -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def refusal(folder: Path, text: str, *, environment: dict[str, str] | None = None, name: str = "tool.toml") -> str:
    """The one line with which a file is refused."""
    with pytest.raises(UsageError) as raised:
        load(written(folder, text, name), environment or {})
    message = str(raised.value)
    assert "\n" not in message
    assert message.startswith(str(folder / name))
    return message.removeprefix(str(folder))


def test_a_complete_file() -> None:
    """Every key of the file arrives where it belongs."""
    assert load(COMPLETE, {"QUIZ_SECRET": "s3cret"}) == Tool(
        tool=ToolSettings(
            name="Quiz",
            login_url="http://127.0.0.1:8000/lti/login",
            launch_url="http://127.0.0.1:8000/lti/launch",
            app="quiz.main:app",
            start="bash run.sh",
            ready_url="http://127.0.0.1:8000/health",
            ready_timeout_s=12.5,
            login_params={"new_window": "1"},
            target_link_uri="http://127.0.0.1:8000/lti/open",
            lti11_launch_url="http://127.0.0.1:8000/lti11",
            jwks_url="http://127.0.0.1:8000/lti/jwks",
            jwks={"keys": [{"kty": "RSA", "kid": "1", "n": "AQAB", "e": "AQAB"}]},
        ),
        platform=PlatformSettings(
            url="http://127.0.0.1:9500",
            issuer="https://lms.example",
            client_id="quiz-1",
            deployment_id="d-1",
            ca_path="test-ca.pem",
            consumer_key="key000000000000000000000",
            consumer_secret="s3cret",
            second=SecondPlatform(issuer="https://other.example", client_id="quiz-2", deployment_id="d-2"),
            attributes=Attributes(
                email="user_email",
                course_id="course_code",
                person_id="person_ref",
                client_id="quiz-3",
                consumer_key="quiz-3-key",
                consumer_secret="quiz-3-secret",
            ),
        ),
        profile=ProfileSettings(name="class", order=(1001, 1006)),
        rulings={"allow_waits": True},
        observe=Observe(
            launched=Launched(status=200, text="Hello", url="/lti", css="main#quiz", json="$.quiz.id"),
            probe=Probe(request="GET /me", status=204, headers={"X-Test": "1"}, account="$.id"),
            names={"too_old": "TokenExpired", "mail": Named(code=1006, klass="invalid")},
            status={"401": "security", "5xx": "unknown"},
            error=(
                {"kind": "html", "css": "[data-error]", "attr": "data-error"},
                {"kind": "json", "code": "$.error.code"},
            ),
        ),
        capabilities=Capabilities(lti_versions=("1.3", "1.1"), services=("ags", "nrps")),
        arrange={
            "zoom_authorised": Arrangement(
                request="POST /test/zoom", json={"email": "{email}"}, headers={"X-Test": "1"}
            ),
            "class_exists": Arrangement(target="quiz.states:class_exists"),
        },
        persona=(
            Persona(
                email="i@example.org",
                roles=("Instructor",),
                states=("zoom_authorised",),
                sub="person-1",
                given_name="Ines",
                family_name="Tructor",
            ),
        ),
        actions={
            "edit_class": Action(
                request="POST /class/edit",
                form={"title": "{context_title}"},
                granted=Launched(status=200, css="main#class"),
            )
        },
        faults={"class.create": {"driver": "callback", "target": "quiz.faults:class_create"}},
        network=Network(
            proxy="http://127.0.0.1:3128", ca_path="company-ca.pem", public_url="https://tunnel.example", timeout_s=4.0
        ),
        waiver=(
            Waiver(
                scenario="claims/iat-absent",
                profiles=("core",),
                reason="Known, planned for May",
                expires=datetime.date(2027, 1, 31),
                link="https://tracker.example/7",
            ),
        ),
    )


def test_two_addresses_are_enough(tmp_path: Path) -> None:
    """Everything else has a default, and the issuer is the platform's address."""
    tool = load(written(tmp_path, MINIMAL), {})

    assert (tool.tool.name, tool.platform.url, tool.issuer) == (
        "Tool",
        "http://127.0.0.1:9400",
        "http://127.0.0.1:9400",
    )
    assert (tool.platform.client_id, tool.platform.deployment_id) == ("lti-conformance", "1")
    assert (tool.profile.name, tool.observe.launched.status, tool.network.timeout_s) == ("core", "2xx", 15.0)
    assert tool.observe.probe is None


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "tool: missing, expected a table"),
        ("[tool]\n", "tool.login_url: missing, expected a string"),
        (MINIMAL + "[platfrom]\n", "platfrom: unknown key; did you mean 'platform'?"),
        (MINIMAL.replace("login_url", "login_ulr"), "tool.login_ulr: unknown key; did you mean 'login_url'?"),
        (MINIMAL + "ready_timeout_s = true\n", "tool.ready_timeout_s: expected a number, got true or false"),
        (MINIMAL + "name = 5\n", "tool.name: expected a string, got an integer"),
        (MINIMAL + "[platform]\nclient_id = [1]\n", "platform.client_id: expected a string, got an array"),
        (MINIMAL + "[platform.second]\nissuer = 'x'\n", "platform.second.client_id: missing"),
        (MINIMAL + "[observe]\nlaunched = 'yes'\n", "observe.launched: expected a table, got a string"),
        (MINIMAL + "[observe]\nlaunched = { status = '2x' }\n", "observe.launched: status '2x' is neither"),
        (MINIMAL + "[observe]\nprobe = {}\n", "observe.probe.request: missing"),
        (MINIMAL + "[observe.status]\n401 = 'secure'\n", "observe.status.401: expected 'invalid', 'security' or"),
        (MINIMAL + "[observe.names]\nx = { typ = 'TokenExpired' }\n", "observe.names.x.typ: unknown key; did you mean"),
        (MINIMAL + "[capabilities]\nlti_versions = ['2.0']\n", "capabilities.lti_versions[0]: expected '1.1' or '1.3'"),
        (MINIMAL + "[arrange]\nx = {}\n", "arrange.x: give either 'request' or 'target'"),
        (MINIMAL + "[arrange]\nx = { request = 'GET /', target = 'a:b' }\n", "arrange.x: give either"),
        (MINIMAL + "[arrange]\nx = { target = 'a.b' }\n", "arrange.x: target is neither"),
        (MINIMAL + "[[persona]]\nemail = 'a@example.org'\n", "persona[0].roles: missing"),
        (MINIMAL + "[[waiver]]\nscenario = 'a/b'\n", "waiver[0].reason: missing"),
        (MINIMAL + "[[waiver]]\nscenario = 'a/b'\nreason = ' '\n", "waiver[0]: a waiver needs a reason"),
        (
            MINIMAL + "[[waiver]]\nscenario = 'a/b'\nreason = 'x'\nexpires = 'soon'\n",
            "waiver[0].expires: expected a date",
        ),
        (MINIMAL + "[rulings]\nx = 1.5\n", "rulings.x: expected"),
        (MINIMAL + "[profile]\norder = ['a']\n", "profile.order"),
        (MINIMAL + "[tool\n", "not TOML"),
    ],
)
def test_what_does_not_fit_is_named(tmp_path: Path, text: str, problem: str) -> None:
    """File, key and problem in one line; a slip of the pen gets a suggestion."""
    assert problem in refusal(tmp_path, text)


@pytest.mark.parametrize("key", ["login_url", "launch_url", "ready_url", "target_link_uri"])
@pytest.mark.parametrize(
    "url",
    ["127.0.0.1:8000/lti", "ftp://127.0.0.1/", "http://", "http:///lti", "http://127.0.0.1:0/", "http://[::1", "x"],
)
def test_an_address_of_the_tool_is_a_web_address(tmp_path: Path, key: str, url: str) -> None:
    """The message names the key and shows what a good one looks like."""
    addresses = {"login_url": "http://127.0.0.1:1/", "launch_url": "http://127.0.0.1:1/", key: url}
    message = refusal(tmp_path, "[tool]\n" + "".join(f'{name} = "{value}"\n' for name, value in addresses.items()))

    assert f"tool.{key}: '{url}' is not an http or https URL such as http://127.0.0.1:8000/lti" in message


def test_the_address_of_the_platform_is_a_web_address(tmp_path: Path) -> None:
    """The harness has to listen there."""
    assert "platform.url: 'nowhere'" in refusal(tmp_path, MINIMAL + "[platform]\nurl = 'nowhere'\n")


class TestVariables:
    TEXT = MINIMAL + '[platform]\nclient_id = "${A}-${B}"\n[[observe.error]]\nkind = "html"\ncss = "${A}"\n'

    def test_they_are_read_anywhere(self, tmp_path: Path) -> None:
        """Several in one text, and in tables that the loader does not know."""
        tool = load(written(tmp_path, self.TEXT), {"A": "p", "B": "${A}"})

        assert tool.platform.client_id == "p-${A}"
        assert tool.observe.error[0]["css"] == "p"

    def test_one_that_is_not_set_is_named(self, tmp_path: Path) -> None:
        """With the file and the name, and what to do."""
        message = refusal(tmp_path, self.TEXT, environment={"A": "p"})

        assert "platform client_id: the environment has no variable B; set it or drop ${B}" in message

    def test_an_empty_one_is_set(self, tmp_path: Path) -> None:
        """Empty is a value."""
        assert load(written(tmp_path, self.TEXT), {"A": "", "B": ""}).platform.client_id == "-"

    def test_a_value_does_not_show_up_in_a_message(self, tmp_path: Path) -> None:
        """It may be a secret in the wrong place."""
        text = MINIMAL + '[network]\ntimeout_s = "${SECRET}"\n'

        assert "hunter2" not in refusal(tmp_path, text, environment={"SECRET": "hunter2"})


class TestPyproject:
    TABLE = MINIMAL.replace("[tool]", "[tool.lti-conformance.tool]")

    def test_its_table_is_read(self, tmp_path: Path) -> None:
        """`[tool.lti-conformance]` holds what a file of its own would."""
        tool = load(written(tmp_path, f"[project]\nname = 'x'\n{self.TABLE}", "pyproject.toml"), {})

        assert tool.tool.login_url == "http://127.0.0.1:1/login"

    def test_without_the_table_it_is_no_tool_file(self, tmp_path: Path) -> None:
        """Given by hand, it must have one."""
        message = refusal(tmp_path, "[tool.other]\n", name="pyproject.toml")

        assert message == "/pyproject.toml: there is no table [tool.lti-conformance]"

    def test_its_messages_name_the_table(self, tmp_path: Path) -> None:
        """The file alone would not be enough."""
        text = self.TABLE.replace("login_url", "login_ulr")

        assert ": [tool.lti-conformance] tool.login_ulr: unknown key" in refusal(tmp_path, text, name="pyproject.toml")


class TestFinding:
    def test_the_given_one_comes_first(self, tmp_path: Path) -> None:
        """Even if it is not there: the loader says so."""
        written(tmp_path, MINIMAL)

        assert find("other.toml", tmp_path) == Path("other.toml")
        with pytest.raises(UsageError, match=r"other\.toml: there is no such file"):
            load(tmp_path / "other.toml", {})

    def test_then_the_usual_name_then_the_project(self, tmp_path: Path) -> None:
        """A file of its own wins over the table of the project."""
        project = written(tmp_path, TestPyproject.TABLE, "pyproject.toml")
        assert find(None, tmp_path) == project

        own = written(tmp_path, MINIMAL)
        assert find(None, tmp_path) == own

    @pytest.mark.parametrize("text", [None, "[project]\n", "[tool.other]\n"])
    def test_nothing_to_find(self, tmp_path: Path, text: str | None) -> None:
        """No file, or a project without the table; the message says what to do."""
        if text is not None:
            written(tmp_path, text, "pyproject.toml")
        told = "there is no tool file; write one with `lti-conformance init`, name one with --tool, or try --demo"
        with pytest.raises(UsageError, match=told):
            find(None, tmp_path)


@pytest.mark.parametrize("target", [print, "package.module:function"])
def test_an_arrangement_is_a_callable_or_its_name(target: Any) -> None:
    """In Python a callable can be given as it is."""
    assert Arrangement(target=target).target is target
