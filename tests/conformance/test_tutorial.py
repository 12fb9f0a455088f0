"""The first chapters of README: each command of *Ten minutes* and of the tutorial is typed, each change made."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

from tests.conformance.loopback import free_port
from tests.conformance.readers import Folder, chapter

BLOCK = re.compile(r"^```(py|diff|shell-session)\n(.*?)^```|^(Mended): (.*?)\n", re.DOTALL | re.MULTILINE)
LONGEST_TOOL = 90


def parts(heading: str) -> list[tuple[str, str]]:
    """What a reader of the chapter does, in order: files, changes, commands, and what they have mended."""
    return [(found[1] or found[3], found[2] or found[4]) for found in BLOCK.finditer(chapter(heading))]


TUTORIAL = parts("Tutorial")
FIRST = next(text for kind, text in TUTORIAL if kind == "py")
CHANGES = [text for kind, text in TUTORIAL if kind == "diff"]


def changed(text: str, change: str) -> str:
    """The text with a change made to it, each part of which fits in one place alone."""
    for hunk in change.split("@@\n")[1:]:
        lines = hunk.splitlines()
        before = "".join(f"{line[1:]}\n" for line in lines if line[:1] != "+")
        after = "".join(f"{line[1:]}\n" for line in lines if line[:1] != "-")
        assert text.count(before) == 1, before
        text = text.replace(before, after)
    return text


def versions() -> list[str]:
    """The tool at each step."""
    found = [FIRST]
    for change in CHANGES:
        found.append(changed(found[-1], change))
    return found


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    """An empty folder `my-tool`."""
    for module in ("flask", "jwt"):
        pytest.importorskip(module)
    (tmp_path / "my-tool").mkdir()
    return Folder(tmp_path / "my-tool", free_port(), free_port())


def test_the_first_ten_minutes(folder):
    """What *Ten minutes* shows of the finished tool is what its commands print, down to the report."""
    (folder.path / "tool.py").write_text(versions()[-1])
    for _, session in parts("Ten minutes"):
        folder.type(session)
    assert "<html" in (folder.path / "report.html").read_text("utf-8")


def test_the_tutorial_from_its_first_line_to_its_last(folder):
    """Its commands print what it shows, and what each step has mended had failed before."""
    tool = folder.path / "tool.py"
    steps = iter(versions())
    before = ""
    for kind, text in TUTORIAL:
        if kind in ("py", "diff"):
            before = tool.read_text() if tool.exists() else ""
            tool.write_text(next(steps))
        elif kind == "shell-session":
            folder.type(text)
        else:
            ids = re.findall(r"`([^`]+)`", text)
            after = tool.read_text()
            assert folder.statuses(ids) == dict.fromkeys(ids, "passed")
            tool.write_text(before)
            assert folder.statuses(ids) == dict.fromkeys(ids, "failed")
            tool.write_text(after)


def test_the_tool_of_the_tutorial_stays_small():
    """Each version is Python, four changes make it conformant, and it fits on two screens."""
    found = versions()
    assert [bool(ast.parse(text)) for text in found] == [True] * 5
    assert len(found[-1].splitlines()) <= LONGEST_TOOL
    assert [kind for kind, _ in TUTORIAL].count("Mended") == len(CHANGES)
