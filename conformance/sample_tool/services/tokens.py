"""The steps of a token request: the tool proves who it is by a signed assertion (SEC 4.1.1, RFC 7523 2.2)."""

from __future__ import annotations

from dataclasses import replace
from typing import Final
from urllib.parse import urlencode

from conformance.sample_tool.message import CLAIM
from conformance.sample_tool.services import documents
from conformance.sample_tool.services.model import AccessToken, TokenRequest
from conformance.sample_tool.services.refusals import (
    expired,
    malformed,
    mismatched,
    not_offered,
    refused_token,
    unreachable,
)

__all__ = [
    "ASSERTION_LIFETIME_S",
    "MARGIN_S",
    "Tokens",
    "access_token",
    "asked",
    "audience",
    "deployment",
    "document",
    "has_token",
    "identity",
    "kept",
    "key_of",
    "known",
    "lifetime",
    "offered",
    "refusal",
    "scopes",
    "signed",
    "single_use",
    "time_left",
    "token_type",
]

REF: Final = "SEC 4.1"
ASSERTION_LIFETIME_S: Final = 300
DEFAULT_LIFETIME_S: Final = 3600
LONGEST_LIFETIME_S: Final = 24 * 3600
MARGIN_S: Final = 60
"""How long before its end a token is no longer begun to be used."""
ASSERTION_TYPE: Final = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"

Key = tuple[object, ...]


class Tokens:
    """The access tokens that the tool holds; each is for one registration, one deployment and some scopes."""

    def __init__(self) -> None:
        self._kept: dict[Key, AccessToken] = {}

    def find(self, key: Key) -> AccessToken | None:
        """The token that is kept under a key."""
        return self._kept.get(key)

    def keep(self, key: Key, token: AccessToken) -> None:
        """Keeps a token in the place of an earlier one."""
        self._kept[key] = token


def has_token(request: TokenRequest) -> bool:
    """Whether nothing is left to be asked for."""
    return request.token is not None


def key_of(request: TokenRequest) -> Key:
    """What a kept token is good for: never for another registration."""
    integration = request.integration
    return integration.issuer, integration.client_id, request.deployment_id, frozenset(request.scopes)


def offered(request: TokenRequest) -> TokenRequest:
    """The platform has said where tokens are given (SEC 4.1)."""
    if not request.integration.token_url:
        raise not_offered(REF, "token endpoint")
    return request


def known(request: TokenRequest) -> TokenRequest:
    """A token is used again until shortly before its end (SEC 7.1.1)."""
    found = None if request.renew else request.tool.tokens.find(key_of(request))
    if found is None or found.expires - MARGIN_S <= request.now:
        return request
    return replace(request, token=found)


def identity(request: TokenRequest) -> TokenRequest:
    """The tool is both who speaks and who is spoken of (SEC 4.1.1)."""
    client_id = request.integration.client_id
    return replace(request, claims={**request.claims, "iss": client_id, "sub": client_id})


def audience(request: TokenRequest) -> TokenRequest:
    """The assertion is for this platform's token endpoint and no other (SEC 4.1.1)."""
    integration = request.integration
    return replace(request, claims={**request.claims, "aud": integration.audience or integration.token_url})


def lifetime(request: TokenRequest) -> TokenRequest:
    """The assertion is good for five minutes (SEC 4.1.1)."""
    issued = int(request.now)
    return replace(request, claims={**request.claims, "iat": issued, "exp": issued + ASSERTION_LIFETIME_S})


def single_use(request: TokenRequest) -> TokenRequest:
    """No two assertions share an id, so that none can be sent again by others (SEC 4.1.1)."""
    return replace(request, claims={**request.claims, "jti": request.tool.token()})


def deployment(request: TokenRequest) -> TokenRequest:
    """The assertion says for which deployment the token is (CORE 6.2.1)."""
    return replace(request, claims={**request.claims, CLAIM + "deployment_id": request.deployment_id})


def signed(request: TokenRequest) -> TokenRequest:
    """The assertion is signed with a key that the tool publishes (SEC 6.3)."""
    return replace(request, assertion=request.tool.key.sign(request.claims))


async def asked(request: TokenRequest) -> TokenRequest:
    """The assertion goes to the token endpoint in a form (SEC 4.1.1, RFC 7523 2.2)."""
    fields = {
        "grant_type": "client_credentials",
        "client_assertion_type": ASSERTION_TYPE,
        "client_assertion": request.assertion,
        "scope": " ".join(request.scopes),
    }
    headers = {"Content-Type": "application/x-www-form-urlencoded", "Accept": "application/json"}
    try:
        url, body = request.integration.token_url, urlencode(fields).encode()
        return replace(request, answer=await request.tool.send("POST", url, headers, body))
    except OSError as error:
        raise unreachable(REF, "token endpoint") from error


def refusal(request: TokenRequest) -> TokenRequest:
    """The platform grants a token (RFC 6749 5.2)."""
    if request.answer.status != 200:
        raise refused_token(REF, f"token endpoint, status {request.answer.status}")
    return request


def document(request: TokenRequest) -> TokenRequest:
    """The answer is a JSON object (RFC 6749 5.1)."""
    try:
        found = documents.read_json(request.answer.body)
    except ValueError:
        found = None
    if not isinstance(found, dict):
        raise malformed(REF, "token endpoint")
    return replace(request, document=found)


def access_token(request: TokenRequest) -> TokenRequest:
    """The answer has a token in it that fits into a header (RFC 6749 5.1)."""
    found = documents.text(request.document, "access_token")
    if not found or not found.isascii() or not found.isprintable() or " " in found:
        raise malformed(REF, "access_token")
    return request


def token_type(request: TokenRequest) -> TokenRequest:
    """The token is of the one type that this tool can use, however it is written (RFC 6749 5.1, 7.1)."""
    if documents.text(request.document, "token_type").lower() != "bearer":
        raise malformed(REF, "token_type")
    return request


def scopes(request: TokenRequest) -> TokenRequest:
    """The token opens all that was asked for, as far as the platform says (SEC 4.1, RFC 6749 3.3)."""
    told = request.document.get("scope")
    granted = frozenset(told.split()) if isinstance(told, str) else frozenset(request.scopes)
    if not granted.issuperset(request.scopes):
        raise mismatched(REF, "scope")
    return replace(request, granted=granted)


def time_left(request: TokenRequest) -> TokenRequest:
    """The token is good for a while; an hour if the platform does not say how long (SEC 4.1.1, 7.1.1)."""
    told = request.document.get("expires_in", DEFAULT_LIFETIME_S)
    try:
        seconds = min(float(told), LONGEST_LIFETIME_S)
    except (TypeError, ValueError):
        raise malformed(REF, "expires_in") from None
    # Also what is no number at all, which no comparison holds for.
    if not seconds > 0:
        raise expired("SEC 7.1", "expires_in")
    return replace(request, expires=request.now + seconds)


def kept(request: TokenRequest) -> TokenRequest:
    """The token is kept for the next call (SEC 7.1.1)."""
    token = AccessToken(
        text=documents.text(request.document, "access_token"), scopes=request.granted, expires=request.expires
    )
    request.tool.tokens.keep(key_of(request), token)
    return replace(request, token=token)
