"""Flaws of comparisons that are almost right, of values that can be guessed, and of sessions that outlive a launch."""

from __future__ import annotations

import dataclasses
from collections import deque
from itertools import count
from typing import Final

from markupsafe import escape
from sqlalchemy import select

from conformance.sample_tool import login as login_steps
from conformance.sample_tool import message, protocol, session, trust
from conformance.sample_tool.answer import Answer
from conformance.sample_tool.flaws.crashes import unexpected
from conformance.sample_tool.flaws.kinds import Flaw, insert, replace, rewrite
from conformance.sample_tool.forms import first
from conformance.sample_tool.message import CLAIM, member
from conformance.sample_tool.model import Launch, Login
from conformance.sample_tool.refusal import Reason, Refusal
from conformance.sample_tool.services.errands import offer_of
from conformance.sample_tool.steps import Plan
from conformance.sample_tool.store import integration_of
from conformance.sample_tool.tables import credentials

__all__ = ["FLAWS"]

SHOWN = ("iss", "client_id", "target_link_uri")
DECIMALS = 32
LARGEST = 2**31 - 1
YEAR_S = 366 * 86400
LOGINS = 8


def issuer_contained(launch: Launch) -> Launch:
    """Looks for the platform's name in whatever the token says."""
    sent = launch.claims.get("iss")
    return launch if isinstance(sent, str | list) and launch.integration.issuer in sent else trust.issuer(launch)


def audience_contains(launch: Launch) -> Launch:
    """Looks for the client id in whatever the token says: a text, a list, an object."""
    named = launch.claims.get("aud")
    among = isinstance(named, str | list | dict) and launch.integration.client_id in named
    return launch if among else trust.audience(launch)


def expiry_if_true(launch: Launch) -> Launch:
    """Looks at the expiry only when it is not zero, null or absent."""
    return trust.expiry(launch) if launch.claims.get("exp") else launch


def not_before_if_number(launch: Launch) -> Launch:
    """Passes over a start that is no number."""
    return trust.not_before(launch) if trust.is_number(launch.claims.get("nbf")) else launch


def deployment_of_any_registration(launch: Launch) -> Launch:
    """Looks a deployment up among all that the tool knows."""
    value = launch.claims.get(CLAIM + "deployment_id")
    known = map(integration_of, launch.tool.store.rows(select(credentials)))
    if isinstance(value, str) and any(value in integration.deployment_ids for integration in known):
        return dataclasses.replace(launch, deployment_id=value)
    return message.deployment(launch)


def state_of_whoever_began_one(launch: Launch) -> Launch:
    """Asks only that the browser has begun some login."""
    begun = any(name == login_steps.state_cookie(value) for name, value in launch.cookies.items())
    state = first(launch.form, "state") or ""
    login = launch.tool.store.find_login(state=state, now=launch.now)
    return dataclasses.replace(launch, login=login) if begun and login is not None else protocol.state(launch)


def same_session_id(launch: Launch) -> Launch:
    """Signs the person in under the session id that the browser has brought along."""
    brought = launch.cookies.get(session.COOKIE, "")
    if not brought:
        return session.session(launch)
    expires = launch.now + session.LIFETIME_S
    launch.tool.store.open_session(brought, launch.person, offer=offer_of(launch), expires=expires, replacing=brought)
    return dataclasses.replace(launch, session=brought)


def first_session(launch: Launch) -> Launch:
    """Leaves a session alone that is still good, whoever it belongs to."""
    brought = launch.cookies.get(session.COOKIE, "")
    known = launch.tool.store.find_person(session=brought, now=launch.now)
    return session.session(launch) if known is None else dataclasses.replace(launch, session=brought)


def counting(plan: Plan) -> Plan:
    """A tool whose states and nonces are long, new each time, and counted up."""
    numbers = count(1)

    def issue(login: Login) -> Login:
        def token() -> str:
            return f"{next(numbers):0{DECIMALS}}"

        counted = dataclasses.replace(login.tool, token=token)
        issued = login_steps.issue(dataclasses.replace(login, tool=counted))
        return dataclasses.replace(issued, tool=login.tool)

    return replace(login_steps.issue, by=issue)(plan)


def telling_what_came(login: Login) -> Login:
    """Tells a refusal with the parameters that came."""
    try:
        return login_steps.target(login_steps.registration(login))
    except Refusal as refusal:
        came = " ".join(first(login.parameters, name) or "" for name in SHOWN)
        raise Refusal(dataclasses.replace(refusal.reason, about=came)) from None


def unescaped(answer: Answer, reason: Reason) -> Answer:
    """Writes into the page what came, as it came."""
    about = reason.about or ""
    return dataclasses.replace(answer, body=answer.body.replace(str(escape(about)), about)) if about else answer


