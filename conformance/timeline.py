"""What was said on the wire in a launch or an action, in its order, each lie beside what is honest.

What was a lie is not asked here again: the platform tells the story of a launch itself, and its legs get here what
the browser saw come back. Legs are whole here, with their secrets: `exchange_legs.told` makes of them what is shown.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Final

from conformance.attempt import posting, request_of, unasked_request
from conformance.exchanges.basic_lines import basic_lines
from conformance.exchanges.bodies import SHOWN
from conformance.exchanges.exchange_legs import call_legs, exchange_leg, header_lines, hop, legs_of, lines_of, reply_of
from conformance.exchanges.legs import Leg, Line, Reply, TokenParts
from conformance.lab import Lab
from conformance.story import Told
from conformance.transport import Request
from mockplatform.model import AuthResponse, Exchange, KeySet, LoginRequest, SignedLaunch
from mockplatform.mutation import Spoilt
from mockplatform.pending import PendingBasic, PendingLaunch
from mockplatform.telling import timeline as telling
from mockplatform.telling.token_views import TokenView, part_params, taken_apart

__all__ = ["timeline_of"]

_JOURNAL: Final = 1000
_UNSENT: Final = ("foreign", "loop", "again", "unanswered")
"""The troubles of a browser over a request that it did not send."""


def timeline_of(lab: Lab, told: Told) -> tuple[Leg, ...]:
    """The legs of a launch or an action; of one that cannot be told so, what the browser and the tool have sent."""
    try:
        return tuple(_legs(lab, told))
    except Exception as error:  # noqa: BLE001 - whatever a lie has made of a launch, its result must not be lost
        trouble = f"What was a lie cannot be shown: {type(error).__name__}"
        return (Leg(title=trouble, asker="harness"), *legs_of(told.seen))


def _legs(lab: Lab, told: Told) -> Iterator[Leg]:
    pending, seen = told.performed.pending, told.seen
    if pending is None:
        yield from _rest(lab, told, seen.exchanges)
    elif isinstance(pending, PendingBasic):
        yield from _posted(lab, told, _basic(lab, told, pending), seen.exchanges)
    else:
        yield from _oidc(lab, told, pending)
    yield from _end(told)
    if isinstance(pending, PendingLaunch):
        yield from _key_sets(lab, told, pending)
    yield from call_legs(seen.calls)


def _oidc(lab: Lab, told: Told, pending: PendingLaunch) -> Iterator[Leg]:
    attempt, exchanges = told.attempt, told.seen.exchanges
    if attempt.login == "none":
        # The platform has made up the request that it answers.
        pending = replace(pending, auth_request=unasked_request(lab, pending))
    story = telling.story(lab.platform, pending, ())
    yield from _unmarked(story)
    login, *later = story.legs
    if attempt.login == "fresh":
        at = _answered_at(lab, told, pending)
        yield from _logged_in(lab, login, pending, exchanges[:at])
        exchanges = exchanges[at:]
    elif attempt.login == "none":
        yield Leg(title="No login came before: the answer comes unasked", asker="harness")
    else:
        yield Leg(title=f"The login of the launch '{attempt.login}' is continued", asker="harness")
    if later and attempt.login != "none":
        yield _as_leg(later[0])
    if pending.response is None:
        yield from _rest(lab, told, exchanges)
        return
    response = _as_leg(later[-1], _manner(pending.response, is_spoilt=bool(pending.mutations)))
    yield from _posted(lab, told, response, exchanges)


def _unmarked(story: telling.Story) -> Iterator[Leg]:
    """The lies that no line of a launch can show; those of a key set stand where it is fetched."""
    if story.idle:
        yield Leg(title=f"Changed nothing of what was sent: {_named(story.idle)}", asker="harness")
    told = [spoilt for spoilt in story.pending.mutations if spoilt not in story.idle]
    told = [spoilt for spoilt in told if spoilt.mutation.stage is not KeySet]
    unsent = [spoilt for spoilt in told if spoilt.mutation.stage is not LoginRequest and not story.pending.token]
    if unsent:
        yield Leg(title=f"It did not come to: {_named(unsent)}", asker="harness")
    elif told and not any(leg.has_lies for leg in story.legs):
        yield Leg(title=f"Not to be seen in the values: {_named(told)}", asker="harness")


def _named(spoilts: Sequence[Spoilt]) -> str:
    return ", ".join(map(str, spoilts))


def _logged_in(lab: Lab, login: telling.Leg, pending: PendingLaunch, exchanges: Sequence[Exchange]) -> Iterator[Leg]:
    honest = pending.launch.login_method
    method = (Line(name="method", value=login.method, was=honest),) if login.method != honest else ()
    yield _answered(_as_leg(login, method), exchanges[:1])
    yield from (exchange_leg(exchange, _title(lab, exchange)) for exchange in exchanges[1:])


def _posted(lab: Lab, told: Told, response: Leg, exchanges: Sequence[Exchange]) -> Iterator[Leg]:
    """The platform's answer, what the tool says to it, and where the browser goes then."""
    if not exchanges:
        # The host may not be contacted.
        trouble = told.performed.visit.trouble or "it was not sent"
        yield replace(response, reply=Reply(status=None, trouble=trouble))
        return
    yield _answered(response, exchanges[:1])
    for exchange in exchanges[1:]:
        is_copy = told.attempt.copies > 1 and _is_same(exchange, exchanges[0])
        title = "The same answer once more, at the same moment" if is_copy else _title(lab, exchange)
        leg = exchange_leg(exchange, title)
        yield Leg(title=title, method=leg.method, url=leg.url, reply=leg.reply) if is_copy else leg


