"""The steps that read the course's roster (NRPS 2.0)."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from conformance.sample_tool.forms import origin
from conformance.sample_tool.services import documents
from conformance.sample_tool.services.errands import call_for
from conformance.sample_tool.services.model import Errand, Pages
from conformance.sample_tool.services.paging import every_page
from conformance.sample_tool.services.refusals import malformed, not_offered

__all__ = ["SCOPE", "members", "offered", "readable", "shown"]

SCOPE: Final = "https://purl.imsglobal.org/spec/lti-nrps/scope/contextmembership.readonly"
MEDIA_TYPE: Final = "application/vnd.ims.lti-nrps.v2.membershipcontainer+json"
VERSION: Final = "2.0"


def offered(errand: Errand) -> Errand:
    """The launch has said where the roster is, in a version that this tool speaks (NRPS 3.6.1)."""
    claim = errand.offer.roster
    versions = claim.get("service_versions", [VERSION])
    if origin(documents.text(claim, "context_memberships_url")) is None:
        raise not_offered("NRPS 3.6.1.1", "roster")
    if not isinstance(versions, list) or VERSION not in versions:
        raise not_offered("NRPS 3.6.1", "roster version")
    return errand


async def members(errand: Errand) -> Errand:
    """Everybody on every page, up to as many as the tool reads at once (NRPS 2.4)."""
    home = documents.text(errand.offer.roster, "context_memberships_url")
    call = call_for(errand, service="roster", ref="NRPS 2.4", home=home, scopes=(SCOPE,), accept=MEDIA_TYPE)
    read = await every_page(Pages(call=call, member="members", most=errand.tool.most_members))
    return replace(errand, items=read.items)


def readable(errand: Errand) -> Errand:
    """Each member has an id and roles, and may have nothing else (NRPS 2.2)."""
    for member in errand.items:
        if not documents.text(member, "user_id") or not isinstance(member.get("roles"), list):
            raise malformed("NRPS 2.2", "member")
    return errand


def shown(errand: Errand) -> Errand:
    """Who takes part, by name where the platform tells names; without a status they are active (NRPS 2.3)."""
    lines = (
        (documents.text(member, "name") or documents.text(member, "user_id"), str(member.get("status", "Active")))
        for member in errand.items
    )
    return replace(errand, title=f"{len(errand.items)} people take part", lines=tuple(lines))
