"""Every cell of the matrix of fault points and drivers that is marked reachable is exercised on the sample tool."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from conformance.catalogue import scenarios, select
from conformance.demo import Bindings, callbacks, demo_lab
from conformance.errors import codes
from conformance.faults import fault_points, reachable
from conformance.lab import Lab
from conformance.model import Result, Scenario
from conformance.profile import load_profile
from conformance.runner import Options, Runner
from conformance.sample_tool.faults import POINTS
from conformance.target import Start
from conformance.telling.documenting import dossier_of
from tests.conformance.makers import make_report
from tests.conformance.postgres import PostgreSQL

Cell = tuple[str, str]

SECRET = "known-to-this-test-alone"
TABLES = {
    "credentials.read": "lti_credentials",
    "zoom_auth.read": "zoom_authorisations",
    "course_link.read": "course_links",
    "meeting_defaults.read": "meeting_defaults",
    "class.create": "classes",
    "deferred.create": "deferred_classes",
    "enrollment.write": "enrolments",
    "class.read": "classes",
    "zoom.session": "zoom_authorisations",
}
TOKEN_REFUSED = 1001
CLASS = load_profile("class")


def single_faults() -> list[Scenario]:
    """The scenarios whose outcome depends on one fault."""
    return [s for s in select(scenarios(), CLASS) if len(s.faults) == 1]


def cells_of(kind: str) -> set[Cell]:
    """What a driver says it reaches."""
    return {(point.name, mode) for point in fault_points().values() for mode in reachable(point).get(kind, ())}


def only_this(bindings: Bindings, lab: Lab) -> list[Result]:
    """The results of all scenarios with one fault at one of these points."""
    runner = Runner(lab, Options(repeat_failures=False))
    runner.plain_launch()
    found = [scenario for scenario in single_faults() if scenario.faults[0].point in bindings]
    return list(runner.run(found))


def of_every_code() -> list[Scenario]:
    """All scenarios in which the tool comes to its own data, and of the others one of each area and answer."""
    chosen: list[Scenario] = []
    known: set[tuple[str, int | None]] = set()
    for scenario in select(scenarios(), CLASS):
        expectation = CLASS.expectation(scenario)
        assert expectation is not None
        code, area = expectation.preferred.code, scenario.id.partition("/")[0]
        # Single launches that are refused for their token, or let in, are alike to the database.
        usual = code in (None, TOKEN_REFUSED) and not (scenario.faults or scenario.states or scenario.before)
        if not usual or (area, code) not in known:
            chosen.append(scenario)
        known.add((area, code))
    return chosen


def told(result: Result) -> str:
    return f"{result.scenario.id}: {result.status}: {result.verdict.reason}"


def proven(results: list[Result]) -> set[Cell]:
    """The cells in which a fault that had to fire did, with the right answer."""
    return {
        (fault.point, fault.mode)
        for result in results
        for fault in result.scenario.faults
        if result.status == "passed" and fault.must_fire
    }


def wrong(results: list[Result], *, besides: tuple[str, ...] = ()) -> list[str]:
    """What did not pass, but for ways in which the driver cannot fail."""
    fine = ("missing-fault-mode", *besides)
    return [told(result) for result in results if result.status != "passed" and result.verdict.cause not in fine]


def tried(bindings: Bindings, *, database_url: str | None = None, **options: Any) -> list[Result]:
    given = {} if database_url is None else {"database_url": database_url}
    with demo_lab(CLASS, Start(seed=0), faults=lambda _: bindings, **given, **options) as lab:
        return only_this(bindings, lab)


def test_callback() -> None:
    """A context manager per point."""
    with demo_lab(CLASS, Start(seed=0), faults=callbacks) as lab:
        results = only_this(lab.tool.faults, lab)

    assert wrong(results) == []
    assert proven(results) == cells_of("callback")


def test_control() -> None:
    """The endpoint of the sample tool."""
    bindings = {point: {"driver": "control", "secret": SECRET} for point in POINTS}
    results = tried(bindings, control_secret=SECRET)

    assert wrong(results) == []
    assert proven(results) == cells_of("control")


def test_upstream() -> None:
    """The fake Zoom of the demonstration."""
    with demo_lab(CLASS, Start(seed=0)) as lab:
        bindings = {name: t for name, t in lab.tool.faults.items() if t["driver"] == "upstream"}
        results = only_this(bindings, lab)

    assert wrong(results) == []
    # The sample tool keeps its authorisations itself; a tool that asks Zoom for them is in the tests of the driver.
    assert proven(results) == {cell for cell in cells_of("upstream") if cell[0] != "zoom_auth.read"}


def sql(dsn: str) -> Bindings:
    return {point: {"driver": "sql", "dsn": dsn, "table": table} for point, table in TABLES.items()}


def test_sql_on_sqlite(tmp_path: Path) -> None:
    """A file: no timeouts, since its locks cover the whole database, and no counts, so that a launch proves nothing."""
    url = f"sqlite:///{tmp_path / 'tool.sqlite'}"
    results = tried(sql(url), database_url=url)

    assert wrong(results, besides=("fault-unproven",)) == []
    unproven = {("meeting_defaults.read", "empty")} | {cell for cell in cells_of("sql") if cell[1] == "timeout"}
    assert proven(results) == cells_of("sql") - unproven


def test_sql_on_postgresql(postgresql: PostgreSQL) -> None:
    """All that the driver can do, counted by the database itself."""
    dsn = postgresql.dsn(postgresql.new_database())
    results = tried(sql(dsn), database_url=dsn)

    assert wrong(results) == []
    assert proven(results) == cells_of("sql")


def test_proxy(postgresql: PostgreSQL, tmp_path: Path) -> None:
    """All that the driver can do, with the tool's database behind the proxy."""
    database = postgresql.new_database()
    bindings = {
        point: {"driver": "proxy", "listen": str(tmp_path), "upstream": postgresql.dsn(database), "table": table}
        for point, table in TABLES.items()
    }
    results = tried(bindings, database_url=postgresql.dsn(database, host=str(tmp_path)))

    assert wrong(results) == []
    assert proven(results) == cells_of("proxy")


def test_every_code_on_postgresql(postgresql: PostgreSQL, tmp_path: Path) -> None:
    """Each code is told with the tool's tables in PostgreSQL, its reads behind the proxy, and Zoom upstream."""
    database = postgresql.new_database()
    bindings = {
        point: {"driver": "proxy", "listen": str(tmp_path), "upstream": postgresql.dsn(database), "table": table}
        for point, table in TABLES.items()
        if fault_points()[point].access != "call"
    }
    url = postgresql.dsn(database, host=str(tmp_path))
    with demo_lab(CLASS, Start(seed=0), database_url=url, faults=lambda _: bindings) as lab:
        runner = Runner(lab, Options())
        runner.plain_launch()
        results = list(runner.run(of_every_code()))

    rows = dossier_of(make_report(*results, profile=CLASS)).codes
    assert wrong(results, besides=("not-applicable",)) == []
    assert {row.code: row.status for row in rows} == dict.fromkeys(codes(), "passed")


def test_natural() -> None:
    """The scenarios that need nothing injected exist, inject nothing, and expect what an empty answer is called."""
    known = {scenario.id: scenario for scenario in scenarios()}
    for point in fault_points().values():
        for name in point.natural:
            expectation = CLASS.expectation(known[name])
            assert known[name].faults == ()
            assert expectation is not None
            assert expectation.preferred.code == point.absent

    assert cells_of("natural") == {(p.name, "empty") for p in fault_points().values() if p.natural}
