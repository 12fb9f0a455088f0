"""The review of what somebody has submitted (LTI Submission Review 1.0)."""

from __future__ import annotations

from typing import Any, Final

from mockplatform.claims import CLAIM_PREFIX
from mockplatform.gradebook.line_items import line_item_of_link
from mockplatform.messages.resource_link import link_claim
from mockplatform.model import Launch
from mockplatform.privacy import identity, shown

__all__ = ["FOR_USER", "NAME", "NEEDS", "OPENS_LINK", "TYPE", "claims", "line_item"]

NAME: Final = "submission_review"
TYPE: Final = "LtiSubmissionReviewRequest"
OPENS_LINK: Final = True
NEEDS: Final = ("ags",)
"""The claim of the grade service says which line item the review is about."""

line_item: Final = line_item_of_link
"""What a review is about where nothing else is named."""

FOR_USER: Final = CLAIM_PREFIX + "for_user"


def claims(launch: Launch) -> dict[str, Any]:
    """Whose submission is reviewed, and in which link."""
    person = shown(launch.for_user or launch.person, launch.registration.privacy)
    roles = {"roles": list(person.roles)} if person.roles else {}
    about = {"user_id": person.sub, **identity(person), **roles}
    return {"resource_link": link_claim(launch.resource_link), FOR_USER: about}
