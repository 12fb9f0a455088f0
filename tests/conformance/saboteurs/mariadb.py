"""A real MariaDB for the tests, if this machine has one: no port, gone with the block."""

from __future__ import annotations

import contextlib
import importlib.util
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

from sqlalchemy import NullPool, create_engine

from tests.patience import reading

__all__ = ["lacking", "running_mariadb"]


def lacking() -> str | None:
    """What keeps the tests from having a server; None if nothing does."""
    programs = ("mariadbd", "mariadb-install-db")
    missing = [program for program in programs if shutil.which(program) is None]
    if importlib.util.find_spec("pymysql") is None:
        missing.append("pymysql")
    return f"no MariaDB to test with: {', '.join(missing)} not found" if missing else None


@contextlib.contextmanager
def running_mariadb() -> Iterator[str]:
    """The address of an empty database, as its administrator."""
    folder = Path(tempfile.mkdtemp(prefix="my"))
    base, data, socket = Path(str(shutil.which("mariadbd"))).parents[1], folder / "data", folder / "s"
    user = Path.home().owner()
    try:
        subprocess.run(
            ["mariadb-install-db", "--no-defaults", f"--datadir={data}", f"--basedir={base}", f"--user={user}",
             "--auth-root-authentication-method=normal", "--skip-test-db"],
            check=True, capture_output=True, timeout=60,
        )  # fmt: skip
        with subprocess.Popen(
            ["mariadbd", "--no-defaults", f"--datadir={data}", f"--basedir={base}", f"--socket={socket}",
             "--skip-networking", f"--user={user}"],
            stderr=subprocess.PIPE, text=True,
        ) as server:  # fmt: skip
            try:
                assert server.stderr is not None
                with reading(server, "that it is ready"):
                    assert any("ready for connections" in line for line in server.stderr)
                address = f"mysql+pymysql://root@/{{}}?unix_socket={socket}"
                engine = create_engine(address.format(""), poolclass=NullPool)
                with engine.connect() as admin:
                    admin.exec_driver_sql("CREATE DATABASE tool")
                yield address.format("tool")
            finally:
                server.terminate()
    finally:
        shutil.rmtree(folder, ignore_errors=True)
