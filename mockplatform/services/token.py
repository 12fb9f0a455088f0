"""The token endpoint: an access token for a tool that proves with a signed JWT who it is (SEC 4.1; RFC 6749, 7523)."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl

from mockplatform.keys import sign
from mockplatform.model import IdToken, Launch, Params, Registration
from mockplatform.oauth.client_assertions import DEPLOYMENT, assertion_advice, assertion_problems, spend
from mockplatform.oauth.tool_keys import ToolTokenError, unverified, verified
from mockplatform.records import Grant
from mockplatform.service import Call, Operation, Reply, ServiceError, services

if TYPE_CHECKING:
    from mockplatform.lms import Platform

__all__ = ["NAME", "OPERATIONS", "SCOPES", "claims", "grant_token", "offered_scopes"]

NAME = "token"
SCOPES: tuple[str, ...] = ()

_FORM = "application/x-www-form-urlencoded"
_JWT_BEARER = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
_KNOWN = frozenset({"grant_type", "client_assertion_type", "client_assertion", "scope", "client_id", "client_secret"})
_MOST_FIELDS = 1000
_NOT_STORED: Params = (("pragma", "no-cache"),)
_SCHEME = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]{1,40}")


def claims(platform: Platform, launch: Launch) -> Mapping[str, Any]:  # noqa: ARG001
    """A launch says nothing of the token endpoint: tools are registered with its address (CORE 3.1.3)."""
    return {}


def offered_scopes(platform: Platform) -> tuple[str, ...]:
    """What access tokens of the platform may open: the scopes of the services that its launches name."""
    known = services()
    return tuple(scope for name in platform.settings.services for scope in known[name].SCOPES)


async def grant_token(call: Call) -> Reply:
    """The answer to a token request (SEC 4.1.1; RFC 6749, section 4.4)."""
    try:
        form = _form(call)
        tool = await _authenticated(call, form)
        scopes = _granted(call.platform, tool, form.get("scope", ""))
    except ServiceError as refusal:
        headers = (*refusal.headers, *_NOT_STORED)
        raise ServiceError(refusal.status, refusal.error, _plain(refusal.description), headers) from refusal
    platform = call.platform
    value = platform.dialect.value
    lifetime_s = int(value("token.expires_in", 3600))
    grant = Grant(
        token=_TOKENS[value("token.format", "opaque")](platform, tool, scopes, lifetime_s),
        client_id=tool.client_id,
        issuer=tool.issuer,
        scopes=scopes,
        expires_s=platform.clock() + lifetime_s,
    )
    platform.state.grants.put(grant.token, grant)
    told = {
        "access_token": grant.token,
        "token_type": value("token.type", "Bearer"),
        "expires_in": lifetime_s,
        "scope": " ".join(scopes),
    }
    return Reply(json=told, headers=_NOT_STORED)


def _form(call: Call) -> Mapping[str, str]:
    """The parameters of a token request (RFC 6749, sections 3.2 and 5.2).

    Raises:
        ServiceError: they are not where they belong, twice there, or of another grant.
    """
    sent = call.headers.get("content-type", "").partition(";")[0].strip().lower()
    if sent != _FORM:
        raise ServiceError(400, "invalid_request", f"Content-Type is {sent!r}, expected {_FORM} (SEC 4.1)")
    astray = sorted(_KNOWN & {name for name, _ in call.query})
    if astray:
        raise ServiceError(
            400, "invalid_request", f"{', '.join(astray)}: in the URL; send it in the body (SEC 4.1; RFC 6749, 2.3.1)"
        )
    try:
        text = call.body.decode("utf-8")
        pairs = parse_qsl(text, keep_blank_values=True, errors="strict", max_num_fields=_MOST_FIELDS)
    except ValueError as error:
        raise ServiceError(400, "invalid_request", f"the body is no form in UTF-8: {error} (SEC 4.1)") from error
    # A parameter without a value counts as left out (RFC 6749, section 3.2).
    form = {name: value for name, value in pairs if value}
    twice = sorted(name for name, count in Counter(name for name, _ in pairs).items() if count > 1)
    if twice:
        raise ServiceError(400, "invalid_request", f"{', '.join(twice)}: sent twice; send it once (RFC 6749, 3.2)")
    if "grant_type" not in form:
        raise ServiceError(
            400, "invalid_request", "grant_type is missing, expected client_credentials (SEC 4.1.1; RFC 6749, 4.4.2)"
        )
    if form["grant_type"] != "client_credentials":
        raise ServiceError(
            400,
            "unsupported_grant_type",
            f"grant_type is {form['grant_type']!r}, expected client_credentials (SEC 4.1.1)",
        )
    return form


async def _authenticated(call: Call, form: Mapping[str, str]) -> Registration:
    """The tool that has made the client assertion (SEC 4.1.1; RFC 7523, section 3).

    Raises:
        ServiceError: there is none, or it does not prove anything.
    """
    text = _assertion(call, form)
    try:
        said = unverified(text, what="client_assertion")
    except ToolTokenError as error:
        raise _unauthenticated(call, error.problem) from error
    tool = _tool(call.platform, said)
    if tool is None:
        raise _unauthenticated(
            call,
            f"client_assertion: iss is {said.get('iss')!r}, expected the client_id of a tool that is"
            " registered with this platform (SEC 4.1.1)",
        )
    call.about["client_id"] = tool.client_id
    problems = assertion_problems(call.platform, tool, said)
    if form.get("client_id", tool.client_id) != tool.client_id:
        problems = (*problems, f"client_id is {form['client_id']!r}, but iss is {tool.client_id!r} (RFC 7521, 4.2)")
    if problems:
        raise _unauthenticated(call, f"client_assertion: {'; '.join(problems)}")
    try:
        await verified(call.platform, tool, text, what="client_assertion")
    except ToolTokenError as error:
        raise _unauthenticated(call, error.problem) from error
    if not spend(call.platform, tool, said):
        raise _unauthenticated(
            call, f"client_assertion: jti {said['jti']!r} was used before; make a new one for each request (SEC 4.1.1)"
        )
    call.about.update(assertion_advice(said))
    return tool


def _assertion(call: Call, form: Mapping[str, str]) -> str:
    if "client_secret" in form:
        raise ServiceError(
            400,
            "invalid_request",
            "client_secret: no secret may be sent; prove who you are with client_assertion (SEC 4.1)",
        )
    if "client_assertion" not in form:
        other = " instead of the Authorization header" if "authorization" in call.headers else ""
        raise _unauthenticated(call, f"client_assertion is missing; send a JWT signed by the tool{other} (SEC 4.1.1)")
    if form.get("client_assertion_type") != _JWT_BEARER:
        raise _unauthenticated(
            call,
            f"client_assertion_type is {form.get('client_assertion_type')!r}, expected {_JWT_BEARER} (SEC 4.1.1)",
        )
    return form["client_assertion"]


def _tool(platform: Platform, said: Mapping[str, Any]) -> Registration | None:
    """The registration that an assertion is about; of several with that client_id the one it fits best."""
    found = [tool for tool in platform.registrations if tool.client_id == said.get("iss")]
    deployment = said.get(DEPLOYMENT)
    # Without the claim it says nothing of any of them, and the platform's own issuer alone decides.
    found.sort(key=lambda tool: (deployment not in tool.deployment_ids, tool.issuer != platform.issuer))
    return found[0] if found else None


def _granted(platform: Platform, tool: Registration, scope: str) -> tuple[str, ...]:
    """What of the asked scopes an access token opens (SEC 4.1; RFC 6749, section 3.3).

    Raises:
        ServiceError: nothing, or not everything and the platform does not grant a part.
    """
    asked = tuple(dict.fromkeys(filter(None, scope.split(" "))))
    offered = offered_scopes(platform)
    allowed = offered if tool.scopes is None else tuple(one for one in offered if one in tool.scopes)
    if not allowed:
        why = "this platform offers no services" if not offered else "the registration of this tool has no scopes"
        raise ServiceError(400, "unauthorized_client", f"{why}; no access token would open anything (RFC 6749, 5.2)")
    if not asked:
        raise ServiceError(
            400,
            "invalid_scope",
            "scope is missing; send the scopes that the launch named, with spaces between (SEC 4.1)",
        )
    granted = tuple(one for one in asked if one in allowed)
    left = [one for one in asked if one not in allowed]
    if not granted or (left and platform.dialect.value("token.scopes", "subset") == "refuse"):
        raise ServiceError(
            400,
            "invalid_scope",
            f"not for this tool: {' '.join(left)}; ask for some of {' '.join(allowed)} (SEC 4.1; RFC 6749, 3.3)",
        )
    return granted


def _opaque(platform: Platform, tool: Registration, scopes: tuple[str, ...], lifetime_s: int) -> str:  # noqa: ARG001
    return platform.new_id()


def _signed(platform: Platform, tool: Registration, scopes: tuple[str, ...], lifetime_s: int) -> str:
    now_s = int(platform.clock())
    key, kid = platform.key_set.signing_key()
    token = IdToken(
        header={"typ": "at+jwt", "alg": "RS256", "kid": kid},
        key=key,
        claims={
            "iss": platform.issuer,
            "sub": tool.client_id,
            "client_id": tool.client_id,
            "aud": platform.url,
            "iat": now_s,
            "exp": now_s + lifetime_s,
            "jti": platform.new_id(),
            "scope": " ".join(scopes),
        },
    )
    return sign(token, platform.keys).text


_TOKENS = {"opaque": _opaque, "jwt": _signed}


def _unauthenticated(call: Call, description: str) -> ServiceError:
    # A 401 has a challenge of the scheme that the client has used (RFC 6749, section 5.2).
    used = call.headers.get("authorization", "").partition(" ")[0]
    scheme = used if _SCHEME.fullmatch(used) else "private_key_jwt"
    return ServiceError(401, "invalid_client", description, (("www-authenticate", f'{scheme} realm="token"'),))


def _plain(text: str) -> str:
    """The text with the characters that an error_description may have (RFC 6749, section 5.2)."""
    spoken = text.replace('"', "'").replace("\\", "/").replace("…", "...")
    return "".join(letter if " " <= letter <= "~" else "?" for letter in spoken)


OPERATIONS = (Operation(name="token", method="POST", path="/token", answer=grant_token),)
