"""Flaws of token requests: the assertion, what is read in the answer, and how long a token is kept."""

from __future__ import annotations

import dataclasses
import json
from typing import Final

from conformance.sample_tool.flaws.crashes import unexpected
from conformance.sample_tool.flaws.kinds import Flaw, drop, insert, replace
from conformance.sample_tool.refusal import Refusal
from conformance.sample_tool.services import calls, tokens
from conformance.sample_tool.services.documents import text
from conformance.sample_tool.services.keys import new_key
from conformance.sample_tool.services.model import AccessToken, TokenRequest
from conformance.sample_tool.services.refusals import expired, malformed

__all__ = ["FLAWS"]

HALF_AN_HOUR_S: Final = 1800
REFUSED: Final = (400, 401)


def audience_of_issuer(request: TokenRequest) -> TokenRequest:
    """Makes the assertion for the platform's issuer."""
    return dataclasses.replace(request, claims={**request.claims, "aud": f"{request.integration.issuer}/"})


def subject_of_tool(request: TokenRequest) -> TokenRequest:
    """Says its own name as the subject."""
    return dataclasses.replace(request, claims={**request.claims, "iss": request.integration.client_id, "sub": "tool"})


def long_lifetime(request: TokenRequest) -> TokenRequest:
    """Makes assertions that are good for half an hour."""
    issued = int(request.now)
    return dataclasses.replace(request, claims={**request.claims, "iat": issued, "exp": issued + HALF_AN_HOUR_S})


def id_of_client(request: TokenRequest) -> TokenRequest:
    """Takes the client id for an id of the assertion."""
    return dataclasses.replace(request, claims={**request.claims, "jti": request.integration.client_id})


async def another_audience(request: TokenRequest) -> TokenRequest:
    """Tries the right audience when the one before was refused."""
    answered = await tokens.asked(request)
    if answered.answer.status not in REFUSED:
        return answered
    return await tokens.asked(tokens.signed(tokens.single_use(tokens.audience(request))))


def signed_before(request: TokenRequest) -> TokenRequest:
    """Signs an assertion for as long as it is good."""
    kept = request.tool.tokens.find(assertion_key(request))
    if kept is not None and kept.expires > request.now:
        return dataclasses.replace(request, assertion=kept.text)
    signed = tokens.signed(request)
    good_until = request.now + tokens.ASSERTION_LIFETIME_S
    kept = AccessToken(text=signed.assertion, scopes=frozenset(), expires=good_until)
    request.tool.tokens.keep(assertion_key(request), kept)
    return signed


async def another_assertion(request: TokenRequest) -> TokenRequest:
    """Signs a new assertion when the one that it has kept was refused."""
    answered = await tokens.asked(request)
    if answered.answer.status not in REFUSED:
        return answered
    spent = AccessToken(text="", scopes=frozenset(), expires=0.0)
    request.tool.tokens.keep(assertion_key(request), spent)
    return await tokens.asked(signed_before(request))


def assertion_key(request: TokenRequest) -> tuple[object, ...]:
    """Where an assertion is kept, beside the tokens."""
    return ("assertion", *tokens.key_of(request)[:-1])


def signed_by_another(request: TokenRequest) -> TokenRequest:
    """Signs with a key that it does not publish."""
    return dataclasses.replace(request, assertion=new_key().sign(request.claims))


def kept_for_all(request: TokenRequest) -> TokenRequest:
    """Keeps one token for each set of scopes."""
    granted = tokens.kept(request)
    assert granted.token is not None
    request.tool.tokens.keep(tokens.key_of(request)[-1:], granted.token)
    return granted


def known_of_anybody(request: TokenRequest) -> TokenRequest:
    """Uses a token that was given for the same scopes."""
    found = None if request.renew else request.tool.tokens.find(tokens.key_of(request)[-1:])
    return request if found is None else dataclasses.replace(request, token=found)


def answer_as_json(request: TokenRequest) -> TokenRequest:
    """Reads the answer as if every platform sent JSON objects."""
    json.loads(request.answer.body).items()
    return request


def token_as_sent(request: TokenRequest) -> TokenRequest:
    """Takes what is there for a token."""
    token = str(request.document.get("access_token"))
    return dataclasses.replace(request, document={**request.document, "access_token": token})


def exact_type(request: TokenRequest) -> TokenRequest:
    """Compares the type letter by letter."""
    if text(request.document, "token_type") != "Bearer":
        raise malformed("SEC 4.1", "token_type")
    return request


def granted_as_asked(request: TokenRequest) -> TokenRequest:
    """Never reads what was granted."""
    return dataclasses.replace(request, granted=frozenset(request.scopes))


def whole_number(request: TokenRequest) -> TokenRequest:
    """Counts on a number of seconds."""
    seconds = request.document.get("expires_in", 3600)
    dataclasses.replace(request, expires=request.now + seconds)
    return request


def lifetime_told(request: TokenRequest) -> TokenRequest:
    """Wants every platform to say how long a token is good."""
    if "expires_in" not in request.document:
        raise malformed("SEC 4.1", "expires_in")
    return request


def margin_as_rule(request: TokenRequest) -> TokenRequest:
    """Finds a token over that does not outlive its margin."""
    told = request.document.get("expires_in")
    if isinstance(told, int) and told < tokens.MARGIN_S:
        raise expired("SEC 7.1", "expires_in")
    return request


