"""Checks beside the answer: facts of an observation that a scenario can demand by name.

A check returns a sentence about what is wrong, or None. Adding one is adding a function.
"""

from __future__ import annotations

import inspect
import re
import sys
from collections.abc import Callable, Mapping

from conformance.model import Observation

__all__ = ["Check", "checks"]

Check = Callable[[Observation], str | None]

MIN_LENGTH = 22
"""128 bits in base64url."""
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


def told_on_return(seen: Observation) -> str | None:
    """The tool sent the person back to the platform with words for them (`lti_errormsg`)."""
    if seen.returned is None:
        return "the tool did not send the person back to the launch's return URL"
    return None if seen.returned.get("lti_errormsg") else "the tool sent the person back without an lti_errormsg"


def return_query_kept(seen: Observation) -> str | None:
    """The return URL still has the parameter that it had when the platform gave it (`launch=1`)."""
    lost = seen.returned is not None and seen.returned.get("launch") != "1"
    return "the parameters that the return URL had before are lost" if lost else None


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


def checks() -> Mapping[str, Check]:
    """Every check by name."""
    module = sys.modules[__name__]
    functions = inspect.getmembers(module, inspect.isfunction)
    return {name: f for name, f in functions if f.__module__ == __name__ and name != "checks" and name[0] != "_"}
