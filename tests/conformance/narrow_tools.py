"""Flaws of tools that are narrower than the standards: they object to what a launch may well have.

They prove properties that are about what has to be let in. No scenario of the catalogue guards them.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

from conformance.sample_tool import login, message, protocol, session, trust
from conformance.sample_tool.flaws.crashes import unexpected
from conformance.sample_tool.flaws.kinds import Flaw, Profile, insert
from conformance.sample_tool.flaws.kinds import replace as instead
from conformance.sample_tool.message import CLAIM, member
from conformance.sample_tool.model import Launch, Login
from conformance.sample_tool.protocol import token_of
from conformance.sample_tool.refusal import invalid, security

__all__ = ["NARROW"]

AGS: Final = "https://purl.imsglobal.org/spec/lti-ags/claim/endpoint"
NRPS: Final = "https://purl.imsglobal.org/spec/lti-nrps/claim/namesroleservice"
HEADER: Final = {"alg", "kid", "typ"}
LOGIN: Final = {"iss", "login_hint", "target_link_uri", "lti_message_hint", "client_id", "lti_deployment_id"}
CONTEXT: Final = {"id", "label", "title", "type"}
FRESH_S: Final = 60


def known_header(launch: Launch) -> Launch:
    """Wants no member in the header that it does not know."""
    if token_of(launch).header.keys() - HEADER:
        raise security("SignatureInvalid", ref="SEC 5.1.3-1")
    return launch


def exact_type(launch: Launch) -> Launch:
    """Compares the type letter by letter."""
    if token_of(launch).header.get("typ", "JWT") != "JWT":
        raise security("SignatureInvalid", ref="SEC 5.1.3-1")
    return launch


def known_parameters(started: Login) -> Login:
    """Wants no parameter in a login that it does not know."""
    if started.parameters.keys() - LOGIN:
        raise invalid("InvalidClaim", ref="SEC 5.1.1.1")
    return started


def in_order(launch: Launch) -> Launch:
    """Reads the claims as a stream, in which the issuer has to come before the person."""
    names = list(launch.claims)
    if names.index("iss") > names.index("sub"):
        raise invalid("MissingClaim", ref="SEC 5.1.3-2", about="iss")
    return launch


def locale_with_country(launch: Launch) -> Launch:
    """Takes the locale apart into language and country."""
    found = launch.claims.get("locale")
    if isinstance(found, str):
        _language, _country = found.split("-")
    return launch


def custom_in_ascii(launch: Launch) -> Launch:
    """Sends the custom fields along in headers."""
    for value in member(launch.claims, CLAIM + "custom").values():
        str(value).encode("ascii")
    return launch


def issued_just_now(launch: Launch) -> Launch:
    """Allows a token one minute on its way."""
    if launch.now - launch.claims["iat"] > FRESH_S:
        raise security("TokenExpired", ref="SEC 5.1.3-8")
    return launch


def valid_when_issued(launch: Launch) -> Launch:
    """Finds a token odd that was valid before it was issued."""
    if launch.claims.get("nbf", launch.now) < launch.claims["iat"]:
        raise security("TokenExpired", ref="SEC 5.1.3-7")
    return launch


def plain_ids(launch: Launch) -> Launch:
    """Wants ids of letters, digits and hyphens."""
    parts = (CLAIM + "context", CLAIM + "resource_link")
    ids = (launch.claims.get("sub"), *(member(launch.claims, part).get("id") for part in parts))
    if any(isinstance(one, str) and not re.fullmatch(r"[A-Za-z0-9-]*", one) for one in ids):
        raise invalid("InvalidClaim", ref="CORE 5.3.6", about="sub")
    return launch


def link_as_text(launch: Launch) -> Launch:
    """Joins title and description of the link."""
    link = member(launch.claims, CLAIM + "resource_link")
    link.get("title", "") + link.get("description", "")
    return launch


def service_addresses(launch: Launch) -> Launch:
    """Keeps the addresses of the services for later."""
    for service in (AGS, NRPS):
        dict(launch.claims.get(service, {}))
    return launch


def known_context(launch: Launch) -> Launch:
    """Reads claims into a class that has no other fields than it has."""
    for part, known in ((CLAIM + "context", CONTEXT), (CLAIM + "resource_link", CONTEXT | {"description"})):
        if found := member(launch.claims, part).keys() - known:
            raise TypeError(f"unexpected keyword argument: {found}")
    return launch


def nobody_signed_in(launch: Launch) -> Launch:
    """Refuses whoever comes in a browser in which somebody is signed in already."""
    known = launch.cookies.get(session.COOKIE, "")
    if launch.tool.store.find_person(session=known, now=launch.now) is not None:
        raise security("StateMismatch", ref="SEC 7.3.1")
    return launch


async def first_key(launch: Launch) -> Launch:
    """Looks for an unknown key at the platform, in the first entry of its set."""
    found = await protocol.key(launch)
    cached = launch.tool.key_sets.cached(launch.integration.jwks_url)
    first: Any = next(itertools.chain(cached.entries if cached else (), ({},)))
    if first.get("kid") != token_of(launch).header["kid"]:
        raise security("KidNotFound", ref="SEC 6.3")
    return replace(found, keys=found.keys[:1])


def _flaw(name: str, *changes: Any, profile: Profile = "core") -> Flaw:
    return Flaw(name=name, why="Written against what one platform sends.", profile=profile, changes=changes)


_FLAWS: Final = (
    _flaw("header-closed", insert(known_header, before=protocol.algorithm)),
    _flaw("type-in-capitals", insert(exact_type, before=protocol.typ)),
    _flaw("login-closed", insert(known_parameters, before=login.parameters)),
    _flaw("claims-in-order", insert(in_order, before=trust.issuer)),
    _flaw("locale-with-country", *unexpected(insert(locale_with_country, before=message.version))),
    _flaw("custom-in-ascii", *unexpected(insert(custom_in_ascii, before=message.version))),
    _flaw("minute-old-refused", insert(issued_just_now, before=trust.not_before)),
    _flaw("valid-before-issued-refused", insert(valid_when_issued, before=trust.not_before)),
    _flaw("ids-of-letters-and-digits", insert(plain_ids, before=message.roles)),
    # Where any answer is right, only a profile that fails crashes tells one from a refusal.
    _flaw("link-as-text", *unexpected(insert(link_as_text, before=message.roles)), profile="class"),
    _flaw("services-as-objects", *unexpected(insert(service_addresses, before=message.roles)), profile="class"),
    _flaw("claims-closed", *unexpected(insert(known_context, before=message.roles))),
    _flaw("signed-in-refused", insert(nobody_signed_in, before=protocol.id_token_present)),
    _flaw("first-key-of-the-set", instead(protocol.key, by=first_key)),
)

NARROW: Final[Mapping[str, Flaw]] = {flaw.name: flaw for flaw in _FLAWS}
