"""A reader of README and of the written topics: their blocks, and a folder in which what they say to type is typed."""

from __future__ import annotations

import doctest
import json
import os
import re
import shlex
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

__all__ = ["FENCED", "README", "WRITTEN", "Folder", "block", "blocks", "chapter"]

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")
TOPICS = sorted((ROOT / "conformance" / "topics").glob("*.md"))
WRITTEN = {"README": README, **{path.stem.replace("_", "-"): path.read_text(encoding="utf-8") for path in TOPICS}}
"""README and each topic of `explain` that is a text, by its name."""

FENCED = re.compile(r"^```([\w-]*)\n(.*?)^```$", re.DOTALL | re.MULTILINE)


def chapter(heading: str) -> str:
    """The text of a chapter."""
    return README[README.index(f"\n## {heading}") :].split("\n## ")[1]


def blocks(language: str) -> list[str]:
    """Every example in a language, of README and of the topics; "" is what is typed into a shell."""
    return [text for document in WRITTEN.values() for kind, text in FENCED.findall(document) if kind == language]


def block(language: str, word: str) -> str:
    """The one example that contains a word."""
    (found,) = [text for text in blocks(language) if word in text]
    return found


@dataclass(frozen=True)
class Folder:
    """The reader's folder, in which commands are typed."""

    path: Path
    port: int
    platform: int

    def say(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run the program in the folder; where it tells ports, those of README are told."""
        given = [*arguments]
        if given[0] == "init":
            # Nobody else is taken for this tool, and nobody else has its ports.
            given += ["--url", f"http://127.0.0.1:{self.port}"]
        done = subprocess.run(
            [sys.executable, "-m", "conformance", *given],
            cwd=self.path,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
            capture_output=True,
            text=True,
            timeout=240,
            check=False,
        )
        file = self.path / "lti-conformance.toml"
        if given[0] == "init":
            text = re.sub(
                r'(?m)^url = "http://127.0.0.1:\d+"', f'url = "http://127.0.0.1:{self.platform}"', file.read_text()
            )
            file.write_text(text)
        return done

    def told(self, printed: str) -> str:
        """What was printed, with the ports of README."""
        printed = re.sub(rf"127\.0\.0\.1:{self.port}\b", "127.0.0.1:5000", printed)
        # `init` tells the port that is free, before this folder gets its own.
        return re.sub(rf"127\.0\.0\.1:(94\d\d|{self.platform})\b", "127.0.0.1:9400", printed)

    def type(self, session: str) -> None:
        """Type the commands of a session, and compare what they print; `...` is anything."""
        for each in session.split("$ ")[1:]:
            command, _, wanted = each.partition("\n")
            program, *arguments = shlex.split(command)
            assert program == "lti-conformance"
            done = self.say(*arguments)
            printed = self.told(done.stdout)
            assert doctest.OutputChecker().check_output(wanted, printed, doctest.ELLIPSIS), (
                f"$ {command}\n{printed}\n{done.stderr}"
            )
            doubts = "(failed)" in wanted or "! In doubt" in wanted
            assert done.returncode == (1 if doubts else 0), f"$ {command}\n{printed}\n{done.stderr}"

    def statuses(self, ids: list[str]) -> dict[str, str]:
        """How these scenarios end."""
        only = [part for id_ in ids for part in ("--only", id_)]
        done = self.say("run", *only, "--report", "json:statuses.json")
        assert done.returncode in (0, 1), done.stderr
        entries = json.loads((self.path / "statuses.json").read_text())["results"]
        return {entry["id"]: entry["status"] for entry in entries}
