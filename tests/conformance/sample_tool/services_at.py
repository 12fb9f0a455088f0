"""A platform of a few lines that answers service calls by hand, and a tool whose person has been launched from it."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import jwt

from conformance.sample_tool.services.model import Answered
from tests.conformance.sample_tool.conftest import INTEGRATION, TEACHER, Browser

HOST = "https://lms.example"
NRPS = "https://purl.imsglobal.org/spec/lti-nrps/claim/namesroleservice"
AGS = "https://purl.imsglobal.org/spec/lti-ags/claim/endpoint"
SCOPE = "https://purl.imsglobal.org/spec/lti-ags/scope/"
OFFERS = {
    NRPS: {"context_memberships_url": f"{HOST}/members", "service_versions": ["2.0"]},
    AGS: {"lineitems": f"{HOST}/items?course=1", "scope": [f"{SCOPE}lineitem", f"{SCOPE}score"]},
}
Reply = Callable[["Asked"], Answered]


@dataclass(frozen=True, kw_only=True)
class Asked:
    """One request of the tool."""

    method: str
    url: str
    headers: Mapping[str, str]
    body: bytes

    @property
    def form(self) -> dict[str, str]:
        """The fields of its body."""
        return dict(parse_qsl(self.body.decode()))

    @property
    def assertion(self) -> dict[str, Any]:
        """The claims of its client assertion, unverified."""
        claims: dict[str, Any] = jwt.decode(self.form["client_assertion"], options={"verify_signature": False})
        return claims


def told(document: Any, status: int = 200, **headers: Any) -> Answered:
    """An answer in JSON."""
    pairs = tuple((name.replace("_", "-"), value) for name, value in headers.items())
    return Answered(status=status, headers=pairs, body=json.dumps(document).encode())


@dataclass(kw_only=True)
class Lms:
    """Answers by path; the token endpoint grants what it is asked for."""

    replies: dict[str, Reply] = field(default_factory=dict)
    asked: list[Asked] = field(default_factory=list)
    paused: list[float] = field(default_factory=list)
    now: float = 1_800_000_000.0

    async def send(self, method: str, url: str, headers: Mapping[str, str], body: bytes) -> Answered:
        """What the tool is answered."""
        request = Asked(method=method, url=url, headers=headers, body=body)
        self.asked.append(request)
        path = urlsplit(url).path
        if path == "/token" and path not in self.replies:
            return self.granted(request)
        return self.replies[path](request)

    async def pause(self, seconds: float) -> None:
        """The tool waits."""
        self.paused.append(seconds)
        self.now += seconds

    def granted(self, request: Asked, **more: Any) -> Answered:
        """A token for all that was asked for."""
        token = {"access_token": f"t{len(self.asked)}", "token_type": "Bearer", "scope": request.form["scope"]}
        return told({**token, "expires_in": 3600, **more})

    def to(self, path: str) -> list[Asked]:
        """The requests to a path."""
        return [request for request in self.asked if urlsplit(request.url).path == path]


def launched(open_tool: Callable[..., Browser], lms: Lms, *, without: str = "", **claims: Any) -> Browser:
    """A teacher's browser after a launch that offers services; `without` names a claim that is left out."""
    integration = type(INTEGRATION)(
        **{
            **{name: getattr(INTEGRATION, name) for name in INTEGRATION.__slots__},
            "token_url": f"{HOST}/token",
        }
    )
    browser = open_tool(integrations=(integration,), send=lms.send, pause=lms.pause, most_members=5)
    offers = {name: value for name, value in OFFERS.items() if name != without}
    reply = browser.launch(roles=[TEACHER], **{**offers, **claims})
    assert reply.launched, reply.text
    return browser
