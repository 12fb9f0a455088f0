"""The driver `proxy` as a tool file binds it."""

from __future__ import annotations

import contextlib
import socket
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import psycopg
import pytest

from conformance.driver import Order, OutOfReachError
from conformance.faultpoints import proxy
from conformance.faults import drivers, fault_points, opened, reachable
from mockplatform.errors import UsageError
from tests.conformance.loopback import free_port
from tests.conformance.pgproxy.proxies import SITE, Proxied, short_folder
from tests.conformance.postgres import PostgreSQL

UPSTREAM = "postgresql://lti:secret@127.0.0.1:5432/lti"


def table(**settings: Any) -> dict[str, Any]:
    return {"driver": "proxy", "listen": "127.0.0.1:6543", "upstream": UPSTREAM, "table": "classes", **settings}


def refused(tables: dict[str, dict[str, Any]]) -> str:
    with pytest.raises(UsageError) as found, opened(tables, SITE):
        pass
    text = str(found.value)
    assert "\n" not in text
    assert "secret" not in text
    return text


def test_what_it_reaches():
    """Every point of the tool's database; what is read can be found empty, and a live session is read."""
    reached = {name: reachable(point).get("proxy", ()) for name, point in fault_points().items()}
    reads = {
        "credentials.read",
        "zoom_auth.read",
        "course_link.read",
        "meeting_defaults.read",
        "class.read",
        "zoom.session",
    }
    assert {name for name, modes in reached.items() if modes == ("error", "timeout", "garbage", "empty")} == reads
    writes = {"class.create", "deferred.create", "enrollment.write"}
    assert {name for name, modes in reached.items() if modes == ("error", "timeout", "garbage")} == writes
    assert {name for name, modes in reached.items() if not modes} == {"jwks.fetch"}


def test_its_examples_can_be_bound():
    """Together, as they stand, at one address."""
    assert drivers()["proxy"] is proxy
    lines = "\n".join(proxy.example(point) for point in fault_points().values() if proxy.modes(point))
    tables = tomllib.loads(lines)
    port = free_port()
    for settings in tables.values():
        settings["listen"] = f"127.0.0.1:{port}"
    with opened(tables, SITE) as bindings:
        assert set(bindings) == set(tables)
        assert not any(binding.isolated for binding in bindings.values())


@pytest.mark.parametrize(
    ("settings", "problem"),
    [
        ({"upstream": "mysql://u:secret@db.test"}, "upstream is no address of a PostgreSQL"),
        ({"upstream": f"{UPSTREAM}?sslmode=require"}, "upstream asks for TLS"),
        ({"listen": "6543"}, "listen is '6543', expected an address"),
        ({"listen": "127.0.0.1:5432"}, "listen and upstream are both 127.0.0.1:5432"),
        ({"table": "a b"}, "table is 'a b', expected a name"),
        ({"match": "name"}, "match: expected 'email', 'sub' or 'context_id'"),
        ({"tables": "a"}, "tables: unknown key"),
    ],
)
def test_settings_that_cannot_be(settings: dict[str, Any], problem: str):
    """One line says where, what and what to do, before anything is opened."""
    text = refused({"class.read": table(**settings)})
    assert text.startswith('lti.toml faults."class.read"')
    assert problem in text


def test_two_servers_behind_one_address():
    """One of them has to move."""
    text = refused({"class.read": table(), "class.create": table(upstream="127.0.0.1:5433")})
    assert text == (
        'lti.toml faults."class.create": upstream is 127.0.0.1:5433, but that of another point at 127.0.0.1:6543 is '
        "127.0.0.1:5432; give each server a listen of its own"
    )


def test_a_port_that_is_taken():
    """It is named with the point that wants it."""
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        text = refused({"class.read": table(listen=f"127.0.0.1:{port}")})
    assert text.startswith(f'lti.toml faults."class.read": listen: cannot listen on 127.0.0.1:{port}: ')


