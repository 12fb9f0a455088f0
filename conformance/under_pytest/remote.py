"""One tool for all workers of a distributed run: the controlling process drives it, the workers ask.

Both ends are processes of one pytest run on one machine; a random key, handed over by xdist, keeps others out.
"""

from __future__ import annotations

import contextlib
import pickle
import secrets
import threading
import traceback
from collections.abc import Callable, Mapping
from multiprocessing.connection import Client, Connection, Listener
from pathlib import Path
from typing import Any

from conformance.model import Observation
from conformance.under_pytest.bench import AnyBench
from conformance.under_pytest.values import Trial, Wish
from mockplatform.errors import UsageError

__all__ = ["RemoteBench", "Service", "connect"]

_BACKLOG = 64


class Service:
    """Answers the workers, each in a thread of its own.

    Args:
        bench: the tool that a tool file describes.
    """

    def __init__(self, bench: Callable[[Path], AnyBench]) -> None:
        self._bench = bench
        self._key = secrets.token_bytes(32)
        self._listener = Listener(("127.0.0.1", 0), backlog=_BACKLOG, authkey=self._key)
        self._closed = False
        self._thread = threading.Thread(target=self._accept, name="lti-service", daemon=True)
        self._thread.start()

    def invitation(self) -> Mapping[str, Any]:
        """What a worker needs in order to ask, in values that xdist can carry."""
        host, port = self._listener.address
        return {"host": host, "port": port, "key": self._key.hex()}

    def close(self) -> None:
        """Answer nobody any more."""
        self._closed = True
        # Nothing else wakes a thread that waits for a connection.
        with contextlib.suppress(OSError, EOFError):
            Client(self._listener.address, authkey=self._key).close()
        self._thread.join()
        self._listener.close()

    def _accept(self) -> None:
        while not self._closed:
            try:
                connection = self._listener.accept()
            except Exception:  # noqa: BLE001, S112 - somebody without the key, or who has hung up
                continue
            threading.Thread(target=self._answer, args=(connection,), name="lti-worker", daemon=True).start()

    def _answer(self, connection: Connection) -> None:
        with connection, contextlib.suppress(EOFError, OSError):
            while True:
                connection.send_bytes(self._reply(*connection.recv()))

    def _reply(self, path: Path, method: str, profile: str, wanted: Any) -> bytes:
        try:
            return pickle.dumps(("value", getattr(self._bench(path), method)(profile, wanted)))
        except UsageError as error:
            return pickle.dumps(("usage", str(error)))
        except Exception:  # noqa: BLE001 - it belongs in the report of the item that asked
            return pickle.dumps(("crash", traceback.format_exc()))


class RemoteBench:
    """A tool that the controlling process drives.

    Args:
        ask: sends a question to that process and returns its answer.
    """

    def __init__(self, path: Path, ask: Callable[..., Any]) -> None:
        self._path = path
        self._ask = ask

    def try_scenario(self, profile: str, scenario: str) -> Trial:
        """What comes of trying a scenario."""
        trial: Trial = self._ask(self._path, "try_scenario", profile, scenario)
        return trial

    def replay(self, profile: str, recipe: str) -> Trial:
        """What comes of a recipe.

        Raises:
            UsageError: it is no recipe.
        """
        trial: Trial = self._ask(self._path, "replay", profile, recipe)
        return trial

    def launch(self, profile: str, wish: Wish) -> Observation:
        """What the tool does with a launch.

        Raises:
            UsageError: the launch names something unknown, or the tool cannot be brought up.
        """
        seen: Observation = self._ask(self._path, "launch", profile, wish)
        return seen


def connect(invitation: Mapping[str, Any]) -> Callable[..., Any]:
    """What asks the controlling process; one question at a time."""
    connection = Client((invitation["host"], invitation["port"]), authkey=bytes.fromhex(invitation["key"]))
    lock = threading.Lock()

    def ask(*question: Any) -> Any:
        try:
            with lock:
                connection.send(question)
                kind, value = connection.recv()
        except (EOFError, OSError):
            raise UsageError("the controlling process of this run has gone") from None
        if kind == "usage":
            raise UsageError(value)
        if kind == "crash":
            raise RuntimeError(f"in the controlling process:\n{value}")
        return value

    return ask
