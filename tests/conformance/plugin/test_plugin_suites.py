from __future__ import annotations

import pytest

from tests.conformance.plugin.projects import IN_PROCESS, free_port, tool_file

EXPIRED = "time/expired-an-hour-ago"
SUITE = f"""
    from conformance import lti_suite

    test_lti = lti_suite(only=["nonce/absent", "{EXPIRED}", "identity/email-absent"])
"""


@pytest.fixture
def suite(pytester):
    """A test module with a small suite, and the sample tool in process."""
    pytester.makeconftest(IN_PROCESS)
    return pytester.makepyfile(test_tool=SUITE)


def test_items(pytester, suite):
    """A suite is one ordinary item for each scenario, at the line that asks for it."""
    result = pytester.runpytest_inprocess("-v")
    result.assert_outcomes(passed=3)
    result.stdout.fnmatch_lines([f"test_tool.py::test_lti[[]{EXPIRED}[]] PASSED*"])


def test_collecting_starts_nothing(pytester, suite):
    """Collecting a suite asks for no fixture."""
    pytester.makeconftest("import pytest\n@pytest.fixture(scope='session')\ndef lti_tool(): raise AssertionError")
    result = pytester.runpytest_inprocess("--collect-only", "-q")
    result.stdout.fnmatch_lines([f"test_tool.py::test_lti[[]{EXPIRED}[]]"])


def test_failure(pytester, suite, monkeypatch):
    """A failure says the same as it does for a tool file, and --lf repeats it alone."""
    monkeypatch.setenv("FLAW", "expiry-unchecked")
    result = pytester.runpytest_inprocess()
    result.assert_outcomes(passed=2, failed=1)
    result.stdout.fnmatch_lines(
        [
            f"✗ {EXPIRED} – *(failed)",
            "  because    the broken launch was let in",
            f"  repeat     pytest 'test_tool.py::test_lti[[]{EXPIRED}[]]'",
        ]
    )
    result.stdout.no_fnmatch_line("*Traceback*")
    result.stdout.no_fnmatch_line("*pytest_suite*")
    pytester.runpytest_inprocess("--lf").assert_outcomes(failed=1)


@pytest.mark.parametrize("word", ["TokenExpired", EXPIRED])
def test_words(pytester, suite, word):
    """-k finds the items of a suite by error type and id."""
    pytester.runpytest_inprocess("-k", word).assert_outcomes(passed=1, deselected=2)


def test_patterns_of_the_command_line(pytester, suite):
    """--lti-only narrows a suite further."""
    pytester.runpytest_inprocess("--lti-only", "nonce/*").assert_outcomes(passed=1, deselected=2)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ("profile='klass'", "unknown profile 'klass'; known are *"),
        ("only=['nonce/replayd']", "lti_suite(only=…): nonce/replayd: no scenario, code or error type matches*"),
        ("profile='core', only='1009'", "lti_suite: no scenario of ('1009',) belongs to the profile core"),
    ],
)
def test_wrong_suite(pytester, arguments, message):
    """A suite that asks for something unknown is one line at collection."""
    pytester.makepyfile(f"from conformance import lti_suite\ntest_lti = lti_suite({arguments})")
    result = pytester.runpytest_inprocess()
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines([message])
    result.stdout.no_fnmatch_line("*Traceback*")


def test_profile_of_the_run(pytester, suite):
    """A suite without a profile takes that of the options."""
    result = pytester.runpytest_inprocess("--lti-profile", "ltix")
    result.assert_outcomes(passed=3)
    result.stdout.fnmatch_lines(["Sample · profile ltix: *"])


def test_tools_of_modules(pytester, suite):
    """Each module is tried on its own tool, though all run in one session on one platform."""
    pytester.makepyfile(
        test_flawed=f"""
        import pytest

        from conformance import InProcess, lti_suite
        from conftest import OBSERVE, sample_app

        @pytest.fixture(scope="session")
        def lti_tool(lti_platform):
            return InProcess(app=sample_app(lti_platform, without="expiry-unchecked"), name="Flawed", observe=OBSERVE)

        test_lti = lti_suite(only="{EXPIRED}")
        """
    )
    result = pytester.runpytest_inprocess()
    result.assert_outcomes(passed=3, failed=1)
    result.stdout.fnmatch_lines(["Flawed · profile core: *", "1 failed *", "Sample · profile core: *", "3 passed *"])


