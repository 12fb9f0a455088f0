"""One launch, forward: login, authentication request, response, and where the browser ended.

The platform answers in this process, so that a response can be anything, not only what an HTML form can say.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from urllib.parse import urlsplit

from conformance.browser import Browser, Visit, form_request
from conformance.lab import Lab
from conformance.model import Attempt
from conformance.toolvalues import Probe
from conformance.transport import Request, Response, TransportTrouble
from mockplatform.model import AuthRequest, AuthResponse, KeySet, Launch, SignedLaunch
from mockplatform.mutation import Context, Earlier
from mockplatform.pending import AuthRefusal, PendingBasic, PendingLaunch

__all__ = ["Performed", "ask", "perform", "posting", "request_of", "signed_in", "unasked_request"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Performed:
    """What was sent in one attempt, and its traces."""

    visit: Visit
    auth_request: AuthRequest | None = None
    auth_problems: tuple[str, ...] = ()
    response: AuthResponse | SignedLaunch | None = None
    """What the platform gave the browser to post; None if it did not come to that."""
    earlier: Earlier | None = None
    """What a later launch may take from this one."""
    key_fetches: int = 0
    canary_hits: int = 0
    let_in: int | None = None
    """How many copies of the answer were let in, if it was posted several times at once."""
    pending: PendingLaunch | PendingBasic | None = field(default=None, repr=False)
    """What the platform knows of the launch, from which its timeline is told; None for what is no launch."""


def perform(
    lab: Lab,
    launch: Launch,
    attempt: Attempt,
    browser: Browser,
    earlier: Mapping[str, Performed],
    *,
    kid: str | None,
) -> Performed:
    """Send a launch with its lies from a browser.

    Args:
        earlier: what this story has sent before, by name, in its order; a lie that takes from an earlier launch takes
            from the last one, or from that whose login is continued.
        kid: the fresh key id of a story that spoils the key set; it signs every launch of that story.
    """
    context = Context(
        launch=launch,
        keys=lab.platform.keys,
        canary_url=lab.platform.canary_url(launch),
        earlier=tuple(_told_before(attempt, earlier)),
        second=lab.registrations.get("second"),
    )
    if attempt.lti == "1.1":
        return _basic(lab, launch, attempt, browser, context)
    return _oidc(lab, launch, attempt, browser, earlier, context, kid)


def _basic(lab: Lab, launch: Launch, attempt: Attempt, browser: Browser, context: Context) -> Performed:
    """An LTI 1.1 launch: one signed form."""
    pending = lab.platform.begin_basic(launch, attempt.mutations, context)
    visits = _post(lab, browser, pending.response, attempt.copies)
    return Performed(
        visit=visits[0],
        response=pending.response,
        earlier=pending.earlier,
        let_in=_let_in(lab, attempt, visits),
        pending=pending,
    )


def _told_before(attempt: Attempt, earlier: Mapping[str, Performed]) -> Iterator[Earlier]:
    """What was sent before, the attempt whose login is continued last."""
    names = sorted(earlier, key=lambda name: name == attempt.login)
    return (found for name in names if (found := earlier[name].earlier) is not None)


def _oidc(
    lab: Lab,
    launch: Launch,
    attempt: Attempt,
    browser: Browser,
    earlier: Mapping[str, Performed],
    context: Context,
    kid: str | None,
) -> Performed:
    """An LTI 1.3 launch: login, authentication request, response."""
    platform = lab.platform
    spoilers = [m for m in attempt.mutations if m.mutation.stage is KeySet]
    pending = platform.begin(launch, attempt.mutations, context, kid)
    published = (
        contextlib.nullcontext(platform.key_set) if kid is None else platform.spoilt_keys(spoilers, context, kid=kid)
    )
    try:
        with published as key_set:
            fetched_before = key_set.fetches
            visits = _visits(lab, pending, attempt, browser, earlier)
            return Performed(
                visit=visits[0],
                auth_request=pending.auth_request,
                auth_problems=pending.auth_problems,
                response=pending.response,
                earlier=pending.earlier,
                key_fetches=key_set.fetches - fetched_before,
                canary_hits=platform.canary_hits.pop(launch.id, 0),
                let_in=_let_in(lab, attempt, visits),
                pending=pending,
            )
    finally:
        # What is sent back later says which deep linking request it answers.
        if attempt.message != "deep_linking":
            platform.forget(pending)


def _visits(
    lab: Lab, pending: PendingLaunch, attempt: Attempt, browser: Browser, earlier: Mapping[str, Performed]
) -> tuple[Visit, ...]:
    """Where each copy of the answer led, first the one that counts; or where it ended before there was an answer."""
    if attempt.login == "none":
        return _post(lab, browser, lab.platform.answer(pending, unasked_request(lab, pending)), attempt.copies)
    if attempt.login != "fresh":
        request = earlier[attempt.login].auth_request
        if request is None:
            return (earlier[attempt.login].visit,)
        pending.auth_request = request
        return _post(lab, browser, lab.platform.answer(pending, request), attempt.copies)
    login = pending.login
    visit = browser.navigate(form_request(login.method, login.url, login.params), stop_at=lab.is_platform)
    if not (visit.stopped and _is_auth(visit.request.url)):
        return (visit,)
    answer = lab.platform.authorize(AuthRequest(params=dict(visit.params)))
    if isinstance(answer, AuthRefusal):
        told = "the platform had to refuse the authentication request: " + "; ".join(answer.problems)
        wanted = dict(visit.params).get("redirect_uri", "")
        away = _is_away(wanted, login.url)
        # A tool that has the token sent to a foreign host has sent the person there, but for a strict platform.
        refused = Visit(
            request=Request(method="POST", url=wanted),
            trouble=told,
            trouble_kind="foreign" if away else "unanswered",
        )
        return (refused,)
    return _post(lab, browser, answer, attempt.copies) if attempt.finish else (visit,)


def _is_away(wanted: str, own: str) -> bool:
    """Whether an address is on another host; text that is no address leads nowhere."""
    try:
        return urlsplit(wanted).hostname not in (None, urlsplit(own).hostname)
    except ValueError:
        return False


def _let_in(lab: Lab, attempt: Attempt, visits: Sequence[Visit]) -> int | None:
    return sum(_is_in(lab, visit) for visit in visits) if attempt.copies > 1 else None


def _is_in(lab: Lab, visit: Visit) -> bool:
    return lab.reader.read(visit).outcome == "launched"


def _post(lab: Lab, browser: Browser, response: AuthResponse | SignedLaunch, copies: int) -> tuple[Visit, ...]:
    """Where each copy of an answer led, those first that were let in."""
    request = posting(lab, response)
    if copies == 1:
        return (_ended(browser.navigate(request, stop_at=lab.is_platform)),)
    ways = browser.navigate_together(request, copies, stop_at=lab.is_platform)
    ended = sorted(((way, _ended(visit)) for way, visit in ways), key=lambda pair: not _is_in(lab, pair[1]))
    # Of several answers that change the cookies a browser is left with one; here it is that of the copy that counts.
    browser.become(ended[0][0])
    return tuple(visit for _, visit in ended)


def posting(lab: Lab, response: AuthResponse | SignedLaunch) -> Request:
    """The request by which a browser brings the tool what the platform says."""
    request = form_request(response.method, _reachable(lab, response.url), response.fields, response.content_type)
    if isinstance(response, SignedLaunch):
        return replace(request, headers=(*request.headers, *response.headers))
    return request


def _ended(visit: Visit) -> Visit:
    """Where an answer led; another login is no end."""
    if visit.stopped and _is_auth(visit.request.url):
        return Visit(request=visit.request, trouble="the tool began another login", trouble_kind="again")
    return visit


def _is_auth(url: str) -> bool:
    """Whether a URL of the platform is its authentication endpoint; a tunnel before it may add a path."""
    return urlsplit(url).path.endswith("/auth")


def unasked_request(lab: Lab, pending: PendingLaunch) -> AuthRequest:
    """The authentication request that nobody sent."""
    made_up = {
        "state": lab.opaque(pending.launch.id, "state"),
        "nonce": lab.opaque(pending.launch.id, "nonce"),
    }
    return AuthRequest(params={"redirect_uri": lab.tool.tool.launch_url, **made_up})


def _reachable(lab: Lab, url: str) -> str:
    """The address that really listens: some tools announce https on a loopback port that speaks plain http."""
    own, asked = urlsplit(lab.tool.address), urlsplit(url)
    if own.scheme == "http" and asked.scheme == "https" and asked.netloc == own.netloc:
        return "http" + url.removeprefix("https")
    return url


def request_of(lab: Lab, text: str, headers: Mapping[str, str], body: bytes = b"") -> Request:
    """A request that a tool file writes as `GET /api/me`, to the tool's host unless it names another."""
    method, _, path = text.partition(" ")
    return Request(method=method, url=lab.tool_url(path), headers=tuple(headers.items()), body=body)


def ask(lab: Lab, browser: Browser, probe: Probe) -> Response | None:
    """The answer to the probe from a browser; None if there is none."""
    try:
        return browser.send(request_of(lab, probe.request, probe.headers))
    except TransportTrouble:
        return None


def signed_in(lab: Lab, browser: Browser, probe: Probe) -> bool:
    """Whether the probe finds a session in a browser."""
    answer = ask(lab, browser, probe)
    return answer is not None and answer.status == probe.status
