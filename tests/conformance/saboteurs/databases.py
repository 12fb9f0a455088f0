"""Real databases with a rich schema, and everything that a catalogue knows of them."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
from psycopg import sql

from conformance.driver import Binding, Site
from conformance.faultpoints import sql as driver
from conformance.faults import fault_points

__all__ = ["PostgresDatabase", "SqliteDatabase", "binding", "open_driver", "site"]

SCHEMA = """
CREATE TABLE classes (
    id {identity}, title TEXT NOT NULL UNIQUE, -- a comment
    seats INT NOT NULL DEFAULT 7 CHECK (seats > 0), doubled INT GENERATED ALWAYS AS (seats * 2) STORED
);
CREATE INDEX by_seats ON classes (seats);
CREATE TABLE course_links ( course TEXT PRIMARY KEY, class_id INT NOT NULL REFERENCES classes (id) );
CREATE TABLE {odd} (id INT PRIMARY KEY);
CREATE TABLE lonely (id INT PRIMARY KEY);
CREATE VIEW titles AS SELECT title FROM classes;
INSERT INTO classes (title) VALUES ('one'), ('two');
INSERT INTO course_links VALUES ('c1', 1);
"""

ODD = '"of.d""d; DROP TABLE classes; --%s:x$lti$ '
"""The beginning of a table name that does harm wherever it is not quoted."""

CATALOGUE = """
SELECT c.oid, n.nspname, relname, relkind, reltype, relowner, relacl::text, relam, relpersistence, reloptions::text,
    relrowsecurity, relreplident, relhasindex
    FROM pg_class c JOIN pg_namespace n ON n.oid = relnamespace WHERE {ours} ORDER BY 1;
SELECT attrelid, attnum, attname, atttypid, attnotnull, attidentity, attgenerated, attacl::text, attcollation,
    pg_get_expr(adbin, adrelid)
    FROM pg_attribute LEFT JOIN pg_attrdef ON adrelid = attrelid AND adnum = attnum
    WHERE attrelid >= 16384 ORDER BY 1, 2;
SELECT oid, conname, conrelid, confrelid, pg_get_constraintdef(oid)
    FROM pg_constraint WHERE oid >= 16384 ORDER BY 1;
SELECT indexrelid, pg_get_indexdef(indexrelid), indisvalid FROM pg_index WHERE indexrelid >= 16384 ORDER BY 1;
SELECT oid, tgname, tgenabled, pg_get_triggerdef(oid) FROM pg_trigger ORDER BY 1;
SELECT p.oid, n.nspname, proname, proacl::text, pg_get_functiondef(p.oid)
    FROM pg_proc p JOIN pg_namespace n ON n.oid = pronamespace WHERE {ours} ORDER BY 1;
SELECT oid, typname, typtype, typrelid, typelem, typacl::text FROM pg_type WHERE oid >= 16384 ORDER BY 1;
SELECT oid, polname, pg_get_expr(polqual, polrelid) FROM pg_policy ORDER BY 1;
SELECT n.nspname, viewname, definition FROM pg_views JOIN pg_namespace n ON n.nspname = schemaname
    WHERE {ours} ORDER BY 1, 2;
SELECT schemaname, sequencename, data_type::text, start_value, increment_by, last_value, sequenceowner
    FROM pg_sequences ORDER BY 1, 2;
SELECT classoid, objoid, objsubid, description FROM pg_description WHERE objoid >= 16384 ORDER BY 1, 2, 3;
SELECT classid, objid, objsubid, refclassid, refobjid, refobjsubid, deptype
    FROM pg_depend WHERE objid >= 16384 ORDER BY 1, 2, 3, 4, 5, 6;
SELECT classid, objid, objsubid, refclassid, refobjid, deptype
    FROM pg_shdepend WHERE dbid = (SELECT oid FROM pg_database WHERE datname = current_database())
    ORDER BY 1, 2, 3, 4, 5;