def test_a_socket_that_is_taken():
    """Somebody listens there, or it is no socket at all; neither is touched."""
    with short_folder() as folder:
        path = folder / ".s.PGSQL.5432"
        path.write_text("precious")
        assert "cannot listen on" in refused({"class.read": table(listen=str(folder))})
        assert path.read_text() == "precious"
        path.unlink()
        with socket.socket(socket.AF_UNIX) as other:
            other.bind(str(path))
            other.listen()
            assert "cannot listen on" in refused({"class.read": table(listen=str(folder))})
            assert path.is_socket()
    assert "No such file or directory" in refused({"class.read": table(listen=str(folder))})
    assert "cannot listen on" in refused({"class.read": table(listen=f"/{'x' * 120}")})


def test_a_socket_that_a_killed_run_has_left(postgresql: PostgreSQL):
    """Nobody listens there, so it is taken over, and gone at the end."""
    with short_folder() as folder:
        path = folder / ".s.PGSQL.5432"
        with socket.socket(socket.AF_UNIX) as dead:
            dead.bind(str(path))
        with (
            opened({"class.read": table(listen=str(folder), upstream=postgresql.dsn())}, SITE),
            psycopg.connect(postgresql.dsn(host=str(folder))) as connection,
        ):
            assert connection.execute("SELECT 1").fetchone() == (1,)
        assert not path.exists()


@pytest.mark.parametrize(
    ("name", "mode"), [("class.create", "empty"), ("class.create", "not-found"), ("class.read", "rate-limited")]
)
def test_modes_that_it_has_not(name: str, mode: Any):
    """It says which it has."""
    with opened({name: table(listen=f"127.0.0.1:{free_port()}")}, SITE) as bindings:
        assert mode not in bindings[name].modes
        with pytest.raises(OutOfReachError, match=f"cannot do '{mode}', only error, timeout, garbage"):
            bindings[name].arm(Order(point=name, mode=mode)).__enter__()


def test_a_launch_without_the_mark():
    """It cannot be told apart, so nothing is armed."""
    with opened({"class.read": table(listen=f"127.0.0.1:{free_port()}", match="email")}, SITE) as bindings:
        assert bindings["class.read"].isolated
        with pytest.raises(OutOfReachError, match="look for the email of the launch, which has none; drop `match`"):
            bindings["class.read"].arm(Order(point="class.read", mode="error")).__enter__()


def test_points_side_by_side(postgresql: PostgreSQL, classes: Proxied):
    """Several share an address, each with its table; those with a mark and those without count for themselves."""
    port = free_port()
    tables = {
        name: table(listen=f"127.0.0.1:{port}", upstream=classes.direct, table=of, **more)
        for name, of, more in (
            ("class.read", "classes", {}),
            ("zoom.session", "public.other", {}),
            ("enrollment.write", "other", {"match": "sub"}),
        )
    }
    with opened(tables, SITE) as bindings, contextlib.ExitStack() as stack:
        dsn = postgresql.dsn(classes.database, host="127.0.0.1", port=port)
        connection = stack.enter_context(psycopg.connect(dsn, autocommit=True))
        armed = {
            name: stack.enter_context(binding.arm(Order(point=name, mode="error", marks={"sub": "user-7"})))
            for name, binding in bindings.items()
        }
        for text in (
            "SELECT 1 FROM classes",
            "SELECT 1 FROM other",
            "INSERT INTO other VALUES (7, 'user-7')",
        ):
            with pytest.raises(psycopg.errors.IoError):
                connection.execute(text)
        connection.execute("INSERT INTO other VALUES (8, 'user-8')")
        assert {name: fault.hits for name, fault in armed.items()} == dict.fromkeys(tables, 1)


def test_who_does_not_use_it_pays_little():
    """To know of the driver loads no server."""
    code = (
        "import sys; before = set(sys.modules); import conformance.faultpoints.proxy; print(*set(sys.modules) - before)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
        cwd=Path(__file__).parents[3],
    )
    loaded = done.stdout.split()
    assert "conformance.pgproxy.rules" in loaded
    assert {"uvicorn", "psycopg", "conformance.pgproxy.server", "conformance.pgproxy.relay"} & set(loaded) == set()
