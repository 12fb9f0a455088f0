"""Flaws of the login: parameters, registration, and the request to the platform."""

from __future__ import annotations

import dataclasses
from typing import Final
from urllib.parse import unquote_plus

from sqlalchemy import select

from conformance.sample_tool import login as steps
from conformance.sample_tool.flaws.kinds import Flaw, drop, insert, overlook, replace
from conformance.sample_tool.forms import first, origin
from conformance.sample_tool.model import Login
from conformance.sample_tool.refusal import Refusal, invalid
from conformance.sample_tool.store import integration_of
from conformance.sample_tool.tables import credentials

__all__ = ["FLAWS", "first_registration_of_all"]

SHORT: Final = 11
ANY_REGISTRATION = select(credentials).where(credentials.c.issuer != "").limit(1)


def target_if_given(login: Login) -> Login:
    """Looks at the target only when there is one."""
    return steps.target(login) if first(login.parameters, "target_link_uri") else login


def first_registration_of_all(login: Login) -> Login:
    """Takes the first registration there is when the right one is not found."""
    try:
        return steps.registration(login)
    except Refusal as refusal:
        row = login.tool.store.one(ANY_REGISTRATION)
        if row is None or refusal.reason.klass == "unknown":
            raise
        return dataclasses.replace(login, integration=integration_of(row))


def registration_of_issuer(login: Login) -> Login:
    """Takes the issuer's first registration, whatever client id was sent."""
    found = login.tool.store.find_integrations(issuer=first(login.parameters, "iss") or "")
    return dataclasses.replace(login, integration=found[0]) if found else steps.registration(login)


def registration_of_similar_issuer(login: Login) -> Login:
    """Forgives a slash at the end of the issuer and upper-case letters in it."""
    issuer = first(login.parameters, "iss") or ""
    fields = {**login.parameters, "iss": (issuer.rstrip("/").lower(),)}
    try:
        return steps.registration(login)
    except Refusal:
        return steps.registration(dataclasses.replace(login, parameters=fields))


def post_only(login: Login) -> Login:
    """Refuses a login that comes by GET."""
    if login.method == "GET":
        raise invalid("MissingParameter", ref="SEC 5.1.1.1", about="iss")
    return login


def issue_short(login: Login) -> Login:
    """Issues states and nonces of half the length."""
    short = dataclasses.replace(login.tool, token=lambda: login.tool.token()[:SHORT])
    return dataclasses.replace(steps.issue(dataclasses.replace(login, tool=short)), tool=login.tool)


def redirect_to_foreign_target(login: Login) -> Login:
    """Goes to the target at once when it is not the tool's own."""
    wanted = first(login.parameters, "target_link_uri") or ""
    own = origin(wanted) == origin(login.base_url)
    return steps.redirect(login) if own else dataclasses.replace(login, location=wanted)


def authorization_of_login(login: Login) -> Login:
    """Goes to the authorization address that the login itself names."""
    named = first(login.parameters, "authorization_endpoint") or login.integration.auth_url
    elsewhere = dataclasses.replace(login.integration, auth_url=named)
    return steps.redirect(dataclasses.replace(login, integration=elsewhere))


def redirect_without_prompt(login: Login) -> Login:
    """Leaves it to the platform whether to ask the person anything."""
    asked = steps.redirect(login)
    return dataclasses.replace(asked, location=asked.location.replace("prompt=none&", "").replace("&prompt=none", ""))


def hints_decoded_twice(login: Login) -> Login:
    """Decodes the message hint once more, and trims it."""
    hints = login.parameters.get("lti_message_hint", ())
    fields = {**login.parameters, "lti_message_hint": tuple(unquote_plus(hint).strip() for hint in hints)}
    return dataclasses.replace(login, parameters=fields) if hints else login


FLAWS: Final = (
    Flaw(
        name="login-parameters-unchecked",
        why="A login without its required parameters goes through with whatever is there.",
        profile="core",
        changes=(drop(steps.parameters), replace(steps.target, by=target_if_given)),
    ),
    Flaw(
        name="unknown-issuer-accepted-at-login",
        why="A tool with one customer never looks at who is asking.",
        profile="core",
        changes=(replace(steps.registration, by=first_registration_of_all),),
    ),
    Flaw(
        name="client-id-ignored",
        why="The registration is looked up by issuer alone, so tenants of one platform are mixed up.",
        profile="core",
        changes=(replace(steps.registration, by=registration_of_issuer),),
    ),
    Flaw(
        name="issuer-normalised-at-login",
        why="The registration is found in spite of a slash or upper-case letters that are not its issuer's.",
        profile="core",
        changes=(replace(steps.registration, by=registration_of_similar_issuer),),
    ),
    Flaw(
        name="login-redirects-anywhere",
        why="Whoever is not known yet is sent to the target of the login, which anybody can write into a link.",
        profile="core",
        changes=(overlook(steps.target), replace(steps.redirect, by=redirect_to_foreign_target)),
    ),
    Flaw(
        name="authorization-address-from-login",
        why="The login may say where to ask; whoever wrote the link gets the person, and their password.",
        profile="core",
        changes=(replace(steps.redirect, by=authorization_of_login),),
    ),
    Flaw(
        name="values-short",
        why="State and nonce have half the random bits that they need.",
        profile="core",
        changes=(replace(steps.issue, by=issue_short),),
    ),
    Flaw(
        name="prompt-left-out",
        why="The request lacks a parameter that the platform insists on, and no launch works there.",
        profile="core",
        changes=(replace(steps.redirect, by=redirect_without_prompt),),
    ),
    Flaw(
        name="hints-mangled",
        why="The message hint is decoded twice, so platforms do not recognise it any more.",
        profile="core",
        changes=(insert(hints_decoded_twice, before=steps.redirect),),
    ),
    Flaw(
        name="get-login-refused",
        why="The login is routed for POST only, though platforms may use either method.",
        profile="core",
        changes=(insert(post_only, before=steps.parameters),),
    ),
)
