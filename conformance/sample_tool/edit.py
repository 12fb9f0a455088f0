"""The steps of an edit: a teacher changes the details of a class after the launch."""

from __future__ import annotations

from conformance.sample_tool import backend
from conformance.sample_tool.forms import origin
from conformance.sample_tool.model import Edit
from conformance.sample_tool.refusal import Reason, Refusal
from conformance.sample_tool.zoom import Account

__all__ = ["live_zoom", "same_site", "teacher"]


def same_site(edit: Edit) -> Edit:
    """The request comes from a page of the tool: the session cookie alone travels with any site's forms."""
    if edit.sender is not None and origin(edit.sender) != origin(edit.base_url):
        raise Refusal(Reason(klass="security"))
    return edit


def teacher(edit: Edit) -> Edit:
    """The session is that of a teacher."""
    if not edit.person.privileged:
        raise Refusal(Reason(klass="security"))
    return edit


async def live_zoom(edit: Edit) -> Edit:
    """The teacher's Zoom account is connected at this moment, and Zoom says so as well."""
    tool, email, missing = edit.tool, edit.person.email, Refusal(Reason(klass="security", code=1337))
    try:
        found = backend.read(tool.faults, "zoom.session", tool.store.find_zoom, email)
        if found is not None and tool.zoom is not None:
            with backend.failing_as("zoom.session"):
                await Account(zoom=tool.zoom, store=tool.store, email=email).check()
    except Refusal as failure:
        # A session that cannot be looked up cannot be relied on either.
        raise missing from failure
    if found is None:
        raise missing
    return edit
