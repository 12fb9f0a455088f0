"""Whose token it is said to be: issuers that are almost right, and names that belong to another registration."""

from __future__ import annotations

from dataclasses import replace

from mockplatform.claims import claim_name
from mockplatform.model import IdToken, Registration
from mockplatform.mutation import Context, NotApplicableError, claims_of, mutation


def _second(context: Context) -> Registration:
    if context.second is None:
        raise NotApplicableError("no second platform is registered")
    return context.second


@mutation("SEC 5.1.2")
def issuer_over_other_scheme(token: IdToken) -> IdToken:
    """The issuer says `http` for `https` or the other way round, which makes it another issuer."""
    claims = claims_of(token)
    scheme, _, rest = str(claims["iss"]).partition(":")
    return replace(token, claims=claims | {"iss": f"{'http' if scheme == 'https' else 'https'}:{rest}"})


@mutation("SEC 5.1.3 step 2")
def issuer_extended(token: IdToken, *, suffix: str = ".attacker.example") -> IdToken:
    """The issuer merely begins with the right one."""
    claims = claims_of(token)
    return replace(token, claims=claims | {"iss": f"{claims['iss']}{suffix}"})


@mutation("SEC 5.1.3 step 2")
def issuer_of_second(token: IdToken, context: Context) -> IdToken:
    """The issuer is another registered platform; everything else is right."""
    return replace(token, claims=claims_of(token) | {"iss": _second(context).issuer})


@mutation("SEC 5.1.3 step 3")
def audience_of_second(token: IdToken, context: Context) -> IdToken:
    """The audience is the client id that the tool has at another platform."""
    return replace(token, claims=claims_of(token) | {"aud": _second(context).client_id})


@mutation("CORE 3.1.3")
def deployment_of_second(token: IdToken, context: Context) -> IdToken:
    """The deployment is one that the tool knows, of another registration."""
    foreign = {claim_name("deployment_id"): _second(context).deployment_ids[0]}
    if foreign.items() <= claims_of(token).items():
        raise NotApplicableError("both platforms call their deployments the same")
    return replace(token, claims=claims_of(token) | foreign)
