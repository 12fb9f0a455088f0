"""Sends single faults and pairs of them, and gathers what the tool says to each."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace

from conformance.catalogue import ruled, scenarios
from conformance.hiding import Edge, said
from conformance.lab import Lab
from conformance.model import Profile, Result, Scenario
from conformance.precedence import AREA, Check, Rule, checks, known_rules, ordered
from conformance.precedence.pairs import Pair, combined, following, refused_under, twice
from conformance.precedence.rules import offences
from conformance.precedence.survey import Case, Heard, Survey
from conformance.runner import Runner, TimeIsUp
from conformance.specimen import Specimen, mixture, specimen
from mockplatform.mutation import Spoilt

__all__ = ["Inquiry", "forced", "unhurried"]

_WHOLE = ("one-of-the-two", "same-answer-twice", "no-circle")
_REFUSED = ("rejected", "crashed")
_ANSWERED = (*_REFUSED, "launched", "hung")
_JUDGED = (None, "not-observable")
_MIXED = {"one": "one lie covers the other", "neither": "the lies do not go together"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A rule, and each two checks of which it wants the first told."""

    rule: Rule
    order: frozenset[Edge]


class Inquiry:
    """What is asked for some rules, and what could not be asked.

    Args:
        found: the checks to be paired; those of the file as the tool file rules them, unless given.
        every: which pairs are sent: 1 for all of them, 5 for each fifth.
    """

    def __init__(
        self, runner: Runner, rules: Sequence[Rule], found: Sequence[Check] | None = None, *, every: int = 1
    ) -> None:
        lab = runner.lab
        self._runner = runner.brief()
        # What breaks a rule is told by what was seen of it.
        self._runner.options = replace(self._runner.options, fail_fast=False, timelines=False)
        self._runner.lab = self._lab = unhurried(lab)
        known = checks(ruled(scenarios(), lab.tool.rulings, where="the tool file:")) if found is None else found
        self.found = tuple(check for check in known if refused_under(check.scenario, lab.profile))
        self.asked = tuple(Asked(rule=rule, order=ordered(rule, self.found)) for rule in rules)
        self.left_out: Counter[str] = Counter()
        self._whole = any(rule.kind in _WHOLE for rule in rules)
        self._every = every
        self._stable = any(rule.kind == "same-answer-twice" for rule in rules)

    @property
    def unsent(self) -> str:
        """Why pairs were left out, the most common reason first."""
        return (
            "; ".join(reason for reason, _ in self.left_out.most_common(3)) or "no two such checks are of this profile"
        )

    def survey(self) -> Survey:
        """What the tool says to each fault alone, to each pair that the rules speak of, and to a token after those.

        Raises:
            ToolLost: nobody answers any more.
            TimeIsUp: the run is over before all was sent.
        """
        profile, login = self._lab.profile, self._other_login()
        pairs = self._pairs()
        alone, why_not = self._alone({name for pair in pairs for name in pair.names}, login)
        possible = self._possible(pairs, why_not)
        survey = Survey(
            profile=profile,
            observable=self._lab.reader.axes,
            forced=forced(self.found, profile),
            alone=alone,
            cases=self._cases(possible, alone),
        )
        survey = self._afterwards(survey, possible)
        return self._repeated(survey, login)

    def _pairs(self) -> list[Pair]:
        """The pairs that the rules speak of and that make one launch."""
        pairs, apart = combined(self.found)
        spoken_of = {frozenset(edge) for asked in self.asked for edge in asked.order}
        self.left_out.update(each.reason for each in apart if self._whole or frozenset(each.names) in spoken_of)
        wanted = [pair for pair in pairs if self._whole or frozenset(pair.names) in spoken_of]
        chosen = wanted[:: self._every]
        if len(chosen) < len(wanted):
            self.left_out["fewer examples were asked for"] += len(wanted) - len(chosen)
        return chosen

    def _other_login(self) -> tuple[Spoilt, ...]:
        """What sends a login by the other method, if the tool takes it."""
        registration, cast = self._lab.registrations["main"], self._lab.cast("login")
        launch = self._lab.platform.intend(registration, person=cast.person, roles=(), course=cast.course)
        method = "get" if launch.login_method == "POST" else "post"
        known = next(scenario for scenario in scenarios() if scenario.id == f"accepted/login-by-{method}")
        other = replace(known, id=f"{AREA}/login-by-{method}")
        return other.attempt.mutations if self._sent([other])[other.id].status == "passed" else ()

    def _alone(self, names: Collection[str], login: Sequence[Spoilt]) -> tuple[Mapping[str, Heard], Mapping[str, str]]:
        """The answers to single faults, and why there is none to others."""
        # Under names of their own: the tool knows the people of the scenario if the catalogue was sent before.
        stories = {c.name: replace(c.scenario, id=f"{AREA}/{c.name}") for c in self.found if c.name in names}
        results = self._sent(list(stories.values()))
        why_not = {name: reason for name, story in stories.items() if (reason := _unusable(results[story.id]))}
        refused = {name: _heard(results[story.id]) for name, story in stories.items() if name not in why_not}
        heard = self._told_again(list(refused.values()), login)
        return dict(zip(refused, heard, strict=True)), why_not

    def _possible(self, pairs: Sequence[Pair], why_not: Mapping[str, str]) -> list[Pair]:
        """The pairs of faults that the tool refuses, and whose lies can be told together."""
        honest: dict[str, Specimen] = {}
        possible: list[Pair] = []
        for pair in pairs:
            idle = next((name for name in pair.names if name in why_not), None)
            home = pair.scenario.registration
            if idle is not None:
                self.left_out[f"of «{idle}»: {why_not[idle]}"] += 1
                continue
            if home not in honest:
                honest[home] = specimen(self._lab, home)
            one, other = (check.scenario.attempt.mutations for check in (pair.first, pair.second))
            mixed = mixture(one, other, honest[home])
            if mixed == "both":
                possible.append(pair)
            else:
                self.left_out[_MIXED[mixed]] += 1
        return possible

    def _cases(self, pairs: Sequence[Pair], alone: Mapping[str, Heard]) -> tuple[Case, ...]:
        results = self._sent([pair.scenario for pair in pairs])
        cases: list[Case] = []
        for pair in pairs:
            result = results[pair.scenario.id]
            one, other = (alone[name] for name in pair.names)
            unheard = _unheard(result)
            case = (
                None if result.observation is None else Case(pair=pair, heard=_heard(result), first=one, second=other)
            )
            if case is not None and (not unheard or _hidden_keys(result, case)):
                cases.append(case)
            else:
                self.left_out[f"together they were not judged ({unheard})"] += 1
        return tuple(cases)

    def _afterwards(self, survey: Survey, pairs: Sequence[Pair]) -> Survey:
        """The survey with the real tokens that followed forged ones, where a rule is about them."""
        order = {frozenset(edge) for asked in self.asked if asked.rule.kind == "nonce" for edge in asked.order}
        chosen = [pair for pair in pairs if frozenset(pair.names) in order]
        forged = survey.alone.get("signature")
        if not chosen or forged is None:
            return survey
        stories = {pair.names: following(pair.scenario) for pair in chosen}
        first = following(forged.scenario)
        results = self._sent([first, *stories.values()])
        heard = {names: _heard(results[s.id]) for names, s in stories.items() if not _unheard(results[s.id])}
        return replace(
            survey, forged=None if _unheard(results[first.id]) else _heard(results[first.id]), afterwards=heard
        )

    def _repeated(self, survey: Survey, login: Sequence[Spoilt]) -> Survey:
        """The survey with equal launches sent again: all of them, or those about which there is something to say."""
        suspects = {o.scenario.id for asked in self.asked for o in offences(asked.rule, asked.order, survey)}
        doubted = [case for case in survey.cases if self._stable or case.pair.scenario.id in suspects]
        heard = self._told_again([case.heard for case in doubted], login)
        again = {each.scenario.id: each for each in heard}
        later = [each for each in survey.afterwards.values() if each.scenario.id in suspects]
        after = {each.scenario.id: each for each in self._told_again(later, ())}
        return replace(
            survey,
            cases=tuple(replace(case, heard=again.get(case.pair.scenario.id, case.heard)) for case in survey.cases),
            afterwards={names: after.get(each.scenario.id, each) for names, each in survey.afterwards.items()},
        )

    def _told_again(self, heard: Sequence[Heard], login: Sequence[Spoilt]) -> list[Heard]:
        """The same with what the tool says when it is sent again, as far as it says anything."""
        stories = {each.scenario.id: twice(each.scenario, login) for each in heard}
        results = self._sent(list(stories.values()))
        found: list[Heard] = []
        for each in heard:
            result = results[stories[each.scenario.id].id]
            found.append(each if _unheard(result) else replace(each, again=_heard(result).said))
        return found

    def _sent(self, stories: Sequence[Scenario]) -> Mapping[str, Result]:
        results = {result.scenario.id: result for result in self._runner.run(stories)}
        if len(results) < len(stories):
            raise TimeIsUp
        return results


