"""The tool's way to Zoom: a person's tokens, their meetings, and whether their account is live."""

from __future__ import annotations

import base64
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote, urlencode

import anyio

from conformance.sample_tool.exchanging import http_exchange
from conformance.sample_tool.faults import BackendError
from conformance.sample_tool.model import ZoomTokens

if TYPE_CHECKING:
    from conformance.sample_tool.store import Store

__all__ = ["Account", "NewMeeting", "Zoom", "ZoomError", "http_zoom"]

Zoom = Callable[[str, str, Mapping[str, str], bytes], Awaitable[tuple[int, bytes]]]
"""Sends method, path, headers and body; brings status and body; OSError if there is no answer in time."""

NewMeeting = Callable[[str, Mapping[str, Any]], Awaitable[str]]

TIMEOUT_S = 0.8
BODY_LIMIT = 1 << 20
INVALID_TOKEN: Final = 124
TOPIC_LENGTH: Final = 200
# Whoever runs the sample tool before a real Zoom has no use for it.
CLIENT: Final = base64.b64encode(b"sample-tool:not-a-secret").decode()
AS_CLIENT: Final = {"Authorization": f"Basic {CLIENT}", "Content-Type": "application/x-www-form-urlencoded"}


class ZoomError(BackendError):
    """Zoom gave no usable answer."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Account:
    """The Zoom account of a person, which the tool may use in their name."""

    zoom: Zoom
    store: Store
    email: str

    async def check(self) -> None:
        """Nothing, if the account is live.

        Raises:
            ZoomError: it is not.
        """
        _known(await self._ask("GET", "/v2/users/me"))

    @asynccontextmanager
    async def new_meetings(self) -> AsyncIterator[NewMeeting]:
        """Makes meetings for the block, given topic and settings; if it fails, none of them stays."""
        made: list[str] = []

        async def new_meeting(topic: str, settings: Mapping[str, Any]) -> str:
            document = {"topic": topic[:TOPIC_LENGTH], "type": 2, "settings": dict(settings)}
            path = f"/v2/users/{quote(self.email, safe='@')}/meetings"
            made.append(_known(await self._ask("POST", path, document)))
            return made[-1]

        try:
            yield new_meeting
        except Exception:
            # A meeting that stays harms nobody, so the first that cannot be deleted ends the attempt.
            with suppress(ZoomError, OSError):
                for meeting in made:
                    await self._ask("DELETE", f"/v2/meetings/{meeting}")
            raise

    async def _ask(self, method: str, path: str, document: Mapping[str, Any] | None = None) -> Mapping[str, Any]:
        """The document that is answered, after one more try with a fresh token if the first was refused."""
        token = self._tokens().access or await self._fresh_token()
        status, answer = await self._send(token, method, path, document)
        if status == 401 and answer.get("code") == INVALID_TOKEN:
            status, answer = await self._send(await self._fresh_token(), method, path, document)
        if not 200 <= status < 300:
            raise ZoomError(f"{method} {path}: status {status}, code {answer.get('code')}")
        return answer

    async def _send(
        self, token: str, method: str, path: str, document: Mapping[str, Any] | None
    ) -> tuple[int, Mapping[str, Any]]:
        headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
        body = b"" if document is None else json.dumps(document).encode()
        status, answer = await self.zoom(method, path, headers, body)
        return status, _document(answer) if answer else {}

    async def _fresh_token(self) -> str:
        """An access token in exchange for the refresh token, which is exchanged as well (RFC 6749 6)."""
        refresh = self._tokens().refresh
        fields = {"grant_type": "refresh_token", "refresh_token": refresh}
        status, answer = await self.zoom("POST", "/oauth/token", AS_CLIENT, urlencode(fields).encode())
        granted = _document(answer)
        token, next_refresh = granted.get("access_token"), granted.get("refresh_token", refresh)
        if status != 200 or not isinstance(token, str) or not token or not isinstance(next_refresh, str):
            raise ZoomError(f"no access token: status {status}, {granted.get('error')}")
        self.store.keep_zoom_tokens(self.email, ZoomTokens(access=token, refresh=next_refresh))
        return token

    def _tokens(self) -> ZoomTokens:
        tokens = self.store.find_zoom_tokens(self.email)
        if tokens is None:
            raise ZoomError("the person has not connected a Zoom account")
        return tokens


def http_zoom(url: str) -> Zoom:
    """A way to the Zoom API at an address, bounded in time and size, that follows nothing."""
    exchange = http_exchange(limit=BODY_LIMIT, awaited="the answer")

    async def send(method: str, path: str, headers: Mapping[str, str], body: bytes) -> tuple[int, bytes]:
        # Zoom is asked several times while a person waits, so each answer gets less time than a platform's.
        with anyio.fail_after(TIMEOUT_S):
            status, _, answer = await exchange(method, f"{url.rstrip('/')}{path}", headers, body)
        return status, answer

    return send


def _document(body: bytes) -> Mapping[str, Any]:
    try:
        document = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise ZoomError("the answer is not JSON") from error
    if not isinstance(document, dict):
        raise ZoomError("the answer is no object")
    return document


def _known(answer: Mapping[str, Any]) -> str:
    """The id in an answer: without one it tells of nothing."""
    found = answer.get("id")
    if isinstance(found, bool) or not isinstance(found, int | str) or not found:
        raise ZoomError("the answer has no id")
    return str(found)
