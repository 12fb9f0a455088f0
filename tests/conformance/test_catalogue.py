from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from conformance.catalogue import FOLDER, read_scenarios, ruled, scenarios, select
from conformance.errors import types
from conformance.model import Answer, Attempt, Expectation, Fault, Scenario
from conformance.phases import properties
from conformance.profile import load_profile, profile_names
from conformance.requirements import requirements
from conformance.sample_tool import FLAWS
from mockplatform.errors import UsageError
from mockplatform.tables import read_toml
from tests.conformance.makers import scenarios_of

HEAD = """[[scenario]]
name = "one"
title = "A title"
why = "A reason."
requirement = ["SEC-5.1.3-09"]
"""
CORE = load_profile("core")


def one(folder: Path, text: str) -> Scenario:
    (only,) = scenarios_of(folder, HEAD + text)
    return only


def refusal(folder: Path, text: str) -> str:
    with pytest.raises(UsageError) as raised:
        scenarios_of(folder, text)
    message = str(raised.value)
    assert "\n" not in message
    assert message.startswith("own.toml")
    return message


class TestReading:
    def test_the_least_that_a_scenario_says(self, tmp_path: Path) -> None:
        """The id is where it lives, and all else has a default."""
        scenario = one(tmp_path, "expect.any = {}\n")

        assert (scenario.id, scenario.title, scenario.why) == ("own/one", "A title", "A reason.")
        assert scenario.attempt == Attempt(name="judged")
        assert (scenario.before, scenario.needs, scenario.faults, scenario.exclusive) == ((), ("1.3",), (), False)
        assert scenario.expect == {"any": Expectation(preferred=Answer(outcome="rejected"))}

    def test_a_story_with_everything(self, tmp_path: Path) -> None:
        """Earlier launches, people, faults and what follows from them."""
        scenario = one(
            tmp_path,
            """mutations = ["claims.expired(by_s=60)"]
before = [{ name = "first", browser = "other", mutations = ["response.by_get"], finish = false }]
login = "first"
browser = "third"
role = "student"
registration = "attributes"
needs = ["second"]
states = []
faults = [{ point = "class.read", mode = "garbage" }]
checks = ["auth_request"]
guards = ["some-flaw"]
aliases = ["old/name"]
severity = "should"
expect.any = { code = 1016 }
expect.core = { outcome = "launched", severity = "may" }
""",
        )

        assert [str(m) for m in scenario.attempt.mutations] == ["claims.expired(by_s=60)"]
        assert (scenario.attempt.login, scenario.attempt.browser) == ("first", "third")
        (first,) = scenario.before
        assert (first.name, first.browser, first.finish, [str(m) for m in first.mutations]) == (
            "first",
            "other",
            False,
            ["response.by_get"],
        )
        assert scenario.needs == ("1.3", "attributes", "second")
        assert scenario.faults == (Fault(point="class.read", mode="garbage"),)
        assert (scenario.states, scenario.role, scenario.aliases) == ((), "student", ("old/name",))
        assert scenario.exclusive
        assert scenario.expect["any"].severity == "should"
        assert scenario.expect["core"].severity == "may"

    @pytest.mark.parametrize(
        ("mutations", "exclusive"),
        [
            (["key_set.no_keys"], True),
            (["claims.expired"], False),
            (["claims.expired", "key_set.html"], True),
            ([], False),
        ],
    )
    def test_what_changes_the_key_set_runs_alone(
        self, tmp_path: Path, mutations: list[str], *, exclusive: bool
    ) -> None:
        """All launches share the key set."""
        scenario = one(tmp_path, f"mutations = {mutations}\nexpect.any = {{}}\n")

        assert (scenario.exclusive, scenario.rotates) == (exclusive, exclusive)

    @pytest.mark.parametrize(
        ("text", "answers"),
        [
            ('{ type = "TokenExpired" }', [Answer(klass="security", type="TokenExpired")]),
            ("{ code = 1006 }", [Answer(klass="invalid", code=1006)]),
            ('{ code = 1006, class = "unknown" }', [Answer(klass="unknown", code=1006)]),
            ('{ outcome = "launched" }', [Answer(outcome="launched")]),
            ("{ status = 401 }", [Answer(status=401)]),
            (
                '{ type = "TokenExpired", code = 1001, allowed = [{ type = "InvalidClaim" }, { code = 1006 }] }',
                [
                    Answer(klass="security", type="TokenExpired", code=1001),
                    Answer(klass="invalid", type="InvalidClaim", code=1001),
                    Answer(klass="security", type="TokenExpired", code=1006),
                ],
            ),
            (
                '{ type = "TokenExpired", code = 1001, allowed = [{ type = "any" }, { outcome = "launched" }] }',
                [
                    Answer(klass="security", type="TokenExpired", code=1001),
                    Answer(klass="security", code=1001),
                    Answer(outcome="launched"),
                ],
            ),
            (
                '{ outcome = "launched", allowed = [{ code = 1024 }] }',
                [Answer(outcome="launched"), Answer(klass="invalid", code=1024)],
            ),
        ],
    )
    def test_what_an_answer_leaves_out_follows(self, tmp_path: Path, text: str, answers: list[Answer]) -> None:
        """A type has a class, a code has one, and an alternate leans on the preferred answer."""
        assert list(one(tmp_path, f"expect.any = {text}\n").expect["any"].answers) == answers

    def test_how_to_mend_a_tool_is_said_once_for_a_file(self, tmp_path: Path) -> None:
        """A scenario's own text replaces that of its file; a file of a user's own may have neither."""
        own = HEAD.replace("one", "two") + 'fix = "Its own."\nexpect.any = {}\n'
        text = f"{HEAD}expect.any = {{}}\n{own}"

        assert [scenario.fix for scenario in scenarios_of(tmp_path, text)] == ["", "Its own."]
        assert [scenario.fix for scenario in scenarios_of(tmp_path, f'fix = "All."\n{text}')] == ["All.", "Its own."]

    def test_files_in_their_order(self, tmp_path: Path) -> None:
        """The area is the file, and a name may come again in another one."""
        scenarios_of(tmp_path, HEAD + "expect.any = {}\n", area="b")
        found = scenarios_of(tmp_path, HEAD + "expect.any = {}\n", area="a")

        assert [scenario.id for scenario in found] == ["a/one", "b/one"]

    def test_an_empty_folder_holds_nothing(self, tmp_path: Path) -> None:
        """No file, no scenario."""
        assert read_scenarios(tmp_path) == ()


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ('mutations = ["claims.expird"]', "unknown mutation 'claims.expird'; did you mean 'claims.expired'?"),
        ('mutations = ["claims.expired(by=5)"]', "mutation 'claims.expired' has no parameter 'by'"),
        ("mutations = [\"claims.expired(by_s='x')\"]", "parameter 'by_s'"),
        ('mutations = ["claims.without"]', "mutation 'claims.without' needs the parameter 'claim'"),
        ('mutations = ["claims expired"]', "is not a mutation such as"),
        ('checks = ["auth_reqest"]', "check: unknown 'auth_reqest'; did you mean 'auth_request'?"),
        ('expect.any.type = "TokenExpird"', "type: unknown 'TokenExpird'; did you mean 'TokenExpired'?"),
        ('expect.any.allowed = [{ type = "Nope" }]', "expect.any.allowed: type: unknown 'Nope'"),
        ("expect.any.code = 1025", "code: unknown '1025'"),
        ("expect.clas = { code = 1006 }", "profile: unknown 'clas'; did you mean 'class'?"),
        ('expect.any.class = "secure"', "expect.any.class: expected 'invalid', 'security' or 'unknown'"),
        ("expect.any.cod = 1006", "expect.any.cod: unknown key; did you mean 'code'?"),
        ('login = "frist"\nbefore = [{ name = "first" }]', "login: unknown 'frist'; did you mean 'first'?"),
        ('needs = ["atributes"]', "needs: unknown 'atributes'; did you mean 'attributes'?"),
        ('faults = [{ point = "class.creat" }]', "fault point: unknown 'class.creat'; did you mean 'class.create'?"),
        ('faults = [{ point = "class.create", mode = "eror" }]', "faults[0].mode: expected"),
        ('role = "teacher"', "role: expected 'instructor' or 'student'"),
        ('mutation = ["claims.expired"]', "mutation: unknown key; did you mean 'mutations'?"),
        ('ruling = [{ switch = "x", value = 1, expect.clas = {} }]', "profile: unknown 'clas'"),
    ],
)
def test_what_a_scenario_misspells_is_named(tmp_path: Path, text: str, problem: str) -> None:
    """One line that names file, scenario and word, with the nearest known one."""
    message = refusal(tmp_path, f"{HEAD}{text}\n")

    assert "'one'" in message
    assert problem in message


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        (HEAD.replace("SEC-5.1.3-09", "SEC-5.1.3-99x"), "requirement: unknown 'SEC-5.1.3-99x'; did you mean"),
        (HEAD.replace('why = "A reason."\n', ""), "why: missing"),
        (HEAD + HEAD, "the scenario 'one' is there twice; rename one"),
        (HEAD.replace("[[scenario]]", "[[scenarios]]"), "scenarios: unknown key; did you mean 'scenario'?"),
        ("scenario = 5", "scenario: expected an array"),
        ("scenario = [5]", "scenario[0]: expected a table"),
        ("[[scenario]\n", "not TOML"),
    ],
)
def test_a_file_that_does_not_fit_is_refused(tmp_path: Path, text: str, problem: str) -> None:
    """A whole table that nobody reads would be a scenario that never runs."""
    with pytest.raises(UsageError) as raised:
        scenarios_of(tmp_path, text)
    assert problem in str(raised.value)
    assert "own.toml" in str(raised.value)
    assert "\n" not in str(raised.value)


