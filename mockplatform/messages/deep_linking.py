"""The request for things to link to (Deep Linking 2.0, section 4.4)."""

from __future__ import annotations

from typing import Any, Final

from mockplatform.claims import DEEP_LINKING_REQUEST
from mockplatform.model import Launch

__all__ = ["NAME", "OPENS_LINK", "TYPE", "claims", "settings"]

NAME: Final = "deep_linking"
TYPE: Final = DEEP_LINKING_REQUEST
OPENS_LINK: Final = False


def claims(launch: Launch) -> dict[str, Any]:
    """What may be returned and where to; there is no link yet (DL 4.4.1)."""
    return {"deep_linking_settings": settings(launch)}


def settings(launch: Launch) -> dict[str, Any]:
    """The settings of a request, with what its launch wants otherwise (DL 4.4.1)."""
    usual = {
        "deep_link_return_url": launch.deep_link_return_url,
        "accept_types": ["link", "ltiResourceLink"],
        "accept_presentation_document_targets": ["iframe", "window"],
        "accept_multiple": True,
        "title": launch.resource_link.title,
        "text": f"Pick what {launch.course.label} shall link to",
        "data": f"{launch.id}.{launch.course.id}",
    }
    return {name: value for name, value in (usual | dict(launch.deep_linking)).items() if value is not None}
