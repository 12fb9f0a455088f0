"""The steps that lead an accepted person into a class (policy `class`)."""

from __future__ import annotations

from dataclasses import replace

from conformance.sample_tool import backend
from conformance.sample_tool.model import Launch
from conformance.sample_tool.refusal import failed, unmet

__all__ = ["course_link", "deferred", "enrolment", "new_class", "show_class", "zoom_auth"]

DEFAULT_SETTINGS = {"waiting_room": True}


def zoom_auth(launch: Launch) -> Launch:
    """A teacher has connected a Zoom account."""
    tool = launch.tool
    if not launch.privileged:
        return launch
    if backend.read(tool.faults, "zoom_auth.read", tool.store.find_zoom, launch.email) is None:
        raise unmet(code=1009)
    return launch


def course_link(launch: Launch) -> Launch:
    """The course has a class, or somebody is here who may create it."""
    tool = launch.tool
    class_id = backend.read(
        tool.faults,
        "course_link.read",
        tool.store.find_class,
        issuer=launch.integration.issuer,
        deployment_id=launch.deployment_id,
        context_id=launch.course_id,
    )
    if class_id is None and not launch.privileged:
        raise unmet(code=1011)
    return replace(launch, class_id=class_id)


def new_class(launch: Launch) -> Launch:
    """A course without a class gets one, with the settings of the school."""
    tool, issuer = launch.tool, launch.integration.issuer
    if launch.class_id is not None:
        return launch
    settings = backend.read(tool.faults, "meeting_defaults.read", tool.store.find_meeting_defaults, issuer)
    class_id = backend.write(
        tool.faults,
        "class.create",
        tool.store.create_class,
        issuer,
        launch.deployment_id,
        launch.course_id,
        launch.title,
        settings or DEFAULT_SETTINGS,
    )
    return replace(launch, class_id=class_id)


def deferred(launch: Launch) -> Launch:
    """Classes that were prepared for this teacher come into being."""
    tool = launch.tool
    if launch.privileged and tool.store.has_deferred(launch.email):
        backend.write(tool.faults, "deferred.create", tool.store.create_deferred, launch.email)
    return launch


def enrolment(launch: Launch) -> Launch:
    """The person is a member of the class."""
    tool, class_id = launch.tool, _class_id(launch)
    backend.write(tool.faults, "enrollment.write", tool.store.enrol, class_id, launch.person_id)
    return launch


def show_class(launch: Launch) -> Launch:
    """The class can be shown."""
    tool, class_id = launch.tool, _class_id(launch)
    title = backend.read(tool.faults, "class.read", tool.store.find_class_title, class_id)
    if title is None:
        raise failed(code=1016)
    return replace(launch, title=title)


def _class_id(launch: Launch) -> int:
    if launch.class_id is None:
        raise failed(code=1016)
    return launch.class_id
