"""What stands in the claims of honest launches (CORE 5.3 and 5.4)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, Final

from mockplatform.claims import claim_name
from mockplatform.dialects.quirk import quirk
from mockplatform.dialects.values import filled
from mockplatform.model import IdToken, Launch
from mockplatform.mutation import claims_of

_COURSE: Final = "http://purl.imsglobal.org/vocab/lis/v2/course#"
OPTIONAL: Final = ("middle_name", "nickname", "picture", "profile", "website", "zoneinfo", "gender")
"""Claims of OpenID Connect Core 5.1 that launches here do not need."""


def _edited(token: IdToken, name: str, edit: Callable[[dict[str, Any]], Any]) -> IdToken:
    """The token with another value of a claim that is an object; without it, if the claim is not there."""
    claims = dict(claims_of(token))
    inner = claims.get(claim_name(name))
    if not isinstance(inner, Mapping):
        return token
    return replace(token, claims=claims | {claim_name(name): edit(dict(inner))})


_TYPES: Final[Mapping[str, tuple[str, ...]]] = {
    "offering": (f"{_COURSE}CourseOffering",),
    "group": (f"{_COURSE}Group",),
    "several": (f"{_COURSE}CourseSection", f"{_COURSE}CourseOffering", "https://vendor.example/course#Cohort"),
    "short": ("CourseSection",),
    "short_course": ("Course",),
}
_SIMPLE: Final = "its only value is a simple name, which is no URI of the vocabulary (CORE 5.4.1)"


@quirk(
    "CORE 5.4.1",
    neutral="section",
    choices=("section", "absent", *_TYPES),
    breaks={"short": _SIMPLE, "short_course": _SIMPLE},
)
def context_type(token: IdToken, launch: Launch, setting: str) -> IdToken:  # noqa: ARG001
    """What the course is: a section, an offering, a group, several at once, a simple name, or nothing."""

    def typed(context: dict[str, Any]) -> dict[str, Any]:
        context.pop("type", None)
        return context if setting == "absent" else context | {"type": list(_TYPES[setting])}

    return _edited(token, "context", typed)


_TEXTS: Final = {
    "html": '<p>Read this <em>first</em>.</p><img src="/pixel.png" alt="">',
    "crlf": "Read this first.\r\nThen answer.\r\n",
    "signs": 'Questions & "answers" <2026>',
    "empty": "",
}


@quirk("CORE 5.3.5", neutral="own", choices=("own", *_TEXTS))
def description(token: IdToken, launch: Launch, setting: str) -> IdToken:  # noqa: ARG001
    """What kind of text describes the link: its own if it has one, or HTML, two lines, signs, or an empty text."""
    return _edited(token, "resource_link", lambda link: link | {"description": _TEXTS[setting]})


@quirk("CORE 5.3.6", neutral="absent", choices=("absent", "empty", "null"))
def unknown_person(token: IdToken, launch: Launch, setting: str) -> IdToken:
    """How names and an address arrive that the platform does not know: not at all, as an empty text, or as null."""
    person, privacy = launch.person, launch.registration.privacy
    names = {"given_name": person.given_name, "family_name": person.family_name}
    shown = {
        **(names if privacy in ("public", "name") else {}),
        **({"email": person.email} if privacy in ("public", "email") else {}),
    }
    unknown = {name: "" if setting == "empty" else None for name, value in shown.items() if not value}
    return replace(token, claims=dict(claims_of(token)) | unknown)


@quirk("OIDC CORE 5.3.2", neutral=(), choices=OPTIONAL)
def null(token: IdToken, launch: Launch, setting: tuple[str, ...]) -> IdToken:  # noqa: ARG001
    """Optional claims of the person that are there without a value, as null."""
    return replace(token, claims=dict.fromkeys(setting) | claims_of(token))


@quirk("OIDC CORE 5.3.2", neutral=(), choices=OPTIONAL)
def empty(token: IdToken, launch: Launch, setting: tuple[str, ...]) -> IdToken:  # noqa: ARG001
    """Optional claims of the person that are there as an empty text."""
    return replace(token, claims=dict.fromkeys(setting, "") | claims_of(token))


@quirk("CORE 5.4.5", neutral={})
def lis(token: IdToken, launch: Launch, setting: Mapping[str, Any]) -> IdToken:
    """The ids of the school's own systems; some platforms leave a variable there that they could not resolve."""
    claims = dict(claims_of(token))
    known = claims.get(claim_name("lis"))
    given = filled(setting, launch) | (dict(known) if isinstance(known, Mapping) else {})
    return replace(token, claims=claims | {claim_name("lis"): given})


@quirk("CORE 5.4.2", neutral={})
def tool_platform(token: IdToken, launch: Launch, setting: Mapping[str, Any]) -> IdToken:
    """What the platform says of itself: name, product, version, contact; its guid unless another is given."""
    return _edited(token, "tool_platform", lambda known: {"guid": known.get("guid", "")} | filled(setting, launch))


@quirk("CORE 5.4.4", neutral={})
def presentation(token: IdToken, launch: Launch, setting: Mapping[str, Any]) -> IdToken:
    """Members of `launch_presentation`, beside the usual ones or in their place."""
    return _edited(token, "launch_presentation", lambda known: known | filled(setting, launch))


@quirk("CORE 5.4.4", neutral=(), choices=("document_target", "locale", "return_url"))
def presentation_without(token: IdToken, launch: Launch, setting: tuple[str, ...]) -> IdToken:  # noqa: ARG001
    """Members of `launch_presentation` that are left out."""
    return _edited(
        token, "launch_presentation", lambda known: {name: known[name] for name in known if name not in setting}
    )


@quirk("CORE 5.4.7", neutral={})
def vendor(token: IdToken, launch: Launch, setting: Mapping[str, Any]) -> IdToken:
    """Claims of the vendor, by their full names, with values of the launch in braces."""
    return replace(token, claims=dict(claims_of(token)) | filled(setting, launch))
