"""The control API as an ASGI application: who may ask, which act it is, what it is given, what comes back."""

from __future__ import annotations

import hmac
import inspect
import json
import typing
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field, fields
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import parse_qsl, unquote, urlsplit

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from mockplatform.control.contract import Act, Ask, ConflictError, NotFoundError, acts
from mockplatform.control.document import document
from mockplatform.control.problems import problem
from mockplatform.errors import UsageError
from mockplatform.fetching import is_loopback
from mockplatform.stores.codec import told
from mockplatform.strict_json import strict_json, whole_texts
from mockplatform.tables import build
from mockplatform.tenants import Tenants

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Receive, Scope, Send

__all__ = ["Door", "create_control"]

_BODY_LIMIT: Final = 64 << 20
_OPEN: Final = ("/openapi.json", "/ca.pem")
"""What may be had without the secret."""
_STATUSES: Final[Mapping[type[UsageError], int]] = {NotFoundError: 404, ConflictError: 409}


@dataclass(frozen=True, slots=True, kw_only=True)
class Door:
    """Who may ask.

    Args:
        url: where the control API is.
        secret: what a caller must know; empty: nothing.
        check_host: whether only a loopback address may stand in the Host header, so that no page of another site
            reaches a platform on this machine by a name that it has pointed there.
    """

    url: str
    secret: str = field(default="", repr=False)
    check_host: bool = True

    def refusal(self, path: str, headers: Mapping[str, str]) -> Response | None:
        """Why a request is turned away, if it is."""
        host = headers.get("host", "")
        if self.check_host and not is_loopback(f"http://{host}/"):
            return problem(421, f"Host is {host!r}, which is no address of this machine; ask {self.url}")
        origin = headers.get("origin")
        if origin is not None and origin != self.url:
            return problem(403, f"Origin is {origin!r}; pages of other sites may not use the control API")
        if not self.secret or path in _OPEN:
            return None
        scheme, _, given = headers.get("authorization", "").partition(" ")
        if scheme.lower() == "bearer" and hmac.compare_digest(given.strip().encode(), self.secret.encode()):
            return None
        challenge = {"www-authenticate": 'Bearer realm="mockplatform control"'}
        return problem(401, "send the secret of the control API as 'Authorization: Bearer …'", challenge)


class _Guard:
    """Lets in whom the door lets in, and keeps paths as they were sent until they have been taken apart."""

    def __init__(self, app: ASGIApp, door: Door) -> None:
        self._app = app
        self._door = door

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] == "http":
            # An encoded slash belongs to an id; a decoded one would end it.
            path = scope["raw_path"].decode("latin-1").partition("?")[0]
            scope = {**scope, "path": path}
            refused = self._door.refusal(path, Request(scope).headers)
            if refused is not None:
                await refused(scope, receive, send)
                return
        await self._app(scope, receive, send)


def create_control(tenants: Tenants, door: Door, *, certificate: str = "") -> Starlette:
    """The control API of a platform and its tenants.

    Args:
        certificate: of the test CA, as PEM, if there is one.
    """

    async def told_document(_: Request) -> Response:
        return _json(document(door.url), 200)

    async def told_certificate(_: Request) -> Response:
        if not certificate:
            return problem(404, "there is no test CA; start the platform with --tls")
        return Response(certificate, media_type="application/x-pem-file")

    fixed = [Route("/openapi.json", told_document), Route("/ca.pem", told_certificate)]
    return Starlette(
        routes=[*fixed, *(Route(act.path, _endpoint(act, tenants), methods=[act.method]) for act in acts())],
        middleware=[Middleware(_Guard, door=door)],
        exception_handlers={HTTPException: _unknown, UsageError: _refused},
    )


def _endpoint(act: Act, tenants: Tenants) -> Callable[[Request], Awaitable[Response]]:
    async def serve(request: Request) -> Response:
        path = {name: unquote(value) for name, value in request.path_params.items()}
        given: dict[str, Any] = {}
        if act.query is not None:
            given["query"] = _query(act.query, request)
        elif request.url.query:
            raise UsageError("query: this request takes none; leave it out")
        if act.body is not None:
            given["body"] = await _body(act.body, request)
        answer = act.function(Ask(tenants=tenants, path=path), **given)
        if inspect.isawaitable(answer):
            answer = await answer
        return Response(status_code=act.status) if act.answer is None else _json(told(answer), act.status)

    return serve


def _json(value: Any, status: int) -> Response:
    # In ASCII: half a surrogate pair, which a mutation may have sent, cannot be written otherwise.
    return Response(json.dumps(value, allow_nan=False), status, media_type="application/json")


def _query(cls: type[Any], request: Request) -> Any:
    hints = typing.get_type_hints(cls)
    pairs = parse_qsl(request.url.query, keep_blank_values=True)
    known = {one.name for one in fields(cls)}
    return build(
        cls, {name: _read(text, hints[name]) if name in known else text for name, text in pairs}, where="query"
    )


def _read(text: str, hint: Any) -> Any:
    """A parameter of the query as its type reads it; as it stands where it cannot, so that it is complained about."""
    if hint is str or not isinstance(hint, type):
        return text
    try:
        value = strict_json(text.encode())
    except ValueError:
        return text
    return value if isinstance(value, hint) else text


async def _body(cls: type[Any], request: Request) -> Any:
    sent = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if sent != "application/json":
        raise HTTPException(415, f"Content-Type is {sent!r}, expected application/json")
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > _BODY_LIMIT:
            raise HTTPException(413, f"the body is longer than {_BODY_LIMIT} bytes")
    try:
        value = whole_texts(strict_json(bytes(body)))
    except ValueError as error:
        raise UsageError(f"body: not JSON that can be used: {error}") from None
    if not isinstance(value, dict):
        raise UsageError("body: expected a JSON object")
    return build(cls, value, where="body")


async def _refused(_request: Request, error: Exception) -> Response:
    return problem(_STATUSES.get(type(error), 400), str(error))  # type: ignore[arg-type]


async def _unknown(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    texts = {
        404: f"there is nothing at {urlsplit(str(request.url)).path}; GET /openapi.json tells what there is",
        405: f"{request.method} is no act here; GET /openapi.json tells what there is",
    }
    return problem(error.status_code, texts.get(error.status_code, error.detail), dict(error.headers or {}))
