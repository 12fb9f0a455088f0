"""A small honest platform and a browser, to drive the sample tool by its ASGI interface."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from starlette.applications import Starlette

from conformance.sample_tool import Integration, create_tool

LTI = "https://purl.imsglobal.org/spec/lti/claim/"
TEACHER = "http://purl.imsglobal.org/vocab/lis/v2/membership#Instructor"
STUDENT = "http://purl.imsglobal.org/vocab/lis/v2/membership#Learner"
ABSENT: Any = object()
FORM = "application/x-www-form-urlencoded"

INTEGRATION = Integration(
    issuer="https://lms.example",
    client_id="client-1",
    auth_url="https://lms.example/auth?tenant=7",
    jwks_url="https://lms.example/jwks",
    deployment_ids=("1", "Two"),
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Reply:
    """What the tool answered."""

    status: int
    headers: Mapping[str, str]
    cookies: Mapping[str, str]
    text: str

    @property
    def error(self) -> str:
        """The error header."""
        return self.headers.get("lti-error", "")

    @property
    def launched(self) -> bool:
        """Whether this is the page of a launched person."""
        return self.status == 200 and 'id="course"' in self.text


def public_jwk(key: Any, kid: str, **more: object) -> dict[str, object]:
    """The entry of a key in a key set."""
    return {**jwt.algorithms.RSAAlgorithm.to_jwk(key.public_key(), as_dict=True), "kid": kid, **more}


@dataclass(kw_only=True)
class Platform:
    """Signs tokens and serves its key set."""

    key: Any
    kid: str = "main"
    entries: list[Any] = field(default_factory=list)
    answer: Callable[[], tuple[int, bytes]] | None = None
    fetched: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.entries.append(public_jwk(self.key, self.kid, use="sig", alg="RS256"))

    async def fetch(self, url: str) -> tuple[int, bytes]:
        """What the tool gets from the key set's address."""
        self.fetched.append(url)
        return self.answer() if self.answer else (200, json.dumps({"keys": self.entries}).encode())

    def sign(self, claims: Mapping[str, Any], *, header: Mapping[str, Any], key: Any = None, alg: str = "RS256") -> str:
        """A signed token; the header may say what it likes."""
        return jwt.encode(dict(claims), key or self.key, algorithm=alg, headers=dict(header))


@dataclass(kw_only=True)
class Browser:
    """One person's browser in front of one tool."""

    app: Starlette
    platform: Platform
    cookies: dict[str, str] = field(default_factory=dict)

    def send(self, method: str, path: str, fields: Mapping[str, Any] | None = None, **headers: str) -> Reply:
        """Sends fields by query or by form, and keeps the cookies of the answer."""
        encoded = urlencode(fields or {}, doseq=True)
        query, body = ("", encoded) if method == "POST" else (encoded, "")
        sent = {"host": "tool.example", "cookie": "; ".join(f"{k}={v}" for k, v in self.cookies.items())}
        sent |= {"content-type": FORM} if method == "POST" else {}
        sent |= {name.replace("_", "-"): value for name, value in headers.items()}
        reply = asyncio.run(request(self.app, method, path, query, body.encode(), sent))
        self.cookies |= reply.cookies
        return reply

    def begin(self, method: str = "GET", **changed: Any) -> Reply:
        """Starts a login."""
        asked = {
            "iss": INTEGRATION.issuer,
            "client_id": INTEGRATION.client_id,
            "login_hint": "hint",
            "target_link_uri": "https://tool.example/course",
        }
        return self.send(method, "/lti/login", merged(asked, changed))

    def claims(self, login: Reply, **changed: Any) -> dict[str, Any]:
        """The claims of an honest answer to a login, with changes."""
        now = time.time()
        honest = {
            "iss": INTEGRATION.issuer,
            "aud": INTEGRATION.client_id,
            "sub": "person-1",
            "iat": now - 5,
            "exp": now + 300,
            "nonce": asked(login)["nonce"],
            "name": "Ada Lovelace",
            "email": "ada@lms.example",
            LTI + "message_type": "LtiResourceLinkRequest",
            LTI + "version": "1.3.0",
            LTI + "deployment_id": "1",
            LTI + "target_link_uri": "https://tool.example/course",
            LTI + "resource_link": {"id": "link-1"},
            LTI + "roles": [STUDENT],
            LTI + "context": {"id": "course-1", "title": "Analytical engines"},
        }
        return merged(honest, {long_name(name): value for name, value in changed.items()})

    def finish(self, login: Reply, token: Any, **changed: Any) -> Reply:
        """Posts a token to the tool."""
        return self.send("POST", "/lti/launch", merged({"id_token": token, "state": asked(login)["state"]}, changed))

    def launch(
        self,
        *,
        header: Mapping[str, Any] | None = None,
        form: Mapping[str, Any] | None = None,
        login: Mapping[str, Any] | None = None,
        key: Any = None,
        alg: str = "RS256",
        respell: Callable[[str], Any] = str,
        **claims: Any,
    ) -> Reply:
        """A whole launch, honest but for the changes."""
        begun = self.begin(**(login or {}))
        if begun.status != 302:
            return begun
        head = {"kid": self.platform.kid, **(header or {})}
        head = {name: value for name, value in head.items() if value is not ABSENT}
        token = self.platform.sign(self.claims(begun, **claims), header=head, key=key, alg=alg)
        return self.finish(begun, respell(token), **(form or {}))

    def me(self) -> Reply:
        """Whose session this browser has."""
        return self.send("GET", "/api/me")


