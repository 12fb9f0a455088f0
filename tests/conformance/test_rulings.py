"""The rulings name what exists, and tell what the catalogue does."""

from __future__ import annotations

import fnmatch
import re
from pathlib import Path

import pytest

from conformance import rulings as module
from conformance.catalogue import ruled, scenarios
from conformance.errors import types
from conformance.model import Answer, Expectation
from conformance.phases import properties
from conformance.profile import load_profile, profile_names
from conformance.requirements import documents
from conformance.rulings import Demands, Position, RuledQuestion, rulings
from mockplatform.errors import UsageError

KNOWN = {scenario.id: scenario for scenario in (*scenarios(), *properties())}
IDS = list(KNOWN)
SWITCHES = {"allow_waits"} | {ruling.switch for scenario in scenarios() for ruling in scenario.rulings}
WITHOUT_SCENARIO = {"store-failures"}
"""What nothing can provoke."""


@pytest.mark.parametrize("ruling", rulings().values(), ids=list(rulings()))
class TestRuling:
    def test_its_scenarios_exist(self, ruling: RuledQuestion) -> None:
        """Each id and glob meets something, and only what nobody can provoke has none."""
        assert [pattern for pattern in ruling.scenarios if not fnmatch.filter(IDS, pattern)] == []
        assert bool(ruling.concerns(IDS)) is (ruling.id not in WITHOUT_SCENARIO)

    def test_its_documents_and_profiles_exist(self, ruling: RuledQuestion) -> None:
        """A ruling without a document would be our own opinion, and a profile that is unknown says nothing."""
        assert ruling.passage
        assert {passage.document for passage in ruling.passage} <= set(documents())
        assert set(ruling.profiles) <= set(profile_names())

    def test_its_words_are_sentences(self, ruling: RuledQuestion) -> None:
        """A question ends as one, and everything else with a full stop."""
        assert ruling.question.endswith("?")
        positions = (position.says for position in ruling.profiles.values())
        told = [ruling.ruling, *positions, *(passage.says for passage in ruling.passage)]
        assert [text for text in told if not text.endswith(".")] == []

    @pytest.mark.parametrize("profile", profile_names())
    def test_it_answers_as_the_catalogue_does(self, ruling: RuledQuestion, profile: str) -> None:
        """Each scenario, under each profile that it speaks of or that inherits from one: outcome and severity."""
        position = position_of(ruling, profile)
        if position is None:
            return
        found = expected(ruling, profile)
        told = {id_: position.answers_to(id_) for id_ in ruling.concerns(IDS)}
        assert told == {id_: (right(found[id_]),) if id_ in found else () for id_ in told}

    def test_it_sorts_none_but_its_own_scenarios(self, ruling: RuledQuestion) -> None:
        """What a profile's lists name, the ruling concerns."""
        for position in ruling.profiles.values():
            concerned = ruling.concerns(IDS)
            assert [pattern for pattern in position.patterns if not fnmatch.filter(concerned, pattern)] == []

    def test_a_profile_that_it_speaks_of_has_a_part(self, ruling: RuledQuestion) -> None:
        """Unless it says that the profile has none."""
        for name, position in ruling.profiles.items():
            assert bool(expected(ruling, name)) is (position.says != "Has no part."), name

    def test_its_codes_are_those_of_class(self, ruling: RuledQuestion) -> None:
        """What `class` is told to count is what it counts, and, where the ruling names codes, nothing is left out."""
        position = ruling.profiles.get("class")
        if position is None:
            return
        known = set(re.findall(r"\b1\d{3}\b", position.says))
        counted = {str(answer.code) for answer in answers(ruling, "class") if answer.code is not None}
        assert known <= counted
        told = known | set(re.findall(r"\b1\d{3}\b", ruling.ruling))
        assert not told or counted <= told

    def test_its_types_are_those_of_ltix(self, ruling: RuledQuestion) -> None:
        """What `ltix` is told to count is what it counts, and, where the ruling names types, nothing is left out."""
        position = ruling.profiles.get("ltix")
        if position is None:
            return
        known = set(re.findall(r"\w+", position.says)) & set(types())
        counted = {answer.type for answer in answers(ruling, "ltix") if answer.type is not None}
        assert known <= counted
        told = known | set(re.findall(r"\w+", ruling.ruling)) & set(types())
        assert not told or counted <= told


def position_of(ruling: RuledQuestion, profile: str) -> Position | None:
    """What the ruling says of a profile, or of the nearest one that it inherits from."""
    return next((ruling.profiles[name] for name in load_profile(profile).lineage if name in ruling.profiles), None)


def expected(ruling: RuledQuestion, profile: str) -> dict[str, Expectation]:
    """What the catalogue expects of each scenario in which the profile has a part."""
    found = {id_: load_profile(profile).expectation(KNOWN[id_]) for id_ in ruling.concerns(IDS)}
    return {id_: expectation for id_, expectation in found.items() if expectation is not None}


def answers(ruling: RuledQuestion, profile: str) -> list[Answer]:
    return [answer for expectation in expected(ruling, profile).values() for answer in expectation.answers]


