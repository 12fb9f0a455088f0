"""Flaws of the message of LTI 1.1, of the way back after a refusal, and of the border between the two versions."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from inspect import isawaitable
from typing import Any, Final
from urllib.parse import urlsplit

from conformance.sample_tool import basic, message, values
from conformance.sample_tool.flaws.kinds import Flaw, drop, insert, move, replace
from conformance.sample_tool.following import follow
from conformance.sample_tool.forms import only, with_query
from conformance.sample_tool.model import Launch, Step
from conformance.sample_tool.refusal import Refusal, invalid
from conformance.sample_tool.steps import Plan

__all__ = ["FLAWS"]


def version_of_family(launch: Launch) -> Launch:
    """Takes every version that begins like the right one."""
    return launch if (only(launch.form, "lti_version") or "").startswith("LTI-1") else basic.version(launch)


def way_back_without_query(launch: Launch) -> Launch:
    """Cuts the query off the return URL to put its own there."""
    found = basic.way_back(launch)
    return dataclasses.replace(found, return_url=found.return_url.partition("?")[0])


def way_back_of_any_scheme(launch: Launch) -> Launch:
    """Takes every text for an address."""
    return dataclasses.replace(launch, return_url=only(launch.form, "launch_presentation_return_url") or "")


def way_back_with_address(launch: Launch) -> Launch:
    """Tells the platform's log whom the error is about."""
    found, email = basic.way_back(launch), only(launch.form, "lis_person_contact_email_primary")
    told = (
        with_query(found.return_url, {"lti_log": f"user {email}"}) if found.return_url and email else found.return_url
    )
    return dataclasses.replace(found, return_url=told)


def user_needed(launch: Launch) -> Launch:
    """Refuses guests."""
    if only(launch.form, "user_id") is None:
        raise invalid("MissingParameter", ref="LTI11 3", about="user_id")
    return launch


def return_url_needed(launch: Launch) -> Launch:
    """Takes the return URL apart before it asks whether there is one."""
    _ = urlsplit(launch.form["launch_presentation_return_url"][0])
    return launch


def platform_needed(launch: Launch) -> Launch:
    """Keeps statistics by the platform's own name for itself."""
    _ = launch.form["tool_consumer_instance_guid"][0]
    return launch


def roles_by_word(launch: Launch) -> Launch:
    """Looks for the word in the text of the list."""
    return dataclasses.replace(basic.roles(launch), privileged="Instructor" in "".join(launch.form.get("roles", ())))


def roles_with_blanks(launch: Launch) -> Launch:
    """Splits the list at its commas and leaves the blanks."""
    listed = tuple(filter(None, (only(launch.form, "roles") or "").split(",")))
    return dataclasses.replace(launch, roles=listed, privileged=any(map(message.is_privileged, listed)))


def roles_by_short_name(launch: Launch) -> Launch:
    """Knows the short names of roles only."""
    found = basic.roles(launch)
    return dataclasses.replace(found, privileged=not {"Instructor", "TeachingAssistant"}.isdisjoint(found.roles))


def claims_with_custom_names(launch: Launch) -> Launch:
    """Looks for custom fields under the names that they have in the settings."""
    return dataclasses.replace(basic.claims(launch), integration=launch.integration)


def old_form_too(launch_url: Callable[[Launch], str]) -> Callable[[Plan], Plan]:
    """Takes forms of LTI 1.1 at the address for LTI 1.3 as well, verified for some address."""

    def change(plan: Plan) -> Plan:
        async def taken(launch: Launch) -> Launch:
            if "oauth_consumer_key" not in launch.form:
                return launch
            ended, reason = await follow(dataclasses.replace(launch, url=launch_url(launch)), plan.basic)
            if reason is not None:
                raise Refusal(reason)
            return ended

        return dataclasses.replace(plan, launch=(taken, *map(unless_in, plan.launch)))

    return change


def unless_in(step: Step[Launch]) -> Step[Launch]:
    """A step for those who are not in yet."""

    async def taken(launch: Launch) -> Launch:
        outcome: Any = launch if launch.session else step(launch)
        found: Launch = await outcome if isawaitable(outcome) else outcome
        return found

    return taken


