from __future__ import annotations

import json
import shlex
from pathlib import Path
from typing import Any

import pytest

from conformance.commands import run_command
from tests.conformance.own_scenarios import RIGHT, SHOULD, WRONG


class TestDemo:
    @pytest.mark.parametrize("profile", ["core", "certification", "class", "ltix"])
    def test_a_part_of_the_catalogue_passes(self, run: Any, profile: str) -> None:
        """The sample tool is right under each profile."""
        ran = run("run", "--demo", "--profile", profile, "--only", "time/*")

        assert (ran.code, ran.err) == (0, "")
        assert f"profile {profile}: " in ran.out
        assert "seed 0" in ran.out.splitlines()[-1]

    def test_core_is_the_usual_profile(self, run: Any) -> None:
        """As the help says."""
        assert "profile core: " in run("run", "--demo", "--only", "time/*").out

    def test_by_code_and_type(self, run: Any) -> None:
        """`--only` takes them as well, several times."""
        ran = run("run", "--demo", "--profile", "class", "--only", "1006", "--only", "TokenExpired")

        assert ran.code == 0
        assert "✓ 1006 INVALID_USER_EMAIL" in ran.out
        assert "· 1007 INVALID_COURSE_ID" in ran.out

    def test_a_failure_is_1_and_tells_all(self, run: Any, own: Any, tmp_path: Path) -> None:
        """Id, reason, reference, and a command that repeats it."""
        own(RIGHT + WRONG)
        ran = run("run", "--demo", "--seed", "3")

        assert ran.code == 1
        assert "✗ own/wrong – T (failed)" in ran.out
        assert "a launch that has to work was refused with status" in ran.out
        assert "SEC §5.1.3" in ran.out
        repeat = f"  repeat     lti-conformance replay {tmp_path}/recipes/core-own-wrong.json"
        assert repeat in ran.out.splitlines()
        assert ran.out.splitlines()[-1].startswith("1 passed, 1 failed · ")

    def test_the_command_repeats_the_failure(self, run: Any, own: Any) -> None:
        """The printed command line leads to the same verdict."""
        own(RIGHT + SHOULD)
        ran = run("run", "--demo", "--strict")
        (line,) = [line for line in ran.out.splitlines() if line.strip().startswith("repeat")]
        again = run(*shlex.split(line.split(maxsplit=1)[1])[1:])

        assert (ran.code, again.code) == (1, 1)
        assert again.out.startswith("still fails:\n✗ own/should")

    def test_strict_makes_a_broken_should_1(self, run: Any, own: Any) -> None:
        """Without it a SHOULD only warns."""
        own(SHOULD)

        assert run("run", "--demo").code == 0
        assert run("run", "--demo", "--strict").code == 1

    def test_nothing_executed_is_2(self, run: Any, own: Any) -> None:
        """Everything was skipped: nothing has been proved."""
        own(RIGHT.replace("claims.expired'", 'payload.text(text="[]")\', \'claims.without(claim="sub")\''))
        ran = run("run", "--demo")

        assert ran.code == 2
        assert "Not tested:" in ran.out

    def test_no_time_is_2(self, run: Any) -> None:
        """Nothing began."""
        ran = run("run", "--demo", "--max-time", "1e-9")

        assert ran.code == 2
        assert "nothing was tried, incomplete" in ran.out

    def test_jobs_and_one_after_the_other_agree(self, run: Any, tmp_path: Path) -> None:
        """The reports list the same scenarios in the same order with the same statuses."""
        told = []
        for jobs in ("1", "3"):
            path = tmp_path / f"{jobs}.json"
            run("run", "--demo", "--only", "keys/*", "--only", "time/*", "--jobs", jobs, "--report", f"json:{path}")
            document = json.loads(path.read_text(encoding="utf-8"))
            told.append((document["complete"], [(r["id"], r["status"]) for r in document["results"]]))

        assert told[0] == told[1]
        assert told[0][0]


class TestReportOption:
    def test_to_a_file(self, run: Any, tmp_path: Path) -> None:
        """The screen still gets the text."""
        path = tmp_path / "report.json"
        ran = run("run", "--demo", "--only", "time/*", "--report", f"json:{path}")
        document = json.loads(path.read_text(encoding="utf-8"))

        assert ran.code == 0
        assert "profile core" in ran.out
        assert (document["profile"], document["complete"], document["seed"]) == ("core", True, 0)
        assert document["results"][0]["replay"].startswith("lti-conformance run --demo --profile core --seed 0 --only ")
        assert list(tmp_path.iterdir()) == [path]

    @pytest.mark.parametrize("place", ["json", "json:", "json:-"])
    def test_to_the_screen(self, run: Any, place: str) -> None:
        """Then nothing else is printed there."""
        ran = run("run", "--demo", "--only", "time/*", "--report", place)

        assert json.loads(ran.out)["schema"] == "lti-conformance-report/1"

    def test_several(self, run: Any, tmp_path: Path) -> None:
        """Each to its own place."""
        first, second = tmp_path / "a.json", tmp_path / "b.txt"
        run("run", "--demo", "--only", "time/*", "--report", f"json:{first}", "--report", f"text:{second}")

        assert json.loads(first.read_text(encoding="utf-8"))
        assert "profile core" in second.read_text(encoding="utf-8")

    def test_an_earlier_report_is_replaced(self, run: Any, tmp_path: Path) -> None:
        """Whole, and readable by others."""
        path = tmp_path / "report.json"
        path.write_text('{\n "schema": "lti-conformance-report/1",' + "x" * 1_000_000, encoding="utf-8")
        run("run", "--demo", "--only", "time/*", "--report", f"json:{path}")

        assert json.loads(path.read_text(encoding="utf-8"))
        assert path.stat().st_mode & 0o777 == 0o644

    @pytest.mark.parametrize(
        ("place", "problem"),
        [
            ("jason:{}/x", "unknown format 'jason'; known are"),
            ("json:{}/gone/x.json", "cannot write there; the folder must exist"),
            ("json:{}", "cannot write there"),
        ],
    )
    def test_a_place_that_cannot_be_is_refused_before_the_run(
        self, run: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, place: str, problem: str
    ) -> None:
        """Nothing has been launched by then."""
        monkeypatch.setattr(run_command, "conduct", None)

        assert problem in run("run", "--demo", "--report", place.format(tmp_path)).complaint


