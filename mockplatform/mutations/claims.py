"""Lies in the token's claims: absent, malformed, or wrong (SEC 5.1.2 and 5.1.3, CORE 5.3 and 5.4).

A claim is named by its short name where LTI prefixes it (`version`, `context.id`) and by its own name otherwise.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from mockplatform.claims import claim_name
from mockplatform.model import IdToken
from mockplatform.mutation import Context, NotApplicableError, claims_of, mutation


def _place(claim: str) -> tuple[str, str]:
    """The claim and the member in it; a name that is an address has dots of its own."""
    head, _, member = (claim, "", "") if "://" in claim else claim.partition(".")
    return head, member


def _edited(token: IdToken, claim: str, value: Any, *, keep: bool = True) -> IdToken:
    """The token with a claim, or a member of one (`context.id`), set or dropped."""
    claims = claims_of(token)
    head, member = _place(claim)
    name = claim_name(head)
    if not member:
        claims.pop(name, None)
        return replace(token, claims=claims | ({name: value} if keep else {}))
    inner = claims.get(name)
    if not isinstance(inner, Mapping):
        raise NotApplicableError(f"the claim {head} is no object, so it has no member {member}")
    inner = {k: v for k, v in inner.items() if k != member}
    return replace(token, claims=claims | {name: inner | ({member: value} if keep else {})})


def _time(token: IdToken, claim: str) -> int:
    value = claims_of(token).get(claim)
    if not isinstance(value, int):
        raise NotApplicableError(f"the claim {claim} is no whole number")
    return value


@mutation("CORE 5.3")
def without(token: IdToken, *, claim: str) -> IdToken:
    """A claim, or a member of one, is left out."""
    return _edited(token, claim, None, keep=False)


@mutation("CORE 5.3")
def value(token: IdToken, *, claim: str, value: Any) -> IdToken:
    """A claim, or a member of one, has another value."""
    return _edited(token, claim, value)


@mutation("CORE 5.3.6")
def address_of_nobody(token: IdToken) -> IdToken:
    """The address is one that nobody has had before, made from the person's own."""
    return _edited(token, "email", f"new.{claims_of(token)['email']}")


@mutation("CORE 4.3")
def extra(token: IdToken, *, count: int = 30) -> IdToken:
    """Claims that nobody knows come along: plain, vendor, nested, empty (honest)."""
    shapes: tuple[Any, ...] = ("text", 7, None, [1, 2], {"a": {"b": {"c": {"d": [{}]}}}}, "", True)
    added = {f"https://vendor.example/claim/{n}": shapes[n % len(shapes)] for n in range(count)}
    return replace(token, claims=claims_of(token) | {"x-unknown": "x", "picture": "", "zoneinfo": "UTC"} | added)


@mutation("CORE 5.3")
def of_length(token: IdToken, *, claim: str, length: int) -> IdToken:
    """A claim, or a member of one, is filled up with letters to this many characters (honest up to 255)."""
    claims = claims_of(token)
    head, member = _place(claim)
    inner = claims.get(claim_name(head))
    text = inner.get(member) if member and isinstance(inner, Mapping) else inner
    if not isinstance(text, str):
        raise NotApplicableError(f"the claim {claim} is no text")
    return _edited(token, claim, text.ljust(length, "x")[:length])


@mutation("CORE 4.3")
def bulky(token: IdToken, *, kib: int = 20) -> IdToken:
    """A claim that nobody knows makes the token this much larger (honest)."""
    return replace(token, claims=claims_of(token) | {"https://vendor.example/claim/bulk": "x" * kib * 1024})


@mutation("CORE 3.3")
def another_person(token: IdToken, *, same_email: bool = False) -> IdToken:
    """Somebody else launches: with an id and a name of their own, and perhaps the same address (honest)."""
    claims = claims_of(token)
    other = {
        "sub": f"{claims.get('sub', '')}-b",
        "given_name": "Mary",
        "family_name": "Shelley",
        "name": "Mary Shelley",
    }
    address = {} if same_email else {"email": f"b.{claims.get('email', '@example.org')}"}
    return replace(token, claims=claims | other | address)


@mutation("CERT 6.1.1")
def certification_no_lti(token: IdToken) -> IdToken:
    """The payload is a JSON object without one LTI claim, as the certification suite sends it."""
    return replace(token, claims={"name": "badltilaunch"})


