"""Profiles: which question a run asks, and which axes of an answer count.

The documents contradict each other, so an expectation is always that of a profile. A scenario may
have no part in a profile. A file of your own is a profile as well: `--profile ours.toml`, with
`inherits` and the `axes` that count.
"""

from __future__ import annotations

from collections.abc import Iterator

from conformance.catalogue import scenarios
from conformance.paragraphs import paragraph
from conformance.profile import load_profile, profile_names

__all__ = ["lines"]

_CRASH = {
    "refusal": "counts as a refusal, with a finding for the whole run",
    "failure": "fails",
}


def lines() -> Iterator[str]:
    """Each profile, with what it inherits, counts and takes part in."""
    for profile in map(load_profile, profile_names()):
        yield f"{profile.name} – {profile.title}"
        yield from paragraph("Question", profile.question)
        yield from paragraph("Inherits", ", then ".join(profile.lineage[1:]))
        yield from paragraph("Counts", ", ".join(profile.axes))
        yield from paragraph("A crash", _CRASH[profile.crash])
        for role, states in profile.states.items():
            yield from paragraph("Needs", f"a launch as {role} needs {', '.join(states)}, see [arrange]")
        known = sum(profile.expectation(scenario) is not None for scenario in scenarios())
        yield from paragraph("Scenarios", f"{known} of {len(scenarios())}")
        yield ""
