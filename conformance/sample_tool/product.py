"""The steps that lead an accepted person into a class (policy `class`)."""

from __future__ import annotations

from collections.abc import Awaitable, Mapping
from dataclasses import replace
from typing import Any

from conformance.sample_tool import backend
from conformance.sample_tool.model import Launch
from conformance.sample_tool.refusal import failed, unmet
from conformance.sample_tool.zoom import Account, Zoom

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


def new_class(launch: Launch) -> Launch | Awaitable[Launch]:
    """A course without a class gets one, with the settings of the school and, where there is Zoom, a meeting."""
    tool, issuer = launch.tool, launch.integration.issuer
    if launch.class_id is not None:
        return launch
    found = backend.read(tool.faults, "meeting_defaults.read", tool.store.find_meeting_defaults, issuer)
    settings = found or DEFAULT_SETTINGS
    if tool.zoom is not None:
        return _new_class_with_meeting(launch, tool.zoom, settings)
    class_id = backend.write(tool.faults, "class.create", _create_class, launch, settings)
    return replace(launch, class_id=class_id)


async def deferred(launch: Launch) -> Launch:
    """Classes that were prepared for this teacher come into being."""
    tool = launch.tool
    if not launch.privileged:
        return launch
    with backend.failing_as("deferred.create"):
        waiting = tool.store.has_deferred(launch.email)
    if waiting:
        await backend.call(tool.faults, "deferred.create", _create_deferred, launch)
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


async def _new_class_with_meeting(launch: Launch, zoom: Zoom, settings: Mapping[str, Any]) -> Launch:
    async def create() -> int:
        async with _account(launch, zoom).new_meetings() as new_meeting:
            meeting_id = await new_meeting(launch.title, settings)
            return _create_class(launch, settings, meeting_id)

    class_id = await backend.call(launch.tool.faults, "class.create", create)
    return replace(launch, class_id=class_id)


def _create_class(launch: Launch, settings: Mapping[str, Any], meeting_id: str | None = None) -> int:
    course = (launch.integration.issuer, launch.deployment_id, launch.course_id)
    return launch.tool.store.create_class(*course, launch.title, settings, meeting_id)


async def _create_deferred(launch: Launch) -> int:
    store, zoom = launch.tool.store, launch.tool.zoom
    if zoom is None:
        return store.create_deferred(launch.email)
    async with _account(launch, zoom).new_meetings() as new_meeting:
        titles = store.find_deferred(launch.email)
        meetings = {course: await new_meeting(title, DEFAULT_SETTINGS) for course, title in titles.items()}
        return store.create_deferred(launch.email, meetings)


def _account(launch: Launch, zoom: Zoom) -> Account:
    return Account(zoom=zoom, store=launch.tool.store, email=launch.email)


def _class_id(launch: Launch) -> int:
    if launch.class_id is None:
        raise failed(code=1016)
    return launch.class_id
