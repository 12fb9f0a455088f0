"""Whether the tool's own answers would be read rightly with a draft."""

from __future__ import annotations

import tomllib
from collections.abc import Sequence
from dataclasses import replace

from conformance.calibrating.drafting import Draft, Probed
from conformance.calibrating.proposal import listed
from conformance.calibrating.samples import Sample
from conformance.calibrating.writing import block
from conformance.observe import Reader
from conformance.toolvalues import Observe
from mockplatform.tables import build

__all__ = ["misread", "observe_of", "taken_for_launched"]


def observe_of(draft: Draft) -> Observe:
    """What a draft that has a mark says, with what a person has said before."""
    # What is kept is written with its variables, which only a tool file is read with.
    own = tomllib.loads(block(replace(draft, kept={}, probed=Probed())))["observe"]
    observe = build(Observe, own, where="calibrate: observe:")
    return replace(observe, names={**draft.kept, **observe.names}, probe=draft.probed.probe)


def misread(reader: Reader, good: Sequence[Sample]) -> str:
    """The complaint about a good launch that is not read as one."""
    for sample in good:
        if void := reader.calibrate(sample.page):
            return void[0].text
    for sample in good:
        seen = reader.read(sample.visit)
        if seen.outcome != "launched":
            return f"the good launch '{sample.label}' would be read as {seen.outcome}: {seen.trouble or seen.message}"
    return ""


def taken_for_launched(reader: Reader, refused: Sequence[Sample]) -> str:
    """The doubt about refusals that are read as launched."""
    launched = [sample.label for sample in refused if reader.read(sample.visit).outcome == "launched"]
    if not launched:
        return ""
    labels, every = tuple(dict.fromkeys(launched)), {sample.label for sample in refused}
    return f"{len(labels)} of {len(every)} refusals would be read as launched ({listed(labels)})"