def good_for_an_hour(request: TokenRequest) -> TokenRequest:
    """Takes each token to be good for an hour."""
    return dataclasses.replace(request, expires=request.now + 3600)


async def asked_without_net(request: TokenRequest) -> TokenRequest:
    """Lets the client library's exceptions pass."""
    try:
        return await tokens.asked(request)
    except Refusal as refusal:
        raise RuntimeError("connection aborted") from refusal


FLAWS: Final = (
    Flaw(
        name="assertion-for-the-issuer",
        why="The audience of an assertion is taken to be that of an id token, turned round.",
        profile="core",
        changes=(replace(tokens.audience, by=audience_of_issuer),),
        fails="services",
    ),
    Flaw(
        name="assertion-of-another-subject",
        why="The subject is the tool's own name, since it is nobody's user id.",
        profile="core",
        changes=(replace(tokens.identity, by=subject_of_tool),),
        fails="services",
    ),
    Flaw(
        name="assertion-id-repeated",
        why="The id of an assertion is a constant, which works once.",
        profile="core",
        changes=(replace(tokens.single_use, by=id_of_client),),
        fails="services",
    ),
    Flaw(
        name="assertion-audience-tried-out",
        why="One audience after the other is tried until the platform takes an assertion.",
        profile="core",
        changes=(replace(tokens.audience, by=audience_of_issuer), replace(tokens.asked, by=another_audience)),
    ),
    Flaw(
        name="assertion-kept",
        why="An assertion is sent as long as it is good, and a new one made only when the platform refuses it.",
        profile="core",
        changes=(replace(tokens.signed, by=signed_before), replace(tokens.asked, by=another_assertion)),
    ),
    Flaw(
        name="assertion-key-unpublished",
        why="The key was changed, and the key set is still the old one.",
        profile="core",
        changes=(replace(tokens.signed, by=signed_by_another),),
        fails="services",
    ),
    Flaw(
        name="assertion-lives-long",
        why="Assertions are good for half an hour, in case the clocks differ.",
        profile="core",
        changes=(replace(tokens.lifetime, by=long_lifetime),),
    ),
    Flaw(
        name="assertion-without-deployment",
        why="Of several deployments nobody knows for which one a token was asked.",
        profile="core",
        changes=(drop(tokens.deployment),),
    ),
    Flaw(
        name="token-asked-each-time",
        why="A token is asked for before every call, and platforms limit how often.",
        profile="core",
        changes=(drop(tokens.known),),
    ),
    Flaw(
        name="token-of-any-registration",
        why="Tokens are kept by their scopes, and the scopes of all platforms are the same.",
        profile="core",
        changes=(replace(tokens.kept, by=kept_for_all), replace(tokens.known, by=known_of_anybody)),
    ),
    Flaw(
        name="token-not-renewed",
        why="A token that the platform has withdrawn is shown until its time is over.",
        profile="ltix",
        changes=(drop(calls.renewed),),
    ),
    Flaw(
        name="token-refusal-unread",
        why="The status of the token endpoint is not looked at, so a refusal is told as a broken answer.",
        profile="ltix",
        changes=(drop(tokens.refusal),),
    ),
    Flaw(
        name="token-answer-crash",
        why="The answer is read by `response.json()['access_token']`, which breaks on a page.",
        profile="ltix",
        changes=unexpected(insert(answer_as_json, before=tokens.document)),
    ),
    Flaw(
        name="access-token-unchecked",
        why="What is missing is sent as a token all the same, and the service gets the blame.",
        profile="ltix",
        changes=(replace(tokens.access_token, by=token_as_sent),),
    ),
    Flaw(
        name="token-type-unchecked",
        why="A token of a type that was never heard of is shown as a bearer token.",
        profile="core",
        changes=(drop(tokens.token_type),),
    ),
    Flaw(
        name="token-type-by-letters",
        why="The type is compared letter by letter, and platforms write it in three ways.",
        profile="core",
        changes=(replace(tokens.token_type, by=exact_type),),
    ),
    Flaw(
        name="granted-scopes-unread",
        why="The tool takes for granted what it has asked for.",
        profile="ltix",
        changes=(replace(tokens.scopes, by=granted_as_asked),),
    ),
    Flaw(
        name="lifetime-crash",
        why="The lifetime is added to the time, and some platforms send it as text.",
        profile="core",
        changes=unexpected(insert(whole_number, before=tokens.time_left)),
    ),
    Flaw(
        name="lifetime-needed",
        why="The lifetime is optional, and the tool gives up without it.",
        profile="core",
        changes=(insert(lifetime_told, before=tokens.time_left),),
    ),
    Flaw(
        name="lifetime-short-refused",
        why="A token that does not outlive the margin for clocks is thrown away, and so is each one after it.",
        profile="core",
        changes=(insert(margin_as_rule, before=tokens.time_left),),
    ),
    Flaw(
        name="lifetime-ignored",
        why="Each token is taken to be good for an hour, also one that is over already.",
        profile="ltix",
        changes=(replace(tokens.time_left, by=good_for_an_hour),),
    ),
    Flaw(
        name="token-outage-crash",
        why="Nobody has tried what happens when the token endpoint does not answer.",
        profile="ltix",
        changes=unexpected(replace(tokens.asked, by=asked_without_net)),
    ),
)