def right(expectation: Expectation) -> tuple[str, str]:
    """The outcome that is right, or `either`, and the severity."""
    outcomes = {answer.outcome for answer in expectation.answers}
    return "either" if len(outcomes) > 1 else expectation.preferred.outcome, expectation.severity


def test_a_ruling_on_crashes_tells_what_the_profiles_do() -> None:
    """A crash is a refusal or a failure as each profile's file has it."""
    told = {name: "fails" in position.says for name, position in rulings()["crash-as-refusal"].profiles.items()}
    assert told == {name: load_profile(name).crash == "failure" for name in profile_names()}


def test_a_ruling_on_classes_and_codes_tells_what_the_profiles_count() -> None:
    """No profile counts both, and each counts what its sentence says."""
    counted = {name: set(load_profile(name).axes) & {"class", "code"} for name in profile_names()}
    assert counted == {"core": set(), "certification": set(), "class": {"code"}, "ltix": {"class"}}
    assert {name: position.says.split(",")[0] for name, position in rulings()["class-of-a-code"].profiles.items()} == {
        "core": "Counts neither",
        "class": "Counts the code and not the class.",
        "ltix": "Counts the class and not the code.",
    }


def test_what_is_named_goes_before_all_others() -> None:
    """`*` is what nothing else names, and two lists that meet are both told."""
    position = Position(
        says=".",
        launched=Demands(must=("a/*",)),
        rejected=Demands(must=("*",), should=("b/c",)),
        either=Demands(may=("a/b",)),
    )
    assert position.answers_to("a/a") == (("launched", "must"),)
    assert position.answers_to("b/c") == (("rejected", "should"),)
    assert position.answers_to("b/d") == (("rejected", "must"),)
    assert position.answers_to("a/b") == (("launched", "must"), ("either", "may"))
    assert Position(says=".").answers_to("a/a") == ()


def test_every_switch_has_one_ruling_and_every_ruling_s_switch_exists() -> None:
    """With a default that the catalogue takes."""
    switched = [ruling for ruling in rulings().values() if ruling.switch]
    assert sorted(ruling.switch for ruling in switched) == sorted(SWITCHES)
    for ruling in switched:
        assert ruling.default is not None
        assert ruled(scenarios(), {ruling.switch: ruling.default}, where="t:") == scenarios()


def preferred(id_: str, profile: str) -> str:
    scenario = next(s for s in scenarios() if s.id == id_)
    answer = scenario.expect.get(profile, scenario.expect.get("any"))
    assert answer is not None
    return str(answer.preferred.code or answer.preferred.outcome)


@pytest.mark.parametrize(
    ("id_", "profile", "answer"),
    [
        ("login/issuer-unknown", "class", "1002"),
        ("login/client-id-empty", "class", "1020"),
        ("course/id-empty", "class", "1007"),
        ("identity/given-name-only", "class", "launched"),
        ("identity/email-no-address", "class", "launched"),
        ("attributes/email-field-unresolved", "class", "1006"),
        ("certification/no-version", "class", "1021"),
        ("basic/version-never-issued", "class", "1001"),
        ("certification/no-roles-claim", "class", "1024"),
        ("message/deployment-unknown", "class", "1002"),
        ("backend/class-deleted", "class", "1016"),
        ("course/title-absent-for-student", "class", "1023"),
        ("accepted/roles-empty", "class", "1024"),
        ("accepted/roles-empty", "core", "launched"),
        ("identity/user-absent", "certification", "1001"),
        ("keys/list-empty", "class", "1001"),
        ("keys/page-instead-of-keys", "class", "1017"),
        ("time/expired-a-second-ago", "core", "launched"),
    ],
)
def test_what_a_ruling_says_is_what_the_catalogue_prefers(id_: str, profile: str, answer: str) -> None:
    """The answers that rulings.toml calls preferred, in words, are those of the scenarios."""
    assert any(ruling.concerns([id_]) for ruling in rulings().values())
    assert preferred(id_, profile) == answer


@pytest.mark.parametrize(
    ("more", "problem"),
    [
        ("", "stands there twice"),
        ('document = "X"', "has no [document.X]"),
        ('switch = "s"', "give both 'switch' and 'default', or neither"),
    ],
)
def test_a_slip_in_the_file_is_told_in_one_line(more: str, problem: str, tmp_path: Path) -> None:
    """With the ruling that has it."""
    document = "X" if more.startswith("document") else "CORE"
    switch = more if more.startswith("switch") else ""
    ruling = f"""
[[ruling]]
id = "a"
question = "?"
passage = [{{ document = "{document}", says = "." }}]
ruling = "."
scenarios = []
{switch}
[ruling.profiles]
"""
    path = tmp_path / "rulings.toml"
    path.write_text(ruling * (1 if more else 2))
    with pytest.raises(UsageError, match=r"^rulings\.toml: \[\[ruling\]\]") as caught:
        module._load(path)
    assert problem in str(caught.value)