def test_tool_of_a_class(pytester, suite):
    """A tool that differs within a module is refused, since the module's bench would be the wrong one."""
    pytester.makepyfile(
        """
        import pytest

        def test_first(lti_launch):
            assert lti_launch().outcome == "launched"

        class TestOther:
            @pytest.fixture(scope="session")
            def lti_tool(self):
                return "http://127.0.0.1:9"

            def test_second(self, lti_launch):
                lti_launch()
        """
    )
    result = pytester.runpytest_inprocess("test_tool_of_a_class.py")
    result.assert_outcomes(passed=1, errors=1)
    result.stdout.fnmatch_lines(["lti_tool differs within a module: *"])


@pytest.mark.parametrize("how", ["found", "--lti-tool", "ini"])
def test_tool_of_a_file(pytester, project, how):
    """Without a fixture of its own a module uses the tool file: the one at the root, or the one that is named."""
    path = project()
    pytester.makepyfile(SUITE)
    arguments = []
    if how != "found":
        path.rename("mine.toml")
    if how == "--lti-tool":
        arguments = ["--lti-tool", "mine.toml"]
    if how == "ini":
        pytester.makeini("[pytest]\nlti_tool = mine.toml\n")
    result = pytester.runpytest_inprocess(*arguments)
    result.assert_outcomes(passed=3)
    result.stdout.fnmatch_lines(["Sample · profile core: *"])


def test_no_tool(pytester):
    """Without a tool file and a fixture one line says what to do, once for a module and not for each scenario."""
    pytester.makepyfile(SUITE.replace("only", "profile='core', only"))
    result = pytester.runpytest_inprocess()
    assert result.ret == pytest.ExitCode.INTERRUPTED
    result.assert_outcomes(errors=1)
    advice = "there is no tool file; write one with `lti-conformance init`, name one with --lti-tool, or override"
    result.stdout.fnmatch_lines([f"*{advice} the fixture lti_tool"])
    assert result.stdout.str().count(advice) == 1
    result.stdout.no_fnmatch_line("*Traceback*")


def test_no_tool_in_any_worker(pytester):
    """Under xdist as well it is one error of the module."""
    pytester.makepyfile(SUITE)
    result = pytester.runpytest_subprocess("-p", "xdist", "-n", "2")
    assert result.ret != 0
    result.assert_outcomes(errors=1)
    assert result.stdout.str().count("there is no tool file") == 1


def test_a_tool_file_that_does_not_fit_is_told_once(pytester, project):
    """A suite whose tool file does not fit is one error, whoever has named its profile."""
    path = project()
    path.write_text(path.read_text(encoding="utf-8").replace("name =", "nmae ="), encoding="utf-8")
    pytester.makepyfile(SUITE.replace("only", "profile='core', only"))
    result = pytester.runpytest_inprocess()
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(["*lti-conformance.toml: tool.nmae: unknown key; did you mean 'name'?"])


@pytest.mark.parametrize("made", ["suite", "file"])
def test_a_waiver_for_nothing_is_told_once(pytester, project, made):
    """A waiver for a scenario that does not exist is refused in the words of `run`, before anything is tried."""
    project(more="[[waiver]]\nscenario = 'nosuch/*'\nreason = 'known'\n")
    if made == "suite":
        pytester.makepyfile(SUITE)
    result = pytester.runpytest_inprocess(*(["--lti-collect"] if made == "file" else []))
    assert result.ret == pytest.ExitCode.INTERRUPTED
    result.assert_outcomes(errors=1)
    told = "lti-conformance.toml: waiver[[]0].scenario: no scenario is called 'nosuch/[*]'"
    result.stdout.fnmatch_lines([f"*{told}*"])


def test_a_waiver_for_nothing_of_a_fixture_is_told_once(pytester, suite):
    """A tool that a fixture describes is known at its first scenario: that one fails, and nothing is tried."""
    conftest = pytester.path / "conftest.py"
    text = conftest.read_text(encoding="utf-8").replace("Observe, Probe\n", "Observe, Probe, Waiver\n", 1)
    waived = 'observe=OBSERVE, waiver=(Waiver(scenario="nosuch/*", reason="known"),))'
    conftest.write_text(text.replace("observe=OBSERVE)", waived), encoding="utf-8")
    result = pytester.runpytest_inprocess()
    result.assert_outcomes(failed=1, skipped=2)
    result.stdout.fnmatch_lines(["lti_tool: waiver[[]0].scenario: no scenario is called 'nosuch/[*]'*"])