class TestSelecting:
    TEXT = "".join(
        f'[[scenario]]\nname = "{name}"\ntitle = "T"\nwhy = "W."\nrequirement = ["SEC-5.1.3-09"]\n{rest}\n'
        for name, rest in (
            ("mail", 'expect.any = { code = 1006, type = "MissingClaim" }\naliases = ["old/mail"]'),
            ("late", 'expect.any = { code = 1001, type = "TokenExpired", allowed = [{ code = 1006 }] }'),
            ("roles", 'expect.core.outcome = "launched"\nexpect.class = { code = 1024 }'),
            ("only-class", "expect.class = { code = 1007 }"),
        )
    )

    @pytest.mark.parametrize(
        ("profile", "patterns", "names"),
        [
            ("core", (), ["mail", "late", "roles"]),
            ("class", (), ["mail", "late", "roles", "only-class"]),
            ("core", ("own/mail",), ["mail"]),
            ("core", ("old/mail",), ["mail"]),
            ("core", ("own/*a*",), ["mail", "late"]),
            ("core", ("*",), ["mail", "late", "roles"]),
            ("core", ("1006",), ["mail"]),
            ("core", ("100?",), ["mail", "late"]),
            ("core", ("TokenExpired",), ["late"]),
            ("core", ("Token*", "1006"), ["mail", "late"]),
            ("class", ("1024",), ["roles"]),
            ("core", ("1024",), ["roles"]),
            ("core", ("own/only-class",), []),
        ],
    )
    def test_by_id_code_and_type(self, tmp_path: Path, profile: str, patterns: Any, names: list[str]) -> None:
        """Globs of ids, old ids, preferred codes and types, within the profile; alternates do not count."""
        found = select(scenarios_of(tmp_path, self.TEXT), load_profile(profile), patterns)

        assert [scenario.id.removeprefix("own/") for scenario in found] == names

    @pytest.mark.parametrize(
        ("pattern", "hint"),
        [
            ("own/mial", "did you mean 'own/mail'?"),
            ("1337", "`lti-conformance list` shows all"),
            ("tokenexpired", "`lti-conformance list` shows all"),
        ],
    )
    def test_a_pattern_that_matches_nothing_is_refused(self, tmp_path: Path, pattern: str, hint: str) -> None:
        """One of several is enough: it would quietly leave something out."""
        found = scenarios_of(tmp_path, self.TEXT)
        with pytest.raises(UsageError) as raised:
            select(found, CORE, ("own/mail", pattern))

        assert str(raised.value) == f"--only {pattern}: no scenario, code or error type matches; {hint}"


