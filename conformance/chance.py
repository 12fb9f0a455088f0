"""What Hypothesis must leave alone: the chance of a tool in this process, the user's folder, and our own errors."""

from __future__ import annotations

import contextlib
import random
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from conformance.arrange import ArrangementFailedError
from conformance.runner import ToolLost
from mockplatform.errors import UsageError

__all__ = ["OwnChance", "StoriesOver", "guarded", "own_cache", "seed_alone"]


@dataclass(kw_only=True)
class OwnChance:
    """The module `random` as the tool sees it, which goes on from one example to the next.

    Hypothesis starts it anew for each example, and a tool in this process that draws its states with it would
    repeat them.

    Args:
        seed: where it begins.
    """

    seed: str
    _state: Any = None

    @contextlib.contextmanager
    def undisturbed(self) -> Iterator[None]:
        """Chance as it was at the end of the block before; what Hypothesis has made of it comes back afterwards."""
        theirs = random.getstate()
        if self._state is None:
            random.seed(self.seed)
        else:
            random.setstate(self._state)
        try:
            yield
        finally:
            self._state = random.getstate()
            random.setstate(theirs)


class StoriesOver(BaseException):
    """Nothing more can be sent; no `Exception`, which Hypothesis would take for a failing example."""

    def __init__(self, error: Exception) -> None:
        super().__init__(str(error))
        self.error = error


@contextlib.contextmanager
def guarded(chance: OwnChance) -> Iterator[None]:
    """What Hypothesis neither meddles with nor tries to explain.

    Raises:
        StoriesOver: the user made a mistake, the tool cannot be arranged, or nobody answers any more.
    """
    try:
        with chance.undisturbed():
            yield
    except ArrangementFailedError as failure:
        raise StoriesOver(ToolLost(str(failure)) if failure.lost else failure) from failure
    except (UsageError, ToolLost) as error:
        raise StoriesOver(error) from error


@contextlib.contextmanager
def seed_alone() -> Iterator[None]:
    """Draws that nothing decides but the seed.

    Hypothesis mixes in constants of the modules of the current folder as far as they are loaded, so that the same
    seed would give other launches after an edit of the tool, in another folder, and in another order of tests.
    """
    from hypothesis.internal.conjecture import providers

    # There is no setting for it. A version without these names is left as it is.
    ours = {"_get_local_constants": _no_constants, "CONSTANTS_CACHE": {}}
    theirs = {name: getattr(providers, name) for name in ours if hasattr(providers, name)}
    try:
        for name in theirs:
            setattr(providers, name, ours[name])
        yield
    finally:
        for name, value in theirs.items():
            setattr(providers, name, value)


def _no_constants() -> Any:
    from hypothesis.internal.constants_ast import Constants

    return Constants()


@contextlib.contextmanager
def own_cache() -> Iterator[None]:
    """A place for what Hypothesis keeps between runs, so that nothing is left where the command was called."""
    from hypothesis import configuration

    place: Callable[[str | None], None] = configuration.set_hypothesis_home_dir
    with tempfile.TemporaryDirectory(prefix="lti-conformance-") as folder:
        place(folder)
        try:
            yield
        finally:
            place(None)
