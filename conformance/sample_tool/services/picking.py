"""The steps of the answer to a deep linking request: what was picked goes back, signed by the tool (DL 4.5)."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Final

from conformance.sample_tool.forms import origin
from conformance.sample_tool.message import CLAIM
from conformance.sample_tool.services import documents
from conformance.sample_tool.services.model import Errand
from conformance.sample_tool.services.refusals import not_offered

__all__ = [
    "ALL",
    "DL",
    "FIELD",
    "OFFERS",
    "Offered",
    "accepted",
    "asked",
    "at_most_one",
    "chosen",
    "content",
    "data",
    "failure",
    "identity",
    "lifetime",
    "message",
    "offers_for",
    "signed",
    "single_use",
]

DL: Final = "https://purl.imsglobal.org/spec/lti-dl/claim/"
FIELD: Final = "item"
ALL: Final = "all"
LIFETIME_S: Final = 300


@dataclass(frozen=True, kw_only=True, slots=True)
class Offered:
    """Something that can be picked; a link of the tool itself has a path."""

    type: str
    title: str
    path: str = ""


OFFERS: Final = (
    Offered(type="ltiResourceLink", title="A class that meets on Zoom", path="/?class=zoom"),
    Offered(type="link", title="A guide for people who are new to it", path="/?guide=1"),
)
"""What there is to pick, by its type as a content item (DL 3)."""


def offers_for(accept_types: tuple[str, ...]) -> tuple[Offered, ...]:
    """What can be picked where these types are accepted."""
    return tuple(offer for offer in OFFERS if offer.type in accept_types)


def asked(errand: Errand) -> Errand:
    """The session began with a deep linking request, which says where the answer goes (DL 2.3)."""
    if origin(documents.text(errand.offer.picking, "deep_link_return_url")) is None:
        raise not_offered("DL 4.5", "deep linking")
    return errand


def chosen(errand: Errand) -> Errand:
    """What the person has ticked, as content items (DL 3.1, 3.2)."""
    ticked = errand.form.get(FIELD, ())
    picked = (offer for offer in OFFERS if offer.type in ticked or ALL in ticked)
    return replace(errand, items=tuple(_item(offer, errand.base_url) for offer in picked))


def accepted(errand: Errand) -> Errand:
    """Only things of a type that the platform takes (DL 4.4.1)."""
    types = errand.offer.picking.get("accept_types")
    return replace(errand, items=tuple(item for item in errand.items if item["type"] in (types or ())))


def at_most_one(errand: Errand) -> Errand:
    """One thing, unless the platform has said that it takes several (DL 4.4.1)."""
    several = errand.offer.picking.get("accept_multiple") is True
    return errand if several else replace(errand, items=errand.items[:1])


def identity(errand: Errand) -> Errand:
    """The tool speaks to the platform that has asked (SEC 5.2.2, DL 4.5.1)."""
    offer = errand.offer
    return _with(errand, {"iss": offer.client_id, "aud": offer.issuer, CLAIM + "deployment_id": offer.deployment_id})


def lifetime(errand: Errand) -> Errand:
    """The answer is good for a few minutes (SEC 5.2.2)."""
    now = int(errand.tool.clock())
    return _with(errand, {"iat": now, "exp": now + LIFETIME_S})


def single_use(errand: Errand) -> Errand:
    """No two answers are alike, so that none can be sent again by others (SEC 5.2.2)."""
    return _with(errand, {"nonce": errand.tool.token()})


def message(errand: Errand) -> Errand:
    """The answer says what it is (DL 4.5.2, 4.5.3)."""
    return _with(errand, {CLAIM + "message_type": "LtiDeepLinkingResponse", CLAIM + "version": "1.3.0"})


def data(errand: Errand) -> Errand:
    """What the platform wants back goes back as it came; what it did not send is not made up (DL 4.5.5)."""
    settings = errand.offer.picking
    return _with(errand, {DL + "data": settings["data"]}) if "data" in settings else errand


def content(errand: Errand) -> Errand:
    """What was picked (DL 4.5.6)."""
    return _with(errand, {DL + "content_items": list(errand.items)})


def failure(errand: Errand) -> Errand:
    """When something was ticked and nothing of it can be sent, the person is told why (DL 4.5.9, 4.5.10)."""
    if errand.items or not errand.form.get(FIELD):
        return errand
    told = "Your course takes nothing of what was picked."
    return _with(errand, {DL + "errormsg": told, DL + "errorlog": "no accepted type among the picked items"})


def signed(errand: Errand) -> Errand:
    """The answer is signed with a key that the tool publishes (SEC 5.2, 6.3)."""
    return replace(errand, response=errand.tool.key.sign(errand.claims))


def _with(errand: Errand, claims: dict[str, Any]) -> Errand:
    return replace(errand, claims={**errand.claims, **claims})


def _item(offer: Offered, base_url: str) -> dict[str, Any]:
    return {"type": offer.type, "title": offer.title, "url": f"{base_url}{offer.path}"}
