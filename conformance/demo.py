"""The sample tool as a tool under test, called in this process without a socket."""

from __future__ import annotations

import contextlib
import secrets
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Literal

from starlette.applications import Starlette
from starlette.types import Receive, Scope, Send

from conformance.errors import types
from conformance.lab import Lab
from conformance.model import Profile
from conformance.near import NearPlatform
from conformance.sample_tool import Integration, create_tool
from conformance.sample_tool.faults import POINTS
from conformance.target import Start, faults_ready, lab_for
from conformance.toolvalues import (
    Action,
    Arrangement,
    Attributes,
    Capabilities,
    Launched,
    Observe,
    PlatformSettings,
    Probe,
    SecondPlatform,
    Tool,
    ToolSettings,
)
from conformance.transport import AsgiTransport
from conformance.upstream import FakeZoom

__all__ = ["Bindings", "callbacks", "demo_lab"]

Bindings = Mapping[str, Mapping[str, Any]]

# Letters in the host and no port: LTI 1.1 signs addresses in one form, however these two are written.
TOOL_URL = "http://localhost"
PLATFORM_URL = "http://127.0.0.1:9400"
IN_MEMORY = "sqlite+pysqlite:///:memory:"
# LTI 1.1 sends the second as custom_course_code.
ATTRIBUTES = {"email": "user_email", "course_id": "Course-Code", "person_id": "person_ref"}
DEFERRED = "Prepared over the API"
SERVED = Launched(status="2xx", css="main#service")
MOST_MEMBERS = 1000
KEY, ATTRIBUTES_KEY = "lti-conformance-key", "lti-conformance-attributes-key"


class Door:
    """The address of a tool that is made when all that it needs is there."""

    def __init__(self) -> None:
        self.app: Starlette | None = None

    @property
    def tool(self) -> Starlette:
        """The tool behind it.

        Raises:
            RuntimeError: there is none yet.
        """
        if self.app is None:
            raise RuntimeError("the tool is not there yet")
        return self.app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """The answer of the tool."""
        await self.tool(scope, receive, send)


@contextlib.contextmanager
def demo_lab(
    profile: Profile,
    start: Start,
    *,
    without: str | None = None,
    database_url: str = IN_MEMORY,
    control_secret: str | None = None,
    faults: Callable[[Door], Bindings] = lambda _: {},
) -> Iterator[Lab]:
    """A lab around the sample tool, correct or with one flaw.

    Args:
        control_secret: what opens its control endpoint; nobody knows it unless it is given.
        faults: given the door to the tool, bindings of fault points in place of its own.
    """
    policy: Literal["open", "class"] = "class" if profile.policy == "class" else "open"
    # A secret with signs in it shows whether it is encoded before it signs.
    consumers = {key: f"{secrets.token_urlsafe(24)} &+%é" for key in (KEY, ATTRIBUTES_KEY)}
    zoom = FakeZoom(clock=start.clock)
    door = Door()
    tool = _tool(door, consumers, {**callbacks(door), **_behind_zoom(zoom), **faults(door)})
    with contextlib.ExitStack() as stack:
        transport = stack.enter_context(AsgiTransport(door, timeout_s=tool.network.timeout_s))
        lab = lab_for(tool, profile, transport, start, url=PLATFORM_URL, where="the sample tool:")
        lab.pause = lambda _: None
        near = NearPlatform(lab.platform)
        # As with any tool, what it needs to start is up before it is.
        stack.enter_context(faults_ready(lab, "the sample tool:"))
        door.app = create_tool(
            # Whoever registers a tool tells it what the platform wants to be called.
            _integrations(consumers, lab.platform.dialect.value("token.audience", "")),
            policy=policy,
            without=without,
            database_url=database_url,
            fetch=near.fetch,
            zoom=zoom.ask,
            control_secret=control_secret or secrets.token_urlsafe(24),
            clock=lab.platform.clock,
            send=near.send,
            pause=near.pause,
            most_members=MOST_MEMBERS,
        )
        for issuer in {registration.issuer for registration in lab.registrations.values()} | {""}:
            door.app.state.store.choose_meeting_defaults(issuer, {"waiting_room": True, "host_video": False})
        yield lab