SELECT * FROM pg_default_acl;
SELECT schemaname, tablename FROM pg_tables JOIN pg_namespace n ON n.nspname = schemaname WHERE {ours} ORDER BY 1, 2
""".format(ours="n.nspname !~ '^(pg_|information_schema)'").split(";")


@dataclass(kw_only=True)
class SqliteDatabase:
    """A file."""

    path: Path
    journal: str = "delete"
    kind: str = "sqlite"
    odd: str = ODD + '"'

    def __post_init__(self) -> None:
        with closing(self.connect()) as connection:
            connection.execute(f"PRAGMA journal_mode = {self.journal}")
            connection.executescript(SCHEMA.format(identity="INTEGER PRIMARY KEY AUTOINCREMENT", odd=self.odd))
            connection.executescript("CREATE TABLE [Quoted] (id INTEGER REFERENCES 'classes' (id), `b` [TEXT])")
            connection.executescript(
                "CREATE TRIGGER counted AFTER INSERT ON course_links BEGIN "
                "UPDATE classes SET seats = seats + 1 WHERE id = NEW.class_id; END"
            )
            connection.execute("ANALYZE")

    @property
    def dsn(self) -> str:
        return f"sqlite:///{self.path}"

    @property
    def tool_url(self) -> str:
        return self.dsn

    def connect(self) -> sqlite3.Connection:
        """A session of the tool; the caller closes it."""
        connection = sqlite3.connect(self.path, isolation_level=None, timeout=30)
        connection.execute("PRAGMA foreign_keys = ON")
        return connection

    def dump(self) -> Mapping[str, Any]:
        """The whole schema, byte for byte, and all rows."""
        with closing(self.connect()) as connection:
            assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
            schema = connection.execute(
                "SELECT rowid, type, name, tbl_name, rootpage, sql FROM sqlite_master"
            ).fetchall()
            tables = [name for _, kind, name, _, _, _ in schema if kind == "table"]
            rows = {name: connection.execute(f'SELECT * FROM "{_doubled(name)}"').fetchall() for name in tables}
            return {"schema": schema, **{f"rows of {name}": found for name, found in rows.items()}}


@dataclass(kw_only=True)
class PostgresDatabase:
    """A database of a server."""

    dsn: str
    kind: str = "postgresql"
    # As long as PostgreSQL lets a name be.
    odd: str = ODD + "x" * (64 - len(ODD.replace('""', '"'))) + '"'

    def __post_init__(self) -> None:
        identity = "INT GENERATED ALWAYS AS IDENTITY PRIMARY KEY"
        with closing(psycopg.connect(self.dsn, autocommit=True)) as connection:
            connection.execute(SCHEMA.format(identity=identity, odd=self.odd).encode())
            connection.execute(
                "COMMENT ON TABLE classes IS 'kept';"
                "CREATE SCHEMA school; CREATE TABLE school.terms (id SERIAL PRIMARY KEY);"
                "CREATE FUNCTION counted() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';"
                "CREATE TRIGGER counted AFTER INSERT ON classes FOR EACH ROW EXECUTE FUNCTION counted();"
                "GRANT SELECT ON classes TO PUBLIC;"
                "GRANT UPDATE (title) ON classes TO pg_read_all_data WITH GRANT OPTION"
            )

    @property
    def tool_url(self) -> str:
        return self.dsn.replace("postgresql:", "postgresql+psycopg:")

    def connect(self) -> psycopg.Connection[Any]:
        """A session of the tool, which prepares each statement at once; the caller closes it."""
        return psycopg.connect(self.dsn, autocommit=True, prepare_threshold=0)

    def dump(self) -> Mapping[str, Any]:
        """What the catalogue knows, with object ids, and all rows."""
        with closing(self.connect()) as connection:
            found: dict[str, Any] = {query: connection.execute(query.encode()).fetchall() for query in CATALOGUE}
            for schema, name in found[CATALOGUE[-1]]:
                query = sql.SQL("SELECT * FROM {} ORDER BY 1").format(sql.Identifier(schema, name))
                found[f"rows of {schema}.{name}"] = connection.execute(query).fetchall()
            return found


def site() -> Site:
    """A run that only this driver works for."""

    def send(request: Any) -> Any:
        raise AssertionError(f"nothing is sent to the tool, and this was: {request}")

    return Site(where="tool.toml", tool_url=str, send=send)


def open_driver(
    dsn: str, tables: Mapping[str, str], *, run: Site | None = None
) -> AbstractContextManager[Mapping[str, Binding]]:
    """The driver, with points bound to tables."""
    bound = {fault_points()[point]: driver.Settings(dsn=dsn, table=table) for point, table in tables.items()}
    return driver.opened(bound, run or site())


@contextmanager
def binding(dsn: str, table: str, access: str = "read") -> Iterator[Binding]:
    """One table, whose reads or writes can fail."""
    point = {"read": "class.read", "write": "class.create"}[access]
    with open_driver(dsn, {point: table}) as bindings:
        yield bindings[point]


def _doubled(name: str) -> str:
    return name.replace('"', '""')
