"""Mistakes of the first hour between the two sides: connections, hosts, https, and frameworks in the way. Pure."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from conformance.mishaps.failure import Diagnosis, Failure, host_of, place

__all__ = [
    "certificate_not_trusted",
    "connection_dropped",
    "csrf_in_the_way",
    "host_refused",
    "insists_on_https",
    "led_elsewhere",
    "nobody_listens",
    "redirects_to_https",
    "runs_in_circles",
    "takes_too_long",
]

_HTTPS = (
    r"https[ -]?(is )?(required|only)|(must|only|requires?|use|over|needs?)[\w ]{0,20}\bhttps|insecure|not secure|"
    r"\bssl (is )?required|secure connection"
)
_SAFE_HTTPS = (
    'give [platform] url = "https://127.0.0.1:9400" and ca_path = "test-ca.pem", and have the tool trust that file'
)


def nobody_listens(failure: Failure) -> Diagnosis | None:
    """No connection at the tool's own address."""
    last = failure.last
    if (
        last is None
        or not failure.trouble.startswith("nobody answers")
        or host_of(last.url) != host_of(failure.login_url)
    ):
        return None
    if "WRONG_VERSION_NUMBER" in failure.trouble or "record layer" in failure.trouble.lower():
        return Diagnosis(
            id="speaks-plain-http",
            happened=f"At {_base(last.url)} somebody listens who does not speak TLS.",
            remedy="Write http:// in login_url and launch_url of the tool file, or start the tool with TLS.",
        )
    return Diagnosis(
        id="nobody-listens",
        happened=f"Nobody answers at {_base(last.url)}.",
        remedy="Start the tool, or give [tool] start or app; check host and port of login_url in the tool file.",
    )


def certificate_not_trusted(failure: Failure) -> Diagnosis | None:
    """A certificate that this machine does not know."""
    if "certificate" not in failure.trouble.lower() or failure.last is None:
        return None
    return Diagnosis(
        id="certificate-not-trusted",
        happened=f"The certificate of {_base(failure.last.url)} is not trusted here.",
        remedy="Name the file of its authority: [network] ca_path in the tool file.",
    )


def redirects_to_https(failure: Failure) -> Diagnosis | None:
    """A framework that sends everybody on from http to https, where nobody listens or nothing may be sent."""
    asked = [step.url for step in failure.steps if step.url.startswith("http://")]
    target = failure.led_to or (failure.last.url if failure.last else "")
    same = [url for url in asked if _name(url) == _name(target) and urlsplit(url).path == urlsplit(target).path]
    unanswered = failure.trouble or failure.seen.left_for
    if not (target.startswith("https://") and same and unanswered):
        return None
    return Diagnosis(
        id="redirects-to-https",
        happened=f"The tool sends everybody on from {place(same[0])} to https.",
        remedy="Turn that redirect off for tests (SECURE_SSL_REDIRECT, force_https, …), or write its https address "
        "into the tool file.",
    )


def takes_too_long(failure: Failure) -> Diagnosis | None:
    """No answer in time."""
    last = failure.last
    if failure.seen.outcome != "hung" or last is None or not failure.trouble:
        return None
    waits = failure.launch is not None and not failure.seen.key_fetches
    remedy = (
        f"It may be waiting for {failure.platform_url}/jwks, which it has not asked for: see whether it reaches this "
        "machine."
        if waits
        else "See in its log what it waits for; [network] timeout_s gives it longer."
    )
    return Diagnosis(
        id="takes-too-long",
        happened=f"There was no whole answer from {place(last.url)} within {failure.tool.network.timeout_s:g} s.",
        remedy=remedy,
    )


