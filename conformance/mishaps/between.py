"""Mistakes of the first hour between the two sides: connections, hosts, and where a tool leads. Pure."""

from __future__ import annotations

from urllib.parse import urlsplit

from conformance.mishaps.failure import Diagnosis, Failure, base, host_of, place

__all__ = [
    "begins_again",
    "certificate_not_trusted",
    "connection_dropped",
    "led_elsewhere",
    "nobody_listens",
    "redirects_to_https",
    "runs_in_circles",
    "speaks_plain_http",
    "takes_too_long",
]


def speaks_plain_http(failure: Failure) -> Diagnosis | None:
    """No TLS at the tool's own address, where https is written."""
    is_no_tls = "WRONG_VERSION_NUMBER" in failure.trouble or "record layer" in failure.trouble.lower()
    if not (_gets_no_connection(failure) and is_no_tls):
        return None
    return Diagnosis(
        id="speaks-plain-http",
        happened=f"At {base(failure.last.url)} somebody listens who does not speak TLS.",
        remedy="Write http:// in login_url and launch_url of the tool file, or start the tool with TLS.",
    )


def nobody_listens(failure: Failure) -> Diagnosis | None:
    """No connection at the tool's own address."""
    if not _gets_no_connection(failure):
        return None
    return Diagnosis(
        id="nobody-listens",
        happened=f"Nobody answers at {base(failure.last.url)}.",
        remedy="Start the tool, or give [tool] start or app; check host and port of login_url in the tool file.",
    )


def certificate_not_trusted(failure: Failure) -> Diagnosis | None:
    """A certificate that this machine does not know."""
    if "certificate" not in failure.trouble.lower():
        return None
    return Diagnosis(
        id="certificate-not-trusted",
        happened=f"The certificate of {base(failure.last.url)} is not trusted here.",
        remedy="Name the file of its authority: [network] ca_path in the tool file.",
    )


def redirects_to_https(failure: Failure) -> Diagnosis | None:
    """A framework that sends everybody on from http to https, where nobody listens or nothing may be sent."""
    asked = [step.url for step in failure.steps if step.url.startswith("http://")]
    target = failure.led_to or failure.last.url
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
    if failure.seen.outcome != "hung" or not failure.trouble:
        return None
    remedy = (
        f"It may be waiting for {failure.platform_url}/jwks, which it has not asked for: see whether it reaches this "
        "machine."
        if failure.has_left_keys_alone
        else "See in its log what it waits for; [network] timeout_s gives it longer."
    )
    return Diagnosis(
        id="takes-too-long",
        happened=f"There was no whole answer from {place(failure.last.url)} within "
        f"{failure.tool.network.timeout_s:g} s.",
        remedy=remedy,
    )


def runs_in_circles(failure: Failure) -> Diagnosis | None:
    """Redirects without end."""
    if failure.seen.outcome != "hung" or failure.trouble:
        return None
    return Diagnosis(
        id="runs-in-circles",
        happened=f"The tool redirected without end, last to {place(failure.led_to)}.",
        remedy="See in its log why; often a page behind the launch wants a session that the launch did not make.",
    )


def begins_again(failure: Failure) -> Diagnosis | None:
    """One login after the other."""
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
    if not failure.trouble.startswith("the connection ended"):
        return None
    plain = failure.last.url.startswith("http://")
    return Diagnosis(
        id="connection-dropped",
        happened=f"{base(failure.last.url)} ended the connection without an answer.",
        remedy="See in the tool's log whether it crashed"
        + ("; if it speaks TLS there, write https:// in the tool file." if plain else "."),
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


def _gets_no_connection(failure: Failure) -> bool:
    own = host_of(failure.last.url) == host_of(failure.login_url)
    return own and failure.trouble.startswith("nobody answers")


def _name(url: str) -> str:
    try:
        return urlsplit(url).hostname or ""
    except ValueError:
        return ""
