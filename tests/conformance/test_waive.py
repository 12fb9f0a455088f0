"""Waivers are written from a report and dropped by one, and nothing else in the tool file moves."""

from __future__ import annotations

import datetime
import stat
import tomllib
from pathlib import Path
from typing import Any

import pytest

from conformance.exchanges.clearing import cleared
from conformance.model import Finding
from conformance.reports import as_json
from conformance.results.catalogued import Catalogued
from conformance.results.waiver_text import edited
from conformance.results.waiving import Edit, Plan, Wish, expiry_of, plan_drops, plan_waivers
from conformance.telling.dossier import Expected
from conformance.toolfile import load
from conformance.toolvalues import Waiver
from mockplatform.errors import UsageError
from tests.conformance.makers import make_dossier, make_entry

TODAY = datetime.date(2027, 3, 1)
LATER = datetime.date(2027, 5, 30)
GONE = datetime.date(2027, 2, 28)
EXPIRED = "time/expired-an-hour-ago"
REPLAYED = "nonce/launch-sent-again"
KNOWN = ("a/b", "a/c", EXPIRED, REPLAYED)

HEAD = """\
# The tool file of My tool.
[tool]
name = "My tool"   # as in the report
login_url = "http://127.0.0.1:8000/lti/login"
launch_url = "http://127.0.0.1:8000/lti/launch"
"""
WAIVED = f"""\
{HEAD}
# The first is for May.
[[waiver]]
scenario = "{EXPIRED}"   # why
profiles = ["core"]
expires = 2020-01-31   # soon
reason = "Known"
# still about the first

# ---- the second
  [[waiver]]
  scenario = "nonce/*"
  reason = "Ours"

# ---- the network
[network]
timeout_s = 3.5   # slow
# the end
"""


def planned(*entries: Any, waivers: Any = (), renamed: Any = None, **wish: Any) -> Plan:
    wanted = Wish(**{"today": TODAY, "expires": LATER, **wish})
    return plan_waivers(make_dossier(*entries), waivers, wanted, Catalogued(renamed=renamed or {}), known=KNOWN)


def drops(*entries: Any, waivers: Any, whole: Any = (), renamed: Any = None, **elsewhere: Any) -> Plan:
    known = Catalogued(renamed=renamed or {})
    return plan_drops(make_dossier(*entries), waivers, known, whole=whole, elsewhere=elsewhere)


def waiver(scenario: str = "a/b", **changes: Any) -> Waiver:
    return Waiver(**{"scenario": scenario, "reason": "Known", **changes})


class TestExpiry:
    @pytest.mark.parametrize(
        ("text", "day"),
        [
            ("90d", datetime.date(2027, 5, 30)),
            ("1d", datetime.date(2027, 3, 2)),
            ("2027-03-01", TODAY),
            ("2028-12-31", datetime.date(2028, 12, 31)),
        ],
    )
    def test_days_or_a_date(self, text: str, day: datetime.date) -> None:
        """The last day counts, so that today is not too late."""
        assert expiry_of(text, TODAY) == day

    @pytest.mark.parametrize("text", ["", "0d", "-3d", "90", "3m", "99999999d", "2027-02-30", "2027-02-28", "soon"])
    def test_anything_else(self, text: str) -> None:
        """One line that names what was given."""
        with pytest.raises(UsageError, match=f"--expires {text}: "):
            expiry_of(text, TODAY)

    def test_beyond_the_calendar(self) -> None:
        """Days that no calendar has are refused as well."""
        with pytest.raises(UsageError, match="neither a number of days"):
            expiry_of("99999d", datetime.date(9999, 1, 1))


