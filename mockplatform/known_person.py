"""Somebody as a file or the control API writes a person down: roles by short names, a learner unless said."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Final

from mockplatform.claims import CONTEXT_ROLE, INSTITUTION_ROLE, LEARNER
from mockplatform.model import Person

__all__ = ["KnownOfPerson"]

_VOCABULARIES: Final[Mapping[str, str]] = {
    "": CONTEXT_ROLE,
    "membership": "http://purl.imsglobal.org/vocab/lis/v2/membership/",
    "institution": INSTITUTION_ROLE,
    "system": "http://purl.imsglobal.org/vocab/lis/v2/system/person#",
    "lti": "http://purl.imsglobal.org/vocab/lti/system/person#",
}
"""What the word before the slash of a role stands for (LTI Core 1.3, appendix A.2)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownOfPerson:
    """What is known of somebody; names and address may be unknown.

    Args:
        roles: `Learner`, `membership/Instructor#Grader`, `institution/Guest` or a full URI each; learner unless given,
            [] is none at all.
    """

    sub: str
    given_name: str = ""
    family_name: str = ""
    email: str = ""
    locale: str = "en-US"
    roles: tuple[str, ...] | None = None
    mentor_of: tuple[str, ...] = ()
    note: str = ""

    def person(self) -> Person:
        """The person, whose roles are full URIs."""
        given = {one.name: getattr(self, one.name) for one in fields(self)}
        # Somebody of whom nothing is said is a learner; nobody is without a role but by an empty list.
        roles = (LEARNER,) if self.roles is None else tuple(map(_role, self.roles))
        return Person(**given | {"roles": roles})


def _role(written: str) -> str:
    vocabulary, slash, name = written.partition("/")
    if ":" in written or (slash and vocabulary not in _VOCABULARIES):
        return written
    return _VOCABULARIES[vocabulary] + name if slash else CONTEXT_ROLE + written
