"""An honest launch, stage by stage, on which lies are tried without being told to anybody."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from conformance.lab import ROLES, Lab
from mockplatform import flow
from mockplatform.keys import sign
from mockplatform.model import AuthRequest
from mockplatform.mutation import Context, NotApplicableError, Spoilt, through

__all__ = ["Mixture", "Specimen", "mixture", "specimen"]

Mixture = Literal["both", "one", "neither"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Specimen:
    """The stages of an honest LTI 1.3 launch by their types, and what its lies may know."""

    context: Context
    stages: Mapping[type[Any], Any]


def specimen(lab: Lab, registration: str) -> Specimen:
    """A launch of the tool from one of its platforms, which nobody sends."""
    platform, cast = lab.platform, lab.cast(f"specimen of {registration}")
    launch = platform.intend(
        lab.registrations[registration], person=cast.person, roles=ROLES["instructor"], course=cast.course
    )
    context = Context(launch=launch, keys=platform.keys, canary_url=platform.canary_url(launch))
    asked = {"redirect_uri": lab.tool.tool.launch_url, "state": lab.opaque("state"), "nonce": lab.opaque("nonce")}
    request = AuthRequest(params=asked)
    token = flow.id_token(launch, request, kid=platform.keys.kid("platform"), now_s=platform.clock())
    signed = sign(token, platform.keys)
    honest = (flow.login_request(launch), token, signed, flow.auth_response(request, signed))
    keys = flow.key_set(platform.keys.jwk("platform"))
    return Specimen(context=context, stages={type(stage): stage for stage in (*honest, keys)})


def mixture(first: Sequence[Spoilt], second: Sequence[Spoilt], honest: Specimen) -> Mixture:
    """Whether a launch can tell both lots of lies: `one` covers the other, or `neither` goes with the other.

    Stages follow one another, so that only lies about the same stage can get in each other's way.
    """
    shared = {spoilt.mutation.stage for spoilt in first} & {spoilt.mutation.stage for spoilt in second}
    for stage in shared:
        value = honest.stages[stage]
        try:
            one, other = through(value, first, honest.context), through(value, second, honest.context)
            both = through(one, second, honest.context)
            if both != through(other, first, honest.context):
                return "neither"
        except NotApplicableError:
            return "neither"
        if both in (one, other):
            return "one"
    return "both"
