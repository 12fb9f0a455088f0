"""Launches under way: what was intended, which lies they carry, and what has been said so far."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from mockplatform.model import AuthRequest, AuthResponse, Launch, LoginRequest, SignedLaunch, SignedToken
from mockplatform.mutation import Context, Earlier, Spoilt

__all__ = ["AuthRefusal", "PendingBasic", "PendingLaunch", "put_together", "taken_apart"]


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
    begun_s: float = 0.0
    asked_s: float | None = None
    """When the tool's authentication request came."""

    @property
    def key(self) -> str:
        """What brings the authentication request back to this launch: the hint as it was sent."""
        return dict(self.login.params).get("lti_message_hint") or self.launch.id

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


def taken_apart(pending: PendingLaunch) -> Any:
    """A launch under way as a JSON value, its mutations as text."""
    raise NotImplementedError(pending)


def put_together(told: Any, context: Callable[[Launch], Context]) -> PendingLaunch:
    """The launch under way that was taken apart.

    Args:
        context: what mutations may know of a launch.
    """
    raise NotImplementedError(told, context)
