"""Mistakes of the first hour in the login, until the platform has been asked. Pure."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from conformance.mishaps.failure import Diagnosis, Failure, host_of, place
from conformance.mishaps.wording import of

__all__ = [
    "auth_request_flawed",
    "auth_request_refused",
    "auth_request_to_another_path",
    "client_id_differs",
    "cookie_page",
    "hints_lost",
    "login_answers_with_a_page",
    "login_refused",
    "not_registered",
    "other_platform",
    "redirect_uri_differs",
    "wrong_login_path",
]

_PARTY = of(
    r"issuer|iss|registration|platform|client|client id|deployment|consumer|consumer key",
    after=r"not supported",
)
_NO_PAGE = r"page not found|cannot (get|post) |url patterns|no route matches|requested url was not found"
_OTHER_WINDOW = re.compile(r"\b((?:lti1p3_)?new_?window)\b")
_TRIES_COOKIES = re.compile(r"document\.cookie|cookieEnabled|(?:has|request)StorageAccess")
_COOKIE_WORDS = (
    r"\b(allow|enable|accept|block|prohibit|disable|support|third[ -]party|save|set)\w*\b[^.!?]{0,40}\bcookies?\b|"
    r"\bcookies?\b[^.!?]{0,40}\b(block|disable|prohibit|support|not (set|saved|allowed|enabled))"
)


def not_registered(failure: Failure) -> Diagnosis | None:
    """A login that is refused because nobody has told the tool of this platform."""
    if not (failure.refuses and failure.says(_PARTY)) or failure.says(_NO_PAGE):
        return None
    settings = failure.tool.platform
    return Diagnosis(
        id="not-registered",
        happened=f"The tool may not know the platform: it answers the login with {failure.status} and says "
        f"{failure.quote}.",
        remedy=f"Register issuer {failure.tool.issuer} with client id {settings.client_id} and deployment "
        f"{settings.deployment_id} in the tool, letter by letter (no slash at the end, http and not https).",
    )


def wrong_login_path(failure: Failure) -> Diagnosis | None:
    """404 or 405 where the login should be."""
    last = failure.last
    if failure.status not in (404, 405, 410):
        return None
    if len(failure.steps) > 1:
        happened = f"The login led to {place(last.url)}, which the tool answers with {failure.status}."
    else:
        happened = (
            f"The tool has no login at {urlsplit(last.url).path}: it answers {last.method} with {failure.status}."
        )
    method = f" and takes {last.method}" if failure.status == 405 else ""
    return Diagnosis(
        id="wrong-login-path",
        happened=happened,
        remedy=f"See in its routes whether login_url is right to the letter (a slash at the end?){method}; if it is, "
        "compare issuer and client id with its registration.",
    )


def other_platform(failure: Failure) -> Diagnosis | None:
    """An authentication request that goes to somebody else."""
    asks = "login_hint" in failure.led_with or failure.led_with.get("response_type") == "id_token"
    if not failure.steps or not (failure.seen.left_for or failure.trouble):
        return None
    target = failure.led_to or failure.last.url
    asks = asks or "login_hint=" in target
    if not asks or host_of(target) in (host_of(failure.login_url), host_of(failure.platform_url)):
        return None
    return Diagnosis(
        id="other-platform",
        happened=f"The tool sent its authentication request to {place(target)}: for it, {failure.tool.issuer} is "
        "another platform than this.",
        remedy=f"Register {failure.platform_url}/auth as the authentication URL of that issuer.",
    )


def auth_request_to_another_path(failure: Failure) -> Diagnosis | None:
    """The right host, and another path of it."""
    if failure.seen.auth_requests or failure.seen.returned is None:
        return None
    return Diagnosis(
        id="wrong-auth-url",
        happened=f"The tool sent the browser to {place(failure.led_to) or failure.platform_url}, where the platform "
        "takes no authentication request.",
        remedy=f"Register {failure.platform_url}/auth as its authentication URL.",
    )


def hints_lost(failure: Failure) -> Diagnosis | None:
    """An authentication request by which the platform cannot tell which launch it is about."""
    if "no launch under way" not in failure.seen.trouble:
        return None
    return Diagnosis(
        id="hints-lost",
        happened="The authentication request has neither the login_hint nor the lti_message_hint of this launch.",
        remedy="Pass both on from the login request, unchanged.",
    )


def client_id_differs(failure: Failure) -> Diagnosis | None:
    """The tool calls itself otherwise than the tool file does."""
    wanted = failure.tool.platform.client_id
    found = next((asked.get("client_id") for asked in failure.seen.auth_requests), wanted)
    if found == wanted:
        return None
    return Diagnosis(
        id="client-id-differs",
        happened=f"The tool sent client_id {found!r}, and the tool file says {wanted!r}.",
        remedy="Register the same on both sides: in the tool, or as [platform] client_id.",
    )


def redirect_uri_differs(failure: Failure) -> Diagnosis | None:
    """The tool wants the answer somewhere else."""
    settings = failure.tool.tool
    known = {settings.launch_url, settings.target_link_uri}
    found = next((asked.get("redirect_uri") or "" for asked in failure.seen.auth_requests), None)
    # Where the launch was answered by more than that, the address was no hindrance.
    if found is None or found in known or (failure.launch and failure.launch.status not in (None, 404, 405, 410)):
        return None
    return Diagnosis(
        id="redirect-uri-differs",
        happened=f"The tool asked for the answer at {found or 'no address'}, and launch_url in the tool file is "
        f"{settings.launch_url}.",
        remedy="Make both the same, letter by letter: scheme, host (localhost is not 127.0.0.1), port, slash at the "
        "end. Behind a proxy the tool has to know its own address.",
    )


def auth_request_refused(failure: Failure) -> Diagnosis | None:
    """An authentication request that the platform cannot answer."""
    _, refused, told = failure.seen.trouble.partition("refuse the authentication request: ")
    if not refused:
        return None
    return Diagnosis(
        id="auth-request-refused",
        happened=f"The platform could not answer the tool's authentication request: {told}.",
        remedy="Mend it as SEC 5.1.1.2 has it.",
    )


def auth_request_flawed(failure: Failure) -> Diagnosis | None:
    """Mistakes of the authentication request that the platform has passed over."""
    if not (failure.seen.auth_problems and failure.refuses):
        return None
    return Diagnosis(
        id="auth-request-flawed",
        happened=f"The launch was answered with {failure.status} and {failure.quote}, and the tool's authentication "
        f"request has mistakes: {'; '.join(failure.seen.auth_problems)}.",
        remedy="Mend these first, as SEC 5.1.1.2 has them; they may be why.",
    )


def cookie_page(failure: Failure) -> Diagnosis | None:
    """A login that goes on only by a script, in another window perhaps."""
    if failure.status not in range(200, 300):
        return None
    body = failure.last.response_body
    named = _OTHER_WINDOW.search(body)
    if named is None and not _looks_like_a_cookie_page(failure):
        return None
    params = f'{{ {named[1]} = "1" }}' if named else '{ new_window = "1" }, by the name that its script uses'
    return Diagnosis(
        id="login-goes-on-by-script",
        happened="The login is answered with a page that may go on by a script, as one does that tests for cookies: "
        f"{failure.quote}.",
        remedy=f"Give what the script adds: [tool] login_params = {params}.",
    )


def _looks_like_a_cookie_page(failure: Failure) -> bool:
    """Whether a script tries cookies, or the page speaks of them or of a window; where people sign in is another."""
    body = failure.last.response_body
    if re.search(r"""(?i)<input[^>]*type=["']?password""", body):
        return False
    script = "<script" in body.lower()
    return (script and bool(_TRIES_COOKIES.search(body) or failure.says(_COOKIE_WORDS))) or failure.says(
        r"\bnew (tab|window)\b"
    )


def login_answers_with_a_page(failure: Failure) -> Diagnosis | None:
    """A login that leads nowhere."""
    if failure.status not in range(200, 400):
        return None
    return Diagnosis(
        id="login-leads-nowhere",
        happened=f"The login at {place(failure.last.url)} is answered with {failure.status} and {failure.quote}, not "
        "with a redirect to the platform.",
        remedy="See whether login_url is the OIDC login initiation, and not where people sign in with a password.",
    )


def login_refused(failure: Failure) -> Diagnosis:
    """Any other refusal before the authentication request."""
    return Diagnosis(
        id="login-refused",
        happened=f"The tool never sent an authentication request; it answered {failure.status or failure.trouble}.",
        remedy="Compare issuer and client id with its registration.",
    )
