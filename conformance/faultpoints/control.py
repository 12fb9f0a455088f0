"""An HTTP endpoint that a tool in any language offers in test mode.

The contract, in full. `{base}` is the setting `url`: a URL, or a path on the tool's host.

- Every request has `Authorization: Bearer <secret>`, and neither cookies nor a CSRF token. Without the right secret
  every request is answered with the 404 of a path that does not exist, as it is outside test mode.
- `POST {base}` with `{"point": "class.create", "mode": "error", "times": 1, "ttl_s": 60.0, "marks": {}}` arms a point.
  `times` is how often it fails before it works again, null: until it is disarmed. After `ttl_s` seconds it works again
  in any case. `marks` holds what only this launch carries (`email`, `sub`, `context_id`), for tools that can let the
  point fail for that launch alone; others pass it over. Answers: 201 and `{"id": "…"}`; 409 if the point is armed
  already, until it is disarmed or its time is over; 422 and `{"error": "…"}` if the tool has no such point, mode or
  limit.
- `GET {base}/{id}` answers 200 and `{"hits": n}`: how often the point was reached and failed since it was armed. It
  does so until the fault is disarmed or its time is over, also after `times` failures.
- `DELETE {base}/{id}` disarms: 204, or 404 if the fault has ended by itself.
- `DELETE {base}` disarms everything: 204. It is sent before the first fault and after the last one.
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Final
from urllib.parse import quote, urlsplit

from conformance.driver import Armed, Binding, FaultPoint, Order, OutOfReachError, Site
from conformance.modes import BASE_MODES, Mode
from conformance.transport import Request, Response, TransportTrouble
from mockplatform.errors import UsageError

__all__ = ["KIND", "TITLE", "Settings", "example", "modes", "opened"]

KIND: Final = "control"
TITLE: Final = "an HTTP endpoint that the tool offers in test mode, in any language"

LONGEST_WORDS: Final = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Keys of `driver = "control"`: the endpoint, its secret, and what the tool knows of the point.

    Args:
        url: a URL, or a path on the tool's host.
        name: what the tool calls the point, if not as the harness does.
    """

    url: str = "/.lti-conformance/faults"
    secret: str = field(repr=False)
    """What the harness sends as a bearer token; `${NAME}` is read from the environment."""
    name: str | None = None
    modes: tuple[Mode, ...] = BASE_MODES
    """The ways in which the tool can make the point fail."""

    @property
    def hosts(self) -> tuple[str, ...]:
        """Where the endpoint is, if that is not the tool's own host."""
        host = urlsplit(self.url).hostname
        return (host,) if host else ()

    def __post_init__(self) -> None:
        if not _is_address(self.url):
            raise ValueError(f"url {self.url!r} is neither a path such as /faults nor an http or https URL")
        if not self.secret:
            raise ValueError('secret is empty; let it be "${LTI_FAULTS_SECRET}" and give the tool the same variable')
        if not (self.secret.isascii() and self.secret.isprintable() and " " not in self.secret):
            raise ValueError("secret has characters that a header cannot carry; take letters, digits and -._~+/=")


def modes(point: FaultPoint) -> tuple[Mode, ...]:
    """Those that every back end has; a tool that can do more names its `modes`."""
    return () if point.access == "platform" else BASE_MODES


def example(point: FaultPoint) -> str:
    """A line of `[faults]`."""
    return f'"{point.name}" = {{ driver = "control", secret = "${{LTI_FAULTS_SECRET}}" }}'


@contextlib.contextmanager
def opened(bound: Mapping[FaultPoint, Settings], site: Site) -> Iterator[Mapping[str, Binding]]:
    """The points by what arms them; each endpoint disarms everything at first, as soon as the tool is up, and at last.

    Raises:
        UsageError: `site` does not send to the endpoint's host.
    """
    endpoints: dict[tuple[str, str], Endpoint] = {}
    bindings: dict[str, Binding] = {}
    for point, settings in bound.items():
        base = site.tool_url(settings.url).rstrip("/")
        endpoint = endpoints.setdefault((base, settings.secret), Endpoint(base=base, secret=settings.secret, site=site))
        line = Line(endpoint=endpoint, where=f'{site.where} faults."{point.name}"', name=settings.name or point.name)
        bindings[point.name] = Binding(arm=partial(_armed, line), modes=settings.modes)
    for endpoint in endpoints.values():
        endpoint.sweep()
    try:
        yield bindings
    finally:
        for endpoint in endpoints.values():
            endpoint.sweep()


