"""The steps that read the course's groups (Course Groups 1.0)."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from conformance.sample_tool.forms import origin
from conformance.sample_tool.services import documents
from conformance.sample_tool.services.errands import call_for
from conformance.sample_tool.services.model import Errand, Pages
from conformance.sample_tool.services.paging import every_page
from conformance.sample_tool.services.refusals import not_offered

__all__ = ["listed", "offered", "shown"]

SCOPE: Final = "https://purl.imsglobal.org/spec/lti-gs/scope/contextgroup.readonly"
MEDIA_TYPE: Final = "application/vnd.ims.lti-gs.v1.contextgroupcontainer+json"


def offered(errand: Errand) -> Errand:
    """The launch has said where the groups are."""
    if origin(documents.text(errand.offer.groups, "context_groups_url")) is None:
        raise not_offered("CG 1.0", "groups")
    return errand


async def listed(errand: Errand) -> Errand:
    """Every group on every page."""
    home = documents.text(errand.offer.groups, "context_groups_url")
    call = call_for(errand, service="groups", ref="CG 1.0", home=home, scopes=(SCOPE,), accept=MEDIA_TYPE)
    return replace(errand, items=(await every_page(Pages(call=call, member="groups"))).items)


def shown(errand: Errand) -> Errand:
    """Each group by its name."""
    lines = ((documents.text(group, "name") or documents.text(group, "id"),) for group in errand.items)
    return replace(errand, title=f"{len(errand.items)} groups", lines=tuple(lines))