FLAWS: Final = (
    Flaw(
        name="old-message-type-unchecked",
        why="A form of another kind is opened as if it were a launch.",
        profile="core",
        changes=(drop(basic.message_type),),
    ),
    Flaw(
        name="old-version-unchecked",
        why="A form of any version is read as if it were of LTI 1.1.",
        profile="core",
        changes=(drop(basic.version),),
    ),
    Flaw(
        name="old-message-unread",
        why="The form is verified, and then taken for a launch whatever it says of itself.",
        profile="core",
        changes=(drop(basic.message_type), drop(basic.version)),
    ),
    Flaw(
        name="old-version-prefix",
        why="Versions that begin with LTI-1 are accepted, but there is only one.",
        profile="core",
        changes=(replace(basic.version, by=version_of_family),),
    ),
    Flaw(
        name="old-resource-link-unchecked",
        why="A form that names no link is accepted, and nobody can say later what was opened.",
        profile="core",
        changes=(drop(basic.resource_link),),
    ),
    Flaw(
        name="old-version-before-signature",
        why="The version of a form is complained of before anybody knows who wrote it.",
        profile="ltix",
        changes=(move(basic.version, before=basic.signature),),
    ),
    Flaw(
        name="old-address-before-signature",
        why="The address is looked for in a form that nobody has verified.",
        profile="class",
        changes=(move(basic.claims, before=basic.signature), move(values.email, before=basic.signature)),
    ),
    Flaw(
        name="return-before-verification",
        why="Everybody who is refused is sent to the return URL, and a forger writes that as well.",
        profile="core",
        changes=(move(basic.way_back, before=basic.parameters),),
    ),
    Flaw(
        name="return-left-out",
        why="Refused people stay in a frame of the tool, and their platform never hears of it.",
        profile="class",
        changes=(drop(basic.way_back),),
    ),
    Flaw(
        name="return-query-lost",
        why="The tool's own words take the place of what the platform had in its return URL.",
        profile="core",
        changes=(replace(basic.way_back, by=way_back_without_query),),
    ),
    Flaw(
        name="return-to-any-scheme",
        why="The return URL is taken as it comes, even if it is a script.",
        profile="core",
        changes=(replace(basic.way_back, by=way_back_of_any_scheme),),
    ),
    Flaw(
        name="return-names-the-person",
        why="The way back says whom the error is about, and logs keep it.",
        profile="class",
        changes=(replace(basic.way_back, by=way_back_with_address),),
    ),
    Flaw(
        name="old-guests-refused",
        why="A user id is demanded, which the guide only recommends.",
        profile="core",
        changes=(insert(user_needed, before=basic.claims),),
    ),
    Flaw(
        name="return-url-demanded",
        why="The return URL is read without asking whether there is one.",
        profile="core",
        changes=(insert(return_url_needed, before=basic.message_type),),
    ),
    Flaw(
        name="platform-name-demanded",
        why="What the platform says of itself is read without asking whether it says anything.",
        profile="core",
        changes=(insert(platform_needed, before=basic.message_type),),
    ),
    Flaw(
        name="old-roles-by-word",
        why="The word Instructor anywhere in the list makes a teacher.",
        profile="class",
        changes=(replace(basic.roles, by=roles_by_word),),
    ),
    Flaw(
        name="old-roles-untrimmed",
        why="A role with a blank before it is another role to the tool.",
        profile="class",
        changes=(replace(basic.roles, by=roles_with_blanks),),
    ),
    Flaw(
        name="old-roles-by-short-name",
        why="Roles are known by their short names only, and teachers by URN are students.",
        profile="class",
        changes=(replace(basic.roles, by=roles_by_short_name),),
    ),
    Flaw(
        name="custom-names-as-configured",
        why="Custom fields are looked for under their own names, but LTI 1.1 sends them under others.",
        profile="class",
        changes=(replace(basic.claims, by=claims_with_custom_names),),
    ),
    Flaw(
        name="old-form-at-the-new-address",
        why="The address for LTI 1.3 takes the old forms as well, so the old version cannot be switched off there.",
        profile="core",
        changes=(old_form_too(lambda launch: launch.url),),
    ),
    Flaw(
        name="old-form-verified-for-its-own-address",
        why="Forms are verified for the address in the settings, wherever they arrive.",
        profile="core",
        changes=(old_form_too(lambda launch: f"{launch.base_url}/lti/launch11"),),
    ),
)
