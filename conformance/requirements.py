"""What the standards, the certification guide and the two error catalogues ask of a tool that is launched."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Final, Literal

from mockplatform.errors import UsageError
from mockplatform.tables import build, keyed, read_toml

__all__ = ["Document", "Requirement", "documents", "requirements"]

_FILE: Final = Path(__file__).with_name("requirements.toml")


@dataclass(frozen=True, kw_only=True, slots=True)
class Document:
    """A text that makes demands; `url` is empty where it has no public address."""

    title: str
    url: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Requirement:
    """One demand; `evidence` tells how it is known, see the head of requirements.toml."""

    id: str
    document: str
    section: str
    level: Literal["MUST", "SHOULD", "MAY"]
    evidence: Literal["text", "implementation", "quoted", "unverified", "derived"]
    text: str

    @property
    def citation(self) -> str:
        """Where the demand stands, such as `SEC §5.1.3 step 7` or `RFC 8725 §3.1`."""
        if self.document == "DERIVED":
            return "derived"
        document = self.document.replace("RFC", "RFC ")
        sign = "§" if self.section[:1].isdigit() else ""
        return f"{document} {sign}{self.section}".rstrip()


@dataclass(frozen=True, kw_only=True, slots=True)
class _Catalogue:
    document: Mapping[str, Document]
    requirement: tuple[Requirement, ...]


def documents() -> Mapping[str, Document]:
    """The documents by their short names."""
    return _load(_FILE)[0]


def requirements() -> Mapping[str, Requirement]:
    """The requirements by id, in the order of the file.

    Raises:
        UsageError: an id is used twice, or a requirement names an unknown document.
    """
    return _load(_FILE)[1]


@cache
def _load(path: Path) -> tuple[Mapping[str, Document], Mapping[str, Requirement]]:
    catalogue = build(_Catalogue, read_toml(path), where=path.name)
    where = f"{path.name}: [[requirement]]"
    found = keyed(catalogue.requirement, lambda requirement: requirement.id, where=where)
    for requirement in found.values():
        if requirement.document not in catalogue.document:
            raise UsageError(f"{where} {requirement.id}: there is no [document.{requirement.document}]")
    return MappingProxyType(dict(catalogue.document)), found
