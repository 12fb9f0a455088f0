"""One request to an application in this process, with nothing in between."""

from __future__ import annotations

from collections.abc import Mapping, MutableMapping
from typing import Any

from starlette.types import ASGIApp

__all__ = ["asked"]


async def asked(
    app: ASGIApp, method: str, target: str, headers: Mapping[str, str], body: bytes = b""
) -> tuple[int, Mapping[str, str], bytes]:
    """Status, headers and body of the answer."""
    path, _, query = target.partition("?")
    scope = {
        "type": "http",
        "method": method,
        "path": path,
        "raw_path": path.encode(),
        "root_path": "",
        "scheme": "http",
        "http_version": "1.1",
        "query_string": query.encode(),
        "server": ("127.0.0.1", 9400),
        "headers": [(name.encode(), value.encode()) for name, value in headers.items()],
    }
    parts: list[MutableMapping[str, Any]] = []

    async def receive() -> MutableMapping[str, Any]:
        return {"type": "http.request", "body": body, "more_body": False}

    async def send(message: MutableMapping[str, Any]) -> None:
        parts.append(message)

    await app(scope, receive, send)
    answered = {name.decode().lower(): value.decode() for name, value in parts[0]["headers"]}
    return parts[0]["status"], answered, b"".join(part.get("body", b"") for part in parts[1:])
