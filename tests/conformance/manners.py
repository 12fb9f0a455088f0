"""The sample tool with other manners: what it finds is right, and how it shows that is another tool's."""

from __future__ import annotations

import base64
import contextlib
import itertools
import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

from conformance.sample_tool import Integration, create_tool
from mockplatform.server import listen, serve
from tests.conformance.loopback import free_port

__all__ = ["Dressed", "Reason", "Shown", "beginning", "page", "served_dressed"]


@dataclass(frozen=True, kw_only=True)
class Reason:
    """Why the sample tool refuses a launch, and the how-manieth answer this is."""

    klass: str
    type: str
    code: str
    number: int
    return_url: str


@dataclass(frozen=True, kw_only=True)
class Shown:
    """An answer."""

    status: int = 200
    body: str | bytes = ""
    kind: str = "text/html; charset=utf-8"
    headers: Mapping[str, str] = field(default_factory=dict)


def page(title: str, body: str, **options: Any) -> Shown:
    """A page in the layout of a tool, which is the same whatever it shows."""
    frame = '<nav id="menu" class="bar"><a href="/">Home</a> <a href="/help">How this works</a></nav>'
    foot = '<footer id="foot"><p>Made by the school</p></footer>'
    text = f"<!doctype html><title>{title}</title><body>{frame}<div id=app class=page>{body}</div>{foot}"
    return Shown(body=text, **options)


class Dressed:
    """The sample tool, whose refusals, and launched pages if wanted, are shown in another way.

    Args:
        refused: what a refusal is shown as; None: as the sample tool shows it.
        good: what a launched page is shown as, given the how-manieth answer it is and the name in the token.
        pages: further pages by path, given the cookies.
    """

    def __init__(
        self,
        app: Any,
        *,
        refused: Callable[[Reason], Shown | None] = lambda _: None,
        good: Callable[[int, str], Shown] | None = None,
        pages: Mapping[str, Callable[[str], Shown]] | None = None,
    ) -> None:
        self._app = app
        self._refused = refused
        self._good = good
        self._pages = pages or {}
        self._numbers = itertools.count(1)

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """The application."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        request = await receive()
        claims = _claims(request.get("body", b""))
        messages: list[dict[str, Any]] = []

        async def again() -> Any:
            return request

        async def keep(message: dict[str, Any]) -> None:
            messages.append(message)

        cookies = dict(scope["headers"]).get(b"cookie", b"").decode()
        own = next((show for path, show in self._pages.items() if scope["path"].startswith(path)), None)
        if own is None:
            await self._app(scope, again, keep)
        shown = own(cookies) if own is not None else self._shown(messages, claims)
        if shown is None:
            for message in messages:
                await send(message)
            return
        kept = [] if own is not None else [h for h in messages[0]["headers"] if h[0] == b"set-cookie"]
        headers = [(name.encode(), value.encode("utf-8")) for name, value in shown.headers.items()]
        headers += [(b"content-type", shown.kind.encode()), *kept]
        body = shown.body if isinstance(shown.body, bytes) else shown.body.encode("utf-8", "surrogatepass")
        await send({"type": "http.response.start", "status": shown.status, "headers": headers})
        await send({"type": "http.response.body", "body": body})

    def _shown(self, messages: list[dict[str, Any]], claims: Mapping[str, Any]) -> Shown | None:
        headers = {name.decode().lower(): value.decode() for name, value in messages[0]["headers"]}
        if "lti-error" in headers:
            told = dict(re.findall(r'(\w+)="?([^",]+)', headers["lti-error"]))
            presented = claims.get("https://purl.imsglobal.org/spec/lti/claim/launch_presentation")
            reason = Reason(
                klass=told.get("class", ""),
                type=told.get("type", ""),
                code=told.get("code", ""),
                number=next(self._numbers),
                return_url=presented.get("return_url", "") if isinstance(presented, dict) else "",
            )
            return self._refused(reason)
        launched = messages[0]["status"] == 200 and b'id="course"' in b"".join(m.get("body", b"") for m in messages)
        if launched and self._good is not None:
            return self._good(next(self._numbers), str(claims.get("name", "")))
        return None


def _claims(body: bytes) -> Mapping[str, Any]:
    with contextlib.suppress(ValueError, KeyError, IndexError):
        token = parse_qs(body.decode())["id_token"][0].split(".")[1]
        claims = json.loads(base64.urlsafe_b64decode(token + "=" * (-len(token) % 4)))
        return claims if isinstance(claims, dict) else {}
    return {}


def beginning(tool: str, platform: str) -> str:
    """A tool file without `[observe]`, with comments of its owner."""
    return f"""# our tool
[tool]
name = "Dressed"   # as the school calls it
login_url = "{tool}/lti/login"
launch_url = "{tool}/lti/launch"

[platform]
url = "{platform}"
"""


def served_dressed(stack: contextlib.ExitStack, folder: Path, *, without: str | None = None, **manners: Any) -> Path:
    """The tool file of a dressed tool that runs until the stack is unwound."""
    platform = f"http://127.0.0.1:{free_port()}"
    registered = Integration(
        issuer=platform,
        client_id="lti-conformance",
        auth_url=f"{platform}/auth",
        jwks_url=f"{platform}/jwks",
        deployment_ids=("1",),
    )
    app = Dressed(create_tool((registered,), without=without), **manners)
    url = stack.enter_context(serve(app, listen()))
    path = folder / "lti-conformance.toml"
    path.write_text(beginning(url, platform), encoding="utf-8")
    return path
