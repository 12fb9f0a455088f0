"""A fake Zoom without any I/O: requests go in, answers come out, and everything is written down.

It plays the token endpoint and the few parts of the REST API that a classroom needs. It is honest until a fault is
armed; then the requests that the fault names fail, and nothing comes of them.
"""

from __future__ import annotations

import datetime
import json
import threading
from collections import deque
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Final
from urllib.parse import parse_qsl, unquote, unquote_plus, urlsplit

from conformance.upstream.answers import (
    TOKEN_PATH,
    Answer,
    json_answer,
    no_endpoint,
    no_meeting,
    no_user,
    not_valid,
    spoilt,
)
from conformance.upstream.faults import ArmedFault, Fault, Faults
from conformance.upstream.tokens import Tokens

__all__ = ["Answer", "Asked", "FakeZoom", "Silence"]

JOURNAL_LENGTH: Final = 10_000
TOPIC_LENGTH: Final = 200
MEETING_TYPES: Final = frozenset({1, 2, 3, 8})
FIRST_ID: Final = 10_000_000_000
IDS: Final = 89_000_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Silence:
    """In place of an answer: there will be none while the fault is armed."""

    fault: ArmedFault


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A request that came, as it came: its body may hold what it was authorised with.

    Args:
        grant: what the bearer token was granted for; empty if it is none of ours.
        status: what was answered; None: nothing.
        fault: how it was failed; None: it was answered honestly.
    """

    method: str
    path: str
    body: bytes
    grant: str
    status: int | None
    fault: str | None


class FakeZoom:
    """Zoom's token endpoint and REST API; may be used from several threads.

    Args:
        clock: seconds since 1970.
        seed: makes tokens and meeting ids differ from those of another fake.
        users: who exists, by id or address; None: everybody.
        clients: client ids of the token endpoint and their secrets; None: any.
    """

    def __init__(
        self,
        *,
        clock: Callable[[], float],
        seed: int = 0,
        users: Collection[str] | None = None,
        clients: Mapping[str, str] | None = None,
    ) -> None:
        self._clock = clock
        self._seed = seed
        self._users = users
        self._tokens = Tokens(clock=clock, seed=seed, clients=clients)
        self._faults = Faults(clock)
        self._meetings: dict[str, dict[str, Any]] = {}
        self._created = 0
        self._journal: deque[Asked] = deque(maxlen=JOURNAL_LENGTH)
        self._lock = threading.RLock()

    @property
    def journal(self) -> tuple[Asked, ...]:
        """The latest requests, oldest first."""
        with self._lock:
            return tuple(self._journal)

    @property
    def meetings(self) -> Mapping[str, Mapping[str, Any]]:
        """The meetings that there are, by id."""
        with self._lock:
            return MappingProxyType(dict(self._meetings))

    def arm(self, fault: Fault) -> ArmedFault:
        """Arms a fault at once; the result is a context manager that disarms it."""
        return self._faults.arm(fault)

    def disarm_all(self) -> None:
        """Disarms whatever is armed; held requests are let go."""
        self._faults.disarm_all()

    def seconds_left(self, armed: ArmedFault) -> float:
        """How long a fault lasts at most."""
        return max(0.0, armed.until - self._clock())

    def answer(self, method: str, path: str, headers: Mapping[str, str], body: bytes = b"") -> Answer | Silence:
        """The answer to a request, or none.

        Args:
            path: as it came, percent-encoded and with its query.
        """
        parts = urlsplit(path)
        headers = {name.lower(): value for name, value in headers.items()}
        with self._lock:
            grant = self._tokens.grant_behind(headers)
            text = "\n".join((unquote(parts.path), unquote_plus(parts.query), _readable(body), grant))
            armed = self._faults.striking(method, parts.path, text)
            if armed is None:
                answer: Answer | Silence = self._honest(method, parts.path, headers, body, _fields(parts.query, body))
            else:
                answer = spoilt(armed.fault.mode, method, parts.path) or Silence(fault=armed)
            self._journal.append(
                Asked(
                    method=method,
                    path=parts.path,
                    body=body,
                    grant=grant,
                    status=answer.status if isinstance(answer, Answer) else None,
                    fault=armed.fault.mode if armed is not None else None,
                )
            )
            return answer

    async def ask(self, method: str, path: str, headers: Mapping[str, str], body: bytes = b"") -> tuple[int, bytes]:
        """Status and body of the answer, for a client in this process.

        Raises:
            TimeoutError: there is no answer; whoever asks has lost patience at once.
        """
        answer = self.answer(method, path, headers, body)
        if isinstance(answer, Silence):
            raise TimeoutError(f"no answer to {method} {urlsplit(path).path}")
        return answer.status, answer.body

    def _honest(
        self, method: str, path: str, headers: Mapping[str, str], body: bytes, fields: Mapping[str, str]
    ) -> Answer:
        if (method, path) == ("POST", TOKEN_PATH):
            return self._tokens.answer(headers, fields)
        owner = self._tokens.owner(headers)
        if isinstance(owner, Answer):
            return owner
        match method, [unquote(part) for part in path.split("/")[1:]]:
            case "GET", ["v2", "users", user]:
                return self._user(user, owner)
            case "POST", ["v2", "users", user, "meetings"]:
                return self._create_meeting(user, owner, body)
            case "GET" | "PATCH" | "DELETE", ["v2", "meetings", meeting]:
                return self._meeting(method, meeting, body)
            case _:
                return no_endpoint(method, path)

    def _exists(self, user: str) -> bool:
        return user == "me" or self._users is None or user in self._users

    def _user(self, user: str, owner: str) -> Answer:
        return json_answer(200, _person(user, owner)) if self._exists(user) else no_user(user)

    def _create_meeting(self, user: str, owner: str, body: bytes) -> Answer:
        if not self._exists(user):
            return no_user(user)
        asked = _meeting_request(body)
        if isinstance(asked, str):
            return not_valid(asked)
        person = _person(user, owner)
        meeting_id = FIRST_ID + (self._seed + self._created) % IDS
        self._created += 1
        meeting = {
            "topic": "My Meeting",
            "type": 2,
            "duration": 60,
            "timezone": "UTC",
            "settings": {},
            **asked,
            "id": meeting_id,
            "uuid": f"{meeting_id:x}==",
            "host_id": person["id"],
            "host_email": person["email"],
            "status": "waiting",
            "created_at": _moment(self._clock()),
            "start_url": f"https://zoom.example/s/{meeting_id}",
            "join_url": f"https://zoom.example/j/{meeting_id}",
        }
        self._meetings[str(meeting_id)] = meeting
        return json_answer(201, meeting)

    def _meeting(self, method: str, meeting_id: str, body: bytes) -> Answer:
        meeting = self._meetings.get(meeting_id)
        if meeting is None:
            return no_meeting(meeting_id)
        if method == "GET":
            return json_answer(200, meeting)
        if method == "DELETE":
            del self._meetings[meeting_id]
            return Answer(status=204)
        asked = _meeting_request(body)
        if isinstance(asked, str):
            return not_valid(asked)
        meeting.update({name: value for name, value in asked.items() if name not in {"id", "uuid"}})
        return Answer(status=204)


def _person(user: str, owner: str) -> dict[str, Any]:
    """Somebody's account; an id that looks like an address is one."""
    name = owner if user == "me" else user
    email = name if "@" in name else f"{name}@zoom.example"
    return {"id": name, "email": email, "type": 2, "status": "active", "timezone": "UTC", "verified": 1}


