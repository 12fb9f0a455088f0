"""A note of the tool that a run has started, so that the next run knows it if this one is killed.

A process is known again by its id together with the time of its start, which on Linux stand in `/proc`; elsewhere one
can tell that a process of this id lives, and no more.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import signal
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

from conformance.leaving import LEFT, made

__all__ = ["Leftover", "leftover_at", "noted", "stop"]

_PROCESSES = Path("/proc")
_STOPPING_S = 5.0
_LOOKING_S = 0.05


@dataclass(frozen=True, slots=True, kw_only=True)
class _Process:
    """A process, and when it was started; empty where nobody can know."""

    id: int
    began: str

    @property
    def lives(self) -> bool:
        """Whether there is a process of this id that is not certainly another."""
        if not _lives(self.id):
            return False
        return not self.began or _began(self.id) == self.began

    @property
    def is_known(self) -> bool:
        """Whether there is a process that is certainly this one."""
        return bool(self.began) and _began(self.id) == self.began


@dataclass(frozen=True, slots=True, kw_only=True)
class Leftover:
    """A tool that an earlier run has started.

    Args:
        tool: the leader of its process group.
        run: the run that has started it.
    """

    tool: _Process
    run: _Process

    @property
    def is_of_a_run_that_goes_on(self) -> bool:
        """Whether that run has neither ended nor been killed."""
        return self.run.lives

    @property
    def is_certain(self) -> bool:
        """Whether what runs now is that tool, and no other that has its process id by chance."""
        return self.tool.is_known

    @property
    def stopped_by(self) -> str:
        """The command that stops it with all that it has started."""
        return f"kill -- -{self.tool.id}"


@contextlib.contextmanager
def noted(address: tuple[str, int], leader: int) -> Iterator[None]:
    """A note of a started tool lies in the run's folder for the block; where it cannot be written there is none.

    Args:
        leader: the process that leads the tool's group.
    """
    path = _path(address)
    note = Leftover(tool=_process(leader), run=_process(os.getpid()))
    with contextlib.suppress(OSError):
        made(LEFT)
        path.write_text(json.dumps(asdict(note)), encoding="utf-8")
    try:
        yield
    finally:
        with contextlib.suppress(OSError):
            path.unlink()


def leftover_at(address: tuple[str, int]) -> Leftover | None:
    """The tool that an earlier run has noted at an address and that lives; None if there is none."""
    try:
        note = json.loads(_path(address).read_text(encoding="utf-8"))
        tool, run = (_Process(id=int(note[part]["id"]), began=str(note[part]["began"])) for part in ("tool", "run"))
    except (OSError, ValueError, KeyError, TypeError):
        return None
    # By a group 0 or 1 a signal would reach others.
    if tool.id <= 1 or not (tool.lives or _is_without_leader(tool.id)):
        return None
    return Leftover(tool=tool, run=run)


def stop(leftover: Leftover) -> None:
    """Stop a tool that is certainly what an earlier run has started: asked first, then made to."""
    for number in (signal.SIGTERM, signal.SIGKILL):
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(leftover.tool.id, number)
        deadline = time.monotonic() + _STOPPING_S
        while _group_lives(leftover.tool.id) and time.monotonic() < deadline:
            time.sleep(_LOOKING_S)


def _path(address: tuple[str, int]) -> Path:
    host, port = address
    return LEFT / f"started-{re.sub('[^A-Za-z0-9.]', '-', host)}-{port}.json"


def _process(number: int) -> _Process:
    return _Process(id=number, began=_began(number))


def _lives(number: int) -> bool:
    try:
        os.kill(number, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return _facts(number)[:1] not in (["Z"], ["X"])


def _began(number: int) -> str:
    """When a process was started, in ticks of one boot of the machine; empty if nobody can know, or it has ended."""
    facts = _facts(number)
    if len(facts) < 20 or facts[0] in "ZX":
        return ""
    with contextlib.suppress(OSError):
        return f"{(_PROCESSES / 'sys/kernel/random/boot_id').read_text().strip()} {facts[19]}"
    return ""


def _is_without_leader(group: int) -> bool:
    """Whether a group goes on whose leader has ended: no other process can have got that id meanwhile."""
    return not _lives(group) and _group_lives(group)


def _group_lives(group: int) -> bool:
    """Whether a process of a group has not ended."""
    facts = (_facts(int(each.name)) for each in _PROCESSES.glob("[0-9]*"))
    return any(len(found) > 2 and found[2] == str(group) and found[0] not in "ZX" for found in facts)


def _facts(number: int) -> list[str]:
    """What Linux tells of a process from its state on (proc(5), /proc/pid/stat); its name may hold blanks."""
    try:
        told = (_PROCESSES / str(number) / "stat").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return []
    return told.rpartition(")")[2].split()
