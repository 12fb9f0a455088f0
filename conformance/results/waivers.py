"""Waivers: failures that a tool team knows of, each with its reason."""

from __future__ import annotations

import datetime
import difflib
import fnmatch
from collections.abc import Iterable, Sequence
from dataclasses import replace

from conformance.model import Profile, Result, Scenario
from conformance.statuses import AMISS, BROKEN
from conformance.toolvalues import Waiver
from mockplatform.errors import UsageError

__all__ = ["check_waivers", "stale_waivers", "waive"]


def waive(result: Result, waivers: Sequence[Waiver], profile: Profile, today: datetime.date) -> Result:
    """The result, marked as waived where a waiver in force covers its failure."""
    if result.status not in AMISS:
        return result
    waiver = next((w for w in waivers if _covers(w, result.scenario, profile) and not _expired(w, today)), None)
    if waiver is None:
        return result
    link = f" ({waiver.link})" if waiver.link else ""
    reason = f"{result.verdict.reason}. Waived: {waiver.reason}{link}"
    return replace(result, verdict=replace(result.verdict, status="waived", reason=reason))


def check_waivers(waivers: Sequence[Waiver], found: Sequence[Scenario], profiles: Sequence[str], *, where: str) -> None:
    """Refuse a waiver for what does not exist: it would cover nothing, and nobody would notice.

    Raises:
        UsageError: no scenario or profile of the catalogue has that name.
    """
    ids = [id_ for scenario in found for id_ in (scenario.id, *scenario.aliases)]
    for index, waiver in enumerate(waivers):
        if not any(fnmatch.fnmatchcase(id_, waiver.scenario) for id_ in ids):
            near = difflib.get_close_matches(waiver.scenario, ids, n=1)
            hint = f"; did you mean '{near[0]}'?" if near else ""
            raise UsageError(f"{where} waiver[{index}].scenario: no scenario is called '{waiver.scenario}'{hint}")
        for name in waiver.profiles:
            if name not in profiles:
                raise UsageError(f"{where} waiver[{index}].profiles: unknown profile '{name}'")


def stale_waivers(
    results: Iterable[Result],
    waivers: Sequence[Waiver],
    profile: Profile,
    today: datetime.date,
    whole: Iterable[Scenario] = (),
) -> tuple[str, ...]:
    """A sentence for each waiver that has expired, or whose scenarios all ran and did not fail.

    Args:
        whole: all scenarios of the profile; a waiver of which only a part was tried is not stale.
    """
    tried = list(results)
    ids = {result.scenario.id for result in tried}
    untried = [scenario for scenario in whole if scenario.id not in ids]
    told = []
    for waiver in waivers:
        covered = [result for result in tried if _covers(waiver, result.scenario, profile)]
        executed = [result for result in covered if result.status != "skipped"]
        if covered and _expired(waiver, today):
            told.append(f"waiver '{waiver.scenario}' expired on {waiver.expires}: mend the tool or renew the waiver")
        elif any(_covers(waiver, scenario, profile) for scenario in untried):
            continue
        elif executed and not any(result.status in BROKEN for result in executed):
            told.append(
                f"waiver '{waiver.scenario}' is stale: nothing it covers fails any more; "
                "remove it, or run `waive --drop-stale`"
            )
    return tuple(told)


def _covers(waiver: Waiver, scenario: Scenario, profile: Profile) -> bool:
    if waiver.profiles and profile.name not in waiver.profiles:
        return False
    return any(fnmatch.fnmatchcase(id_, waiver.scenario) for id_ in (scenario.id, *scenario.aliases))


def _expired(waiver: Waiver, today: datetime.date) -> bool:
    return waiver.expires is not None and waiver.expires < today
