"""Plain values to draw: JSON, texts and addresses, each either innocent or odd.

Innocent values are those that any tool has to take: nothing that JSON readers disagree about, no control characters.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

from conformance.strategies.lazily import st

if TYPE_CHECKING:
    from hypothesis.strategies import SearchStrategy

__all__ = [
    "Kind",
    "addresses",
    "characters",
    "foreign",
    "ids",
    "json_values",
    "locales",
    "names",
    "numbers",
    "odd_addresses",
    "odd_texts",
    "other_than",
    "texts",
    "vendor_names",
    "visible",
]

Kind = Literal["null", "flag", "number", "text", "list", "object"]
KINDS: tuple[Kind, ...] = ("null", "flag", "number", "text", "list", "object")

SAFE_INTEGER = 2**53 - 1
"""Readers disagree about larger whole numbers (RFC 7493, section 2.2)."""
BEYOND_64_BITS = 2**63
TRAPS = ("'", '"', "\\", "{", "}", "{0}", "%s", "%", "<b>", "&amp;", "`", "; --", "#", "null", "\u0301", "🦉")
"""Pieces of text that mean something to whoever puts texts together without care; all of them are innocent."""
_LONGEST_ID = 255


def texts(*, min_size: int = 0, max_size: int = 60) -> SearchStrategy[str]:
    """Innocent texts in any script."""
    alphabet = st.characters(categories=["L", "M", "N", "P", "S", "Zs"])
    return st.text(alphabet, min_size=min_size, max_size=max_size)


def visible(*, max_size: int = 60) -> SearchStrategy[str]:
    """Innocent texts that begin and end with something that can be seen."""
    mark = st.characters(categories=["L", "N", "P"])
    return st.tuples(mark, st.one_of(texts(max_size=max_size - 2), st.sampled_from(TRAPS)), mark).map("".join)


def names() -> SearchStrategy[str]:
    """Names of people, in any script; a variable such as `$Person.name` is none."""
    letter = st.characters(categories=["L"])
    printable = st.text(st.characters(min_codepoint=0x20, max_codepoint=0x7E, exclude_characters="$"), max_size=30)
    rest = st.one_of(printable, texts(max_size=30), st.sampled_from(TRAPS))
    return st.tuples(letter, rest).map("".join)


def ids(*, min_size: int = 8, max_size: int = _LONGEST_ID) -> SearchStrategy[str]:
    """Ids as LTI allows them: visible ASCII, at most 255 (CORE 5.3.5, 5.3.6, 5.4.1)."""
    alphabet = st.characters(min_codepoint=0x21, max_codepoint=0x7E, exclude_characters="$")
    return st.text(alphabet, min_size=min_size, max_size=max_size)


def locales() -> SearchStrategy[str]:
    """Language tags (RFC 5646): a language, perhaps a script, perhaps a region."""
    return st.from_regex(r"\A[a-z]{2,3}(-[A-Z][a-z]{3})?(-[A-Z]{2})?\Z")


def vendor_names() -> SearchStrategy[str]:
    """Names of claims and parameters that no standard knows."""
    return st.from_regex(r"\Ax_[a-z0-9_]{1,20}\Z")


def addresses() -> SearchStrategy[str]:
    """Web addresses that LTI allows as an issuer: https, without query and fragment (SEC 5.1.2)."""
    label = st.from_regex(r"\A[a-z]([a-z0-9-]{0,10}[a-z0-9])?\Z")
    port = st.one_of(st.just(""), st.integers(1024, 65535).map(lambda number: f":{number}"))
    path = st.one_of(st.just(""), st.from_regex(r"\A(/[A-Za-z0-9._~-]{1,12}){1,3}/?\Z"))
    return st.builds(lambda host, port, path: f"https://{host}.example{port}{path}", label, port, path)


def odd_addresses() -> SearchStrategy[str]:
    """Texts where an address belongs: some that look like one and cannot be read, and any other."""
    heads = (
        "http://[",
        "https://",
        "//",
        "javascript:",
        "data:,",
        "http://x:99999/",
        "http://x:y/",
        "\\\\",
        "file:///",
    )
    made = st.tuples(st.sampled_from(heads), odd_texts(max_size=20)).map("".join)
    return st.one_of(made, odd_texts(min_size=1))


def odd_texts(*, min_size: int = 0, max_size: int = 60) -> SearchStrategy[str]:
    """Texts of any characters but halves of surrogate pairs, which no form can carry."""
    return st.text(characters(), min_size=min_size, max_size=max_size)


def foreign(texts: SearchStrategy[str]) -> SearchStrategy[str]:
    """The texts as names of somebody else.

    Hypothesis also tries texts that it finds in the code under test, and the right name may well be one of those.
    """
    return texts.map(lambda text: f"{text}~")


def characters() -> SearchStrategy[str]:
    """Any character but half of a surrogate pair."""
    return st.characters(exclude_categories=["Cs"])


def json_values() -> SearchStrategy[Any]:
    """Innocent JSON values."""
    leaves = st.one_of(
        st.none(),
        st.booleans(),
        st.integers(-SAFE_INTEGER, SAFE_INTEGER),
        st.floats(-1e15, 1e15, allow_subnormal=False),
        texts(max_size=20),
    )
    return st.recursive(leaves, _containers, max_leaves=5)


def _containers(inner: SearchStrategy[Any]) -> SearchStrategy[Any]:
    return st.one_of(st.lists(inner, max_size=4), st.dictionaries(texts(min_size=1, max_size=10), inner, max_size=4))


def numbers() -> SearchStrategy[int | float]:
    """Finite numbers of any size."""
    large = st.integers(BEYOND_64_BITS, 2**80)
    return st.one_of(
        st.integers(),
        large,
        large.map(lambda number: -number),
        st.floats(allow_nan=False, allow_infinity=False),
    )


def other_than(*kinds: Kind) -> SearchStrategy[Any]:
    """JSON values of any kind but these, odd ones among them."""
    return st.one_of([_of_kind(kind) for kind in KINDS if kind not in kinds])


def _of_kind(kind: Kind) -> SearchStrategy[Any]:
    if kind == "null":
        return st.none()
    if kind == "flag":
        return st.booleans()
    if kind == "number":
        return numbers()
    if kind == "text":
        return odd_texts()
    small = st.one_of(st.none(), st.booleans(), numbers(), odd_texts(max_size=10), st.just([]), st.just({}))
    if kind == "list":
        return st.lists(small, max_size=4)
    return st.dictionaries(odd_texts(max_size=10), small, max_size=4)
