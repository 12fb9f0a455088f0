"""The topics of `explain`: each is found, fits the screen, and lists all that there is."""

from __future__ import annotations

import argparse
import ast
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args

import pytest

import conformance
from conformance import cli
from conformance.catalogue import scenarios
from conformance.command_table import COMMANDS
from conformance.commands.explain_command import KINDS
from conformance.evidence import ADVICE
from conformance.exit_codes import OTHERS, RUN, in_short
from conformance.faults import drivers, fault_points
from conformance.model import AXES, Outcome, Severity
from conformance.observe import extractors
from conformance.phases import properties
from conformance.profile import profile_names
from conformance.reports import formats
from conformance.rulings import rulings
from conformance.schema import settings_schema, tool_schema
from conformance.sentences import sentences
from conformance.telling.tally import exit_code
from conformance.toolvalues import Tool
from conformance.topics import found_topics
from conformance.topics.fixtures import INNER
from conformance.topics.not_tested import CAUSES
from conformance.under_pytest import fixtures
from tests.conformance.makers import make_dossier, make_entry

PACKAGE = Path(conformance.__file__).parent
WANTED = {
    "adding", "axes", "back-end-faults", "channels", "cli", "control-endpoint", "deep", "exit-codes", "fake-lms",
    "faults", "fixtures", "lti11", "not-tested", "profiles", "recipes", "reports", "rulings", "services", "severity",
    "states", "strategies", "tool-file", "topics", "twins", "vectors",
}  # fmt: skip


def told(run: Any, *words: str) -> str:
    """What `explain` prints, as one line; what is broken over lines is whole again."""
    ran = run("explain", *words)
    assert (ran.code, ran.err) == (0, "")
    return " ".join(ran.out.split())


class TestTopics:
    def test_each_file_of_the_folder_is_one(self) -> None:
        """Whatever is put there is found, and nothing of what there is to be is missing."""
        files = [path for path in (PACKAGE / "topics").iterdir() if path.suffix in {".md", ".py"}]
        assert set(found_topics()) == {path.stem.replace("_", "-") for path in files} - {"--init--"}
        assert set(found_topics()) >= WANTED

    @pytest.mark.parametrize("name", found_topics())
    def test_each_fits_the_screen(self, run: Any, name: str) -> None:
        """With its title first, and no line longer than a hundred characters."""
        ran = run("explain", name)
        lines = ran.out.splitlines()
        assert ran.code == 0
        assert lines[0] == found_topics()[name].title
        assert [line for line in lines if len(line) > 100] == []
        assert len(lines) > 3

    def test_without_a_word_all_of_them_are_listed(self, run: Any) -> None:
        """By name, with their titles."""
        listed = told(run)
        assert listed == told(run, "topics")
        assert [t.name for t in found_topics().values() if f"{t.name} {t.title}" not in listed] == []

    def test_a_word_means_one_thing(self) -> None:
        """No topic, code, type, fault point, ruling or scenario hides another."""
        words = [word for kind in KINDS for word in kind.known()]
        assert sorted({word for word in words if words.count(word) > 1}) == []


