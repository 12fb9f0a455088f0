from __future__ import annotations

import contextlib
import sqlite3
import stat
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from types import MappingProxyType
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

from mockplatform.errors import UsageError
from mockplatform.keys import KeyRing
from mockplatform.model import Exchange
from mockplatform.mutation import bind
from mockplatform.records import Enrolment, LineItem, Score
from mockplatform.store import Kind, MemoryStore, Store, StoreError
from mockplatform.stores.kept_keys import kept_in
from mockplatform.stores.sql import SqlStore
from tests.mockplatform.makers import (
    COURSE,
    INSTRUCTOR,
    LAW,
    PERSON,
    make_auth_request,
    make_platform,
    make_registration,
)

WORKERS = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Number:
    """The record that most of these tests keep."""

    value: float


NUMBERS = Kind("numbers", Number)


def number(value: float) -> Number:
    return Number(value=float(value))


def values(records: list[Number]) -> list[float]:
    return [record.value for record in records]


@pytest.fixture(scope="module")
def postgresql() -> Iterator[Any]:
    """A server of the session's own, where its wheel is installed and it starts."""
    try:
        from tests.conformance.postgres import running_postgresql

        running = running_postgresql()
        server = running.__enter__()
    except Exception as error:  # noqa: BLE001 - whatever keeps it from starting is the reason that is given
        pytest.skip(f"there is no PostgreSQL: {error}")
    yield server
    running.__exit__(None, None, None)


@pytest.fixture
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "postgresql":
        server = request.getfixturevalue("postgresql")
        found: str = server.dsn(server.new_database())
        return found
    return f"sqlite:///{tmp_path / 'platform.db'}"


on_databases = pytest.mark.parametrize("url", ["sqlite", "postgresql"], indirect=True)


@pytest.fixture
def opened() -> Iterator[Callable[[str], SqlStore]]:
    with contextlib.ExitStack() as stack:

        def open_store(url: str) -> SqlStore:
            return stack.enter_context(contextlib.closing(SqlStore(url)))

        yield open_store


@pytest.fixture(params=["memory", "sqlite", "postgresql"])
def store(request: pytest.FixtureRequest, tmp_path: Path, opened: Callable[[str], SqlStore]) -> Store:
    if request.param == "memory":
        return MemoryStore()
    if request.param == "sqlite":
        return opened(f"sqlite:///{tmp_path / 'platform.db'}")
    server = request.getfixturevalue("postgresql")
    return opened(server.dsn(server.new_database()))


class Contract(RuleBasedStateMachine):
    """A table beside a dictionary that says what it must hold; the group of a key is its first letter."""

    keys = st.sampled_from(["a1", "a2", "b1", "b2", "ß/\ud800\0", "l" * 5000])
    amounts = st.integers(-5, 5)

    def __init__(self, store: Store, tenant: str) -> None:
        super().__init__()
        self.table = store.table(NUMBERS, tenant)
        self.other = store.table(NUMBERS, f"{tenant}-other")
        self.other.put("a1", number(99))
        self.model: dict[str, float] = {}

    @rule(key=keys, amount=amounts)
    def put(self, key: str, amount: int) -> None:
        self.table.put(key, number(amount), group=key[0])
        self.model[key] = amount

    @rule(key=keys, amount=amounts)
    def add(self, key: str, amount: int) -> None:
        assert self.table.add(key, number(amount), group=key[0]) is (key not in self.model)
        self.model.setdefault(key, amount)

    @rule(key=keys)
    def change(self, key: str) -> None:
        changed = self.table.change(key, lambda record: number(record.value + 1))
        if key in self.model:
            self.model[key] += 1
        assert changed == (number(self.model[key]) if key in self.model else None)

    @rule(key=keys)
    def pop(self, key: str) -> None:
        dropped = self.table.pop(key)
        assert dropped == (number(self.model.pop(key)) if key in self.model else None)

    @rule()
    def clear(self) -> None:
        self.table.clear()
        self.model.clear()

    @rule(given=st.dictionaries(keys, amounts, max_size=4))
    def replace(self, given: dict[str, int]) -> None:
        self.table.replace((key, number(amount), key[0]) for key, amount in given.items())
        self.model = dict(given)

    @rule(group=st.sampled_from([None, "a", "b", "z"]), offset=st.integers(0, 3), limit=st.integers(0, 3) | st.none())
    def page(self, group: str | None, offset: int, limit: int | None) -> None:
        wanted = [value for key, value in self.model.items() if group in (None, key[0])]
        for newest_first in (False, True):
            ordered = wanted[::-1] if newest_first else wanted
            found = self.table.page(group=group, offset=offset, limit=limit, newest_first=newest_first)
            assert values(found) == (ordered[offset:] if limit is None else ordered[offset : offset + limit])
        assert self.table.count(group=group) == len(wanted)

    @invariant()
    def everything(self) -> None:
        assert values(self.table.page()) == list(self.model.values())
        assert self.other.count() == 1


