"""Whom a mentor may look after (LTI Core 1.3, section 5.4.3)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from mockplatform.claims import CONTEXT_ROLE, claim_name
from mockplatform.model import Person

__all__ = ["MENTOR", "mentor_claim", "mentored"]

MENTOR: Final = CONTEXT_ROLE + "Mentor"


def mentored(person: Person, roles: Sequence[str]) -> tuple[str, ...]:
    """Whom the person looks after, by `sub`; nobody without the role of a mentor (CORE 5.4.3)."""
    return person.mentor_of if MENTOR in roles else ()


def mentor_claim(person: Person, roles: Sequence[str]) -> dict[str, Any]:
    """The claim that goes with the role, by its full name; none where there is nobody to look after."""
    subs = mentored(person, roles)
    return {claim_name("role_scope_mentor"): list(subs)} if subs else {}
