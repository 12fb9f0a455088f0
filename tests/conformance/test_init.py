"""`init`: what it finds out about strangers' tools, what it writes, and what it keeps its hands off."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest
from starlette.responses import Response

from conformance.beginning import applications_in, sources
from conformance.toolfile import load
from mockplatform.server import listen, serve
from tests.conformance.beginners import Beginner
from tests.conformance.loopback import free_port
from tests.conformance.miniatures import Miniature
from tests.conformance.strangers import (
    BASIC,
    BASIC_EXPRESS,
    BASIC_PYLTI,
    BLUEPRINTS,
    DJANGO,
    DJANGO_ASGI,
    DJANGO_SETTINGS,
    EXPRESS,
    FACTORY,
    FASTAPI,
    GAME,
    PLAIN,
    STARLETTE,
    key_pair_in,
    laid_out,
)

ROOT = Path(__file__).parents[2]


@pytest.fixture
def quiet(monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine on which nothing runs, with a `python` and without FastAPI."""
    monkeypatch.setattr("conformance.beginning.running", lambda *_: iter(()))
    monkeypatch.setattr("conformance.beginning.free_port", lambda wanted: wanted)
    monkeypatch.setattr("conformance.beginning.serving.python_command", lambda *_: "python")
    for place in ("serving", "frameworks.django"):
        monkeypatch.setattr(f"conformance.beginning.{place}.is_installed", lambda package: package != "fastapi")


def written(folder: Path) -> dict[str, Any]:
    """The tables of the tool file, which must load as well."""
    load(folder / "lti-conformance.toml")
    return tomllib.loads((folder / "lti-conformance.toml").read_text("utf-8"))


def addresses(tool: dict[str, Any]) -> list[str]:
    """The addresses of a tool file, without host and port."""
    return [f"/{tool[key].split('/', 3)[3]}" for key in ("login_url", "launch_url", "jwks_url") if key in tool]


