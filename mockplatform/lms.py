"""The platform: what it has registered, what is under way, and what was said on the wire.

All state of a fake LMS lives in `Platform`. Ids and the clock are arguments; nothing here reads a socket. Each
stage of a launch passes through the mutations of that launch at one place, `_spoil`; without mutations the
platform tells the truth.
"""

from __future__ import annotations

import contextlib
import threading
from collections import Counter, OrderedDict, deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Literal, TypeVar
from urllib.parse import urlsplit

from mockplatform import flow, flow11
from mockplatform.errors import UsageError
from mockplatform.keys import KeyRing, sign
from mockplatform.model import (
    AuthRequest,
    AuthResponse,
    Course,
    Exchange,
    KeySet,
    Launch,
    LoginRequest,
    Message,
    Person,
    Registration,
    ResourceLink,
    SignedLaunch,
    SignedToken,
    Stage,
)
from mockplatform.mutation import Context, Earlier, Spoilt, through

__all__ = ["AuthRefusal", "PendingBasic", "PendingLaunch", "Platform", "PlatformKeys"]

AnyStage = TypeVar("AnyStage", bound=Stage)

MAX_PENDING = 2000
MAX_JOURNAL = 2000


@dataclass(slots=True, kw_only=True)
class PendingLaunch:
    """A launch under way: its intent, its mutations, and what has been said so far."""

    launch: Launch
    mutations: Sequence[Spoilt]
    context: Context
    kid: str
    login: LoginRequest
    auth_request: AuthRequest | None = None
    auth_problems: tuple[str, ...] = ()
    token: SignedToken | None = None
    response: AuthResponse | None = None

    @property
    def earlier(self) -> Earlier:
        """What a later launch may take from this one."""
        return Earlier(auth_request=self.auth_request, response=self.response)


@dataclass(frozen=True, slots=True, kw_only=True)
class PendingBasic:
    """An LTI 1.1 launch under way: its intent, what its mutations could know, and the form for the browser."""

    launch: Launch
    context: Context
    response: SignedLaunch

    @property
    def earlier(self) -> Earlier:
        """What a later launch may take from this one."""
        return Earlier(signed=self.response)


@dataclass(frozen=True, slots=True, kw_only=True)
class AuthRefusal:
    """The platform cannot answer the tool's authentication request: `redirect_uri` is not to be trusted."""

    problems: tuple[str, ...]


@dataclass(slots=True, kw_only=True)
class PlatformKeys:
    """What the key set endpoint publishes: an honest set and, for a while, lies about it."""

    ring: KeyRing
    mutations: Sequence[Spoilt] = ()
    context: Context | None = None
    extra_kid: str | None = None
    fetches: int = 0

    def publish(self) -> KeySet:
        """The answer of the endpoint now."""
        key = self.ring.jwk("platform")
        fresh = () if self.extra_kid is None else (dict(key) | {"kid": self.extra_kid},)
        honest = flow.key_set(key, *fresh)
        return honest if self.context is None else through(honest, self.mutations, self.context)


