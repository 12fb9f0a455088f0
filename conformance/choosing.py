"""What the patterns of `--only` choose. Pure."""

from __future__ import annotations

import fnmatch
from collections.abc import Iterable, Sequence

__all__ = ["chosen"]


def chosen(words: Iterable[str], patterns: Sequence[str]) -> bool:
    """Whether any of the patterns, globs of ids, codes and error types, matches a word; no patterns choose all."""
    return not patterns or any(fnmatch.fnmatchcase(word, pattern) for word in words for pattern in patterns)
