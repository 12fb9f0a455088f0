"""The launches by which a tool is got to know: good ones by several people, and broken ones that are spread out."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from urllib.parse import parse_qsl, urlsplit

from conformance.arrange import missing_states
from conformance.attempt import ask, signed_in
from conformance.calibrating.drafting import Probed
from conformance.calibrating.marking import probe_places
from conformance.calibrating.probe_rules import Asked, ended, kept, usual
from conformance.calibrating.samples import Sample, plain
from conformance.calibrating.usual_places import USUAL_PLACES
from conformance.catalogue import scenarios
from conformance.driver import OutOfReachError
from conformance.evidence import lacking
from conformance.lab import Cast, Lab
from conformance.model import Attempt, LtiVersion, Role, Scenario
from conformance.pace import Pace
from conformance.profile import load_profile
from conformance.runner import PlainLaunchFailed, ToolLost
from conformance.story import Story, Told, tell
from conformance.toolvalues import Probe
from mockplatform.mutation import NotApplicableError

__all__ = ["FAULTS", "TAKES", "Launch", "broken_launches", "good_launches", "probe_of"]

FAULTS: Mapping[LtiVersion, tuple[str, ...]] = {
    "1.3": (
        "state/absent",
        "state/altered",
        "signature/flipped-bit",
        "header/algorithm-none",
        "header/kid-unknown",
        "time/expired-an-hour-ago",
        "audience/foreign",
        "issuer/foreign",
        "nonce/absent",
        "nonce/spent-in-an-earlier-launch",
        "message/deployment-unknown",
        "certification/no-message-type",
        "message/version-two",
        "response/token-absent",
        "response/platform-error",
        "envelope/no-token-at-all",
        "login/issuer-unknown",
    ),
    "1.1": (
        "basic/signature-flipped",
        "basic/signature-absent",
        "basic/method-unknown",
        "basic/key-unknown",
        "basic/key-absent",
        "basic/timestamp-an-hour-old",
        "basic/timestamp-text",
        "basic/nonce-absent",
        "basic/replayed",
        "basic/message-type-absent",
        "basic/version-of-lti-2",
        "basic/resource-link-absent",
    ),
}
"""Scenarios that break one thing each, spread over all that a tool checks before it knows the person."""

TAKES = ("1", "2")
"""Each is sent so often, by different people: what changes in between is chance and no answer."""

# The title of a course is on many pages, and the harness's own courses all have the same.
_COURSES = (("BIO 2", "Meadows and hedges"), ("HIS 7", "Trade routes"), ("MUS 4", "Counterpoint"), ("ART 9", "Glazes"))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Tried:
    """A request that may be a session probe, and by which rule it is taken for one."""

    probe: Probe
    rule: Callable[[Asked], Probed]


@dataclass(frozen=True, slots=True, kw_only=True)
class Launch:
    """A launch that was sent: what came of it, and with which browser."""

    sample: Sample
    told: Told

    @property
    def accepted(self) -> bool:
        """Whether it looks launched by its status, which is all that is known at first."""
        return self.told.seen.outcome == "launched"

    @property
    def browser_was_in(self) -> bool:
        """Whether a launch before it has let this browser in."""
        return self.told.attempt.browser in self.told.story.signed_in


def good_launches(lab: Lab, pace: Pace) -> Iterator[Launch]:
    """Two roles, two people each, and the first of them once more, by each version of LTI that the tool speaks.

    Raises:
        PlainLaunchFailed: the very first was not accepted, as far as can be told by its status; others may need
            something that is not there yet.
    """
    begun = False
    for lti in _versions(lab):
        first: Story | None = None
        for index, (label, title) in enumerate(_COURSES):
            role: Role = "student" if index % 2 else "instructor"
            if missing_states(lab, lab.honest_states(role)):
                continue
            cast = lab.cast(f"calibrate {lti} {index}")
            cast = replace(cast, course=replace(cast.course, label=label, title=title))
            story = Story(lab=lab, name=f"calibrate {lti} {index}", role=role, registration="main", cast=cast, lti=lti)
            first = first or story
            launch = _sent_well(story, "first", f"{role} by LTI {lti}", pace)
            if not (begun or launch.accepted):
                raise PlainLaunchFailed(launch.told.seen)
            begun = True
            yield launch
        if first is not None:
            yield _sent_well(first, "again", f"{first.role} again by LTI {lti}", pace)


def _sent_well(story: Story, name: str, label: str, pace: Pace) -> Launch:
    pace.wait()
    story.arrange(story.lab.honest_states(story.role))
    told = story.send(Attempt(name=name, lti=story.lti))
    sample = Sample(label=label, visit=told.performed.visit, said=_said(told), role=story.role, aside=_aside(told))
    return Launch(sample=sample, told=told)


def broken_launches(lab: Lab, pace: Pace) -> Iterator[Launch]:
    """The broken launches that can be sent to this tool.

    Raises:
        ToolLost: nobody answers any more.
    """
    known = {scenario.id: scenario for scenario in scenarios()}
    for lti in _versions(lab):
        for scenario in (known[id_] for id_ in FAULTS[lti]):
            given = lab.honest_states(scenario.role)
            states = given if scenario.states is None or not given else scenario.states
            if lacking(lab, scenario, states) is not None:
                continue
            for take in TAKES:
                pace.wait()
                try:
                    told = tell(lab, scenario, states, f"calibrate {take}")
                except (NotApplicableError, OutOfReachError):
                    break
                if told.performed.visit.trouble_kind == "refused":
                    raise ToolLost(f"{told.performed.visit.trouble} (noticed in {scenario.id})")
                yield Launch(sample=_broken(lab, scenario, told), told=told)


def _broken(lab: Lab, scenario: Scenario, told: Told) -> Sample:
    expectation = lab.profile.expectation(scenario) or load_profile("core").expectation(scenario)
    wanted = expectation.preferred if expectation is not None else None
    return Sample(
        label=scenario.id,
        visit=told.performed.visit,
        said=(*_said(told), *_lies(scenario)),
        aside=_aside(told),
        type=wanted.type if wanted else None,
        klass=wanted.klass if wanted else None,
    )


def probe_of(lab: Lab, good: Sequence[Launch], refused: Sequence[Launch], known: Probe | None, pace: Pace) -> Probed:
    """A request that succeeds after good launches only: the tool file's, the page where they ended, or a usual address.

    Args:
        refused: launches that were refused, whose browsers have cookies but no session.
    """
    last = tuple({launch.told.story.name: launch for launch in good}.values())
    outside = tuple(launch for launch in refused if not launch.browser_was_in)
    unsure = Probed()
    # Nobody has named a usual address: it must be seen to tell refused launches apart as well.
    unnamed = USUAL_PLACES if outside else ()
    for tried in _tried(lab, good, known, unnamed):
        asked = _asked(lab, last, outside, tried.probe, pace)
        if asked is None:
            continue
        probed = tried.rule(asked)
        if probed.probe is not None:
            return probed
        unsure = unsure if unsure.unsure else probed
    return unsure


def _asked(lab: Lab, good: Sequence[Launch], refused: Sequence[Launch], probe: Probe, pace: Pace) -> Asked | None:
    """What answers a request; None if it does not succeed after each good launch, or does without any."""
    if not _all_hold(lab, good, probe, pace):
        return None
    pace.wait()
    answer = ask(lab, lab.browser(), probe)
    if answer is not None and answer.status == probe.status:
        return None
    held = sum(_holds(lab, launch, probe, pace) for launch in refused)
    return Asked(probe=probe, alone=None if answer is None else answer.status, held=held, refused=len(refused))


def _tried(lab: Lab, good: Sequence[Launch], known: Probe | None, unnamed: Sequence[str]) -> Iterator[_Tried]:
    if known is not None:
        yield _Tried(probe=known, rule=kept)
    for place in probe_places([launch.sample for launch in good], urlsplit(lab.tool.address).netloc):
        yield _Tried(probe=Probe(request=place), rule=ended)
    for place in unnamed:
        yield _Tried(probe=Probe(request=place), rule=usual)


def _all_hold(lab: Lab, launches: Sequence[Launch], probe: Probe, pace: Pace) -> bool:
    """Whether the probe succeeds after each launch; not asked any further after the first where it does not."""
    return all(_holds(lab, launch, probe, pace) for launch in launches)


def _holds(lab: Lab, launch: Launch, probe: Probe, pace: Pace) -> bool:
    pace.wait()
    return signed_in(lab, launch.told.story.browsers[launch.told.attempt.browser], probe)


def _versions(lab: Lab) -> tuple[LtiVersion, ...]:
    spoken: tuple[LtiVersion, ...] = ("1.3", "1.1")
    return tuple(version for version in spoken if lab.tool.speaks(version))


def _lies(scenario: Scenario) -> tuple[str, ...]:
    """The values that are not true, which a tool may repeat."""
    told = (spoilt.arguments.get("value") for spoilt in scenario.attempt.mutations)
    return tuple(value for value in told if isinstance(value, str) and value)


def _said(told: Told) -> tuple[str, ...]:
    """What the launches of a story have told about people, course and themselves."""
    cast: Cast = told.story.cast
    found = [cast.course.id, cast.course.label, cast.course.title]
    for person in (cast.person, cast.other):
        found += [person.sub, person.name, person.given_name, person.family_name, person.email, person.legacy_id]
    for launches in told.story.launches.values():
        found += [text for one in launches for text in (one.id, one.resource_link.id, one.resource_link.title)]
    return tuple(dict.fromkeys(filter(None, found)))


def _aside(told: Told) -> Mapping[str, str]:
    """What the tool told in the address to which it led, and in cookies."""
    found: dict[str, str] = {}
    for exchange in told.seen.exchanges:
        for name, value in exchange.response_headers:
            cookie, _, given = value.partition(";")[0].partition("=")
            if name.lower() == "set-cookie" and given.strip('" '):
                found[f"the cookie {plain(cookie)}"] = given
    before, last = [None, None, *told.seen.exchanges][-2:]
    if before is None or last is None or last.method != "GET":
        return found
    led, end = urlsplit(before.url), urlsplit(last.url)
    # What the platform leads to is no word of the tool.
    if led.netloc == end.netloc and any(name.lower() == "location" for name, _ in before.response_headers):
        found["the path of the address"] = end.path
        found |= {f"the parameter {plain(name)} of the address": value for name, value in parse_qsl(end.query)}
    return found
