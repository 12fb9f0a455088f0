"""The examples of README that are no Python and no console: tool files, scenarios, the pytest module."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

from conformance.catalogue import SERVICE_OF, read_scenarios
from conformance.cli import main
from conformance.command_table import COMMANDS
from conformance.faults import drivers, settings_of
from conformance.observe import Reader, extractors
from conformance.profile import profile_names
from conformance.reports import formats
from conformance.toolfile import load
from conformance.topics import found_topics
from mockplatform.config import load_school
from mockplatform.service import services

README = (Path(__file__).parents[2] / "README.md").read_text(encoding="utf-8")
TOML: list[str] = re.findall(r"```toml\n(.*?)```", README, re.DOTALL)
MY_TOOL = 'start = "python -m mytool"'
"""What the tool file of *Your own tool* has, and no other."""
PYTEST = next(block for block in re.findall(r"```python\n(.*?)```", README, re.DOTALL) if "lti_suite" in block)

INNER = {"lti_conformance", "lti_scenario", "lti_bench", "lti_trial"}
"""The plugin's own name, its marker, and fixtures that only its items use."""

MAKE_APP = """
from conformance.sample_tool import Integration, create_tool


def make_app(issuer, auth_url, jwks_url):
    integration = Integration(
        issuer=issuer, client_id="lti-conformance", auth_url=auth_url, jwks_url=jwks_url, deployment_ids=("1",)
    )
    return create_tool([integration])


"""


@pytest.fixture
def project(pytester: pytest.Pytester) -> pytest.Pytester:
    """An empty project; other plugins of this environment want their settings."""
    pytester.makeini("[pytest]\nasyncio_default_fixture_loop_scope = function\n")
    return pytester


def example(word: str) -> str:
    """The TOML example that contains a word."""
    return next(block for block in TOML if word in block)


def test_the_tool_file_loads_with_everything_that_can_be_added(tmp_path):
    """The tool file, its states and faults, and its waiver are one valid file together."""
    path = tmp_path / "lti-conformance.toml"
    path.write_text("\n".join([example(MY_TOOL), example("[arrange]"), example("[[waiver]]")]))
    tool = load(path)
    assert tool.arrange["zoom_authorised"].request == "POST /test/zoom-auth"
    assert tool.waiver[0].scenario == "audience/*"
    assert Reader(tool.observe).axes == {"code"}


def test_the_scenario_example_is_a_scenario(tmp_path):
    """The ten lines that a contributor copies are read by the catalogue."""
    (tmp_path / "time.toml").write_text(example("[[scenario]]"))
    assert [scenario.id for scenario in read_scenarios(tmp_path)] == ["time/expired-an-hour-ago"]


def test_the_school_example_is_a_school(tmp_path):
    """The file for `mockplatform serve --config` is read as it stands."""
    path = tmp_path / "school.toml"
    path.write_text(example("[[registration]]"))
    assert [r.client_id for r in load_school(path).registrations] == ["my-client"]


def test_the_pytest_module_passes_against_the_sample_tool(project):
    """The test module collects its scenarios and passes, with nothing added but the reader's own application."""
    project.makepyfile(test_lti=MAKE_APP + PYTEST.replace("# yours, ASGI or WSGI", ""))
    outcomes = project.runpytest_subprocess("-q", "-p", "no:cacheprovider").parseoutcomes()
    assert set(outcomes) <= {"passed", "skipped"}
    assert outcomes.get("skipped", 0) == 3, "the mix-ups need a second platform"
    assert outcomes.get("passed", 0) > 15


def test_every_option_of_run_stands_in_the_readme(capsys):
    """What `run` can be told, a stranger finds without reading code."""
    with pytest.raises(SystemExit):
        main(["run", "--help"])
    options = set(re.findall(r"--[a-z-]+", capsys.readouterr().out)) - {"--help"}
    assert {option for option in options if option not in README} == set()
    assert len(options) > 10


def test_every_option_and_setting_of_the_plugin_stands_in_the_readme(project):
    """Options, settings and fixtures of the plugin each have their word."""
    asked = "".join(project.runpytest_subprocess(option).stdout.str() for option in ("--help", "--fixtures"))
    names = set(re.findall(r"--lti-[a-z-]+|\blti_[a-z_]+", asked)) - INNER
    assert {name for name in names if name not in README} == set()
    assert len(names) > 15


