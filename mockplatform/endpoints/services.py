"""The door to the services: the bearer token, its scopes and the media types are looked at here, for all of them."""

from __future__ import annotations

import html
import inspect
import json
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from urllib.parse import quote

from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Route

from mockplatform.endpoints.parameters import query_of
from mockplatform.endpoints.wire import about, platform_of
from mockplatform.model import Params, Registration, registration_key
from mockplatform.records import Grant
from mockplatform.service import Call, Operation, Reply, ServiceError, services

__all__ = ["ASKED_BY", "ROUTES"]

ASKED_BY = "tool"

_NOT_STORED: Params = (("cache-control", "no-store"),)
_UNTRIED: Params = (("www-authenticate", 'Bearer realm="services"'),)
"""Whoever has not tried to authenticate is told no error in the challenge (RFC 6750, section 3.1)."""
_BODY_LIMIT = 4 << 20
"""How many bytes a request may have; no message of a tool needs as many."""


def _endpoint(operation: Operation) -> Callable[[Request], Awaitable[Response]]:
    async def serve(request: Request) -> Response:
        try:
            reply = operation.answer(await _call(request, operation))
            if inspect.isawaitable(reply):
                reply = await reply
        except ServiceError as refusal:
            # A token endpoint answers in JSON, come what may (RFC 6749, section 5.2).
            style = platform_of(request).dialect.value("services.error_body", "json") if operation.scopes else "json"
            reply = replace(_REFUSALS[style](refusal), status=refusal.status, headers=refusal.headers)
        return _response(reply, operation)

    return serve


async def _call(request: Request, operation: Operation) -> Call:
    platform = platform_of(request)
    # A list may be sent in several headers of one name (RFC 9110, section 5.3).
    headers: dict[str, str] = {}
    for name, value in request.headers.items():
        headers[name] = f"{headers[name]}, {value}" if name in headers else value
    if "course" in request.path_params:
        about(request)["course"] = request.path_params["course"]
    grant, tool = _grant(request, operation) if operation.scopes else (None, None)
    _check_media_types(platform.dialect.value("services.media_types", "strict"), operation, headers)
    body = bytearray()
    try:
        async for chunk in request.stream():
            body += chunk
            if len(body) > _BODY_LIMIT:
                raise ServiceError(413, "invalid_request", f"the body is longer than {_BODY_LIMIT} bytes")
    except ClientDisconnect as error:
        raise ServiceError(400, "invalid_request", "the connection ended before the body did") from error
    return Call(
        platform=platform,
        method=request.method,
        url=_asked_url(request, operation),
        path=request.path_params,
        query=query_of(request),
        headers=headers,
        body=bytes(body),
        grant=grant,
        registration=tool,
        about=about(request),
    )


def _asked_url(request: Request, operation: Operation) -> str:
    """The URL of a request as its service gives it: the server has decoded the ids, which a URL has encoded."""
    ids = {name: quote(value, safe="") for name, value in request.path_params.items()}
    query = request.scope["query_string"].decode("latin-1")
    return f"{platform_of(request).url}{operation.path.format_map(ids)}" + (f"?{query}" if query else "")


def _grant(request: Request, operation: Operation) -> tuple[Grant, Registration]:
    """The access token of a request, and its tool (RFC 6750, sections 2.1 and 3.1).

    Raises:
        ServiceError: there is none, it is not from here, it has expired, its tool is gone, or it opens other things.
    """
    platform = platform_of(request)
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not token:
        raise ServiceError(401, "invalid_request", "send the access token as 'Authorization: Bearer …'", _UNTRIED)
    grant = platform.state.grants.get(token.strip())
    if grant is None:
        raise _unauthorised("invalid_token", "this access token was not granted here, or is no longer known")
    about(request)["client_id"] = grant.client_id
    if grant.expires_s <= platform.clock():
        raise _unauthorised("invalid_token", "this access token has expired; ask for another one")
    tool = platform.state.registrations.get(registration_key(grant.issuer, grant.client_id))
    if tool is None:
        raise _unauthorised(
            "invalid_token",
            f"the tool {grant.client_id!r}, which this access token was granted to, is no longer registered here;"
            " register it, and ask for another token",
        )
    if not set(operation.scopes) & set(grant.scopes):
        wanted = " or ".join(operation.scopes)
        challenge = f'Bearer error="insufficient_scope", scope="{" ".join(operation.scopes)}"'
        raise ServiceError(
            403,
            "insufficient_scope",
            f"{operation.method} {operation.name} needs the scope {wanted};"
            f" this token has {', '.join(grant.scopes) or 'none'}",
            (("www-authenticate", challenge),),
        )
    return grant, tool


def _unauthorised(error: str, description: str) -> ServiceError:
    return ServiceError(401, error, description, (("www-authenticate", f'Bearer error="{error}"'),))


def _check_media_types(policy: str, operation: Operation, headers: dict[str, str]) -> None:
    if policy != "strict":
        return
    sent = headers.get("content-type", "").partition(";")[0].strip().lower()
    if operation.accepts and sent not in operation.accepts:
        raise ServiceError(415, "invalid_request", f"Content-Type is {sent!r}, expected {operation.accepts[0]}")
    accept = headers.get("accept", "").strip() or "*/*"
    if operation.scopes and operation.method == "GET" and not _acceptable(operation.gives, accept):
        raise ServiceError(406, "invalid_request", f"Accept is {accept!r}, which leaves out {operation.gives}")


def _acceptable(given: str, accept: str) -> bool:
    wanted = {one.partition(";")[0].strip().lower() for one in accept.split(",")}
    return bool(wanted & {given, "*/*", f"{given.partition('/')[0]}/*"})


def _as_json(refusal: ServiceError) -> Reply:
    told = {"error": refusal.error, "error_description": refusal.description}
    return Reply(json=told, media_type="application/json")


def _as_page(refusal: ServiceError) -> Reply:
    told = html.escape(refusal.description)
    page = f'<!doctype html><html lang="en"><title>{refusal.status}</title><p>{told}</p></html>'
    return Reply(body=page.encode(), media_type="text/html")


def _as_nothing(_refusal: ServiceError) -> Reply:
    return Reply(body=b"")


_REFUSALS: Mapping[str, Callable[[ServiceError], Reply]] = {
    "json": _as_json,
    "html": _as_page,
    "empty": _as_nothing,
}
"""By the settings of the quirk `services.error_body`."""


def _response(reply: Reply, operation: Operation) -> Response:
    body = reply.body
    if body is None:
        body = b"" if reply.json is None else json.dumps(reply.json, ensure_ascii=False).encode()
    # What has no body has no type either.
    media_type = reply.media_type or operation.gives if body else None
    response = Response(body, reply.status, media_type=media_type)
    for name, value in (*_NOT_STORED, *reply.headers):
        response.headers.append(name, value)
    return response


def _routed(path: str) -> str:
    # The server has decoded the path, so that the id of a course may have slashes in it by now.
    return path.replace("{course}", "{course:path}")


ROUTES = tuple(
    Route(_routed(operation.path), _endpoint(operation), methods=[operation.method], name=operation.name)
    for service in services().values()
    for operation in service.OPERATIONS
)