def forced(found: Sequence[Check], profile: Profile) -> frozenset[Edge]:
    """What all rules of a profile say about the order of checks."""
    rules = [rule for rule in known_rules() if rule.kind == "order" and profile.expectation(rule.property) is not None]
    return frozenset(edge for rule in rules for edge in ordered(rule, found))


def unhurried(lab: Lab) -> Lab:
    """The lab for launches that never wait for a key cache: hundreds of them would be too long a wait."""
    rulings = {switch: value for switch, value in lab.tool.rulings.items() if switch != "allow_waits"}
    return replace(lab, tool=replace(lab.tool, rulings=rulings))


def _heard(result: Result) -> Heard:
    assert result.observation is not None, "nothing is made of a launch that was not answered"
    return Heard(scenario=result.scenario, observation=result.observation, said=said(result.observation))


def _unheard(result: Result) -> str:
    """Why nothing can be made of what was seen."""
    if result.verdict.cause not in _JUDGED:
        return str(result.verdict.cause)
    seen = result.observation
    if seen is None or seen.outcome not in _ANSWERED:
        return "unclear"
    # Whoever counts launches may have had enough of them.
    return "too many requests" if seen.status_code == 429 else ""


def _unusable(result: Result) -> str:
    """Why nothing can be made of a single fault."""
    if unheard := _unheard(result):
        return f"it could not be judged alone ({unheard})"
    seen = result.observation
    return "" if seen is not None and seen.outcome in _REFUSED else "alone it was not refused"


def _hidden_keys(result: Result, case: Case) -> bool:
    """Whether a tool did not ask for spoilt keys because it had told the other fault already."""
    others = {"first": case.pair.first, "second": case.pair.second}
    told = others.get(case.shows())
    return result.verdict.cause == "key-cache" and told is not None and not told.scenario.rotates