@pytest.mark.parametrize("name", profile_names())
def test_every_profile_stands_in_the_readme(name):
    """Each profile has its row."""
    assert f"| `{name}`" in README


def test_every_channel_stands_in_the_readme():
    """Each extractor has its row, and each row its extractor."""
    rows = re.findall(r"^\| `(\w+)` \| ", README[README.index("| kind | reads") :].partition("\n\n")[0], re.MULTILINE)
    assert sorted(rows) == sorted(extractors())


def test_every_driver_stands_in_the_readme():
    """Each driver that a point can be bound to has its row, and each row its driver."""
    rows = re.findall(r"^\| `(\w+)` \| ", README[README.index("| driver | for") :].partition("\n\n")[0], re.MULTILINE)
    assert sorted(rows) == sorted(kind for kind, driver in drivers().items() if hasattr(driver, "Settings"))


def test_the_example_of_bindings_binds(monkeypatch, tmp_path):
    """Its points, drivers and keys are read as they stand."""
    monkeypatch.setenv("ADMIN_DSN", "sqlite:///tool.sqlite")
    monkeypatch.setenv("DSN", "postgresql://tool@127.0.0.1/tool")
    monkeypatch.setenv("LTI_FAULTS_SECRET", "known-to-this-test")
    path = tmp_path / "lti-conformance.toml"
    path.write_text("\n".join([example(MY_TOOL), next(b for b in TOML if 'driver = "proxy"' in b)]))
    bound = settings_of(load(path).faults, where="README:")
    assert {kind: [point.name for point in points] for kind, points in bound.items()} == {
        "sql": ["credentials.read"],
        "proxy": ["zoom_auth.read"],
        "upstream": ["class.create"],
        "control": ["zoom.session"],
    }


def test_the_example_of_lti_1_1_is_a_tool_file(monkeypatch, tmp_path):
    """Together with the addresses of LTI 1.3 it describes a tool of both versions."""
    monkeypatch.setenv("LTI_SECRET", "known-to-this-test")
    path = tmp_path / "lti-conformance.toml"
    urls = 'login_url = "http://127.0.0.1:8000/login"\nlaunch_url = "http://127.0.0.1:8000/launch"\n'
    path.write_text(next(b for b in TOML if "lti11_launch_url" in b).replace("[tool]\n", f"[tool]\n{urls}"))
    tool = load(path)
    assert (tool.speaks("1.1"), tool.speaks("1.3")) == (True, True)


def test_the_example_of_services_is_a_tool_file(tmp_path):
    """Its services are those of the platform, and its requests have the names that scenarios ask for."""
    path = tmp_path / "lti-conformance.toml"
    urls = 'login_url = "http://127.0.0.1:8000/login"\nlaunch_url = "http://127.0.0.1:8000/launch"\n'
    path.write_text(next(b for b in TOML if "read_roster" in b).replace("[tool]\n", f"[tool]\n{urls}"))
    tool = load(path)
    assert set(tool.capabilities.services) <= {"deep_linking", *services()}
    assert set(tool.actions) == set(SERVICE_OF)
    assert tool.tool.jwks_url


def test_every_toml_example_is_toml():
    """No example is a sketch."""
    assert [bool(tomllib.loads(block)) for block in TOML] == [True] * len(TOML)


@pytest.mark.parametrize("name", [*COMMANDS, *formats()])
def test_every_command_and_format_stands_in_the_readme(name):
    """Each by its name, in the table of what can be looked up."""
    assert f"`{name}`" in README[README.index("### Where to look up") :].partition("\n## ")[0]


def test_the_contents_lead_to_every_chapter():
    """Each link has its heading, and each chapter its link."""
    links = set(re.findall(r"\]\(#([a-z0-9-]+)\)", README))
    headings = re.findall(r"^(##+) (.+)$", re.sub(r"```.*?```", "", README, flags=re.DOTALL), re.MULTILINE)
    anchors = {re.sub(r"[^a-z0-9 -]", "", title.lower()).replace(" ", "-"): level for level, title in headings}
    assert links - set(anchors) == set()
    assert {anchor for anchor, level in anchors.items() if level == "##"} - links == set()


def test_the_topics_that_the_readme_names_exist():
    """What it tells to type can be typed."""
    named = re.findall(r"`(?:lti-conformance )?explain ([a-z-]+)`", README)
    assert len(named) > 5
    assert set(named) <= set(found_topics())