class TestPlan:
    def test_a_failure_is_waived_for_its_profile(self) -> None:
        """With the reason of the report, the day, and an end."""
        (edit,) = planned(make_entry("a/b", "failed")).edits

        assert edit.index is None
        assert edit.values == {
            "scenario": "a/b",
            "profiles": ["own"],
            "reason": "Waived on 2027-03-01: the reason why a/b is failed",
            "expires": LATER,
        }

    @pytest.mark.parametrize("status", ["passed", "skipped", "waived", "warned"])
    def test_nothing_else_is(self, status: str) -> None:
        """A warning only on request."""
        assert planned(make_entry("a/b", status)) == Plan()
        assert len(planned(make_entry("a/b", status), warned=True).edits) == (status == "warned")

    def test_an_error_cannot_be_waived(self) -> None:
        """Nothing was proved, and that is said."""
        plan = planned(make_entry("a/b", "error"))

        assert plan.edits == ()
        assert plan.notes == ("a/b: ended in an error, which no waiver covers: the reason why a/b is error",)

    def test_reason_and_link_of_the_command_line(self) -> None:
        """They stand in each."""
        (edit,) = planned(make_entry("a/b", "failed"), reason="May", link="https://tracker.example/7").edits

        assert edit.values is not None
        assert (edit.values["reason"], edit.values["link"]) == ("May", "https://tracker.example/7")

    @pytest.mark.parametrize(
        ("told", "reason"),
        [
            ("", "failed, and the report does not say why"),
            ("two\nlines\x1b[31m\ud800 of ${HOME}", "two lines [31m of $ {HOME}"),
            ("long " * 100, f"{('long ' * 100)[:200]}…"),
        ],
    )
    def test_whatever_the_report_says_becomes_one_line(self, told: str, reason: str) -> None:
        """A tool's own words neither read the environment nor break the file."""
        (edit,) = planned(make_entry("a/b", "failed", reason=told)).edits
        text = edited(HEAD, [edit], where="t.toml")

        assert tomllib.loads(text)["waiver"][0]["reason"] == f"Waived on 2027-03-01: {reason}"
        assert text.encode()

    @pytest.mark.parametrize(("only", "count"), [("a/*", 2), ("a/c", 1), ("old/b", 1), ("1001", 2)])
    def test_patterns(self, only: str, count: int) -> None:
        """As `run` takes them."""
        entries = (make_entry("a/b", "failed"), make_entry("a/c", "failed"))

        assert len(planned(*entries, only=(only,), renamed={"old/b": "a/b"}).edits) == count

    def test_a_pattern_without_a_result_is_refused(self) -> None:
        """Or a slip would look like success."""
        with pytest.raises(UsageError, match="--only a/x: the report has no result"):
            planned(make_entry("a/b", "failed"), only=("a/x",))

    @pytest.mark.parametrize(
        "has",
        [
            waiver(),
            waiver(expires=TODAY),
            waiver("a/*"),
            waiver("old/b"),
            waiver(profiles=("own", "core")),
        ],
    )
    def test_a_waiver_in_force_is_left_alone(self, has: Waiver) -> None:
        """Exact, a glob, by an old id; said in each case."""
        plan = planned(make_entry("a/b", "failed"), waivers=[has], renamed={"old/b": "a/b"})

        assert plan.edits == ()
        assert plan.notes[0].startswith(f"a/b: left alone: the waiver '{has.scenario}' is in force")

    def test_an_expired_one_is_renewed(self) -> None:
        """Its own reason stays unless another is given."""
        has = [waiver("a/c"), waiver(expires=GONE)]
        (edit,) = planned(make_entry("a/b", "failed"), waivers=has).edits
        (other,) = planned(make_entry("a/b", "failed"), waivers=has, reason="New").edits

        assert (edit.index, edit.values) == (1, {"expires": LATER})
        assert edit.said == "a/b: renewed until 2027-05-30; it had expired on 2027-02-28"
        assert other.values == {"expires": LATER, "reason": "New"}

    @pytest.mark.parametrize("has", [waiver("a/*", expires=GONE), waiver(profiles=("core",))])
    def test_one_that_is_not_exactly_for_it_is_not_touched(self, has: Waiver) -> None:
        """An expired glob, or one for another profile: a new one is written."""
        (edit,) = planned(make_entry("a/b", "failed"), waivers=[has]).edits

        assert edit.index is None

    def test_a_scenario_that_the_catalogue_has_no_more(self) -> None:
        """A waiver for it would be refused by the next run."""
        plan = planned(make_entry("a/gone", "failed"))

        assert plan == Plan(notes=("a/gone: not waived: the catalogue does not have it any more",))

    def test_todays_id_is_written(self) -> None:
        """The report may be older than the name."""
        (edit,) = planned(make_entry("old/b", "failed"), renamed={"old/b": "a/b"}).edits

        assert edit.values is not None
        assert edit.values["scenario"] == "a/b"


