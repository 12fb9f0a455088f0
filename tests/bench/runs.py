"""Goals 5, 6 and 8: what a launch costs in a run, against the bare launch on the same tool."""

from __future__ import annotations

import contextlib
import datetime
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import replace
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric import rsa

from conformance import Report, Result, Scenario, Tool, load_profile
from conformance.catalogue import read_scenarios
from conformance.conduct import Agenda, conduct
from conformance.lab import Lab
from conformance.reports import formats
from conformance.runner import Options
from conformance.target import Start, lab_for, open_lab, process_keys
from conformance.telling.documenting import dossier_of
from conformance.toolvalues import Launched, Observe, PlatformSettings, Probe, ToolSettings
from conformance.transport import AsgiTransport, HttpTransport, Request
from mockplatform import listen
from tests.bench.bare_launch import BareLauncher
from tests.bench.bare_tool import CLIENT_ID, DEPLOYMENT_ID, create_bare_tool
from tests.bench.processes import served_tool
from tests.bench.rounds import SLICE_S, Clock, Goal, Line, Work, in_turn, looped, ratio

__all__ = ["SCENARIOS", "Bench", "Held", "copies", "described", "measure"]

ROUNDS = 12
PLATFORM = "http://127.0.0.1:9400"
TOOL = "http://127.0.0.1:9401"
FLOOR = "bare launch, the same tool in process"
SCENARIOS = Path(__file__).parent / "scenarios"


def copies(count: int) -> Sequence[Scenario]:
    """So many scenarios, each with an id of its own."""
    found = read_scenarios(SCENARIOS)
    return [replace(found[n % len(found)], id=f"{found[n % len(found)].id}-{n}") for n in range(count)]


def described(url: str, platform: str) -> Tool:
    """The bare tool as a tool file would describe it."""
    return Tool(
        tool=ToolSettings(name="bare tool", login_url=f"{url}/login", launch_url=f"{url}/launch"),
        platform=PlatformSettings(url=platform, client_id=CLIENT_ID, deployment_id=DEPLOYMENT_ID),
        observe=Observe(launched=Launched(status="2xx", text="Welcome"), probe=Probe(request="GET /me")),
    )


class Bench:
    """The bare tool in this process, what launches it barely, and whole runs against it."""

    def __init__(self) -> None:
        ring = process_keys()
        key = ring.private("platform")
        assert isinstance(key, rsa.RSAPrivateKey)
        self.jwk: Mapping[str, Any] = ring.jwk("platform")
        self.app = create_bare_tool(self.jwk, issuer=PLATFORM, url=TOOL)
        self.launcher = BareLauncher(self.app, key, ring.kid("platform"), issuer=PLATFORM, url=TOOL)
        self.profile = load_profile("core")

    def bare(self, clock: Clock, slice_s: float = SLICE_S) -> Work:
        """Bare launches, one after the other."""
        return looped(self.launcher.launch, self.launcher.loop, clock, slice_s)

    @contextlib.contextmanager
    def lab(self) -> Iterator[Lab]:
        """A lab around the tool, by direct calls."""
        with AsgiTransport(self.app, timeout_s=15) as transport:
            yield lab_for(described(TOOL, PLATFORM), self.profile, transport, Start(seed=0), url=PLATFORM)

    def run(self, scenarios: Sequence[Scenario]) -> Work:
        """Whole runs, each from opening the lab to the written reports; a unit is a launch that was sent."""
        return lambda: self._timed(self.lab, scenarios, lambda: int(self.app.state.launches), time.thread_time)

    @contextlib.contextmanager
    def run_over_http(self, scenarios: Sequence[Scenario]) -> Iterator[Work]:
        """The same with the tool in a process of its own and the platform on a port."""
        with listen() as bound:
            platform = f"http://127.0.0.1:{bound.getsockname()[1]}"
        with served_tool(self.jwk, platform) as url, HttpTransport(timeout_s=5) as counter:

            def sent() -> int:
                return int(counter.send(Request(method="GET", url=f"{url}/count")).body)

            # Opened once: a server's start and end belong to a run of any length, not to its launches.
            with open_lab(described(url, platform), self.profile, Start(seed=0)) as lab:
                yield lambda: self._timed(lambda: contextlib.nullcontext(lab), scenarios, sent, time.perf_counter)

    def _timed(
        self,
        opened: Callable[[], AbstractContextManager[Lab]],
        scenarios: Sequence[Scenario],
        sent: Callable[[], int],
        clock: Clock,
    ) -> float:
        before = sent()
        began = clock()
        written(_conduct(opened(), scenarios))
        return (clock() - began) / (sent() - before)

    def in_bare_launches(self, scenarios: Sequence[Scenario]) -> float:
        """What a scenario costs in a long run, in bare launches: the run is held every moment to measure one."""
        clock = Held(self.bare(time.thread_time, 0.06))
        with self.lab() as lab:
            report = _conduct(contextlib.nullcontext(lab), scenarios, clock.look)
            written(report)
        return clock.spent() / len(scenarios)


class Held:
    """Adds up the time of a run in bare launches, each stretch in those of its own moment."""

    def __init__(self, bare: Work) -> None:
        self._bare = bare
        self._units = 0.0
        self._began = time.thread_time()

    def look(self, _: object = None) -> None:
        """Measure a bare launch if the last one was long ago."""
        if time.thread_time() - self._began > 0.2:
            self.spent()

    def spent(self) -> float:
        """The bare launches that the run was worth so far."""
        stretch = time.thread_time() - self._began
        self._units += stretch / self._bare()
        self._began = time.thread_time()
        return self._units


def _conduct(
    opened: AbstractContextManager[Lab],
    scenarios: Sequence[Scenario],
    on_result: Callable[[Result], None] = lambda _: None,
) -> Report:
    now = datetime.datetime.now(datetime.UTC)
    report = conduct(opened, Agenda(scenarios=scenarios), Options(), now=now, on_result=on_result)
    assert report.complete, report.stopped
    wrong = [f"{r.scenario.id}: {r.verdict.reason}" for r in report.results if r.status != "passed"]
    assert not wrong, wrong
    return report


def written(report: Report) -> int:
    """The reports that `run` writes most often; how long they are."""
    dossier = dossier_of(report)
    return sum(len(formats()[name](dossier)) for name in ("text", "json"))


def measure() -> Iterator[Line]:
    """In process, over HTTP, and how a run grows."""
    bench = Bench()
    with bench.run_over_http(copies(26)) as over_http:
        subjects = {
            "bare": bench.bare(time.perf_counter),
            "bare again": bench.bare(time.perf_counter),
            "bare alone": bench.bare(time.thread_time),
            "run": bench.run(copies(65)),
            "http": over_http,
        }
        rounds = in_turn(subjects, ROUNDS)
    yield Line(
        number="5",
        name="a launch sent in a run, in process",
        ratio=ratio(rounds, "run", "bare alone"),
        against=FLOOR,
        goal=Goal("<=", 3.0, 2.2),
    )
    yield Line(
        number="6",
        name="a launch sent in a run, over HTTP",
        ratio=ratio(rounds, "http", "bare"),
        against=FLOOR,
        goal=Goal("<=", 4.0, 3.0),
    )
    yield Line(number="", name="noise: bare launches twice", ratio=ratio(rounds, "bare again", "bare"), against=FLOOR)