@mutation("SEC 5.1.3 step 7")
def expired(token: IdToken, *, by_s: int = 3600) -> IdToken:
    """The token expired this many seconds before it was sent."""
    iat = _time(token, "iat")
    return replace(token, claims=claims_of(token) | {"iat": iat - by_s - 60, "exp": iat - by_s})


@mutation("CERT 6.1.1")
def certification_timestamps(token: IdToken) -> IdToken:
    """The times are the certification suite's own, from 1970."""
    return replace(token, claims=claims_of(token) | {"iat": 11111, "exp": 22222})


@mutation("RFC 7519 2")
def expiry_as(token: IdToken, *, form: str) -> IdToken:
    """The expiry is right but written another way: `text`, `iso`, `milliseconds` or `fraction` (honest)."""
    exp = _time(token, "exp")
    forms: dict[str, Any] = {
        "text": str(exp),
        "iso": "2099-01-01T00:00:00Z",
        "milliseconds": exp * 1000,
        "fraction": exp + 0.5,
    }
    if form not in forms:
        raise NotApplicableError(f"there is no form {form} of an expiry")
    return replace(token, claims=claims_of(token) | {"exp": forms[form]})


@mutation("SEC 5.1.2")
def issued_before(token: IdToken, *, by_s: int = 60) -> IdToken:
    """The token was issued this many seconds earlier and is still good (honest)."""
    iat, exp = _time(token, "iat"), _time(token, "exp")
    # A life of a minute, as some platforms give, would be over.
    good_until = max(exp - by_s, min(exp, iat + 60))
    return replace(token, claims=claims_of(token) | {"iat": iat - by_s, "exp": good_until})


@mutation("RFC 7519 4.1.6")
def issued_ahead(token: IdToken, *, by_s: int = 3600) -> IdToken:
    """The token says that it was issued in the future."""
    iat = _time(token, "iat") + by_s
    return replace(token, claims=claims_of(token) | {"iat": iat, "exp": iat + 300})


@mutation("RFC 7519 4.1.5")
def not_yet_valid(token: IdToken, *, by_s: int = 3600) -> IdToken:
    """The token is not valid before a moment in the future."""
    return replace(token, claims=claims_of(token) | {"nbf": _time(token, "iat") + by_s})


@mutation("RFC 7519 4.1.4")
def expires_before_issued(token: IdToken) -> IdToken:
    """The token ends before it begins, both within any leeway."""
    iat = _time(token, "iat")
    return replace(token, claims=claims_of(token) | {"iat": iat, "exp": iat - 20})


def _audience(token: IdToken) -> Any:
    """The client id, whichever way the platform writes an audience of one."""
    audience = claims_of(token)["aud"]
    return audience[0] if isinstance(audience, list) and len(audience) == 1 else audience


@mutation("SEC 5.1.2")
def audience_list(token: IdToken) -> IdToken:
    """The audience is a list with the tool's client id as its only entry (honest)."""
    return replace(token, claims=claims_of(token) | {"aud": [_audience(token)]})


@mutation("SEC 5.1.3 step 3")
def audience_added(token: IdToken, *, audience: str = "https://other-tool.example", azp: bool = True) -> IdToken:
    """A further audience, which the tool cannot trust, stands beside the client id."""
    party = {"azp": _audience(token)} if azp else {}
    return replace(token, claims=claims_of(token) | {"aud": [_audience(token), audience]} | party)


@mutation("SEC 5.1.3 step 3")
def audience_behind(token: IdToken, *, audience: str = "https://other-tool.example") -> IdToken:
    """The client id stands behind a further audience, which the tool cannot trust."""
    named = _audience(token)
    return replace(token, claims=claims_of(token) | {"aud": [audience, named], "azp": named})


@mutation("SEC 5.1.2")
def authorized_party_named(token: IdToken) -> IdToken:
    """The token names the tool as its authorized party, too (honest)."""
    return replace(token, claims=claims_of(token) | {"azp": _audience(token)})


@mutation("SEC 5.1.3 step 3")
def audience_swapped_case(token: IdToken) -> IdToken:
    """The audience differs from the client id by the case of its letters."""
    audience = str(_audience(token))
    if audience.swapcase() == audience:
        raise NotApplicableError("the client id has no letters")
    return replace(token, claims=claims_of(token) | {"aud": audience.swapcase()})


