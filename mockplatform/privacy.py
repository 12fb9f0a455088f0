"""What a tool may know of a person, by the privacy setting of its registration (LTI Core 1.3, section 5.3.6)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from mockplatform.model import Launch, Person, Privacy

__all__ = ["identity", "private", "shown"]

_ALL: Final = frozenset({"name", "email"})
_KEPT: Final[Mapping[Privacy, frozenset[str]]] = {
    "public": _ALL,
    "name": frozenset({"name"}),
    "email": frozenset({"email"}),
    "anonymous": frozenset(),
}


def shown(person: Person, privacy: Privacy) -> Person:
    """The person without what the tool does not get; the id always stays (LTI Core 1.3, section 5.3.6)."""
    kept = _KEPT[privacy]
    if kept == _ALL:
        return person
    return replace(
        person,
        given_name=person.given_name if "name" in kept else "",
        family_name=person.family_name if "name" in kept else "",
        email=person.email if "email" in kept else "",
    )


def private(launch: Launch) -> Launch:
    """The launch with what its tool may know of the person who launches."""
    person = shown(launch.person, launch.registration.privacy)
    return launch if person is launch.person else replace(launch, person=person)


def identity(person: Person) -> dict[str, str]:
    """The names and the address that are known, under the names of OpenID Connect Core 5.1; nothing stands empty."""
    fields = {
        "given_name": person.given_name,
        "family_name": person.family_name,
        "name": person.name,
        "email": person.email,
    }
    return {name: value for name, value in fields.items() if value}
