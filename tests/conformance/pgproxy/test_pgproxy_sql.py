"""What a statement touches is told from its words, whatever else it says."""

from __future__ import annotations

import pytest

from conformance.pgproxy.sql import may_go_by_name, statements
from conformance.pgproxy.tokens import Kind, tokens
from conformance.pgproxy.touch import matches, table_name


def values(text: str, *, backslashes: bool = False) -> list[str]:
    return [token.value.decode() for token in tokens(text.encode(), backslashes=backslashes)]


def names(found: frozenset[tuple[bytes, ...]]) -> set[str]:
    return {".".join(part.decode() for part in name) for name in found}


def touches(text: str) -> tuple[set[str], set[str]]:
    [statement] = statements(text.encode())
    return names(statement.reads), names(statement.writes)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("SELECT a -- from b\nFROM c", "select a from c"),
        ("a -- to the end", "a"),
        ("a /* b /* c */ d */ e", "a e"),
        ("a /* never ends", "a"),
        ("a 'b c' d", "a  d"),
        ("a 'it''s b' d", "a  d"),
        (r"a 'b\' c", "a  c"),
        (r"a E'b\' c' d", "a  d"),
        (r"a e'b\\' c", "a  c"),
        ("a B'01' X'1F' N'x' U&'x' b", "a     b"),
        ("a $$b c$$ d", "a  d"),
        ("a $x$ b $$ c $X$ d $x$ e", "a  e"),
        ("a $1 b", "a  b"),
        ("a$b$ c $b$", "a$b$ c $ b$"),
        ('a "B ""c""" d', 'a B "c" d'),
        ('U&"b"', "b"),
        ("Été", "Été"),
        ("a1_$b 1e5 0x1F 1_000", "a1_$b   "),
        ("a 'never ends", "a ' never ends"),
        ("", ""),
    ],
)
def test_words(text: str, words: str):
    """Comments are gone, strings and numbers are blanks, and only names and signs are left."""
    assert " ".join(values(text)) == words


def test_old_strings():
    """With standard_conforming_strings off, a backslash escapes in every string."""
    assert values(r"a 'b\' c' d", backslashes=True) == ["a", "", "d"]


def test_quoted_words_are_names():
    """A name in quotation marks is never a key word, and keeps its capitals."""
    [plain, quoted] = tokens(b'FROM "FROM"')
    assert (plain.kind, plain.value) == (Kind.WORD, b"from")
    assert (quoted.kind, quoted.value) == (Kind.NAME, b"FROM")
    assert not quoted.is_word(b"FROM")


