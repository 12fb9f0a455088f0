"""The sample tool as a tool under test, called in this process without a socket."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from typing import Any, Literal

from starlette.applications import Starlette

from conformance.lab import Lab
from conformance.model import Profile
from conformance.sample_tool import Integration, create_tool
from conformance.sample_tool.faults import POINTS
from conformance.target import Start, faults_ready, lab_for
from conformance.toolvalues import (
    Arrangement,
    Attributes,
    Launched,
    Observe,
    PlatformSettings,
    Probe,
    SecondPlatform,
    Tool,
    ToolSettings,
)
from conformance.transport import AsgiTransport, Request, call_application
from mockplatform.app import create_app

__all__ = ["demo_lab"]

TOOL_URL = "http://127.0.0.1:9401"
PLATFORM_URL = "http://127.0.0.1:9400"
ATTRIBUTES = {"email": "user_email", "course_id": "course_code", "person_id": "person_ref"}


@contextlib.contextmanager
def demo_lab(profile: Profile, start: Start, *, without: str | None = None) -> Iterator[Lab]:
    """A lab around the sample tool, correct or with one flaw."""
    platform: list[Starlette] = []

    async def fetch(url: str) -> tuple[int, bytes]:
        answer = await call_application(platform[0], Request(method="GET", url=url), timeout_s=5)
        return answer.status, answer.body

    policy: Literal["open", "class"] = "class" if profile.policy == "class" else "open"
    app = create_tool(_integrations(), policy=policy, without=without, fetch=fetch, clock=start.clock)
    tool = _tool(app)
    with contextlib.ExitStack() as stack:
        transport = stack.enter_context(AsgiTransport(app, timeout_s=tool.network.timeout_s))
        lab = lab_for(tool, profile, transport, start, url=PLATFORM_URL, where="the sample tool:")
        lab.pause = lambda _: None
        platform.append(create_app(lab.platform))
        with faults_ready(lab, "the sample tool:"):
            yield lab


def _integrations() -> tuple[Integration, ...]:
    def entry(client_id: str, issuer: str, deployment: str, **attributes: str) -> Integration:
        return Integration(
            issuer=issuer,
            client_id=client_id,
            auth_url=f"{PLATFORM_URL}/auth",
            jwks_url=f"{PLATFORM_URL}/jwks",
            deployment_ids=(deployment,),
            attributes=attributes,
        )

    return (
        entry("lti-conformance", PLATFORM_URL, "deployment-a"),
        entry("lti-conformance-attributes", PLATFORM_URL, "deployment-a", **ATTRIBUTES),
        entry("lti-conformance-second", f"{PLATFORM_URL}/second", "deployment-b"),
    )


def _tool(app: Any) -> Tool:
    store = app.state.store
    return Tool(
        tool=ToolSettings(name="sample tool", login_url=f"{TOOL_URL}/lti/login", launch_url=f"{TOOL_URL}/lti/launch"),
        platform=PlatformSettings(
            url=PLATFORM_URL,
            deployment_id="deployment-a",
            attributes=Attributes(client_id="lti-conformance-attributes", **ATTRIBUTES),
            second=SecondPlatform(
                issuer=f"{PLATFORM_URL}/second",
                client_id="lti-conformance-second",
                deployment_id="deployment-b",
            ),
        ),
        observe=Observe(
            launched=Launched(status="2xx", css="main#course", text="Welcome"),
            probe=Probe(request="GET /api/me"),
            error=(
                {"kind": "header"},
                {"kind": "html", "css": "[data-error-code]", "attr": "data-error-code"},
            ),
        ),
        # The sample tool asks at once, and one that never asks has to be found out without a real wait.
        rulings={"allow_waits": True},
        arrange={
            "zoom_authorised": Arrangement(target=store.authorise_zoom),
            "deferred_work": Arrangement(target=_defer(store)),
        },
        faults={point: {"driver": "callback", "target": _armed(app, point)} for point in sorted(POINTS)},
    )


def _defer(store: Any) -> Callable[..., None]:
    def deferred_work(email: str, issuer: str, deployment_id: str, context_id: str) -> None:
        store.authorise_zoom(email)
        store.defer_class(email, issuer, deployment_id, f"{context_id}-deferred", "Prepared over the API")

    return deferred_work


def _armed(app: Any, point: str) -> Callable[[str], Any]:
    def arm(mode: str) -> Any:
        return app.state.faults.arm(point, mode)

    return arm
