"""The platform: what it has registered, what is under way, and what was said on the wire.

All state of a fake LMS lives in `Platform`. Ids and the clock are arguments; nothing here reads a socket. Each
stage of a launch passes through the mutations of that launch at one place, `_spoil`; without mutations the
platform tells the truth.
"""

from __future__ import annotations

import contextlib
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, Final, Literal, TypeVar

from mockplatform import flow, flow11
from mockplatform.authorization import HINT_LIFETIME_S, Asked, auth_problems, may_redirect, told_error, unused
from mockplatform.errors import UsageError
from mockplatform.key_life import PlatformKeys
from mockplatform.keys import sign
from mockplatform.mentoring import mentor_claim
from mockplatform.message import messages
from mockplatform.misbehaving.faults import Faults
from mockplatform.model import (
    AuthRequest,
    AuthResponse,
    BasicLaunch,
    Course,
    KeySet,
    Launch,
    Message,
    Person,
    Registration,
    Stage,
)
from mockplatform.mutation import Context, Spoilt, through
from mockplatform.opening import resource_link, return_url, review_of, target_link_uri
from mockplatform.pending import AuthRefusal, PendingBasic, PendingLaunch, put_together, taken_apart
from mockplatform.privacy import private
from mockplatform.records import PlacedLink, Used
from mockplatform.service import services as known_services
from mockplatform.store import Kind
from mockplatform.tenant import Tenant

__all__ = ["Platform"]

AnyStage = TypeVar("AnyStage", bound=Stage)
MAX_PENDING = 2000
_ASKED: Final = ("auth_request", "auth_problems", "asked_s")
"""What an authentication request tells of its launch, answered or not."""
_ANSWERED: Final = (*_ASKED, "token", "response", "signed_with", "signed_kid")


