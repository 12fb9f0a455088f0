from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Literal

import pytest

from mockplatform.errors import UsageError
from mockplatform.tables import build, keyed, named, read_toml

if TYPE_CHECKING:
    from pathlib import Path

WHERE = "tool.toml: [tool]"


class Colour(StrEnum):
    RED = "red"
    BLUE = "blue"


@dataclass(frozen=True, kw_only=True, slots=True)
class Extractor:
    kind: Literal["html", "json"] = "html"
    css: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Observe:
    error: tuple[Extractor, ...] = ()
    names: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True, slots=True)
class Tool:
    name: str
    login_url: str = ""
    port: int = 0
    wait_s: float = 0.0
    strict: bool = False
    expires: dt.date | None = None
    colour: Colour | None = None
    status: int | str | tuple[int, ...] = 200
    limit: float | int = 0
    level: Literal["must", 1] = "must"
    either: Extractor | str = ""
    two: Extractor | Observe | None = None
    theme: Literal["auto"] | Colour = "auto"
    klass: str = named("class", default="")
    tags: tuple[str, ...] = ()
    headers: dict[str, int] = field(default_factory=dict)
    faults: Mapping[str, Extractor] = field(default_factory=dict)
    observe: Observe = Observe()
    extra: Any = None
    thing: object = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Picky:
    port: int

    def __post_init__(self) -> None:
        if self.port > 65535:
            raise ValueError("port is above 65535")


def built(**values: object) -> Tool:
    return build(Tool, {"name": "quiz", **values}, where=WHERE)


def problem(**values: object) -> str:
    with pytest.raises(UsageError) as caught:
        built(**values)
    return str(caught.value)


def test_a_table_fills_a_dataclass() -> None:
    """Values reach the fields, and absent keys leave the defaults."""
    assert built() == Tool(name="quiz")
    assert built(port=80, strict=True, login_url="/l") == Tool(name="quiz", port=80, strict=True, login_url="/l")


@pytest.mark.parametrize(
    ("key", "value", "expected"),
    [
        ("wait_s", 3, 3.0),
        ("wait_s", 0.5, 0.5),
        ("expires", dt.date(2027, 1, 31), dt.date(2027, 1, 31)),
        ("expires", None, None),
        ("colour", "red", Colour.RED),
        ("status", 404, 404),
        ("status", "2xx", "2xx"),
        ("status", [200, 302], (200, 302)),
        ("limit", 1, 1),
        ("limit", 1.5, 1.5),
        ("level", 1, 1),
        ("level", "must", "must"),
        ("either", "text", "text"),
        ("either", {"css": "p"}, Extractor(css="p")),
        ("two", {"names": {}}, Observe()),
        ("two", {"css": "p"}, Extractor(css="p")),
        ("tags", ["a", "b"], ("a", "b")),
        ("tags", [], ()),
        ("headers", {"x-a": 1}, {"x-a": 1}),
        ("faults", {"class.read": {"css": "p"}}, {"class.read": Extractor(css="p")}),
        ("observe", {"error": [{"css": "p"}]}, Observe(error=(Extractor(css="p"),))),
        ("extra", {"any": [1, "thing"]}, {"any": [1, "thing"]}),
        ("thing", [1], [1]),
    ],
)
def test_each_field_type_takes_its_toml_value(key: str, value: object, expected: object) -> None:
    """Every supported field type is read from the TOML value that stands for it."""
    actual = getattr(built(**{key: value}), key)

    assert expected == actual
    assert type(expected) is type(actual)


def test_a_named_field_has_another_key() -> None:
    """The key of a named field is the TOML one only."""
    assert built(**{"class": "invalid"}).klass == "invalid"
    assert "klass: unknown key" in problem(klass="invalid")


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ({"login_ulr": ""}, "login_ulr: unknown key; did you mean 'login_url'?"),
        ({"observe": {"zzz": 1}}, "observe.zzz: unknown key, expected error or names"),
        ({"name": 3}, "name: expected a string, got an integer"),
        ({"name": None}, "name: expected a string, got nothing"),
        ({"port": True}, "port: expected an integer, got true or false"),
        ({"port": "80"}, "port: expected an integer, got a string"),
        ({"port": 8.0}, "port: expected an integer, got a number"),
        ({"wait_s": False}, "wait_s: expected a number, got true or false"),
        ({"wait_s": "1"}, "wait_s: expected a number, got a string"),
        ({"strict": 1}, "strict: expected true or false, got an integer"),
        (
            {"expires": dt.datetime(2027, 1, 31, tzinfo=dt.UTC)},
            "expires: expected a date, got a date with a time",
        ),
        ({"expires": "2027-01-31"}, "expires: expected a date, got a string"),
        ({"colour": "rod"}, "colour: expected 'red' or 'blue', got 'rod'; did you mean 'red'?"),
        ({"colour": 7}, "colour: expected 'red' or 'blue', got 7"),
        ({"status": 2.5}, "status: expected an integer, a string or an array, got a number"),
        ({"status": [200, "x"]}, "status[1]: expected an integer, got a string"),
        ({"level": "most"}, "level: expected 'must' or 1, got 'most'; did you mean 'must'?"),
        ({"level": True}, "level: expected 'must' or 1, got True"),
        ({"either": 1}, "either: expected a table or a string, got an integer"),
        ({"either": {"css": 1}}, "either.css: expected a string, got an integer"),
        ({"two": {"zzz": 1}}, "two.zzz: unknown key, expected kind or css"),
        ({"theme": "grey"}, "theme: expected 'auto', 'red' or 'blue', got a string"),
        ({"tags": "a"}, "tags: expected an array, got a string"),
        ({"tags": ["a", 2]}, "tags[1]: expected a string, got an integer"),
        ({"headers": ["a"]}, "headers: expected a table, got an array"),
        ({"headers": {"x": "1"}}, "headers.x: expected an integer, got a string"),
        ({"faults": {"class.read": {}}}, "faults.'class.read'.css: missing, expected a string"),
        ({"observe": []}, "observe: expected a table, got an array"),
        (
            {"observe": {"error": [{"css": "p"}, {"css": 4}]}},
            "observe.error[1].css: expected a string, got an integer",
        ),
        ({"observe": {"error": [{}]}}, "observe.error[0].css: missing, expected a string"),
        (
            {"observe": {"error": [{"css": "p", "kind": "jsn"}]}},
            "observe.error[0].kind: expected 'html' or 'json', got 'jsn'; did you mean 'json'?",
        ),
    ],
)
def test_a_wrong_table_is_one_line_with_key_and_expectation(values: dict[str, Any], expected: str) -> None:
    """The message holds the place, the full key, what is wrong and what is expected."""
    assert f"{WHERE} {expected}" == problem(**values)


