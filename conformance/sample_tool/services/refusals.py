"""Why a service could not be used: the error types of the Ltix guide, of which none has a launch code."""

from __future__ import annotations

from conformance.sample_tool.refusal import Reason, Refusal

__all__ = ["denied", "expired", "malformed", "mismatched", "not_offered", "refused_token", "too_large", "unreachable"]


def not_offered(ref: str, about: str) -> Refusal:
    """The launch did not say that this service may be used."""
    return _invalid("ServiceNotAvailable", ref, about)


def refused_token(ref: str, about: str) -> Refusal:
    """The platform gives the tool no access token."""
    return _invalid("TokenRequestFailed", ref, about)


def malformed(ref: str, about: str) -> Refusal:
    """The platform's answer cannot be understood, or leads where a tool must not go."""
    return _invalid("MalformedResponse", ref, about)


def too_large(ref: str, about: str) -> Refusal:
    """The course has more members than the tool reads."""
    return _invalid("RosterTooLarge", ref, about)


def mismatched(ref: str, about: str) -> Refusal:
    """The access token does not open what the tool wants to do."""
    return _invalid("ScopeMismatch", ref, about)


def denied(ref: str, about: str) -> Refusal:
    """The platform keeps the tool out, also with a fresh token."""
    return Refusal(Reason(klass="security", type="AccessDenied", ref=ref, about=about))


def expired(ref: str, about: str) -> Refusal:
    """The access token is over."""
    return Refusal(Reason(klass="security", type="AccessTokenExpired", ref=ref, about=about))


def unreachable(ref: str, about: str) -> Refusal:
    """Nothing may be wrong with what was asked: the platform has not answered it."""
    return Refusal(Reason(klass="unknown", type="TransportError", ref=ref, about=about))


def _invalid(kind: str, ref: str, about: str) -> Refusal:
    return Refusal(Reason(klass="invalid", type=kind, ref=ref, about=about))
