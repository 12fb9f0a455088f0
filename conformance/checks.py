"""Checks beside the answer: facts of an observation that a scenario can demand by name.

A check returns a sentence about what is wrong, or None. Adding one is adding a function.
"""

from __future__ import annotations

import inspect
import math
import re
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence

from conformance import answer_checks, grade_checks, service_checks
from conformance.model import Observation
from mockplatform.model import Params

__all__ = ["Check", "checks"]

Check = Callable[[Observation], str | None]

MIN_LENGTH = 22
"""128 bits in base64url."""
MIN_BITS = 96
"""What fifty values show of 128 random bits: hardly ever each of the letters in each place."""
SIGHTING = "{step} / {browser} / {who}"
"""How it is noted where an account was seen: after which step, in which browser, and who was let in there last."""
NOBODY = "nobody"
_BETWEEN = " / "
_ADDRESS = re.compile(r"[^\s@]+@[^\s@]+\.[a-z]{2,}")


def auth_request(seen: Observation) -> str | None:
    """The authentication request has everything that SEC 5.1.1.2 demands, both hints unaltered."""
    return f"the authentication request is wrong: {'; '.join(seen.auth_problems)}" if seen.auth_problems else None


def no_outbound_call(seen: Observation) -> str | None:
    """The tool asked for no key set that the token itself named."""
    return "the tool fetched keys from a place that the token named" if seen.canary_hits else None


def sends_nobody_away(seen: Observation) -> str | None:
    """The tool sent the person to no host but its own and the platform's."""
    return f"the tool sent the person to {seen.left_for}" if seen.left_for else None


def markup_escaped(seen: Observation) -> str | None:
    """No page shows the markup that the launch carried as markup."""
    raw = any("<script>alert(1)</script>" in exchange.response_body for exchange in seen.exchanges)
    return "a page shows markup of the launch unescaped, so a launch can run its own script there" if raw else None


def fresh_values(seen: Observation) -> str | None:
    """State and nonce differ from login to login and are long enough not to be guessed."""
    for name in ("state", "nonce"):
        values = [request.get(name, "") for request in seen.auth_requests]
        if len(set(values)) < len(values):
            return f"the {name} of two logins is the same"
        if any(len(value) < MIN_LENGTH for value in values):
            return f"the {name} is shorter than 128 bits of random text ({MIN_LENGTH} characters)"
    return None


def values_that_vary(seen: Observation) -> str | None:
    """Over many logins the characters of state and nonce change enough that neither can be counted up or guessed."""
    for name in ("state", "nonce"):
        values = [request.get(name, "") for request in seen.auth_requests]
        bits = sum(math.log2(len(set(characters))) for characters in zip(*values, strict=False))
        if len(values) > 1 and bits < MIN_BITS:
            return f"over {len(values)} logins the {name} changes by {bits:.0f} bits only, so it can be guessed"
    return None


def keys_asked_once(seen: Observation) -> str | None:
    """The launch made the tool ask for the platform's key set once at most."""
    if seen.key_fetches <= 1:
        return None
    return f"one launch made the tool ask for the key set {seen.key_fetches} times"


def session_renewed(seen: Observation) -> str | None:
    """The launch gave the browser a cookie that it did not have before, so no session id from before is in use.

    Told by the answers since the platform's form was posted; whether the cookie is the session's, nobody can see.
    """
    answers = seen.exchanges[_posted(seen) :]
    had = {pair for exchange in answers[:1] for pair in _cookies(exchange.request_headers, "cookie")}
    given = {pair for exchange in answers for pair in _cookies(exchange.response_headers, "set-cookie")}
    given = {pair for pair in given if not pair.endswith("=")}
    if not had or given - had:
        return None
    return "the launch left all cookies as they were: whoever knew the session's id before is signed in with it"


def told_on_return(seen: Observation) -> str | None:
    """The tool sent the person back to the platform with words for them (`lti_errormsg`)."""
    if seen.returned is None:
        return "the tool did not send the person back to the launch's return URL"
    return None if seen.returned.get("lti_errormsg") else "the tool sent the person back without an lti_errormsg"


def return_query_kept(seen: Observation) -> str | None:
    """The return URL still has the parameters that it had when the platform gave it, and their values."""
    return "the parameters that the return URL had before are lost" if seen.lost else None


