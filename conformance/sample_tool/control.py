"""The control endpoint of `conformance.faultpoints.control`, over the fault points of the sample tool."""

from __future__ import annotations

import hmac
import json
import secrets
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from conformance.modes import BASE_MODES
from conformance.sample_tool.faults import POINTS, ArmedFault, Faults
from conformance.sample_tool.trust import is_number

__all__ = ["PATH", "Admits", "control_routes", "known_secret"]

PATH: Final = "/.lti-conformance/faults"

Admits = Callable[[bytes, bytes], bool]


def known_secret(given: bytes, expected: bytes) -> bool:
    """Whether somebody shows the secret that is expected."""
    return hmac.compare_digest(given, expected)


def control_routes(
    faults: Faults, *, secret: str, clock: Callable[[], float], admits: Admits = known_secret
) -> list[Route]:
    """The routes of the endpoint; whoever does not know the secret finds nothing there.

    Raises:
        ValueError: the secret is empty, so that everybody would know it.
    """
    if not secret:
        raise ValueError("the control endpoint needs a secret")
    # One route for all that begins so: a second one would answer with a redirect or a 405 where nothing may be.
    return [Route(f"{PATH}{{rest:path}}", ControlEndpoint(faults, secret=secret, clock=clock, admits=admits))]


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What a request to arm a point asks for."""

    point: str
    mode: str
    times: int | None
    ttl_s: float


class ControlEndpoint:
    """Arms, counts and disarms; the marks of an order are passed over."""

    def __init__(self, faults: Faults, *, secret: str, clock: Callable[[], float], admits: Admits) -> None:
        self._faults = faults
        self._admits = admits
        self._expected = f"Bearer {secret}".encode()
        self._clock = clock
        self._known: dict[str, tuple[ArmedFault, float]] = {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """The answer of the endpoint, or that of a path that does not exist."""
        request = Request(scope, receive)
        if not self._admits(request.headers.get("authorization", "").encode(), self._expected):
            raise HTTPException(404)
        self._forget([name for name, (_, ends) in self._known.items() if self._clock() >= ends])
        response = await self._answer(request, request.path_params["rest"].split("/"))
        await response(scope, receive, send)

    async def _answer(self, request: Request, parts: Sequence[str]) -> Response:
        match request.method, parts:
            case "POST", [""]:
                return self._arm(await request.body())
            case "DELETE", [""]:
                self._forget(list(self._known))
                return Response(status_code=204)
            case "GET", ["", one] if one in self._known:
                return JSONResponse({"hits": self._known[one][0].hits})
            case "DELETE", ["", one] if one in self._known:
                self._forget([one])
                return Response(status_code=204)
        raise HTTPException(404)

    def _arm(self, body: bytes) -> Response:
        try:
            wanted = read_wanted(body)
        except ValueError as error:
            return JSONResponse({"error": str(error)}, 422)
        # One that has failed often enough still answers for its hits, and would take its successor down with it.
        if any(fault.point == wanted.point for fault, _ in self._known.values()):
            return JSONResponse({"error": f"{wanted.point} is armed already"}, 409)
        name, ends = secrets.token_hex(8), self._clock() + wanted.ttl_s
        try:
            fault = self._faults.arm(wanted.point, wanted.mode, times=wanted.times, over=lambda: self._clock() >= ends)
        except ValueError as error:
            return JSONResponse({"error": str(error)}, 409)
        self._known[name] = (fault, ends)
        return JSONResponse({"id": name}, 201)

    def _forget(self, names: Iterable[str]) -> None:
        for name in names:
            fault, _ = self._known.pop(name)
            fault.disarm()


def read_wanted(body: bytes) -> Wanted:
    """What a body asks for; ValueError, with the words for whoever asked, if this tool cannot do that."""
    try:
        given = json.loads(body)
    except (ValueError, RecursionError):
        given = None
    if type(given) is not dict:
        raise ValueError("the body is no JSON object")
    point, mode, times, ttl_s = (given.get(name) for name in ("point", "mode", "times", "ttl_s"))
    if not isinstance(point, str) or point not in POINTS:
        raise ValueError(f"there is no point {point!r}; there are {', '.join(sorted(POINTS))}")
    if mode not in BASE_MODES:
        raise ValueError(f"there is no mode {mode!r}; there are {', '.join(BASE_MODES)}")
    if times is not None and not (type(times) is int and times > 0):
        raise ValueError(f"times is {times!r}, expected null or a number of failures")
    if not is_number(ttl_s) or ttl_s <= 0:
        raise ValueError(f"ttl_s is {ttl_s!r}, expected a number of seconds")
    return Wanted(point=point, mode=mode, times=times, ttl_s=ttl_s)