def test_a_missing_key_says_what_it_should_hold() -> None:
    """A key without a default must be there."""
    with pytest.raises(UsageError, match=r"^tool\.toml: name: missing, expected a string$"):
        build(Tool, {}, where="tool.toml:")


def test_a_table_that_is_none_is_an_error() -> None:
    """A scalar or an array where the outermost table should stand is reported without a key."""
    with pytest.raises(UsageError, match=r"^tool\.toml: expected a table, got an array$"):
        build(Tool, [], where="tool.toml")  # type: ignore[arg-type]


def test_the_message_stays_one_short_line() -> None:
    """Neither odd keys nor long values break or flood the line."""
    assert "\n" not in problem(**{"a\nb": 1})
    assert len(problem(colour="long" * 1000)) < 200


def test_a_value_of_the_wrong_type_is_not_repeated() -> None:
    """What may be a secret in the wrong place stays out of the message."""
    assert "hunter2" not in problem(port="hunter2")


def test_a_value_error_of_the_dataclass_names_its_table() -> None:
    """What `__post_init__` refuses is reported as a fault of the file."""
    with pytest.raises(UsageError, match=re.escape(f"{WHERE}: port is above 65535")):
        build(Picky, {"port": 65536}, where=WHERE)


def test_a_field_type_that_toml_cannot_fill_is_our_fault() -> None:
    """An unsupported annotation is a TypeError, not a UsageError."""

    @dataclass
    class Odd:
        pair: tuple[int, str]

    @dataclass
    class Odder:
        raw: bytes

    with pytest.raises(TypeError, match=r"only tuple\[X, \.\.\.\]"):
        build(Odd, {"pair": [1, "a"]}, where=WHERE)
    with pytest.raises(TypeError, match="bytes"):
        build(Odder, {"raw": "x"}, where=WHERE)


def test_a_toml_file_is_read(tmp_path: Path) -> None:
    """A byte order mark, as some editors write, does no harm."""
    path = tmp_path / "tool.toml"
    path.write_bytes(b'\xef\xbb\xbf[tool]\nname = "caf\xc3\xa9"\n')

    assert read_toml(path) == {"tool": {"name": "café"}}


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (None, "there is no such file"),
        (b"a = 1\nb = \n", "not TOML: Invalid value (at line 2"),
        (b"a = '\xff'", "not TOML: byte"),
    ],
)
def test_a_file_that_is_not_toml_is_named(tmp_path: Path, content: bytes | None, expected: str) -> None:
    """A missing, broken or binary file is named with its problem."""
    path = tmp_path / "tool.toml"
    if content is not None:
        path.write_bytes(content)

    with pytest.raises(UsageError, match=re.escape(f"{path}: {expected}")):
        read_toml(path)


def test_a_folder_is_not_a_file(tmp_path: Path) -> None:
    """What the system refuses to open is named with the system's reason."""
    with pytest.raises(UsageError, match="the file cannot be read"):
        read_toml(tmp_path)


def test_items_are_keyed_once_each() -> None:
    """Items keep their order under their keys, and a second one with a key is refused."""
    assert list(keyed(["b", "aa"], len, where="file").items()) == [(1, "b"), (2, "aa")]
    with pytest.raises(UsageError, match=r"^file: 1 stands there twice, expected once$"):
        keyed(["a", "b"], len, where="file")


def test_equal_items_are_duplicates_too() -> None:
    """Two items that are alike do not hide each other."""
    with pytest.raises(UsageError, match="twice"):
        keyed([Colour.RED, Colour.RED], str, where="file")