class TestWhatIsFound:
    @pytest.mark.parametrize(
        ("files", "paths", "way", "port"),
        [
            (GAME, ["/login/", "/launch/", "/jwks/"], {"start": "cd game && exec python app.py"}, 7777),
            (
                BLUEPRINTS,
                ["/lti13/login", "/lti13/launch", "/lti13/.well-known/jwks.json"],
                {"app": "shop.web:app"},
                5000,
            ),
            (
                FACTORY,
                ["/oidc/initiate", "/oidc/launch"],
                {"start": "exec python -m flask --app tool:create_app run --port 5000"},
                5000,
            ),
            (FASTAPI, ["/api/lti/login", "/api/lti/launch", "/api/lti/jwks"], {"start": "exec python main.py"}, 8123),
            (STARLETTE, ["/lti/oidc", "/lti/launch", "/lti/jwks"], {"app": "service:app"}, 8000),
            (DJANGO, ["/lti/login/", "/lti/launch/", "/lti/jwks/"], {"app": "school.wsgi:application"}, 8000),
            (EXPRESS, ["/lti/login", "/lti/launch", "/lti/keys"], {"start": "npm start"}, 3456),
            (PLAIN, ["/lti/login", "/lti/launch"], {"app": "tool:app"}, 8000),
        ],
        ids=["game", "blueprints", "factory", "fastapi", "starlette", "django", "express", "plain"],
    )
    def test_a_tool_is_described(
        self, run: Any, quiet: None, tmp_path: Path, files: Any, paths: list[str], way: dict[str, str], port: int
    ) -> None:
        """Addresses, the way it is started and its port, by reading alone; the written file loads."""
        folder = laid_out(files, tmp_path / "tool", port=7777)
        ran = run("init", folder)
        tool = written(folder)["tool"]

        assert (ran.code, ran.err) == (0, "")
        assert addresses(tool) == paths
        assert {key: tool.get(key) for key in ("app", "start") if key in tool} == way
        assert tool["login_url"].startswith(f"http://127.0.0.1:{port}/")
        assert tool["name"] == "tool"

    def test_a_django_project_in_a_folder_below(self, run: Any, quiet: None, tmp_path: Path) -> None:
        """Its modules are named from the folder of manage.py, and it is started from there."""
        laid_out(DJANGO, tmp_path / "back end")
        run("init", tmp_path)
        tool = written(tmp_path)["tool"]

        assert addresses(tool) == ["/lti/login/", "/lti/launch/", "/lti/jwks/"]
        assert tool["start"] == "cd 'back end' && exec python manage.py runserver 127.0.0.1:8000 --noreload"

    @pytest.mark.parametrize(
        ("files", "below", "way"),
        [
            (DJANGO_ASGI, "", {"app": "school.asgi:application"}),
            (
                DJANGO_ASGI,
                "back",
                {
                    "start": "cd back && exec python -m django runserver 127.0.0.1:8000 --noreload "
                    "--settings school.settings.local --pythonpath ."
                },
            ),
            (
                DJANGO_SETTINGS,
                "",
                {
                    "start": "exec python -m django runserver 127.0.0.1:8000 --noreload --settings settings "
                    "--pythonpath ."
                },
            ),
        ],
        ids=["asgi", "below", "settings"],
    )
    def test_a_django_project_without_manage_py(
        self, run: Any, quiet: None, tmp_path: Path, files: Any, below: str, way: dict[str, str]
    ) -> None:
        """The module that a server loads names the settings, or these are known by what they say."""
        laid_out(files, tmp_path / below)
        ran = run("init", tmp_path)
        tool = written(tmp_path)["tool"]

        assert "Found Django in " in ran.out
        assert addresses(tool) == ["/lti/login/", "/lti/launch/", "/lti/jwks/"]
        assert {key: tool[key] for key in ("app", "start") if key in tool} == way
        assert "not taken" not in ran.out

    @pytest.mark.parametrize(
        ("bound", "way"),
        [
            ("app = get_asgi_application()", "school.asgi:app"),
            ("app: object = get_asgi_application()", "school.asgi:app"),
            ("django = get_asgi_application()\napplication = Channels(django)", "school.asgi:application"),
            ("django = get_asgi_application()\napp = Channels(django)", "school.asgi:app"),
            ("handler = Wrapped(get_asgi_application())", "school.asgi:handler"),
            ("from school.inner import application", "school.asgi:application"),
            ("def application(scope, receive, send): ...", "school.asgi:application"),
            ("def make():\n    application = get_asgi_application()\n    return application", ""),
        ],
        ids=["app", "annotated", "routed", "routed-app", "own-name", "imported", "function", "factory"],
    )
    @pytest.mark.parametrize("settings", ["", 'ASGI_APPLICATION = "school.asgi.application"\n'], ids=["found", "set"])
    def test_what_a_server_of_django_loads(
        self, run: Any, quiet: None, tmp_path: Path, bound: str, way: str, settings: str
    ) -> None:
        """The name is one that the module has; where it has none Django starts itself."""
        server = DJANGO_ASGI["school/asgi.py"].replace("application = get_asgi_application()", bound)
        base = DJANGO_ASGI["school/settings/base.py"] + settings
        laid_out({**DJANGO_ASGI, "school/asgi.py": server, "school/settings/base.py": base}, tmp_path)
        run("init", tmp_path)
        tool = written(tmp_path)["tool"]

        assert tool.get("app", "") == way
        assert ("start" in tool) == (not way)

    @pytest.mark.parametrize(
        ("files", "path", "port"),
        [(BASIC, "/lti/", 5000), (BASIC_PYLTI, "/enter", 5000), (BASIC_EXPRESS, "/lti/launch", 3000)],
        ids=["oauthlib", "pylti", "ims-lti"],
    )
    def test_a_tool_of_lti_1_1_alone(
        self, run: Any, quiet: None, tmp_path: Path, files: Any, path: str, port: int
    ) -> None:
        """The file has its one address, a key and a secret, and no login that it does not have."""
        ran = run("init", laid_out(files, tmp_path))
        tables = written(tmp_path)

        assert tables["tool"]["lti11_launch_url"] == f"http://127.0.0.1:{port}{path}"
        assert not {"login_url", "launch_url", "jwks_url"} & set(tables["tool"])
        assert tables["capabilities"] == {"lti_versions": ["1.1"]}
        assert f"lti11_launch_url http://127.0.0.1:{port}{path}" in ran.out
        assert "Consumer key" in ran.out
        assert "login_url" not in ran.out

    def test_a_tool_of_both_versions(self, run: Any, quiet: None, tmp_path: Path) -> None:
        """It is described for LTI 1.3, and the file says how the other is added."""
        text = FACTORY["tool.py"] + "\nCLAIM = 'login_hint'\nKEY = 'oauth_consumer_key'\n"
        run("init", laid_out({"tool.py": text}, tmp_path))

        assert addresses(written(tmp_path)["tool"]) == ["/oidc/initiate", "/oidc/launch"]
        assert "capabilities" not in written(tmp_path)
        assert "explain lti11" in (tmp_path / "lti-conformance.toml").read_text("utf-8")

    @pytest.mark.parametrize(
        ("path", "sign"),
        [
            ('"/lti/login", methods=["GET", "POST"]', ""),
            ('"/lti/login"', ""),
            ('"/login", methods=["POST"]', "TOKEN = 'id_token'"),
            ('"/login", methods=["POST"]', "keys = fetched(platform['jwks_uri'])"),
            ('"/login", methods=["POST"]', "CLAIM = 'https://purl.imsglobal.org/spec/lti/claim/lti1p1'"),
            ('"/login", methods=["POST"]', "SCOPE = 'https://purl.imsglobal.org/spec/lti-ags/scope/score'"),
        ],
        ids=["login", "login-by-get", "token", "keys", "migration", "scope"],
    )
    def test_a_key_that_a_launch_of_lti_1_3_brings_along(
        self, run: Any, quiet: None, tmp_path: Path, path: str, sign: str
    ) -> None:
        """A tool that knows LTI 1.1 by the migration claim alone is launched by LTI 1.3, whatever its library is."""
        text = f"""
from flask import Flask
from somewhere import Library
app = Flask(__name__)
{sign}
@app.route({path})
def enter(): return Library().login(request)
@app.route("/lti/launch", methods=["POST"])
def launch(): return Library().launch(request).migrated["oauth_consumer_key"]
"""
        run("init", laid_out({"tool.py": text}, tmp_path))

        assert "lti11_launch_url" not in written(tmp_path)["tool"]
        assert "capabilities" not in written(tmp_path)
        assert addresses(written(tmp_path)["tool"]) == [path.split('"')[1], "/lti/launch"]

    def test_the_cookie_page_of_pylti1p3(self, run: Any, quiet: None, tmp_path: Path) -> None:
        """A page that goes on by script is passed by what its script would add."""
        run("init", laid_out(GAME, tmp_path, port=7777))
        assert written(tmp_path)["tool"]["login_params"] == {"lti1p3_new_window": "1"}

    def test_other_candidates_are_named(self, run: Any, quiet: None, tmp_path: Path) -> None:
        """The likeliest is taken and says where it was found; the others stand beside it."""
        laid_out(PLAIN, tmp_path)
        laid_out({"web/tool.py": FACTORY["tool.py"] + "\n@app.post('/second/launch')\ndef again(): ...\n"}, tmp_path)
        ran = run("init", tmp_path)
        text = (tmp_path / "lti-conformance.toml").read_text("utf-8")

        assert "# Not taken: ASGI in tool.py:2" in text or "# Not taken: Flask in web/tool.py:4" in text
        assert "not taken: " in ran.out
        assert "  # tool.py:3\n" in text or "  # web/tool.py:5\n" in text

    def test_every_line_has_its_reason(self, run: Any, quiet: None, tmp_path: Path) -> None:
        """Each address says where it was found, and [observe] is left to calibrate."""
        run("init", laid_out(EXPRESS, tmp_path))
        text = (tmp_path / "lti-conformance.toml").read_text("utf-8")

        assert 'login_url = "http://127.0.0.1:3456/lti/login"  # src/lti/routes.js:3' in text
        assert "`lti-conformance calibrate` writes it" in text
        assert "observe" not in written(tmp_path)

    @pytest.mark.parametrize(
        "text", ["def broken(:", "\x00", "x = 1\n" * 200_000, "é".encode("latin-1").decode("latin-1")]
    )
    def test_sources_that_cannot_be_read(self, run: Any, quiet: None, tmp_path: Path, text: str) -> None:
        """They are passed over."""
        laid_out({**PLAIN, "odd.py": text, "package.json": "[]"}, tmp_path)
        assert run("init", tmp_path).code == 0
        assert addresses(written(tmp_path)["tool"]) == ["/lti/login", "/lti/launch"]

    @pytest.mark.parametrize("force", [(), ("--force",)])
    def test_an_application_that_cannot_be_parsed(
        self, run: Any, quiet: None, tmp_path: Path, force: tuple[str, ...]
    ) -> None:
        """It is named with its line, and nothing is written in the place of what was known."""
        laid_out({"tool.py": f"{PLAIN['tool.py']}def (\n"}, tmp_path)
        if force:
            (tmp_path / "lti-conformance.toml").write_text("mine", encoding="utf-8")
        before = sorted((path.name, path.read_text("utf-8")) for path in tmp_path.iterdir())
        complaint = run("init", *force, tmp_path).complaint

        assert f"{tmp_path / 'tool.py'}:5: invalid syntax" in complaint
        assert sorted((path.name, path.read_text("utf-8")) for path in tmp_path.iterdir()) == before

    @pytest.mark.parametrize(
        "text", ["from flask import Flask\n\x00", f"from flask import Flask\nx = {'(' * 300}1{')' * 300}"]
    )
    def test_an_application_that_python_gives_up_on(self, run: Any, quiet: None, tmp_path: Path, text: str) -> None:
        """Also where Python names no line, the file is named."""
        laid_out({"tool.py": text}, tmp_path)
        assert f"{tmp_path / 'tool.py'}:" in run("init", tmp_path).complaint

    def test_a_package_that_cannot_be_parsed(self, run: Any, quiet: None, tmp_path: Path) -> None:
        """A tool in JavaScript is known by its package.json."""
        laid_out({"package.json": '{"dependencies": {"express": "4"},\n}'}, tmp_path)
        assert f"{tmp_path / 'package.json'}:2: " in run("init", tmp_path).complaint
        assert [path.name for path in tmp_path.iterdir()] == ["package.json"]

    def test_a_part_that_cannot_be_parsed(self, run: Any, quiet: None, tmp_path: Path) -> None:
        """Beside an application that was recognised it is named, as its addresses may be missing."""
        ran = run("init", laid_out({**FACTORY, "more.py": "from flask import Blueprint\ndef (\n"}, tmp_path))
        assert ran.code == 0
        assert f"  not read: {tmp_path / 'more.py'}:2: invalid syntax" in ran.out

    def test_an_address_that_is_taken_is_no_other_s(self, run: Any, quiet: None, tmp_path: Path) -> None:
        """What is the login is not offered as the launch."""
        tool = """
from flask import Flask
app = Flask(__name__)
@app.post("/lti/login")
def login(): return login_hint, "response_type=id_token"
@app.post("/lti/launch")
def launch(): return id_token
@app.post("/lti/start")
def start(): return id_token
"""
        run("init", laid_out({"tool.py": tool}, tmp_path))
        text = (tmp_path / "lti-conformance.toml").read_text("utf-8")
        assert addresses(written(tmp_path)["tool"]) == ["/lti/login", "/lti/launch"]
        (line,) = [line for line in text.splitlines() if "may also be" in line and line.startswith("# launch_url")]
        assert ("/lti/login" in line, "/lti/start" in line) == (False, True)

    @pytest.mark.parametrize(
        "text",
        [f"x = {'-' * 90_000}1", f"if {'not ' * 900}a: pass", f"x = {'(' * 150}1{')' * 150}"],
        ids=["signs", "conditions", "brackets"],
    )
    def test_sources_that_are_nested_without_end(self, run: Any, quiet: None, tmp_path: Path, text: str) -> None:
        """What Python's own parser gives up on is passed over as well."""
        laid_out({**FACTORY, "odd.py": f"from flask import Flask\n{text}\napp = Flask(__name__)\n"}, tmp_path)
        ran = run("init", tmp_path)

        assert (ran.code, ran.err) == (0, "")
        assert addresses(written(tmp_path)["tool"]) == ["/oidc/initiate", "/oidc/launch"]

    def test_what_is_no_file_is_not_opened(self, run: Any, quiet: None, tmp_path: Path) -> None:
        """A pipe with the name of a source would wait for somebody who writes into it."""
        os.mkfifo(laid_out(PLAIN, tmp_path) / "pipe.py")
        assert run("init", tmp_path).code == 0
        assert addresses(written(tmp_path)["tool"]) == ["/lti/login", "/lti/launch"]

    def test_only_sources_that_can_have_routes_are_parsed(
        self, quiet: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """In a large project those that name a framework, have a route, or hold what a route names."""
        parsed: list[str] = []
        parse = sources._parsed

        def noted(place: str, text: str) -> sources.Source | None:
            parsed.append(place)
            return parse(place, text)

        monkeypatch.setattr(sources, "_parsed", noted)
        others = {f"parts/part{number}.py": f"def other{number}(): return {number}\n" for number in range(40)}
        used = {"more.py": "from main import app\n@app.post('/lti/launch')\ndef launch(): ...\n"}
        main = {
            "main.py": "from flask import Flask\napp = Flask(__name__)\napp.add_url_rule('/lti/login', view_func=go)"
        }
        views = {"views.py": "def go(): return login_hint\n"}
        (found,) = applications_in(laid_out({**main, **used, **views, **others}, tmp_path))

        assert [route.path for route in found.routes] == ["/lti/login", "/lti/launch"]
        assert "login_hint" in found.routes[0].view
        assert sorted(parsed) == ["main.py", "more.py", "views.py"]

    def test_the_command_of_a_node_tool_is_one_for_a_shell(self, run: Any, quiet: None, tmp_path: Path) -> None:
        """Folder and file may have any name."""
        package = '{"main": "se rver.js", "dependencies": {"express": "1"}}'
        run("init", laid_out({"my app/package.json": package, "my app/s.js": EXPRESS["src/lti/routes.js"]}, tmp_path))
        assert written(tmp_path)["tool"]["start"] == "cd 'my app' && node 'se rver.js'"

    def test_the_addresses_of_ltijs(self, run: Any, quiet: None, tmp_path: Path) -> None:
        """A library that has its own addresses is known by its name; its launches arrive at the root."""
        laid_out({"package.json": '{"main": "s.js", "dependencies": {"ltijs": "5"}}', "s.js": "lti.deploy()"}, tmp_path)
        run("init", tmp_path)
        assert addresses(written(tmp_path)["tool"]) == ["/login", "/", "/keys"]


class TestWhatIsNotFound:
    def test_an_empty_folder(self, run: Any, quiet: None, tmp_path: Path) -> None:
        """A file is written all the same, and doctor says in words what is missing."""
        ran = run("init", tmp_path)

        assert ran.code == 0
        assert "No application was recognised here" in ran.out
        assert "First write login_url and launch_url into" in ran.out
        assert not list(tmp_path.glob("**/test_*"))
        complaint = run("doctor", "--tool", tmp_path / "lti-conformance.toml").complaint
        assert "tool.login_url: missing" in complaint

    def test_a_part_that_is_missing(self, run: Any, quiet: None, tmp_path: Path) -> None:
        """A line to complete stands where it belongs."""
        run("init", laid_out({"tool.py": PLAIN["tool.py"].replace("/lti/launch", "/x")}, tmp_path))
        text = (tmp_path / "lti-conformance.toml").read_text("utf-8")

        assert '# launch_url = "http://127.0.0.1:8000/lti/launch"  # the launch URL' in text

    def test_nothing_is_imported(self, run: Any, quiet: None, tmp_path: Path) -> None:
        """The application's modules are read and not run."""
        run("init", laid_out(BLUEPRINTS, tmp_path))
        assert not [name for name in sys.modules if name.partition(".")[0] == "shop"]


class TestWhatIsWritten:
    def test_nothing_is_overwritten(self, run: Any, quiet: None, tmp_path: Path) -> None:
        """What is there stays as it is, but for --force."""
        laid_out(PLAIN, tmp_path)
        for name in ("lti-conformance.toml", "test_lti_conformance.py"):
            (tmp_path / name).write_text("mine", encoding="utf-8")
        assert (
            "lti-conformance.toml: is there already and is kept; --force writes it anew"
            in run("init", tmp_path).complaint
        )
        assert {path.read_text("utf-8") for path in tmp_path.glob("*lti*")} == {"mine"}
        assert run("init", "--force", tmp_path).code == 0
        assert written(tmp_path)["tool"]["app"] == "tool:app"

    @pytest.mark.parametrize(
        ("there", "missing"),
        [
            ("lti-conformance.toml", "test_lti_conformance.py"),
            ("test_lti_conformance.py", "lti-conformance.toml"),
            ("pyproject.toml", "test_lti_conformance.py"),
        ],
    )
    def test_what_is_missing_is_written(self, run: Any, quiet: None, tmp_path: Path, there: str, missing: str) -> None:
        """What is there already is left, and it is said that it was."""
        laid_out({**PLAIN, there: "[tool.lti-conformance.tool]\n"}, tmp_path)
        ran = run("init", tmp_path)

        assert (ran.code, ran.err) == (0, "")
        assert (tmp_path / there).read_text("utf-8") == "[tool.lti-conformance.tool]\n"
        assert f"\nWrote {tmp_path / missing}.\n" in f"\n{ran.out}"
        assert [line for line in ran.out.splitlines() if line.startswith(f"{tmp_path / there}: ") and "already" in line]
        assert "Next: " in ran.out

    def test_force_puts_nothing_in_the_place_of_nothing_found(self, run: Any, quiet: None, tmp_path: Path) -> None:
        """A tool file that says something is no worse than one that says nothing."""
        laid_out({"lti-conformance.toml": "mine"}, tmp_path)

        assert (
            "lti-conformance.toml: is kept, as nothing was found out here" in run("init", "--force", tmp_path).complaint
        )
        assert (tmp_path / "lti-conformance.toml").read_text("utf-8") == "mine"

    def test_a_table_in_pyproject(self, run: Any, quiet: None, tmp_path: Path) -> None:
        """A tool that is described there is described."""
        (tmp_path / "pyproject.toml").write_text("[tool.lti-conformance.tool]\n", encoding="utf-8")
        assert "has a table [tool.lti-conformance] already" in run("init", tmp_path).complaint

    @pytest.mark.parametrize(
        ("files", "test"),
        [(PLAIN, "test_lti_conformance.py"), (BLUEPRINTS, "tests/test_lti_conformance.py"), (EXPRESS, None)],
    )
    def test_the_test_module(self, run: Any, quiet: None, tmp_path: Path, files: Any, test: str | None) -> None:
        """Beside the other tests of a Python project, and nowhere else."""
        run("init", laid_out(files, tmp_path))
        found = [path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("test_lti*.py")]
        assert found == ([test] if test else [])

    @pytest.mark.parametrize("name", ['quote " back\\slash', "line\nbreak", "snow ☃ and \U0001f600"])
    def test_odd_names(self, run: Any, quiet: None, tmp_path: Path, name: str) -> None:
        """Whatever a folder is called, the file loads."""
        folder = laid_out({f"{name}/tool.py": PLAIN["tool.py"]}, tmp_path / name)
        assert run("init", folder).code == 0
        assert written(folder)["tool"]["name"] == name

    def test_names_that_would_be_variables(self, run: Any, quiet: None, tmp_path: Path) -> None:
        """No text of the file is taken for a variable of the environment, set or not."""
        for name in ("a${HOME}b", "a${NO_SUCH_THING}b"):
            folder = laid_out(PLAIN, tmp_path / name)
            ran = run("init", folder)
            assert (ran.code, ran.err) == (0, "")
            assert load(folder / "lti-conformance.toml").tool.name == name.replace("${", "{")

    def test_a_command_that_would_hold_a_variable(self, run: Any, quiet: None, tmp_path: Path) -> None:
        """It is left to a person, with the reason."""
        laid_out({"a${HOME}b/tool.py": FACTORY["tool.py"]}, tmp_path)
        ran = run("init", tmp_path)

        assert ran.code == 0
        assert "start" not in written(tmp_path)["tool"]
        assert "# start: the command has ${" in (tmp_path / "lti-conformance.toml").read_text("utf-8")

    def test_nothing_is_written_that_cannot_be_loaded(
        self, run: Any, quiet: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """A file that the harness itself would refuse is refused before it is there."""
        monkeypatch.setattr("conformance.commands.init_command.tool_file", lambda _: "[tool]\nlogin_url = 7\n")
        ran = run("init", laid_out(PLAIN, tmp_path))

        assert ran.code == 2
        assert f"{tmp_path / 'lti-conformance.toml'}: tool.login_url" in ran.complaint
        assert [path.name for path in tmp_path.iterdir()] == ["tool.py"]

    def test_where_the_tool_s_own_words_are(self, run: Any, quiet: None, tmp_path: Path) -> None:
        """What a tool prints that the harness starts is no longer seen, and the file says where it is kept."""
        run("init", laid_out(FACTORY, tmp_path))
        text = (tmp_path / "lti-conformance.toml").read_text("utf-8")
        assert "# What it prints is kept in .lti-conformance/tool.log." in text


async def everything(scope: Any, receive: Any, send: Any) -> None:
    """A server that has a page for every address."""
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b"Hello"})


