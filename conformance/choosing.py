"""Results of a report by the patterns of `--only`: globs of ids, codes and error types. Pure."""

from __future__ import annotations

import fnmatch
from collections.abc import Iterable, Mapping, Sequence

from conformance.dossier import Entry

__all__ = ["chosen", "former"]


def chosen(entry: Entry, patterns: Sequence[str], ids: Iterable[str] = ()) -> bool:
    """Whether a result matches any of the patterns; every result matches none at all.

    Args:
        ids: other ids of the scenario, old and new.
    """
    words = (entry.id, *ids, *(str(word) for word in (entry.expected.code, entry.expected.type) if word is not None))
    return not patterns or any(fnmatch.fnmatchcase(word, pattern) for pattern in patterns for word in words)


def former(id_: str, renamed: Mapping[str, str]) -> tuple[str, ...]:
    """The old ids of a scenario."""
    return tuple(old for old, new in renamed.items() if new == id_)
