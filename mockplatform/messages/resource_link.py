"""The launch of a link of a course (LTI Core 1.3, section 5.3)."""

from __future__ import annotations

from typing import Any, Final

from mockplatform.claims import RESOURCE_LINK_REQUEST
from mockplatform.model import Launch, ResourceLink

__all__ = ["NAME", "OPENS_LINK", "TYPE", "claims", "link_claim"]

NAME: Final = "resource_link"
TYPE: Final = RESOURCE_LINK_REQUEST
OPENS_LINK: Final = True


def claims(launch: Launch) -> dict[str, Any]:
    """The link that was clicked (CORE 5.3.5)."""
    return {"resource_link": link_claim(launch.resource_link)}


def link_claim(link: ResourceLink) -> dict[str, Any]:
    """What a message says of a link (CORE 5.3.5)."""
    described = {"description": link.description} if link.description else {}
    return {"id": link.id, "title": link.title, **described}
