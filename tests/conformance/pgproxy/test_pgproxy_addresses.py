"""Where the proxy listens and connects to, as a tool file says it."""

from __future__ import annotations

import pytest

from conformance.pgproxy.addresses import Address, read_listen, read_upstream


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("127.0.0.1:6543", Address(host="127.0.0.1", port=6543)),
        ("localhost:1", Address(host="localhost", port=1)),
        ("[::1]:6543", Address(host="::1", port=6543)),
        ("/run/lti", Address(path="/run/lti/.s.PGSQL.5432")),
        ("/run/lti/", Address(path="/run/lti/.s.PGSQL.5432")),
        ("/run/lti/.s.PGSQL.6543", Address(path="/run/lti/.s.PGSQL.6543")),
        ("./run", Address(path="./run/.s.PGSQL.5432")),
    ],
)
def test_listen(text: str, address: Address):
    """A port, a directory, or a socket in one."""
    assert read_listen(text) == address


@pytest.mark.parametrize(
    "text",
    ["", "6543", ":6543", "127.0.0.1", "127.0.0.1:0", "127.0.0.1:65536", "a:b:1", "::1:5432", "http://127.0.0.1:6543"],
)
def test_what_is_no_address(text: str):
    """It is refused with an example; port 0 is none, since a tool could not know it."""
    with pytest.raises(ValueError, match="expected an address such as '127.0.0.1:6543'"):
        read_listen(text)


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("127.0.0.1:5433", Address(host="127.0.0.1", port=5433)),
        ("/run/pg", Address(path="/run/pg/.s.PGSQL.5432")),
        ("/run/a=b", Address(path="/run/a=b/.s.PGSQL.5432")),
        ("/run/pg/.s.PGSQL.5433", Address(path="/run/pg/.s.PGSQL.5433")),
        ("postgresql://lti:secret@db.test:5433/lti", Address(host="db.test", port=5433)),
        ("postgres://db.test", Address(host="db.test", port=5432)),
        ("postgresql+psycopg://u@[::1]:5433/lti?sslmode=prefer", Address(host="::1", port=5433)),
        ("postgresql://u@/lti?host=/run/pg&port=5433", Address(path="/run/pg/.s.PGSQL.5433")),
        ("postgresql:///lti?host=db.test", Address(host="db.test", port=5432)),
        ("postgresql://%2FRun%2Fpg/lti", Address(path="/Run/pg/.s.PGSQL.5432")),
        ("host=db.test port=5433 user=lti password='a b'", Address(host="db.test", port=5433)),
        ("host = '/run/p g' dbname=lti", Address(path="/run/p g/.s.PGSQL.5432")),
        ("hostaddr=127.0.0.1 host=db.test", Address(host="127.0.0.1", port=5432)),
    ],
)
def test_upstream(text: str, address: Address):
    """Host and port of whatever a tool is given as its database."""
    assert read_upstream(text) == address


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "no address of a PostgreSQL"),
        ("mysql://root:secret@db.test/lti", "no address of a PostgreSQL"),
        ("postgresql://u:secret@db.test:secret/lti", "no URL of a PostgreSQL"),
        ("postgresql://u:secret@db.test/lti?sslmode", "no URL of a PostgreSQL"),
        ("postgresql://u:secret@[::1/lti", "no URL of a PostgreSQL"),
        ("postgresql:///lti", "names no host"),
        ("dbname=lti password=secret", "names no host"),
        ("host=db.test password='secret", "cannot be read"),
        ("host=db.test secret", "cannot be read"),
        ("host=a,b password=secret", "names several servers"),
        ("host=db.test port=x password=secret", "has the port 'x'"),
        ("host=db.test port=70000", "has the port '70000'"),
        ("postgresql://u:secret@db.test/lti?sslmode=require", "asks for TLS"),
        ("postgresql://u:secret@db.test/lti?sslmode=verify-full", "asks for TLS"),
    ],
)
def test_what_is_no_upstream(text: str, problem: str):
    """It is refused in one line, which does not tell a password that stands in it."""
    with pytest.raises(ValueError, match=problem) as refused:
        read_upstream(text)
    assert "secret" not in str(refused.value)
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize("text", ["127.0.0.1:6543", "[::1]:6543", "/run/lti/.s.PGSQL.6543"])
def test_an_address_as_text(text: str):
    """It reads as it was written."""
    assert str(read_listen(text)) == text