class Platform(Tenant):
    """One tenant of a fake LMS that launches tools, without I/O; its arguments are those of `Tenant`."""

    def __init__(self, **given: Any) -> None:
        super().__init__(**given)
        self._honest_keys = PlatformKeys(ring=self.keys, life=self.state.key_life, shape=self._published)
        self.key_set = self._honest_keys
        self.faults = Faults(self.state.faults, self.new_id)
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
        line_item: str | None = "",
        document_target: Literal["iframe", "window"] = "iframe",
        storage_target: str = "",
        deep_linking: Mapping[str, Any] | None = None,
    ) -> Launch:
        """A launch of the tool by a person from a course, not yet begun.

        Args:
            link: the placed link that was clicked, or whose submission is reviewed; the course's own link to the tool
                otherwise.
            for_user: whose submission is reviewed.
            line_item: the id of the one that a review is about; if empty one of the link, made if need be; None: none.
            storage_target: the frame that keeps data for the tool.
            deep_linking: members of the deep linking settings that differ from the usual ones; None leaves one out.
        """
        find = messages()[message].line_item if line_item is not None else None
        line_item = line_item or (find(self, registration, course, link).id if find else "")
        item = self.state.line_items.get(line_item) if line_item else None
        if link is None and item is not None:
            link = self.state.links.get(item.resource_link_id)
        review = review_of(message, item)
        # A link belongs to one deployment for ever (CORE 3.1.4).
        deployment_id = deployment_id or (link.deployment_id if link else "") or registration.deployment_ids[0]
        opened, launch_id = resource_link(course, link, review), self.new_id()
        launch = Launch(
            id=launch_id,
            registration=registration,
            deployment_id=deployment_id,
            person=person,
            roles=tuple(roles),
            course=course,
            # A placed link has had its id since it was placed.
            resource_link=opened if link else self.dialect.shape(opened),
            target_link_uri=target_link_uri(registration, message, link, review),
            return_url=return_url(self.url, launch_id),
            # A query of its own shows whether a tool keeps it.
            deep_link_return_url=f"{self.url}/deep-links?launch=1",
            platform_guid="mockplatform",
            message=message,
            for_user=for_user,
            line_item=line_item,
            document_target=document_target,
            storage_target=storage_target,
            deep_linking=deep_linking or {},
        )
        extra = mentor_claim(person, launch.roles)
        for name in dict.fromkeys((*self.settings.services, *messages()[message].needs)):
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
            kid=kid or "",
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
            UsageError: the tool is not registered for LTI 1.1, or the message is none of it.
        """
        registration = launch.registration
        flow11.check_message(launch.message)
        if not registration.speaks_lti11:
            raise UsageError(
                f"registration {registration.client_id!r}: not for LTI 1.1;"
                " give it lti11_launch_url, consumer_key and consumer_secret"
            )
        context = context or self._context(launch)
        services = self.basic_services(launch)
        honest = self.honest_basic(launch, services, nonce=flow11.nonce(self.new_id()))
        if services:
            self.enrol(launch.person, launch.course, launch.roles)
        signed = flow11.signed(through(honest, mutations, context))
        return PendingBasic(launch=launch, context=context, response=through(signed, mutations, context))

    def honest_basic(self, launch: Launch, services: Mapping[str, str], *, nonce: str) -> BasicLaunch:
        """An LTI 1.1 launch before any lie, as this platform says it."""
        unknown, known = self.dialect.value("custom.unknown", "literal"), private(launch)
        honest = flow11.basic_launch(known, now_s=self.clock(), nonce=nonce, services=services, unknown=unknown)
        return self.dialect.shape(honest, launch)

    def basic_services(self, launch: Launch) -> Mapping[str, str]:
        """What services say of themselves in an LTI 1.1 launch; few have `basic_params`."""
        found: dict[str, str] = {}
        for name in self.settings.services:
            told = getattr(known_services()[name], "basic_params", None)
            found |= told(self, launch) if told is not None else {}
        return found

    def authorize(self, request: AuthRequest) -> AuthResponse | AuthRefusal:
        """Answer the tool's authentication request with the form that the browser posts (SEC 5.1.1.2, 5.1.1.3)."""
        pending = self._find(request)
        if pending is None:
            return AuthRefusal(problems=("no launch under way has this lti_message_hint or login_hint",))
        asked = self._asked(request, pending)
        problems, trusted = auth_problems(asked), may_redirect(request, pending.launch.registration)
        strict = self.settings.on_problem == "refuse"
        if trusted and not (problems and strict) and not asked.answered and not self._is_first_answer(pending):
            # Another worker has been asked at the same moment.
            problems += tuple(unused(replace(asked, answered=True)))
        pending.auth_request = request
        pending.asked_s = self.clock()
        pending.auth_problems = tuple(problem.text for problem in problems)
        if trusted and not (problems and strict):
            return self.answer(pending, request)
        self._keep(pending, *_ASKED)
        if trusted:
            return flow.auth_error(request, *told_error(problems))
        named = any(problem.parameter == "redirect_uri" for problem in problems)
        foreign = () if named else ("redirect_uri is not on the tool's host",)
        return AuthRefusal(problems=(*pending.auth_problems, *foreign))

    def answer(self, pending: PendingLaunch, request: AuthRequest) -> AuthResponse:
        """The response to a launch, through its mutations, as the browser will post it; the launch is kept with it."""
        launch, dialect = pending.launch, self.dialect
        shape, unknown = dialect.shape, dialect.value("custom.unknown", "literal")
        # A key that is replaced while a launch is under way signs nothing any more.
        key, kid = ("platform", pending.kid) if pending.kid else self.key_set.signing_key()
        token = flow.id_token(launch, request, kid=kid, now_s=self.clock(), unknown=unknown)
        token = token if key == "platform" else replace(token, key=key)
        pending.signed_with, pending.signed_kid = key, kid
        signed = self._spoil(sign(self._spoil(shape(token, launch), pending), self.keys), pending)
        honest = flow.auth_response(request, signed, storage_target=launch.storage_target)
        pending.token = signed
        pending.response = self._spoil(shape(honest, launch), pending)
        self._keep(pending, *_ANSWERED)
        return pending.response

    def forget(self, pending: PendingLaunch) -> None:
        """Drop a launch that is over."""
        self.launches.pop(pending.key)

    @contextlib.contextmanager
    def spoilt_keys(self, mutations: Sequence[Spoilt], context: Context, *, kid: str) -> Iterator[PlatformKeys]:
        """Publish a spoilt key set, which also lists the platform's key under a fresh kid, for the block."""
        self.key_set = PlatformKeys(
            ring=self.keys, mutations=mutations, context=context, extra_kid=kid, shape=self._published
        )
        try:
            yield self.key_set
        finally:
            self.key_set = self._honest_keys

    def _find(self, request: AuthRequest) -> PendingLaunch | None:
        pending = self.launches.get(request.params.get("lti_message_hint", ""))
        if pending is not None:
            return pending
        # As it was sent, which may be spoilt, or twice.
        hint = ("login_hint", request.params.get("login_hint"))
        return next((p for p in self.launches.page(newest_first=True) if hint in p.login.params), None)

    def _asked(self, request: AuthRequest, pending: PendingLaunch) -> Asked:
        mine = pending.launch.registration.client_id
        strange, dialect = request.params.get("client_id", mine) != mine, self.dialect
        return Asked(
            request=request,
            login=pending.login,
            launch=pending.launch,
            known_clients=tuple(known.client_id for known in self.registrations) if strange else (),
            age_s=self.clock() - pending.begun_s,
            answered=pending.token is not None and dialect.value("login.hint_reuse", "refuse") == "refuse",
            lifetime_s=dialect.value("login.hint_lifetime_s", HINT_LIFETIME_S),
        )

    def _is_first_answer(self, pending: PendingLaunch) -> bool:
        if self.dialect.value("login.hint_reuse", "refuse") != "refuse":
            return True
        return self.state.answered.add(pending.launch.id, Used())

    def _keep(self, pending: PendingLaunch, *said: str) -> None:
        """Keep what was said of a launch; all else stays as another worker may have kept it meanwhile."""

        def with_said(known: PendingLaunch) -> PendingLaunch:
            for name in said:
                setattr(known, name, getattr(pending, name))
            return known

        self.launches.change(pending.key, with_said)

    def _published(self, honest: KeySet) -> KeySet:
        return self.dialect.shape(honest)

    def _context(self, launch: Launch) -> Context:
        return Context(launch=launch, keys=self.keys, canary_url=self.canary_url(launch))

    def _spoil(self, value: AnyStage, pending: PendingLaunch) -> AnyStage:
        return through(value, pending.mutations, pending.context)

    def _taken_apart(self, pending: PendingLaunch) -> Any:
        return taken_apart(pending)

    def _put_together(self, told: Any) -> PendingLaunch:
        return put_together(told, self._context)
