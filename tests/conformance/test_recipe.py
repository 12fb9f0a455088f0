from __future__ import annotations

import dataclasses
import json
import tomllib
from pathlib import Path

import pytest

from conformance.catalogue import read_scenarios, scenarios
from conformance.model import Answer, Attempt, Expectation, Fault, Scenario
from conformance.recipe import (
    SCHEMA,
    Recipe,
    Target,
    Told,
    as_json,
    as_test,
    as_toml,
    file_name,
    read_recipe,
    recipe_of,
)
from mockplatform.errors import UsageError
from mockplatform.mutation import bind
from tests.conformance.makers import make_observation, make_result, make_scenario

CATALOGUE = [(scenario, name) for scenario in scenarios() for name in scenario.expect]


def made(scenario: Scenario, expectation: Expectation, profile: str = "class") -> Recipe:
    return Recipe(
        scenario=dataclasses.replace(scenario, expect={"any": expectation}, guards=(), rulings=()),
        profile=profile,
        seed=7,
        target=Target(tool="lti-conformance.toml", examples=100),
        told=Told(status="failed", reason="it was let in", outcome="launched"),
    )


def story() -> Scenario:
    """A story with everything in it that a story can have."""
    lie = bind("claims.value(claim='sub', value='a\"b\\\\c\\ud800\\n{}')", where="test")
    return dataclasses.replace(
        make_scenario(),
        id="sequences/nonce-once",
        before=(
            Attempt(name="login", browser="second", finish=False, person="other", message="deep_linking"),
            Attempt(name="warm", registration="second", role="student", states=("zoom_authorised",), lti="1.3"),
        ),
        attempt=Attempt(name="judged", login="login", browser="second", mutations=(lie,), copies=20),
        faults=(Fault(point="class.create", mode="error", times=2, since="warm", must_fire=False),),
        states=(),
        checks=("fresh_values",),
        needs=("1.3", "accounts", "deep_linking", "second"),
    )


def test_every_scenario_survives_being_written_and_read():
    """A recipe read back is the one that was written, for each scenario and each of its expectations."""
    for scenario, name in CATALOGUE:
        recipe = made(scenario, scenario.expect[name])
        assert str(read_recipe(as_json(recipe), where="recipe")) == str(recipe), scenario.id


def test_a_whole_story_survives_being_written_and_read():
    """Earlier launches, faults, copies, people and an empty list of states come back."""
    answers = Expectation(preferred=Answer(code=1001), allowed=(Answer(outcome="launched"),), severity="should")
    recipe = made(story(), answers)
    assert str(read_recipe(as_json(recipe), where="recipe")) == str(recipe)


def test_what_only_the_last_launch_has_survives():
    """Its platform, its role and its states are its own, and an honest story may rotate its key."""
    last = Attempt(name="judged", registration="second", role="student", states=("zoom_authorised",), finish=False)
    whole = dataclasses.replace(story(), attempt=last, rotates=True)
    recipe = made(whole, Expectation(preferred=Answer(code=1001)))
    assert str(read_recipe(as_json(recipe), where="recipe")) == str(recipe)
    with pytest.raises(UsageError, match="write it as --format pytest"):
        as_toml(recipe)


def test_a_recipe_is_made_of_a_result():
    """The expectation that counted is the only one in it, and what was said is there."""
    seen = make_observation("launched", code=None)
    result = make_result(status="failed", observation=seen)
    recipe = recipe_of(result, profile="class", seed=3, target=Target(demo=True))
    assert (recipe.told.status, recipe.told.outcome, recipe.seed) == ("failed", "launched", 3)
    assert recipe.scenario.expect == {"any": result.expectation}


def test_a_story_becomes_an_entry_of_a_scenario_file(tmp_path: Path):
    """The catalogue reads the entry back as the same scenario."""
    for scenario, name in CATALOGUE:
        expectation = scenario.expect[name]
        if any(answer.code is None for answer in expectation.allowed if answer.outcome == "rejected"):
            # An alternate takes the code from the preferred answer: the file has no word for "any code".
            continue
        area, _, _ = scenario.id.partition("/")
        text = as_toml(made(scenario, expectation, profile="any"))
        (tmp_path / f"{area}.toml").write_text(text, encoding="utf-8")
        (read,) = read_scenarios(tmp_path)
        (tmp_path / f"{area}.toml").unlink()
        assert str(dataclasses.replace(read, expect={})) == str(
            dataclasses.replace(scenario, expect={}, guards=(), rulings=())
        )
        assert read.expect["any"] == expectation, scenario.id


def test_the_entry_names_the_profile_it_failed_under():
    """A profile whose name is a path stands for any."""
    expectation = Expectation(preferred=Answer(code=1001))
    for profile, key in (("class", "class"), ("./ours.toml", "any")):
        entry = tomllib.loads(as_toml(made(make_scenario(), expectation, profile)))["scenario"][0]
        assert list(entry["expect"]) == [key]


def test_a_story_becomes_a_test_for_pytest():
    """The module can be compiled, and its text is the recipe, whatever quotes and backslashes are in it."""
    recipe = made(story(), Expectation(preferred=Answer(code=1001)))
    space: dict[str, object] = {}
    exec(as_test(recipe), space)
    given: list[str] = []
    test = space["test_sequences_nonce_once"]
    assert callable(test)
    test(given.append)
    assert str(read_recipe(given[0], where="test")) == str(recipe)


def test_the_file_is_named_after_profile_and_scenario():
    """One name for one failure, without anything that a file system minds."""
    recipe = made(make_scenario(), Expectation(preferred=Answer()), profile="../Our Profile.toml")
    assert file_name(dataclasses.replace(recipe, scenario=dataclasses.replace(recipe.scenario, id="a/b c"))) == (
        "our-profile-a-b-c.json"
    )


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("{", "x.json: not JSON"),
        ("[]", f"x.json: no recipe of this version: schema is None, expected '{SCHEMA}'"),
        ('{"schema": "lti-conformance-recipe/9"}', "schema is 'lti-conformance-recipe/9'"),
        (json.dumps({"schema": SCHEMA, "id": "a/b"}), "x.json: profile: missing, expected a string"),
    ],
)
def test_what_is_no_recipe_is_refused_in_one_line(text: str, told: str):
    """The line names the file and what is wrong."""
    with pytest.raises(UsageError, match=r"^x\.json") as error:
        read_recipe(text, where="x.json")
    assert told in str(error.value)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"mutations": ["claims.expird"]}, "unknown mutation 'claims.expird'; did you mean 'claims.expired'?"),
        ({"requirement": ["SEC-99"]}, "requirement: unknown 'SEC-99'"),
        ({"colour": "red"}, "unknown key"),
        ({"login": "nobody"}, "login: unknown 'nobody'"),
    ],
)
def test_a_recipe_that_names_something_unknown_is_refused(change: dict[str, object], told: str):
    """As a scenario file would be, with the nearest name."""
    document = json.loads(as_json(made(make_scenario(), Expectation(preferred=Answer()))))
    document["scenario"] |= change
    with pytest.raises(UsageError, match="x.json") as error:
        read_recipe(json.dumps(document), where="x.json")
    assert told in str(error.value)


def test_a_recipe_without_answers_is_refused():
    """Nothing could be judged by it."""
    document = json.loads(as_json(made(make_scenario(), Expectation(preferred=Answer()))))
    document["expected"]["answers"] = []
    with pytest.raises(UsageError, match="expected.answers is empty"):
        read_recipe(json.dumps(document), where="x.json")
