"""README and the topics: their examples that are no Python and no console, what has to be told, and where it leads."""

from __future__ import annotations

import re
import shlex
import tomllib

import pytest

from conformance.catalogue import SERVICE_OF, read_scenarios
from conformance.cli import main, parser
from conformance.command_table import COMMANDS
from conformance.faults import drivers, settings_of
from conformance.observe import Reader, extractors
from conformance.profile import profile_names
from conformance.reports import formats
from conformance.schema import settings_schema
from conformance.toolfile import load
from conformance.topics import found_topics
from mockplatform.cli import parser as platform_parser
from mockplatform.config import load_school
from mockplatform.service import services
from tests.conformance.readers import FENCED, README, WRITTEN, block, blocks, chapter

TOML = blocks("toml")
MY_TOOL = 'start = "python -m mytool"'
"""What the tool file of *Your own tool* has, and no other."""
PYTEST = block("python", "lti_suite")

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


def test_every_option_of_run_stands_in_the_topic(capsys):
    """What `run` can be told, a stranger finds without reading code: README names the topic that lists it."""
    with pytest.raises(SystemExit):
        main(["run", "--help"])
    options = set(re.findall(r"--[a-z-]+", capsys.readouterr().out)) - {"--help"}
    main(["explain", "cli"])
    told = capsys.readouterr().out
    of_run = told[told.index("\nlti-conformance run\n") :].partition("\n\n")[0]
    assert {option for option in options if f"  {option} " not in of_run} == set()
    assert len(options) > 10
    assert "`lti-conformance explain cli`" in chapter("Your own tool")


def test_every_option_and_setting_of_the_plugin_stands_in_the_topic(project, capsys):
    """Options, settings and fixtures of the plugin each have their line, and README names the topic."""
    main(["explain", "fixtures"])
    told = capsys.readouterr().out
    asked = "".join(project.runpytest_subprocess(option).stdout.str() for option in ("--help", "--fixtures"))
    names = set(re.findall(r"--lti-[a-z-]+|\blti_[a-z_]+", asked)) - INNER
    assert {name for name in names if f"\n  {name} " not in told} == {"lti_suite"}, "the function of the test module"
    assert len(names) > 15
    assert "`lti-conformance explain fixtures`" in chapter("In pytest")


@pytest.mark.parametrize("name", profile_names())
def test_every_profile_stands_in_the_readme(name):
    """Each profile has its row."""
    assert f"| `{name}`" in README


def test_every_channel_stands_in_the_topic(capsys):
    """Each extractor has its line with its keys, the most trusted first, and each line its extractor."""
    main(["explain", "channels"])
    told = capsys.readouterr().out
    assert re.findall(r"^  (\w+)  +\S", told, re.MULTILINE) == list(extractors())
    keys = [settings_schema(module)["properties"] for module in extractors().values()]
    assert re.findall(r"Keys: (.*)", told) == [", ".join(named) for named in keys]


def test_every_driver_stands_in_the_topic():
    """Each driver that a point can be bound to has its paragraph, and each paragraph its driver."""
    told = WRITTEN["back-end-faults"]
    rows = re.findall(r"^  (\w+)  +\S", told[told.index("Drivers:") :].partition("\n```")[0], re.MULTILINE)
    assert sorted(rows) == sorted(kind for kind, driver in drivers().items() if hasattr(driver, "Settings"))


