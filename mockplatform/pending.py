"""Launches under way: what was intended, which lies they carry, and what has been said so far."""

from __future__ import annotations

import functools
import typing
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from typing import Any, Final

from mockplatform.model import (
    AuthRequest,
    AuthResponse,
    Launch,
    LoginRequest,
    Registration,
    SignedLaunch,
    SignedToken,
)
from mockplatform.mutation import Context, Earlier, Spoilt, bind
from mockplatform.store import Table

__all__ = ["AuthRefusal", "PendingBasic", "PendingLaunch", "launch_named", "put_together", "taken_apart"]

_RECENT: Final = 200


@dataclass(slots=True, kw_only=True)
class PendingLaunch:
    """A launch under way: its intent, its mutations, and what has been said so far."""

    launch: Launch
    mutations: Sequence[Spoilt]
    context: Context
    kid: str
    """The key id that its token names, of the key `platform`; empty: that of the key that signs by then."""
    login: LoginRequest
    auth_request: AuthRequest | None = None
    auth_problems: tuple[str, ...] = ()
    token: SignedToken | None = None
    response: AuthResponse | None = None
    begun_s: float = 0.0
    asked_s: float | None = None
    """When the tool's authentication request came."""
    signed_with: str = ""
    """The key that signs its token where no lie says otherwise; empty until there is one."""
    signed_kid: str = ""
    """The key id that such a token names."""

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
    from mockplatform.stores.codec import told

    return {
        **{name: told(getattr(pending, name)) for name in _said()},
        "mutations": [str(spoilt) for spoilt in pending.mutations],
        "earlier": told(pending.context.earlier),
        "second": told(pending.context.second),
    }


def put_together(told: Any, context: Callable[[Launch], Context]) -> PendingLaunch:
    """The launch under way that was taken apart.

    Args:
        context: what mutations may know of a launch, but for earlier launches and other platforms.
    """
    from mockplatform.stores.codec import structured

    said = {name: structured(told[name], hint) for name, hint in _said().items() if name in told}
    return PendingLaunch(
        **said,
        mutations=tuple(bind(text, where="store") for text in told["mutations"]),
        context=replace(
            context(said["launch"]),
            earlier=structured(told["earlier"], tuple[Earlier, ...]),
            second=structured(told["second"], Registration | None),
        ),
    )


@functools.cache
def _said() -> Mapping[str, Any]:
    """The types of the fields that are told as they are."""
    hints = typing.get_type_hints(PendingLaunch)
    return {one.name: hints[one.name] for one in fields(PendingLaunch) if one.name not in ("mutations", "context")}


def launch_named(launches: Table[PendingLaunch], name: str) -> PendingLaunch | None:
    """A launch by its key, or one of the last ones by its id, which a flavour or a lie does not send as the hint."""
    kept = launches.get(name)
    if kept is not None or not name:
        return kept
    return next((one for one in launches.page(newest_first=True, limit=_RECENT) if one.launch.id == name), None)
