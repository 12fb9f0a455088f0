from __future__ import annotations

import pytest

from mockplatform.strict_json import strict_json


def test_json_is_read() -> None:
    """What every reader takes is taken, up to a hundred levels."""
    body = b'{"a":' + b"[" * 98 + b'{"b":1.5}' + b"]" * 98 + b"}"
    inner = strict_json(body)["a"]
    for _ in range(98):
        (inner,) = inner

    assert inner == {"b": 1.5}


@pytest.mark.parametrize(
    ("body", "problem"),
    [
        (b"", "Expecting value"),
        (b"\xff", "invalid start byte"),
        (b"\xef\xbb\xbf{}", "BOM"),
        ("{}".encode("utf-16"), "invalid start byte"),
        (b'{"a":1,"b":2,"a":1}', "'a' stands in it twice"),
        (b"[NaN]", "NaN is no number"),
        (b"[-Infinity]", "-Infinity is no number"),
        (b"[1e999]", "1e999 is too large"),
        (b"[" + b"9" * 5000 + b"]", "Exceeds the limit"),
        (b"[" * 102 + b"1" + b"]" * 102, "nested more than 100 deep"),
        (b'{"a":' * 102 + b"1" + b"}" * 102, "nested more than 100 deep"),
        (b"[" * 100_000, "nested more than 100 deep"),
    ],
    ids=range(12),
)
def test_what_not_every_reader_takes(body: bytes, problem: str) -> None:
    """What readers differ about, or cannot keep, is refused in a sentence."""
    with pytest.raises(ValueError, match=problem):
        strict_json(body)


def test_a_large_number_may_be_infinite() -> None:
    """Whoever looks at every number can have them all."""
    assert strict_json(b"[1e999, 1.5]", parse_float=float) == [float("inf"), 1.5]
