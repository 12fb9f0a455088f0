"""Goal 20: launches per second in the run of all pairs, against the bare launch on the same tool."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import TypeGuard
from urllib.parse import parse_qsl

from cryptography.hazmat.primitives.asymmetric import rsa

from conformance.demo import demo_lab
from conformance.lab import Lab
from conformance.model import Result
from conformance.phases import Depth, phases
from conformance.runner import Options, Runner
from conformance.target import Start, process_keys
from conformance.transport import AsgiTransport, Request, Response, Transport
from tests.bench.bare_launch import BareLauncher, bare_claims, bare_token
from tests.bench.bare_tool import CLIENT_ID, LTI
from tests.bench.rounds import Goal, Line, Work, in_turn, looped, ratio
from tests.bench.runs import PLATFORM, Bench

__all__ = ["measure"]

ROUNDS = 3
PHASE = "precedence"
TOOL = "http://127.0.0.1"
DEPLOYMENT = "deployment-a"


def measure() -> Iterator[Line]:
    """The whole phase again and again, on the least of all tools and on the sample tool."""
    bench = Bench()
    with bench.lab() as lab:
        bare = bench.bare(time.process_time)
        yield from _measured(lab, bare, "the bare tool", Goal(">=", 0.4, 0.5))
    with demo_lab(bench.profile, Start(seed=0)) as lab:
        launcher = SampleLauncher(lab)
        bare = looped(launcher.launch, launcher.loop, time.process_time)
        yield from _measured(lab, bare, "the sample tool")
        launcher.loop.close()


def _measured(lab: Lab, bare: Work, tool: str, goal: Goal | None = None) -> Iterator[Line]:
    lab.transport = counting = Counting(lab.transport)
    Runner(lab, Options()).plain_launch()
    rounds = in_turn({"bare": bare, "bare again": bare, "pairs": pairs(lab, counting)}, ROUNDS)
    yield Line(
        number="20" if goal else "",
        name=f"launches per second in the run of pairs, {counting.last} a run",
        ratio=ratio(rounds, "bare", "pairs"),
        against=f"bare launch on {tool}",
        goal=goal,
    )
    name = "noise: the same bare launches twice"
    yield Line(number="", name=name, ratio=ratio(rounds, "bare again", "bare"), against=f"bare launch on {tool}")


class Counting:
    """Counts the launches that pass: messages, and logins that the tool refuses."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport
        self.launches = 0
        self.last = 0
        """How many the last run has sent."""

    def send(self, request: Request) -> Response:
        """The answer to a request."""
        response = self._transport.send(request)
        path = request.url.partition("?")[0]
        self.launches += path.endswith("/launch") or (path.endswith("/login") and response.status >= 400)
        return response


def pairs(lab: Lab, counting: Counting) -> Work:
    """A run of the phase, its conclusions included; a unit is a launch that was sent."""
    phase = next(each for each in phases() if each.NAME == PHASE)
    chosen = [wanted for wanted in phase.properties() if lab.profile.expectation(wanted) is not None]

    def work() -> float:
        before, began = counting.launches, time.process_time()
        told = tuple(phase.run(Runner(lab, Options()), chosen, Depth()))
        spent = time.process_time() - began
        wrong = [f"{each.scenario.id}: {each.verdict.reason}" for each in told if _failed(each)]
        assert not wrong, wrong
        counting.last = counting.launches - before
        return spent / counting.last

    return work


def _failed(told: object) -> TypeGuard[Result]:
    return isinstance(told, Result) and told.status == "failed"


class SampleLauncher(BareLauncher):
    """Launches the sample tool barely."""

    def __init__(self, lab: Lab) -> None:
        ring = process_keys()
        key = ring.private("platform")
        assert isinstance(key, rsa.RSAPrivateKey)
        assert isinstance(lab.transport, AsgiTransport)
        super().__init__(lab.transport._app, key, ring.kid("platform"), issuer=PLATFORM, url=TOOL)

    async def launch(self) -> None:
        """One launch."""
        login = {
            "iss": self._issuer,
            "login_hint": "hint-user-0123456789abcdef",
            "target_link_uri": f"{self._url}/lti/launch",
            "lti_message_hint": "0123456789abcdef0123456789abcdef",
            "client_id": CLIENT_ID,
            "lti_deployment_id": DEPLOYMENT,
        }
        status, headers = await self._post("/lti/login", login)
        asked = dict(parse_qsl(headers[b"location"].decode().partition("?")[2]))
        claims = bare_claims(self._issuer, asked["redirect_uri"], asked["nonce"])
        token = bare_token({**claims, f"{LTI}deployment_id": DEPLOYMENT}, self._key, self._kid)
        cookie = headers[b"set-cookie"].partition(b";")[0]
        status, _ = await self._post("/lti/launch", {"id_token": token, "state": asked["state"]}, cookie)
        assert status == 200, status