class TestLists:
    def test_rulings(self, run: Any) -> None:
        """Each with its question, and each switch."""
        listed = told(run, "rulings")
        assert [r.id for r in rulings().values() if f"{r.id} {r.question}" not in listed] == []
        assert all(r.switch in listed for r in rulings().values())

    @pytest.mark.parametrize("name", rulings())
    def test_a_ruling(self, run: Any, name: str) -> None:
        """Question, documents, ruling, and each scenario that it concerns."""
        ruling, shown = rulings()[name], told(run, name)
        assert [line for line in run("explain", name).out.splitlines() if len(line) > 100] == []
        assert shown.startswith(f"{name} – {ruling.question}")
        assert ruling.ruling in shown
        assert all(f"{passage.citation}: {passage.says}" in shown for passage in ruling.passage)
        assert all(f" {position.says}" in shown for position in ruling.profiles.values())

    def test_a_scenario_names_its_rulings(self, run: Any) -> None:
        """Whoever doubts an expectation finds why it is so."""
        assert "Ruling roles-empty: " in told(run, "accepted/roles-empty")

    @pytest.mark.parametrize("name", ["header/critical-no-list", "generated/never-crashes", "precedence/no-circle"])
    def test_a_scenario_tells_how_to_mend_a_tool(self, run: Any, name: str) -> None:
        """A property tells it as well."""
        (fix,) = [known.fix for known in (*scenarios(), *properties()) if known.id == name]
        assert f" Fix {fix} " in told(run, name)

    def test_the_axes_and_outcomes(self, run: Any) -> None:
        """All of them."""
        shown = told(run, "axes")
        assert [word for word in (*AXES, *get_args(Outcome)) if word not in shown] == []

    def test_severities_and_profiles(self, run: Any) -> None:
        """Each severity, and each profile in both."""
        severity, profiles = told(run, "severity"), told(run, "profiles")
        assert [word for word in (*get_args(Severity), "--strict") if word not in severity] == []
        assert [name for name in profile_names() if name not in severity or f"{name} – " not in profiles] == []

    def test_every_cause_of_the_code_is_explained(self, run: Any) -> None:
        """And none that no code gives."""
        assert {cause.name for cause in CAUSES} == set(causes_of_the_code())
        shown = told(run, "not-tested")
        assert [c.name for c in CAUSES if f"{c.name} Means {c.meaning} Helps {c.advice}" not in shown] == []
        assert [need for need, advice in ADVICE.items() if f"{need} {advice}" not in shown] == []

    def test_formats(self, run: Any) -> None:
        """Each has its line."""
        shown = run("explain", "reports").out
        assert [name for name in formats() if f"\n  {name} " not in shown] == []

    def test_exit_codes(self, run: Any) -> None:
        """Those that a run can end with."""
        assert {ending.code for ending in RUN} == {0, 1, 2, 3, 4, 5}
        shown = told(run, "exit-codes")
        assert [e for e in RUN if f"{e.code} {e.meaning}" not in shown] == []
        assert [e for endings in OTHERS.values() for e in endings if f"{e.code} {e.meaning}" not in shown] == []
        assert [name for name in OTHERS if f" {name} {OTHERS[name][0].code} " not in shown] == []

    def test_every_command_tells_its_exit_codes(self, run: Any) -> None:
        """Those of the table, in its order, and no command that is not there."""
        assert list(OTHERS) == [name for name in COMMANDS if name != "run"]
        lines = run("explain", "exit-codes").out.partition("Of the others:")[2].splitlines()
        assert [line.split()[0] for line in lines if re.match(r"  \S", line)] == list(OTHERS)

    def test_exit_codes_stand_in_the_order_in_which_they_apply(self) -> None:
        """Of a run that has everything against it each reason is taken away in turn; a baseline comes last."""
        failed, skipped, passed = (make_entry(status, status) for status in ("failed", "skipped", "passed"))
        runs = [
            make_dossier(failed, stopped="the tool is lost", complete=False, waivers=("stale",)),
            make_dossier(skipped, complete=False, waivers=("stale",)),
            make_dossier(failed, complete=False, waivers=("stale",)),
            make_dossier(passed, complete=False, waivers=("stale",)),
            make_dossier(passed, waivers=("stale",)),
            make_dossier(passed),
        ]
        assert [*map(exit_code, runs), 5] == [ending.code for ending in RUN]

    def test_the_readme_tells_the_same_exit_codes(self) -> None:
        """Its table for a job has a row for each code of `run`, and no other."""
        readme = (PACKAGE.parent / "README.md").read_text(encoding="utf-8")
        table = readme[readme.index("| code | of `run` |") :].partition("\n\n")[0]
        assert sorted(map(int, re.findall(r"^\| (\d) \|", table, re.MULTILINE))) == sorted({e.code for e in RUN})

    def test_help_tells_the_exit_codes_of_three_commands(self) -> None:
        """Where two codes mean the same to whoever reads in haste, they stand together."""
        assert "Exit codes of run: 0 conformant, 1 not conformant, 2 " in in_short()
        assert "Of replay: 0 fixed, 1 still fails, 2 or 3 cannot run." in in_short()
        assert [code for code in range(6) if f" {code} " not in in_short()] == []

    def test_faults(self, run: Any) -> None:
        """Each point and each driver."""
        shown = told(run, "faults")
        assert [name for name in (*fault_points(), *drivers()) if name not in shown] == []

    def test_the_command_line(self, run: Any) -> None:
        """Each command, each option, and each help text."""
        shown = told(run, "cli")
        missing = [text for text in words_of(cli.parser()) if " ".join(text.split()) not in shown]
        assert missing == []

    def test_each_command_is_a_row_and_a_module(self) -> None:
        """Under one name: whatever the table has can be carried out, and no module is forgotten."""
        modules = {path.stem.removesuffix("_command") for path in (PACKAGE / "commands").glob("*_command.py")}
        assert set(COMMANDS) == modules

    def test_the_plugin(self, run: Any, pytestconfig: pytest.Config) -> None:
        """Each fixture, option and setting that pytest knows of it."""
        shown = told(run, "fixtures")
        options = [name for name in vars(pytestconfig.option) if name.startswith("lti_")]
        names = [*(f"--{name.replace('_', '-')}" for name in options), *fixtures.__all__]
        assert [name for name in names if name not in shown] == sorted(INNER)
        assert len(options) > 5


