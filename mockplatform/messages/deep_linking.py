"""The request for things to link to (Deep Linking 2.0, section 4.4)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from mockplatform.claims import DEEP_LINKING_REQUEST
from mockplatform.errors import UsageError
from mockplatform.model import Launch

__all__ = ["NAME", "OPENS_LINK", "TYPE", "check_settings", "claims", "settings"]

NAME: Final = "deep_linking"
TYPE: Final = DEEP_LINKING_REQUEST
OPENS_LINK: Final = False

_TEXTS: Final = ("deep_link_return_url", "accept_media_types", "title", "text", "data")
_LISTS: Final = ("accept_types", "accept_presentation_document_targets")
_FLAGS: Final = ("accept_multiple", "accept_lineitem", "auto_create")


def claims(launch: Launch) -> dict[str, Any]:
    """What may be returned and where to; there is no link yet (DL 4.4.1)."""
    return {"deep_linking_settings": settings(launch)}


def check_settings(wanted: Mapping[str, Any]) -> None:
    """Make sure that an honest request can have these settings; None leaves one out (DL 4.4.1).

    Raises:
        UsageError: one is of another type than the standard has for it.
    """
    given = {name: value for name, value in wanted.items() if value is not None}
    for name, value in given.items():
        if name in _TEXTS and not isinstance(value, str):
            raise UsageError(f"deep_linking.{name}: expected a text (DL 4.4.1)")
        if name in _FLAGS and not isinstance(value, bool):
            raise UsageError(f"deep_linking.{name}: expected true or false (DL 4.4.1)")
        if name in _LISTS and not (isinstance(value, list | tuple) and all(isinstance(each, str) for each in value)):
            raise UsageError(f"deep_linking.{name}: expected a list of texts (DL 4.4.1)")


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