class TestARunningTool:
    @pytest.fixture
    def miniature_url(self) -> Any:
        bound = listen()
        tool = Miniature()
        with serve(tool, bound):
            yield f"http://127.0.0.1:{bound.getsockname()[1]}", tool

    def test_one_that_runs_already(self, run: Any, tmp_path: Path, miniature_url: Any) -> None:
        """It is not started again, and gets nothing but GETs of the login path."""
        url, tool = miniature_url
        text = PLAIN["tool.py"].replace("/lti/", "/")
        ran = run("init", laid_out({"tool.py": text}, tmp_path), "--url", url)
        table = written(tmp_path)["tool"]

        assert f"It is running at {url}." in ran.out
        assert (table["login_url"], table["launch_url"]) == (f"{url}/login", f"{url}/launch")
        assert "app" not in table
        assert '# app = "tool:app"' in (tmp_path / "lti-conformance.toml").read_text("utf-8")
        assert (tool.logins, tool.launches) == ([{}], [])

    def test_one_without_sources(self, run: Any, tmp_path: Path, miniature_url: Any) -> None:
        """Only its login is found; a launch URL cannot be asked for without launching."""
        url, _ = miniature_url
        run("init", tmp_path, "--url", url)
        text = (tmp_path / "lti-conformance.toml").read_text("utf-8")

        assert f'login_url = "{url}/login"  # something answers at {url}/login' in text
        assert f'# launch_url = "{url}/lti/launch"' in text

    @pytest.mark.parametrize(("path", "is_found"), [("/login", False), ("/lti/login", True)])
    def test_at_another_port_than_its_own(
        self, run: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, path: str, is_found: bool
    ) -> None:
        """What answers there is the tool only if its login has an address that nobody else's has."""
        bound = listen()
        url = f"http://127.0.0.1:{bound.getsockname()[1]}"
        monkeypatch.setattr("conformance.beginning.PORTS", (bound.getsockname()[1],))
        monkeypatch.setattr("conformance.beginning.frameworks.plain.PORT", free_port())
        with serve(Beginner(platform=url, url=url, login_path=path, at_login=lambda _: Response("")).app, bound):
            run("init", laid_out({"tool.py": PLAIN["tool.py"].replace("/lti/login", path)}, tmp_path))
        assert (written(tmp_path)["tool"]["login_url"] == f"{url}{path}") is is_found

    @pytest.mark.parametrize("files", [PLAIN, {}])
    def test_a_server_that_has_a_page_for_every_address(
        self, run: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, files: Any
    ) -> None:
        """It says nothing about where the tool is, not even if the login's address is known."""
        bound = listen()
        monkeypatch.setattr("conformance.beginning.PORTS", (bound.getsockname()[1],))
        monkeypatch.setattr("conformance.beginning.frameworks.plain.PORT", free_port())
        with serve(everything, bound):
            ran = run("init", laid_out(files, tmp_path))
        assert "It is running at" not in ran.out

    @pytest.mark.parametrize(
        ("status", "methods", "is_found"),
        [
            (401, '"POST", "GET"', False),
            (400, '"POST", "GET"', True),
            (405, '"POST", "GET"', False),
            (405, '"POST"', True),
            (400, '"POST"', False),
        ],
    )
    def test_a_stranger_at_another_port(
        self, run: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, status: int, methods: str, is_found: bool
    ) -> None:
        """What answers at the login's address is the tool only if it answers as the login's route would."""
        bound = listen()
        url = f"http://127.0.0.1:{bound.getsockname()[1]}"
        monkeypatch.setattr("conformance.beginning.PORTS", (bound.getsockname()[1],))
        text = f"from flask import Flask\napp = Flask(__name__)\napp.run(port={free_port()})\n"
        text += f'@app.route("/lti/login", methods=[{methods}])\ndef login(): ...\n'
        app = Beginner(platform=url, url=url, login_path="/lti/login", at_login=lambda _: Response("", status)).app
        with serve(app, bound):
            ran = run("init", laid_out({"tool.py": text}, tmp_path))
        assert ("It is running at" in ran.out) is is_found

    def test_a_server_that_somebody_has_named(self, run: Any, tmp_path: Path) -> None:
        """Where the user says that the tool runs, it runs, if anything listens there."""
        bound = listen()
        url = f"http://127.0.0.1:{bound.getsockname()[1]}"
        with serve(everything, bound):
            ran = run("init", laid_out(PLAIN, tmp_path), "--url", f"{url}/")
        assert f"It is running at {url}." in ran.out
        assert written(tmp_path)["tool"]["login_url"] == f"{url}/lti/login"

    @pytest.mark.parametrize(
        ("url", "problem"),
        [
            ("http://127.0.0.1:99999", "is no address on this machine"),
            ("http://127.0.0.1:abc", "is no address on this machine"),
            ("http://127.0.0.1:0", "is no address on this machine"),
            ("http://127.0.0.1:1/lti", "leave out '/lti'"),
            ('http://127.0.0.1:1/"', "leave out '/\"'"),
            ("http://127.0.0.1:1?a=b#c", "leave out '?a=b#c'"),
            ("http://user:secret@127.0.0.1:7", "leave out the user"),
        ],
    )
    def test_an_address_that_is_more_or_less_than_one(self, run: Any, tmp_path: Path, url: str, problem: str) -> None:
        """Scheme, host and port are wanted; nothing is dropped silently and no password gets into a file."""
        ran = run("init", tmp_path, "--url", url)
        assert problem in ran.complaint
        assert "secret" not in ran.complaint
        assert not list(tmp_path.iterdir())

    @pytest.mark.parametrize("url", ["http://example.org", "ftp://127.0.0.1", "127.0.0.1:8000", "http://[::1"])
    def test_an_address_elsewhere(self, run: Any, tmp_path: Path, url: str) -> None:
        """Only this machine is asked."""
        assert "is no address on this machine" in run("init", tmp_path, "--url", url).complaint


