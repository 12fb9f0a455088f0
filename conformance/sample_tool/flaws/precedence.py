"""Flaws that show only where two things are wrong at once: each fault alone is answered as it should be."""

from __future__ import annotations

import dataclasses
import itertools
from collections.abc import Awaitable, Callable, Mapping, Sequence
from inspect import isawaitable
from typing import Final

from conformance.sample_tool import message, product, protocol, trust, values
from conformance.sample_tool.flaws.crashes import unexpected
from conformance.sample_tool.flaws.kinds import Flaw, insert, replace
from conformance.sample_tool.message import CLAIM
from conformance.sample_tool.model import Launch, Step
from conformance.sample_tool.refusal import Refusal
from conformance.sample_tool.steps import Plan

__all__ = ["FLAWS"]

Reading = Callable[[Launch], Launch]


def as_verified(launch: Launch) -> Launch:
    """Reads what has been verified."""
    return launch


def unverified(launch: Launch) -> Launch:
    """Reads the claims of a token that nobody has verified."""
    return dataclasses.replace(launch, claims=protocol.token_of(launch).payload)


def explained(step: Step[Launch], *others: Reading, reading: Reading, code: int | None = None) -> Step[Launch]:
    """The step whose refusal, or whose refusal with this code, gives way to those of others."""

    async def talkative(launch: Launch) -> Launch:
        try:
            outcome: Launch | Awaitable[Launch] = step(launch)
            return await outcome if isawaitable(outcome) else outcome
        except Refusal as refusal:
            if code in (None, refusal.reason.code):
                for other in others:
                    other(reading(launch))
            raise

    return talkative


def lowest(step: Step[Launch], *others: Reading, reading: Reading) -> Step[Launch]:
    """The step that collects what else is wrong, and tells the lowest number."""

    async def thorough(launch: Launch) -> Launch:
        try:
            outcome: Launch | Awaitable[Launch] = step(launch)
            return await outcome if isawaitable(outcome) else outcome
        except Refusal as refusal:
            found = (refused(other, reading(launch)) for other in others)
            told = [refusal, *(each for each in found if each is not None)]
            raise min(told, key=lambda each: each.reason.code or 0) from None

    return thorough


def refused(step: Reading, launch: Launch) -> Refusal | None:
    """What a step has against a launch."""
    try:
        step(launch)
    except Refusal as refusal:
        return refusal
    return None


def audience_or_party(launch: Launch) -> Launch:
    """Trusts an audience that the authorised party confirms."""
    return launch if _confirmed(launch) else trust.audience(launch)


def party_or_audience(launch: Launch) -> Launch:
    """Trusts an authorised party that is the audience."""
    return launch if _confirmed(launch) else trust.azp(launch)


def _confirmed(launch: Launch) -> bool:
    named = launch.claims.get("aud")
    return isinstance(named, str) and launch.claims.get("azp") == named


def greeting(launch: Launch) -> Launch:
    """Prepares the greeting, which needs one of its two parts."""
    if refused(values.name, launch) and refused(values.title, launch):
        raise ValueError("not enough values to unpack (expected 1, got 0)")
    return launch


def in_turns(plan: Plan) -> Plan:
    """A tool that keeps what is missing in no order at all."""
    turns = itertools.cycle((values.title, values.name))

    def first_of_a_set(launch: Launch) -> Launch:
        if refused(values.name, launch) and refused(values.title, launch):
            next(turns)(launch)
        return launch

    return insert(first_of_a_set, before=values.name)(plan)


def as_they_come(launch: Launch) -> Launch:
    """Walks through the claims in the order in which they were sent."""
    steps: Mapping[str, Reading] = {"family_name": values.name, CLAIM + "roles": values.role_list}
    for claim in launch.claims:
        if claim in steps:
            steps[claim](launch)
    return launch


def by_comparison(launch: Launch) -> Launch:
    """Sorts what is missing with a comparison that leads back to its beginning."""
    later: Sequence[tuple[Reading, Reading]] = ((values.name, values.email), (values.title, values.name))
    for told, hidden in later:
        if refused(told, launch) and refused(hidden, launch):
            told(launch)
    return launch


