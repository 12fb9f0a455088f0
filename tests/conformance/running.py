"""Short runs of own scenarios against a miniature."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from conformance.lab import Lab
from conformance.model import Finding, Result, Scenario
from conformance.runner import Options, Runner
from tests.conformance.makers import make_profile, scenarios_of
from tests.conformance.miniatures import Miniature, lab_of, refused, welcome

__all__ = [
    "CODES",
    "EXPIRED",
    "FAULTY",
    "HEAD",
    "LENIENT",
    "NO_MAIL",
    "PLAIN",
    "THREE",
    "Fault",
    "results_of",
    "statuses",
    "table",
    "tried",
]


HEAD = 'title = "T"\nwhy = "W."\nrequirement = ["SEC-5.1.3-09"]\n'


CODES = make_profile("code")


LENIENT = make_profile(crash="refusal")


def table(name: str, *lines: str) -> str:
    return f'[[scenario]]\nname = "{name}"\n{HEAD}' + "".join(f"{line}\n" for line in lines)


EXPIRED = table("expired", 'mutations = ["claims.expired"]', "expect.any = { code = 1001 }")


NO_MAIL = table("no-mail", "mutations = ['claims.without(claim=\"email\")']", "expect.any = { code = 1006 }")


PLAIN = table("plain", 'expect.any = { outcome = "launched" }')


THREE = EXPIRED + NO_MAIL + PLAIN


FAULTY = table("faulty", 'faults = [{ point = "class.create" }]', "expect.any = { code = 1014 }")


class Fault:
    """A fault point: while it is armed the rule behind it refuses, unless nobody asks."""

    def __init__(self, code: int = 1014) -> None:
        self.code = code
        self.hits = 0
        self.mode: str | None = None
        self.told: list[str] = []

    @contextlib.contextmanager
    def __call__(self, mode: str) -> Iterator[Fault]:
        self.mode = mode
        self.told.append(f"armed {mode}")
        try:
            yield self
        finally:
            self.mode = None
            self.told.append("disarmed")

    def rule(self, tool: Miniature, claims: Mapping[str, Any]) -> Any:
        """Refuses while it is armed."""
        if self.mode is None:
            return welcome(tool, claims)
        self.hits += 1
        return refused(self.code)


def results_of(
    lab: Lab, found: Sequence[Scenario], *, plain: bool = True, settle: Any = None, **options: Any
) -> tuple[dict[str, Result], list[Finding]]:
    runner = Runner(lab, Options(**options))
    if plain:
        runner.plain_launch()
    run = runner.run(found, settle) if settle else runner.run(found)
    return {result.scenario.id.removeprefix("own/"): result for result in run}, runner.findings


def tried(
    app: Any, folder: Path, text: str = THREE, *, options: Mapping[str, Any] | None = None, **lab_options: Any
) -> dict[str, Result]:
    lab_options.setdefault("profile", CODES)
    with lab_of(app, **lab_options) as lab:
        return results_of(lab, scenarios_of(folder, text), **(options or {}))[0]


def statuses(results: Mapping[str, Result]) -> dict[str, str]:
    return {name: result.status for name, result in results.items()}