def test_the_python_that_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """That of the project first, then the one of the shell, then the one that has the framework."""
    assert sources.python_command(tmp_path, "flask") in ("python", "python3", sys.executable)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert sources.python_command(tmp_path, "pytest") == sys.executable
    assert sources.python_command(tmp_path, "no_such_framework") == "python3"
    laid_out({".venv/bin/python": ""}, tmp_path)
    assert sources.python_command(tmp_path, "pytest") == ".venv/bin/python"


def test_from_nothing_to_a_report_by_lti_1_1(tmp_path: Path) -> None:
    """A stranger's tool of LTI 1.1 that takes its key from the environment needs no edit at all."""
    pytest.importorskip("oauthlib")
    laid_out(BASIC, tmp_path)

    def lti(*words: str) -> subprocess.CompletedProcess[str]:
        found = os.environ | {"PYTHONPATH": str(ROOT)}
        command = [sys.executable, "-m", *words]
        return subprocess.run(
            command, cwd=tmp_path, env=found, capture_output=True, text=True, timeout=120, check=False
        )

    lti("conformance", "init")
    checked = lti("conformance", "doctor")
    assert "✓ The plain launch by LTI 1.1 works" in checked.stdout, checked.stdout + checked.stderr
    calibrated = lti("conformance", "calibrate")
    assert "Wrote [observe]" in calibrated.stdout, calibrated.stdout + calibrated.stderr
    ran = lti("conformance", "run", "--only", "basic/signature-*", "--report", "json:report.json")
    report = json.loads((tmp_path / "report.json").read_text("utf-8"))
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert report["summary"]["passed"] > 1
    tested = lti("pytest", "-q", "--lti-only", "basic/signature-absent", "-p", "no:cacheprovider")
    assert "1 passed" in tested.stdout, tested.stdout + tested.stderr


