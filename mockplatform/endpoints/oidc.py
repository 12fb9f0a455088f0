"""Discovery, the authentication endpoint, the key set, and a token endpoint that grants nothing (SEC 4, 5.1.1, 6.3)."""

from __future__ import annotations

import json

from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.routing import Route

from mockplatform.endpoints.parameters import parameters
from mockplatform.endpoints.rendering import NOT_STORED, page
from mockplatform.endpoints.wire import about, platform_of
from mockplatform.model import AuthRequest
from mockplatform.pending import AuthRefusal

__all__ = ["ROUTES"]

_ADVICE = (
    "Launch the tool anew from the tools page: this launch is perhaps an old one, or not from here.",
    "If redirect_uri is named above: let the tool send a registered one, or register it (redirect_uris in --config).",
)


async def configuration(request: Request) -> Response:
    """The OpenID configuration, with the LTI members that dynamic registration reads."""
    platform = platform_of(request)
    url = platform.url
    return JSONResponse(
        {
            "issuer": platform.issuer,
            "authorization_endpoint": f"{url}/auth",
            "token_endpoint": f"{url}/token",
            "jwks_uri": f"{url}/jwks",
            "response_types_supported": ["id_token"],
            "response_modes_supported": ["form_post"],
            "grant_types_supported": ["implicit"],
            "scopes_supported": ["openid"],
            "subject_types_supported": ["public"],
            "id_token_signing_alg_values_supported": ["RS256"],
            "claims_supported": ["sub", "iss", "name", "given_name", "family_name", "email", "locale"],
            "https://purl.imsglobal.org/spec/lti-platform-configuration": {
                "product_family_code": "mockplatform",
                "version": "1",
                "messages_supported": [{"type": "LtiResourceLinkRequest"}],
                "variables": [],
            },
        }
    )


async def auth(request: Request) -> Response:
    """The authentication endpoint, by GET and POST (SEC 5.1.1.2)."""
    asked = AuthRequest(params=dict(await parameters(request)))
    about(request)["launch"] = asked.params.get("lti_message_hint", "")
    answer = platform_of(request).authorize(asked)
    if isinstance(answer, AuthRefusal):
        told = page(request, "refused.html", problems=answer.problems, advice=_ADVICE)
        return HTMLResponse(told, status_code=400, headers=NOT_STORED)
    form = page(request, "form_post.html", url=answer.url, method="post", fields=answer.fields)
    return HTMLResponse(form, headers=NOT_STORED)


async def no_grant(request: Request) -> Response:
    """The token endpoint refuses every grant (RFC 6749 5.2)."""
    # Tools cannot be registered without a token URL, so one is announced. There are no services that its tokens
    # would open; RFC 6749 has a word for that, which every OAuth client understands, unlike a 404 or a 501.
    told = {"error": "unsupported_grant_type", "error_description": "this platform offers no LTI services"}
    return JSONResponse(told, 400, headers=NOT_STORED)


async def key_set(request: Request) -> Response:
    """The platform's public keys as a JWK Set (SEC 6.3)."""
    published = platform_of(request).key_set
    published.fetches += 1
    answer = published.publish()
    body = answer.body if answer.body is not None else json.dumps({"keys": answer.keys}).encode()
    return Response(body, answer.status, dict(answer.headers), media_type=answer.content_type)


async def canary(request: Request) -> Response:
    """The attacker's key set; asking for it is counted against the tool."""
    platform = platform_of(request)
    platform.canary_hits[request.path_params["launch"]] += 1
    return JSONResponse({"keys": [dict(platform.keys.jwk("foreign"))]})


ROUTES = (
    Route("/auth", auth, methods=["GET", "POST"], name="auth"),
    Route("/jwks", key_set, name="jwks"),
    Route("/.well-known/openid-configuration", configuration, name="configuration"),
    Route("/token", no_grant, methods=["POST"], name="token"),
    Route("/canary/{launch}/jwks", canary, name="canary"),
)
