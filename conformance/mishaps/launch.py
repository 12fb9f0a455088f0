"""Mistakes of the first hour that show once the tool has the platform's answer. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator
from urllib.parse import urlsplit

from conformance.mishaps.failure import Cookie, Diagnosis, Failure, place

__all__ = [
    "basic_signature",
    "clock_differs",
    "cookie_lost",
    "deployment_unknown",
    "error_and_launched",
    "issuer_unknown",
    "key_set_unreached",
    "launch_crashed",
    "launch_refused",
    "launched_unseen",
    "no_cookie",
    "signature_refused",
    "state_not_found",
    "wrong_launch_path",
]

_STATE = r"\b(states?|cookies?|session|nonce)\b"
_KEYS = r"\b(jwks|jwk|key[ _-]?set|public key|kid|keys?)\b"
_BLOCKED = (
    r"ssrf|private (address|ip|network)|loopback|internal (address|ip|host)|not allowed to (fetch|connect)|blocked"
)


def wrong_launch_path(failure: Failure) -> Diagnosis | None:
    """404 or 405 where the launch should be."""
    launch = failure.launch
    if launch is None or launch.status not in (404, 405, 410):
        return None
    return Diagnosis(
        id="wrong-launch-path",
        happened=f"The tool takes no launch at {urlsplit(launch.url).path}: it answers {launch.method} with "
        f"{launch.status}.",
        remedy="See in its routes whether launch_url is right to the letter (a slash at the end?) and takes POST.",
    )


def error_and_launched(failure: Failure) -> Diagnosis | None:
    """Patterns that contradict each other."""
    if "looks launched and carries an error" not in failure.seen.trouble:
        return None
    return Diagnosis(
        id="error-on-launched-page",
        happened=f"The page looks launched, and an [[observe.error]] finds an error on it: {failure.quote}.",
        remedy="Make that pattern match errors only; `lti-conformance calibrate` proposes patterns.",
    )


def launched_unseen(failure: Failure) -> Diagnosis | None:
    """A page that the tool means as launched, and [observe] does not take for one."""
    if failure.launch is None or failure.status is None or failure.last is None:
        return None
    if failure.status >= 400 or failure.refuses or failure.seen.trouble:
        return None
    marker = failure.tool.observe.launched
    given = {name: getattr(marker, name) for name in ("status", "text", "url", "css", "json")}
    wanted = ", ".join(f"{name} = {value!r}" for name, value in given.items() if value is not None)
    return Diagnosis(
        id="launched-unseen",
        happened=f"The launch ended at {place(failure.last.url)} with {failure.status} and {failure.quote}, which "
        f"[observe] launched ({wanted}) does not match.",
        remedy="If that is the launched page, mend the pattern, or let `lti-conformance calibrate` propose one.",
    )


def no_cookie(failure: Failure) -> Diagnosis | None:
    """A login that leaves nothing in the browser by which the launch could be recognised."""
    if not _lacks_state(failure) or failure.cookies:
        return None
    return Diagnosis(
        id="no-cookie-at-login",
        happened=f"The login set no cookie, and the launch was refused: {failure.quote}.",
        remedy="Keep the state in a cookie (SameSite=None; Secure) or in a session of the browser when the login "
        "begins.",
    )


def cookie_lost(failure: Failure) -> Diagnosis | None:
    """A cookie of the login that does not come with the launch."""
    lost = [cookie for cookie in failure.cookies if cookie.name not in failure.came_back and not _is_removal(cookie)]
    if not lost or failure.launch is None or not failure.refuses:
        return None
    cookie = lost[0]
    why = _why_lost(cookie, failure.launch.url)
    return Diagnosis(
        id="cookie-out-of-scope",
        happened=f"The cookie {cookie.name}, set at {place(cookie.url)}, did not come with the launch: {why}.",
        remedy="Use one host for login_url and launch_url, and Path=/ for the cookie.",
    )


def _why_lost(cookie: Cookie, launch_url: str) -> str:
    set_at, launch = urlsplit(cookie.url), urlsplit(launch_url)
    if set_at.hostname != launch.hostname:
        return f"it belongs to {set_at.hostname}, and the launch went to {launch.hostname}"
    scope = cookie.attributes.get("path") or set_at.path.rpartition("/")[0] or "/"
    return f"its path {scope} does not cover {launch.path}"


def state_not_found(failure: Failure) -> Diagnosis | None:
    """Cookies that came and did not help."""
    if not _lacks_state(failure) or not failure.cookies:
        return None
    return Diagnosis(
        id="state-not-found",
        happened=f"{' '.join(_seen_of(failure))} The tool said {failure.quote}.",
        remedy="See whether the tool reads state and nonce where it has put them: one secret and one store for all "
        "of its processes, which last from login to launch.",
    )


def _seen_of(failure: Failure) -> Iterator[str]:
    launch = urlsplit(failure.launch.url if failure.launch else failure.login_url)
    yield f"The cookies of the login came with the launch ({', '.join(sorted(failure.came_back))})."
    secure = [cookie.name for cookie in failure.cookies if "secure" in cookie.attributes]
    if secure and launch.scheme == "http":
        yield (
            f"{', '.join(dict.fromkeys(secure))} is Secure over plain http: sent here, as browsers do on loopback, "
            "but by no browser to another host."
        )
    for cookie in failure.cookies:
        domain = cookie.attributes.get("domain", "").lstrip(".")
        if domain and launch.hostname != domain and not (launch.hostname or "").endswith(f".{domain}"):
            yield f"{cookie.name} has the domain {domain}, which is not {launch.hostname}: a browser drops it."


def deployment_unknown(failure: Failure) -> Diagnosis | None:
    """A deployment that is not registered."""
    if not _is_refused_launch(failure) or not failure.says(r"deployment"):
        return None
    return Diagnosis(
        id="deployment-unknown",
        happened=f"The tool does not know the deployment: {failure.quote}.",
        remedy=f"Register deployment {failure.tool.platform.deployment_id!r} in the tool, or write the one that it "
        "knows as [platform] deployment_id.",
    )


def clock_differs(failure: Failure) -> Diagnosis | None:
    """A token that is too old or too young for the tool."""
    words = r"\bexpired|\bexp\b|\biat\b|not yet valid|in the future|\bnbf\b|clock|too old|timestamp"
    if not _is_refused_launch(failure) or not failure.says(words):
        return None
    return Diagnosis(
        id="clock-differs",
        happened=f"The tool holds the token's times for wrong: {failure.quote}.",
        remedy="Compare the clocks of both machines (a container's, a frozen one of a test), and read exp and iat as "
        "seconds in UTC.",
    )


def key_set_unreached(failure: Failure) -> Diagnosis | None:
    """A launch that was refused by a tool which never had the platform's keys."""
    if not _is_refused_launch(failure) or failure.lti == "1.1" or failure.seen.key_fetches:
        return None
    missed = next((call.url for call in failure.asked if call.status == 404), "")
    if failure.status is not None and failure.status >= 500 and not (missed or failure.says(_KEYS)):
        return None
    wanted = f"{failure.platform_url}/jwks"
    if missed:
        happened = f"The tool asked for its keys at {place(missed)}, where the platform has none."
        return Diagnosis(id="wrong-key-set-url", happened=happened, remedy=f"Register {wanted} as its key set URL.")
    if failure.says(_BLOCKED):
        happened = f"The tool refused to fetch the key set from this machine: {failure.quote}."
        remedy = f"Allow {urlsplit(wanted).netloc} in its protection against requests to internal addresses, for tests."
        return Diagnosis(id="loopback-blocked", happened=happened, remedy=remedy)
    happened = f"The tool refused the launch without having fetched the key set: {failure.quote}."
    remedy = (
        f"Register {wanted} as the platform's key set URL; if it is, see whether the tool reaches it (from a container "
        "127.0.0.1 is another machine: [network] public_url)."
    )
    return Diagnosis(id="key-set-not-fetched", happened=happened, remedy=remedy)