READS = {
    "SELECT * FROM classes": "classes",
    "select 1 from ONLY classes *": "classes",
    'SELECT 1 FROM "Classes"': "Classes",
    "SELECT 1 FROM lti.classes AS c": "lti.classes",
    'SELECT 1 FROM "db" . lti . "classes"': "db.lti.classes",
    "TABLE classes": "classes",
    "SELECT 1 FROM a, b c, d AS e(f, g), h": "a b d h",
    "SELECT 1 FROM a JOIN b USING (id, x) LEFT JOIN c ON a.x = c.y, d": "a b c d",
    "SELECT 1 FROM a NATURAL JOIN b CROSS JOIN c": "a b c",
    "SELECT 1 FROM a LEFT JOIN b ON CASE WHEN a.x THEN 1 ELSE 2 END = 1, c": "a b c",
    "SELECT 1 FROM (a JOIN b ON true) JOIN (c CROSS JOIN d) ON true": "a b c d",
    "SELECT 1 FROM ((SELECT 1 FROM a)) x, (SELECT 2 FROM b) y": "a b",
    "SELECT 1 FROM a, LATERAL (SELECT 1 FROM b WHERE b.x = a.x) y": "a b",
    "SELECT (SELECT max(x) FROM a) FROM b WHERE EXISTS (SELECT FROM c) AND y IN (TABLE d)": "a b c d",
    "SELECT 1 FROM a UNION ALL SELECT 2 FROM b EXCEPT TABLE c": "a b c",
    "(SELECT 1 FROM a) UNION (SELECT 2 FROM b) ORDER BY 1": "a b",
    "VALUES ((SELECT 1 FROM a))": "a",
    "SELECT 1 FROM a WHERE x = 1 FOR UPDATE OF b": "a",
    "SELECT 1 FROM a FOR NO KEY UPDATE": "a",
    "SELECT 1 FROM generate_series(1, 3) g, a": "a",
    "SELECT 1 FROM ROWS FROM (f(1), g(2)) x, a": "rows a",
    "SELECT 1 FROM a TABLESAMPLE system (10)": "a",
    "SELECT 1 FROM a ORDER BY x, classes LIMIT 1 OFFSET 2": "a",
    "SELECT 1 FROM a GROUP BY x, classes HAVING count(*) > 1 WINDOW w AS (ORDER BY y)": "a",
    "SELECT extract(year FROM classes), trim(both 'x' FROM b), substring(c FROM 2) FROM a": "a",
    "SELECT 1 FROM a WHERE x IS DISTINCT FROM classes": "a",
    "SELECT 1 FROM a WHERE x IS NOT DISTINCT FROM b.classes": "a",
    "SELECT classes, a.classes FROM a classes": "a",
    "SELECT classes.x FROM a AS classes WHERE classes.y = 'FROM classes'": "a",
    "SELECT $$ FROM classes $$ FROM a -- FROM classes": "a",
    "SELECT 1 AS classes FROM classes_old": "classes_old",
    "SELECT count(*) FILTER (WHERE x) OVER (PARTITION BY classes ORDER BY y) FROM a": "a",
    "SELECT 1 FETCH FIRST 2 ROWS WITH TIES": "",
    "SELECT 1 FROM unnest(ARRAY[1]) WITH ORDINALITY AS t(a, b)": "",
    "WITH c AS (SELECT 1 FROM a) SELECT 1 FROM c, b": "a b",
    "WITH c AS (SELECT 1 FROM c) SELECT 1 FROM c": "c",
    "WITH RECURSIVE c(x, y) AS (SELECT 1 UNION SELECT 2 FROM c, a) SELECT 1 FROM c": "a",
    "WITH c AS MATERIALIZED (SELECT 1), d AS NOT MATERIALIZED (SELECT 1 FROM c, a) SELECT 1 FROM c JOIN d": "a",
    "WITH c AS (SELECT 1) SELECT 1 FROM (SELECT 1 FROM c) x, lti.c": "lti.c",
    "SELECT 1 FROM (WITH c AS (SELECT 1) SELECT 1 FROM c) x, c": "c",
    "EXPLAIN (ANALYZE, VERBOSE) SELECT 1 FROM a": "a",
    "COPY a (x, y) TO STDOUT": "a",
    "COPY (SELECT 1 FROM a) TO STDOUT": "a",
    "DECLARE x SCROLL CURSOR WITH HOLD FOR SELECT 1 FROM a": "a",
    "CREATE TABLE x AS SELECT 1 FROM a": "a",
    "CREATE TEMP TABLE x (y) AS TABLE a": "a",
    "CREATE MATERIALIZED VIEW x AS SELECT 1 FROM a": "a",
    "CREATE TABLE x (y int REFERENCES classes)": "",
    "CREATE VIEW x AS SELECT 1 FROM classes": "",
    "DROP TABLE classes": "",
    "COMMENT ON TABLE classes IS 'x'": "",
    "SET search_path = classes": "",
    "REVOKE ALL ON classes FROM classes": "",
    "'classes'": "",
    ") FROM classes": "",
}


@pytest.mark.parametrize("text", READS)
def test_tables_that_are_read(text: str):
    """They follow FROM, JOIN, USING and TABLE; columns, aliases, functions, strings and names of WITH are none."""
    assert touches(text) == (set(READS[text].split()), set())


WRITES = {
    "INSERT INTO classes (a, b) VALUES (1, (SELECT 2 FROM b))": ("b", "classes"),
    "INSERT INTO classes AS c DEFAULT VALUES RETURNING a, b": ("", "classes"),
    "INSERT INTO classes SELECT * FROM a, b": ("a b", "classes"),
    "INSERT INTO classes TABLE a": ("a", "classes"),
    "INSERT INTO a (x) WITH c AS (SELECT 1 FROM b) SELECT 1 FROM c": ("b", "a"),
    "INSERT INTO a VALUES (1) ON CONFLICT (x) DO UPDATE SET x = 1, y = excluded.y WHERE a.z": ("", "a"),
    "UPDATE ONLY lti.classes c SET a = 1, b = (SELECT 1 FROM b) FROM d, e WHERE c.x = d.x": ("b d e", "lti.classes"),
    "DELETE FROM classes USING a, b WHERE true RETURNING x": ("a b", "classes"),
    "MERGE INTO a USING b ON a.x = b.x WHEN MATCHED THEN UPDATE SET y = 1, z = 2 WHEN NOT MATCHED THEN "
    "INSERT (y, z) VALUES (1, 2)": ("b", "a"),
    "MERGE INTO a USING (SELECT 1 FROM b) s ON true WHEN MATCHED THEN DELETE": ("b", "a"),
    "WITH gone AS (DELETE FROM a RETURNING *) INSERT INTO b SELECT * FROM gone": ("", "b a"),
    "COPY classes (a, b) FROM STDIN WITH (FORMAT csv)": ("", "classes"),
    "EXPLAIN ANALYZE UPDATE a SET x = 1": ("", "a"),
    "TRUNCATE classes": ("", ""),
    "SELECT update, delete FROM a": ("a", ""),
    "SELECT * INTO b FROM a": ("a", ""),
}