class TestAreas:
    @pytest.mark.parametrize("word", ["nonce", "nonce/*"])
    def test_an_area_lists_its_scenarios(self, run: Any, word: str) -> None:
        """One line for each: id, code and title."""
        lines = run("explain", word).out.splitlines()
        known = [scenario for scenario in (*scenarios(), *properties()) if scenario.id.startswith("nonce/")]
        for scenario in known:
            (line,) = [line for line in lines if line.split()[:1] == [scenario.id]]
            assert line.endswith(scenario.title)
        assert [line.split()[1] for line in lines if line.split()[:1] == ["nonce/absent"]] == ["1001"]
        assert "--only 'nonce/*'" in lines[-1]

    def test_a_glob_matches_as_it_does_in_a_run(self, run: Any) -> None:
        """Ids, codes and error types."""
        found = {scenario.id for scenario in scenarios() if scenario.id.endswith("/absent")}
        shown = {line.split()[0] for line in run("explain", "*/absent").out.splitlines() if line.startswith("  ")}
        assert found <= shown
        assert "nonce/absent" in run("explain", "100[12]").out

    def test_a_glob_that_matches_nothing(self, run: Any) -> None:
        """It is said to be one."""
        assert "nothing matches 'nonces/*'" in run("explain", "nonces/*").complaint

    @pytest.mark.parametrize(("word", "meant"), [("TOKENEXPIRED", "TokenExpired"), ("Nonce/Absent", "nonce/absent")])
    def test_case_makes_no_difference(self, run: Any, word: str, meant: str) -> None:
        """A word is found however it is written."""
        assert told(run, word) == told(run, meant)

    def test_near_words_are_suggested_in_any_case(self, run: Any) -> None:
        """Also where nothing is called so."""
        assert "did you mean 'TokenExpired'?" in run("explain", "TOKENEXPIRD").complaint

    def test_arguments_of_the_command_line(self, run: Any) -> None:
        """Those without a name are shown as well."""
        lines = run("explain", "cli").out.splitlines()
        for command, count in (("lti-conformance flavour diff", 2), ("lti-conformance flavour show", 1)):
            section = lines[lines.index(command) :]
            section = section[: section.index("")]
            assert len([line for line in section if line.startswith("  FLAVOUR  ")]) == count


