"""The platform: what it has registered, what is under way, and what was said on the wire.

All state of a fake LMS lives in `Platform`. Ids and the clock are arguments; nothing here reads a socket. Each
stage of a launch passes through the mutations of that launch at one place, `_spoil`; without mutations the
platform tells the truth.
"""

from __future__ import annotations

import contextlib
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any, Literal, TypeVar
from urllib.parse import urlsplit

from mockplatform import flow, flow11
from mockplatform.errors import UsageError
from mockplatform.key_life import PlatformKeys
from mockplatform.keys import sign
from mockplatform.model import (
    AuthRequest,
    AuthResponse,
    Course,
    Launch,
    Message,
    Person,
    Registration,
    ResourceLink,
    Stage,
)
from mockplatform.mutation import Context, Spoilt, through
from mockplatform.pending import AuthRefusal, PendingBasic, PendingLaunch, put_together, taken_apart
from mockplatform.records import PlacedLink
from mockplatform.service import services as known_services
from mockplatform.store import Kind
from mockplatform.tenant import Tenant

__all__ = ["Platform"]

AnyStage = TypeVar("AnyStage", bound=Stage)
MAX_PENDING = 2000


class Platform(Tenant):
    """One tenant of a fake LMS that launches tools, without I/O; its arguments are those of `Tenant`."""

    def __init__(self, **given: Any) -> None:
        super().__init__(**given)
        self.key_set = PlatformKeys(ring=self.keys)
        self.canary_hits: Counter[str] = Counter()
        """How often the attacker's key set was asked for, by the launch whose token named it."""
        self.launches = self.state.store.table(
            Kind("launches", PendingLaunch, MAX_PENDING, self._taken_apart, self._put_together), self.tenant
        )
        """The launches under way and those that are over, by `lti_message_hint`."""

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
        link: PlacedLink | None = None,
        for_user: Person | None = None,
        line_item: str = "",
        document_target: Literal["iframe", "window"] = "iframe",
        storage_target: str = "",
    ) -> Launch:
        """A launch of the tool by a person from a course, not yet begun.

        Args:
            link: the placed link that was clicked; the course's own link to the tool otherwise.
            for_user: whose submission is reviewed.
            line_item: the id of the line item that a review is about.
            storage_target: the frame that keeps data for the tool.
        """
        launch = Launch(
            id=self.new_id(),
            registration=registration,
            deployment_id=deployment_id or registration.deployment_ids[0],
            person=person,
            roles=tuple(roles),
            course=course,
            resource_link=_resource_link(course, link),
            target_link_uri=_target(registration, message, link),
            return_url=f"{self.url}/return?launch=1",
            # A query of its own shows whether a tool keeps it.
            deep_link_return_url=f"{self.url}/deep-links?launch=1",
            platform_guid="mockplatform",
            message=message,
            for_user=for_user,
            line_item=line_item,
            document_target=document_target,
            storage_target=storage_target,
        )
        extra: dict[str, Any] = {}
        for name in self.settings.services:
            extra |= known_services()[name].claims(self, launch)
        return replace(launch, extra=extra) if extra else launch

    def begin(
        self,
        launch: Launch,
        mutations: Sequence[Spoilt] = (),
        context: Context | None = None,
        kid: str | None = None,
    ) -> PendingLaunch:
        """Start a launch: its login request waits in the answer for a browser to send it."""
        context = context or self._context(launch)
        honest = self.dialect.shape(flow.login_request(launch), launch)
        pending = PendingLaunch(
            launch=launch,
            mutations=mutations,
            context=context,
            kid=kid or self.key_set.signing_kid(),
            login=through(honest, mutations, context),
            begun_s=self.clock(),
        )
        if launch.extra:
            self.enrol(launch.person, launch.course, launch.roles)
        self.launches.put(pending.key, pending)
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
        honest = self.dialect.shape(honest, launch)
        signed = flow11.signed(through(honest, mutations, context))
        return PendingBasic(launch=launch, context=context, response=through(signed, mutations, context))

    def authorize(self, request: AuthRequest) -> AuthResponse | AuthRefusal:
        """Answer the tool's authentication request with the form that the browser posts (SEC 5.1.1.2, 5.1.1.3)."""
        pending = self._find(request)
        if pending is None:
            return AuthRefusal(problems=("no launch under way has this lti_message_hint or login_hint",))
        pending.auth_request = request
        pending.asked_s = self.clock()
        pending.auth_problems = flow.auth_problems(request, pending.login, pending.launch)
        self.launches.put(pending.key, pending)
        if not _may_redirect(request, pending.launch.registration):
            named = any(problem.startswith("redirect_uri") for problem in pending.auth_problems)
            foreign = () if named else ("redirect_uri is not on the tool's host",)
            return AuthRefusal(problems=(*pending.auth_problems, *foreign))
        if pending.auth_problems and self.settings.on_problem == "refuse":
            return flow.auth_error(request, "invalid_request", "; ".join(pending.auth_problems))
        return self.answer(pending, request)

    def answer(self, pending: PendingLaunch, request: AuthRequest) -> AuthResponse:
        """The response to a launch, through its mutations, as the browser will post it."""
        launch, shape = pending.launch, self.dialect.shape
        token = shape(flow.id_token(launch, request, kid=pending.kid, now_s=self.clock()), launch)
        signed = self._spoil(sign(self._spoil(token, pending), self.keys), pending)
        pending.token = signed
        pending.response = self._spoil(shape(flow.auth_response(request, signed), launch), pending)
        self.launches.put(pending.key, pending)
        return pending.response

    def forget(self, pending: PendingLaunch) -> None:
        """Drop a launch that is over."""
        self.launches.pop(pending.key)

    @contextlib.contextmanager
    def spoilt_keys(self, mutations: Sequence[Spoilt], context: Context, *, kid: str) -> Iterator[PlatformKeys]:
        """Publish a spoilt key set, which also lists the platform's key under a fresh kid, for the block."""
        self.key_set = PlatformKeys(ring=self.keys, mutations=mutations, context=context, extra_kid=kid)
        try:
            yield self.key_set
        finally:
            self.key_set = PlatformKeys(ring=self.keys)

    def _find(self, request: AuthRequest) -> PendingLaunch | None:
        pending = self.launches.get(request.params.get("lti_message_hint", ""))
        if pending is not None:
            return pending
        # As it was sent, which may be spoilt, or twice.
        hint = ("login_hint", request.params.get("login_hint"))
        return next((p for p in self.launches.page(newest_first=True) if hint in p.login.params), None)

    def _context(self, launch: Launch) -> Context:
        return Context(launch=launch, keys=self.keys, canary_url=self.canary_url(launch))

    def _spoil(self, value: AnyStage, pending: PendingLaunch) -> AnyStage:
        return through(value, pending.mutations, pending.context)

    def _taken_apart(self, pending: PendingLaunch) -> Any:
        return taken_apart(pending)

    def _put_together(self, told: Any) -> PendingLaunch:
        return put_together(told, self._context)


def _resource_link(course: Course, link: PlacedLink | None) -> ResourceLink:
    if link is None:
        return ResourceLink(id=f"link-{course.id}", title="Open the tool")
    return ResourceLink(id=link.id, title=link.title, description=link.text, custom=link.custom)


def _target(registration: Registration, message: Message, link: PlacedLink | None) -> str:
    if message == "deep_linking" and registration.deep_linking_url:
        return registration.deep_linking_url
    return link.url if link is not None and link.url else registration.launch_url


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
