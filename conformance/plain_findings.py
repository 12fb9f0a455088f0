"""What a plain launch shows that works here, and would not work with every LMS. Pure.

Each of `_LOOKS` looks for one thing; a new one is one function. They are no verdicts, since nothing here has failed.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final
from urllib.parse import urlsplit

from conformance.exchanges.clearing import cleared
from conformance.mishaps.cookies import Cookie
from conformance.mishaps.failure import Failure, place
from conformance.model import Finding

__all__ = ["plain_findings"]

_STAY_AT_HOME: Final = {"lax": "Lax", "strict": "Strict"}
_LONGEST_NAME: Final = 60
_TELLING: Final = 8
"""So many characters of a drawn value are not there by chance."""


def plain_findings(launch: Failure) -> tuple[Finding, ...]:
    """What is worth saying of a plain launch that has not failed."""
    found = (finding for look in _LOOKS for finding in look(launch))
    return tuple(_shown(finding, launch.secrets) for finding in found)


def _login_cookies(launch: Failure) -> Iterator[Finding]:
    """Cookies of the login that a browser does not send from the page of an LMS (OIDC-AUTHREQ-13).

    One that did not come back with the launch is not needed for it. Over plain http it is told as well that Secure, or
    both attributes, are missing: the defaults of frameworks look no different there from libraries that set them over
    https only, and a wrong default is the commonest mistake; the words leave open which of the two it is.
    """
    lacks: dict[str, list[Cookie]] = {}
    for cookie in launch.cookies:
        if cookie.name in launch.came_back and (lack := _lack(cookie)):
            lacks.setdefault(lack, []).append(cookie)
    if not lacks:
        return
    told = "; ".join(f"{_named(cookies, launch)} {lack}" for lack, cookies in lacks.items())
    open_ = all(_may_differ_over_https(cookie) for cookies in lacks.values() for cookie in cookies)
    remedy = "see that over https the tool sets" if open_ else "set"
    yield Finding(
        id="login-cookie",
        text=f"{told}. In an LMS of another site a launch that needs such a cookie fails: {remedy} SameSite=None and "
        "Secure, or keep the state in the platform's storage (OIDC-AUTHREQ-13)",
    )


def _lack(cookie: Cookie) -> str:
    """What a cookie lacks, and what a browser does about that; empty if nothing."""
    same_site = cookie.attributes.get("samesite", "").lower()
    if same_site in _STAY_AT_HOME:
        return f"SameSite={_STAY_AT_HOME[same_site]}, which browsers do not send with a POST from another site"
    if same_site != "none":
        return "no SameSite, which browsers take for Lax, so do not send in a frame of another site"
    return "" if "secure" in cookie.attributes else "SameSite=None without Secure, which browsers refuse"


def _may_differ_over_https(cookie: Cookie) -> bool:
    """Whether a tool may have left something out because the connection is plain."""
    written = cookie.attributes.get("samesite", "").lower() in _STAY_AT_HOME
    return not written and urlsplit(cookie.url).scheme == "http"


def _named(cookies: Sequence[Cookie], launch: Failure) -> str:
    names = " and ".join(dict.fromkeys(f"'{_lasting(cookie.name, launch)}'" for cookie in cookies))
    return f"the cookie{'s' if ' and ' in names else ''} {names} of the login {'have' if ' and ' in names else 'has'}"


def _lasting(name: str, launch: Failure) -> str:
    """The name, without what of it is drawn for each launch: the report of the next run is to say the same."""
    drawn = (asked.get(key) or "" for asked in launch.seen.auth_requests for key in ("state", "nonce"))
    ends = [at for value in drawn if len(value) >= _TELLING and (at := name.find(value[:_TELLING])) >= 0]
    end = min((*ends, _LONGEST_NAME))
    return name if end >= len(name) else f"{name[:end]}…"


def _redirect_uri(launch: Failure) -> Iterator[Finding]:
    """A tool that wants the answer elsewhere than the tool file says; a platform compares the two (SEC 5.1.1.2)."""
    settings = launch.tool.tool
    asked = next((asked.get("redirect_uri") or "" for asked in launch.seen.auth_requests), "")
    # One that thinks itself behind a proxy for https is reached by http on purpose.
    plain = f"http{asked.removeprefix('https')}"
    if not asked or {asked, plain} & {settings.launch_url, settings.target_link_uri}:
        return
    # The query may hold a secret, so it is shown only where it is what differs.
    shown = asked if place(asked) == place(settings.launch_url) else place(asked)
    yield Finding(
        id="redirect-uri-differs",
        text=f"the tool asked for the platform's answer at {shown}, and launch_url in the tool file is "
        f"{settings.launch_url}: the launch went to the former; make both the same, letter by letter, since an "
        "LMS answers only to the address that is registered",
    )


def _shown(finding: Finding, secrets: frozenset[str]) -> Finding:
    """Without secrets, and without what steers a terminal: it quotes the tool."""
    text = cleared(finding.text, secrets)
    return Finding(id=finding.id, text="".join(c if c.isprintable() else " " for c in text))


_LOOKS: Final = (_login_cookies, _redirect_uri)
