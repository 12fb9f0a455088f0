"""JSON bodies: paths to a class, a type, a code and a message."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping

from conformance.calibrating.proposal import Proposal, Reading, labels_of, words_seen
from conformance.calibrating.samples import Evidence, Sample
from conformance.extractors import json_body
from conformance.tool_text import writable

__all__ = ["RANK", "paths", "propose"]

RANK = json_body.RANK
_Found = Mapping[str, tuple[str, Mapping[str, tuple[str, ...]]]]
_LEAVES: Mapping[str, str] = {
    "class": r"(?:error_?)?(?:class|category)",
    "type": r"(?:error_?)?(?:type|name|kind|reason|key|slug|id)|error|code|error_?code",
    "code": r"(?:error_?)?(?:code|number|no)",
    "message": r"(?:error_?)?(?:message|description|detail|details|msg|text|title)|error",
}
"""The last name of a path, by what may stand there."""


def propose(evidence: Evidence) -> Proposal | None:
    """The paths whose values depend on the fault."""
    found = paths(evidence, of=_is_json)
    telling = {axis: path for axis, (path, _) in found.items()}
    if not telling.keys() - {"message"}:
        return None
    words = {word: labels for axis in ("type", "code") if axis in found for word, labels in found[axis][1].items()}
    count = len(frozenset().union(*(labels_of(words) for _, words in found.values())))
    shown = ", ".join(telling.values())
    text = f"{count} refusals came as JSON with {shown}, and no good launch has that"
    return Proposal(kind="json", settings=telling, found=text, words=words)


def paths(evidence: Evidence, *, of: Callable[[Sample], bool], without: Collection[str] = ()) -> _Found:
    """The best path for each axis, with the words that were seen there.

    Args:
        of: which answers count.
        without: members at the top that have another meaning.
    """
    known = dict.fromkeys(path for s in evidence.refused if of(s) for path, _ in s.members)
    known = {path: None for path in known if json_body.is_path(path) and writable(path)}
    free = [path for path in known if path.removeprefix("$.") not in without]
    found = {}
    for axis, leaf in _LEAVES.items():
        best: tuple[int, str, Mapping[str, tuple[str, ...]]] | None = None
        for path in free:
            name = re.split(r"[.\[\]]+", path.rstrip("]"))[-1]
            if not re.fullmatch(rf"(?i){leaf}", re.sub(r"(?<=[a-z])(?=[A-Z])", "_", name)):
                continue
            words = words_seen(evidence, _value(path, of))
            if len(words) > 1 and _suits(axis, words) and (best is None or len(words) > best[0]):
                best = (len(words), path, words)
        if best is not None:
            found[axis] = best[1:]
    return found


def _suits(axis: str, words: Mapping[str, tuple[str, ...]]) -> bool:
    """Whether words can stand for an axis: a code is a number, and a class is one of few."""
    numbers = all(word.isdigit() for word in words)
    if axis == "class":
        return set(words) <= {"invalid", "security", "unknown"}
    return numbers if axis == "code" else not numbers


def _value(path: str, of: Callable[[Sample], bool]) -> Reading:
    def read(sample: Sample) -> str | None:
        return next((str(value) for known, value in sample.members if known == path), None) if of(sample) else None

    return read


def _is_json(sample: Sample) -> bool:
    kind = sample.page.header("content-type") or ""
    return "json" in kind and "problem+json" not in kind
