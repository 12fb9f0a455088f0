"""Mistakes of the first hour where a framework lets nobody near the tool. Pure.

Its words are all that speaks of them, so each is looked for in clauses, and at the statuses that frameworks use.
"""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from conformance.mishaps.failure import Diagnosis, Failure, host_of, place
from conformance.mishaps.wording import of

__all__ = ["csrf_in_the_way", "host_refused", "insists_on_https"]

_HOST = (
    r"\binvalid (http )?host\b|\bdisallowed host|\ballowed hosts\b|\bblocked hosts?\b|\buntrusted host|"
    r"\bhost\b[^.!?]{0,60}(\bnot|n't) (be )?(trusted|allowed)"
)
_CSRF = of(
    r"csrf|xsrf|csrf token|forgery protection|authenticity token|antiforgery token",
    before=r"(?:can't|cannot|could not) verify|forbidden|expired",
    after=r"fail(?:ed|ure)?|incorrect|expired|rejected|refused|required|error|denied",
)
_CSRF_STATUSES = (400, 403, 422)
_PAGE_EXPIRED = 419
"""Laravel's own, and nobody else's."""
_HTTPS = (
    r"\bhttps[ -]?(is )?(required|only)|\b(must|only|requires?|needs?|please use)\b[\w ]{0,20}\bhttps\b|"
    r"\binsecure (transport|request|origin|scheme)|\bssl (is )?required|\bsecure connection (is )?required|"
    r"\brequires? a secure connection"
)
_SAFE_HTTPS = (
    'give [platform] url = "https://127.0.0.1:9400" and ca_path = "test-ca.pem", and have the tool trust that file'
)


def host_refused(failure: Failure) -> Diagnosis | None:
    """A framework that answers only under names that it has been told."""
    url = failure.last.url
    answered = any(
        host_of(step.url) == host_of(url) and step.status is not None and step.status < 400 for step in failure.steps
    )
    # Django says no more than this with DEBUG off.
    bare = failure.status == 400 and re.fullmatch(r"(Bad Request \(400\) ?)+", failure.said) is not None
    told = failure.has_failed and failure.says(_HOST)
    if answered or not (told or bare):
        return None
    host = urlsplit(url).hostname
    return Diagnosis(
        id="host-refused",
        happened=f"The tool answers {failure.status} at {place(url)}: it is{'' if told else ' perhaps'} not to be "
        f"called {host}.",
        remedy=f"Allow {host} as a host for tests (Django: ALLOWED_HOSTS; Flask: TRUSTED_HOSTS; Starlette: "
        "TrustedHostMiddleware), or use the name that it allows in login_url and launch_url.",
    )


def csrf_in_the_way(failure: Failure) -> Diagnosis | None:
    """Protection of a framework against forged forms, which a launch from an LMS looks like."""
    # Libraries call a lost state so as well, and no exemption helps there.
    told = failure.status in _CSRF_STATUSES and failure.says(_CSRF) and not failure.says(r"\bstate\b")
    if not told and failure.status != _PAGE_EXPIRED:
        return None
    return Diagnosis(
        id="csrf-in-the-way",
        happened=f"It may be that the framework's CSRF protection refused {failure.last.method} "
        f"{place(failure.last.url)} with {failure.status}: {failure.quote}.",
        remedy="A launch is posted by another site on purpose, and state and signature protect it: exempt login and "
        "launch (Django: @csrf_exempt; Flask-WTF: csrf.exempt).",
    )


def insists_on_https(failure: Failure) -> Diagnosis | None:
    """A tool that wants no plain http."""
    if not failure.says(_HTTPS):
        return None
    return Diagnosis(
        id="insists-on-https",
        happened=f"It may be that the tool refuses plain http: {failure.quote}.",
        remedy=f"If it means the platform, {_SAFE_HTTPS}; if it means itself, serve it with TLS or tell its framework "
        "that a proxy does (X-Forwarded-Proto).",
    )
