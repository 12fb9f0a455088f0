"""Mistakes of the first hour that show once the tool has the platform's answer. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import urlsplit

from conformance.mishaps.cookies import Cookie, why_lost
from conformance.mishaps.failure import Diagnosis, Failure, place
from conformance.mishaps.wording import of

__all__ = [
    "basic_signature",
    "clock_differs",
    "cookie_lost",
    "deployment_unknown",
    "error_and_launched",
    "how_lost",
    "issuer_unknown",
    "launch_refused",
    "launched_unseen",
    "lost_cookies",
    "no_cookie",
    "state_not_found",
    "wrong_launch_path",
]

_STATE = of(
    r"states?|cookies?|session|nonce",
    before="expired|empty|lost|different|used|without",
    after="expired|lost|empty|used|reused|fail(?:ed|s)?",
)
_DEPLOYMENT = of(r"deployments?|deployment id")
_TIMES = r"(?<!session )(?<!access )(?<!csrf )token|jwt|signature|assertion|exp|iat|nbf|timestamp|oauth timestamp"
_WRONG_TIME = (
    r"expired|too (?:old|early|late|young)|used too early|in the (?:future|past)|"
    r"(?:not|n't) (?:yet )?(?:valid|active) yet|(?:not|n't) yet (?:valid|active)|outside"
)
_CLOCK = rf"\b(?:{_TIMES})\b[^.!?\ue000]{{0,40}}?\b(?:{_WRONG_TIME})\b|\bexpired (?:id )?(?:token|jwt)\b|\bclock skew\b"
_PARTY = of(
    r"issuer|iss|aud|audience|registration|client|client id|platform|consumer|consumer key",
)
_UNREACHED = r"\bjwks?\b|\bkey ?set\b|\bconnect|\btimed out\b|\bresolv|\bunreachable\b|\brefused\b|\burlopen\b"
_NO_PAGE = (404, 405, 410)


def wrong_launch_path(failure: Failure) -> Diagnosis | None:
    """404 or 405 where the launch should be."""
    launch = failure.launch
    # Who has fetched the keys for it takes launches there.
    if launch is None or launch.status not in _NO_PAGE or failure.seen.key_fetches:
        return None
    takes = "takes" if launch.status == 405 else "seems to take"
    return Diagnosis(
        id="wrong-launch-path",
        happened=f"The tool {takes} no launch at {urlsplit(launch.url).path}: it answers {launch.method} with "
        f"{launch.status}.",
        remedy="See in its routes whether launch_url is right to the letter (a slash at the end?) and takes POST; if "
        "it is, compare issuer, client id and deployment with its registration.",
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
    if failure.status is None or failure.has_failed or failure.seen.trouble:
        return None
    marker = failure.tool.observe.launched
    given = {name: getattr(marker, name) for name in ("status", "text", "url", "css", "json")}
    wanted = ", ".join(f"{name} = {value!r}" for name, value in given.items() if value is not None)
    return Diagnosis(
        id="launched-unseen",
        happened=f"The launch ended at {place(failure.last.url)} with {failure.status} and {failure.quote}, which "
        f"[observe] launched ({wanted}) does not match.",
        remedy="If that is the launched page, mend the pattern, or let `lti-conformance calibrate` propose one; if it "
        "is a refusal, see the tool's log.",
    )


def no_cookie(failure: Failure) -> Diagnosis | None:
    """A login that leaves nothing in the browser by which the launch could be recognised."""
    if not _lacks_state(failure) or failure.cookies:
        return None
    was_set = any(name.lower() == "set-cookie" for step in failure.before for name, _ in step.response_headers)
    what = "Every cookie of the login was over as soon as it was set" if was_set else "The login set no cookie"
    return Diagnosis(
        id="no-cookie-at-login",
        happened=f"{what}, and the launch was refused: {failure.quote}.",
        remedy="Keep the state in a cookie (SameSite=None; Secure) or in a session of the browser when the login "
        "begins.",
    )


def cookie_lost(failure: Failure) -> Diagnosis | None:
    """A cookie of the login that does not come with the launch."""
    lost = next(lost_cookies(failure), None)
    # One lost among others may be about anything; that all are lost shows where the tool looks no further.
    all_lost = failure.has_left_keys_alone and failure.status not in _NO_PAGE and not _has_any_back(failure)
    if lost is None or not (all_lost or _lacks_state(failure)):
        return None
    return Diagnosis(
        id="cookie-out-of-scope",
        happened=f"{how_lost(lost, failure)}, and the launch was refused: {failure.quote}.",
        remedy="Use one host for login_url and launch_url, and Path=/ for the cookie.",
    )


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


def deployment_unknown(failure: Failure) -> Diagnosis | None:
    """A deployment that is not registered."""
    if not failure.says(_DEPLOYMENT):
        return None
    return Diagnosis(
        id="deployment-unknown",
        happened=f"The tool may not know the deployment: {failure.quote}.",
        remedy=f"Register deployment {failure.tool.platform.deployment_id!r} in the tool, or write the one that it "
        "knows as [platform] deployment_id.",
    )


def clock_differs(failure: Failure) -> Diagnosis | None:
    """A token that is too old or too young for the tool."""
    if not failure.says(_CLOCK):
        return None
    return Diagnosis(
        id="clock-differs",
        happened=f"The tool may hold the token's times for wrong: {failure.quote}.",
        remedy="Compare the clocks of both machines (a container's, a frozen one of a test), and read exp and iat as "
        "seconds in UTC.",
    )


def issuer_unknown(failure: Failure) -> Diagnosis | None:
    """An issuer or a client that the tool looks up once more when it has the token."""
    if not failure.says(_PARTY) or (failure.has_left_keys_alone and failure.says(_UNREACHED)):
        return None
    settings = failure.tool.platform
    known = f"issuer {failure.tool.issuer} and client id {settings.client_id}"
    if failure.lti == "1.1":
        known = f"consumer key {settings.consumer_key} and its secret"
    return Diagnosis(
        id="registration-differs",
        happened=f"The tool may not know who launches: {failure.quote}.",
        remedy=f"Register {known}, letter by letter.",
    )


def basic_signature(failure: Failure) -> Diagnosis | None:
    """An LTI 1.1 launch that was refused."""
    if failure.lti != "1.1":
        return None
    return Diagnosis(
        id="oauth-refused",
        happened=f"The tool refused the signed form: {failure.quote}.",
        remedy="Compare consumer key and secret. The signature covers the launch URL as the LMS knows it: a tool "
        "behind a proxy has to put the public one together again.",
    )


def launch_refused(failure: Failure) -> Diagnosis:
    """Any other refusal of the launch."""
    return Diagnosis(
        id="launch-refused",
        happened=f"The tool got the token and answered {failure.status or failure.trouble}: {failure.quote}.",
        remedy="Its own log, and [observe] launched, say more.",
    )


def _lacks_state(failure: Failure) -> bool:
    return failure.lti == "1.3" and failure.says(_STATE) and not failure.says(r"\bdeployment\b|\bsignature\b")


def lost_cookies(failure: Failure) -> Iterator[Cookie]:
    """The cookies of the login that did not come with the launch, for a reason that they show."""
    return (
        cookie
        for cookie in failure.cookies
        if cookie.name not in failure.came_back and why_lost(cookie, failure.launch_url)
    )


def _has_any_back(failure: Failure) -> bool:
    return any(cookie.name in failure.came_back for cookie in failure.cookies)


def how_lost(cookie: Cookie, failure: Failure) -> str:
    """Which cookie did not come with the launch, and why."""
    why = why_lost(cookie, failure.launch_url)
    return f"The cookie {cookie.name}, set at {place(cookie.url)}, did not come with the launch: {why}"


def _seen_of(failure: Failure) -> Iterator[str]:
    launch = urlsplit(failure.launch_url)
    back = sorted({cookie.name for cookie in failure.cookies} & failure.came_back)
    told = f"The cookies of the login came with the launch ({', '.join(back)})."
    yield told if back else "No cookie of the login came with the launch."
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