def runs_in_circles(failure: Failure) -> Diagnosis | None:
    """Redirects without end, or one login after the other."""
    if failure.seen.outcome == "hung" and not failure.trouble:
        return Diagnosis(
            id="runs-in-circles",
            happened=f"The tool redirected without end, last to {place(failure.led_to)}.",
            remedy="See in its log why; often a page behind the launch wants a session that the launch did not make.",
        )
    if "another login" not in failure.seen.trouble:
        return None
    return Diagnosis(
        id="begins-again",
        happened="In place of taking the launch the tool began another login.",
        remedy="It did not recognise its own login: see whether state and session are kept from login to launch, and "
        "whether launch_url in the tool file is that of the launch and not of the login.",
    )


def connection_dropped(failure: Failure) -> Diagnosis | None:
    """A connection that ends without an answer."""
    if not failure.trouble.startswith("the connection ended") or failure.last is None:
        return None
    plain = failure.last.url.startswith("http://")
    return Diagnosis(
        id="connection-dropped",
        happened=f"{_base(failure.last.url)} ended the connection without an answer.",
        remedy="See in the tool's log whether it crashed"
        + ("; if it speaks TLS there, write https:// in the tool file." if plain else "."),
    )


def host_refused(failure: Failure) -> Diagnosis | None:
    """A framework that answers only under names that it has been told."""
    told = failure.says(
        r"invalid host|invalid http_host|disallowedhost|allowed_hosts|blocked (host|request)|host\b.{0,60}\bnot "
        r"(trusted|allowed)|host not allowed"
    )
    # Django says no more than this with DEBUG off.
    bare = failure.status == 400 and re.fullmatch(r"(Bad Request \(400\) ?)+", failure.said) is not None
    if not (told or bare) or failure.status is None or failure.last is None or failure.status < 400:
        return None
    host = urlsplit(failure.last.url).hostname
    return Diagnosis(
        id="host-refused",
        happened=f"The tool answers {failure.status} at {place(failure.last.url)}: it is not to be called {host}.",
        remedy=f"Allow {host} as a host for tests (Django: ALLOWED_HOSTS; Flask: TRUSTED_HOSTS; Starlette: "
        "TrustedHostMiddleware), or use the name that it allows in login_url and launch_url.",
    )


def csrf_in_the_way(failure: Failure) -> Diagnosis | None:
    """Protection of a framework against forged forms, which a launch from an LMS looks like."""
    told = failure.says(r"csrf|xsrf|forgery|invalidauthenticitytoken") or failure.status == 419
    if not told or failure.status is None or failure.status < 400 or failure.last is None:
        return None
    return Diagnosis(
        id="csrf-in-the-way",
        happened=f"The framework's CSRF protection refused {failure.last.method} {place(failure.last.url)} "
        f"with {failure.status}.",
        remedy="A launch is posted by another site on purpose, and state and signature protect it: exempt login and "
        "launch (Django: @csrf_exempt; Flask-WTF: csrf.exempt).",
    )


def insists_on_https(failure: Failure) -> Diagnosis | None:
    """A tool that wants no plain http."""
    if not (failure.refuses and failure.says(_HTTPS)) or failure.last is None:
        return None
    return Diagnosis(
        id="insists-on-https",
        happened=f"The tool refuses plain http: {failure.quote}.",
        remedy=f"If it means the platform, {_SAFE_HTTPS}; if it means itself, serve it with TLS or tell its framework "
        "that a proxy does (X-Forwarded-Proto).",
    )


def led_elsewhere(failure: Failure) -> Diagnosis | None:
    """A host to which nothing may be sent."""
    if not failure.seen.left_for:
        return None
    when = "after the launch" if failure.launch is not None else "before there was a launch"
    return Diagnosis(
        id="led-elsewhere",
        happened=f"The tool sent the browser to {failure.seen.left_for} {when}; nothing was sent there.",
        remedy="Have it stay at the host of login_url and launch_url in tests; if these are not on this machine, "
        "--allow-remote permits their hosts and no other.",
    )


def _name(url: str) -> str:
    try:
        return urlsplit(url).hostname or ""
    except ValueError:
        return ""


def _base(url: str) -> str:
    return f"{urlsplit(url).scheme}://{host_of(url)}"