def _meeting_request(body: bytes) -> dict[str, Any] | str:
    """The members of a request for a meeting, or what is wrong with it."""
    try:
        asked = json.loads(body)
    except (ValueError, RecursionError):
        asked = None
    if not isinstance(asked, dict):
        return "The body should be a JSON object."
    topic, kind, settings = asked.get("topic", ""), asked.get("type", 2), asked.get("settings", {})
    if not isinstance(topic, str) or len(topic) > TOPIC_LENGTH:
        return f"Validation failed: topic has at most {TOPIC_LENGTH} characters."
    if not isinstance(kind, int) or kind not in MEETING_TYPES:
        return "Validation failed: type is 1, 2, 3 or 8."
    return asked if isinstance(settings, dict) else "Validation failed: settings is an object."


def _fields(query: str, body: bytes) -> Mapping[str, str]:
    """The parameters of a request for a token, which may stand in its query as well."""
    return dict(parse_qsl(query)) | dict(parse_qsl(body.decode("utf-8", "replace")))


def _readable(body: bytes) -> str:
    """A body as text, with what a form encodes decoded."""
    text = body.decode("utf-8", "replace")
    return text if text.startswith("{") else unquote_plus(text)


def _moment(seconds: float) -> str:
    return datetime.datetime.fromtimestamp(seconds, datetime.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
