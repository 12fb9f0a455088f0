"""What Hypothesis would share with a tool in this process, and with the folder of the user, kept apart."""

from __future__ import annotations

import contextlib
import random
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

__all__ = ["OwnChance", "own_cache"]


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