def test_every_table_keeps_the_contract(store: Store) -> None:
    """Whatever is put, changed and dropped, a table holds what a dictionary would, in its order."""
    tenants = (f"t{index}" for index in range(10**6))
    run_state_machine_as_test(
        lambda: Contract(store, next(tenants)),  # type: ignore[arg-type]
        settings=settings(LAW, max_examples=20, stateful_step_count=15),
    )


def test_a_record_may_go_to_another_group(store: Store) -> None:
    """A record that is put with another group is found there and no longer where it was."""
    table = store.table(NUMBERS, "t")
    table.put("x", number(1), group="old")
    table.put("x", number(2), group="new")

    assert (values(table.page(group="old")), values(table.page(group="new"))) == ([], [2])
    assert (table.count(), table.count(group="old"), table.count(group="new")) == (1, 0, 1)


def test_the_oldest_are_dropped(store: Store) -> None:
    """A table with a limit keeps the newest, be they put or added."""
    table = store.table(Kind("few", Number, limit=3), "t")
    for value in range(4):
        table.put(f"put-{value}", number(value))
    for value in range(4, 6):
        table.add(f"added-{value}", number(value))

    assert values(table.page()) == [3, 4, 5]


def test_a_large_table_stays_near_its_limit(store: Store) -> None:
    """A limit is exceeded by less than an eighth at any time."""
    table = store.table(Kind("many", Number, limit=64), "t")
    for value in range(200):
        table.put(str(value), number(value))
        assert table.count() < 72

    assert values(table.page(newest_first=True, limit=64)) == list(range(199, 135, -1))


def test_one_of_many_adds(store: Store) -> None:
    """Of eight that add the same key at the same moment one is told that it was first."""
    table = store.table(NUMBERS, "t")
    together = threading.Barrier(WORKERS, timeout=60)

    def add(value: int) -> bool:
        together.wait()
        return table.add("once", number(value))

    with ThreadPoolExecutor(WORKERS) as pool:
        won = list(pool.map(add, range(WORKERS)))

    assert won.count(True) == 1
    assert table.get("once") == number(won.index(True))


def test_changes_at_the_same_moment_are_all_kept(store: Store) -> None:
    """Of eight that count up at the same moment none overwrites another."""
    table = store.table(NUMBERS, "t")
    table.put("sum", number(0))
    together = threading.Barrier(WORKERS, timeout=60)

    def count_up(_: int) -> None:
        together.wait()
        for _step in range(5):
            table.change("sum", lambda record: number(record.value + 1))

    with ThreadPoolExecutor(WORKERS) as pool:
        list(pool.map(count_up, range(WORKERS)))

    assert table.get("sum") == number(WORKERS * 5)


def test_an_edit_that_fails_changes_nothing(store: Store) -> None:
    """What an edit raises comes through, the record stays, and the table goes on."""
    table = store.table(NUMBERS, "t")
    table.put("x", number(1))

    def fail(_: Number) -> Number:
        raise RuntimeError("lost")

    with pytest.raises(RuntimeError, match="lost"):
        table.change("x", fail)
    assert table.get("x") == number(1)
    assert table.change("x", lambda _: number(2)) == number(2)


def test_tenants_are_dropped_one_by_one(store: Store) -> None:
    """A tenant that is dropped is empty; its neighbour keeps everything."""
    for tenant in ("one", "two"):
        store.table(NUMBERS, tenant).put("x", number(1))
    store.drop("one")

    assert [store.table(NUMBERS, tenant).count() for tenant in ("one", "two")] == [0, 1]


def test_what_is_kept_of_a_dropped_tenant(store: Store) -> None:
    """A tenant may be dropped but for the tables of some kinds, which are the same ones afterwards."""
    other = replace(NUMBERS, name="other")
    held = [store.table(kind, "one") for kind in (NUMBERS, other)]
    for table in held:
        table.put("x", number(1))
    store.drop("one", keep=("other",))

    assert [table.count() for table in held] == [0, 1]
    assert [store.table(kind, "one").count() for kind in (NUMBERS, other)] == [0, 1]