class TestRulings:
    TEXT = (
        HEAD
        + """expect.any = { code = 1006 }
expect.core.outcome = "launched"
ruling = [
  { switch = "mail", value = "open", expect.any = { outcome = "launched" } },
  { switch = "mail", value = "none", expect.class = { code = 1007 } },
]
"""
    )

    def test_a_switch_replaces_what_it_names(self, tmp_path: Path) -> None:
        """The other expectations stand, and without the switch nothing changes."""
        found = scenarios_of(tmp_path, self.TEXT)

        assert ruled(found, {}, where="t:") == found
        (opened,) = ruled(found, {"mail": "open"}, where="t:")
        assert opened.expect["any"].preferred == Answer(outcome="launched")
        assert opened.expect["core"] == found[0].expect["core"]
        (none,) = ruled(found, {"mail": "none"}, where="t:")
        assert none.expect["class"].preferred.code == 1007
        assert none.expect["any"].preferred.code == 1006

    @pytest.mark.parametrize(
        ("rulings", "problem"),
        [
            ({"mial": "open"}, "t: rulings.mial: unknown switch; known are allow_waits, mail"),
            ({"mail": "closed"}, "t: rulings.mail: 'closed' is none of 'none', 'open'"),
        ],
    )
    def test_an_unknown_switch_or_setting_is_refused(self, tmp_path: Path, rulings: Any, problem: str) -> None:
        """It would quietly rule nothing."""
        with pytest.raises(UsageError) as raised:
            ruled(scenarios_of(tmp_path, self.TEXT), rulings, where="t:")
        assert str(raised.value) == problem

    def test_waits_are_always_known(self, tmp_path: Path) -> None:
        """`allow_waits` rules the run and no scenario."""
        found = scenarios_of(tmp_path, HEAD + "expect.any = {}\n")

        assert ruled(found, {"allow_waits": True}, where="t:") == found