def signature_refused(failure: Failure) -> Diagnosis | None:
    """Keys that were fetched and did not help."""
    words = rf"signature|verif|decode|{_KEYS}|\bjwt\b"
    if not _is_refused_launch(failure) or not failure.seen.key_fetches or not failure.says(words):
        return None
    return Diagnosis(
        id="signature-refused",
        happened=f"The tool fetched the key set and still refused the signature: {failure.quote}.",
        remedy="Have it take the key by the token's kid and allow RS256; a cache of keys of an earlier run has others.",
    )


def issuer_unknown(failure: Failure) -> Diagnosis | None:
    """An issuer or a client that the tool looks up once more when it has the token."""
    words = r"\b(issuer|iss|aud|audience|registration|client|platform|consumer)\b"
    if not _is_refused_launch(failure) or not failure.says(words):
        return None
    settings = failure.tool.platform
    known = f"issuer {failure.tool.issuer} and client id {settings.client_id}"
    if failure.lti == "1.1":
        known = f"consumer key {settings.consumer_key} and its secret"
    return Diagnosis(
        id="registration-differs",
        happened=f"The tool does not know who launches: {failure.quote}.",
        remedy=f"Register {known}, letter by letter.",
    )


def basic_signature(failure: Failure) -> Diagnosis | None:
    """An LTI 1.1 launch that was refused."""
    if failure.lti != "1.1" or not _is_refused_launch(failure):
        return None
    return Diagnosis(
        id="oauth-refused",
        happened=f"The tool refused the signed form: {failure.quote}.",
        remedy="Compare consumer key and secret. The signature covers the launch URL as the LMS knows it: a tool "
        "behind a proxy has to put the public one together again.",
    )


def launch_crashed(failure: Failure) -> Diagnosis | None:
    """A server error after the platform's answer."""
    if failure.launch is None or failure.status is None or failure.status < 500:
        return None
    unasked = failure.lti == "1.3" and not failure.seen.key_fetches
    keys = f" It had not fetched {failure.platform_url}/jwks by then." if unasked else ""
    return Diagnosis(
        id="launch-crashed",
        happened=f"The tool crashed in the launch: {failure.status}, {failure.quote}.{keys}",
        remedy="See its log.",
    )


def launch_refused(failure: Failure) -> Diagnosis | None:
    """Any other refusal of the launch."""
    if failure.launch is None:
        return None
    return Diagnosis(
        id="launch-refused",
        happened=f"The tool got the token and answered {failure.status or failure.trouble}: {failure.quote}.",
        remedy="Its own log, and [observe] launched, say more.",
    )


def _is_refused_launch(failure: Failure) -> bool:
    return failure.launch is not None and failure.refuses


def _lacks_state(failure: Failure) -> bool:
    if failure.lti == "1.1" or not _is_refused_launch(failure):
        return False
    return failure.says(_STATE) and not failure.says(r"deployment|expired|signature")


def _is_removal(cookie: Cookie) -> bool:
    """Whether a cookie was set to be taken away."""
    return (
        cookie.attributes.get("max-age") == "0"
        or re.search(r"\b1970\b", cookie.attributes.get("expires", "")) is not None
    )