GIVEN = {
    "app": "return sample_app(lti_platform)",
    "url": "yield from served(sample_app(lti_platform))",
    "tool": "yield from served(sample_app(lti_platform), described(lti_platform))",
}
SERVED = """
    from conformance import Launched, Observe, Tool, ToolSettings
    from mockplatform import listen, serve

    def served(app, describe=str):
        with serve(app, listen()) as url:
            yield describe(url)

    def described(platform):
        return lambda url: Tool(
            tool=ToolSettings(login_url=f"{url}/lti/login", launch_url=f"{url}/lti/launch"),
            platform=platform.settings(),
            observe=Observe(launched=Launched(text="Welcome"), error=({"kind": "header"},)),
        )

    @pytest.fixture(scope="session")
    def lti_tool(lti_platform):
        %s
"""


@pytest.mark.parametrize("given", GIVEN)
def test_ways_to_give_a_tool(pytester, suite, given):
    """The fixture may give an application, the URL of a running tool, or a whole description."""
    pytester.makeconftest(IN_PROCESS.split("@pytest.fixture")[0] + SERVED % GIVEN[given])
    pytester.runpytest_inprocess().assert_outcomes(passed=3)


def test_no_way_to_give_a_tool(pytester, suite):
    """Anything else is refused in one line."""
    pytester.makeconftest("import pytest\n@pytest.fixture(scope='session')\ndef lti_tool(): return 9401")
    result = pytester.runpytest_inprocess()
    result.assert_outcomes(errors=3)
    result.stdout.fnmatch_lines(["lti_tool: returned a int, expected a URL, an application, an InProcess or a Tool"])


CLASS = """
    def zoom(app):
        return {"zoom_authorised": Arrangement(target=app.state.store.authorise_zoom)}

    @pytest.fixture(scope="session")
    def app(lti_platform):
        return sample_app(lti_platform, policy="class")

    @pytest.fixture(scope="session")
    def lti_tool(app):
        return InProcess(app=app, name="Class", observe=OBSERVE, arrange=zoom(app))

    @pytest.fixture(scope="session")
    def lti_faults(app):
        return {"class.create": lambda mode: app.state.faults.arm("class.create", mode)}
"""


def test_faults(pytester):
    """The fixture lti_faults binds fault points; a scenario whose point is not bound is skipped."""
    pytester.makeconftest(IN_PROCESS.split("@pytest.fixture")[0] + CLASS)
    pytester.makepyfile(
        """
        from conformance import lti_suite
        test_lti = lti_suite(profile="class", only=["backend/class-not-creatable", "backend/class-unreadable"])
        """
    )
    result = pytester.runpytest_inprocess("-rs")
    result.assert_outcomes(passed=1, skipped=1)
    result.stdout.fnmatch_lines(['SKIPPED * bind the fault point "class.read" in *'])


def test_faults_of_a_running_tool(pytester, project):
    """lti_faults adds to the tool of a tool file as well, as long as this process drives it."""
    project()
    pytester.makeconftest(
        """
        import contextlib
        import types

        import pytest

        @pytest.fixture(scope="session")
        def lti_faults():
            return {"class.create": lambda mode: contextlib.nullcontext(types.SimpleNamespace(hits=0))}
        """
    )
    pytester.makepyfile("def test_it(lti_launch): assert lti_launch().outcome == 'launched'")
    pytester.runpytest_inprocess().assert_outcomes(passed=1)


def test_reports_of_several_profiles(pytester, suite):
    """Two profiles in one run write two files, each with the profile in its name."""
    pytester.makepyfile(test_more=SUITE.replace("only", "profile='ltix', only"))
    pytester.runpytest_inprocess("--lti-report", "json:report.json").assert_outcomes(passed=6)
    assert sorted(path.name for path in pytester.path.glob("*.json")) == ["report-core.json", "report-ltix.json"]


def test_address_of_its_own(pytester, suite):
    """A description whose platform is not the fixture's gets a platform at the address that it names."""
    port = free_port()
    pytester.makeconftest(
        IN_PROCESS.split("@pytest.fixture")[0]
        + f"""
    from pathlib import Path

    from conformance.toolfile import load
    from mockplatform import listen, serve

    @pytest.fixture(scope="session")
    def lti_tool():
        tool = load(Path("other.toml"))
        url = tool.platform.url
        registered = Integration(
            issuer=url,
            client_id="lti-conformance",
            auth_url=url + "/auth",
            jwks_url=url + "/jwks",
            deployment_ids=("1",),
        )
        with serve(create_tool((registered,)), listen(port={port})):
            yield tool
    """
    )
    text = tool_file(tool=f"http://127.0.0.1:{port}", platform=f"http://127.0.0.1:{free_port()}")
    (pytester.path / "other.toml").write_text(text, encoding="utf-8")
    pytester.runpytest_inprocess().assert_outcomes(passed=3)
