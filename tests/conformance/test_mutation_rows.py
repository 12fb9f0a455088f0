"""The table of broken launches worth having, and what in this project covers each of its rows.

`mutation_rows/*.toml` holds the rows: an id such as `HDR-01` and where it is covered. A row is `covered_by` scenarios,
by a `sequence` or a `property` of the deeper phases, by a `probe` (a sentence that names a check or what asks for the
same thing elsewhere), or `left_out` for a reason; a row with several variants may have both.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import pytest

from conformance import veins
from conformance.catalogue import scenarios
from conformance.model import Scenario
from conformance.phases import phases
from mockplatform.mutation import mutations
from mockplatform.tables import build, read_toml

FOLDER = Path(__file__).parent / "mutation_rows"

ROWS = {
    "HDR": 29,
    "SIG": 17,
    "CLM": 22,
    "TYP": 21,
    "SEM": 25,
    "TIM": 10,
    "FRM": 12,
    "OID": 16,
    "STA": 18,
    "JWK": 16,
    "DLK": 9,
    "SVC": 12,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One `[[row]]`."""

    id: str
    covered_by: tuple[str, ...] = ()
    sequence: tuple[str, ...] = ()
    property: tuple[str, ...] = ()
    probe: str = ""
    left_out: str = ""


def rows() -> tuple[Row, ...]:
    """The rows of all files."""
    tables = [(path.name, table) for path in sorted(FOLDER.glob("*.toml")) for table in read_toml(path)["row"]]
    return tuple(build(Row, table, where=f"{name}: row {table.get('id')}:") for name, table in tables)


def properties() -> tuple[Scenario, ...]:
    """What the deeper phases hold a tool to."""
    return tuple(found for phase in phases() for found in phase.properties())


every_row = pytest.mark.parametrize("row", rows(), ids=lambda row: str(row.id))


@pytest.mark.parametrize("group", ROWS)
def test_every_row_is_there_once(group: str) -> None:
    """The rows of a group are numbered from one, and none is missing or there twice."""
    found = Counter(row.id for row in rows() if row.id.startswith(f"{group}-"))

    assert found == Counter(f"{group}-{number:02}" for number in range(1, ROWS[group] + 1))


def test_no_row_is_of_an_unknown_group() -> None:
    """A mistyped group would be counted nowhere."""
    assert {row.id.partition("-")[0] for row in rows()} <= ROWS.keys()


@every_row
def test_a_row_is_covered_or_left_out_for_a_reason(row: Row) -> None:
    """Each row says where it is covered, or why not, and reasons are sentences."""
    assert row.covered_by or row.sequence or row.property or row.probe or row.left_out
    assert all(text[0].isupper() and text.endswith(".") for text in (row.probe, row.left_out) if text)


@every_row
def test_what_a_row_names_exists(row: Row) -> None:
    """Each scenario and each property that a row names is one of this project's."""
    assert set(row.covered_by) <= {scenario.id for scenario in scenarios()}
    assert {*row.sequence, *row.property} <= {found.id for found in properties()}
    assert all(id_.startswith("sequences/") for id_ in row.sequence)


def test_each_mutation_is_used() -> None:
    """A lie that no scenario, no property and no family of generated launches tells protects nobody."""
    stories = (*scenarios(), *properties())
    attempts = [attempt for story in stories for attempt in (*story.before, story.attempt)]
    told = {spoilt.mutation.name for attempt in attempts for spoilt in attempt.mutations}
    # Generated launches are known by the strategies that draw them.
    strategies = "".join(path.read_text("utf-8") for path in Path(veins.__file__).parent.glob("*.py"))

    assert [name for name in mutations().keys() - told if name not in strategies] == []
