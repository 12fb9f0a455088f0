"""Goal 19: launches that Hypothesis makes and that are really sent, against Schemathesis's requests.

Schemathesis gets an API of ten operations, each of which costs what a launch costs the tool: behind every request the
bare tool takes a login and verifies a token that was signed before.
"""

from __future__ import annotations

import itertools
import json
import random
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, cast
from urllib.parse import parse_qsl

import schemathesis
from cryptography.hazmat.primitives.asymmetric import rsa
from hypothesis import given, settings
from schemathesis.core.result import Ok
from schemathesis.engine import Status, events, from_schema
from schemathesis.engine.run import PhaseName
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from conformance.model import Result, Scenario
from conformance.phases import EXAMPLES, Depth, Phase, phases
from conformance.runner import Options, Runner
from conformance.target import process_keys
from tests.bench.bare_launch import BareLauncher, bare_claims, bare_token
from tests.bench.bare_tool import CLIENT_ID, create_bare_tool
from tests.bench.rounds import Goal, Line, Work, in_turn, ratio
from tests.bench.runs import FLOOR, PLATFORM, TOOL, Bench

__all__ = ["measure"]

ROUNDS = 5
PROPERTIES = 6
# Of all threads: Schemathesis calls the application in a second one, and would pay for a busy machine by waiting.
CLOCK = time.process_time
RESOURCES = ("courses", "members", "grades", "links", "groups")
FUZZING = "Schemathesis, fuzzing phase of `st run`"
POSITIVE = "Schemathesis, Operation.as_strategy()"
NONCE = "known-before-the-launch"
HINT = "hint-user-0123456789abcdef"
LONGEST, MOST = 80, 100


def measure() -> Iterator[Line]:
    """Examples per second of both, and what one costs beside the launch alone."""
    bench, peer = Bench(), Peer()
    subjects = {
        "bare": bench.bare(CLOCK),
        "bare again": bench.bare(CLOCK),
        "generated": generated(bench),
        "fuzzed": peer.fuzzed(),
        "positive": peer.positive(),
    }
    rounds = in_turn(subjects, ROUNDS)
    name = f"launches generated and sent per second, {EXAMPLES} at a time"
    yield Line(
        number="19", name=name, ratio=ratio(rounds, "fuzzed", "generated"), against=FUZZING, goal=Goal(">=", 6.0, 9.0)
    )
    yield Line(number="", name=name, ratio=ratio(rounds, "positive", "generated"), against=POSITIVE)
    yield Line(
        number="19",
        name="a launch generated and sent, in process",
        ratio=ratio(rounds, "generated", "bare"),
        against=FLOOR,
        goal=Goal("<=", 3.0),
    )
    yield Line(number="", name="noise: bare launches twice", ratio=ratio(rounds, "bare again", "bare"), against=FLOOR)


def generated(bench: Bench) -> Work:
    """Some properties of the deep run; a unit is a launch that was sent."""
    phase = next(each for each in phases() if each.NAME == "generated")
    chosen = upheld(bench, phase)

    def work() -> float:
        began, before = CLOCK(), int(bench.app.state.launches)
        assert all(passes(bench, phase, wanted) for wanted in chosen)
        return (CLOCK() - began) / (int(bench.app.state.launches) - before)

    return work


def upheld(bench: Bench, phase: Phase) -> Sequence[Scenario]:
    """Properties of all kinds that the tool has: what breaks one is made smaller, and says nothing of speed."""
    wanted = [each for each in phase.properties() if bench.profile.expectation(each) is not None]
    random.Random(0).shuffle(wanted)
    return list(itertools.islice((each for each in wanted if passes(bench, phase, each)), PROPERTIES))


def passes(bench: Bench, phase: Phase, wanted: Scenario) -> bool:
    """Whether the tool has a property, of which there are as many examples as were asked for."""
    with bench.lab() as lab:
        before = int(bench.app.state.launches)
        told = [each for each in phase.run(Runner(lab, Options()), [wanted], Depth()) if isinstance(each, Result)]
        return told[0].status == "passed" and int(bench.app.state.launches) - before >= EXAMPLES


