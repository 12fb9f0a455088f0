"""What the results of a report, which may be older or of another profile, are called today."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

from conformance.choosing import chosen
from conformance.telling.dossier import Entry

__all__ = ["Catalogued"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Catalogued:
    """What today's catalogue knows of the results of a report, which may be older or of another profile.

    Args:
        renamed: today's id of a scenario by each old one.
        words: what scenarios can be chosen by under any profile, by today's id.
    """

    renamed: Mapping[str, str] = field(default_factory=dict)
    words: Mapping[str, Collection[str]] = field(default_factory=dict)

    def id(self, entry: Entry) -> str:
        """Today's id of the scenario of a result."""
        return self.renamed.get(entry.id, entry.id)

    def ids(self, entry: Entry) -> tuple[str, ...]:
        """Every id of the scenario of a result."""
        today = self.id(entry)
        former = (old for old, new in self.renamed.items() if new == today)
        return tuple(dict.fromkeys((entry.id, today, *former)))

    def chosen(self, entry: Entry, patterns: Sequence[str]) -> bool:
        """Whether a run with these patterns chooses the scenario of a result."""
        # A profile of one's own may expect what no scenario of the catalogue does.
        own = (str(word) for word in (entry.expected.code, entry.expected.type) if word is not None)
        return chosen((*self.ids(entry), *own, *self.words.get(self.id(entry), ())), patterns)
