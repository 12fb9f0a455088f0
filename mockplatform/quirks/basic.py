"""What LTI 1.1 launches carry (LTI 1.1, sections 3 and 4)."""

from __future__ import annotations

from dataclasses import replace

from mockplatform.dialects.quirk import quirk
from mockplatform.dialects.values import pairs
from mockplatform.model import BasicLaunch, Launch

_DESCRIPTIONS = {
    "plain": "Read this first.",
    "crlf": "Read this first.\r\nThen answer.\r\n",
    "html": "<p>Read this <em>first</em>.</p>",
}
_CONTEXT_ROLE = "urn:lti:role:ims/lis/"


def _with(basic: BasicLaunch, name: str, value: str) -> BasicLaunch:
    return replace(basic, params=tuple((dict(basic.params) | {name: value}).items()))


@quirk("RFC 5849 2.1", neutral="about:blank", choices=("about:blank", "absent"))
def callback(basic: BasicLaunch, launch: Launch, setting: str) -> BasicLaunch:  # noqa: ARG001
    """Whether `oauth_callback` is signed along, though LTI has no use for it."""
    return replace(basic, params=tuple(pair for pair in basic.params if pair[0] != "oauth_callback"))


@quirk("LTI11 3", neutral="own", choices=("own", *_DESCRIPTIONS))
def description(basic: BasicLaunch, launch: Launch, setting: str) -> BasicLaunch:  # noqa: ARG001
    """What kind of text describes the link; the line breaks of one with two lines change what is signed."""
    return _with(basic, "resource_link_description", _DESCRIPTIONS[setting])


@quirk("LTI11 A.2", neutral="short", choices=("short", "urn", "urn_and_short"))
def roles(basic: BasicLaunch, launch: Launch, setting: str) -> BasicLaunch:  # noqa: ARG001
    """Whether roles in the course are simple names, URNs, or both one after the other."""
    given = [role for role in dict(basic.params).get("roles", "").split(",") if role]
    urns = [role if ":" in role else f"{_CONTEXT_ROLE}{role}" for role in given]
    return _with(basic, "roles", ",".join(dict.fromkeys(urns if setting == "urn" else (*urns, *given))))


@quirk("LTI11 3", neutral=())
def extra(basic: BasicLaunch, launch: Launch, setting: tuple[str, ...]) -> BasicLaunch:
    """Further parameters, signed along, as `name=value`: of the vendor (`ext_…`) or custom ones."""
    return replace(basic, params=(*basic.params, *pairs(setting, launch)))