@dataclass(kw_only=True)
class Platform:
    """A fake LMS without I/O.

    Args:
        url: where its endpoints are reachable, without a trailing slash.
        issuer: what its configuration names as issuer; the URL unless given.
        clock: seconds since the epoch.
        new_id: makes opaque ids that no one can guess.
        on_problem: what an authentication request with a mistake gets: an OpenID Connect error, as SEC 5.1.1.5
            wants it, or its answer all the same, with the mistake noted for a harness to judge.
    """

    url: str
    clock: Callable[[], float]
    new_id: Callable[[], str]
    keys: KeyRing
    registrations: tuple[Registration, ...] = ()
    people: tuple[Person, ...] = ()
    courses: tuple[Course, ...] = ()
    on_problem: Literal["refuse", "note"] = "refuse"
    issuer: str = ""
    journal: deque[Exchange] = field(default_factory=lambda: deque(maxlen=MAX_JOURNAL))
    canary_hits: Counter[str] = field(default_factory=Counter)
    """How often the attacker's key set was asked for, by the launch whose token named it."""

    def __post_init__(self) -> None:
        self.issuer = self.issuer or self.url
        self.key_set = PlatformKeys(ring=self.keys)
        self._pending: OrderedDict[str, PendingLaunch] = OrderedDict()
        self._lock = threading.Lock()

    def canary_url(self, launch: Launch) -> str:
        """Where the attacker's key set lies; a tool that asks for it trusts what a token tells it."""
        return f"{self.url}/canary/{launch.id}/jwks"

    def intend(
        self,
        registration: Registration,
        *,
        person: Person,
        roles: Sequence[str],
        course: Course,
        deployment_id: str | None = None,
        message: Message = "resource_link",
    ) -> Launch:
        """A launch of the tool by a person from a course, not yet begun."""
        return Launch(
            id=self.new_id(),
            registration=registration,
            deployment_id=deployment_id or registration.deployment_ids[0],
            person=person,
            roles=tuple(roles),
            course=course,
            resource_link=ResourceLink(id=f"link-{course.id}", title="Open the tool"),
            target_link_uri=registration.launch_url,
            return_url=f"{self.url}/return?launch=1",
            # A query of its own shows whether a tool keeps it.
            deep_link_return_url=f"{self.url}/deep-links?launch=1",
            platform_guid="mockplatform",
            message=message,
        )

    def begin(
        self,
        launch: Launch,
        mutations: Sequence[Spoilt] = (),
        context: Context | None = None,
        kid: str | None = None,
    ) -> PendingLaunch:
        """Start a launch: its login request waits in the answer for a browser to send it."""
        context = context or self._context(launch)
        login = through(flow.login_request(launch), mutations, context)
        pending = PendingLaunch(
            launch=launch,
            mutations=mutations,
            context=context,
            kid=kid or self.keys.kid("platform"),
            login=login,
        )
        sent = dict(login.params)
        with self._lock:
            self._pending[sent.get("lti_message_hint") or launch.id] = pending
            while len(self._pending) > MAX_PENDING:
                self._pending.popitem(last=False)
        return pending

    def begin_basic(
        self, launch: Launch, mutations: Sequence[Spoilt] = (), context: Context | None = None
    ) -> PendingBasic:
        """Start an LTI 1.1 launch, whose first message is its only one: the signed form for a browser to post.

        Raises:
            UsageError: the tool is not registered for LTI 1.1.
        """
        registration = launch.registration
        if not registration.speaks_lti11:
            raise UsageError(
                f"registration {registration.client_id!r}: not for LTI 1.1;"
                " give it lti11_launch_url, consumer_key and consumer_secret"
            )
        context = context or self._context(launch)
        honest = flow11.basic_launch(launch, now_s=self.clock(), nonce=flow11.nonce(self.new_id()))
        signed = flow11.signed(through(honest, mutations, context))
        return PendingBasic(launch=launch, context=context, response=through(signed, mutations, context))

    def authorize(self, request: AuthRequest) -> AuthResponse | AuthRefusal:
        """Answer the tool's authentication request with the form that the browser posts (SEC 5.1.1.2, 5.1.1.3)."""
        pending = self._find(request)
        if pending is None:
            return AuthRefusal(problems=("no launch under way has this lti_message_hint or login_hint",))
        pending.auth_request = request
        pending.auth_problems = flow.auth_problems(request, pending.login, pending.launch)
        if not _may_redirect(request, pending.launch.registration):
            named = any(problem.startswith("redirect_uri") for problem in pending.auth_problems)
            foreign = () if named else ("redirect_uri is not on the tool's host",)
            return AuthRefusal(problems=(*pending.auth_problems, *foreign))
        if pending.auth_problems and self.on_problem == "refuse":
            return flow.auth_error(request, "invalid_request", "; ".join(pending.auth_problems))
        return self.answer(pending, request)

    def answer(self, pending: PendingLaunch, request: AuthRequest) -> AuthResponse:
        """The response to a launch, through its mutations, as the browser will post it."""
        token = flow.id_token(pending.launch, request, kid=pending.kid, now_s=self.clock())
        signed = self._spoil(sign(self._spoil(token, pending), self.keys), pending)
        pending.token = signed
        pending.response = self._spoil(flow.auth_response(request, signed), pending)
        return pending.response

    def forget(self, pending: PendingLaunch) -> None:
        """Drop a launch that is over."""
        with self._lock:
            hint = dict(pending.login.params).get("lti_message_hint") or pending.launch.id
            self._pending.pop(hint, None)

    @contextlib.contextmanager
    def spoilt_keys(self, mutations: Sequence[Spoilt], context: Context, *, kid: str) -> Iterator[PlatformKeys]:
        """Publish a spoilt key set, which also lists the platform's key under a fresh kid, for the block."""
        self.key_set = PlatformKeys(ring=self.keys, mutations=mutations, context=context, extra_kid=kid)
        try:
            yield self.key_set
        finally:
            self.key_set = PlatformKeys(ring=self.keys)

    def _find(self, request: AuthRequest) -> PendingLaunch | None:
        with self._lock:
            pending = self._pending.get(request.params.get("lti_message_hint", ""))
            if pending is not None:
                return pending
            # As it was sent, which may be spoilt, or twice.
            hint = ("login_hint", request.params.get("login_hint"))
            return next((p for p in reversed(self._pending.values()) if hint in p.login.params), None)

    def _context(self, launch: Launch) -> Context:
        return Context(launch=launch, keys=self.keys, canary_url=self.canary_url(launch))

    def _spoil(self, value: AnyStage, pending: PendingLaunch) -> AnyStage:
        return through(value, pending.mutations, pending.context)

    def register(self, registration: Registration) -> None:
        """Add a tool."""
        self.registrations = (*self.registrations, registration)


def _may_redirect(request: AuthRequest, registration: Registration) -> bool:
    """Whether the browser may be sent there: a registered address, or any on the tool's host if none is."""
    redirect_uri = request.params.get("redirect_uri", "")
    if registration.redirect_uris:
        return redirect_uri in registration.redirect_uris
    try:
        asked = urlsplit(redirect_uri)
    except ValueError:
        return False
    # `javascript://host/` has a host, too.
    return asked.scheme in ("http", "https") and asked.hostname == urlsplit(registration.launch_url).hostname