class TestDrops:
    def test_one_whose_scenario_passed(self) -> None:
        """Whether it has expired or not; others stay."""
        entries = (make_entry("a/b"), make_entry("a/c", "waived"))
        plan = drops(*entries, waivers=[waiver("a/c"), waiver(), waiver(expires=GONE), waiver("c/d")])

        assert [(edit.index, edit.values) for edit in plan.edits] == [(1, None), (2, None)]

    @pytest.mark.parametrize("status", ["failed", "warned", "waived", "skipped", "error"])
    def test_one_that_may_be_needed(self, status: str) -> None:
        """A skip is no pass, also among others that a glob covers."""
        assert drops(make_entry("a/b", status), make_entry("a/c"), waivers=[waiver(), waiver("a/*")]) == Plan()

    def test_a_glob_of_which_a_part_was_not_tried(self) -> None:
        """It stays, and why is said; with all tried it goes."""
        entries = (make_entry("a/b"), make_entry("a/c"))
        part = drops(*entries, waivers=[waiver("a/*")], whole=("a/b", "a/c", "a/d"))
        all_ = drops(*entries, waivers=[waiver("a/*")], whole=("a/b", "a/c", "x/y"))

        assert part == Plan(notes=("a/*: its waiver stays: the run did not try a/d, which it covers as well",))
        assert len(all_.edits) == 1

    def test_other_profiles_keep_theirs(self) -> None:
        """The report proves nothing about them."""
        has = [waiver(profiles=("core", "own")), waiver(profiles=("own",)), waiver(profiles=("core",))]
        plan = drops(make_entry("a/b"), waivers=has)

        assert [(edit.index, edit.values) for edit in plan.edits] == [(0, {"profiles": ["core"]}), (1, None)]

    def test_a_waiver_for_all_profiles_loses_this_one(self) -> None:
        """Wherever it covers something else too it stays, by a glob as well; where it does not, it goes."""
        has = [waiver(), waiver("a/*")]
        plan = drops(make_entry("a/b"), waivers=has, own=["a/b"], core=["a/b"], other=["a/c"], third=["x/y"])
        alone = drops(make_entry("a/b"), waivers=has, own=["a/b"], core=["x/y"])

        assert [edit.values for edit in plan.edits] == [{"profiles": ["core"]}, {"profiles": ["core", "other"]}]
        assert "a/b: its waiver is dropped for own; it stays for core: " in plan.edits[0].said
        assert [edit.values for edit in alone.edits] == [None, None]

    def test_a_flaky_pass_drops_nothing(self) -> None:
        """It may fail again tomorrow."""
        entry = make_entry("a/b", findings=(Finding(id="flaky", text="now so, now so"),))

        assert drops(entry, waivers=[waiver()]).notes == ("a/b: its waiver stays: a/b is flaky",)

    def test_by_an_old_id(self) -> None:
        """A waiver may be older than the name."""
        assert len(drops(make_entry("a/b"), waivers=[waiver("old/b")], renamed={"old/b": "a/b"}).edits) == 1


NEW = Edit(said="", values={"scenario": "a/b", "profiles": ["core"], "reason": 'so "so"', "expires": LATER})
NEW_LINES = 'scenario = "a/b"\nprofiles = ["core"]\nreason = "so \\"so\\""\nexpires = 2027-05-30\n'


