"""What is wrong with the claims of a deep linking response (SEC 5.2.2 and 5.2.3; DL 4.5).

Each check is one function of the response that gives problems; a further one is a function in `CHECKS`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from mockplatform.claims import CLAIM_PREFIX, DEEP_LINKING_PREFIX, VERSION
from mockplatform.deep_links.items import Problem, problems_of
from mockplatform.deep_links.values import kind
from mockplatform.messages.deep_linking import settings as settings_of
from mockplatform.model import Launch, Registration

__all__ = ["CHECKS", "RESPONSE", "Response", "items_of"]

RESPONSE: Final = "LtiDeepLinkingResponse"
SKEW_S: Final = 60
MAX_AGE_S: Final = 3600
_END_OF_TIME_S: Final = 1e12
PLAIN_TEXTS: Final = {"msg": "DL 4.5.7", "log": "DL 4.5.8", "errormsg": "DL 4.5.9", "errorlog": "DL 4.5.10"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Response:
    """What a tool has returned.

    Args:
        launch: the deep linking request that it answers, if that is known.
        audience: whom it has to be for.
    """

    claims: Mapping[str, Any]
    registration: Registration
    launch: Launch | None
    audience: str
    now_s: float

    @property
    def settings(self) -> Mapping[str, Any] | None:
        """What was asked for, if that is known."""
        return None if self.launch is None else settings_of(self.launch)


def items_of(claims: Mapping[str, Any]) -> list[Any]:
    """The content items; none, if there are none (DL 4.5.6)."""
    found = claims.get(DEEP_LINKING_PREFIX + "content_items")
    return found if isinstance(found, list) else []


def _issuer(response: Response) -> Iterator[Problem]:
    found, wanted = response.claims.get("iss"), response.registration.client_id
    if found != wanted:
        yield Problem(text=f"iss is {found!r}, expected the client_id {wanted!r} (SEC 5.2.2)")


def _audience(response: Response) -> Iterator[Problem]:
    found = response.claims.get("aud")
    named = found if isinstance(found, list) else [found]
    if response.audience not in named:
        yield Problem(
            text=f"aud is {found!r}, expected the platform's issuer {response.audience!r} (SEC 5.2.2; DL 4.5.1)"
        )
    azp = response.claims.get("azp")
    if azp is None and len(named) > 1:
        yield Problem(text="aud names more than one and azp is missing (SEC 5.2.3)", severity="note")
    elif azp is not None and azp not in named:
        yield Problem(text=f"azp is {azp!r}, expected the same as aud (SEC 5.2.2)", severity="note")


def _times(response: Response) -> Iterator[Problem]:
    now_s, times = response.now_s, {}
    for name in ("exp", "iat"):
        found = response.claims.get(name)
        # Beyond what any calendar has, numbers are no times, and some cannot even be subtracted.
        if isinstance(found, int | float) and not isinstance(found, bool) and abs(found) < _END_OF_TIME_S:
            times[name] = found
        elif name in response.claims:
            yield Problem(text=f"{name} is {kind(found)}, expected a number of seconds since 1970 (SEC 5.2.2)")
        else:
            yield Problem(text=f"{name} is missing (SEC 5.2.2)")
    exp, iat = times.get("exp"), times.get("iat")
    if exp is not None and exp + SKEW_S <= now_s:
        yield Problem(text=f"exp was {now_s - exp:.0f} s ago (SEC 5.2.3)")
    if iat is not None and iat > now_s + SKEW_S:
        yield Problem(text=f"iat is {iat - now_s:.0f} s ahead of the platform's clock (SEC 5.2.3)")
    if iat is not None and iat < now_s - MAX_AGE_S:
        yield Problem(text=f"iat was {now_s - iat:.0f} s ago, {MAX_AGE_S} s are allowed (SEC 5.2.3)")
    if exp is not None and iat is not None and not 0 < exp - iat <= MAX_AGE_S:
        told = f"between iat and exp lie {exp - iat:.0f} s; a message is for some minutes (SEC 5.2.2)"
        yield Problem(text=told, severity="note")


def _nonce(response: Response) -> Iterator[Problem]:
    found = response.claims.get("nonce")
    if not isinstance(found, str) or not found:
        yield Problem(text="nonce is missing or no text (SEC 5.2.2)")


def _message(response: Response) -> Iterator[Problem]:
    wanted = {"message_type": (RESPONSE, "DL 4.5.2"), "version": (VERSION, "DL 4.5.3")}
    if response.launch is not None:
        wanted["deployment_id"] = (response.launch.deployment_id, "DL 4.5.4")
    for name, (value, section) in wanted.items():
        found = response.claims.get(CLAIM_PREFIX + name)
        if found != value:
            said = "is missing" if CLAIM_PREFIX + name not in response.claims else f"is {found!r}"
            yield Problem(text=f"{CLAIM_PREFIX}{name} {said}, expected {value!r} ({section})")


def _data(response: Response) -> Iterator[Problem]:
    sent = DEEP_LINKING_PREFIX + "data" in response.claims
    found = response.claims.get(DEEP_LINKING_PREFIX + "data")
    if response.launch is None:
        said = f"is {found!r}, which no deep linking request of this platform has sent" if sent else "is missing"
        yield Problem(text=f"{DEEP_LINKING_PREFIX}data {said}; return the value of the request unchanged (DL 4.5.5)")
    elif sent and "data" not in settings_of(response.launch):
        yield Problem(text="data is there, and the request had none (DL 4.5.5)", severity="note")


def _owner(response: Response) -> Iterator[Problem]:
    if response.launch is not None and response.launch.registration.key != response.registration.key:
        yield Problem(text="data belongs to a deep linking request to another tool (SEC 7.3.1)")


def _plain_texts(response: Response) -> Iterator[Problem]:
    for name, section in PLAIN_TEXTS.items():
        found = response.claims.get(DEEP_LINKING_PREFIX + name, "")
        if not isinstance(found, str):
            yield Problem(text=f"{name} is {kind(found)}, expected a plain text ({section})")
        elif "</" in found:
            yield Problem(text=f"{name} has markup, and is shown as plain text ({section})", severity="note")


def _content_items(response: Response) -> Iterator[Problem]:
    name = DEEP_LINKING_PREFIX + "content_items"
    found = response.claims.get(name)
    if name in response.claims and not isinstance(found, list):
        yield Problem(text=f"content_items is {kind(found)}, expected an array (DL 4.5.6)")
    misplaced = CLAIM_PREFIX + "content_items"
    if misplaced in response.claims:
        yield Problem(text=f"{misplaced} is no claim of LTI; content items stand in {name} (DL 4.5.6)")
    yield from problems_of(items_of(response.claims), response.settings)


CHECKS: Final[tuple[Callable[[Response], Iterator[Problem]], ...]] = (
    _issuer,
    _audience,
    _times,
    _nonce,
    _message,
    _data,
    _owner,
    _plain_texts,
    _content_items,
)
