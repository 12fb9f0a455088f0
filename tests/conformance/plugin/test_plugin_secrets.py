"""A secret that the tool echoes, in all that a pytest run tells of it."""

from __future__ import annotations

import json

import pytest

from tests.conformance.plugin.projects import IN_PROCESS

SECRET = "correct-horse-battery"

ECHOING = (
    IN_PROCESS
    + f"""
    from starlette.applications import Starlette
    from starlette.responses import PlainTextResponse
    from starlette.routing import Route

    @pytest.fixture(scope="session")
    def lti_tool(lti_platform):
        async def refused(request):
            return PlainTextResponse("database password {SECRET} refused", status_code=500)

        observe = Observe(
            launched=Launched(text="x"), probe=Probe(request="GET /api/me", headers={{"X-Api-Key": "{SECRET}"}})
        )
        app = Starlette(routes=[Route("/{{path:path}}", refused, methods=["GET", "POST"])])
        return InProcess(app=app, name="Sample", observe=observe)
"""
)

MODULES = {
    "suite": """
        from conformance import lti_suite

        test_lti = lti_suite(only=["nonce/absent", "nonce/empty"])
    """,
    "sequences": """
        from conformance import LtiSequences

        class TestSequences(LtiSequences):
            examples = 9
    """,
}


@pytest.mark.parametrize("module", MODULES)
def test_a_secret_of_the_tool_file_stands_nowhere_if_nothing_came_to_a_result(
    pytester: pytest.Pytester, module: str
) -> None:
    """Neither in the report nor on the terminal, though no result knows it."""
    pytester.makeconftest(ECHOING)
    pytester.makepyfile(MODULES[module])
    result = pytester.runpytest_subprocess("-p", "no:cacheprovider", "--lti-report", "json:report.json")
    said = result.stdout.str() + result.stderr.str()
    assert "the plain launch does not work" in said
    assert "database password" in said
    assert SECRET not in said
    if module == "suite":
        text = (pytester.path / "report.json").read_text(encoding="utf-8")
        assert "database password" in json.loads(text)["stopped"]
        assert SECRET not in text


def test_a_tool_that_cannot_be_opened_is_told_without_the_password_of_its_address(pytester: pytest.Pytester) -> None:
    """A launch of a test's own meets the same trouble as a scenario."""
    pytester.makepyfile(
        f"""
        import pytest

        from conformance import Tool, ToolSettings, lti_suite

        @pytest.fixture(scope="session")
        def lti_tool():
            url = "http://ada:{SECRET}@tool.example/lti"
            return Tool(tool=ToolSettings(login_url=url, launch_url=url))

        test_lti = lti_suite(only=["nonce/absent"])

        def test_mine(lti_launch):
            lti_launch()
        """
    )
    result = pytester.runpytest_subprocess("-p", "no:cacheprovider", "--tb=line", "--lti-report", "json:report.json")
    result.assert_outcomes(failed=2)
    assert SECRET not in result.stdout.str()
    assert SECRET not in (pytester.path / "report.json").read_text(encoding="utf-8")
