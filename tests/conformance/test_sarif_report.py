"""The report as SARIF: valid by tool and schema of others, stable from run to run, within GitHub's limits."""

from __future__ import annotations

import gzip
import json
import os
import subprocess
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from conformance.reports import as_sarif
from conformance.reports.as_sarif import render
from conformance.telling.dossier import Dossier
from tests.conformance.makers import make_dossier, make_entry
from tests.conformance.report_samples import HOSTILE, RUNS, flawed_run, hostile, many, one_of_each
from tests.conformance.validators.fetched import npm_packages

# There is no page about this project to name.
TOLERATED = {"SARIF2005"}


@dataclass(frozen=True, kw_only=True)
class Validator:
    """The SARIF Multitool, and the schema that it brings."""

    program: Path
    folder: Path
    schema: jsonschema.Draft202012Validator

    def complaints(self, text: str) -> set[str]:
        """What its rules, those of GitHub's code scanning among them, and the schema have against a file."""
        (self.folder / "report.sarif").write_text(text, encoding="utf-8")
        found = self.folder / "found.sarif"
        found.unlink(missing_ok=True)
        done = subprocess.run(
            [
                *(self.program, "validate", "report.sarif", "--output", found, "--log", "ForceOverwrite"),
                *("--rule-kind", "Sarif;Ghas", "--json-schema", self.program.parent / "sarif-2.1.0.json"),
            ],
            cwd=self.folder,
            # It needs no ICU, and writes to its folder unless told otherwise.
            env={**os.environ, "DOTNET_SYSTEM_GLOBALIZATION_INVARIANT": "1", "DOTNET_BUNDLE_EXTRACT_BASE_DIR": "."},
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        # It exits with 0 even if it finds errors.
        assert "1 files scanned" in done.stdout, done.stdout + done.stderr
        (told,) = json.loads(found.read_text(encoding="utf-8-sig"))["runs"]
        notes = [note for each in told["invocations"] for note in each.get("toolExecutionNotifications", ())]
        # SARIF 3.27.10: a result without a level is a warning.
        rules = {each["ruleId"] for each in told["results"] if each.get("level", "warning") in ("warning", "error")}
        schema = {f"schema: {error.json_path}" for error in self.schema.iter_errors(json.loads(text))}
        return (rules - TOLERATED) | schema | {str(note["descriptor"]) for note in notes}


@pytest.fixture(scope="session")
def multitool(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, jsonschema.Draft202012Validator]:
    """The program, and the schema, as the package for this system has them."""
    owner = npm_packages("sarif", tmp_path_factory) / "@microsoft"
    folder = next((one for one in owner.glob("sarif-multitool-*") if (one / "Sarif.Multitool").exists()), None)
    if folder is None:
        pytest.skip("the SARIF Multitool has no build for this system")
    program = folder / "Sarif.Multitool"
    program.chmod(0o755)
    schema = json.loads((folder / "sarif-2.1.0.json").read_text(encoding="utf-8-sig"))
    checker = jsonschema.Draft202012Validator.FORMAT_CHECKER
    return program, jsonschema.Draft202012Validator(schema, format_checker=checker)


@pytest.fixture
def validator(multitool: tuple[Path, jsonschema.Draft202012Validator], tmp_path: Path) -> Validator:
    program, schema = multitool
    return Validator(program=program, schema=schema, folder=tmp_path)


def run_of(dossier: Dossier) -> Any:
    (run,) = json.loads(render(dossier))["runs"]
    return run


def results_of(dossier: Dossier) -> Mapping[str, Any]:
    return {result["ruleId"]: result for result in run_of(dossier)["results"]}


@pytest.mark.parametrize("name", RUNS)
def test_every_kind_of_run_is_valid(validator: Validator, name: str) -> None:
    """Neither the Multitool nor the schema has anything against it, and the file ends with a line break."""
    text = render(RUNS[name])
    assert validator.complaints(text) == set()
    assert text.endswith("}\n")


def test_the_run_of_a_flawed_tool_is_valid(validator: Validator) -> None:
    """What failed and what could not be judged is in it."""
    run = flawed_run()
    assert validator.complaints(render(run)) == set()
    broken = {entry.id for entry in run.results if entry.status in ("failed", "error", "warned")}
    assert broken
    assert set(results_of(run)) == broken


def test_hostile_texts_are_valid(validator: Validator) -> None:
    """All of them at once, each in a place of its own."""
    runs = [hostile(text) for text in HOSTILE.values()]
    entries = [
        replace(entry, id=f"area{number}/{entry.status}") for number, run in enumerate(runs) for entry in run.results
    ]
    assert validator.complaints(render(make_dossier(*entries, rules=runs[0].rules))) == set()


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_texts_change_no_structure(name: str) -> None:
    """Rules and results are as many, and no message has a link."""
    told, plain = run_of(hostile(HOSTILE[name])), run_of(one_of_each())
    assert [rule["id"] for rule in told["tool"]["driver"]["rules"]] == [
        rule["id"] for rule in plain["tool"]["driver"]["rules"]
    ]
    assert len(told["results"]) == len(plain["results"])
    assert not any("](" in result["message"]["text"] for result in told["results"])


def test_large_runs_are_valid(validator: Validator) -> None:
    """What is cut is cut rightly."""
    assert validator.complaints(render(many(1000))) == set()


Spoil = Callable[[Any], object]
SPOILT: Mapping[str, Spoil] = {
    "a level that is none": lambda run: run["results"][0].update(level="fatal"),
    "an index of no rule": lambda run: run["results"][0].update(ruleIndex=99),
    "no location": lambda run: run["results"][0].pop("locations"),
    "an address that is none": lambda run: run["results"][0]["locations"][0]["physicalLocation"][
        "artifactLocation"
    ].update(uri="a b\\c"),
    "no message": lambda run: run["results"][0].pop("message"),
    "a time that is none": lambda run: run["invocations"][0].update(startTimeUtc="yesterday"),
    "a member that is unknown": lambda run: run["results"][0].update(verdict="failed"),
    "no tool": lambda run: run.pop("tool"),
}


@pytest.mark.parametrize("name", SPOILT)
def test_the_validator_refuses_what_is_wrong(validator: Validator, name: str) -> None:
    """A spoilt file does not pass, so that the other tests mean something."""
    log = json.loads(render(one_of_each()))
    SPOILT[name](log["runs"][0])
    assert validator.complaints(json.dumps(log)) != set()


def test_a_rule_is_a_scenario() -> None:
    """It says why it matters, how to fix it and where it stands, and has the scenario's severity."""
    entries = [make_entry(f"area/{severity}", "failed", severity=severity) for severity in ("must", "should", "may")]
    rules = run_of(make_dossier(*entries))["tool"]["driver"]["rules"]
    assert [(rule["id"], rule["defaultConfiguration"]["level"]) for rule in rules] == [
        ("area/must", "error"),
        ("area/should", "warning"),
        ("area/may", "note"),
    ]
    for part in (
        "The reason for area/must.",
        "How to fix:",
        "rejected (1001, TokenExpired, class security)",
        "Launch again.",
    ):
        assert part in rules[0]["help"]["text"]
        assert part in rules[0]["help"]["markdown"].replace("**", "")
    assert "[SEC §5.1.3 step 9](<https://example.org/sec>) (MUST)" in rules[0]["help"]["markdown"]
    assert (rules[0]["name"], rules[0]["helpUri"]) == ("AreaMust", "https://example.org/sec")


def test_only_what_is_broken_is_a_result() -> None:
    """What passed or was skipped is a rule without one; a result points to its rule and to the tool file."""
    run = run_of(one_of_each())
    told = {result["ruleId"] for result in run["results"]}
    assert told == {"area/failed", "area/error", "area/warned", "area/waived"}
    rules = run["tool"]["driver"]["rules"]
    assert len(rules) == 6
    assert all(rules[result["ruleIndex"]]["id"] == result["ruleId"] for result in run["results"])
    places = {json.dumps(result["locations"]) for result in run["results"]}
    assert len(places) == 1
    assert '"uri": "lti-conformance.toml"' in places.pop()


def test_what_is_waived_is_suppressed() -> None:
    """With the reason; no other result is, and each says so."""
    found = {id_: result["suppressions"] for id_, result in results_of(one_of_each()).items()}
    waived = [{"kind": "external", "status": "accepted", "justification": "the reason why area/waived is waived"}]
    assert found == {"area/waived": waived, "area/failed": [], "area/error": [], "area/warned": []}


def test_a_fingerprint_stays_the_same_from_run_to_run() -> None:
    """It is made of scenario, profile and status, and of nothing that varies."""

    def mark(status: Any = "failed", id_: str = "area/name", profile: str = "own", **changes: Any) -> Any:
        dossier = make_dossier(make_entry(id_, status, **changes), profile=profile, seed=len(changes))
        return results_of(dossier)[id_]["partialFingerprints"]

    assert mark() == mark(reason="another", duration_s=9.0, replay="another", severity="may") == mark("waived")
    # A warning that is waived is the same alert before and after.
    assert mark("warned") == mark("waived")
    assert len({json.dumps(each) for each in (mark(), mark("error"), mark(id_="area/b"), mark(profile="b"))}) == 4
    assert "primaryLocationLineHash" in mark()


@pytest.mark.parametrize(
    ("name", "successful", "code", "notes"),
    [
        ("all passed", True, 0, 0),
        ("stopped", False, 3, 2),
        ("partial", False, 2, 1),
        ("nothing tested", False, 2, 1),
        ("stale waiver", True, 4, 1),
        ("regressed", True, 5, 1),
    ],
)
def test_an_invocation_tells_how_the_run_ended(name: str, successful: bool, code: int, notes: int) -> None:
    """A run that ended early was not successful, and says why."""
    (invocation,) = run_of(RUNS[name])["invocations"]
    assert (invocation["executionSuccessful"], invocation["exitCode"]) == (successful, code)
    assert invocation["exitCodeDescription"] == RUNS[name].headline
    assert len(invocation["toolExecutionNotifications"]) == notes


def test_a_result_tells_the_lies() -> None:
    """In its message as far as there is room, and all of them beside it."""
    lies = tuple(f"claim c{number} is left out, in place of {'x' * 100!r}" for number in range(20))
    (few,) = run_of(make_dossier(make_entry(status="failed", lies=lies[:2])))["results"]
    (many_,) = run_of(make_dossier(make_entry(status="failed", lies=lies)))["results"]
    assert [line for line in few["message"]["text"].splitlines() if "Instead" in line] == [
        f"Instead: {lie}" for lie in lies[:2]
    ]
    *shown, last = [line for line in many_["message"]["text"].splitlines() if "Instead" in line]
    assert 0 < len(shown) < 20
    assert last == f"Instead: … and {20 - len(shown)} more"
    assert len(many_["message"]["text"]) <= as_sarif.LONGEST_TEXT
    assert many_["message"]["text"].endswith("--only area/name")
    assert many_["properties"]["lies"] == list(lies)


def test_what_github_does_not_take_is_left_out_and_counted() -> None:
    """25 000 results and rules at most, the severest first, in a file of at most 10 MB when it is compressed."""
    text = render(many(30_000, "failed"))
    (run,) = json.loads(text)["runs"]
    assert (len(run["results"]), len(run["tool"]["driver"]["rules"])) == (25_000, 25_000)
    levels = [result["level"] for result in run["results"]]
    assert levels == sorted(levels, key=["error", "warning", "note"].index)
    assert levels.count("error") == sum(entry.severity == "must" for entry in many(30_000, "failed").results)
    (note,) = run["invocations"][0]["toolExecutionNotifications"]
    assert "5000 results are left out" in note["message"]["text"]
    assert len(gzip.compress(text.encode(), 6)) < 10_000_000


def test_long_texts_are_cut() -> None:
    """A message and a description have 1024 characters at most, counted as GitHub does; the command stays whole."""
    long = "\U0001f600 " * 5000
    dossier = make_dossier(make_entry("area/" + "n" * 300, "failed", title="t" * 300, why=long, reason=long, sent=long))
    run = run_of(dossier)
    (rule,), (result,) = run["tool"]["driver"]["rules"], run["results"]
    for text in (rule["fullDescription"]["text"], result["message"]["text"]):
        assert 500 < len(text.encode("utf-16-le")) // 2 <= as_sarif.LONGEST_TEXT
    assert result["message"]["text"].endswith(dossier.results[0].replay)
    assert len(rule["name"]) <= as_sarif.LONGEST_NAME