def nobody_named_on_return(seen: Observation) -> str | None:
    """What the tool tells on the way back holds no address of a person: it lands in logs and histories."""
    named = any(_ADDRESS.search(value) for value in (seen.returned or {}).values())
    return "the return URL was given somebody's e-mail address" if named else None


def stays_at_the_tool(seen: Observation) -> str | None:
    """The tool showed a page of its own and did not send the person to the launch's return URL."""
    return None if seen.returned is None else "the tool sent the person to a return URL that it must not rely on"


def same_account(seen: Observation) -> str | None:
    """The judged launch ended in the one account of all launches before it."""
    if "judged" not in seen.accounts:
        return "the tool shows no account after the launch"
    others = sorted(name for name, account in seen.accounts.items() if account != seen.accounts["judged"])
    return f"the launch ended in another account than '{others[0]}'" if others else None


def other_account(seen: Observation) -> str | None:
    """The judged launch, if it was let in, ended in an account that none of the launches before it had."""
    judged = seen.accounts.get("judged")
    taken = [name for name, account in seen.accounts.items() if name != "judged" and account == judged]
    return f"the launch was given the account of '{taken[0]}'" if taken else None


def _posted(seen: Observation) -> int:
    """Where the platform's form was posted in the exchanges; the last exchange if that is not there."""
    posted = (n for n, exchange in enumerate(seen.exchanges) if "id_token=" in exchange.request_body)
    return next(posted, len(seen.exchanges) - 1)


def _cookies(headers: Params, wanted: str) -> Iterator[str]:
    """The cookies in headers of that name, each as `name=value`; one that is taken away has no value."""
    for name, value in headers:
        if name.lower() == wanted == "cookie":
            yield from value.split("; ")
        elif name.lower() == wanted:
            pair = value.partition(";")[0].strip()
            yield pair if "max-age=0" not in value.lower() else f"{pair.partition('=')[0]}="


def one_let_in(seen: Observation) -> str | None:
    """Of the copies of an answer that came at the same moment exactly one was let in."""
    if seen.let_in in (None, 1):
        return None
    return f"{seen.let_in} copies of one answer were let in, and one answer may open one session"


def sessions_apart(seen: Observation) -> str | None:
    """After the last step each browser is signed in as before, as whoever has just launched there, or not at all."""
    sightings = [(*place.split(_BETWEEN), account) for place, account in seen.accounts.items() if _BETWEEN in place]
    earlier = [sighting for sighting in sightings if sighting[0] != sightings[-1][0]]
    found = (_misplaced(sighting, earlier) for sighting in sightings[len(earlier) :] if sighting[-1])
    return next((complaint for complaint in found if complaint is not None), None)


def _misplaced(sighting: Sequence[str], earlier: Sequence[Sequence[str]]) -> str | None:
    """What is wrong with the account in one browser, given what was seen after earlier steps."""
    _, browser, who, account = sighting
    if who == NOBODY:
        return f"in the browser '{browser}' somebody is signed in, and nobody was let in there"
    # The first account that somebody was seen in is theirs.
    owners = {owner: theirs for _, _, owner, theirs in reversed(earlier) if theirs and owner != NOBODY}
    before = next((s for s in reversed(earlier) if s[1] == browser), None)
    if before is not None and before[2] == who and before[3]:
        right = account in (before[3], owners[who])
        return None if right else f"in the browser '{browser}' the session of {who} is another's now"
    if owners.get(who, account) != account:
        return f"{who} was let in and is signed in to another account than before"
    # Whether one person on two platforms has one account or two is the tool's own affair.
    others = [owner for owner, theirs in owners.items() if theirs == account and owner.split()[0] != who.split()[0]]
    return f"{who} was let in and is signed in to the account of {others[0]}" if others else None


def checks() -> Mapping[str, Check]:
    """Every check by name."""
    own, others = sys.modules[__name__], (answer_checks, grade_checks, service_checks)
    functions = (pair for module in (own, *others) for pair in inspect.getmembers(module, inspect.isfunction))
    homes = (__name__, *(module.__name__ for module in others))
    return {name: f for name, f in functions if f.__module__ in homes and name != "checks" and name[0] != "_"}