def test_as_many_replace_others_as_the_limit_says(store: Store) -> None:
    """Of records that are put in the place of all, a table with a limit holds the last ones."""
    table = store.table(Kind("few", Number, 3), "t")
    table.put("old", number(9))
    table.replace((str(index), number(index), "") for index in range(5))

    assert values(table.page()) == [2, 3, 4]


def test_memory_is_given_back() -> None:
    """A store in memory knows nothing of tenants that were dropped and that nobody holds any more."""
    store = MemoryStore()

    def size() -> int:
        return sum(len(part) for part in vars(store).values() if hasattr(part, "__len__"))

    for index in range(50):
        store.table(NUMBERS, str(index)).put("x", number(index))
        store.drop(str(index))

    assert size() == 0


def test_a_table_that_somebody_holds_is_dropped_again(store: Store) -> None:
    """A tenant may be dropped as often as one likes: a table of it that is still in use is emptied each time."""
    held = store.table(NUMBERS, "one")
    for _ in range(3):
        held.put("x", number(1))
        assert store.table(NUMBERS, "one").get("x") == number(1)
        store.drop("one")
        assert held.count() == 0


def test_a_table_is_the_same_one_after_a_drop(store: Store) -> None:
    """What is put into a new table of a dropped tenant is in the old one, and is kept when nobody holds either."""
    held = store.table(NUMBERS, "one")
    store.drop("one")
    store.table(NUMBERS, "one").put("x", number(1))
    assert held.get("x") == number(1)
    del held

    assert store.table(NUMBERS, "one").get("x") == number(1)


@on_databases
def test_a_database_that_has_gone(url: str, opened: Callable[[str], SqlStore]) -> None:
    """A statement that the database does not carry out is one line, whatever the driver has to say."""
    store = opened(url)
    table = store.table(NUMBERS, "t")
    with contextlib.closing(SqlStore(url)) as other, other._engine.connect() as connection:
        connection.exec_driver_sql("DROP TABLE mockplatform_records")

    with pytest.raises(StoreError) as caught:
        table.put("x", number(1))
    assert str(caught.value).startswith("the store does not answer: ")
    assert "mockplatform_records" in str(caught.value)
    assert "\n" not in str(caught.value)


RECORDS = [
    PERSON,
    make_registration(jwks={"keys": [{"n": [1, None, True, {"a": 1.5}]}]}, scopes=("a",), custom=MappingProxyType({})),
    make_registration(scopes=None),
    Enrolment(course=COURSE, person=PERSON, roles=("a", "b"), status="Inactive", changed_s=1.25),
    LineItem(id="i", course_id="c", client_id="", label="ü\0\ud800", score_maximum=10, extra={"x": {"y": []}}),
    Score(line_item_id="i", user_id="u", timestamp="t", activity_progress="a", grading_progress="g", score_given=None),
    Exchange(asker="tool", method="GET", url="/", status=None, request_headers=(("a", "b"),), about={"fault": "slow"}),
]


@on_databases
@pytest.mark.parametrize("record", RECORDS, ids=lambda record: type(record).__name__)
def test_a_record_comes_back_as_it_was(url: str, opened: Callable[[str], SqlStore], record: Any) -> None:
    """A record that another process reads is equal to the one that was put, whatever stands in it."""
    kind: Kind[Any] = Kind("any", type(record))
    opened(url).table(kind, "t").put("x", record)

    assert opened(url).table(kind, "t").get("x") == record


@on_databases
def test_a_launch_goes_on_in_another_process(url: str, opened: Callable[[str], SqlStore], keys: KeyRing) -> None:
    """A launch that one worker has begun is answered by another, with its mutations and earlier launches."""
    one, two = (make_platform(keys, store=opened(url)) for _ in range(2))
    first = one.begin(one.intend(one.registrations[0], person=PERSON, roles=[INSTRUCTOR], course=COURSE))
    one.authorize(make_auth_request(first.login))
    launch = one.intend(one.registrations[0], person=PERSON, roles=[INSTRUCTOR], course=COURSE)
    context = replace(one._context(launch), earlier=(first.earlier,), second=make_registration(client_id="B"))
    pending = one.begin(launch, [bind("claims.value(claim='sub', value=['ü', 1, None])", where="here")], context)

    two.authorize(make_auth_request(pending.login, nonce="other"))
    found = one.launches.get(pending.key)

    assert found is not None
    assert (found.launch, found.login, found.kid) == (launch, pending.login, pending.kid)
    assert [str(spoilt) for spoilt in found.mutations] == [str(spoilt) for spoilt in pending.mutations]
    assert found.context == context
    assert found.auth_request is not None
    assert found.auth_request.nonce == "other"
    assert found.response is not None
    assert found.token is not None
    assert dict(found.response.fields)["id_token"] == found.token.text


