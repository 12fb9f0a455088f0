"""Flaws that show only where two things are wrong at once: each fault alone is answered as it should be."""

from __future__ import annotations

import dataclasses
import itertools
from collections.abc import Awaitable, Callable, Mapping, Sequence
from inspect import isawaitable
from typing import Final

from conformance.sample_tool import message, product, protocol, trust, values
from conformance.sample_tool.compact import read_token
from conformance.sample_tool.flaws.crashes import unexpected
from conformance.sample_tool.flaws.kinds import Change, Flaw, insert, replace
from conformance.sample_tool.keyset import KeySetError, usable
from conformance.sample_tool.message import CLAIM
from conformance.sample_tool.model import Launch, Step
from conformance.sample_tool.refusal import Refusal, failed
from conformance.sample_tool.steps import Plan

__all__ = ["FLAWS"]

Reading = Callable[[Launch], Launch]


def as_verified(launch: Launch) -> Launch:
    """Reads what has been verified."""
    return launch


def unverified(launch: Launch) -> Launch:
    """Reads the claims of a token that nobody has verified."""
    return dataclasses.replace(launch, claims=protocol.token_of(launch).payload)


def explained(step: Step[Launch], *others: Step[Launch], reading: Reading, code: int | None = None) -> Change:
    """A step whose refusal, or whose refusal with this code, gives way to those of others."""

    async def talkative(launch: Launch) -> Launch:
        try:
            return await _taken(step, launch)
        except Refusal as refusal:
            if code in (None, refusal.reason.code):
                for other in others:
                    await _taken(other, reading(launch))
            raise

    return replace(step, by=talkative)


async def _taken(step: Step[Launch], launch: Launch) -> Launch:
    outcome: Launch | Awaitable[Launch] = step(launch)
    return await outcome if isawaitable(outcome) else outcome


def lowest(step: Step[Launch], *others: Reading, reading: Reading) -> Change:
    """A step that collects what else is wrong, and tells the lowest number."""

    async def thorough(launch: Launch) -> Launch:
        try:
            return await _taken(step, launch)
        except Refusal as refusal:
            found = (refused(other, reading(launch)) for other in others)
            told = [refusal, *(each for each in found if each is not None)]
            raise min(told, key=lambda each: each.reason.code or 0) from None

    return replace(step, by=thorough)


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


def signature_by_known_keys(launch: Launch) -> Launch:
    """Tries the keys that are left from the last time."""
    cached = launch.tool.key_sets.cached(launch.integration.jwks_url)
    entries = cached.entries if cached else ()
    keys = [usable(entry) for entry in entries if isinstance(entry, Mapping)]
    known = tuple(key for key in keys if key is not None)
    return protocol.signature(dataclasses.replace(launch, keys=known)) if known else launch


async def keys_at_hand(launch: Launch) -> Launch:
    """Sees to it that there are keys of the token's issuer."""
    try:
        claims = read_token(launch.id_token).payload
        found = launch.tool.store.find_integration(issuer=str(claims.get("iss")), client_id=str(claims.get("aud")))
        if found is not None:
            await launch.tool.key_sets.fetched(found.jwks_url)
    except KeySetError as error:
        raise failed(code=1017, ref="SEC 6.3") from error
    except ValueError:
        return launch
    return launch


def whoever_has_no_zoom(launch: Launch) -> Launch:
    """Takes a person without roles and without a Zoom account for a student until the roles are looked at."""
    if not launch.roles and launch.tool.store.find_zoom(launch.email) is None:
        product.course_link(launch)
    return launch


async def class_to_be_safe(launch: Launch) -> Launch:
    """Makes a teacher's class where nobody knows whether there is one."""
    return await _taken(product.new_class, launch) if launch.privileged else launch


FLAWS: Final = (
    Flaw(
        name="message-read-unverified",
        why="When a signature is bad, the version is looked at for a better explanation.",
        profile="class",
        changes=(explained(protocol.signature, message.version, reading=unverified),),
    ),
    Flaw(
        name="keys-down-claims-read",
        why="While keys cannot be fetched, the tool goes on as far as it can, and tells what it meets first.",
        profile="class",
        changes=(explained(protocol.key, values.title, values.name, reading=unverified, code=1017),),
    ),
    Flaw(
        name="expiry-read-unverified",
        why="The dates are cheaper to check than a signature, and explain many a bad one.",
        profile="ltix",
        changes=(explained(protocol.signature, trust.expiry, reading=unverified),),
    ),
    Flaw(
        name="message-blamed-for-replay",
        why="A nonce that is not known is put down to whatever else is wrong with the message.",
        profile="class",
        changes=(explained(trust.nonce, message.version, message.subject, message.roles, reading=as_verified),),
    ),
    Flaw(
        name="lowest-number-told",
        why="All errors are collected, and the one with the lowest number is told: where keys are missing as well.",
        profile="class",
        changes=(lowest(protocol.key, message.attribute_names, values.email, values.course_id, reading=unverified),),
    ),
    Flaw(
        name="last-error-wins",
        why="Errors are kept under one name in a dictionary, so that the last one stays.",
        profile="class",
        changes=(explained(message.attribute_names, values.role_list, values.title, values.name, reading=as_verified),),
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
    Flaw(
        name="signature-tried-without-keys",
        why="While keys cannot be fetched, the old ones are tried: a token that they do not fit is called forged.",
        profile="ltix",
        changes=(explained(protocol.key, signature_by_known_keys, reading=as_verified, code=1017),),
    ),
    Flaw(
        name="keys-fetched-for-strangers",
        why="A state that nobody knows is put down to a restart, and the keys are fetched anew before it is refused.",
        profile="ltix",
        changes=(explained(protocol.state, keys_at_hand, reading=as_verified),),
    ),
    Flaw(
        name="nobody-taken-for-student",
        why="Whoever has neither role nor Zoom account must be a student, and is told that there is no class.",
        profile="class",
        changes=(insert(whoever_has_no_zoom, before=values.role_list),),
    ),
    Flaw(
        name="class-made-to-be-safe",
        why="Where the link of a course cannot be read, a class is made all the same, and that may fail as well.",
        profile="class",
        changes=(explained(product.course_link, class_to_be_safe, reading=as_verified, code=1010),),
    ),
)