class TestText:
    def test_the_first_waiver_of_a_file(self) -> None:
        """It stands at the end."""
        assert edited(HEAD, [NEW], where="t.toml") == f"{HEAD}\n[[waiver]]\n{NEW_LINES}"

    def test_a_file_without_a_last_line_end(self) -> None:
        """It gets one."""
        assert edited(HEAD[:-1], [NEW], where="t.toml") == f"{HEAD}\n[[waiver]]\n{NEW_LINES}"

    def test_behind_the_last_one(self) -> None:
        """The comment above the next table stays above it."""
        before, after = WAIVED.split("\n# ---- the network")
        text = edited(WAIVED, [NEW], where="t.toml")

        assert text == f"{before}\n[[waiver]]\n{NEW_LINES}\n# ---- the network{after}"

    def test_several(self) -> None:
        """Each is a table of its own, in their order."""
        other = Edit(said="", values={"scenario": "a/c", "reason": "r"})
        told = tomllib.loads(edited(WAIVED, [NEW, other], where="t.toml"))["waiver"]

        assert [each["scenario"] for each in told] == [EXPIRED, "nonce/*", "a/b", "a/c"]

    def test_a_renewal_changes_one_value(self) -> None:
        """With its comment, its place and its neighbours as they were."""
        edit = Edit(said="", index=0, values={"expires": LATER})

        assert edited(WAIVED, [edit], where="t.toml") == WAIVED.replace("2020-01-31", "2027-05-30")

    def test_the_first_is_dropped(self) -> None:
        """With its own lines; what is said about the next stays."""
        text = edited(WAIVED, [Edit(said="", index=0)], where="t.toml")

        assert text == (
            f"{HEAD}\n# The first is for May.\n"
            "# ---- the second\n  [[waiver]]\n  scenario" + WAIVED.partition("[[waiver]]\n  scenario")[2]
        )

    def test_all_are_dropped(self) -> None:
        """No empty table is left, and every comment between them is."""
        text = edited(WAIVED, [Edit(said="", index=0), Edit(said="", index=1)], where="t.toml")

        assert text == (
            f"{HEAD}\n# The first is for May.\n# ---- the second\n# ---- the network\n"
            "[network]\ntimeout_s = 3.5   # slow\n# the end\n"
        )

    @pytest.mark.parametrize(
        "text",
        [
            WAIVED.replace("\n", "\r\n"),
            "\ufeff" + WAIVED,
            HEAD.replace("\n", "\r\n"),
        ],
        ids=["windows", "mark", "windows-first"],
    )
    def test_line_ends_and_byte_order_mark_stay(self, text: str) -> None:
        """A file from Windows stays one."""
        done = edited(text, [NEW], where="t.toml")

        assert done.startswith(text[:60])
        assert ("\r\n" in text) == (done.count("\r\n") == done.count("\n"))

    @pytest.mark.parametrize(
        "inline",
        [
            'waiver = [{ scenario = "x/y", reason = "r" }]\n',
            'waiver = [\n  { scenario = "x/y", reason = "r" },  # one\n]\n',
            "waiver = []\n",
        ],
    )
    def test_an_array_of_inline_tables(self, inline: str) -> None:
        """It is another way to write the same, and its comments stay."""
        text = edited(inline + HEAD, [NEW], where="t.toml")
        told = tomllib.loads(text)["waiver"]

        assert told[-1] == NEW.values
        assert text.endswith(HEAD)
        assert ("# one" in inline) == ("# one" in text)

    def test_in_pyproject(self) -> None:
        """The waivers are where the tool file is, whatever else lies around it."""
        own = HEAD.replace("[tool]", "[tool.lti-conformance.tool]")
        text = f"[project]\nname = 'p'\n\n{own}\n# the linter\n[tool.ruff]\nline-length = 100\n"
        inside = ("tool", "lti-conformance")
        once = edited(text, [NEW], where="pyproject.toml", inside=inside)
        twice = edited(once, [NEW, Edit(said="", index=0, values={"reason": "r"})], where="p", inside=inside)
        none = edited(twice, [Edit(said="", index=0), Edit(said="", index=1)], where="p", inside=inside)

        assert once == f"{text}\n[[tool.lti-conformance.waiver]]\n{NEW_LINES}"
        assert [w["reason"] for w in tomllib.loads(twice)["tool"]["lti-conformance"]["waiver"]] == ["r", 'so "so"']
        assert twice.startswith(text)
        assert none == text

    def test_waivers_in_two_places(self) -> None:
        """TOML allows it: one more stands at the end, and what is there is not moved for the sake of a renewal."""
        text = f'[[waiver]]\nscenario = "x/y"\nreason = "r"\n\n{HEAD}\n[[waiver]]\nscenario = "x/z"\nreason = "r"\n'

        assert edited(text, [NEW], where="t.toml") == f"{text}\n[[waiver]]\n{NEW_LINES}"
        with pytest.raises(UsageError, match="one behind the other"):
            edited(text, [Edit(said="", index=1, values={"expires": LATER})], where="t.toml")

    def test_a_layout_that_cannot_be_edited(self) -> None:
        """One line says how to write it."""
        text = '[tool]\nlti-conformance = { tool = { name = "x" } }\n'

        with pytest.raises(UsageError, match=r"p\.toml: its waivers .* \[\[tool\.lti-conformance\.waiver\]\]"):
            edited(text, [NEW], where="p.toml", inside=("tool", "lti-conformance"))


