"""The fixtures of the plugin; as light to import as the plugin itself."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from conformance.under_pytest.options import SCENARIO, conductor_of

if TYPE_CHECKING:
    from conformance.model import Observation, Role, Scenario
    from conformance.under_pytest.bench import AnyBench
    from conformance.under_pytest.values import RunningPlatform
    from mockplatform.mutation import Spoilt

__all__ = ["lti_bench", "lti_faults", "lti_launch", "lti_platform", "lti_replay", "lti_tool", "lti_trial"]


@contextlib.contextmanager
def _in_one_line() -> Iterator[None]:
    from mockplatform.errors import UsageError

    try:
        yield
    except UsageError as error:
        pytest.fail(str(error), pytrace=False)


@pytest.fixture(scope="session")
def lti_platform(pytestconfig: pytest.Config) -> Iterator[RunningPlatform]:
    """A running platform and what a tool has to register of it."""
    with _in_one_line(), conductor_of(pytestconfig).platform() as platform:
        yield platform


@pytest.fixture(scope="session")
def lti_tool(pytestconfig: pytest.Config) -> Any:
    """The tool under test; override it to return a URL, an application, an `InProcess` or a `Tool`."""
    with _in_one_line():
        conductor = conductor_of(pytestconfig)
        return conductor.tool(conductor.tool_file())


@pytest.fixture(scope="session")
def lti_faults() -> Mapping[str, Callable[[str], Any]]:
    """What makes the tool's back end fail, by fault point; override it."""
    return {}


class _Held:
    # No dataclass: making one takes longer than all else that this module does in a run without a tool.
    def __init__(self, given: Any, bench: AnyBench) -> None:
        self.given = given
        self.bench = bench

    def of(self, given: Any) -> AnyBench:
        if given is not self.given:
            pytest.fail("lti_tool differs within a module: override it in a module or in a conftest.py", pytrace=False)
        return self.bench


@pytest.fixture(scope="module")
def lti_bench(request: pytest.FixtureRequest, lti_tool: Any, lti_faults: Mapping[str, Any]) -> Iterator[_Held]:
    """The tool as scenarios and launches reach it."""
    conductor = conductor_of(request.config)
    # A session's fixture would keep the first module's tool for the modules that override it.
    with (
        _in_one_line(),
        conductor.bench(lti_tool, lti_faults, lambda: request.getfixturevalue("lti_platform")) as bench,
    ):
        yield _Held(lti_tool, bench)


@pytest.fixture
def lti_trial(request: pytest.FixtureRequest, lti_bench: _Held, lti_tool: Any) -> Callable[[Scenario], None]:
    """Tries a scenario; used by the tests of `lti_suite`."""
    from conformance.under_pytest.items import settle

    bench, settings = lti_bench.of(lti_tool), conductor_of(request.config).settings
    item: pytest.Item = request.node
    mark = item.get_closest_marker(SCENARIO)

    def trial(scenario: Scenario) -> None:
        assert mark is not None
        settle(item, bench.try_scenario(mark.kwargs["profile"], scenario.id), settings)

    return trial


@pytest.fixture
def lti_replay(request: pytest.FixtureRequest, lti_bench: _Held, lti_tool: Any) -> Callable[[str | Path], None]:
    """Sends the story of a recipe again, a file or its text, and fails as long as the tool does."""
    from conformance.under_pytest.bench import outside_loops
    from conformance.under_pytest.items import conclude

    bench, settings = lti_bench.of(lti_tool), conductor_of(request.config).settings

    def replay(recipe: str | Path) -> None:
        __tracebackhide__ = True
        with _in_one_line():
            from conformance.shelf import text_at

            text = str(recipe)
            # A recipe is a JSON object; whatever begins in another way names a file.
            text = text if text.lstrip().startswith("{") else text_at(text)
            trial = outside_loops(lambda: bench.replay(settings.profile or "", text))
        conclude(request.node, trial, settings)

    return replay


# Not once for each test: Hypothesis sends a hundred launches in one, and turns down what is made anew for a test.
@pytest.fixture(scope="class")
def lti_launch(pytestconfig: pytest.Config, lti_bench: _Held, lti_tool: Any) -> Callable[..., Observation]:
    """Sends a launch, honest or with mutations, and returns what the tool did."""
    from conformance.under_pytest.bench import outside_loops
    from conformance.under_pytest.values import Wish
    from mockplatform.errors import UsageError

    bench, profile = lti_bench.of(lti_tool), conductor_of(pytestconfig).profile()

    def launch(*, role: Role = "instructor", mutations: Sequence[str | Spoilt] = (), **more: Any) -> Observation:
        __tracebackhide__ = True
        wish = Wish(role=role, mutations=tuple(map(str, mutations)), **more)
        try:
            return outside_loops(lambda: bench.launch(profile, wish))
        except UsageError as error:
            # The line of the test says enough: a wrong name is its own.
            raise UsageError(str(error)) from None

    return launch
