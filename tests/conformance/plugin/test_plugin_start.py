from __future__ import annotations

import sys

import pytest

HEAVY = (
    "starlette",
    "cryptography",
    "hypothesis",
    "httpx",
    "httpx2",
    "httpcore2",
    "jwt",
    "uvicorn",
    "jinja2",
    "rich",
    "sqlalchemy",
    "selectolax",
    "respx",
    "asyncio",
    "multiprocessing",
    "mockplatform.mutation",
    "conformance.model",
    "conformance.under_pytest.session",
)


def test_plugin_is_light(pytester):
    """A run that does not ask for the plugin imports nothing heavy on its account."""
    source = f"""
        import sys

        import pytest

        status = pytest.main(["--collect-only", "-q"])
        found = [name for name in {HEAVY!r} if name in sys.modules]
        print("plugin" if "conformance.plugin" in sys.modules else "no plugin", "imports", found)
        sys.exit(status)
    """
    script = pytester.makepyfile(start=source)
    pytester.mkdir("empty")
    result = pytester.run(sys.executable, script, "--rootdir=empty")
    assert result.ret == pytest.ExitCode.NO_TESTS_COLLECTED
    result.stdout.fnmatch_lines(["plugin imports []"])


@pytest.mark.parametrize("arguments", [(), ("-p", "xdist", "-n", "1"), ("-p", "no:lti_conformance")])
def test_plugin_among_others(pytester, monkeypatch, arguments):
    """A project that has no use for the plugin runs as ever, with it, with xdist, and without it."""
    monkeypatch.delenv("PYTEST_ADDOPTS")
    monkeypatch.delenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD")
    pytester.makeini("[pytest]\nasyncio_default_fixture_loop_scope = function\naddopts = --strict-markers\n")
    pytester.makepyfile("def test_mine(): pass")
    result = pytester.runpytest_subprocess(*arguments)
    result.assert_outcomes(passed=1)
    assert "LTI" not in result.stdout.str()


def test_plugin_explains_itself(pytester):
    """Options, settings, markers and fixtures are listed with a sentence each."""
    told = pytester.runpytest_inprocess("--help").stdout.str()
    for name in ("tool", "profile", "only", "seed", "strict", "report", "allow-remote", "collect"):
        assert f"--lti-{name}" in told
    for name in ("tool", "profile", "seed", "strict", "report", "collect", "junit_properties"):
        assert f"lti_{name} (" in told
    markers = pytester.runpytest_inprocess("--markers").stdout.str()
    assert "@pytest.mark.lti_scenario(id, profile, area, code, type): " in markers
    fixtures = pytester.runpytest_inprocess("--fixtures").stdout.str()
    for name in ("lti_platform", "lti_tool", "lti_faults", "lti_launch"):
        assert f"\n{name} " in fixtures


def test_seed_of_the_project(pytester):
    """A seed that is no number is one line."""
    pytester.makeini("[pytest]\nlti_seed = many\n")
    result = pytester.runpytest_inprocess("--lti-profile", "core")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(["ERROR: lti_seed: 'many' is no number"])
