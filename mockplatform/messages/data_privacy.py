"""The request to look at, or have deleted, what a tool keeps of a person (LTI Data Privacy Launch 1.0)."""

from __future__ import annotations

from typing import Any, Final

from mockplatform.messages.submission_review import FOR_USER
from mockplatform.model import Launch
from mockplatform.privacy import identity, shown

__all__ = ["NAME", "OMITS", "OPENS_LINK", "TYPE", "claims"]

NAME: Final = "data_privacy"
TYPE: Final = "LtiDataPrivacyLaunchRequest"
OPENS_LINK: Final = False
OMITS: Final = ("context",)


def claims(launch: Launch) -> dict[str, Any]:
    """Whose data it is about; it belongs to no course."""
    person = shown(launch.for_user or launch.person, launch.registration.privacy)
    return {FOR_USER: {"user_id": person.sub, **identity(person)}}