def _rest(lab: Lab, told: Told, exchanges: Sequence[Exchange]) -> Iterator[Leg]:
    """What the browser has sent, with no answer of the platform in it."""
    for number, exchange in enumerate(exchanges):
        is_action = number == 0 and bool(told.attempt.action)
        yield exchange_leg(exchange, f"Action: {told.attempt.action}" if is_action else _title(lab, exchange))


def _end(told: Told) -> Iterator[Leg]:
    """A last request that the browser did not send, or that brought it back to the platform."""
    visit, posted = told.performed.visit, told.performed.response is not None
    request = visit.request
    if visit.trouble_kind in _UNSENT and told.seen.exchanges:
        yield Leg(
            title="Not sent",
            method=request.method,
            url=request.url,
            reply=Reply(status=None, trouble=visit.trouble),
        )
    elif visit.stopped and (posted or told.attempt.action):
        yield _back(told)


def _back(told: Told) -> Leg:
    """What the tool has the browser bring to the platform."""
    visit = told.performed.visit
    token = dict(visit.params).get("JWT", "")
    # An observation keeps the answers of the whole story.
    problems = told.seen.answers[-1].problems if told.seen.answers and token else ()
    return Leg(
        title="The tool sends the browser back to the platform" + (" with a deep linking response" if token else ""),
        method=visit.request.method,
        url=visit.request.url.partition("?")[0],
        lines=lines_of(visit.params),
        token=_deep_link(token, problems) if token else None,
        problems=problems,
    )


def _deep_link(token: str, problems: Sequence[str]) -> TokenParts:
    header, claims, trouble = taken_apart(token)
    return TokenParts(
        header=lines_of(part_params(header)),
        claims=lines_of(part_params(claims)),
        signature="The tool has made it; the platform holds "
        + ("against it what is listed." if problems else "nothing against it."),
        trouble=trouble,
    )


def _basic(lab: Lab, told: Told, pending: PendingBasic) -> Leg:
    response = pending.response
    return Leg(
        title="Launch request: the browser brings the tool the signed form (LTI 1.1)",
        method=response.method,
        url=response.url,
        lines=(
            *_manner(response, is_spoilt=bool(told.attempt.mutations)),
            *basic_lines(lab.platform, told.attempt, pending),
        ),
    )


