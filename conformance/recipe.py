"""Recipes: all that is needed to send one story again and judge it as it was judged. Pure.

A recipe is JSON. It holds the story as a scenario's file would write it, the one expectation that counted, and what
was seen; people, courses and secrets are drawn anew, so that a tool never meets the same person twice. A story can
also be written as an entry of a scenario file or as a test for pytest.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import MISSING, asdict, dataclass, fields, replace
from pathlib import PurePath
from typing import Any

from conformance.catalogue import NEEDS, attempt_of, scenario_of
from conformance.model import Answer, Attempt, Expectation, Result, Scenario, Severity
from conformance.scenario_tables import AttemptTable, ScenarioTable
from mockplatform.errors import UsageError
from mockplatform.tables import build

__all__ = [
    "SCHEMA",
    "Recipe",
    "Target",
    "as_json",
    "as_test",
    "as_toml",
    "file_name",
    "read_recipe",
    "recipe_of",
]

SCHEMA = "lti-conformance-recipe/1"
LISTED = ("title", "why", "fix", "requirement", "severity", "mutations")
"""What an entry of a scenario file begins with."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """Which tool it was, and how the run was asked for."""

    tool: str = ""
    """The path of the tool file; empty for the sample tool and for one that a test describes."""
    demo: bool = False
    allow_remote: bool = False
    strict: bool = False
    examples: int = 0
    """How many launches were generated for a property."""
    flavour: str = "neutral"
    quirks: tuple[str, ...] = ()
    """Quirks on top of the flavour in which the platform spoke, as they were typed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What was said when it failed."""

    status: str
    reason: str
    outcome: str = ""
    klass: str = ""
    type: str = ""
    code: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """The right answers, the preferred one first, each in full."""

    answers: tuple[Answer, ...]
    severity: Severity = "must"


@dataclass(frozen=True, slots=True, kw_only=True)
class _File:
    schema: str
    id: str
    profile: str
    seed: int
    target: Target
    told: Told
    expected: Wanted
    scenario: ScenarioTable
    judged: AttemptTable | None = None
    """The last launch, where it has something of its own that an entry of a scenario file cannot say."""
    rotates: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipe:
    """One story and how it was judged.

    Args:
        scenario: its expectation is the one that counted, whatever the profile.
    """

    scenario: Scenario
    profile: str
    seed: int
    target: Target
    told: Told


def recipe_of(result: Result, *, profile: str, seed: int, target: Target) -> Recipe:
    """The recipe of a result."""
    seen = result.observation
    told = Told(
        status=result.status,
        reason=result.verdict.reason,
        outcome=seen.outcome if seen else "",
        klass=(seen.klass if seen else None) or "",
        type=(seen.type if seen else None) or "",
        code=(seen.code if seen else None) or 0,
    )
    scenario = replace(result.scenario, expect={"any": result.expectation}, guards=(), rulings=())
    return Recipe(scenario=scenario, profile=profile, seed=seed, target=target, told=told)


def file_name(recipe: Recipe) -> str:
    """A name for the file, the same for the same scenario and profile."""
    return (
        re.sub(r"[^a-z0-9.-]+", "-", f"{PurePath(recipe.profile).stem}-{recipe.scenario.id}".lower()).strip("-.")
        + ".json"
    )


def as_json(recipe: Recipe) -> str:
    """The recipe as its file has it."""
    expectation = recipe.scenario.expect["any"]
    document = {
        "schema": SCHEMA,
        "id": recipe.scenario.id,
        "profile": recipe.profile,
        "seed": recipe.seed,
        "target": _given(recipe.target),
        "told": _given(recipe.told),
        "expected": {
            "severity": expectation.severity,
            "answers": [_answer(answer) for answer in expectation.answers],
        },
        "scenario": table_of(recipe.scenario),
        **({"judged": _attempt(recipe.scenario.attempt, recipe.scenario)} if _is_special(recipe.scenario) else {}),
        "rotates": recipe.scenario.rotates,
    }
    return json.dumps(document, indent=1, ensure_ascii=False) + "\n"


def read_recipe(text: str, *, where: str) -> Recipe:
    """The recipe that a file holds.

    Raises:
        UsageError: it is no recipe, one of another version, or names something unknown.
    """
    try:
        document = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise UsageError(f"{where}: not JSON: {error}") from None
    schema = document.get("schema") if isinstance(document, dict) else None
    if schema != SCHEMA:
        raise UsageError(f"{where}: no recipe of this version: schema is {schema!r}, expected {SCHEMA!r}")
    file = build(_File, document, where=f"{where}:")
    if not file.expected.answers:
        raise UsageError(f"{where}: expected.answers is empty, so nothing could be judged")
    preferred, *allowed = file.expected.answers
    expectation = Expectation(preferred=preferred, allowed=tuple(allowed), severity=file.expected.severity)
    scenario = replace(scenario_of(file.scenario, file.id, where), expect={"any": expectation}, rotates=file.rotates)
    if file.judged is not None:
        scenario = replace(scenario, attempt=attempt_of(file.judged, file.scenario, where))
    return Recipe(scenario=scenario, profile=file.profile, seed=file.seed, target=file.target, told=file.told)


def table_of(scenario: Scenario) -> dict[str, Any]:
    """A scenario as its file writes it, without what it expects."""
    own = ("name", "finish", "role", "registration", "states")
    judged = {key: value for key, value in _attempt(scenario.attempt, scenario).items() if key not in own}
    table = {
        "name": scenario.id.partition("/")[2] or scenario.id,
        "title": scenario.title,
        "why": scenario.why,
        "fix": scenario.fix,
        "requirement": list(scenario.requirement),
        **judged,
        "lti": scenario.attempt.lti,
        "message": scenario.attempt.message,
        "before": [_attempt(attempt, scenario) for attempt in scenario.before],
        "role": scenario.role,
        "registration": scenario.registration,
        "needs": [need for need in scenario.needs if need in NEEDS],
        "states": None if scenario.states is None else list(scenario.states),
        "faults": [_given(fault) for fault in scenario.faults],
        "wire": [_given(fault) for fault in scenario.wire],
        "quirks": dict(scenario.quirks),
        "crowd": scenario.crowd,
        **{key: list(getattr(scenario, key)) for key in ("about", "checks", "guards", "aliases")},
    }
    honest = {f.name: f.default for f in fields(ScenarioTable) if f.default is not MISSING}
    # An empty list of states says that nothing is arranged; left out, the profile decides.
    return {k: v for k, v in table.items() if v != honest.get(k) and (v != [] or k == "states")}


def _attempt(attempt: Attempt, scenario: Scenario) -> dict[str, Any]:
    table: dict[str, Any] = {
        "name": attempt.name,
        "mutations": list(map(str, attempt.mutations)),
        "browser": attempt.browser,
        "login": attempt.login,
        "finish": attempt.finish,
        "lti": attempt.lti,
        "action": attempt.action,
        "role": attempt.role,
        "registration": attempt.registration,
        "states": list(attempt.states),
        "message": attempt.message,
        "person": attempt.person,
        "copies": attempt.copies,
    }
    honest = {f.name: f.default for f in fields(AttemptTable)} | {
        "lti": scenario.attempt.lti,
        "message": scenario.attempt.message,
    }
    return {key: value for key, value in table.items() if value not in (honest[key], [])}


def _is_special(scenario: Scenario) -> bool:
    """Whether the judged launch has something of its own that the earlier ones do not share."""
    attempt = scenario.attempt
    return bool(attempt.registration or attempt.states or attempt.role or not attempt.finish)


def _given(value: Any) -> dict[str, Any]:
    """The fields of a dataclass that are not as they would be anyway."""
    usual = {f.name: f.default for f in fields(value)}
    return {key: item for key, item in asdict(value).items() if item != usual[key]}


def _answer(answer: Answer) -> dict[str, Any]:
    named = {"class" if key == "klass" else key: item for key, item in asdict(answer).items()}
    return {key: item for key, item in named.items() if item is not None}


def as_toml(recipe: Recipe) -> str:
    """The story as an entry of a scenario file.

    Raises:
        UsageError: its last launch has a platform, a role or states of its own, for which such an entry has no words.
    """
    scenario = recipe.scenario
    if _is_special(scenario):
        raise UsageError(f"{scenario.id}: the last launch differs from those before it; write it as --format pytest")
    table = table_of(scenario)
    keys = ["name", *LISTED, *(key for key in table if key not in ("name", *LISTED))]
    lines = [f"{key} = {_toml(table[key])}" for key in keys if key in table]
    expectation = scenario.expect["any"]
    if expectation.severity != "must":
        lines.append(f"severity = {_toml(expectation.severity)}")
    expect = _answer(expectation.preferred)
    if expectation.allowed:
        expect["allowed"] = [_alternate(answer, expectation.preferred) for answer in expectation.allowed]
    lines.append(f"expect.{_key(recipe.profile, 'any')} = {_toml(expect)}")
    return "\n".join(["[[scenario]]", *lines]) + "\n"


def _alternate(answer: Answer, preferred: Answer) -> dict[str, Any]:
    """An alternate, which takes from the preferred answer what it does not say."""
    anything = {"type": "any"} if answer.type is None and preferred.type is not None else {}
    return _answer(answer) | (anything if answer.outcome == "rejected" else {})


def _key(name: str, otherwise: str = "") -> str:
    return name if re.fullmatch(r"[A-Za-z0-9_-]+", name) else otherwise or json.dumps(name)


def _toml(value: Any) -> str:
    if isinstance(value, Mapping):
        return "{ " + ", ".join(f"{_key(key)} = {_toml(item)}" for key, item in value.items()) + " }"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(map(_toml, value)) + "]"
    # JSON writes text, numbers and truth as TOML does.
    return json.dumps(value, ensure_ascii=False)


def as_test(recipe: Recipe) -> str:
    """The story as a test for pytest, to be repeated on the tool of the fixture `lti_tool`."""
    scenario = recipe.scenario
    name = re.sub(r"\W+", "_", scenario.id.lower()).strip("_")
    recipe_text = as_json(recipe).replace("\\", "\\\\").replace('"""', '\\"\\"\\"')
    return (
        f'"""{scenario.id}: {_one_line(scenario.title)}."""\n\n'
        f'RECIPE = """\n{recipe_text}"""\n\n\n'
        f"def test_{name}(lti_replay):\n"
        f'    """{_one_line(scenario.title)}."""\n'
        f"    lti_replay(RECIPE)\n"
    )


def _one_line(text: str) -> str:
    return " ".join(text.split()).replace("\\", "\\\\").replace('"', "'").rstrip(".")
