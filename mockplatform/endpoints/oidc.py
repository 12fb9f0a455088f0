"""Discovery and the key set (SEC 6.3)."""

from __future__ import annotations

import json
from typing import Final

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from mockplatform.endpoints.wire import platform_of
from mockplatform.oauth.client_assertions import token_audience
from mockplatform.oauth.jws import ALGORITHMS
from mockplatform.pending import launch_named
from mockplatform.services.registration import platform_configuration, registration_endpoint
from mockplatform.services.token import offered_scopes

__all__ = ["ASKED_BY", "ROUTES"]

ASKED_BY = "tool"

_MOST_HITS: Final = 2000
"""Of so many launches it is known how often they led to the attacker's key set: of the last ones that did."""


async def configuration(request: Request) -> Response:
    """The OpenID configuration, with the LTI members that dynamic registration reads."""
    platform = platform_of(request)
    url, audience = platform.url, token_audience(platform)
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
            # Without it a tool takes the token URL (Dynamic Registration 1.0, 2.1, authorization_server).
            **({} if audience == f"{url}/token" else {"authorization_server": audience}),
            **registration_endpoint(platform),
            "https://purl.imsglobal.org/spec/lti-platform-configuration": platform_configuration(platform),
        }
    )


async def key_set(request: Request) -> Response:
    """The platform's public keys as a JWK Set (SEC 6.3)."""
    answer = platform_of(request).key_set.served()
    body = answer.body if answer.body is not None else json.dumps({"keys": answer.keys}).encode()
    return Response(body, answer.status, dict(answer.headers), media_type=answer.content_type)


async def canary(request: Request) -> Response:
    """The attacker's key set; asking for it is counted against the tool."""
    platform, launch = platform_of(request), request.path_params["launch"]
    hits = platform.canary_hits
    # Anybody can ask for any path.
    if launch in hits or launch_named(platform.launches, launch) is not None:
        hits[launch] += 1
    if len(hits) > _MOST_HITS:
        del hits[next(iter(hits))]
    return JSONResponse({"keys": [dict(platform.keys.jwk("foreign"))]})


ROUTES = (
    Route("/jwks", key_set, name="jwks"),
    Route("/.well-known/openid-configuration", configuration, name="configuration"),
    Route("/canary/{launch}/jwks", canary, name="canary"),
)