def test_the_example_of_bindings_binds(monkeypatch, tmp_path):
    """Its points, drivers and keys are read as they stand."""
    monkeypatch.setenv("ADMIN_DSN", "sqlite:///tool.sqlite")
    monkeypatch.setenv("DSN", "postgresql://tool@127.0.0.1/tool")
    monkeypatch.setenv("LTI_FAULTS_SECRET", "known-to-this-test")
    path = tmp_path / "lti-conformance.toml"
    path.write_text("\n".join([example(MY_TOOL), block("toml", 'driver = "proxy"')]))
    bound = settings_of(load(path).faults, where="the topic:")
    assert {kind: [point.name for point in points] for kind, points in bound.items()} == {
        "callback": ["class.read"],
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
    path.write_text(block("toml", "lti11_launch_url").replace("[tool]\n", f"[tool]\n{urls}"))
    tool = load(path)
    assert (tool.speaks("1.1"), tool.speaks("1.3")) == (True, True)


def test_the_example_of_services_is_a_tool_file(tmp_path):
    """Its services are those of the platform, and its requests have the names that scenarios ask for."""
    path = tmp_path / "lti-conformance.toml"
    urls = 'login_url = "http://127.0.0.1:8000/login"\nlaunch_url = "http://127.0.0.1:8000/launch"\n'
    path.write_text(block("toml", "read_roster").replace("[tool]\n", f"[tool]\n{urls}"))
    tool = load(path)
    assert set(tool.capabilities.services) <= {"deep_linking", *services()}
    assert set(tool.actions) == set(SERVICE_OF)
    assert tool.tool.jwks_url


def test_every_toml_example_is_toml():
    """No example is a sketch."""
    assert [bool(tomllib.loads(block)) for block in TOML] == [True] * len(TOML)


@pytest.mark.parametrize("name", [*COMMANDS, *found_topics()])
def test_every_command_and_topic_stands_in_the_reference(name):
    """Each by its name, in the table of what can be looked up."""
    assert re.search(f"`(?:explain )?{name}`", chapter("Reference"))


@pytest.mark.parametrize("name", formats())
def test_every_format_stands_in_the_table_of_reports(name):
    """Each has its row."""
    assert f"| `{name}` |" in README[README.index("### Reports") :].partition("\n### ")[0]


def test_the_contents_lead_to_every_chapter():
    """Each link has its heading, and each chapter its link."""
    links = set(re.findall(r"\]\(#([a-z0-9-]+)\)", README))
    headings = re.findall(r"^(##+) (.+)$", re.sub(r"```.*?```", "", README, flags=re.DOTALL), re.MULTILINE)
    anchors = {re.sub(r"[^a-z0-9 -]", "", title.lower()).replace(" ", "-"): level for level, title in headings}
    assert links - set(anchors) == set()
    assert {anchor for anchor, level in anchors.items() if level == "##"} - links == set()


def test_the_topics_that_the_readme_names_exist():
    """What it tells to type can be typed."""
    told = " ".join("\n".join(WRITTEN.values()).split())
    named = re.findall(r"`(?:lti-conformance )?explain ([a-z][a-z0-9-]+)`", told)
    assert len(named) > 20
    assert set(named) <= set(found_topics())


def test_each_example_is_of_a_kind_that_is_tried():
    """No block stands in a language that no test of README or a topic reads."""
    kinds = {kind for text in WRITTEN.values() for kind, _ in FENCED.findall(text)}
    assert kinds <= {"", "console", "diff", "js", "py", "python", "shell-session", "toml", "yaml"}
    assert all(text.count("```") == 2 * len(FENCED.findall(text)) for text in WRITTEN.values())


def test_each_command_that_is_to_be_typed_is_understood():
    """The options of each line for a shell are known to the program that it calls."""
    typed = [line for text in blocks("") for line in text.replace("\\\n", " ").splitlines()]
    words = [shlex.split(line.rpartition("&& ")[2], comments=True) for line in typed]
    known = {"lti-conformance": parser(), "mockplatform": platform_parser()}
    understood = [known[line[0]].parse_args(line[1:]) for line in words if line and line[0] in known]
    assert len(understood) > 10


def test_the_contents_tell_the_minutes_of_each_chapter():
    """At two hundred words a minute, rounded up or down."""
    rows = re.findall(r"^\| \[([^]]+)\]\(#.* \| (\d+) \|$", README.partition("\n## ")[0], re.MULTILINE)
    told = {title: int(minutes) for title, minutes in rows}
    needed = {title: len(chapter(title).split()) / 200 for title in told}
    assert len(told) > 10
    assert {title: told[title] for title in told if abs(told[title] - needed[title]) > 1} == {}


def test_it_is_short():
    """A stranger reads it; what is looked up stands in a topic."""
    assert len(README.splitlines()) <= 900
