"""Which scenarios a pytest run is to try, by where their tool comes from: its name is known when it is up."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Mapping, Sequence

import pytest

from conformance.profile import load_profile
from conformance.under_pytest.options import SCENARIO, conductor_of
from conformance.under_pytest.values import FILE
from mockplatform.errors import UsageError

__all__ = ["Plan", "planned", "source_of", "uses_tool_file"]

Plan = Mapping[tuple[str, str], tuple[str, ...]]
"""The ids of the scenarios that a run is to try, by the source of their tool and by profile."""

_FIXTURE = "lti_tool"
_OURS = "conformance.under_pytest.fixtures"


def planned(items: Sequence[pytest.Item]) -> dict[tuple[str, str], tuple[str, ...]]:
    """The ids of the scenarios that these items try, each once, by the source of their tool and by profile."""
    ids: dict[tuple[str, str], dict[str, None]] = {}
    for item in items:
        if (mark := item.get_closest_marker(SCENARIO)) is not None:
            ids.setdefault((source_of(item), mark.kwargs["profile"]), {})[mark.kwargs["id"]] = None
    return {(source, load_profile(name).name): tuple(found) for (source, name), found in ids.items()}


def source_of(item: pytest.Item) -> str:
    """Where the tool of an item comes from, in the same words in each worker: items of one source have one tool."""
    # There is no public way to see which of several fixtures of a name an item gets.
    fixtures = getattr(item, "_fixtureinfo", None)
    if fixtures is None:
        return _file(item.path)
    defined = fixtures.name2fixturedefs.get(_FIXTURE, ())
    made_by = getattr(defined[-1].func, "__module__", "") if defined else _OURS
    if made_by == _OURS:
        with contextlib.suppress(UsageError):
            return _file(conductor_of(item.config).tool_file())
        return _file("")
    # A fixture with parameters, or one that asks for such a one, gives a tool for each.
    indices = getattr(getattr(item, "callspec", None), "indices", {})
    chosen = ", ".join(f"{name} {index}" for name, index in sorted(indices.items()) if name != SCENARIO)
    return f"fixture {made_by} of {defined[-1].baseid}, {chosen}"


def uses_tool_file(item: pytest.Item) -> bool:
    """Whether an item has its tool from the plugin's own fixture, and so from the tool file of the run."""
    fixtures = getattr(item, "_fixtureinfo", None)
    defined = () if fixtures is None else fixtures.name2fixturedefs.get(_FIXTURE, ())
    # The last one overrides those before it.
    return [getattr(each.func, "__module__", "") for each in defined][-1:] == [_OURS]


def _file(path: str | os.PathLike[str]) -> str:
    return f"{FILE}{os.path.realpath(path)}"
