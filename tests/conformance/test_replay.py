from __future__ import annotations

import contextlib
import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from conformance.cli import main
from tests.conformance.plugin.projects import free_port, tool_file
from tests.conformance.served import served

TEN = 10


@pytest.fixture
def sample(tmp_path: Path) -> Iterator[Callable[..., Path]]:
    """Serves the sample tool, with a flaw if one is named, and writes its tool file."""
    with contextlib.ExitStack() as stack:

        def start(name: str = "tool.toml", without: str | None = None) -> Path:
            path = tmp_path / name
            path.write_text(served(stack, without=without), encoding="utf-8")
            return path

        yield start


@pytest.fixture
def recorded(sample: Callable[..., Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> list[Path]:
    """The recipes that a run against a tool without a signature check has left."""
    flawed = sample(without="signature-unverified")
    code = main(["run", "--tool", str(flawed), "--only", "signature/*", "--recipes", str(tmp_path / "recipes")])
    assert code == 1
    capsys.readouterr()
    return sorted((tmp_path / "recipes").glob("*.json"))[:TEN]


def test_ten_recorded_failures_fail_again(recorded: list[Path], capsys: pytest.CaptureFixture[str]):
    """Each recipe says by itself which tool it was and what was wrong."""
    assert len(recorded) == TEN
    for recipe in recorded:
        assert main(["replay", str(recipe)]) == 1, recipe.name
        told = capsys.readouterr().out
        assert told.startswith("still fails:")
        assert "because    the broken launch was let in" in told


def test_a_mended_tool_is_told(recorded: list[Path], sample: Callable[..., Path], capsys: pytest.CaptureFixture[str]):
    """The same story on a tool without the flaw ends with 0."""
    mended = sample("mended.toml")
    assert main(["replay", str(recorded[0]), "--tool", str(mended)]) == 0
    assert capsys.readouterr().out.startswith("fixed: signature/")


def test_a_tool_that_is_not_there_cannot_be_told_about(
    recorded: list[Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    """That is neither fixed nor still failing."""
    gone = tmp_path / "gone.toml"
    address = f"http://127.0.0.1:{free_port()}"
    gone.write_text(tool_file(tool=address, platform=f"http://127.0.0.1:{free_port()}"), encoding="utf-8")
    assert main(["replay", str(recorded[0]), "--tool", str(gone)]) == 3
    assert capsys.readouterr().out.startswith("cannot run: signature/")


def test_a_story_that_the_tool_cannot_take_part_in_is_not_fixed(
    recorded: list[Path], sample: Callable[..., Path], capsys: pytest.CaptureFixture[str]
):
    """A need that the tool file does not meet is told, and ends with 2."""
    document = json.loads(recorded[0].read_text(encoding="utf-8"))
    document["scenario"]["registration"] = "second"
    recorded[0].write_text(json.dumps(document), encoding="utf-8")
    assert main(["replay", str(recorded[0])]) == 2
    assert "register the tool with a second platform" in capsys.readouterr().out


def test_the_report_names_the_command(recorded: list[Path], sample: Callable[..., Path], tmp_path: Path):
    """The command in the JSON report, typed in as it stands, repeats the failure."""
    flawed = sample("again.toml", without="signature-unverified")
    report = tmp_path / "report.json"
    run = ["run", "--tool", str(flawed), "--only", "signature/flipped-bit", "--recipes", str(tmp_path / "one")]
    assert main([*run, "--report", f"json:{report}"]) == 1
    command = json.loads(report.read_text(encoding="utf-8"))["results"][0]["replay"]
    assert command == f"lti-conformance replay {tmp_path / 'one' / 'core-signature-flipped-bit.json'}"
    ended = subprocess.run(
        [sys.executable, "-m", *command.replace("lti-conformance", "conformance").split()], timeout=60, check=False
    )
    assert ended.returncode == 1


def test_a_folder_of_ones_own_is_left_as_it_is(recorded: list[Path]):
    """Version control is told to look away from the usual folder, and from no other."""
    assert not (recorded[0].parent / ".gitignore").exists()


def test_recipes_are_kept_beside_the_work(
    sample: Callable[..., Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    """Unless another folder is named, they are in `.lti-conformance` of the current one."""
    monkeypatch.chdir(tmp_path)
    flawed = sample(without="signature-unverified")
    assert main(["run", "--tool", str(flawed), "--only", "signature/flipped-bit"]) == 1
    assert "lti-conformance replay .lti-conformance/recipes/core-signature-flipped-bit.json" in capsys.readouterr().out
    assert Path(".lti-conformance/recipes/core-signature-flipped-bit.json").exists()
    assert Path(".lti-conformance/.gitignore").read_text(encoding="utf-8") == "*\n"


def test_a_tool_file_that_has_moved_is_told(recorded: list[Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    """The line says that the recipe names it, and how to name another."""
    (tmp_path / "tool.toml").rename(tmp_path / "elsewhere.toml")
    assert main(["replay", str(recorded[0])]) == 2
    assert "though the recipe names it; add --tool FILE" in capsys.readouterr().err


def test_a_folder_that_cannot_be_written_costs_no_run(
    sample: Callable[..., Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    """The failure then names the command of the run itself."""
    (tmp_path / "file").write_text("", encoding="utf-8")
    flawed = sample(without="signature-unverified")
    run = ["run", "--tool", str(flawed), "--only", "signature/flipped-bit", "--recipes", str(tmp_path / "file")]
    assert main(run) == 1
    expected = f"lti-conformance run --tool {flawed} --profile core --seed 0 --only signature/flipped-bit"
    assert expected in capsys.readouterr().out


@pytest.mark.parametrize(("format_", "beginning"), [("pytest", '"""signature/'), ("scenario", "[[scenario]]\n")])
def test_a_recipe_is_written_in_another_form(
    recorded: list[Path], tmp_path: Path, format_: str, beginning: str, capsys: pytest.CaptureFixture[str]
):
    """To the screen, or to a file that was not there before."""
    assert main(["export", "--format", format_, str(recorded[0])]) == 0
    text = capsys.readouterr().out
    assert text.startswith(beginning)
    target = tmp_path / "out.txt"
    assert main(["export", "--format", format_, str(recorded[0]), "--output", str(target)]) == 0
    assert target.read_text(encoding="utf-8") == text
    assert main(["export", "--format", format_, str(recorded[0]), "--output", str(target)]) == 2
    assert "is there already" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["replay", "nowhere.json"], "nowhere.json: the recipe cannot be read: No such file or directory"),
        (["export", "--format", "pytest"], "--format pytest: name the recipe to write"),
        (["export", "--format", "vectors", "a.json"], "a.json: vectors are made of the whole catalogue"),
    ],
)
def test_a_wrong_command_is_told_in_one_line(
    arguments: list[str], told: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    """With exit code 2 and no traceback."""
    monkeypatch.chdir(tmp_path)
    assert main(arguments) == 2
    error = capsys.readouterr().err
    assert told in error
    assert error.count("\n") == 1
