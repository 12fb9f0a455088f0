from __future__ import annotations

import pytest

from tests.conformance.plugin.projects import IN_PROCESS


@pytest.fixture
def run(pytester):
    """Runs a test module with the sample tool in process."""

    def run_module(source, *arguments):
        pytester.makeconftest(IN_PROCESS)
        pytester.makepyfile(source)
        return pytester.runpytest_inprocess(*arguments)

    return run_module


def test_good_launch(run):
    """A launch without a lie is accepted, as whoever it is sent."""
    result = run(
        """
        import pytest

        @pytest.mark.parametrize("role", ["instructor", "student"])
        def test_it(lti_launch, role):
            seen = lti_launch(role=role)
            assert (seen.outcome, seen.status_code, seen.session) == ("launched", 200, True)
            assert [exchange.method for exchange in seen.exchanges] == ["POST", "POST"]
        """
    )
    result.assert_outcomes(passed=2)


def test_broken_launch(run):
    """A launch with mutations tells what the tool made of it."""
    result = run(
        """
        def test_it(lti_launch):
            seen = lti_launch(role="student", mutations=["claims.expired(by_s=600)"])
            assert (seen.outcome, seen.klass, seen.type, seen.code) == ("rejected", "security", "TokenExpired", 1001)
            assert "expiry time has passed" in seen.message
            assert seen.session is False

        def test_spoilt_keys(lti_launch):
            assert lti_launch(mutations=["key_set.no_keys"]).outcome == "rejected"
            assert lti_launch().outcome == "launched"
        """
    )
    result.assert_outcomes(passed=2)


def test_people_are_fresh(run):
    """Two launches are never by the same person."""
    result = run(
        """
        def test_it(lti_launch, lti_platform):
            subjects = {lti_launch().auth_requests[0]["login_hint"] for _ in range(3)}
            assert len(subjects) == 3
        """
    )
    result.assert_outcomes(passed=1)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ("mutations=['claims.expird']", "unknown mutation 'claims.expird'"),
        ("registration='attributes'", "there is no registration 'attributes'"),
    ],
)
def test_wrong_launch(run, arguments, message):
    """A launch that names something unknown raises, as any wrong call does."""
    result = run(
        f"""
        import pytest

        from mockplatform import UsageError

        def test_it(lti_launch):
            with pytest.raises(UsageError, match="{message}"):
                lti_launch({arguments})
        """
    )
    result.assert_outcomes(passed=1)


def test_launch_from_a_coroutine(run):
    """A launch can be sent while an event loop runs, and leaves no loop behind."""
    result = run(
        """
        import asyncio

        def test_it(lti_launch):
            async def launch():
                return lti_launch()

            assert asyncio.run(launch()).outcome == "launched"

        def test_after(lti_launch):
            assert lti_launch().outcome == "launched"
        """
    )
    result.assert_outcomes(passed=2)


def test_refused_plain_launch(run, monkeypatch):
    """A tool that refuses every launch is still told about: the launch is the test's own."""
    monkeypatch.setenv("FLAW", "everything-refused")
    run("def test_it(lti_launch): assert lti_launch().outcome == 'rejected'").assert_outcomes(passed=1)


def test_wsgi_application(pytester):
    """A WSGI application is called as well."""
    pytester.makepyfile(
        """
        import pytest

        @pytest.fixture(scope="session")
        def lti_tool(lti_platform):
            def app(environ, start_response):
                start_response("403 Forbidden", [("Content-Type", "text/plain")])
                return [b"not on Sundays"]
            return app

        def test_it(lti_launch):
            seen = lti_launch()
            assert (seen.outcome, seen.status_code, seen.message) == ("rejected", 403, "not on Sundays")
        """
    )
    pytester.runpytest_inprocess().assert_outcomes(passed=1)


def test_platform(run):
    """The platform listens at a free port, and its addresses are what a tool has to register."""
    result = run(
        """
        import json
        import urllib.request

        def test_it(lti_platform):
            with urllib.request.urlopen(lti_platform.jwks_url, timeout=60) as answer:
                assert json.load(answer)["keys"]
            assert lti_platform.auth_url == lti_platform.issuer + "/auth"
            assert lti_platform.token_url == lti_platform.issuer + "/token"
            assert (lti_platform.client_id, lti_platform.deployment_id) == ("lti-conformance", "1")
            assert lti_platform.platform.url == lti_platform.issuer

        def test_journal(lti_platform, lti_launch):
            lti_launch()
            assert any(exchange.url.endswith("/jwks") for exchange in lti_platform.platform.journal)
        """
    )
    result.assert_outcomes(passed=2)


def test_platform_of_a_file(pytester, project):
    """If the run names a tool file, the platform is the one that the file names."""
    project()
    pytester.makepyfile(
        """
        from pathlib import Path

        def test_it(lti_platform, lti_tool, lti_launch):
            assert lti_platform.issuer == lti_tool.platform.url
            assert lti_launch().outcome == "launched"
            assert lti_platform.platform.url == lti_platform.issuer
        """
    )
    pytester.runpytest_inprocess("--lti-tool", "lti-conformance.toml").assert_outcomes(passed=1)


def test_end(pytester):
    """The application is shut down before its fixture is torn down."""
    pytester.makeconftest(
        IN_PROCESS.split("@pytest.fixture")[0]
        + """
    import contextlib

    log = []

    @contextlib.asynccontextmanager
    async def lifespan(app):
        log.append("up")
        yield
        log.append("down")

    @pytest.fixture(scope="session")
    def lti_tool(lti_platform):
        app = sample_app(lti_platform)
        app.router.lifespan_context = lifespan
        yield app
        log.append("fixture")

    def pytest_unconfigure():
        print(*log)
    """
    )
    pytester.makepyfile("def test_it(lti_launch): assert lti_launch().outcome == 'launched'")
    result = pytester.runpytest_inprocess("-s")
    result.assert_outcomes(passed=1)
    result.stdout.fnmatch_lines(["up down fixture"])


def test_nothing_by_itself(pytester):
    """A tool file beside tests that do not ask for it is not even read."""
    (pytester.path / "lti-conformance.toml").write_text("no TOML", encoding="utf-8")
    pytester.makepyfile("def test_mine(): pass")
    result = pytester.runpytest_inprocess()
    result.assert_outcomes(passed=1)
    result.stdout.no_fnmatch_line("*LTI*")
