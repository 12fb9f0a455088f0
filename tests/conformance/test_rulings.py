"""The rulings name what exists, and tell what the catalogue does."""

from __future__ import annotations

import fnmatch
from pathlib import Path

import pytest

from conformance import rulings as module
from conformance.catalogue import ruled, scenarios
from conformance.phases import properties
from conformance.profile import profile_names
from conformance.requirements import documents
from conformance.rulings import RuledQuestion, rulings
from mockplatform.errors import UsageError

IDS = [scenario.id for scenario in (*scenarios(), *properties())]
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
        told = [ruling.ruling, *ruling.profiles.values(), *(passage.says for passage in ruling.passage)]
        assert [text for text in told if not text.endswith(".")] == []

    def test_a_profile_that_it_speaks_of_has_a_part(self, ruling: RuledQuestion) -> None:
        """Unless it says that the profile has none."""
        everything = (*scenarios(), *properties())
        concerned = [scenario for scenario in everything if ruling.concerns([scenario.id])]
        for name, told in ruling.profiles.items():
            lineage = {"ltix": ("ltix", "core", "any"), "certification": ("certification", "core", "any")}
            names = lineage.get(name, (name, "any"))
            has_part = any(set(names) & set(scenario.expect) for scenario in concerned)
            assert has_part or told == "Has no part.", name


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