def merged(honest: Mapping[str, Any], changed: Mapping[str, Any]) -> dict[str, Any]:
    """The fields with changes; ABSENT takes one away."""
    return {name: value for name, value in {**honest, **changed}.items() if value is not ABSENT}


def long_name(name: str) -> str:
    """The full name of an LTI claim."""
    short = {"message_type", "version", "deployment_id", "target_link_uri", "resource_link", "roles"}
    return LTI + name if name in short | {"context", "custom", "launch_presentation"} else name


def asked(login: Reply) -> dict[str, str]:
    """What the tool asked the platform for."""
    query = parse_qs(urlsplit(login.headers["location"]).query, keep_blank_values=True)
    return {name: values[0] for name, values in query.items()}


async def request(app: Starlette, method: str, path: str, query: str, body: bytes, headers: Mapping[str, str]) -> Reply:
    """One request to an ASGI application."""
    sent: list[dict[str, Any]] = []

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": body, "more_body": False}

    async def send(message: Any) -> None:
        sent.append(message)

    scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": method,
        "scheme": "https",
        "path": path,
        "raw_path": path.encode(),
        "query_string": query.encode(),
        "root_path": "",
        "headers": [(name.encode(), value.encode()) for name, value in headers.items()],
        "server": ("tool.example", 443),
        "client": ("127.0.0.1", 1),
    }
    await app(scope, receive, send)
    return reply_of(sent)


def reply_of(sent: list[dict[str, Any]]) -> Reply:
    """The answer in what an application has sent."""
    raw = [(name.decode().lower(), value.decode()) for name, value in sent[0]["headers"]]
    cookies = [value.split(";")[0].partition("=") for name, value in raw if name == "set-cookie"]
    return Reply(
        status=sent[0]["status"],
        headers=dict(raw),
        cookies={name: value for name, _, value in cookies},
        text=b"".join(message.get("body", b"") for message in sent[1:]).decode(),
    )


@pytest.fixture(scope="session")
def signing_key() -> Any:
    """The one RSA key of these tests."""
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


@pytest.fixture
def platform(signing_key: Any) -> Platform:
    """An honest platform."""
    return Platform(key=signing_key)


@pytest.fixture
def open_tool(platform: Platform) -> Callable[..., Browser]:
    """Makes a tool, and gives a browser in front of it."""

    def create(*, integrations: tuple[Integration, ...] = (INTEGRATION,), **options: Any) -> Browser:
        return Browser(app=create_tool(integrations, fetch=platform.fetch, **options), platform=platform)

    return create