class Peer:
    """An API without mistakes, and Schemathesis on it by direct calls."""

    def __init__(self) -> None:
        self._tool = Verifier()
        self.requests = 0
        self.app = Starlette(routes=[Route("/openapi.json", self.description, methods=["GET"]), *self._routes()])

    def _routes(self) -> Iterator[Route]:
        for name in RESOURCES:
            yield Route(f"/{name}/{{id}}", self.read, methods=["GET"])
            yield Route(f"/{name}", self.create, methods=["POST"])

    async def description(self, _: Request) -> Response:
        """The OpenAPI document."""
        return JSONResponse(
            {
                "openapi": "3.0.3",
                "info": {"title": "courses", "version": "1"},
                "paths": {path: what for name in RESOURCES for path, what in described(name).items()},
            }
        )

    async def read(self, request: Request) -> Response:
        """One of a kind."""
        await self._launched()
        if not is_number(request.path_params["id"]):
            return problem(404)
        limits = request.query_params.getlist("limit")
        return answer() if all(is_number(limit) for limit in limits) else problem(400)

    async def create(self, request: Request) -> Response:
        """Another of a kind."""
        await self._launched()
        if request.headers.get("content-type", "").partition(";")[0] != "application/json":
            return problem(415)
        try:
            wanted = json.loads(await request.body())
        except ValueError:
            return problem(400)
        return answer() if is_item(wanted) else problem(400)

    async def _launched(self) -> None:
        self.requests += 1
        await self._tool.launched()

    def fuzzed(self) -> Work:
        """What a run of Schemathesis sends with all its checks, right and wrong values, two operations a slice."""
        config = {"phases": {name: {"enabled": False} for name in ("examples", "coverage", "stateful")}}
        turn = itertools.cycle(RESOURCES)

        def work() -> float:
            self._tool.sign()
            settled = schemathesis.Config.from_dict({**config, "seed": 0, "generation": {"max-examples": EXAMPLES}})
            schema = schemathesis.openapi.from_asgi("/openapi.json", self.app, config=settled)
            requests, spent, began = self.requests, 0.0, CLOCK()
            for event in from_schema(schema.include(path_regex=f"^/{next(turn)}")).execute():
                if isinstance(event, events.PhaseStarted):
                    began = CLOCK()
                elif isinstance(event, events.PhaseFinished) and event.phase.name is PhaseName.FUZZING:
                    assert event.status is Status.SUCCESS, event
                    spent = CLOCK() - began
            return spent / (self.requests - requests)

        return work

    def positive(self) -> Work:
        """The same by a test of one's own: right values only, and the checks of `Case.call_and_validate`."""
        turn = itertools.cycle(RESOURCES)
        schema = schemathesis.openapi.from_asgi("/openapi.json", self.app, config=schemathesis.Config(seed=0))

        def work() -> float:
            self._tool.sign()
            chosen = schema.include(path_regex=f"^/{next(turn)}")
            tests = [as_test(found.ok()) for found in chosen.get_all_operations() if isinstance(found, Ok)]
            before, began = self.requests, CLOCK()
            for test in tests:
                test()
            return (CLOCK() - began) / (self.requests - before)

        return work


class Verifier(BareLauncher):
    """What a launch is for the tool: a login and a message, here one that was signed before."""

    def __init__(self) -> None:
        ring = process_keys()
        key = ring.private("platform")
        assert isinstance(key, rsa.RSAPrivateKey)
        self._tool = create_bare_tool(ring.jwk("platform"), issuer=PLATFORM, url=TOOL)
        super().__init__(self._tool, key, ring.kid("platform"), issuer=PLATFORM, url=TOOL)
        self._token = ""

    def sign(self) -> None:
        """Renew the message, which is good for some minutes."""
        self._token = bare_token(bare_claims(PLATFORM, f"{TOOL}/launch", NONCE), self._key, self._kid)

    async def launched(self) -> None:
        """One launch as the tool sees it."""
        status, headers = await self._post("/login", {"iss": PLATFORM, "login_hint": HINT, "client_id": CLIENT_ID})
        state = dict(parse_qsl(headers[b"location"].decode().partition("?")[2]))["state"]
        self._tool.state.nonces[state] = NONCE
        cookie = headers[b"set-cookie"].partition(b";")[0]
        status, _ = await self._post("/launch", {"id_token": self._token, "state": state}, cookie)
        assert status == 200, status


def as_test(operation: Any) -> Callable[[], None]:
    """A Hypothesis test of an operation, as Schemathesis's users write it."""

    @settings(max_examples=EXAMPLES, deadline=None, database=None, derandomize=True)
    @given(case=operation.as_strategy())
    def test(case: Any) -> None:
        case.call_and_validate()

    return cast("Callable[[], None]", test)


def described(name: str) -> Mapping[str, Any]:
    """The two operations of a resource."""
    number = {"type": "integer", "minimum": 1, "maximum": MOST}
    text = {"type": "string", "maxLength": LONGEST}
    wanted = {
        "type": "object",
        "additionalProperties": False,
        "required": ["title", "points"],
        "properties": {"title": text, "points": number, "note": text},
    }
    responses = {"200": in_json({"type": "object", "required": ["id"], "properties": {"id": {"type": "integer"}}})}
    responses |= {status: in_json({"type": "object", "required": ["detail"]}) for status in ("400", "404", "415")}
    parameters = [
        {"name": "id", "in": "path", "required": True, "schema": number},
        {"name": "limit", "in": "query", "schema": number},
    ]
    body = {**in_json(wanted), "required": True}
    return {
        f"/{name}/{{id}}": {"get": {"parameters": parameters, "responses": responses}},
        f"/{name}": {"post": {"requestBody": body, "responses": responses}},
    }


def in_json(schema: Mapping[str, Any]) -> dict[str, Any]:
    """A body of this shape."""
    return {"description": "JSON", "content": {"application/json": {"schema": schema}}}


def is_number(text: str) -> bool:
    """Whether a parameter is what the document allows."""
    return text.isascii() and text.isdigit() and 1 <= int(text) <= MOST


def is_item(wanted: object) -> bool:
    """Whether a body is what the document allows."""
    if not isinstance(wanted, dict) or not {"title", "points"} <= set(wanted) <= {"title", "points", "note"}:
        return False
    points, texts = wanted["points"], [wanted[name] for name in ("title", "note") if name in wanted]
    if isinstance(points, bool) or not isinstance(points, int | float) or points not in range(1, MOST + 1):
        return False
    return all(isinstance(text, str) and len(text) <= LONGEST for text in texts)


def answer() -> Response:
    """What is found or made."""
    return JSONResponse({"id": 1})


def problem(status: int) -> Response:
    """What is refused."""
    return JSONResponse({"detail": "refused"}, status)