# What follows holds for the catalogue that the package ships, whatever is in it.

PROFILES = {name: load_profile(name) for name in profile_names()}
STANDARDS = ("core", "certification")
CLASS_CODES = (1001, 1002, 1004, 1005, 1006, 1007, 1009, 1011, *range(1017, 1025))


def wanted(scenario: Scenario) -> dict[str, Expectation]:
    """What a scenario expects, by the names of the shipped profiles."""
    found = {name: profile.expectation(scenario) for name, profile in PROFILES.items()}
    return {name: expectation for name, expectation in found.items() if expectation is not None}


def accepts(scenario: Scenario) -> bool:
    """Whether every profile wants the launch accepted, and nothing else."""
    return all(a.outcome == "launched" for expectation in wanted(scenario).values() for a in expectation.answers)


def test_ids_and_old_ids_are_unique() -> None:
    """An id names one scenario for ever."""
    names = [name for scenario in scenarios() for name in (scenario.id, *scenario.aliases)]

    assert sorted(names) == sorted(set(names))


def offenders(rule: Callable[[Scenario], object]) -> list[str]:
    """The scenarios for which a rule does not hold."""
    return [scenario.id for scenario in scenarios() if not rule(scenario)]


def test_a_scenario_tells_a_person_what_it_is_about() -> None:
    """A title, a reason in a sentence, and requirements, each once."""
    assert offenders(lambda s: len(s.title) >= 4 and not s.title.endswith(".")) == []
    assert offenders(lambda s: len(s.why) >= 30 and s.why.endswith((".", "!", "?"))) == []
    assert offenders(lambda s: s.requirement and len(set(s.requirement)) == len(s.requirement)) == []


