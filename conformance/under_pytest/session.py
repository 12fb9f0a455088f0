"""The LTI side of one pytest process: which tools are up, and what has been found out about them."""

from __future__ import annotations

import contextlib
import datetime
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import AbstractContextManager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from conformance.lab import Lab
from conformance.model import Profile
from conformance.reporting import Output
from conformance.target import Start, open_lab, platform_for
from conformance.toolfile import find, load
from conformance.toolvalues import Tool
from conformance.under_pytest.bench import AnyBench, Bench, in_process
from conformance.under_pytest.checking import require_waivable
from conformance.under_pytest.notebook import Notebook
from conformance.under_pytest.values import Group, InProcess, RunningPlatform, Trial
from mockplatform.app import create_app
from mockplatform.errors import UsageError
from mockplatform.lms import Platform
from mockplatform.server import listen, serve

if TYPE_CHECKING:
    from conformance.under_pytest.planning import Plan
    from conformance.under_pytest.settings import Settings

__all__ = ["Conductor"]


class Conductor:
    """Opens what items and fixtures ask for, remembers what they found out, and closes everything.

    Args:
        worker: what xdist has handed over, if this is one of its worker processes.
    """

    def __init__(self, settings: Settings, worker: Mapping[str, Any] | None = None) -> None:
        self.settings = settings
        self._worker = worker
        self._tools: dict[Path, Tool] = {}
        self._benches: dict[Path, AnyBench] = {}
        self._own: RunningPlatform | None = None
        self._service: Any = None
        self._ask: Callable[..., Any] | None = None
        self.started = datetime.datetime.now(datetime.UTC)
        self.began = time.perf_counter()
        self.trials: dict[tuple[Group, str], Trial] = {}
        self.plan: dict[tuple[str, str], tuple[str, ...]] = {}
        self._plan_is_told = False
        # One process writes: that to which workers send what they find out.
        self.outputs: tuple[Output, ...] = ()
        self.notebook = Notebook(self.outputs)

    def tool_file(self) -> Path:
        """The tool file of this run.

        Raises:
            UsageError: none is named and none is found.
        """
        if self.settings.tool is not None:
            return self.settings.tool
        try:
            return find(None, self.settings.root)
        except UsageError:
            raise UsageError(
                f"{self.settings.root}: there is no tool file; write one with `lti-conformance init`, name one with "
                "--lti-tool, or override the fixture lti_tool"
            ) from None

    def tool(self, path: Path) -> Tool:
        """The tool that a file describes.

        Raises:
            UsageError: the file does not fit.
        """
        if path not in self._tools:
            self._tools[path] = load(path)
        return self._tools[path]

    def profile(self, given: str | None = None, path: Path | None = None) -> str:
        """The profile to run under: the one given, else that of the options, else that of the tool file, else core."""
        named = given or self.settings.profile
        if named is not None:
            return named
        with contextlib.suppress(UsageError):
            path = path or self.tool_file()
        return self.tool(path).profile.name if path is not None else "core"

    def service(self) -> Mapping[str, Any]:
        """An invitation for a worker: this process drives the tools of tool files for all of them."""
        if self._service is None:
            from conformance.under_pytest.remote import Service

            self._service = Service(self.bench_of_file)
        invitation: Mapping[str, Any] = self._service.invitation()
        return invitation

    def bench_of_file(self, path: Path) -> AnyBench:
        """The tool of a file, which is registered with a platform at one address: one for the whole run.

        Raises:
            UsageError: the file does not fit, or this worker has not been told who drives the tool.
        """
        if path not in self._benches:
            self._benches[path] = self._bench_of_file(path)
        return self._benches[path]

    def _bench_of_file(self, path: Path) -> AnyBench:
        where = f"{path}:"
        tool = self.tool(path)
        if self._worker is None:
            return self._bench(tool, self._opener(tool, where), where)
        if "lti_conformance" not in self._worker:
            raise UsageError(f"{where} under -n the tool has one driver for all workers: name the file with --lti-tool")
        from conformance.under_pytest.remote import RemoteBench, connect

        self._ask = self._ask or connect(self._worker["lti_conformance"])
        return RemoteBench(path, self._ask)

    def _bench(self, tool: Tool, opened: Callable[[Profile, Start], AbstractContextManager[Lab]], where: str) -> Bench:
        def opened_if_waivable(profile: Profile, start: Start) -> AbstractContextManager[Lab]:
            # What a fixture gives is not known before; under which profiles it will be tried, not even now.
            require_waivable(tool, (name for waiver in tool.waiver for name in waiver.profiles), where=where)
            return opened(profile, start)

        return Bench(tool, opened_if_waivable, start=self._start(), strict=self.settings.strict, where=where)

    def _opener(
        self, tool: Tool, where: str, platform: Platform | None = None
    ) -> Callable[[Profile, Start], AbstractContextManager[Lab]]:
        remote = self.settings.allow_remote
        return lambda profile, start: open_lab(
            tool, profile, start, platform=platform, where=where, allow_remote=remote
        )

    def _start(self) -> Start:
        start = Start(seed=self.settings.seed)
        if self._worker is not None:
            # Two workers begin in the same millisecond and may share a database.
            start.run_id += f"-{self._worker['workerid']}"
        return start

    @contextlib.contextmanager
    def platform(self) -> Iterator[RunningPlatform]:
        """The platform of the tool file that this run names, or else one of this process at a free port."""
        if self.settings.tool is not None:
            yield self._platform_of(self.settings.tool)
            return
        bound = listen()
        url = f"http://127.0.0.1:{bound.getsockname()[1]}"
        platform = platform_for(self._start(), url=url)
        with serve(create_app(platform), bound):
            self._own = RunningPlatform(
                url=url, issuer=url, client_id="lti-conformance", deployment_id="1", find=lambda: platform
            )
            yield self._own
            self._own = None

    def _platform_of(self, path: Path) -> RunningPlatform:
        tool = self.tool(path)

        def find_platform() -> Platform:
            bench = self.bench_of_file(path)
            if not isinstance(bench, Bench):
                raise UsageError(f"{path}: under -n the controlling process runs the platform of this file")
            return bench.platform(self.profile(path=path))

        return RunningPlatform(
            url=tool.network.public_url or tool.platform.url,
            issuer=tool.issuer,
            client_id=tool.platform.client_id,
            deployment_id=tool.platform.deployment_id,
            find=find_platform,
        )

    @contextlib.contextmanager
    def bench(self, given: Any, faults: Mapping[str, Any], platform: Callable[[], Any]) -> Iterator[AnyBench]:
        """The tool that the fixture `lti_tool` returned.

        Args:
            platform: sets the fixture `lti_platform` up.

        Raises:
            UsageError: it is nothing that can be launched, or not in this process.
        """
        path = next((path for path, known in self._tools.items() if known is given), None)
        if path is not None and not faults:
            yield self.bench_of_file(path)
            return
        if path is not None and self._worker is not None:
            raise UsageError(f"{path}: under -n lti_faults cannot reach this tool: bind its fault points in [faults]")
        bench = self._bench_of_given(given, faults, platform)
        with contextlib.closing(bench):
            yield bench

    def _bench_of_given(self, given: Any, faults: Mapping[str, Any], platform: Callable[[], Any]) -> Bench:
        where = "lti_tool:"
        if isinstance(given, Tool):
            own = self._own if self._own is not None and self._own.url == given.platform.url else None
            if own is None and self._worker is not None:
                raise UsageError(
                    f"{where} under -n only one process can listen at {given.platform.url}: register the tool with "
                    "lti_platform (platform=lti_platform.settings()), or describe it in a tool file"
                )
            tool = _with_faults(given, faults)
            return self._bench(tool, self._opener(tool, where, own.platform if own else None), where)
        running: RunningPlatform = platform()
        if isinstance(given, str):
            base = InProcess(app=None, base_url=given if given.endswith("/") else f"{given}/")
            described = replace(base, login="lti/login", launch="lti/launch").tool(running.settings())
            tool = _with_faults(described, faults)
            return self._bench(tool, self._opener(tool, where, running.platform), where)
        if not isinstance(given, InProcess) and not callable(given):
            kind = type(given).__name__
            raise UsageError(f"{where} returned a {kind}, expected a URL, an application, an InProcess or a Tool")
        described_app = given if isinstance(given, InProcess) else InProcess(app=given)
        tool = _with_faults(described_app.tool(running.settings()), faults)
        return self._bench(
            tool,
            lambda profile, start: in_process(tool, described_app.app, running.platform, profile, start, where=where),
            where,
        )

    def report_to(self, outputs: Iterable[Output]) -> None:
        """These are the reports that were asked for of this process."""
        self.outputs = tuple(outputs)
        self.notebook = Notebook(self.outputs)

    def untold_plan(self) -> Plan:
        """What a worker sends of its plan along with a trial: all with the first, since it is long and stays so."""
        told, self._plan_is_told = self._plan_is_told, True
        return {} if told else self.plan

    def record(self, trial: Trial) -> None:
        """Remember a trial; a later one of the same scenario replaces it."""
        self.trials[trial.group, trial.scenario] = trial

    def close(self) -> None:
        """Take everything down that this process has brought up."""
        self.notebook.close()
        if self._service is not None:
            self._service.close()
        for bench in self._benches.values():
            if isinstance(bench, Bench):
                bench.close()


def _with_faults(tool: Tool, faults: Mapping[str, Any]) -> Tool:
    """The tool with the fault points of the fixture `lti_faults` bound to its callables."""
    callbacks = {point: {"driver": "callback", "target": target} for point, target in faults.items()}
    return replace(tool, faults={**tool.faults, **callbacks})