class TestCommand:
    @pytest.fixture
    def tool(self, tmp_path: Path) -> Path:
        path = tmp_path / "lti-conformance.toml"
        path.write_text(WAIVED, encoding="utf-8")
        path.chmod(0o640)
        return path

    @pytest.fixture
    def report(self, tmp_path: Path) -> Any:
        def write(*entries: Any, **changes: Any) -> Path:
            path = tmp_path / "r.json"
            path.write_text(as_json.render(make_dossier(*entries, **{"profile": "core", **changes})), encoding="utf-8")
            return path

        return write

    def test_the_failures_of_a_report(self, run: Any, tool: Path, report: Any) -> None:
        """New ones are written, expired ones renewed, those in force left alone; the file is one that a run takes."""
        made = report(
            make_entry(EXPIRED, "failed"),
            make_entry(REPLAYED, "failed"),
            make_entry("time/not-yet-valid", "error"),
            make_entry("gone/by-now", "failed"),
        )
        ran = run("waive", "--from", made, "--tool", tool, "--expires", "2099-01-31")

        assert (ran.code, ran.err) == (0, "")
        assert f"{EXPIRED}: renewed until 2099-01-31; it had expired on 2020-01-31" in ran.out
        assert f"{REPLAYED}: left alone: the waiver 'nonce/*' is in force" in ran.out
        assert "time/not-yet-valid: ended in an error" in ran.out
        assert "gone/by-now: not waived: the catalogue does not have it any more" in ran.out
        assert ran.out.splitlines()[-1] == f"{tool}: 1 waiver written or renewed"
        assert tool.read_text(encoding="utf-8") == WAIVED.replace("2020-01-31", "2099-01-31")

    def test_the_file_keeps_its_mode_and_is_found(
        self, run: Any, tool: Path, report: Any, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """A tool file may hold a secret; without `--tool` it is the one of the folder."""
        made = report(make_entry("token/absent", "failed", reason="${NOT_SET} was let in"), make_entry(EXPIRED))
        monkeypatch.chdir(tool.parent)
        monkeypatch.setattr("conformance.commands.waive_command.scenarios", lambda: _scenarios("token/absent"))
        ran = run("waive", "--from", made, "--link", "https://tracker.example/7")

        written = load(tool).waiver[-1]
        assert ran.code == 0
        assert (written.scenario, written.profiles) == ("token/absent", ("core",))
        assert written.link == "https://tracker.example/7"
        assert stat.S_IMODE(tool.stat().st_mode) == 0o640

    def test_a_tool_whose_name_looks_like_a_secret(self, run: Any, tool: Path, report: Any) -> None:
        """A report shows its name masked, and it is the same tool."""
        name = "Tool of postgresql://admin:hunter2hunter2@127.0.0.1/lti"
        tool.write_text(tool.read_text(encoding="utf-8").replace('My tool"', f'{name}"'), encoding="utf-8")
        ran = run("waive", "--from", report(make_entry(EXPIRED, "failed"), tool=cleared(name)), "--tool", tool)

        assert cleared(name) != name
        assert (ran.code, ran.err) == (0, "")

    def test_a_pattern_that_another_profile_explains(self, run: Any, tool: Path, report: Any) -> None:
        """Under core no code is expected, and yet `run --only 1006` chooses it."""
        made = report(make_entry("identity/email-absent", "failed", expected=Expected(outcome="rejected")))
        ran = run("waive", "--from", made, "--tool", tool, "--only", "1006")

        assert (ran.code, ran.err) == (0, "")
        assert "identity/email-absent: waived until " in ran.out

    def test_a_waiver_for_all_profiles_is_narrowed(self, run: Any, tool: Path, report: Any) -> None:
        """A report of core says nothing about class."""
        tool.write_text(f'{HEAD}[[waiver]]\nscenario = "{EXPIRED}"\nreason = "Ours"\n', encoding="utf-8")
        ran = run("waive", "--from", report(make_entry(EXPIRED)), "--tool", tool, "--drop-stale")

        (left,) = load(tool).waiver
        assert ran.code == 0
        assert "core" not in left.profiles
        assert "class" in left.profiles

    def test_a_dry_run_writes_nothing(self, run: Any, tool: Path, report: Any) -> None:
        """It says what would be done."""
        ran = run("waive", "--from", report(make_entry(EXPIRED, "failed")), "--tool", tool, "--dry-run")

        assert ran.out.splitlines()[-1] == f"{tool}: 1 waiver would be written or renewed"
        assert tool.read_text(encoding="utf-8") == WAIVED

    def test_nothing_to_waive(self, run: Any, tool: Path, report: Any) -> None:
        """Which is no failure."""
        ran = run("waive", "--from", report(make_entry(EXPIRED)), "--tool", tool)

        assert (ran.code, ran.out) == (0, f"{tool}: unchanged: nothing to waive\n")
        assert tool.read_text(encoding="utf-8") == WAIVED

    def test_stale_ones_are_dropped(self, run: Any, tool: Path, report: Any) -> None:
        """What the report of a mended tool asks for; the glob was not tried whole."""
        made = report(make_entry(EXPIRED), make_entry(REPLAYED))
        ran = run("waive", "--from", made, "--tool", tool, "--drop-stale")

        assert ran.code == 0
        assert f"{EXPIRED}: its waiver is dropped: nothing that it covers fails any more" in ran.out
        assert "nonce/*: its waiver stays: the run did not try nonce/" in ran.out
        assert [each.scenario for each in load(tool).waiver] == ["nonce/*"]

    @pytest.mark.parametrize("option", ["--expires=1d", "--reason=x", "--link=x", "--only=a/b", "--warned"])
    def test_dropping_takes_no_wishes(self, run: Any, tool: Path, report: Any, option: str) -> None:
        """Nobody should wonder whether something was written as well."""
        ran = run("waive", "--from", report(), "--tool", tool, "--drop-stale", option)

        assert f"{option.partition('=')[0]}: --drop-stale only takes waivers out" in ran.complaint

    def test_the_report_of_another_tool(self, run: Any, tool: Path, report: Any) -> None:
        """Its failures are none of this one."""
        made = report(make_entry(EXPIRED, "failed"), tool="Other")

        assert "is of the tool 'Other'" in run("waive", "--from", made, "--tool", tool).complaint

    @pytest.mark.parametrize("value", ["", "  ", "two\nlines", "\x1b[31m"])
    @pytest.mark.parametrize("option", ["--reason", "--link"])
    def test_a_reason_is_a_line(self, run: Any, tool: Path, report: Any, option: str, value: str) -> None:
        """Neither empty nor more than one."""
        ran = run("waive", "--from", report(make_entry(EXPIRED, "failed")), "--tool", tool, f"{option}={value}")

        assert f"{option} {value!r}: expected one line of text" in ran.complaint

    def test_what_a_run_would_refuse_is_not_written(self, run: Any, tool: Path, report: Any) -> None:
        """A reason that reads the environment is the user's own; the file stays as it was."""
        made = report(make_entry(EXPIRED, "failed"))
        ran = run("waive", "--from", made, "--tool", tool, "--reason", "${NOT_SET_ANYWHERE}")

        assert f"{tool}: left as it is: " in ran.complaint
        assert "the environment has no variable NOT_SET_ANYWHERE" in ran.complaint
        assert tool.read_text(encoding="utf-8") == WAIVED

    @pytest.mark.parametrize(
        ("text", "told"), [(None, "the report cannot be read"), ("[]", "no report"), ("\x00", "no JSON report")]
    )
    def test_an_unusable_report(self, run: Any, tool: Path, tmp_path: Path, text: Any, told: str) -> None:
        """One line that names it."""
        path = tmp_path / "bad.json"
        if text is not None:
            path.write_text(text, encoding="utf-8")

        assert f"{path}: {told}" in run("waive", "--from", path, "--tool", tool).complaint


def _scenarios(id_: str) -> Any:
    from conformance.catalogue import scenarios
    from tests.conformance.makers import make_scenario

    return (*scenarios(), make_scenario(id_))
