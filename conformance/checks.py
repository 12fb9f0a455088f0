"""Checks beside the answer: facts of an observation that a scenario can demand by name.

A check returns a sentence about what is wrong, or None. Adding one is adding a function.
"""

from __future__ import annotations

import inspect
import sys
from collections.abc import Callable, Mapping

from conformance.model import Observation

__all__ = ["Check", "checks"]

Check = Callable[[Observation], str | None]

MIN_LENGTH = 22
"""128 bits in base64url."""


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


def checks() -> Mapping[str, Check]:
    """Every check by name."""
    module = sys.modules[__name__]
    functions = inspect.getmembers(module, inspect.isfunction)
    return {name: f for name, f in functions if f.__module__ == __name__ and name != "checks" and name[0] != "_"}
