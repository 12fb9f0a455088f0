"""A small tool that does everything right, and can be told to make one of the mistakes of a first hour."""

from __future__ import annotations

import json
import secrets
import urllib.error
import urllib.request
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, urlencode

import jwt
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse, RedirectResponse, Response
from starlette.routing import Route

__all__ = ["Beginner", "fetched"]

Hook = Callable[[Request], Response | None]
DEPLOYMENT = "https://purl.imsglobal.org/spec/lti/claim/deployment_id"


def fetched(url: str) -> bytes:
    """The body of an answer of 200."""
    try:
        with urllib.request.urlopen(url, timeout=5) as answer:
            body: bytes = answer.read()
            return body
    except urllib.error.HTTPError as error:
        with error:
            raise OSError(str(error)) from None


@dataclass(kw_only=True)
class Beginner:
    """The tool; each argument is what it believes to be right."""

    platform: str
    url: str
    issuer: str = ""
    client_id: str = "lti-conformance"
    audience: str = "lti-conformance"
    deployment_id: str = "1"
    auth_url: str = ""
    jwks_url: str = ""
    redirect_uri: str = ""
    login_path: str = "/login"
    launch_path: str = "/launch"
    cookie: str | None = "Path=/; SameSite=None"
    """The attributes of the cookie with the state; None: there is none."""
    leeway_s: float = 60
    page: str = "<h1>Welcome, {name}</h1>"
    at_login: Hook = lambda _: None
    at_launch: Hook = lambda _: None
    hints: Sequence[str] = ("login_hint", "lti_message_hint")
    more: dict[str, str] = field(default_factory=dict)
    at_end: Hook = lambda _: None
    fetch: Callable[[str], bytes] = fetched
    middleware: Sequence[Middleware] = ()
    debug: bool = False
    states: dict[str, str] = field(default_factory=dict)

    @property
    def app(self) -> Starlette:
        """The application."""
        return Starlette(
            routes=[
                Route(self.login_path, self.login, methods=["GET", "POST"]),
                Route(self.launch_path, self.launch, methods=["POST"]),
            ],
            middleware=self.middleware,
            debug=self.debug,
        )

    async def login(self, request: Request) -> Response:
        """The redirect to the platform."""
        form = {name: values[0] for name, values in parse_qs((await request.body()).decode()).items()}
        asked = {**request.query_params, **form}
        if (answer := self.at_login(request)) is not None:
            return answer
        if asked["iss"] != (self.issuer or self.platform):
            return PlainTextResponse(f"No registration for issuer {asked['iss']}", 400)
        state, nonce = secrets.token_hex(8), secrets.token_hex(8)
        self.states[state] = nonce
        told = {
            "scope": "openid",
            "response_type": "id_token",
            "response_mode": "form_post",
            "prompt": "none",
            "client_id": self.client_id,
            "redirect_uri": self.redirect_uri or f"{self.url}{self.launch_path}",
            "state": state,
            "nonce": nonce,
            **{name: asked[name] for name in self.hints},
            **self.more,
        }
        answer = RedirectResponse(f"{self.auth_url or self.platform + '/auth'}?{urlencode(told)}", 302)
        if self.cookie is not None:
            answer.headers.append("set-cookie", f"lti-state={state}; {self.cookie}")
        return answer

    async def launch(self, request: Request) -> Response:
        """The page of the launch, or one line about what is wrong with it."""
        form = {name: values[0] for name, values in parse_qs((await request.body()).decode()).items()}
        if (answer := self.at_launch(request)) is not None:
            return answer
        if request.cookies.get("lti-state") != form["state"]:
            return PlainTextResponse("State does not match the cookie", 400)
        try:
            claims = await self._claims(form["id_token"])
        except (jwt.InvalidTokenError, OSError, LookupError) as error:
            return PlainTextResponse(f"Launch failed: {error}", 401)
        if claims["nonce"] != self.states[form["state"]]:
            return PlainTextResponse("Nonce does not match", 400)
        if claims[DEPLOYMENT] != self.deployment_id:
            return PlainTextResponse("Unknown deployment", 400)
        if (answer := self.at_end(request)) is not None:
            return answer
        return HTMLResponse(self.page.format(name=claims["name"]))

    async def _claims(self, token: str) -> Any:
        from starlette.concurrency import run_in_threadpool

        found = json.loads(await run_in_threadpool(self.fetch, self.jwks_url or f"{self.platform}/jwks"))
        key = next(key for key in found["keys"] if key["kid"] == jwt.get_unverified_header(token)["kid"])
        return jwt.decode(
            token,
            jwt.PyJWK(key).key,
            algorithms=["RS256"],
            audience=self.audience,
            issuer=self.issuer or self.platform,
            leeway=self.leeway_s,
        )
