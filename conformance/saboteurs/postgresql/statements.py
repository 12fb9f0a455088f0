"""The statements that make a table of PostgreSQL fail, and those that put it back."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from psycopg import sql

from conformance.modes import Mode
from conformance.saboteurs import PREFIX

__all__ = ["OVER", "Names", "counting", "planting_read", "planting_write", "restoring"]

OVER: Final = 10**18
"""What the sequence is set to when the fault is disarmed: a change that no transaction hides, and no count reaches."""

# A statement is known by its time, so that the many rows or scans of one are one reach; what was decided about it stands
# in a setting that ends with the transaction. A sequence counts what is rolled back as well. In a READ ONLY transaction
# none can be moved: there the session takes an advisory lock, of a number that only this fault has.
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
    {passing}
END
"""

_TICKETS: Final = """
SELECT count(*) FROM pg_catalog.pg_locks WHERE locktype = 'advisory' AND objsubid = 2 AND classid = {ticket}
AND database = (SELECT oid FROM pg_catalog.pg_database WHERE datname = current_database())
"""

# The error of a disk (io_error), which no library takes for a mistake of its caller and none for a reason to try again;
# and the error of a statement that took too long (query_canceled).
_FAILURES: Final = {
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
_PASS: Final = """
BEGIN
    PERFORM set_config({memo}, extract(epoch FROM statement_timestamp())::text || ' false', true);
    RETURN NULL;
END
"""


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

    @property
    def parts(self) -> dict[str, sql.Composable]:
        """Everything by what the templates call it."""
        within = {name: sql.Identifier(self.schema, f"{PREFIX}{name}_{self.oid}") for name in ("fault", "pass", "count")}
        return {
            **within,
            "table": sql.Identifier(self.schema, self.table),
            "table_alone": sql.Identifier(self.table),
            "hidden": sql.Identifier(self.schema, self.hidden),
            "hidden_alone": sql.Identifier(self.hidden),
            "trigger": sql.Identifier(f"{PREFIX}trigger"),
            "memo": sql.Literal(f"{PREFIX}memo.t{self.oid}"),
            "count_text": sql.Literal(within["count"].as_string()),
            "over": sql.Literal(OVER),
        }


def counting(names: Names, ticket: int) -> sql.Composed:
    """The query for how often the fault was met."""
    query = "SELECT ({tickets}) + (SELECT CASE WHEN is_called THEN last_value ELSE 0 END FROM {count})"
    return sql.SQL(query).format(tickets=_tickets(ticket), **_some(names, "count"))
