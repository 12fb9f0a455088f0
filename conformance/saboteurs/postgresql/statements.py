"""The statements that make a table of PostgreSQL fail, and those that put it back."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final, LiteralString

from psycopg import sql

from conformance.driver import Access
from conformance.modes import Mode
from conformance.saboteurs import PREFIX

__all__ = ["OVER", "Names", "Terms", "counting", "disarming", "planting", "restoring"]

OVER: Final = 10**18
"""What the sequence is set to when the fault is disarmed: a change that no transaction hides, and no count reaches."""

# A statement is known by its time, so that the many rows or scans of one are one reach; what was decided about it is
# kept in a setting that ends with the transaction. A sequence counts what is rolled back as well. In a READ ONLY
# transaction none can be moved: there the session takes an advisory lock, of a number that only this fault has.
_DECISION: Final = """
DECLARE
    stamp text := extract(epoch FROM statement_timestamp())::text;
    memo text[] := string_to_array(current_setting({memo}, true), ' ');
    nth bigint;
    fails boolean := false;
BEGIN
    IF memo[1] = stamp THEN
        fails := memo[2]::boolean;
    ELSIF clock_timestamp() < to_timestamp({until}) THEN
        nth := ({tickets});
        IF current_setting('transaction_read_only')::boolean THEN
            PERFORM pg_advisory_lock_shared({ticket}, nth::int4 + 1);
            nth := nth + 1 + (SELECT CASE WHEN is_called THEN last_value ELSE 0 END FROM {count});
        ELSE
            nth := nth + nextval({count_text});
        END IF;
        fails := nth <= {limit};
        PERFORM set_config({memo}, stamp || ' ' || fails, true);
    END IF;
    IF fails THEN
        {failure}
    END IF;
    {otherwise}
END
"""

# The error of a disk (io_error), which no library takes for a mistake of its caller and none for a reason to try again;
# and the error of a statement that took too long (query_canceled).
_FAILURES: Final[Mapping[str, LiteralString]] = {
    "error": "RAISE EXCEPTION USING ERRCODE = '58030', MESSAGE = 'lti-conformance: armed fault';",
    "timeout": """
        WHILE clock_timestamp() < to_timestamp({until}) AND (SELECT last_value FROM {count}) < {over} LOOP
            PERFORM pg_sleep(0.05);
        END LOOP;
        RAISE EXCEPTION USING ERRCODE = '57014', MESSAGE = 'lti-conformance: armed fault';
    """,
    "empty": "RETURN {nothing};",
}

# UPDATE and DELETE look for their rows through the view, and are no reads: this runs before they look.
_UNREAD: Final = """
BEGIN
    PERFORM set_config({memo}, extract(epoch FROM statement_timestamp())::text || ' false', true);
    RETURN NULL;
END
"""


_TICKETS_HELD: Final = """
SELECT count(*) FROM pg_catalog.pg_locks WHERE locktype = 'advisory' AND objsubid = 2 AND classid = {ticket}::oid
AND database = (SELECT oid FROM pg_catalog.pg_database WHERE datname = current_database())
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """When and how often a fault is met.

    Args:
        until: seconds since 1970 by the server's clock.
        ticket: the advisory locks of this fault have it as the first half of their keys.
    """

    mode: Mode
    times: int | None
    until: float
    ticket: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Names:
    """What a fault calls the things that it adds beside a table; object ids keep within 63 bytes, unlike names."""

    oid: int
    schema: str
    table: str

    @property
    def hidden(self) -> str:
        """The name of the table while a view has its place."""
        return f"{PREFIX}table_{self.oid}"

    def filled(self, template: LiteralString, **more: sql.Composable) -> sql.Composed:
        """A template with the names, and more, in their places."""
        return sql.SQL(template).format(
            table=sql.Identifier(self.schema, self.table),
            table_alone=sql.Identifier(self.table),
            hidden=sql.Identifier(self.schema, self.hidden),
            hidden_alone=sql.Identifier(self.hidden),
            fault=self._beside("fault"),
            passing=self._beside("pass"),
            count=self._beside("count"),
            trigger=sql.Identifier(f"{PREFIX}trigger"),
            memo=sql.Literal(f"{PREFIX}memo.t{self.oid}"),
            **more,
        )

    def _beside(self, kind: str) -> sql.Identifier:
        return sql.Identifier(self.schema, f"{PREFIX}{kind}_{self.oid}")


