"""How far a launch came, and what was answered there: where each of the mistakes is looked for. Pure."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from conformance.mishaps.failure import Diagnosis, Failure

__all__ = [
    "Mishap",
    "anywhere",
    "before_launch",
    "launch",
    "launch_crash",
    "login",
    "login_crash",
    "looks",
    "refusal",
    "refused_launch",
]

_Stage = Callable[[Failure], bool]
_Look = Callable[[Failure], Diagnosis | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Mishap:
    """A mistake, and the stage at which alone it is looked for."""

    stage: _Stage
    look: _Look

    def found_in(self, failure: Failure) -> Diagnosis | None:
        """What is said of a failure; None if it is another."""
        return self.look(failure) if self.stage(failure) else None


def looks(stage: _Stage, *each: _Look) -> tuple[Mishap, ...]:
    """Mistakes that are looked for at one stage, in this order."""
    return tuple(Mishap(stage=stage, look=look) for look in each)


def anywhere(_: Failure) -> bool:
    """Wherever it ended."""
    return True


def before_launch(failure: Failure) -> bool:
    """Without an answer of the platform."""
    return failure.launch is None


def login(failure: Failure) -> bool:
    """Where the login was answered, and did not go on."""
    away = failure.seen.returned is not None or failure.seen.left_for or failure.seen.auth_requests
    return failure.lti == "1.3" and failure.launch is None and bool(failure.steps) and not away


def login_crash(failure: Failure) -> bool:
    """Where the login was answered with a server error."""
    return login(failure) and failure.has_crashed


def refusal(failure: Failure) -> bool:
    """Where login or launch was refused, by status or by words: a server error tells no reason."""
    return (login(failure) or failure.launch is not None) and failure.refuses and not failure.has_crashed


def launch(failure: Failure) -> bool:
    """Where the tool had the platform's answer."""
    return failure.launch is not None


def launch_crash(failure: Failure) -> bool:
    """Where it answered that with a server error."""
    return failure.launch is not None and failure.has_crashed


def refused_launch(failure: Failure) -> bool:
    """Where it answered that with an error that is no server error."""
    return failure.launch is not None and failure.refuses and not failure.has_crashed
