"""The bare launch: the least that sends a launch to a tool in this process.

POST the login, read the redirect, build and sign the claims, POST the launch, look at the status. The claims are as
many bytes as the platform's own.
"""

from __future__ import annotations

import asyncio
import base64
import json
import time
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import parse_qsl, urlencode

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from tests.bench.bare_tool import CLIENT_ID, DEPLOYMENT_ID, LTI

__all__ = ["BareLauncher", "bare_claims", "bare_token"]

ROLE = "http://purl.imsglobal.org/vocab/lis/v2/membership#Instructor"
SECTION = "http://purl.imsglobal.org/vocab/lis/v2/course#CourseSection"


def bare_claims(issuer: str, target: str, nonce: str) -> Mapping[str, Any]:
    """The claims of a resource link launch."""
    now = int(time.time()) - 5
    return {
        "iss": issuer,
        "aud": CLIENT_ID,
        "sub": "user-0123456789abcdef",
        "iat": now,
        "exp": now + 300,
        "nonce": nonce,
        "given_name": "Grace",
        "family_name": "Hopper",
        "name": "Grace Hopper",
        "email": "grace.hopper.0123456789@example.org",
        "locale": "en-US",
        f"{LTI}message_type": "LtiResourceLinkRequest",
        f"{LTI}version": "1.3.0",
        f"{LTI}deployment_id": DEPLOYMENT_ID,
        f"{LTI}target_link_uri": target,
        f"{LTI}resource_link": {"id": "link-course-0123456789ab", "title": "Open the tool"},
        f"{LTI}roles": [ROLE],
        f"{LTI}context": {"id": "course-0123456789ab", "label": "LTI 101", "title": "Bare", "type": [SECTION]},
        f"{LTI}tool_platform": {"guid": "bare", "name": "bare", "product_family_code": "bare", "version": "1"},
        f"{LTI}launch_presentation": {"document_target": "iframe", "return_url": f"{issuer}/return", "locale": "en-US"},
        f"{LTI}custom": {"resource": "link-course-0123456789ab", "section": "a field that a teacher has typed in"},
    }


def bare_token(claims: Mapping[str, Any], key: rsa.RSAPrivateKey, kid: str) -> str:
    """The claims, signed by hand."""
    header = {"alg": "RS256", "typ": "JWT", "kid": kid}
    signed = b".".join(_b64url(json.dumps(part, separators=(",", ":")).encode()) for part in (header, claims))
    return b".".join((signed, _b64url(key.sign(signed, padding.PKCS1v15(), hashes.SHA256())))).decode()


def _b64url(data: bytes) -> bytes:
    return base64.urlsafe_b64encode(data).rstrip(b"=")


class BareLauncher:
    """Launches a tool by calling its application; `launch` is one launch, answered by 200."""

    def __init__(self, app: Callable[..., Any], key: rsa.RSAPrivateKey, kid: str, *, issuer: str, url: str) -> None:
        self._app, self._key, self._kid, self._issuer, self._url = app, key, kid, issuer, url
        self.loop = asyncio.new_event_loop()

    async def launch(self) -> None:
        """One launch."""
        login = {
            "iss": self._issuer,
            "login_hint": "hint-user-0123456789abcdef",
            "target_link_uri": f"{self._url}/launch",
            "lti_message_hint": "0123456789abcdef0123456789abcdef",
            "client_id": CLIENT_ID,
            "lti_deployment_id": DEPLOYMENT_ID,
        }
        status, headers = await self._post("/login", login)
        asked = dict(parse_qsl(headers[b"location"].decode().partition("?")[2]))
        token = bare_token(bare_claims(self._issuer, asked["redirect_uri"], asked["nonce"]), self._key, self._kid)
        cookie = headers[b"set-cookie"].partition(b";")[0]
        status, _ = await self._post("/launch", {"id_token": token, "state": asked["state"]}, cookie)
        assert status == 200, status

    async def _post(self, path: str, form: Mapping[str, str], cookie: bytes = b"") -> tuple[int, Mapping[bytes, bytes]]:
        body = urlencode(form).encode()
        headers = [(b"host", b"127.0.0.1"), (b"content-type", b"application/x-www-form-urlencoded")]
        scope = {
            "type": "http",
            "http_version": "1.1",
            "method": "POST",
            "scheme": "http",
            "path": path,
            "query_string": b"",
            "headers": [*headers, (b"cookie", cookie)] if cookie else headers,
        }
        answer: list[Mapping[str, Any]] = []

        async def receive() -> Mapping[str, Any]:
            return {"type": "http.request", "body": body, "more_body": False}

        async def send(message: Mapping[str, Any]) -> None:
            answer.append(message)

        await self._app(scope, receive, send)
        return answer[0]["status"], dict(answer[0]["headers"])