def planting(names: Names, access: Access, terms: Terms, comment: str) -> Iterator[sql.Composed]:
    """What makes a table fail, for one transaction that has the table for itself."""
    yield names.filled("CREATE SEQUENCE {count}")
    yield names.filled("GRANT USAGE, SELECT ON SEQUENCE {count} TO PUBLIC")
    yield from _reading(names, terms) if access == "read" else _writing(names, terms)
    yield names.filled("GRANT EXECUTE ON FUNCTION {fault}() TO PUBLIC")
    yield names.filled("COMMENT ON FUNCTION {fault}() IS {comment}", comment=sql.Literal(comment))


def _reading(names: Names, terms: Terms) -> Iterator[sql.Composed]:
    body = _body(names, terms, nothing="false", otherwise="RETURN true;")
    yield names.filled("ALTER TABLE {table} RENAME TO {hidden_alone}")
    yield names.filled(
        # A VOLATILE function would be asked for each row that is found, and so never in an empty table.
        "CREATE FUNCTION {fault}() RETURNS boolean LANGUAGE plpgsql STABLE "
        "SET search_path = pg_catalog, pg_temp AS {body}",
        body=body,
    )
    yield names.filled(
        "CREATE FUNCTION {passing}() RETURNS trigger LANGUAGE plpgsql AS {body}", body=_text(names, _UNREAD)
    )
    yield names.filled(
        "CREATE TRIGGER {trigger} BEFORE UPDATE OR DELETE ON {hidden} FOR EACH STATEMENT EXECUTE FUNCTION {passing}()"
    )
    # The rights of the table itself go on being asked, as those of whoever uses the view.
    yield names.filled("CREATE VIEW {table} WITH (security_invoker = true) AS SELECT * FROM {hidden} WHERE {fault}()")
    yield names.filled("GRANT ALL ON {table} TO PUBLIC")
    yield names.filled("GRANT EXECUTE ON FUNCTION {passing}() TO PUBLIC")


def _writing(names: Names, terms: Terms) -> Iterator[sql.Composed]:
    otherwise: LiteralString = "IF TG_OP = 'DELETE' THEN RETURN OLD; END IF; RETURN NEW;"
    yield names.filled(
        "CREATE FUNCTION {fault}() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS {body}",
        body=_body(names, terms, nothing="NULL", otherwise=otherwise),
    )
    yield names.filled(
        "CREATE TRIGGER {trigger} BEFORE INSERT OR UPDATE OR DELETE ON {table} FOR EACH ROW EXECUTE FUNCTION {fault}()"
    )


def restoring(names: Names, *, hidden: bool) -> Iterator[sql.Composed]:
    """What puts a table back, for one transaction; `hidden` if a view has its place."""
    if hidden:
        yield names.filled("DROP VIEW IF EXISTS {table}")
        yield names.filled("ALTER TABLE {hidden} RENAME TO {table_alone}")
    yield names.filled("DROP TRIGGER IF EXISTS {trigger} ON {table}")
    yield names.filled("DROP FUNCTION IF EXISTS {fault}()")
    yield names.filled("DROP FUNCTION IF EXISTS {passing}()")
    yield names.filled("DROP SEQUENCE IF EXISTS {count}")


def counting(names: Names, ticket: int) -> sql.Composed:
    """The query for how often the fault was met."""
    query: LiteralString = "SELECT ({tickets}) + (SELECT CASE WHEN is_called THEN last_value ELSE 0 END FROM {count})"
    return names.filled(query, tickets=sql.SQL(_TICKETS_HELD).format(ticket=sql.Literal(ticket)))


def disarming(names: Names) -> sql.Composed:
    """What ends the fault at once, even for statements that wait in it."""
    return names.filled(
        "SELECT setval({count_text}, {over})", count_text=_text(names, "{count}"), over=sql.Literal(OVER)
    )


def _body(names: Names, terms: Terms, *, nothing: LiteralString, otherwise: LiteralString) -> sql.Literal:
    given = {"until": sql.Literal(terms.until), "over": sql.Literal(OVER), "nothing": sql.SQL(nothing)}
    ticket = sql.Literal(terms.ticket)
    return _text(
        names,
        _DECISION,
        **given,
        ticket=ticket,
        tickets=sql.SQL(_TICKETS_HELD).format(ticket=ticket),
        count_text=_text(names, "{count}"),
        limit=sql.Literal(OVER - 1 if terms.times is None else terms.times),
        failure=names.filled(_FAILURES[terms.mode], **given),
        otherwise=sql.SQL(otherwise),
    )


def _text(names: Names, template: LiteralString, **more: sql.Composable) -> sql.Literal:
    """A filled template as a text of its own; between dollar signs, a name could end the body of a function."""
    return sql.Literal(names.filled(template, **more).as_string(None))
