"""How platforms list and spell roles (CORE 5.3.7 and appendix A.2)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from mockplatform.claims import CONTEXT_ROLE, claim_name
from mockplatform.dialects.quirk import quirk
from mockplatform.dialects.values import filled
from mockplatform.model import IdToken, Launch
from mockplatform.mutation import claims_of


def _listed(token: IdToken) -> list[str]:
    roles = claims_of(token).get(claim_name("roles"))
    return list(roles) if isinstance(roles, list) else []


def _with(token: IdToken, roles: Sequence[str]) -> IdToken:
    return replace(token, claims=dict(claims_of(token)) | {claim_name("roles"): list(dict.fromkeys(roles))})


@quirk("CORE 5.3.7", neutral=())
def added(token: IdToken, launch: Launch, setting: tuple[str, ...]) -> IdToken:
    """Further roles of whoever has one, such as those in the institution; `{institution_role}` fits the person."""
    roles = _listed(token)
    return _with(token, (*roles, *filled(setting, launch))) if roles else token


@quirk(
    "CORE A.2",
    neutral="full",
    choices=("full", "short", "both"),
    breaks={"short": "simple names are deprecated, and a tool need not know them (CORE A.2.3)"},
)
def spelling(token: IdToken, launch: Launch, setting: str) -> IdToken:  # noqa: ARG001
    """Whether roles in the course are full URIs, simple names such as `Instructor`, or both."""
    roles = _listed(token)
    short = [role.removeprefix(CONTEXT_ROLE) for role in roles]
    return _with(token, short if setting == "short" else (*roles, *short))


@quirk("CORE 5.3.7", neutral="usual", choices=("usual", "sorted", "reversed"))
def order(token: IdToken, launch: Launch, setting: str) -> IdToken:  # noqa: ARG001
    """The order of the roles, which means nothing."""
    roles = _listed(token)
    return _with(token, sorted(roles) if setting == "sorted" else roles[::-1])
