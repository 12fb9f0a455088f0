"""What a tool that runs in this process prints: kept apart from what the harness prints."""

from __future__ import annotations

import contextlib
import io
import os
import sys
import threading
from collections.abc import Iterator
from contextvars import ContextVar
from types import ModuleType
from typing import Any, BinaryIO, Final, TextIO

__all__ = ["as_the_tool", "output_kept", "written_to"]

# In a thread of the harness a tool may have its turn as well: that of its import, or of a task that it is called in.
_IS_TOOL: ContextVar[bool] = ContextVar("the tool is running", default=False)
_NAMES: Final = ("stdout", "stderr", "__stdout__", "__stderr__")


class _Parted:
    """A stream that is one for the harness and another for the tool.

    Whatever is asked of it is asked of the one whose turn it is, so that it is a terminal for the harness where the
    stream in whose place it stands is one.

    Args:
        threads: those of the harness; any other is the tool's.
    """

    def __init__(self, harness: Any, tool: TextIO, threads: frozenset[threading.Thread]) -> None:
        self.harness = harness
        self.tool: Any = tool
        self.threads = threads

    @property
    def is_tool(self) -> bool:
        """Whether it is the tool's turn: a thread that it starts by itself inherits nothing that would tell."""
        return _IS_TOOL.get() or threading.current_thread() not in self.threads

    def __getattr__(self, name: str) -> Any:
        return getattr(self.tool if self.is_tool else self.harness, name)


def _stream(name: str) -> property:
    """A standard stream as an attribute of `sys`: the tool sees its own, and puts another in the place of that."""

    def shown(module: ModuleType) -> Any:
        parted = vars(module)[name]
        return parted.tool if parted.is_tool else parted.harness

    def replaced(module: ModuleType, stream: Any) -> None:
        parted = vars(module)[name]
        if parted.is_tool:
            parted.tool = stream
        else:
            # A bar on a terminal takes the streams before the tool is up, and gives them back when it is down.
            parted.harness = stream

    return property(shown, replaced)


class _PartedModule(ModuleType):
    """What `sys` is while a tool is up, so that nothing that the tool makes of its streams touches the harness's.

    `print` and warnings do not ask here, but take the parted stream out of the module's dictionary.
    """

    stdout = _stream("stdout")
    stderr = _stream("stderr")
    __stdout__ = _stream("__stdout__")
    __stderr__ = _stream("__stderr__")


class _LogEnd(io.RawIOBase):
    """An end of a log that anybody may close or wrap, by which nothing happens to the log or to what is written later.

    A logger of the tool may keep it for longer than there is a log; what it writes then is lost.
    """

    def __init__(self, log: BinaryIO) -> None:
        self.name = log.name
        self._log = log
        self._given: int | None = None

    def write(self, data: Any) -> int:
        # Neither that the log has gone nor that the disk is full is the tool's fault.
        with contextlib.suppress(OSError, ValueError):
            os.write(self._log.fileno(), data)
        return len(data)

    def writable(self) -> bool:
        return True

    def fileno(self) -> int:
        """A descriptor to give away: `open(sys.stdout.fileno(), "w")` closes it one day, or else the process does."""
        if self._given is None:
            self._given = os.dup(self._log.fileno())
        return self._given

    def close(self) -> None:
        """Stay open: a wrapper closes what it wraps when it is collected, and the next one could not write."""


def written_to(log: BinaryIO) -> TextIO:
    """A text stream of its own to a log; closing or detaching it leaves the log, and other such streams, as they are.

    Args:
        log: a file that is open in the operating system as well.
    """
    return io.TextIOWrapper(_LogEnd(log), encoding="utf-8", errors="replace", write_through=True)


@contextlib.contextmanager
def as_the_tool() -> Iterator[None]:
    """What runs in the block, and what it starts in a task or a framework's thread pool, is the tool's."""
    token = _IS_TOOL.set(True)
    try:
        yield
    finally:
        _IS_TOOL.reset(token)


@contextlib.contextmanager
def output_kept(log: BinaryIO) -> Iterator[None]:
    """What the tool prints, warns of or logs for want of a handler goes to a file in the block, not to the terminal.

    Python writes warnings, logging's last resort and what ends a thread to `sys.stderr`. Threads that are there when
    the block begins are the harness's; what any other says is the tool's. For as long as one of those lives it has no
    terminal after the block either, and what it says then is lost: a report may be on its way to standard output.

    Under pytest nothing is changed, since that has put streams of its own there, which it changes from test to test,
    and shows what they got with a test that failed. What goes to a descriptor past Python is not seen here.
    """
    if _is_under_pytest():
        yield
        return
    streams, threads = vars(sys), frozenset(threading.enumerate())
    before = {name: _of_the_harness(streams[name]) for name in _NAMES}
    streams.update({name: _Parted(stream, written_to(log), threads) for name, stream in before.items()})
    sys.__class__ = _PartedModule
    try:
        yield
    finally:
        if threads.issuperset(threading.enumerate()):
            sys.__class__ = ModuleType
            streams.update(before)


def _of_the_harness(stream: Any) -> Any:
    """The harness's stream; an earlier tool, whose threads live on, may have parted it."""
    return stream.harness if isinstance(stream, _Parted) else stream


def _is_under_pytest() -> bool:
    """Whether a session of pytest runs in this process; one that it has started inherits only variables."""
    return "_pytest" in sys.modules and bool({"PYTEST_VERSION", "PYTEST_CURRENT_TEST"} & os.environ.keys())