def test_from_nothing_to_a_report(tmp_path: Path) -> None:
    """A stranger's PyLTI1p3 tool gets its first report with no edit but the registration in the tool itself."""
    pytest.importorskip("pylti1p3.contrib.flask")
    pytest.importorskip("flask_caching")
    folder = laid_out(GAME, tmp_path, port=free_port())

    def command(*words: str) -> subprocess.CompletedProcess[str]:
        found = os.environ | {"PYTHONPATH": str(ROOT)}
        return subprocess.run(words, cwd=folder, env=found, capture_output=True, text=True, timeout=120, check=False)

    def lti(*words: str) -> subprocess.CompletedProcess[str]:
        return command(sys.executable, "-m", "conformance", *words)

    begun = lti("init")
    told = dict(line.strip().split("  ", 1) for line in begun.stdout.splitlines() if line.startswith("  "))
    told = {name: value.strip() for name, value in told.items()}
    (folder / "configs").mkdir()
    key_pair_in(folder / "configs")
    registration = {
        "client_id": told["Client id"],
        "auth_login_url": told["Authentication URL"],
        "auth_token_url": told["Token URL"],
        "key_set_url": told["Key set URL"],
        "private_key_file": "private.key",
        "public_key_file": "public.key",
        "deployment_ids": [told["Deployment id"]],
    }
    (folder / "configs" / "game.json").write_text(json.dumps({told["Issuer"]: registration}), encoding="utf-8")

    checked = lti("doctor")
    assert "✓ The plain launch by LTI 1.3 works; the tool fetched the key set 1 time." in checked.stdout
    calibrated = lti("calibrate")
    assert 'launched = { status = "2xx", text = "Game for" }' in calibrated.stdout, (
        calibrated.stdout + calibrated.stderr
    )
    ran = lti("run", "--only", "nonce/absent", "--only", "time/expired-an-hour-ago", "--report", "json:report.json")
    report = json.loads((folder / "report.json").read_text("utf-8"))
    assert (ran.returncode, len(report["results"]), report["complete"]) == (0, 2, True), ran.stdout + ran.stderr
    tested = command(sys.executable, "-m", "pytest", "-q", "--lti-only", "nonce/absent", "-p", "no:cacheprovider")
    assert "2 passed" in tested.stdout, tested.stdout + tested.stderr
