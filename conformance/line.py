"""What the tool says to the platform during a story: its calls, and its answers to deep linking requests."""

from __future__ import annotations

import asyncio
import base64
import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any
from urllib.parse import urljoin, urlsplit

from conformance.attempt import Performed
from conformance.call_reading import next_pages, place
from conformance.lab import Lab
from conformance.model import Answered, Observation
from mockplatform.deep_links.returning import receive
from mockplatform.model import AuthResponse, Exchange

__all__ = ["ASKED_BY", "LATE_S", "Line"]

MOST = 1000
LATE_S = 5.0
"""How long a tool that does its work behind its answer may take for it."""
_LOOK_S = 0.1
ASKED_BY: Mapping[str, str] = {
    "read_roster": "memberships",
    "post_score": "scores",
    "read_results": "results",
    "read_groups": "groups",
    "pick_content": "deep_links",
}
"""The endpoint of the platform that an action cannot do without."""
SETTINGS = "https://purl.imsglobal.org/spec/lti-dl/claim/deep_linking_settings"


class Line:
    """Listens to what a tool says from one attempt of a story to the next."""

    def __init__(self, lab: Lab) -> None:
        self._lab = lab
        self._calls: list[Exchange] = []
        self._answers: list[Answered] = []
        self._about: Mapping[str, str] = {}
        self._known: list[Exchange] = []
        self._asked: Mapping[str, Any] = {}
        self._held_up = 0

    def listen(self, attempt: str, client_id: str) -> None:
        """An attempt begins, by which the tool comes to act for this registration."""
        # Some platforms want assertions addressed to something else than their token URL.
        audience = self._lab.platform.dialect.value("token.audience", "")
        self._about = {"attempt": attempt, "registered": client_id, "audience": audience}
        self._held_up = self._key_faults()
        self._known = self._lab.platform.state.journal.page(limit=MOST, newest_first=True)

    def wait(self, action: str) -> None:
        """Give a tool time that has granted an action and may carry it out from a queue."""
        endpoint = ASKED_BY.get(action, "deep_links")
        if endpoint == "deep_links":
            return
        for _ in range(round(LATE_S / _LOOK_S)):
            asked = [call for call in self.news() if call.about.get("endpoint") == endpoint and self._is_own(call)]
            if asked and not _leads_on(asked):
                return
            self._lab.pause(_LOOK_S)

    def heard(self, performed: Performed, seen: Observation) -> tuple[Performed, Observation]:
        """What was performed and seen, with what the tool has said meanwhile."""
        news = self.news()
        keys = [call for call in news if call.about.get("endpoint") == "jwks"]
        calls = [call for call in news if call.about.get("endpoint") != "jwks"]
        self._calls += [replace(call, about={**call.about, **self._about}) for call in calls]
        if isinstance(performed.response, AuthResponse):
            self._asked = _settings(performed.response)
        has_answered = performed.visit.stopped and urlsplit(performed.visit.request.url).path.endswith("/deep-links")
        if has_answered:
            self._answers.append(self._received(performed))
            # The browser is back at the platform, with what the tool wanted to say.
            seen = replace(seen, outcome="launched", klass=None, type=None, code=None, channel=None)
        # A fetch that a fault has kept from the endpoint was one all the same.
        fetches = max(performed.key_fetches, len(keys), self._key_faults() - self._held_up)
        performed = replace(performed, key_fetches=fetches)
        host = urlsplit(self._lab.platform.url).hostname or ""
        return performed, replace(seen, calls=tuple(self._calls), answers=tuple(self._answers), platform_host=host)

    def news(self) -> list[Exchange]:
        """What the tool has asked since the attempt began, the oldest first."""
        page = self._lab.platform.state.journal.page(limit=MOST, newest_first=True)
        # A store may make its records anew, and two calls may be alike: only their succession tells where news begin.
        sizes = range(len(page), -1, -1)
        old = next(size for size in sizes if page[len(page) - size :] == self._known[:size])
        page = page[: len(page) - old]
        return [exchange for exchange in reversed(page) if exchange.asker == "tool"]

    def _is_own(self, call: Exchange) -> bool:
        """Whether a call may be of this attempt: one by a token of somebody else may be left over from an earlier."""
        registered = self._about["registered"]
        return bool(call.about.get("client_id", registered) == registered)

    def _key_faults(self) -> int:
        """How often a fault has acted at the key set; what it keeps waiting is in no journal yet."""
        return sum(fault.hits for fault in self._lab.platform.faults.all() if fault.endpoint == "jwks")

    def _received(self, performed: Performed) -> Answered:
        received = asyncio.run(receive(self._lab.platform, performed.visit.params))
        return Answered(
            claims=received.returned.claims,
            problems=received.returned.problems,
            asked=self._asked,
            attempt=self._about["attempt"],
        )


def _leads_on(calls: Sequence[Exchange]) -> bool:
    """Whether the last of these calls has brought a page of a list behind which there is one that was not asked for."""
    asked = {place(call.url) for call in calls}
    return any(place(urljoin(calls[-1].url, page)) not in asked for page in next_pages(calls[-1]))


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
