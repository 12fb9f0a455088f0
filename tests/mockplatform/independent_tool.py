"""A tool that shares no code with the platform: it launches, asks for tokens and calls services by the documents.

PyJWT checks the platform's tokens and signs the tool's; nothing of the project's own flow is used.
"""

from __future__ import annotations

import html
import re
import secrets
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

import httpx2
import jwt
from cryptography.hazmat.primitives.asymmetric import rsa
from jwt.algorithms import RSAAlgorithm

__all__ = ["DL", "LTI", "IndependentTool"]

LTI = "https://purl.imsglobal.org/spec/lti/claim/"
DL = "https://purl.imsglobal.org/spec/lti-dl/claim/"
_BEARER = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
_FIELD = re.compile(r'<input type="hidden" name="([^"]*)" value="([^"]*)">')


@dataclass(frozen=True, kw_only=True)
class IndependentTool:
    """The tool, registered with one platform.

    Args:
        http: a client whose base URL is the platform's.
    """

    http: httpx2.AsyncClient
    url: str
    """The platform's, from which its configuration is read."""
    client_id: str
    deployment_id: str
    redirect_uri: str
    key: rsa.RSAPrivateKey = field(repr=False)
    kid: str = "tool-key-1"

    def jwks(self) -> dict[str, Any]:
        """The tool's own key set."""
        public = RSAAlgorithm.to_jwk(self.key.public_key(), as_dict=True)
        return {"keys": [{**public, "kid": self.kid, "alg": "RS256", "use": "sig"}]}

    async def configuration(self) -> Mapping[str, Any]:
        """What the platform says of itself."""
        answer = await self.http.get(f"{self.url}/.well-known/openid-configuration")
        assert answer.status_code == 200
        found: Mapping[str, Any] = answer.json()
        return found

    async def launched(self, login: Mapping[str, str]) -> tuple[Mapping[str, Any], Mapping[str, Any]]:
        """Header and claims of the token that answers a login request, its signature and nonce checked."""
        configuration = await self.configuration()
        state, nonce = secrets.token_urlsafe(16), secrets.token_urlsafe(16)
        params = {
            "scope": "openid",
            "response_type": "id_token",
            "response_mode": "form_post",
            "prompt": "none",
            "client_id": self.client_id,
            "redirect_uri": self.redirect_uri,
            "login_hint": login["login_hint"],
            "lti_message_hint": login["lti_message_hint"],
            "state": state,
            "nonce": nonce,
        }
        answer = await self.http.get(f"{configuration['authorization_endpoint']}?{urlencode(params)}")
        assert answer.status_code == 200, answer.text
        form = {html.unescape(name): html.unescape(value) for name, value in _FIELD.findall(answer.text)}
        assert form["state"] == state, form
        text = form["id_token"]
        keys = jwt.PyJWKSet.from_dict((await self.http.get(configuration["jwks_uri"])).json())
        header = jwt.get_unverified_header(text)
        claims = jwt.decode(
            text,
            keys[header["kid"]].key,
            algorithms=["RS256"],
            audience=self.client_id,
            issuer=configuration["issuer"],
            options={"require": ["exp", "iat", "iss", "aud", "nonce"]},
        )
        assert claims["nonce"] == nonce
        return header, claims

    def assertion(self, audience: str, **claims: Any) -> str:
        """A client assertion (SEC 4.1.1)."""
        now = int(time.time())
        given = {
            "iss": self.client_id,
            "sub": self.client_id,
            "aud": audience,
            "iat": now,
            "exp": now + 300,
            "jti": secrets.token_urlsafe(16),
        }
        return self.signed(given | claims)

    def signed(self, claims: Mapping[str, Any]) -> str:
        """A JWT of the tool's."""
        return jwt.encode(dict(claims), self.key, "RS256", headers={"kid": self.kid})

    async def token(self, *scopes: str) -> str:
        """An access token for these scopes."""
        endpoint = (await self.configuration())["token_endpoint"]
        form = {
            "grant_type": "client_credentials",
            "client_assertion_type": _BEARER,
            "client_assertion": self.assertion(endpoint),
            "scope": " ".join(scopes),
        }
        answer = await self.http.post(endpoint, data=form)
        assert answer.status_code == 200, answer.text
        told = answer.json()
        assert told["token_type"].lower() == "bearer"
        assert set(told["scope"].split()) == set(scopes)
        return str(told["access_token"])

    async def call(
        self, method: str, url: str, token: str, media_type: str, json: Any = None, *, status: int = 200
    ) -> httpx2.Response:
        """A service call, which must be answered with that status."""
        headers = {"Authorization": f"Bearer {token}"}
        if json is None:
            headers["Accept"] = media_type
        else:
            headers["Content-Type"] = media_type
        answer = await self.http.request(method, url, headers=headers, json=json)
        assert answer.status_code == status, f"{method} {url}: {answer.status_code} {answer.text}"
        return answer


def with_path(url: str, suffix: str) -> str:
    """A URL with something behind its path; its query stays."""
    parts = urlsplit(url)
    return parts._replace(path=parts.path + suffix).geturl()


def with_query(url: str, **values: str) -> str:
    """A URL with further parameters."""
    parts = urlsplit(url)
    return parts._replace(query=urlencode([*parse_qsl(parts.query), *values.items()])).geturl()