@on_databases
def test_many_stores_share_a_database(url: str, opened: Callable[[str], SqlStore]) -> None:
    """Stores that open the same empty database at the same moment make one set of tables."""
    together = threading.Barrier(WORKERS, timeout=60)

    def fill(value: int) -> None:
        together.wait()
        opened(url).table(NUMBERS, "t").put(str(value), number(value))

    with ThreadPoolExecutor(WORKERS) as pool:
        list(pool.map(fill, range(WORKERS)))

    assert sorted(values(opened(url).table(NUMBERS, "t").page())) == list(range(WORKERS))


def refusal(url: str) -> str:
    with pytest.raises(UsageError) as caught:
        SqlStore(url)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_a_file_is_its_owners_alone(tmp_path: Path, opened: Callable[[str], SqlStore]) -> None:
    """The file of a store, which holds private keys, can be read by nobody else."""
    file = tmp_path / "platform.db"
    opened(f"sqlite:///{file}").table(NUMBERS, "t").put("x", number(1))

    assert {stat.S_IMODE(path.stat().st_mode) for path in tmp_path.iterdir()} == {0o600}


def test_a_file_that_is_no_database(tmp_path: Path) -> None:
    """A file of something else is named, and stays as it is."""
    file = tmp_path / "notes.txt"
    file.write_text("not a database" * 100)

    assert refusal(f"sqlite:///{file}") == (f"sqlite:///{file}: the database cannot be used: file is not a database")
    assert file.read_text() == "not a database" * 100


def test_a_database_of_something_else(tmp_path: Path) -> None:
    """A database with other tables is refused and gets no further ones."""
    file = tmp_path / "shop.db"
    with contextlib.closing(sqlite3.connect(file)) as connection:
        connection.execute("CREATE TABLE orders (id)")

    assert "(it has a table orders); name an empty one" in refusal(f"sqlite:///{file}")
    with contextlib.closing(sqlite3.connect(file)) as connection:
        assert connection.execute("SELECT name FROM sqlite_master").fetchall() == [("orders",)]


@pytest.mark.parametrize("version", [0, 2])
def test_a_schema_of_another_version(tmp_path: Path, version: int) -> None:
    """A database that another version has made is refused, and both versions are named."""
    file = tmp_path / "platform.db"
    SqlStore(f"sqlite:///{file}").close()
    with contextlib.closing(sqlite3.connect(file)) as connection, connection:
        connection.execute("UPDATE mockplatform_schema SET version = ?", (version,))

    assert f"its schema has version {version}, this mockplatform knows 1; " in refusal(f"sqlite:///{file}")


@pytest.mark.parametrize(
    ("url", "problem"),
    [
        ("sqlite:////no/such/folder/x.db", "the file cannot be written: No such file or directory"),
        ("sqlite:////", "the database cannot be used: unable to open database file"),
        ("sqlite://", "names no file"),
        ("sqlite:///:memory:", "names no file"),
        ("mysql://root:secret@localhost/x", "write sqlite:///path/to/file or postgresql://"),
        ("platform.db", "write sqlite:///path/to/file or postgresql://"),
        ("oracle2://x", "write sqlite:///path/to/file or postgresql://"),
        ("postgresql://me:secret@127.0.0.1:1/none", "postgresql://me:***@127.0.0.1:1/none: the database cannot be"),
    ],
)
def test_a_url_that_cannot_be_used(url: str, problem: str) -> None:
    """A URL that names no usable database is refused in one line, without its password."""
    told = refusal(url)

    assert problem in told
    assert "secret" not in told


def test_keys_are_made_once_for_all(store: Store) -> None:
    """Rings with a store have the same keys, whichever asks first; a ring without one has its own."""
    together = threading.Barrier(2, timeout=60)

    def kids(_: int) -> list[str]:
        ring = KeyRing(kept_in(store))
        together.wait()
        return [ring.kid(name) for name in ("ec", "weak")]

    with ThreadPoolExecutor(2) as pool:
        one, two = pool.map(kids, range(2))

    assert one == two
    assert KeyRing().kid("ec") not in one