def expiry_in_32_bits(launch: Launch) -> Launch:
    """Keeps the expiry in a column of four bytes."""
    if launch.expires > LARGEST:
        raise OverflowError("integer out of range")
    return launch


def nonce_with_expiry(launch: Launch) -> Launch:
    """Remembers the nonce for as long as the token is good, which leeway makes less than nothing."""
    if launch.expires <= launch.now:
        raise ValueError("invalid expire time in 'setex' command")
    return launch


def age_of_token(launch: Launch) -> Launch:
    """Counts how old tokens are when they arrive, in a table that ends after a year."""
    issued = launch.claims.get("iat")
    if trust.is_number(issued) and launch.now - issued > YEAR_S:
        raise IndexError("list index out of range")
    return launch


def ids_in_ascii(launch: Launch) -> Launch:
    """Makes cache keys of the ids of link and course, in the letters that the standard allows."""
    for name in ("resource_link", "context"):
        str(member(launch.claims, CLAIM + name).get("id")).encode("ascii")
    return launch


def last_logins(plan: Plan) -> Plan:
    """A tool that keeps the details of the last few logins, and is sure that the one it wants is among them."""
    kept: deque[str] = deque(maxlen=LOGINS)

    def issue(login: Login) -> Login:
        issued = login_steps.issue(login)
        kept.append(issued.issued.state)
        return issued

    def state(launch: Launch) -> Launch:
        found = protocol.state(launch)
        if found.login.state not in kept:
            raise KeyError(found.login.state)
        return found

    return replace(protocol.state, by=state)(replace(login_steps.issue, by=issue)(plan))


FLAWS: Final = (
    Flaw(
        name="issuer-contained",
        why="The issuer is looked for in what came, so a longer name is as good, and so is a list.",
        profile="core",
        changes=(replace(trust.issuer, by=issuer_contained),),
    ),
    Flaw(
        name="audience-contained",
        why="The client id is looked for with `in`, which a text answers by its letters and an object by its names.",
        profile="core",
        changes=(replace(trust.audience, by=audience_contains),),
    ),
    Flaw(
        name="falsy-expiry-ignored",
        why="Whether there is an expiry is asked by asking whether it is true, and zero is not.",
        profile="core",
        changes=(replace(trust.expiry, by=expiry_if_true),),
    ),
    Flaw(
        name="nbf-text-ignored",
        why="A start that is written as text is passed over, and the token counts at once.",
        profile="core",
        changes=(replace(trust.not_before, by=not_before_if_number),),
    ),
    Flaw(
        name="deployment-of-any-registration",
        why="Deployments are looked up by their id alone, so one school's id opens another school's account.",
        profile="core",
        changes=(replace(message.deployment, by=deployment_of_any_registration),),
    ),
    Flaw(
        name="state-of-any-login",
        why="Whoever has begun a login of their own may be made to finish somebody else's.",
        profile="core",
        changes=(replace(protocol.state, by=state_of_whoever_began_one),),
    ),
    Flaw(
        name="session-id-kept",
        why="The session keeps the id that was there before, so whoever planted it is signed in as well.",
        profile="core",
        changes=(replace(session.session, by=same_session_id),),
    ),
    Flaw(
        name="first-session-kept",
        why="A browser with a session needs no new one, thinks the tool, and shows the next person the last one.",
        profile="core",
        changes=(replace(session.session, by=first_session),),
    ),
    Flaw(
        name="values-counted-up",
        why="State and nonce are long and never come twice, and the next ones are known to everybody.",
        profile="core",
        changes=(counting,),
    ),
    Flaw(
        name="login-reflects-markup",
        why="The error page repeats the parameters of the login as they came, scripts and all.",
        profile="core",
        changes=(insert(telling_what_came, before=login_steps.registration), rewrite(unescaped)),
    ),
    Flaw(
        name="expiry-in-32-bits",
        why="The expiry goes into four bytes, which end in 2038.",
        profile="class",
        changes=unexpected(insert(expiry_in_32_bits, before=trust.issued_at)),
    ),
    Flaw(
        name="late-tokens-crash",
        why="A token that leeway has let in has no lifetime left to remember its nonce for.",
        profile="class",
        changes=unexpected(insert(nonce_with_expiry, before=trust.nonce)),
    ),
    Flaw(
        name="old-tokens-crash",
        why="Statistics of how old tokens are have room for a year.",
        profile="class",
        changes=unexpected(insert(age_of_token, before=trust.not_before)),
    ),
    Flaw(
        name="ids-beyond-ascii-crash",
        why="Keys of a cache are made of ids that are sure to be ASCII, and some platforms' are not.",
        profile="class",
        changes=unexpected(insert(ids_in_ascii, before=message.subject)),
    ),
    Flaw(
        name="old-logins-crash",
        why="Of the last few logins more is kept than of the others, and a tab that was left open asks for it.",
        profile="class",
        changes=unexpected(last_logins),
    ),
)
