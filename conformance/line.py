"""What the tool says to the platform during a story: its calls, and its answers to deep linking requests."""

from __future__ import annotations

import asyncio
import base64
import json
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any
from urllib.parse import urlsplit

from conformance.attempt import Performed
from conformance.lab import Lab
from conformance.model import Answered, Observation
from mockplatform.deep_links.returning import receive
from mockplatform.model import AuthResponse, Exchange

__all__ = ["Line"]

MOST = 1000
SETTINGS = "https://purl.imsglobal.org/spec/lti-dl/claim/deep_linking_settings"


class Line:
    """Listens to what a tool says from one attempt of a story to the next."""

    def __init__(self, lab: Lab) -> None:
        self._lab = lab
        self._calls: list[Exchange] = []
        self._answers: list[Answered] = []
        self._about: Mapping[str, str] = {}
        self._last: Exchange | None = None
        self._asked: Mapping[str, Any] = {}
        self._held_up = 0

    def listen(self, attempt: str, client_id: str) -> None:
        """An attempt begins, by which the tool comes to act for this registration."""
        # Some platforms want assertions addressed to something else than their token URL.
        audience = self._lab.platform.dialect.value("token.audience", "")
        self._about = {"attempt": attempt, "registered": client_id, "audience": audience}
        self._held_up = self._key_faults()
        self._last = next(iter(self._lab.platform.state.journal.page(limit=1, newest_first=True)), None)

    def heard(self, performed: Performed, seen: Observation) -> tuple[Performed, Observation]:
        """What was performed and seen, with what the tool has said meanwhile."""
        news = list(self._news())
        keys = [call for call in news if call.about.get("endpoint") == "jwks"]
        calls = [call for call in news if call.about.get("endpoint") != "jwks"]
        self._calls += [replace(call, about={**call.about, **self._about}) for call in calls]
        if isinstance(performed.response, AuthResponse):
            self._asked = _settings(performed.response)
        returned = performed.visit.stopped and urlsplit(performed.visit.request.url).path.endswith("/deep-links")
        if returned:
            self._answers.append(self._received(performed))
            # The browser is back at the platform, with what the tool wanted to say.
            seen = replace(seen, outcome="launched", klass=None, type=None, code=None, channel=None)
        # A fetch that a fault has kept from the endpoint was one all the same.
        fetches = max(performed.key_fetches, len(keys), self._key_faults() - self._held_up)
        performed = replace(performed, key_fetches=fetches)
        host = urlsplit(self._lab.platform.url).hostname or ""
        return performed, replace(
            seen, calls=tuple(self._calls), answers=tuple(self._answers), platform_host=host, returned=seen.returned
        )

    def _news(self) -> Iterator[Exchange]:
        """What was noted since the attempt began, the oldest first."""
        page = self._lab.platform.state.journal.page(limit=MOST, newest_first=True)
        end = next((index for index, exchange in enumerate(page) if exchange is self._last), len(page))
        return (exchange for exchange in reversed(page[:end]) if exchange.asker == "tool")

    def _key_faults(self) -> int:
        """How often a fault has acted at the key set; what it keeps waiting is in no journal yet."""
        return sum(fault.hits for fault in self._lab.platform.faults.all() if fault.endpoint == "jwks")

    def _received(self, performed: Performed) -> Answered:
        received = asyncio.run(receive(self._lab.platform, performed.visit.params))
        return Answered(claims=received.returned.claims, problems=received.returned.problems, asked=self._asked)


def _settings(response: AuthResponse) -> Mapping[str, Any]:
    """What the platform has asked for, as the tool was told."""
    token = dict(response.fields).get("id_token", "")
    try:
        payload = token.split(".")[1]
        claims = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
    except (IndexError, ValueError):
        return {}
    found = claims.get(SETTINGS) if isinstance(claims, dict) else None
    return found if isinstance(found, dict) else {}
