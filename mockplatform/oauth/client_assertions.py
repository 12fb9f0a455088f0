"""What the claims of a client assertion have to be (SEC 4.1.1; RFC 7523, section 3; LTI Core 1.3, section 6.2)."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from mockplatform.claims import CLAIM_PREFIX
from mockplatform.model import Registration
from mockplatform.records import Used
from mockplatform.strict_json import whole_texts

if TYPE_CHECKING:
    from mockplatform.tenant import Tenant

__all__ = ["DEPLOYMENT", "assertion_advice", "assertion_problems", "spend", "token_audience"]

DEPLOYMENT: Final = CLAIM_PREFIX + "deployment_id"
_BAND_S = 60.0
"""How far the clocks of tool and platform may differ."""
_ADVISED_LIFE_S = 600.0
"""SEC 4.1.1 has five minutes; twice as much is worth a note."""
_LONGEST_LIFE_S = 3600.0


@dataclass(frozen=True, slots=True, kw_only=True)
class _Assertion:
    """The claims of an assertion and what they are measured by."""

    said: Mapping[str, Any]
    tool: Registration
    audience: str
    exact: bool
    now_s: float

    def time(self, name: str) -> float | None:
        """A time claim, if it is a number (RFC 7519, section 2)."""
        value = self.said.get(name)
        if isinstance(value, bool) or not isinstance(value, int | float):
            return None
        # An int may be too large for a float, and a float infinite.
        return float(value) if -1e15 < value < 1e15 else math.inf


def token_audience(platform: Tenant) -> str:
    """Whom a tool's assertion has to be addressed to; the token URL unless the dialect has it otherwise (SEC 4.1.1)."""
    named: str = platform.dialect.value("token.audience", "")
    return named or f"{platform.url}/token"


def assertion_problems(platform: Tenant, tool: Registration, said: Mapping[str, Any]) -> tuple[str, ...]:
    """What is wrong with the claims of a tool's assertion, one sentence each; whether its `jti` is new is not asked."""
    value = platform.dialect.value
    assertion = _Assertion(
        said=said,
        tool=tool,
        audience=token_audience(platform),
        exact=value("token.audience_match", "contains") == "exact",
        now_s=platform.clock(),
    )
    return tuple(problem for rule in _RULES for problem in rule(assertion))


def assertion_advice(said: Mapping[str, Any]) -> Mapping[str, str]:
    """What the journal says of an assertion that was accepted: its deployment, and what would better be otherwise."""
    advice = []
    told: dict[str, str] = {}
    if said["exp"] - said["iat"] > _ADVISED_LIFE_S:
        advice.append(f"the assertion lives for {said['exp'] - said['iat']:.0f} s; five minutes are enough (SEC 4.1.1)")
    if DEPLOYMENT in said:
        told["deployment_id"] = str(said[DEPLOYMENT])
    else:
        advice.append(f"the assertion has no {DEPLOYMENT}; it says for which deployment the token is (CORE 6.2.1)")
    return {**told, "advice": "; ".join(advice)} if advice else told


def spend(platform: Tenant, tool: Registration, said: Mapping[str, Any]) -> bool:
    """Whether the assertion's `jti` was new; from now on it is not (SEC 4.1.1)."""
    # Hashed: a tool may choose a `jti` that is longer than the key of a table.
    name = hashlib.sha256(f"{tool.key} {said['jti']}".encode("utf-8", "surrogatepass")).hexdigest()
    return platform.state.assertions.add(name, Used())


def _parties(assertion: _Assertion) -> Iterator[str]:
    subject, client_id = assertion.said.get("sub"), assertion.tool.client_id
    if subject != client_id:
        yield f"sub is {subject!r}, expected {client_id!r} like iss: both are the client_id (SEC 4.1.1)"


def _audience(assertion: _Assertion) -> Iterator[str]:
    given, expected = assertion.said.get("aud"), assertion.audience
    named = given if isinstance(given, list) else [given]
    if expected not in named:
        yield f"aud is {given!r}, expected {expected!r}, letter by letter (SEC 4.1.1)"
    elif assertion.exact and len(named) > 1:
        yield f"aud is {given!r}, expected nothing but {expected!r} on this platform (SEC 4.1.1)"


def _expiry(assertion: _Assertion) -> Iterator[str]:
    expires_s = assertion.time("exp")
    if expires_s is None:
        yield _no_time(assertion, "exp")
    elif expires_s <= assertion.now_s - _BAND_S:
        yield f"exp was {assertion.now_s - expires_s:.0f} s ago; make a new assertion for each request (SEC 4.1.1)"


def _issue(assertion: _Assertion) -> Iterator[str]:
    issued_s, expires_s = assertion.time("iat"), assertion.time("exp")
    if issued_s is None:
        yield _no_time(assertion, "iat")
    elif issued_s > assertion.now_s + _BAND_S:
        yield f"iat is {issued_s - assertion.now_s:.0f} s in the future; set the tool's clock (SEC 4.1.1)"
    elif expires_s is not None and expires_s <= issued_s:
        yield "exp is not after iat; let the assertion live for five minutes (SEC 4.1.1)"
    # Some tools put iat back a little, against clocks that differ.
    elif expires_s is not None and expires_s - issued_s > _LONGEST_LIFE_S + _BAND_S:
        yield (
            f"exp is {expires_s - issued_s:.0f} s after iat, which is more than {_LONGEST_LIFE_S:.0f};"
            " let the assertion live for five minutes (SEC 4.1.1)"
        )


def _not_before(assertion: _Assertion) -> Iterator[str]:
    if "nbf" not in assertion.said:
        return
    starts_s = assertion.time("nbf")
    if starts_s is None:
        yield _no_time(assertion, "nbf")
    elif starts_s > assertion.now_s + _BAND_S:
        ahead_s = starts_s - assertion.now_s
        yield f"nbf is {ahead_s:.0f} s in the future; leave it out, or set the tool's clock (RFC 7523, 3)"


def _identity(assertion: _Assertion) -> Iterator[str]:
    given = assertion.said.get("jti")
    if not isinstance(given, str) or not given.strip():
        was = "missing" if given is None else repr(given)
        yield f"jti is {was}, expected a text that no other assertion has (SEC 4.1.1)"
        return
    try:
        whole_texts(given)
    except ValueError as error:
        yield f"jti: {error} (RFC 8259, section 8.2)"


def _deployment(assertion: _Assertion) -> Iterator[str]:
    given = assertion.said.get(DEPLOYMENT)
    if given is not None and given not in assertion.tool.deployment_ids:
        yield f"{DEPLOYMENT} is {given!r}, which is no deployment of this tool (CORE 6.2.1)"


def _no_time(assertion: _Assertion, name: str) -> str:
    given = assertion.said.get(name)
    was = "missing" if given is None else repr(given)
    return f"{name} is {was}, expected a number of seconds since 1970 (SEC 4.1.1; RFC 7519, 2)"


_RULES: tuple[Callable[[_Assertion], Iterator[str]], ...] = (
    _parties,
    _audience,
    _expiry,
    _issue,
    _not_before,
    _identity,
    _deployment,
)
