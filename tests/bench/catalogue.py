"""Goal 7: the whole catalogue, from the start of the process to its end."""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from conformance import load_profile, scenarios, select
from conformance.demo import demo_lab
from conformance.runner import Options, Runner
from conformance.target import Start
from conformance.transport import Request, Response, Transport
from tests.bench.processes import process_time
from tests.bench.rounds import Goal, Line, in_turn, ratio

__all__ = ["measure"]

ROUNDS = 4
PROFILE = "core"


def measure() -> Iterator[Line]:
    """The catalogue against the sample tool, and as many bare launches under pytest."""
    tried, launches = _launches()
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, f"{launches}.bare").touch()
        alone = {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
        bare = ["-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "tests.bench.bare_catalogue"]
        command = str(Path(sys.executable).with_name("lti-conformance"))
        subjects = {
            "own": process_time([command, "run", "--demo", "--profile", PROFILE], {}),
            "bare": process_time([sys.executable, *bare, "--rootdir", folder, folder], alone),
            "bare again": process_time([sys.executable, *bare, "--rootdir", folder, folder], alone),
        }
        rounds = in_turn(subjects, ROUNDS)
    floor = f"bare catalogue of {launches} launches under pytest"
    yield Line(
        number="7",
        name=f"run --demo --profile {PROFILE}: {tried} scenarios, {launches} launches",
        ratio=ratio(rounds, "own", "bare"),
        against=floor,
        goal=Goal("<=", 2.0, 1.4),
    )
    yield Line(number="", name="noise: bare catalogue twice", ratio=ratio(rounds, "bare again", "bare"), against=floor)


class _Counting:
    """Counts the launches that pass: messages, and logins that the tool refuses."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport
        self.launches = 0

    def send(self, request: Request) -> Response:
        response = self._transport.send(request)
        path = request.url.partition("?")[0]
        self.launches += path.endswith("/launch") or (path.endswith("/login") and response.status >= 400)
        return response


def _launches() -> tuple[int, int]:
    """How many scenarios the run tries, and how many launches it sends; the seed gives the same ones again."""
    profile = load_profile(PROFILE)
    chosen = select(scenarios(), profile)
    with demo_lab(profile, Start(seed=0)) as lab:
        lab.transport = counting = _Counting(lab.transport)
        runner = Runner(lab, Options())
        runner.plain_launch()
        tried = sum(result.status != "skipped" for result in runner.run(chosen))
    return tried, counting.launches
