"""Where the documents are silent, unclear or at odds: the question, what each says, and how the catalogue rules."""

from __future__ import annotations

import fnmatch
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Final, Literal, get_args

from conformance.model import Severity
from conformance.requirements import documents
from mockplatform.errors import UsageError
from mockplatform.tables import build, keyed, read_toml

__all__ = ["Demands", "Passage", "Position", "Right", "RuledQuestion", "rulings"]

_FILE: Final = Path(__file__).with_name("rulings.toml")
_ALL_OTHERS: Final = "*"

Right = Literal["launched", "rejected", "either"]
"""Which outcomes are right; `either` if both are."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Passage:
    """What one document says to a question, in our words.

    Args:
        document: its short name in requirements.toml.
        section: where it says so; empty for the document as a whole.
    """

    document: str
    section: str = ""
    says: str

    @property
    def citation(self) -> str:
        """Where it stands, such as `CORE 5.3.7`."""
        return f"{self.document.replace('RFC', 'RFC ')} {self.section}".rstrip()


@dataclass(frozen=True, slots=True, kw_only=True)
class Demands:
    """The scenarios with one right outcome, as ids or globs of them, by what comes of another one.

    `*` stands for all that the ruling concerns and nothing else of the same profile names.
    """

    must: tuple[str, ...] = ()
    should: tuple[str, ...] = ()
    may: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Position:
    """What a profile makes of a ruling: in words, and as an answer for each scenario in which it has a part."""

    says: str
    launched: Demands = field(default_factory=Demands)
    rejected: Demands = field(default_factory=Demands)
    either: Demands = field(default_factory=Demands)

    def answers_to(self, id_: str) -> tuple[tuple[Right, Severity], ...]:
        """The right outcome for a scenario and its severity: none without a part, more than one by mistake."""
        named = self._naming(lambda pattern: pattern != _ALL_OTHERS and fnmatch.fnmatchcase(id_, pattern))
        return named or self._naming(_ALL_OTHERS.__eq__)

    @property
    def patterns(self) -> tuple[str, ...]:
        """Every id and glob that it names."""
        return tuple(pattern for _, _, patterns in self._rows() for pattern in patterns if pattern != _ALL_OTHERS)

    def _naming(self, fits: Callable[[str], bool]) -> tuple[tuple[Right, Severity], ...]:
        return tuple((right, severity) for right, severity, patterns in self._rows() if any(map(fits, patterns)))

    def _rows(self) -> Iterator[tuple[Right, Severity, tuple[str, ...]]]:
        for right in get_args(Right):
            for severity in get_args(Severity):
                yield right, severity, getattr(getattr(self, right), severity)


@dataclass(frozen=True, slots=True, kw_only=True)
class RuledQuestion:
    """A question that the documents do not settle, and its ruling.

    Args:
        ruling: what the catalogue does, for every profile.
        profiles: what a profile does differently, or does at all, by its name; one that is not named and inherits from
            one that is does the same.
        switch: the key of `[rulings]` that rules otherwise, with its `default`; empty if there is none.
        scenarios: ids, or globs of them, in which the ruling can be seen.
    """

    id: str
    question: str
    passage: tuple[Passage, ...]
    ruling: str
    scenarios: tuple[str, ...]
    profiles: Mapping[str, Position] = field(default_factory=dict)
    switch: str = ""
    default: bool | int | str | None = None

    def concerns(self, ids: Iterable[str]) -> tuple[str, ...]:
        """Those of the ids in which the ruling can be seen, in their order."""
        return tuple(id_ for id_ in ids if any(fnmatch.fnmatchcase(id_, pattern) for pattern in self.scenarios))


@dataclass(frozen=True, slots=True, kw_only=True)
class _File:
    ruling: tuple[RuledQuestion, ...]


def rulings() -> Mapping[str, RuledQuestion]:
    """The rulings by id, in the order of the file.

    Raises:
        UsageError: an id is used twice, a document is unknown, or a switch has no default.
    """
    return _load(_FILE)


@cache
def _load(path: Path) -> Mapping[str, RuledQuestion]:
    where = f"{path.name}: [[ruling]]"
    found = keyed(build(_File, read_toml(path), where=path.name).ruling, lambda ruling: ruling.id, where=where)
    for ruling in found.values():
        for passage in ruling.passage:
            if passage.document not in documents():
                raise UsageError(f"{where} {ruling.id}: requirements.toml has no [document.{passage.document}]")
        if bool(ruling.switch) is (ruling.default is None):
            raise UsageError(f"{where} {ruling.id}: give both 'switch' and 'default', or neither")
    return found