@dataclass(slots=True, kw_only=True)
class Endpoint:
    """A control endpoint; `swept` once it has disarmed what a killed run may have left armed."""

    base: str
    secret: str = field(repr=False)
    site: Site
    swept: bool = False

    def sweep(self) -> None:
        """Disarms everything, if the endpoint is there."""
        with contextlib.suppress(TransportTrouble):
            self.swept = self.send("DELETE", self.base).status == 204 or self.swept

    def send(self, method: str, url: str, value: Mapping[str, Any] | None = None) -> Response:
        """The answer to a request that carries the secret.

        Raises:
            TransportTrouble: there is none.
        """
        headers = [("authorization", f"Bearer {self.secret}"), ("accept", "application/json")]
        body = b"" if value is None else json.dumps(value).encode()
        if body:
            headers.append(("content-type", "application/json"))
        return self.site.send(Request(method=method, url=url, headers=tuple(headers), body=body))

    def words(self, answer: Response) -> str:
        """What the tool says about an error, in one line and without the secret; empty if it says nothing."""
        said = _member(answer, "error")
        text = " ".join(said.split()) if isinstance(said, str) else ""
        return text.replace(self.secret, "…")[:LONGEST_WORDS]


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A point at its endpoint: how messages about it begin, and what the tool calls it."""

    endpoint: Endpoint
    where: str
    name: str

    def ask(self, method: str, url: str, value: Mapping[str, Any] | None = None, *, good: tuple[int, ...]) -> Response:
        """An answer with one of these statuses; the first is what a message asks for.

        Raises:
            UsageError: there is another one, or none.
        """
        try:
            answer = self.endpoint.send(method, url, value)
        except TransportTrouble as trouble:
            raise self.wrong(f"does not answer {method}: {trouble}") from None
        if answer.status in good:
            return answer
        if answer.status == 404:
            raise self.wrong("is not there or does not know the secret; run the tool in test mode with the same secret")
        words = self.endpoint.words(answer)
        raise self.wrong(f"answers {method} with {answer.status}, expected {good[0]}" + (f": {words}" if words else ""))

    def wrong(self, problem: str) -> UsageError:
        """What is wrong with the endpoint."""
        return UsageError(f"{self.where}: the control endpoint at {self.endpoint.base} {problem}")


@dataclass(frozen=True, slots=True, kw_only=True)
class ArmedPoint:
    """A fault that the tool has armed."""

    line: Line
    url: str
    ttl_s: float

    @property
    def hits(self) -> int:
        """How often the point was reached so far.

        Raises:
            UsageError: the tool does not say, or the fault has ended before anybody asked.
        """
        answer = self.line.ask("GET", self.url, good=(200, 404))
        if answer.status == 404:
            raise self.line.wrong(
                f"has forgotten a fault before it was asked for its hits; it has to keep it for {self.ttl_s:g} s"
            )
        hits = _member(answer, "hits")
        if type(hits) is not int or hits < 0:
            raise self.line.wrong('answers GET without a count; expected {"hits": 0} or more')
        return hits


@contextlib.contextmanager
def _armed(line: Line, order: Order) -> Iterator[Armed]:
    base = line.endpoint.base
    if not line.endpoint.swept:
        line.ask("DELETE", base, good=(204,))
        line.endpoint.swept = True
    fault = ArmedPoint(line=line, url=f"{base}/{quote(_begun(line, order), safe='')}", ttl_s=order.ttl_s)
    try:
        yield fault
    finally:
        line.ask("DELETE", fault.url, good=(204, 404))


def _begun(line: Line, order: Order) -> str:
    """The id under which the tool has armed the point."""
    wanted = {
        "point": line.name,
        "mode": order.mode,
        "times": order.times,
        "ttl_s": order.ttl_s,
        "marks": dict(order.marks),
    }
    answer = line.ask("POST", line.endpoint.base, wanted, good=(201, 409, 422))
    if answer.status == 422:
        limit = "" if order.times is None else f", {order.times} times"
        raise OutOfReachError(
            line.endpoint.words(answer) or f"the tool cannot do that: {line.name}, {order.mode}{limit}"
        )
    if answer.status == 409:
        raise line.wrong(f"has armed {line.name} already; another run may be using the same tool")
    found = _member(answer, "id")
    if not isinstance(found, str) or not found:
        # Armed, and nobody knows by which name.
        line.ask("DELETE", line.endpoint.base, good=(204,))
        raise line.wrong('answers POST without an id; expected {"id": "…"}')
    return found


def _member(answer: Response, name: str) -> Any:
    """A member of a JSON object; None if there is none."""
    try:
        value = json.loads(answer.body)
    except (ValueError, RecursionError):
        return None
    return value.get(name) if isinstance(value, dict) else None


def _is_address(url: str) -> bool:
    try:
        parts = urlsplit(url)
        elsewhere = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        return False
    return (elsewhere or url.startswith("/")) and not parts.query and not parts.fragment
