"""Flaws that confuse a failure of the back end with its neighbour, or go to the back end where nobody has to."""

from __future__ import annotations

import dataclasses
from collections.abc import Awaitable
from typing import Final

from sqlalchemy import bindparam, select

from conformance.sample_tool import backend, edit, product
from conformance.sample_tool.flaws.kinds import Change, Flaw, blur, drop, replace
from conformance.sample_tool.model import Edit, Launch, Person, Step
from conformance.sample_tool.refusal import Klass, Reason, Refusal, failed, unmet
from conformance.sample_tool.steps import Plan
from conformance.sample_tool.tables import course_links

__all__ = ["FLAWS"]

CLASS_OF_COURSE = select(course_links.c.class_id).where(course_links.c.context_id == bindparam("context_id"))


def told_as(code: int, *, by: int, klass: Klass) -> Change:
    """A code that is told as another one."""

    def confuse(reason: Reason) -> Reason:
        return dataclasses.replace(reason, code=by, klass=klass) if reason.code == code else reason

    return blur(confuse)


def class_of_any_school(launch: Launch) -> Launch:
    """Finds the class by the course id alone."""
    tool, course = launch.tool, launch.course_id
    found = backend.read(tool.faults, "course_link.read", tool.store.one, CLASS_OF_COURSE, context_id=course)
    if found is None and not launch.privileged:
        raise unmet(code=1011)
    return dataclasses.replace(launch, class_id=None if found is None else found["class_id"])


def class_created_each_time(launch: Launch) -> Launch | Awaitable[Launch]:
    """Creates the class again when a teacher comes, and is content to find that it exists."""
    again = dataclasses.replace(launch, class_id=None) if launch.privileged else launch
    return product.new_class(again)


def zoom_of_students_as_well(launch: Launch) -> Launch:
    """Looks for the Zoom account of a student, and takes one that cannot be read for a missing one."""
    tool = launch.tool
    try:
        backend.read(tool.faults, "zoom_auth.read", tool.store.find_zoom, launch.email)
    except Refusal as failure:
        if not launch.privileged:
            raise unmet(code=1009) from failure
        raise
    return product.zoom_auth(launch)


def presets_each_time(launch: Launch) -> Launch | Awaitable[Launch]:
    """Reads the school's presets for a class that exists, and tells a failure as one of creating it."""
    tool, issuer = launch.tool, launch.integration.issuer
    if launch.class_id is None:
        return product.new_class(launch)
    try:
        backend.read(tool.faults, "meeting_defaults.read", tool.store.find_meeting_defaults, issuer)
    except Refusal as failure:
        raise failed(code=1014) from failure
    return launch


def presets_demanded(launch: Launch) -> Launch | Awaitable[Launch]:
    """Creates no class for a school that has chosen no presets."""
    tool, issuer = launch.tool, launch.integration.issuer
    if launch.class_id is None:
        found = backend.read(tool.faults, "meeting_defaults.read", tool.store.find_meeting_defaults, issuer)
        if found is None:
            raise failed(code=1014)
    return product.new_class(launch)


async def live_zoom_for_launch(launch: Launch) -> Launch:
    """Demands a live session of a teacher who launches, as if a launch were an edit."""
    if launch.privileged:
        person = Person(email=launch.email, privileged=True)
        await edit.live_zoom(Edit(tool=launch.tool, base_url=launch.base_url, sender=None, person=person))
    return product.course_link(launch)


def nobody_edits(_state: Edit) -> Edit:
    """Refuses every edit."""
    raise Refusal(Reason(klass="security", code=1337))


def anybody(_given: bytes, _expected: bytes) -> bool:
    """Lets everybody in."""
    return True


def open_to_all(plan: Plan) -> Plan:
    """A control endpoint that asks nobody for its secret."""
    return dataclasses.replace(plan, admits=anybody)


def remembered(plan: Plan) -> Plan:
    """A tool that turns a person away for ever, once its back end has failed for them."""
    known: dict[str, Reason] = {}

    def turn_away(launch: Launch) -> Launch:
        if launch.email in known:
            raise Refusal(known[launch.email])
        return launch

    steps = tuple(
        each for step in plan.launch for each in ((turn_away, step) if step is product.zoom_auth else (step,))
    )
    kept = tuple(remembering(step, known) if step in BACKEND else step for step in steps)
    return dataclasses.replace(plan, launch=kept)


BACKEND: Final = (
    product.zoom_auth,
    product.course_link,
    product.new_class,
    product.deferred,
    product.enrolment,
    product.show_class,
)


