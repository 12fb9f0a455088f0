"""The smallest tools that can be launched: right ones, and wrong ones to test the harness with."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import itertools
import json
from collections.abc import Awaitable, Callable, Iterator, Mapping
from typing import Any
from urllib.parse import parse_qs, urlencode

from conformance.driver import Binding
from conformance.lab import Lab
from conformance.model import Profile
from conformance.modes import BASE_MODES
from conformance.profile import load_profile
from conformance.target import Start, lab_for
from conformance.toolvalues import Launched, Observe, Probe, Tool
from conformance.transport import AsgiTransport, Request, Response, TransportTrouble
from tests.conformance.makers import make_tool

__all__ = ["CLOCK_S", "HANGS", "PLATFORM", "Miniature", "Unplugged", "lab_of", "launched", "refused", "welcome"]

CLOCK_S = 1_800_000_000.0
HANGS = 0
"""The status of an answer that never comes."""
PLATFORM = "http://127.0.0.1:9400"
Answer = tuple[int, str, Mapping[str, str]]
Rule = Callable[["Miniature", Mapping[str, Any]], Answer]


def launched(body: str = "Welcome", **headers: str) -> Answer:
    """The page of a launched person."""
    return 200, body, headers


def refused(code: int | None = None, status: int = 400) -> Answer:
    """A refusal, with a code if there is one."""
    return status, "Sorry", {"lti-error": f"code={code}"} if code else {}


def welcome(tool: Miniature, claims: Mapping[str, Any]) -> Answer:
    """The answer of a tool that looks at expiry, nonce and e-mail address, and gives a session."""
    if claims.get("exp", 0) < tool.clock():
        return refused(1001)
    if claims.get("nonce") not in tool.nonces:
        return refused(1001)
    if "email" not in claims:
        return refused(1006)
    tool.nonces.remove(claims["nonce"])
    return launched(**tool.session())


class Miniature:
    """A tool that believes every signature; `rule` says what it answers to the claims of a launch."""

    def __init__(
        self,
        rule: Rule = welcome,
        *,
        login: Callable[[Miniature], Answer] | None = None,
        edit: Callable[[], Answer] = lambda: (200, "Saved", {}),
        basic: Callable[[Miniature, Mapping[str, str]], Answer] | None = None,
        platform: str = PLATFORM,
        url: str = "http://127.0.0.1:9555",
        clock: Callable[[], float] = lambda: CLOCK_S,
    ) -> None:
        self.rule = rule
        self.login = login
        self.edit = edit
        self.basic = basic
        self.blind: Callable[[], bool] = lambda: False
        self.edits: list[Mapping[str, str]] = []
        self.platform = platform
        self.url = url
        self.clock = clock
        self.nonces: set[str] = set()
        self.sessions: set[str] = set()
        self.launches: list[Mapping[str, Any]] = []
        self.logins: list[Mapping[str, str]] = []
        self._numbers = itertools.count()

    async def __call__(
        self,
        scope: Mapping[str, Any],
        receive: Callable[[], Awaitable[Mapping[str, Any]]],
        send: Callable[[Mapping[str, Any]], Awaitable[None]],
    ) -> None:
        """The application."""
        assert scope["type"] == "http", "this tool knows no lifespan"
        body = (await receive()).get("body", b"")
        fields = {name: values[0] for name, values in parse_qs((scope["query_string"] + b"&" + body).decode()).items()}
        cookies = dict(scope["headers"]).get(b"cookie", b"").decode()
        status, text, headers = self._answer(scope["path"], fields, cookies)
        if status == HANGS:
            await asyncio.Event().wait()
        raw = [(name.encode(), value.encode()) for name, value in headers.items()]
        await send(
            {"type": "http.response.start", "status": status, "headers": [(b"content-type", b"text/html"), *raw]}
        )
        await send({"type": "http.response.body", "body": text.encode()})

    def _answer(self, path: str, fields: Mapping[str, str], cookies: str) -> Answer:
        if path == "/login":
            self.logins.append(fields)
            return self.login(self) if self.login is not None else self.continue_login(fields)
        if path == "/me":
            found = (session for session in self.sessions if session in cookies and not self.blind())
            session = next(found, None)
            return (401, "{}", {}) if session is None else (200, json.dumps({"id": f"of {session}"}), {})
        if path == "/edit":
            self.edits.append(fields)
            return self.edit()
        if path == "/basic" and self.basic is not None:
            return self.basic(self, fields)
        if path == "/loop":
            return 302, "", {"location": "/loop"}
        if "id_token" not in fields:
            return 404, "", {}
        payload = fields["id_token"].split(".")[1]
        claims = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
        self.launches.append(claims)
        return self.rule(self, claims)

    def continue_login(self, fields: Mapping[str, str]) -> Answer:
        """The redirect to the platform, with a nonce of its own."""
        nonce = f"nonce-{next(self._numbers):020}"
        self.nonces.add(nonce)
        asked = {
            "scope": "openid",
            "response_type": "id_token",
            "response_mode": "form_post",
            "prompt": "none",
            "client_id": "lti-conformance",
            "redirect_uri": f"{self.url}/launch",
            "login_hint": fields.get("login_hint", ""),
            "lti_message_hint": fields.get("lti_message_hint", ""),
            "state": f"state-{next(self._numbers):020}",
            "nonce": nonce,
        }
        return 302, "", {"location": f"{self.platform}/auth?{urlencode(asked)}"}

    def session(self) -> Mapping[str, str]:
        """The header that gives the browser a session."""
        session = f"session-{next(self._numbers):020}"
        self.sessions.add(session)
        return {"set-cookie": f"sid={session}; Path=/"}


class Unplugged:
    """A transport whose tool is gone after so many requests."""

    def __init__(self, transport: Any, after: int) -> None:
        self._transport = transport
        self._left = after

    def send(self, request: Request) -> Response:
        """The answer, as long as there is one."""
        self._left -= 1
        if self._left < 0:
            raise TransportTrouble("refused", "nobody answers")
        answer: Response = self._transport.send(request)
        return answer


def bound(target: Any) -> Binding:
    """What takes the mode, as a driver binds it."""
    return Binding(arm=lambda order: target(order.mode), modes=BASE_MODES)


@contextlib.contextmanager
def lab_of(
    app: Any,
    *,
    profile: Profile | None = None,
    tool: Tool | None = None,
    seed: int = 0,
    faults: Mapping[str, Any] | None = None,
    unplugged_after: int | None = None,
    **observe: Any,
) -> Iterator[Lab]:
    """A lab around an application, which reads the LTI-Error header and probes at /me."""
    settings: dict[str, Any] = {
        "launched": Launched(text="Welcome"),
        "probe": Probe(request="GET /me"),
        "error": ({"kind": "header"},),
    }
    known = tool or make_tool(observe=Observe(**(settings | observe)))
    with AsgiTransport(app, timeout_s=60) as asgi:
        transport: Any = asgi if unplugged_after is None else Unplugged(asgi, unplugged_after)
        start = Start(seed=seed, clock=lambda: CLOCK_S)
        lab = lab_for(known, profile or load_profile("core"), transport, start, url=PLATFORM)
        lab.faults = {point: bound(target) for point, target in (faults or {}).items()}
        yield lab