class TestToolFile:
    def test_every_key_has_a_sentence(self) -> None:
        """In the schema, so that editors show it too."""
        assert [path for path, value in keys_of(tool_schema(), "") if not value.get("description")] == []

    @pytest.mark.parametrize("module", [*extractors().values(), *drivers().values()], ids=lambda m: m.KIND)
    def test_every_key_of_a_channel_and_a_driver_has_a_sentence(self, module: Any) -> None:
        """They are read by modules of their own."""
        schema = settings_schema(module) if hasattr(module, "Settings") else {}
        assert [path for path, value in keys_of(schema, "") if not value.get("description")] == []

    def test_every_key_is_told(self, run: Any) -> None:
        """With what is said about it."""
        shown = told(run, "tool-file")
        settings = [settings_schema(m) for m in (*extractors().values(), *drivers().values()) if hasattr(m, "Settings")]
        found = [item for schema in (tool_schema(), *settings) for item in keys_of(schema, "")]
        found = [(path, value) for path, value in found if not path.startswith(".faults.")]
        for path, value in found:
            assert path.rpartition(".")[2] in shown
            text = " ".join(value["description"].split()).rpartition("`: ")[2]
            assert text[1:] in shown, path

    def test_a_value_is_told_as_it_is_typed(self, run: Any) -> None:
        """A list of values is no sentence that begins with a capital."""
        assert " core, certification, class, ltix, or the path of a profile file." in told(run, "tool-file")

    def test_defaults_are_told(self, run: Any) -> None:
        """As the dataclasses have them."""
        shown = told(run, "tool-file")
        for name, value in (("client_id", "lti-conformance"), ("ready_timeout_s", 30.0), ("timeout_s", 15.0)):
            assert f"{json.dumps(value)} unless given" in shown, name


class TestSentences:
    def test_both_ways_of_saying_it_are_read(self) -> None:
        """The text below a field, and its line among the arguments, over several lines."""
        assert sentences(Documented) == {
            "one": "of the first, which goes on below.",
            "two": "of the others.",
            "three": "Below the field.",
        }

    def test_a_class_that_says_nothing_of_its_fields_has_none(self) -> None:
        """Its own sentence is not that of a field."""
        assert "tool" not in sentences(Tool)


class Documented:
    """A class.

    Args:
        one: of the first,
            which goes on below.
        two, three: of the others.
    """

    one: int
    two: int
    three: int
    """Below the field."""


def keys_of(schema: Any, path: str) -> Iterator[tuple[str, Any]]:
    """Every key that a schema knows, with its own schema."""
    for key, value in schema.get("properties", {}).items():
        yield f"{path}.{key}", value
        yield from keys_of(value, f"{path}.{key}")
    free = schema.get("additionalProperties") or {}
    for inner in (schema.get("items"), free, *(free.get("anyOf", ()) if free else ())):
        if inner:
            yield from keys_of(inner, path)


def words_of(parser: argparse.ArgumentParser) -> Iterator[str]:
    """Whatever a command line knows: commands, options and what is said about them."""
    yield parser.prog
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            for inner in action.choices.values():
                yield from words_of(inner)
        elif action.dest != "help":
            yield from action.option_strings
            yield action.help or ""


def causes_of_the_code() -> Iterator[str]:
    """Each literal that is given as the cause of a verdict."""
    for path in PACKAGE.glob("**/*.py"):
        if {"topics", "sample_tool"} & set(path.parts):
            continue
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if not isinstance(node, ast.Call):
                continue
            name = node.func.id if isinstance(node.func, ast.Name) else getattr(node.func, "attr", "")
            given = [word.value for word in node.keywords if word.arg == "cause"]
            given += node.args[:1] if name in {"skip", "_skip", "_skipped", "unjudged"} else []
            for value in given:
                if isinstance(value, ast.Constant) and isinstance(value.value, str) and " " not in value.value:
                    yield value.value
