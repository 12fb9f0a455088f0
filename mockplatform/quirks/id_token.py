"""The header, times and audience of ID tokens, and how their claims lie (SEC 5.1.2, RFC 7515)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, Final

from mockplatform.dialects.quirk import quirk
from mockplatform.dialects.values import filled
from mockplatform.flow import IAT_AGE_S
from mockplatform.model import IdToken, Launch
from mockplatform.mutation import claims_of, header_of

OTHER_AUDIENCE: Final = "https://other-audience.example"


def _claims(token: IdToken, **values: Any) -> IdToken:
    return replace(token, claims=dict(claims_of(token)) | values)


@quirk(
    "SEC 5.1.2",
    neutral="string",
    choices=("string", "array_of_one", "array_with_other"),
    breaks={"array_with_other": "a tool that trusts no other audience has to refuse it (SEC 5.1.3 step 3)"},
)
def aud(token: IdToken, launch: Launch, setting: str) -> IdToken:
    """The audience as a string, as a list with the client id alone, or as one with a further audience and `azp`."""
    client_id = launch.registration.client_id
    if setting == "array_of_one":
        return _claims(token, aud=[client_id])
    return _claims(token, aud=[client_id, OTHER_AUDIENCE], azp=client_id)


@quirk("SEC 5.1.2", neutral="absent", choices=("absent", "client_id"))
def azp(token: IdToken, launch: Launch, setting: str) -> IdToken:  # noqa: ARG001
    """Whether the tool stands there as the authorized party even if it is the only audience."""
    return _claims(token, azp=launch.registration.client_id)


@quirk("SEC 5.1.2", neutral=IAT_AGE_S)
def iat_age_s(token: IdToken, launch: Launch, setting: int) -> IdToken:  # noqa: ARG001
    """How many seconds before it is sent the token was issued, as its `iat` has it."""
    claims = claims_of(token)
    ahead = IAT_AGE_S - setting
    return _claims(token, iat=claims["iat"] + ahead, exp=claims["exp"] + ahead)


@quirk("SEC 5.1.2", neutral=300)
def lifetime_s(token: IdToken, launch: Launch, setting: int) -> IdToken:  # noqa: ARG001
    """How many seconds lie between `iat` and `exp`."""
    return _claims(token, exp=claims_of(token)["iat"] + setting)


@quirk("RFC 7519 4.1.5", neutral="absent", choices=("absent", "iat"))
def nbf(token: IdToken, launch: Launch, setting: str) -> IdToken:  # noqa: ARG001
    """Whether the token says from when it is valid: from the moment it was issued."""
    return _claims(token, nbf=claims_of(token)["iat"])


@quirk("RFC 7515 4.1.9", neutral="JWT", choices=("JWT", "jwt", "absent"))
def typ(token: IdToken, launch: Launch, setting: str) -> IdToken:  # noqa: ARG001
    """The type in the header, which may be left out."""
    header = {name: value for name, value in header_of(token).items() if name != "typ"}
    return replace(token, header=header if setting == "absent" else header | {"typ": setting})


@quirk("RFC 7515 4", neutral={})
def header(token: IdToken, launch: Launch, setting: Mapping[str, Any]) -> IdToken:
    """Further members of the header, which whoever does not know them ignores."""
    return replace(token, header=dict(header_of(token)) | filled(setting, launch))


_ORDERS: Final[Mapping[str, Callable[[str], tuple[bool, str]]]] = {
    "sorted": lambda name: (False, name),
    "lti_first": lambda name: ("/claim" not in name, ""),
}


@quirk("RFC 8259 4", neutral="usual", choices=("usual", "sorted", "reversed", "lti_first"))
def claim_order(token: IdToken, launch: Launch, setting: str) -> IdToken:  # noqa: ARG001
    """The order in which the claims stand: an object of JSON has none."""
    claims = claims_of(token)
    names = list(claims)[::-1] if setting == "reversed" else sorted(claims, key=_ORDERS[setting])
    return replace(token, claims={name: claims[name] for name in names})
