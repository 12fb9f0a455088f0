"""A tool's side of the token endpoint: its keys, and client assertions that are right unless a test says otherwise."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import httpx2

from mockplatform.keys import KeyRing, sign
from mockplatform.lms import Platform
from mockplatform.model import IdToken
from tests.mockplatform.makers import NOW_S, PLATFORM, make_platform, make_registration

__all__ = [
    "AGS",
    "JWKS_URL",
    "JWT_BEARER",
    "FakeFetch",
    "ask",
    "assertion",
    "form",
    "key_set",
    "make_granting",
    "signed",
]

JWKS_URL = "http://127.0.0.1:8000/jwks"
AGS = "https://purl.imsglobal.org/spec/lti-ags/scope/"
JWT_BEARER = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"


class FakeFetch:
    """Answers for the tool's key set; counts how often it is asked, and says what a test wants."""

    def __init__(self, *answers: tuple[int, bytes] | ConnectionError) -> None:
        self.answers = list(answers)
        self.asked: list[str] = []

    async def __call__(self, url: str) -> tuple[int, bytes]:
        self.asked.append(url)
        answer = self.answers[min(len(self.asked), len(self.answers)) - 1]
        if isinstance(answer, ConnectionError):
            raise answer
        return answer


def key_set(keys: KeyRing, *names: str) -> dict[str, Any]:
    """A tool's JWK Set; in these tests its key is the one that is called `rotated`."""
    return {"keys": [dict(keys.jwk(name)) for name in names or ("rotated",)]}


def signed(
    keys: KeyRing, claims: Mapping[str, Any] | bytes, *, key: str = "rotated", algorithm: str = "RS256", **header: Any
) -> str:
    """A JWT of the tool; header members that are None are left out."""
    given = {"typ": "JWT", "alg": algorithm, "kid": keys.kid(key)} | header
    told = {name: value for name, value in given.items() if value is not None}
    return sign(IdToken(header=told, claims=claims, algorithm=algorithm, key=key), keys).text


def assertion(keys: KeyRing, **claims: Any) -> str:
    """A client assertion; claims that are None are left out."""
    given = {
        "iss": "Client-A",
        "sub": "Client-A",
        "aud": f"{PLATFORM}/token",
        "iat": int(NOW_S),
        "exp": int(NOW_S) + 300,
        "jti": "jti-1",
        "https://purl.imsglobal.org/spec/lti/claim/deployment_id": "Dep-1",
    } | claims
    return signed(keys, {name: value for name, value in given.items() if value is not None})


def form(text: str, **values: str | None) -> dict[str, str]:
    """A token request; parameters that are None are left out."""
    given = {
        "grant_type": "client_credentials",
        "client_assertion_type": JWT_BEARER,
        "client_assertion": text,
        "scope": f"{AGS}score",
    } | values
    return {name: value for name, value in given.items() if value is not None}


def make_granting(keys: KeyRing, **values: Any) -> Platform:
    """A platform with a grade service and a tool whose key set it has."""
    tool = values.pop("tool", {})
    given: dict[str, Any] = {
        "services": ("ags",),
        "registrations": (make_registration(**{"jwks": key_set(keys)} | tool),),
    }
    return make_platform(keys, **given | values)


async def ask(http: httpx2.AsyncClient, data: Mapping[str, str]) -> tuple[int, dict[str, Any]]:
    """A token request: status and JSON of its answer."""
    answer = await http.post("/token", data=dict(data))
    return answer.status_code, answer.json()
