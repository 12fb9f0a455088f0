"""The token endpoint of the fake Zoom (RFC 6749), and whom its access tokens belong to."""

from __future__ import annotations

import base64
import binascii
import itertools
from collections.abc import Callable, Mapping
from typing import Final

from conformance.upstream.answers import Answer, expired_token, invalid_token, json_answer, no_grant

__all__ = ["Tokens"]

LIFETIME_S: Final = 3600
GRANTS: Final[Mapping[str, str]] = {
    "refresh_token": "refresh_token",
    "authorization_code": "code",
    "account_credentials": "account_id",
}
ROTATED: Final = "~"


class Tokens:
    """Gives access tokens to every client for every grant.

    The refresh tokens of the tool come from its own data, which was there before this fake: it knows none of them
    and honours all. What it gives in exchange says where it comes from, and so outlives the fake as well.

    Args:
        clients: client ids and their secrets; None: any.
    """

    def __init__(self, *, clock: Callable[[], float], seed: int, clients: Mapping[str, str] | None) -> None:
        self._clock = clock
        self._seed = seed
        self._clients = clients
        self._numbers = itertools.count(1)
        self._issued: dict[str, tuple[str, float]] = {}
        self._spent: set[str] = set()

    def answer(self, headers: Mapping[str, str], fields: Mapping[str, str]) -> Answer:
        """What a request for a token gets."""
        if not self._is_client(headers, fields):
            return no_grant("invalid_client", "Invalid client_id or client_secret", status=401)
        kind = fields.get("grant_type", "")
        if kind not in GRANTS:
            return no_grant("unsupported_grant_type", f"Not a grant type: {kind}")
        given = fields.get(GRANTS[kind], "")
        if not given:
            return no_grant("invalid_request", f"Missing {GRANTS[kind]}")
        if kind == "authorization_code":
            if given in self._spent:
                return no_grant("invalid_grant", "Invalid authorization code")
            self._spent.add(given)
        return self._granted(grant_of(given), refreshable=kind != "account_credentials")

    def owner(self, headers: Mapping[str, str]) -> str | Answer:
        """The grant behind the bearer token of a request, or the refusal that it gets (RFC 6750 2.1)."""
        issued = self._issued.get(bearer(headers))
        if issued is None:
            return invalid_token()
        grant, expires = issued
        return expired_token() if self._clock() >= expires else grant

    def grant_behind(self, headers: Mapping[str, str]) -> str:
        """The grant behind the bearer token of a request, expired or not; empty if there is none."""
        return self._issued.get(bearer(headers), ("", 0.0))[0]

    def _granted(self, grant: str, *, refreshable: bool) -> Answer:
        number = next(self._numbers)
        access = f"access-{self._seed:x}-{number}"
        self._issued[access] = (grant, self._clock() + LIFETIME_S)
        document = {
            "access_token": access,
            "token_type": "bearer",
            "expires_in": LIFETIME_S,
            "scope": "meeting:write meeting:read user:read",
        }
        if refreshable:
            document["refresh_token"] = f"{grant}{ROTATED}{self._seed:x}-{number}"
        return json_answer(200, document)

    def _is_client(self, headers: Mapping[str, str], fields: Mapping[str, str]) -> bool:
        scheme, _, encoded = headers.get("authorization", "").partition(" ")
        client, secret = fields.get("client_id", ""), fields.get("client_secret", "")
        if scheme.lower() == "basic":
            try:
                client, _, secret = base64.b64decode(encoded, validate=True).decode().partition(":")
            except (binascii.Error, UnicodeDecodeError):
                return False
        return bool(client) and (self._clients is None or self._clients.get(client) == secret)


def bearer(headers: Mapping[str, str]) -> str:
    """The bearer token of a request; empty if there is none."""
    scheme, _, token = headers.get("authorization", "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" else ""


def grant_of(token: str) -> str:
    """What a refresh token was first granted for."""
    return token.partition(ROTATED)[0]
