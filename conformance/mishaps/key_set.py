"""Mistakes of the first hour by which a tool never has the platform's keys, or cannot use them. Pure."""

from __future__ import annotations

from urllib.parse import urlsplit

from conformance.mishaps.failure import Diagnosis, Failure, place
from conformance.mishaps.wording import of

__all__ = ["key_set_not_fetched", "loopback_blocked", "signature_refused", "speaks_of_keys", "wrong_key_set_url"]

_INTERNAL = r"(?:private|internal|loopback|local|reserved) (?:ip )?(?:address(?:es)?|ip|ips|network|hosts?|range)"
_FORBIDDEN = r"blocked|forbidden|refused|denied|disallowed|not (?:be )?allowed|not (?:be )?permitted"
_BLOCKED = rf"\bssrf\b|\b{_INTERNAL}\b[^.!?]{{0,40}}\b({_FORBIDDEN})\b|\b({_FORBIDDEN})\b[^.!?]{{0,40}}\b{_INTERNAL}\b"
_SIGNATURE = of(
    r"signature|jwt|id token|kid|jwks?|public key|signing key|matching key|key set|key id",
    before=r"fail(?:ed|ure)?|error|unable to|could not|cannot",
    after=r"fail(?:ed|s|ure)?|error|rejected|refused|malformed|could not|cannot|unable",
)
_FETCH = r"\bjwks?\b[^.!?\ue000]{0,60}\b(?:error|exception|fail(?:ed)?|unreachable|could not|cannot|timed out)\b"


def wrong_key_set_url(failure: Failure) -> Diagnosis | None:
    """Another address of the platform in place of its key set."""
    missed = next((call.url for call in failure.asked if call.status == 404), "")
    if not (missed and failure.has_left_keys_alone and failure.refuses):
        return None
    return Diagnosis(
        id="wrong-key-set-url",
        happened=f"The tool asked at {place(missed)}, where the platform has nothing, and never fetched the key set.",
        remedy=f"Register {_wanted(failure)} as its key set URL.",
    )


def loopback_blocked(failure: Failure) -> Diagnosis | None:
    """A tool that fetches nothing from internal addresses."""
    if not (failure.has_left_keys_alone and failure.says(_BLOCKED)):
        return None
    return Diagnosis(
        id="loopback-blocked",
        happened=f"It may be that the tool refused to fetch the key set from this machine: {failure.quote}.",
        remedy=f"Allow {urlsplit(_wanted(failure)).netloc} in its protection against requests to internal addresses, "
        "for tests.",
    )


def key_set_not_fetched(failure: Failure) -> Diagnosis | None:
    """A launch that was refused by a tool which never had the platform's keys."""
    if not failure.has_left_keys_alone:
        return None
    return Diagnosis(
        id="key-set-not-fetched",
        happened=f"The tool refused the launch without having fetched the key set: {failure.quote}.",
        remedy=f"Register {_wanted(failure)} as the platform's key set URL; if it is, see whether the tool reaches it "
        "(from a container 127.0.0.1 is another machine: [network] public_url), or why it refused before.",
    )


def signature_refused(failure: Failure) -> Diagnosis | None:
    """Keys that were fetched and did not help."""
    if not failure.seen.key_fetches or not failure.says(_SIGNATURE):
        return None
    return Diagnosis(
        id="signature-refused",
        happened=f"The tool fetched the key set and may still have refused the signature: {failure.quote}.",
        remedy="Have it take the key by the token's kid and allow RS256; a cache of keys of an earlier run has others.",
    )


def speaks_of_keys(failure: Failure) -> bool:
    """Whether words say that something is wrong with keys or a signature."""
    return failure.says(_SIGNATURE) or failure.says(_FETCH)


def _wanted(failure: Failure) -> str:
    return f"{failure.platform_url}/jwks"