def _key_sets(lab: Lab, told: Told, pending: PendingLaunch) -> Iterator[Leg]:
    """The key set as the tool has fetched it, where it was spoilt: then nobody else was about."""
    spoilers = [spoilt for spoilt in pending.mutations if spoilt.mutation.stage is KeySet]
    if told.story.kid is None:
        return
    page = lab.platform.state.journal.page(limit=_JOURNAL, newest_first=True)
    fetches = [one for one in reversed(page) if one.about.get("endpoint") == "jwks" and one.at_s >= pending.begun_s]
    lies = f", spoilt by {_named(spoilers)}" if spoilers else ""
    for fetch in fetches[: told.seen.key_fetches]:
        yield exchange_leg(fetch, f"The tool fetches the key set{lies}")
    if spoilers and not (fetches and told.seen.key_fetches):
        yield Leg(title=f"The tool did not fetch the key set{lies}", asker="harness", url=f"{lab.platform.url}/jwks")


def _answered_at(lab: Lab, told: Told, pending: PendingLaunch) -> int:
    """How many exchanges belong to the login, the rest to the platform's answer."""
    exchanges = told.seen.exchanges
    if isinstance(pending.response, AuthResponse):
        found = (n for n, one in enumerate(exchanges) if n and _is_sent(one, posting(lab, pending.response)))
        return next(found, len(exchanges))
    # An authentication request that was refused with an error goes where the tool wanted it.
    wanted = "" if pending.auth_request is None else pending.auth_request.params.get("redirect_uri", "")
    errors = (
        n for n, one in enumerate(exchanges) if n and wanted and one.url == wanted and "error=" in one.request_body
    )
    return next(errors, len(exchanges))


def _is_sent(exchange: Exchange, request: Request) -> bool:
    body = request.body[:SHOWN].decode("utf-8", "replace")
    url = request.url.partition("#")[0]
    return (exchange.method, exchange.url, exchange.request_body) == (request.method, url, body)


def _is_same(one: Exchange, other: Exchange) -> bool:
    return (one.method, one.url, one.request_body) == (other.method, other.url, other.request_body)


def _title(lab: Lab, exchange: Exchange) -> str:
    probe = lab.tool.observe.probe
    if probe is not None and exchange.url == request_of(lab, probe.request, {}).url:
        return "The probe: who is signed in"
    return hop(exchange)


def _manner(response: AuthResponse | SignedLaunch, *, is_spoilt: bool) -> tuple[Line, ...]:
    """How an answer is posted, where that is a lie: an honest one is a form."""
    honest = AuthResponse(url="", fields=())
    pairs = (("method", response.method, honest.method), ("content-type", response.content_type, honest.content_type))
    lines = tuple(Line(name=name, value=value, was=was) for name, value, was in pairs if is_spoilt and value != was)
    extra = response.headers if isinstance(response, SignedLaunch) else ()
    return (*lines, *(replace(line, was="") for line in lines_of(extra)))


def _answered(leg: Leg, exchanges: Sequence[Exchange]) -> Leg:
    """A leg with what came back, if it was sent."""
    if not exchanges:
        return leg
    known = {line.name.lower() for line in leg.lines}
    headers = tuple(line for line in header_lines(exchanges[0]) if line.name.lower() not in known)
    return replace(leg, lines=(*headers, *leg.lines), reply=reply_of(exchanges[0]))


def _as_leg(leg: telling.Leg, more: tuple[Line, ...] = ()) -> Leg:
    return Leg(
        title=leg.title,
        method=leg.method,
        url=leg.url,
        lines=(*more, *leg.lines),
        token=None if leg.token is None else _parts(leg.token),
        problems=leg.problems,
    )


def _parts(token: TokenView) -> TokenParts:
    return TokenParts(header=token.header, claims=token.claims, signature=token.signature, trouble=token.trouble)
