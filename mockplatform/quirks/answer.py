"""The form that brings the token to the tool (SEC 5.1.1.3)."""

from __future__ import annotations

from dataclasses import replace

from mockplatform.dialects.quirk import quirk
from mockplatform.dialects.values import pairs
from mockplatform.model import AuthResponse, Launch


@quirk("SEC 5.3", neutral=())
def extra(answer: AuthResponse, launch: Launch, setting: tuple[str, ...]) -> AuthResponse:
    """Further fields before the token, as `name=value`."""
    return replace(answer, fields=(*pairs(setting, launch), *answer.fields))


@quirk("LTI Platform Storage 0.1", neutral="")
def storage_target(answer: AuthResponse, launch: Launch, setting: str) -> AuthResponse:
    """The frame that `lti_storage_target` names in each answer; empty: only where a launch offers one itself."""
    if launch.storage_target or "lti_storage_target" in dict(answer.fields):
        return answer
    return replace(answer, fields=(*answer.fields, ("lti_storage_target", setting)))


@quirk("SEC 5.1.1.3", neutral="token_first", choices=("token_first", "state_first"))
def order(answer: AuthResponse, launch: Launch, setting: str) -> AuthResponse:  # noqa: ARG001
    """Which field stands first."""
    return replace(answer, fields=tuple(sorted(answer.fields, key=lambda pair: pair[0] != "state")))
