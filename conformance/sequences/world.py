"""What a long story has led to, and what the standards demand of its next step. Pure.

A tool is free in much: a login that has seen a broken answer may be over, and a nonce of the same browser may do.
What is demanded here is what the scenarios of the catalogue demand, and nothing where these leave it open.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

from conformance.model import Attempt, Outcome

__all__ = [
    "AGAIN",
    "EXPIRED",
    "FORGED",
    "MUST_LAUNCH",
    "NONCE",
    "OUTAGE",
    "ROTATED",
    "STATE",
    "WITHDRAWN",
    "Login",
    "Who",
    "World",
]

AGAIN = "response.sent_again"
EXPIRED = "claims.expired(by_s=3600)"
FORGED = "signature.flipped_bit"
NONCE = "claims.nonce_of_earlier"
OUTAGE = "key_set.status(code=500)"
STATE = "response.state_of_earlier"
WITHDRAWN = "header.signed_by(key='rotated')"
ROTATED = ("key_set.also(key='rotated')", WITHDRAWN)

MUST_LAUNCH = frozenset(
    {
        "forged-tokens-spend-nothing",
        "honest-launches-work",
        "keys-held",
        "keys-rotated",
        "one-winner",
        "tabs-side-by-side",
    }
)
"""The properties of steps that have to end in the tool."""

Who = tuple[str, str]
"""A person and the platform that they launch from."""


@dataclass(slots=True, kw_only=True)
class Login:
    """A login that the tool has begun, and what has come of it."""

    name: str
    browser: str
    who: Who
    status: Literal["fresh", "forged", "open", "spent"] = "fresh"
    """`forged`: it has seen forged answers only; `open`: anything may be right now; `spent`: it has let somebody in."""
    alone: bool = True
    """Whether no other login has begun in its browser since."""
    accepted: list[str] = field(default_factory=list)
    """The attempts whose answers were let in."""


@dataclass(slots=True, kw_only=True)
class World:
    """Where a story has got to."""

    logins: dict[str, Login] = field(default_factory=dict)
    """By each attempt that began or continued one."""
    last: Login | None = None
    """The one from which a lie takes a nonce or a state."""
    keys_held: bool = False
    """Whether the tool must have the key that signs this story."""

    def all(self) -> Sequence[Login]:
        """Every login, the oldest first."""
        return tuple({id(login): login for login in self.logins.values()}.values())

    def demand(self, attempt: Attempt) -> str | None:
        """The property that the next step is about; None where nothing is demanded of it."""
        if attempt.action or not attempt.finish:
            return None
        lies = tuple(map(str, attempt.mutations))
        login = self.logins.get(attempt.login)
        if login is not None:
            return self._continued(attempt, lies, login)
        if attempt.copies > 1:
            return None if lies else "one-winner"
        if lies in ((NONCE,), (STATE,)):
            return _taken_from(self.last, attempt, lies[0])
        if lies == (OUTAGE,):
            return "keys-held" if self.keys_held else None
        return _OF_FRESH.get(lies)

    def _continued(self, attempt: Attempt, lies: tuple[str, ...], login: Login) -> str | None:
        """What is demanded of an answer to a login that began earlier."""
        if login.browser != attempt.browser:
            return "state-of-its-browser" if lies in ((), (AGAIN,)) else None
        if login.status == "spent":
            if attempt.copies > 1 or login.who[1] != _platform(attempt):
                return None
            again = lies == (AGAIN,) and attempt.login in login.accepted
            return "one-session-per-launch" if again else None if lies else "login-once"
        if login.status == "open":
            return None
        if login.who[1] != _platform(attempt):
            return None if lies else "platforms-stay-apart"
        if lies in ((EXPIRED,), (FORGED,)):
            return "spoilt-launches-refused"
        if lies:
            return None
        if attempt.copies > 1:
            return "one-winner" if login.status == "fresh" and login.alone else None
        if not login.alone:
            return "tabs-side-by-side" if login.status == "fresh" else None
        return "honest-launches-work" if login.status == "fresh" else "forged-tokens-spend-nothing"

    def note(self, attempt: Attempt, outcome: Outcome, *, begun: bool) -> None:
        """Go on after a step.

        Args:
            begun: whether its login reached the platform.
        """
        if attempt.action:
            for login in self.all():
                if login.browser == attempt.browser and login.status != "spent":
                    login.status = "open"
            return
        source, lies = self.last, tuple(map(str, attempt.mutations))
        own = self._own(attempt) if begun else None
        if own is None or not attempt.finish:
            return
        if lies in ((NONCE,), (STATE,)):
            _blur(own)
            if source is not None:
                _blur(source)
        elif outcome != "launched":
            _refused(own, attempt, lies)
        else:
            _let_in(own, attempt, lies)
        self.keys_held = self.keys_held or (outcome == "launched" and not lies)

    def _own(self, attempt: Attempt) -> Login:
        """The login of an attempt, from now on the last one."""
        login = self.logins.get(attempt.login)
        if login is None:
            for other in self.all():
                if other.browser == attempt.browser:
                    other.alone = False
            login = Login(name=attempt.name, browser=attempt.browser, who=(attempt.person, _platform(attempt)))
        self.logins[attempt.name] = self.last = login
        return login


_OF_FRESH: dict[tuple[str, ...], str] = {
    (): "honest-launches-work",
    (EXPIRED,): "spoilt-launches-refused",
    (FORGED,): "spoilt-launches-refused",
    ROTATED: "keys-rotated",
}


def _taken_from(source: Login | None, attempt: Attempt, lie: str) -> str | None:
    """What is demanded of a new login that is finished with the nonce or the state of the last one."""
    if source is None:
        return None
    if source.browser != attempt.browser:
        if lie == STATE:
            return "state-of-its-browser"
        return "nonce-once" if source.status == "spent" else "nonce-of-its-browser"
    if source.status == "spent":
        return "nonce-once" if lie == NONCE else "login-once"
    return None


def _platform(attempt: Attempt) -> str:
    return attempt.registration or "main"


def _blur(login: Login) -> None:
    """Whether the login can still be finished is up to the tool; one that is over stays over."""
    if login.status != "spent":
        login.status = "open"


def _let_in(login: Login, attempt: Attempt, lies: tuple[str, ...]) -> None:
    honest = attempt.browser == login.browser and login.who[1] == _platform(attempt)
    if honest and (not lies or lies in ((OUTAGE,), ROTATED)):
        login.status = "spent"
        login.accepted.append(attempt.name)
    else:
        _blur(login)


def _refused(login: Login, attempt: Attempt, lies: tuple[str, ...]) -> None:
    forged = lies == (FORGED,) and login.status in ("fresh", "forged") and login.browser == attempt.browser
    if forged:
        login.status = "forged"
    else:
        _blur(login)