def test_each_scenario_and_property_tells_how_to_mend_a_tool() -> None:
    """In a sentence or two, short enough for every report, and each file has one for what is added to it."""
    texts = {scenario.id: scenario.fix for scenario in (*scenarios(), *properties())}
    files = {path.name: read_toml(path).get("fix", "") for path in (FOLDER / "scenarios").glob("*.toml")}

    assert [id_ for id_, fix in (texts | files).items() if not (20 <= len(fix) <= 300 and fix.endswith("."))] == []
    assert offenders(lambda scenario: scenario.fix != scenario.why) == []


def test_a_scenario_belongs_to_a_profile() -> None:
    """One that no shipped profile has a part for would never run."""
    assert offenders(wanted) == []


def test_a_must_rests_on_a_must_that_somebody_has_read() -> None:
    """A refusal fails a tool only with a MUST behind it; for the standards' profiles, one of a standard."""
    unfounded = {}
    for scenario in scenarios():
        rules = [requirements()[id_] for id_ in scenario.requirement]
        for name, expectation in wanted(scenario).items():
            refuses = all(answer.outcome == "rejected" for answer in expectation.answers)
            barred = {"DERIVED", "CLASS", "LTIX"} if name in STANDARDS else {"DERIVED"}
            solid = [r for r in rules if r.level == "MUST" and r.evidence != "unverified" and r.document not in barred]
            if refuses and expectation.severity == "must" and not solid:
                unfounded[f"{scenario.id} under {name}"] = [(r.id, r.level, r.evidence) for r in rules]

    assert unfounded == {}


def test_a_refusal_guards_against_something() -> None:
    """Either a flaw of the sample tool shows that the scenario can fail, or it wants the launch accepted."""
    assert offenders(lambda s: s.guards or accepts(s)) == []


def test_the_guards_are_flaws_of_the_sample_tool() -> None:
    """A guard that names nothing guards nothing."""
    assert offenders(lambda s: set(s.guards) <= set(FLAWS) and len(set(s.guards)) == len(s.guards)) == []


def test_right_answers_differ_from_one_another() -> None:
    """An alternate that says the same again is a slip of the pen."""
    assert offenders(lambda s: all(len(set(e.answers)) == len(e.answers) for e in wanted(s).values())) == []


def test_earlier_launches_have_names_of_their_own() -> None:
    """A later launch finds them by their name."""
    assert offenders(lambda s: all(a.name for a in s.before) and len({a.name for a in s.before}) == len(s.before)) == []


@pytest.mark.parametrize("code", CLASS_CODES)
def test_each_code_that_a_launch_provokes_is_wanted_somewhere(code: int) -> None:
    """Under the profile of codes some scenario prefers it."""
    assert any(e.preferred.code == code for s in scenarios() if (e := PROFILES["class"].expectation(s)) is not None)


@pytest.mark.parametrize("type_", [name for name, error in types().items() if error.surface == "launch"])
def test_each_launch_type_is_wanted_somewhere(type_: str) -> None:
    """Under the profile of types some scenario prefers it."""
    assert any(e.preferred.type == type_ for s in scenarios() if (e := PROFILES["ltix"].expectation(s)) is not None)


def test_there_are_18_launch_types() -> None:
    """The test above must not run dry."""
    assert sum(error.surface == "launch" for error in types().values()) == 18


def test_the_catalogue_is_broad() -> None:
    """At least 120 scenarios, 25 of which a right tool must accept."""
    assert len(scenarios()) >= 120
    assert sum(accepts(scenario) for scenario in scenarios()) >= 25


def test_the_certification_area_is_that_of_the_guide() -> None:
    """12 bad launches and 18 good ones."""
    area = [scenario for scenario in scenarios() if scenario.id.startswith("certification/")]
    outcomes = [
        expectation.preferred.outcome for s in area if (expectation := PROFILES["certification"].expectation(s))
    ]

    assert (outcomes.count("rejected"), outcomes.count("launched")) == (12, 18)