class TestToolFile:
    def test_a_right_tool_is_0(self, run: Any, own: Any, miniature: Any, tmp_path: Path) -> None:
        """Over real sockets, with the tool file named or found."""
        own(RIGHT)
        path = miniature(tmp_path)
        ran = run("run", "--tool", path, "--report", f"json:{tmp_path / 'r.json'}")
        document = json.loads((tmp_path / "r.json").read_text(encoding="utf-8"))

        assert (ran.code, ran.err) == (0, "")
        assert document["tool"] == "Miniature"
        assert document["results"][0]["observed"]["code"] == 1001

    def test_it_is_found_in_the_current_folder(
        self, run: Any, own: Any, miniature: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """The usual name needs no option."""
        own(RIGHT)
        miniature(tmp_path)
        monkeypatch.chdir(tmp_path)

        assert run("run").code == 0

    def test_the_profile_of_the_tool_file_counts(self, run: Any, own: Any, miniature: Any, tmp_path: Path) -> None:
        """Unless the command line names another one; and the recipe names it too."""
        own(WRONG)
        profile = tmp_path / "mine.toml"
        profile.write_text('title = "Mine"\nquestion = "Is it?"\naxes = ["outcome"]\n', encoding="utf-8")
        path = miniature(tmp_path, rest=f"[profile]\nname = '{profile}'\n")

        ran = run("run", "--tool", path)
        assert "profile mine: Is it?" in ran.out
        recipe = tmp_path / "recipes" / "mine-own-wrong.json"
        told = json.loads(recipe.read_text(encoding="utf-8"))
        assert (told["profile"], told["target"]["tool"]) == (str(profile), str(path))
        assert "profile core: " in run("run", "--tool", path, "--profile", "core").out

    @pytest.mark.parametrize(
        ("scenario", "expires", "code", "told"),
        [
            ("own/wrong", "", 0, "1 passed, 1 waived"),
            ("own/right", "", 1, "waiver 'own/right' is stale"),
            ("own/wrong", "expires = 2020-01-01", 1, "expired on 2020-01-01"),
            ("own/r*", "", 1, "1 failed"),
        ],
    )
    def test_waivers(
        self, run: Any, own: Any, miniature: Any, tmp_path: Path, scenario: str, expires: str, code: int, told: str
    ) -> None:
        """A failure that is waived does not count, and a failure that is not comes first."""
        own(RIGHT + WRONG)
        waiver = f"[[waiver]]\nscenario = '{scenario}'\nreason = 'Known'\n{expires}\n"
        ran = run("run", "--tool", miniature(tmp_path, rest=waiver))

        assert ran.code == code
        assert told in ran.out

    @pytest.mark.parametrize("expires", ["", "expires = 2020-01-01"])
    def test_a_stale_or_expired_waiver_alone_is_4(
        self, run: Any, own: Any, miniature: Any, tmp_path: Path, expires: str
    ) -> None:
        """All passes, and the waiver is to be removed."""
        own(RIGHT)
        waiver = f"[[waiver]]\nscenario = 'own/*'\nreason = 'Known'\n{expires}\n"

        assert run("run", "--tool", miniature(tmp_path, rest=waiver)).code == 4

    def test_a_waived_failure_does_not_end_a_fast_run(self, run: Any, own: Any, miniature: Any, tmp_path: Path) -> None:
        """It is known, and the rest is tried."""
        own(WRONG + RIGHT)
        waiver = "[[waiver]]\nscenario = 'own/wrong'\nreason = 'Known'\n"
        ran = run("run", "--fail-fast", "--tool", miniature(tmp_path, rest=waiver))

        assert ran.code == 0
        assert "1 passed, 1 waived" in ran.out

    def test_fail_fast_leaves_the_rest(self, run: Any, own: Any, miniature: Any, tmp_path: Path) -> None:
        """And says that the report is incomplete."""
        own(WRONG + RIGHT)
        ran = run("run", "--fail-fast", "--tool", miniature(tmp_path))

        assert ran.code == 1
        assert "1 failed, incomplete" in ran.out

    def test_the_doctor_finds_nothing_wrong(self, run: Any, miniature: Any, tmp_path: Path) -> None:
        """What to register, and that the plain launch works."""
        ran = run("doctor", "--tool", miniature(tmp_path))

        assert ran.code == 0
        assert "Register in Miniature:\n  Issuer              http://127.0.0.1:" in ran.out
        assert "✓ The plain launch by LTI 1.3 works; the tool fetched the key set 0 times." in ran.out

    def test_the_doctor_says_how_far_it_came(self, run: Any, miniature: Any, tmp_path: Path) -> None:
        """A tool that never continues the login has another registration."""
        path = miniature(tmp_path, login=lambda _: (404, "who are you?", {}))
        ran = run("doctor", "--tool", path)

        assert ran.code == 3
        assert "/login → 404" in ran.out
        assert "compare issuer and client id with its registration" in ran.err
