"""Discovery, the authentication endpoint and the key set (SEC 5.1.1, 6.3)."""

from __future__ import annotations

import json
from collections import Counter

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from mockplatform.endpoints.parameters import parameters
from mockplatform.endpoints.rendering import form, refusal
from mockplatform.endpoints.wire import about, platform_of
from mockplatform.model import AuthRequest
from mockplatform.oauth.jws import ALGORITHMS
from mockplatform.pending import AuthRefusal
from mockplatform.services.registration import platform_configuration, registration_endpoint
from mockplatform.services.token import offered_scopes

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
            "grant_types_supported": ["implicit", "client_credentials"],
            "scopes_supported": ["openid", *offered_scopes(platform)],
            "token_endpoint_auth_methods_supported": ["private_key_jwt"],
            "token_endpoint_auth_signing_alg_values_supported": list(ALGORITHMS),
            "subject_types_supported": ["public"],
            "id_token_signing_alg_values_supported": ["RS256"],
            "claims_supported": ["sub", "iss", "name", "given_name", "family_name", "email", "locale"],
            **registration_endpoint(platform),
            "https://purl.imsglobal.org/spec/lti-platform-configuration": platform_configuration(platform),
        }
    )


async def auth(request: Request) -> Response:
    """The authentication endpoint, by GET and POST (SEC 5.1.1.2)."""
    given = await parameters(request)
    often = Counter(name for name, _ in given)
    asked = AuthRequest(params=dict(given), repeated=tuple(name for name, count in often.items() if count > 1))
    about(request)["launch"] = asked.params.get("lti_message_hint", "")
    about(request)["client_id"] = asked.params.get("client_id", "")
    answer = platform_of(request).authorize(asked)
    if isinstance(answer, AuthRefusal):
        return refusal(request, *answer.problems, advice=_ADVICE)
    return form(request, "post", answer.url, answer.fields)


async def key_set(request: Request) -> Response:
    """The platform's public keys as a JWK Set (SEC 6.3)."""
    answer = platform_of(request).key_set.served()
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
    Route("/canary/{launch}/jwks", canary, name="canary"),
)