def remembering(step: Step[Launch], known: dict[str, Reason]) -> Step[Launch]:
    """The step, which notes for whom it has failed."""

    async def noting(launch: Launch) -> Launch:
        try:
            outcome = step(launch)
            return await outcome if isinstance(outcome, Awaitable) else outcome
        except Refusal as refusal:
            if refusal.reason.klass == "unknown":
                known[launch.email] = refusal.reason
            raise

    return noting


FLAWS: Final = (
    Flaw(
        name="zoom-failure-as-onboarding",
        why="A teacher who has connected Zoom is told to do so, because the record could not be read.",
        profile="class",
        changes=(told_as(1008, by=1009, klass="invalid"),),
    ),
    Flaw(
        name="onboarding-as-zoom-failure",
        why="A teacher who has not connected Zoom is told to try again later, and does so all day.",
        profile="class",
        changes=(told_as(1009, by=1008, klass="unknown"),),
    ),
    Flaw(
        name="link-failure-as-not-created",
        why="Students wait for a teacher who was there long ago, because the link could not be read.",
        profile="class",
        changes=(told_as(1010, by=1011, klass="invalid"),),
    ),
    Flaw(
        name="not-created-as-link-failure",
        why="A student who came too early is told that something is broken.",
        profile="class",
        changes=(told_as(1011, by=1010, klass="unknown"),),
    ),
    Flaw(
        name="presets-failure-as-class-creation",
        why="The school's presets cannot be read, and the teacher is sent to sign in to Zoom.",
        profile="class",
        changes=(told_as(1012, by=1014, klass="unknown"),),
    ),
    Flaw(
        name="deferred-failure-as-class-creation",
        why="The class of this launch is there, and the teacher is told that it is not.",
        profile="class",
        changes=(told_as(1013, by=1014, klass="unknown"),),
    ),
    Flaw(
        name="class-creation-as-onboarding",
        why="A teacher whose account is connected is told to connect it, because Zoom refused to create the class.",
        profile="class",
        changes=(told_as(1014, by=1009, klass="invalid"),),
    ),
    Flaw(
        name="enrolment-as-class-read",
        why="The register cannot be written, and the operators look for a lost class.",
        profile="class",
        changes=(told_as(1015, by=1016, klass="unknown"),),
    ),
    Flaw(
        name="class-read-as-link-failure",
        why="A class that cannot be read is looked for in the wrong place, at the link of its course.",
        profile="class",
        changes=(told_as(1016, by=1010, klass="unknown"),),
    ),
    Flaw(
        name="edit-as-onboarding",
        why="A teacher who was signed out is taken for one who never signed up.",
        profile="class",
        changes=(told_as(1337, by=1009, klass="invalid"),),
    ),
    Flaw(
        name="zoom-session-unchecked",
        why="An edit is saved for a teacher whom Zoom no longer knows, and is lost.",
        profile="class",
        changes=(drop(edit.live_zoom),),
    ),
    Flaw(
        name="launch-needs-live-zoom",
        why="Opening a class is refused as if it were an edit.",
        profile="class",
        changes=(replace(product.course_link, by=live_zoom_for_launch),),
    ),
    Flaw(
        name="edit-always-refused",
        why="No edit works, so the code of the refusal says nothing.",
        profile="class",
        changes=(replace(edit.live_zoom, by=nobody_edits),),
    ),
    Flaw(
        name="course-link-of-any-school",
        why="Two schools that use the same course id share a class.",
        profile="class",
        changes=(replace(product.course_link, by=class_of_any_school),),
    ),
    Flaw(
        name="class-created-each-time",
        why="Opening a class goes to Zoom as if it were new, and fails whenever Zoom does.",
        profile="class",
        changes=(replace(product.new_class, by=class_created_each_time),),
    ),
    Flaw(
        name="student-zoom-as-onboarding",
        why="A student is sent to connect a Zoom account that students do not need.",
        profile="class",
        changes=(replace(product.zoom_auth, by=zoom_of_students_as_well),),
    ),
    Flaw(
        name="presets-read-each-time",
        why="A class that exists is told to be uncreatable, because presets that it does not need cannot be read.",
        profile="class",
        changes=(replace(product.new_class, by=presets_each_time),),
    ),
    Flaw(
        name="presets-demanded",
        why="A school that never chose presets gets no classes.",
        profile="class",
        changes=(replace(product.new_class, by=presets_demanded),),
    ),
    Flaw(
        name="failure-remembered",
        why="One failure of the back end turns a person away until the tool is started again.",
        profile="class",
        changes=(remembered,),
    ),
    Flaw(
        name="fault-endpoint-open",
        why="Whoever finds the endpoint of the tests can make the tool fail for everybody.",
        profile="core",
        changes=(open_to_all,),
    ),
)