@mutation("SEC 5.1.3 step 3")
def audience_extended(token: IdToken, *, suffix: str = "x") -> IdToken:
    """The audience merely begins with the client id."""
    return replace(token, claims=claims_of(token) | {"aud": f"{_audience(token)}{suffix}"})


@mutation("SEC 5.1.3 step 2")
def issuer_with_slash(token: IdToken) -> IdToken:
    """The issuer gets a trailing slash, which makes it another issuer."""
    return replace(token, claims=claims_of(token) | {"iss": f"{claims_of(token)['iss']}/"})


@mutation("SEC 5.1.2")
def issuer_with_query(token: IdToken) -> IdToken:
    """The issuer gets a query, which makes it another issuer."""
    return replace(token, claims=claims_of(token) | {"iss": f"{claims_of(token)['iss']}?tenant=2"})


@mutation("SEC 5.1.3 step 2")
def issuer_in_capitals(token: IdToken) -> IdToken:
    """The issuer is written in capitals, which makes it another issuer."""
    return replace(token, claims=claims_of(token) | {"iss": str(claims_of(token)["iss"]).upper()})


@mutation("SEC 5.1.3 step 2")
def of_second_platform(token: IdToken, context: Context) -> IdToken:
    """Issuer, audience and deployment are those of another registered platform, which signed it."""
    if context.second is None:
        raise NotApplicableError("no second platform is registered")
    foreign = {"iss": context.second.issuer, "aud": context.second.client_id}
    deployment = {claim_name("deployment_id"): context.second.deployment_ids[0]}
    return replace(token, claims=claims_of(token) | foreign | deployment)


@mutation("SEC 5.1.3 step 9")
def nonce_of_earlier(token: IdToken, context: Context) -> IdToken:
    """The nonce is the one of an earlier login of this scenario."""
    requests = [e.auth_request for e in context.earlier if e.auth_request is not None]
    if not requests:
        raise NotApplicableError("no earlier login reached the platform")
    return replace(token, claims=claims_of(token) | {"nonce": requests[-1].nonce or ""})


@mutation("SEC 5.1.3 step 9")
def nonce_swapped_case(token: IdToken) -> IdToken:
    """The nonce differs from the right one by the case of its letters."""
    nonce = str(claims_of(token).get("nonce", ""))
    if nonce.swapcase() == nonce:
        raise NotApplicableError("the tool's nonce has no letters")
    return replace(token, claims=claims_of(token) | {"nonce": nonce.swapcase()})


@mutation("CORE 5.3.3")
def deployment_swapped_case(token: IdToken) -> IdToken:
    """The deployment id differs from the right one by the case of its letters."""
    name = claim_name("deployment_id")
    swapped = str(claims_of(token)[name]).swapcase()
    if swapped == claims_of(token)[name]:
        raise NotApplicableError("the deployment id has no letters")
    return replace(token, claims=claims_of(token) | {name: swapped})


@mutation("CORE 5.3.4")
def target_link_with(token: IdToken, *, suffix: str = "?from=claim") -> IdToken:
    """The signed target link differs from the one of the login, though it is still on the tool's host."""
    name = claim_name("target_link_uri")
    return replace(token, claims=claims_of(token) | {name: f"{claims_of(token)[name]}{suffix}"})


def _attribute_field(context: Context, attribute: str) -> str:
    field = context.launch.registration.attributes.get(attribute)
    if field is None:
        raise NotApplicableError(f"the registration names no custom field for {attribute}")
    return f"custom.{field}"


@mutation("CORE 5.4.6")
def without_attribute(token: IdToken, context: Context, *, attribute: str) -> IdToken:
    """The custom field that the registration names for `email`, `course_id` or `person_id` is left out."""
    return _edited(token, _attribute_field(context, attribute), None, keep=False)


@mutation("CORE 5.4.6")
def attribute(token: IdToken, context: Context, *, attribute: str, value: Any) -> IdToken:
    """The custom field that the registration names for an attribute has another value."""
    return _edited(token, _attribute_field(context, attribute), value)


@mutation("CORE 5.4.6")
def unresolved(token: IdToken, *, claim: str, variable: str) -> IdToken:
    """A substitution variable arrives unresolved, as the text `$Person.email.primary`."""
    return _edited(token, claim, f"${variable}")
