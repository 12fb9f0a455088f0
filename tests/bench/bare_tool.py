"""The least that a tool can be: a login, a launch verified by hand, and a page that knows its session.

It is the floor: whatever a run costs beside it is the harness's own. It refuses what a scenario of this folder
breaks, and counts the launches that really reached it.
"""

from __future__ import annotations

import base64
import json
import secrets
import time
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl, urlencode

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse, RedirectResponse, Response
from starlette.routing import Route

__all__ = ["CLIENT_ID", "DEPLOYMENT_ID", "create_bare_tool"]

CLIENT_ID = "lti-conformance"
DEPLOYMENT_ID = "1"
LTI = "https://purl.imsglobal.org/spec/lti/claim/"
PAGE = "<!doctype html><html><body><main><h1>Welcome</h1><p>You are in.</p></main></body></html>"


def create_bare_tool(jwk: Mapping[str, Any], *, issuer: str, url: str) -> Starlette:
    """The tool at `url`, registered with one platform whose only key it knows."""
    app = Starlette(
        routes=[
            Route("/login", login, methods=["POST"]),
            Route("/launch", launch, methods=["POST"]),
            Route("/me", who_am_i),
            Route("/count", count),
        ]
    )
    numbers = rsa.RSAPublicNumbers(e=_number(jwk["e"]), n=_number(jwk["n"]))
    app.state.key = numbers.public_key()
    app.state.kid, app.state.issuer, app.state.url = jwk["kid"], issuer, url
    app.state.nonces, app.state.sessions, app.state.launches = {}, set(), 0
    return app


async def login(request: Request) -> Response:
    """Send the browser to the platform, with a state bound to it by a cookie."""
    state = request.app.state
    asked = dict(parse_qsl((await request.body()).decode()))
    if asked.get("iss") != state.issuer or "login_hint" not in asked:
        state.launches += 1
        return refused("this platform is not registered")
    fresh, nonce = secrets.token_urlsafe(24), secrets.token_urlsafe(24)
    state.nonces[fresh] = nonce
    params = {
        "scope": "openid",
        "response_type": "id_token",
        "response_mode": "form_post",
        "prompt": "none",
        "client_id": CLIENT_ID,
        "redirect_uri": f"{state.url}/launch",
        "state": fresh,
        "nonce": nonce,
        "login_hint": asked["login_hint"],
        "lti_message_hint": asked.get("lti_message_hint", ""),
    }
    answer = RedirectResponse(f"{state.issuer}/auth?{urlencode(params)}", 302)
    answer.set_cookie("state", fresh, httponly=True)
    return answer


async def launch(request: Request) -> Response:
    """Verify the message and open a session."""
    state = request.app.state
    state.launches += 1
    form = dict(parse_qsl((await request.body()).decode()))
    nonce = state.nonces.pop(form.get("state"), None)
    if nonce is None or form["state"] != request.cookies.get("state"):
        return refused("the state is not this browser's")
    problem = _problem(form.get("id_token", ""), state, nonce)
    if problem:
        return refused(problem)
    session = secrets.token_urlsafe(24)
    state.sessions.add(session)
    answer = HTMLResponse(PAGE)
    answer.set_cookie("session", session, httponly=True)
    return answer


def _problem(token: str, state: Any, nonce: str) -> str:
    signed, _, signature = token.rpartition(".")
    try:
        header, claims = (json.loads(_decoded(part)) for part in signed.split("."))
        if header.get("alg") != "RS256" or header.get("kid") != state.kid:
            return "the key is unknown"
        state.key.verify(_decoded(signature), signed.encode(), padding.PKCS1v15(), hashes.SHA256())
    except (ValueError, InvalidSignature):
        return "the signature is wrong"
    audience = claims.get("aud")
    wanted = {"iss": state.issuer, "nonce": nonce, f"{LTI}deployment_id": DEPLOYMENT_ID, f"{LTI}version": "1.3.0"}
    wrong = next((name for name, value in wanted.items() if claims.get(name) != value), "")
    if wrong or CLIENT_ID not in (audience if isinstance(audience, list) else [audience]):
        return f"{wrong or 'aud'} is wrong"
    return "" if claims.get("exp", 0) > time.time() and claims.get("sub") else "the message is too old or nobody's"


async def who_am_i(request: Request) -> Response:
    """Whether the browser has a session."""
    known = request.cookies.get("session") in request.app.state.sessions
    return PlainTextResponse("in" if known else "out", 200 if known else 401)


async def count(request: Request) -> Response:
    """How many launches were sent so far, refused logins included."""
    return PlainTextResponse(str(request.app.state.launches))


def refused(why: str) -> Response:
    """The page of a refusal."""
    return HTMLResponse(f"<!doctype html><html><body><p>Refused: {why}.</p></body></html>", 401)


def _decoded(part: str) -> bytes:
    return base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))


def _number(text: str) -> int:
    return int.from_bytes(_decoded(text), "big")