def _integrations(consumers: Mapping[str, str], audience: str) -> tuple[Integration, ...]:
    def entry(client_id: str, issuer: str, deployment: str, **attributes: str) -> Integration:
        return Integration(
            issuer=issuer,
            client_id=client_id,
            auth_url=f"{PLATFORM_URL}/auth",
            jwks_url=f"{PLATFORM_URL}/jwks",
            token_url=f"{PLATFORM_URL}/token",
            audience=audience,
            deployment_ids=(deployment,),
            attributes=attributes,
        )

    def consumer(key: str, **attributes: str) -> Integration:
        return Integration(
            issuer="",
            client_id=key,
            auth_url="",
            jwks_url="",
            deployment_ids=(),
            attributes=attributes,
            secret=consumers[key],
        )

    return (
        entry("lti-conformance", PLATFORM_URL, "deployment-a"),
        entry("lti-conformance-attributes", PLATFORM_URL, "deployment-a", **ATTRIBUTES),
        entry("lti-conformance-second", f"{PLATFORM_URL}/second", "deployment-b"),
        consumer(KEY),
        consumer(ATTRIBUTES_KEY, **ATTRIBUTES),
    )


def callbacks(door: Door) -> Bindings:
    """The sample tool's own fault points."""
    return {point: {"driver": "callback", "target": _armed(door, point)} for point in sorted(POINTS)}


def _behind_zoom(zoom: FakeZoom) -> Bindings:
    """The fault points at which Zoom is called."""
    upstream = {"driver": "upstream", "zoom": zoom, "match": "email"}
    return {
        "class.create": upstream,
        "deferred.create": {**upstream, "contains": DEFERRED},
        "zoom.session": upstream,
    }


def _tool(door: Door, consumers: Mapping[str, str], faults: Bindings) -> Tool:
    return Tool(
        tool=ToolSettings(
            name="sample tool",
            login_url=f"{TOOL_URL}/lti/login",
            launch_url=f"{TOOL_URL}/lti/launch",
            lti11_launch_url=f"{TOOL_URL}/lti/launch11",
            jwks_url=f"{TOOL_URL}/lti/jwks",
        ),
        platform=PlatformSettings(
            url=PLATFORM_URL,
            deployment_id="deployment-a",
            consumer_key=KEY,
            consumer_secret=consumers[KEY],
            attributes=Attributes(
                client_id="lti-conformance-attributes",
                consumer_key=ATTRIBUTES_KEY,
                consumer_secret=consumers[ATTRIBUTES_KEY],
                **ATTRIBUTES,
            ),
            second=SecondPlatform(
                issuer=f"{PLATFORM_URL}/second",
                client_id="lti-conformance-second",
                deployment_id="deployment-b",
            ),
        ),
        observe=Observe(
            launched=Launched(status="2xx", css="main#course", text="Welcome"),
            probe=Probe(request="GET /api/me", account="$.account"),
            error=(
                {"kind": "header"},
                {"kind": "html", "css": "[data-error-code]", "attr": "data-error-code"},
            ),
            # On the way back to the platform, the types stand in `lti_errorlog`.
            names={name: name for name in types()},
        ),
        capabilities=Capabilities(lti_versions=("1.3", "1.1"), services=("deep_linking", "ags", "nrps", "groups")),
        # The sample tool asks at once, and one that never asks has to be found out without a real wait.
        rulings={"allow_waits": True},
        arrange={
            "zoom_authorised": Arrangement(target=_authorise(door)),
            "deferred_work": Arrangement(target=_defer(door)),
        },
        actions={
            "edit_class": Action(request="POST /class/edit"),
            "read_roster": Action(request="POST /services/roster", granted=SERVED),
            "post_score": Action(request="POST /services/grade", granted=SERVED),
            "read_results": Action(request="POST /services/results", granted=SERVED),
            "read_groups": Action(request="POST /services/groups", granted=SERVED),
            "pick_content": Action(request="POST /lti/pick", form={"item": "all"}),
        },
        faults=faults,
    )


def _authorise(door: Door) -> Callable[..., None]:
    def zoom_authorised(email: str) -> None:
        door.tool.state.store.authorise_zoom(email)

    return zoom_authorised


def _defer(door: Door) -> Callable[..., None]:
    def deferred_work(email: str, issuer: str, deployment_id: str, context_id: str) -> None:
        store = door.tool.state.store
        store.authorise_zoom(email)
        store.defer_class(email, issuer, deployment_id, f"{context_id}-deferred", DEFERRED)

    return deferred_work


def _armed(door: Door, point: str) -> Callable[..., Any]:
    def arm(mode: str, times: int | None = None) -> Any:
        return door.tool.state.faults.arm(point, mode, times=times)

    return arm
