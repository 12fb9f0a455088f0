"""Flaws of the answer to a deep linking request."""

from __future__ import annotations

import dataclasses
from typing import Final

from conformance.sample_tool.flaws.kinds import Flaw, drop, replace
from conformance.sample_tool.message import CLAIM
from conformance.sample_tool.services import picking
from conformance.sample_tool.services.keys import new_key
from conformance.sample_tool.services.model import Errand

__all__ = ["FLAWS"]


def as_in_the_request(errand: Errand) -> Errand:
    """Sends issuer and audience back as they came."""
    offer = errand.offer
    claims = {"iss": offer.issuer, "aud": offer.client_id, CLAIM + "deployment_id": offer.deployment_id}
    return dataclasses.replace(errand, claims={**errand.claims, **claims})


def nonce_of_tool(errand: Errand) -> Errand:
    """Has one nonce for all answers."""
    return dataclasses.replace(errand, claims={**errand.claims, "nonce": "sample-tool-nonce-of-all-answers"})


def old_answer(errand: Errand) -> Errand:
    """Says when the tool was started instead of when the answer was made."""
    started = int(errand.tool.clock()) - 7200
    return dataclasses.replace(errand, claims={**errand.claims, "iat": started, "exp": started + 300})


def type_of_request(errand: Errand) -> Errand:
    """Sends the request's own message type back."""
    claims = {CLAIM + "message_type": "LtiDeepLinkingRequest", CLAIM + "version": "1.3.0"}
    return dataclasses.replace(errand, claims={**errand.claims, **claims})


def signed_by_another(errand: Errand) -> Errand:
    """Signs with a key that it does not publish."""
    return dataclasses.replace(errand, response=new_key().sign(errand.claims))


def data_respelt(errand: Errand) -> Errand:
    """Keeps the platform's data in a column that is too short."""
    answered = picking.data(errand)
    name = picking.DL + "data"
    claims = {**answered.claims, name: str(answered.claims[name])[:255]} if name in answered.claims else answered.claims
    return dataclasses.replace(answered, claims=claims)


FLAWS: Final = (
    Flaw(
        name="answer-for-the-tool",
        why="Issuer and audience go back as they came, so the answer is from the platform for the tool.",
        profile="core",
        changes=(replace(picking.identity, by=as_in_the_request),),
    ),
    Flaw(
        name="answer-nonce-repeated",
        why="The nonce is a constant, which works once.",
        profile="core",
        changes=(replace(picking.single_use, by=nonce_of_tool),),
    ),
    Flaw(
        name="answer-out-of-date",
        why="The times of the answer are not those of the answer.",
        profile="core",
        changes=(replace(picking.lifetime, by=old_answer),),
    ),
    Flaw(
        name="answer-of-the-wrong-type",
        why="The answer is made from the request, and keeps its message type.",
        profile="core",
        changes=(replace(picking.message, by=type_of_request),),
    ),
    Flaw(
        name="answer-key-unpublished",
        why="The answer is signed with a key that nobody can fetch.",
        profile="core",
        changes=(replace(picking.signed, by=signed_by_another),),
    ),
    Flaw(
        name="data-dropped",
        why="The platform's data is not sent back, since the tool has no use for it.",
        profile="core",
        changes=(drop(picking.data),),
    ),
    Flaw(
        name="data-cut",
        why="The platform's data is kept in a column of 255 characters.",
        profile="core",
        changes=(replace(picking.data, by=data_respelt),),
    ),
    Flaw(
        name="several-answered",
        why="All that was ticked goes back, however many the platform takes.",
        profile="core",
        changes=(drop(picking.at_most_one),),
    ),
    Flaw(
        name="any-type-answered",
        why="All that was ticked goes back, whatever the platform takes.",
        profile="core",
        changes=(drop(picking.accepted),),
    ),
    Flaw(
        name="nothing-picked-unexplained",
        why="An answer without anything goes back, and the person wonders where it is.",
        profile="core",
        changes=(drop(picking.failure),),
    ),
)
