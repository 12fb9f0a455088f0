"""The first steps of every errand: who asks for it, and in whose name the tool goes to the platform."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from conformance.sample_tool import backend
from conformance.sample_tool.forms import origin
from conformance.sample_tool.message import CLAIM, member
from conformance.sample_tool.refusal import Reason, Refusal, invalid
from conformance.sample_tool.services.model import Call, Errand, Offer

if TYPE_CHECKING:
    from conformance.sample_tool.model import Launch

__all__ = ["GRADES", "GROUPS", "ROSTER", "call_for", "offer_of", "registered", "same_site", "scopes_of", "teacher"]

GRADES = "https://purl.imsglobal.org/spec/lti-ags/claim/endpoint"
ROSTER = "https://purl.imsglobal.org/spec/lti-nrps/claim/namesroleservice"
GROUPS = "https://purl.imsglobal.org/spec/lti-gs/claim/groupsservice"
PICKING = "https://purl.imsglobal.org/spec/lti-dl/claim/deep_linking_settings"


def offer_of(launch: Launch) -> Offer:
    """What a launch has said of services; it is as good as the session, and no better than the latest launch."""
    claims, subject = launch.claims, launch.claims.get("sub")
    link = member(claims, CLAIM + "resource_link").get("id")
    return Offer(
        issuer=launch.integration.issuer,
        client_id=launch.integration.client_id,
        deployment_id=launch.deployment_id,
        person_id=subject if isinstance(subject, str) else "",
        link_id=link if isinstance(link, str) else "",
        grades=member(claims, GRADES),
        roster=member(claims, ROSTER),
        groups=member(claims, GROUPS),
        picking=member(claims, PICKING) if launch.message == "deep_linking" else {},
    )


def same_site(errand: Errand) -> Errand:
    """The request comes from a page of the tool: the session cookie alone travels with any site's forms."""
    if errand.sender is not None and origin(errand.sender) != origin(errand.base_url):
        raise Refusal(Reason(klass="security"))
    return errand


def teacher(errand: Errand) -> Errand:
    """The session is that of a teacher."""
    if not errand.person.privileged:
        raise Refusal(Reason(klass="security"))
    return errand


def registered(errand: Errand) -> Errand:
    """The registration that the launch came by still exists (SEC 4.1)."""
    offer, tool = errand.offer, errand.tool
    found = backend.read(
        tool.faults,
        "credentials.read",
        tool.store.find_integration,
        issuer=offer.issuer,
        client_id=offer.client_id,
    )
    if found is None:
        raise invalid("RegistrationNotFound", code=1002)
    return replace(errand, integration=found)


def scopes_of(claim: Mapping[str, Any]) -> frozenset[str]:
    """What the launch says may be asked for."""
    listed = claim.get("scope")
    return frozenset(each for each in listed if isinstance(each, str)) if isinstance(listed, list) else frozenset()


def call_for(errand: Errand, *, service: str, ref: str, home: str, **request: Any) -> Call:
    """A request in the name of the registration that the launch came by."""
    return Call(
        tool=errand.tool,
        plan=errand.plan,
        integration=errand.integration,
        deployment_id=errand.offer.deployment_id,
        service=service,
        ref=ref,
        home=home,
        **{"url": home, **request},
    )
