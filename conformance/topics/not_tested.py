"""Not tested: why a skipped scenario is never passed.

A scenario that could not be tried, or that was tried and proves nothing, tells nothing about the
tool. Counting it as passed would make a run greener the less it can see. So it is `skipped` if
something is missing, and `error` if something went wrong; both name a cause, and the report says
what to do. Skipped scenarios fail no run, but a run in which nothing was executed is no success:
it ends with exit code 2.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from conformance.evidence import ADVICE
from conformance.paragraphs import paragraph

__all__ = ["CAUSES", "Cause", "lines"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Cause:
    """Why nothing can be said, and what helps."""

    name: str
    meaning: str
    advice: str


CAUSES: Sequence[Cause] = (
    Cause(
        name="missing-capability",
        meaning="The tool file does not say that the tool can do what is tried.",
        advice="Add what is listed below, or leave it: a tool need not do everything.",
    ),
    Cause(
        name="missing-action",
        meaning="A request after the launch is needed, and nobody knows how the tool is asked for it.",
        advice="Describe it in [actions].",
    ),
    Cause(
        name="missing-arrangement",
        meaning="A state is needed that no launch can make, such as a teacher who has authorised Zoom.",
        advice="Give a request or a callback in [arrange].",
    ),
    Cause(
        name="missing-fault-point",
        meaning="A failure of the back end is needed, which no launch can provoke.",
        advice="Bind the fault point in [faults]; `lti-conformance explain faults` shows the drivers.",
    ),
    Cause(
        name="missing-fault-mode",
        meaning="The fault point is bound to a driver that cannot make it fail in this way.",
        advice="Bind another driver, or leave it.",
    ),
    Cause(
        name="not-observable",
        meaning="The refusal was right as far as could be seen, and no channel can tell the class, type or code.",
        advice="Add a channel to [observe], or a probe where a session is the question.",
    ),
    Cause(
        name="not-applicable",
        meaning="The lie cannot be told to this tool, as its registration or its answers have no place for it.",
        advice="Nothing; it is no fault of the tool.",
    ),
    Cause(
        name="key-cache",
        meaning="The tool kept its key set and never saw the one that was spoilt.",
        advice="Set allow_waits = true in [rulings]; the run then waits for that.",
    ),
    Cause(
        name="token-kept",
        meaning="The tool went on with an access token that was withdrawn, and asked for no other one.",
        advice="See services/token-refused-once; start the tool anew to try its token requests.",
    ),
    Cause(
        name="unasked",
        meaning="The tool never asked the platform for what the scenario is about. A granted action then fails.",
        advice="See that the request in [actions] leads to the call, and that `granted` does not look like a failure.",
    ),
    Cause(
        name="fault-unproven",
        meaning="The driver of the fault cannot count, and the launch went through as if nothing had failed.",
        advice="Bind a driver that counts, such as callback or control.",
    ),
    Cause(
        name="no-pair",
        meaning="No pair of faults that a rule of precedence speaks of could be sent.",
        advice="See what the single faults lack; more --examples send more pairs.",
    ),
    Cause(
        name="not-judged",
        meaning="None of the stories came to a step that shows the property.",
        advice="Try more --examples, or another --seed.",
    ),
    Cause(
        name="control-failed",
        meaning="An honest launch that has to be accepted was not, so that a refusal proves nothing.",
        advice="See why the honest launch fails: `lti-conformance doctor` sends one.",
    ),
    Cause(
        name="arrangement-failed",
        meaning="The request or callback that makes a state failed.",
        advice="Mend it in [arrange]; the reason has its answer.",
    ),
    Cause(
        name="fault-not-armed",
        meaning="The fault could not be armed, or was armed and never reached.",
        advice="See whether the binding names the table, route or callable that the tool really uses.",
    ),
    Cause(
        name="fault-not-disarmed",
        meaning="The fault could not be taken back, so the tool may still be failing.",
        advice="Start the tool anew; the next run puts back what is left.",
    ),
    Cause(
        name="not-sent",
        meaning="The honest login before the lie was turned away, so the lie was never told.",
        advice="See what the login answered.",
    ),
    Cause(
        name="unreachable",
        meaning="Nobody listened at the tool's address at that moment.",
        advice="See whether the tool went down; run again.",
    ),
    Cause(
        name="unclear",
        meaning="The answer is neither a launch nor a refusal: the browser left for elsewhere, or went on for ever.",
        advice="Tell in [observe] launched how a launched page looks.",
    ),
    Cause(
        name="no-recovery",
        meaning="The refusal was right, but afterwards the same person could not launch. This one is judged: it fails.",
        advice="See what the refusal left behind.",
    ),
)


def lines() -> Iterator[str]:
    """Each cause with what helps, and what each missing capability asks for."""
    for cause in CAUSES:
        yield f"  {cause.name}"
        yield from paragraph("Means", cause.meaning)
        yield from paragraph("Helps", cause.advice)
    yield ""
    yield "Of missing-capability, by what a scenario needs:"
    for need, advice in ADVICE.items():
        yield from paragraph(need, advice)