def whoever_teaches(launch: Launch) -> Launch:
    """Takes a person without roles for a teacher until the roles are looked at."""
    if not launch.roles:
        product.zoom_auth(dataclasses.replace(launch, privileged=True))
    return launch


def tidying(launch: Launch) -> Launch:
    """Throws the nonce of an expired token away, even of one that nobody has verified."""
    try:
        return protocol.signature(launch)
    except Refusal:
        read = unverified(launch)
        if refused(trust.expiry, read):
            refused(trust.nonce, read)
        raise


FLAWS: Final = (
    Flaw(
        name="message-read-unverified",
        why="When a signature is bad, the version is looked at for a better explanation.",
        profile="class",
        changes=(replace(protocol.signature, by=explained(protocol.signature, message.version, reading=unverified)),),
    ),
    Flaw(
        name="keys-down-claims-read",
        why="While keys cannot be fetched, the tool goes on as far as it can, and tells what it meets first.",
        profile="class",
        changes=(
            replace(
                protocol.key,
                by=explained(protocol.key, values.title, values.name, reading=unverified, code=1017),
            ),
        ),
    ),
    Flaw(
        name="expiry-read-unverified",
        why="The dates are cheaper to check than a signature, and explain many a bad one.",
        profile="ltix",
        changes=(replace(protocol.signature, by=explained(protocol.signature, trust.expiry, reading=unverified)),),
    ),
    Flaw(
        name="message-blamed-for-replay",
        why="A nonce that is not known is put down to whatever else is wrong with the message.",
        profile="class",
        changes=(
            replace(
                trust.nonce,
                by=explained(trust.nonce, message.version, message.subject, message.roles, reading=as_verified),
            ),
        ),
    ),
    Flaw(
        name="lowest-number-told",
        why="All errors are collected, and the one with the lowest number is told: where keys are missing as well.",
        profile="class",
        changes=(
            replace(
                protocol.key,
                by=lowest(protocol.key, message.attribute_names, values.email, values.course_id, reading=unverified),
            ),
        ),
    ),
    Flaw(
        name="last-error-wins",
        why="Errors are kept under one name in a dictionary, so that the last one stays.",
        profile="class",
        changes=(
            replace(
                message.attribute_names,
                by=explained(message.attribute_names, values.role_list, values.title, values.name, reading=as_verified),
            ),
        ),
    ),
    Flaw(
        name="audience-excused-by-party",
        why="Audience and authorised party are compared with each other, and two wrongs make a right.",
        profile="core",
        changes=(replace(trust.audience, by=audience_or_party), replace(trust.azp, by=party_or_audience)),
    ),
    Flaw(
        name="nameless-in-untitled-crashes",
        why="A greeting by name or by title was thought of, and one by neither was not.",
        profile="class",
        changes=unexpected(insert(greeting, before=values.name)),
    ),
    Flaw(
        name="values-taken-in-turns",
        why="What is missing is kept in a set, and which of two comes out of it first is anybody's guess.",
        profile="class",
        changes=(in_turns,),
    ),
    Flaw(
        name="values-as-they-come",
        why="The claims are checked in the order in which the platform wrote them, which means nothing.",
        profile="class",
        changes=(insert(as_they_come, before=values.name),),
    ),
    Flaw(
        name="values-compared-in-circles",
        why="Errors are sorted by a comparison that says name before address, title before name, address before title.",
        profile="class",
        changes=(insert(by_comparison, before=values.email),),
    ),
    Flaw(
        name="nobody-taken-for-teacher",
        why="Whoever has no role is asked for a Zoom account before anybody notices.",
        profile="class",
        changes=(insert(whoever_teaches, before=values.role_list),),
    ),
    Flaw(
        name="expired-forgery-burns-nonce",
        why="Nonces of expired tokens are thrown away, without a look at who has signed the token.",
        profile="core",
        changes=(replace(protocol.signature, by=tidying),),
    ),
)