@pytest.mark.parametrize("text", WRITES)
def test_tables_that_are_written(text: str):
    """They follow INSERT INTO, UPDATE, DELETE FROM, MERGE INTO and COPY; what they take from elsewhere is read."""
    reads, writes = WRITES[text]
    assert touches(text) == (set(reads.split()), set(writes.split()))


def test_statements_of_a_text():
    """Semicolons separate them, but for those in strings and comments; each knows where it stands."""
    text = b"/* a; */ BEGIN; ;\nSELECT ';' FROM a -- ;\n ; UPDATE b SET x = $$;$$;"
    found = list(statements(text))
    assert [text[one.start : one.end] for one in found] == [
        b"BEGIN",
        b"SELECT ';' FROM a",
        b"UPDATE b SET x = $$;$$",
    ]
    assert [one.verb for one in found] == [b"begin", b"select", b"update"]


@pytest.mark.parametrize(
    ("text", "verb", "name", "body"),
    [
        ("PREPARE x (int, text) AS SELECT 1", "prepare", "x", "SELECT 1"),
        ("PREPARE TRANSACTION 'x'", "prepare", "transaction", None),
        ("EXECUTE x(1, (SELECT 2))", "execute", "x", None),
        ("DEALLOCATE PREPARE x", "deallocate", "x", None),
        ("DEALLOCATE ALL", "deallocate", None, None),
        ('DECLARE "X" BINARY CURSOR WITHOUT HOLD FOR WITH a AS (SELECT 1) TABLE a', "declare", "X", "WITH"),
        ("FETCH FORWARD ALL FROM x", "fetch", "x", None),
        ("FETCH x", "fetch", "x", None),
        ('MOVE -3 IN "all"', "move", "all", None),
        ("CLOSE ALL", "close", None, None),
        ("DISCARD ALL", "discard", None, None),
        ("DISCARD PLANS", "discard", "plans", None),
    ],
)
def test_statements_that_go_by_a_name(text: str, verb: str, name: str | None, body: str | None):
    """The name is that of a prepared statement or a cursor, and the body is the statement behind it."""
    assert may_go_by_name(text.encode())
    [found] = statements(text.encode())
    assert found.verb == verb.encode()
    assert found.name == (None if name is None else name.encode())
    if body is None:
        assert found.body is None
    else:
        assert text.encode()[found.body :].startswith(body.encode())


@pytest.mark.parametrize(
    ("text", "finds"),
    [
        ("SELECT 1", True),
        ("(SELECT 1) UNION TABLE a", True),
        ("WITH a AS (INSERT INTO b VALUES (1)) SELECT 1", True),
        ("WITH a AS (SELECT 1) DELETE FROM b RETURNING c", False),
        ("TABLE a", True),
        ("VALUES (1)", True),
        ("FETCH a", True),
        ("DECLARE a CURSOR FOR SELECT 1", False),
        ("INSERT INTO a SELECT 1", False),
        ("EXPLAIN SELECT 1", False),
        ("COPY a TO STDOUT", False),
    ],
)
def test_statements_that_may_find_nothing(text: str, finds: bool):
    """A count of nought is an answer to a query and a fetch, and to nothing else."""
    [statement] = statements(text.encode())
    assert statement.finds_rows is finds


def test_depth_is_no_limit():
    """Ten thousand parentheses are read as two are."""
    text = "SELECT " + "(" * 10_000 + "SELECT 1 FROM classes" + ")" * 10_000
    assert touches(text) == ({"classes"}, set())


@pytest.mark.parametrize(
    ("table", "name", "same"),
    [
        ("classes", "classes", True),
        ("Classes", "classes", True),
        ('"Classes"', "classes", False),
        ("classes", "classes_old", False),
        ("classes", "lti.classes", True),
        ("lti.classes", "classes", True),
        ("lti.classes", "lti.classes", True),
        ("lti.classes", "other.classes", False),
        ("lti.classes", "db.lti.classes", True),
        ('lti."a.b"', '"a.b"', True),
    ],
)
def test_a_table_by_its_name(table: str, name: str, same: bool):
    """A schema counts where both say one."""
    assert matches(table_name(table), table_name(name)) is same


@pytest.mark.parametrize("text", ["", "a b", "a.", ".a", "a.b; DROP", "'a'", "1", "a -", '"a'])
def test_what_is_no_name(text: str):
    """It is refused in one line."""
    with pytest.raises(ValueError, match="expected a name as SQL writes it"):
        table_name(text)
