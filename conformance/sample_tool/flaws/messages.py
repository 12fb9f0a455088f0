"""Flaws of the LTI message: required claims, and strictness where the standard is open."""

from __future__ import annotations

import dataclasses
import re
from typing import Any, Final

from markupsafe import Markup

from conformance.sample_tool import message, protocol, session
from conformance.sample_tool.flaws.kinds import Flaw, drop, insert, overlook, replace
from conformance.sample_tool.message import CLAIM, member
from conformance.sample_tool.model import Launch
from conformance.sample_tool.refusal import invalid
from conformance.sample_tool.values import NAMES

__all__ = ["FLAWS"]

LONG = 64
KNOWN_ROLE = re.compile(
    r"https?://purl\.imsglobal\.org/vocab/lis/v2/\S+|urn:lti:\S+"
    r"|Instructor|TeachingAssistant|Learner|Mentor|ContentDeveloper|Administrator|Member|Manager"
)
KNOWN_CLAIM = re.compile(
    r"https://purl\.imsglobal\.org/spec/\S+"
    r"|iss|aud|azp|sub|exp|iat|nbf|nonce|jti|name|given_name|family_name|middle_name|picture|email|locale"
)


def version_of_family(launch: Launch) -> Launch:
    """Takes every version that begins like the right one."""
    value = launch.claims.get(CLAIM + "version")
    return launch if isinstance(value, str) and value.startswith("1.3") else message.version(launch)


def message_type_in_any_case(launch: Launch) -> Launch:
    """Compares message types without case."""
    value = launch.claims.get(CLAIM + "message_type")
    alike = isinstance(value, str) and value.lower() == "ltiresourcelinkrequest"
    return launch if alike else message.message_type(launch)


def any_deployment(launch: Launch) -> Launch:
    """Takes every deployment that is named."""
    value = launch.claims.get(CLAIM + "deployment_id")
    if not isinstance(value, str) or not value:
        return message.deployment(launch)
    return dataclasses.replace(launch, deployment_id=value)


def deployment_in_any_case(launch: Launch) -> Launch:
    """Compares deployments without case and without blanks around them."""
    value = launch.claims.get(CLAIM + "deployment_id")
    for known in launch.integration.deployment_ids:
        if isinstance(value, str) and value.strip().lower() == known.lower():
            return dataclasses.replace(launch, deployment_id=known)
    return message.deployment(launch)


def roles_if_given(launch: Launch) -> Launch:
    """Takes missing roles for an empty list."""
    return message.roles(launch) if CLAIM + "roles" in launch.claims else launch


def roles_of_any_type(launch: Launch) -> Launch:
    """Takes whatever is no list of texts for an empty list."""
    value = launch.claims.get(CLAIM + "roles")
    fits = isinstance(value, list) and all(isinstance(role, str) for role in value)
    return message.roles(launch) if value is None or fits else launch


def known_roles_only(launch: Launch) -> Launch:
    """Refuses a role that is in none of its lists."""
    if not all(KNOWN_ROLE.fullmatch(role) for role in launch.roles):
        raise invalid("InvalidClaim", code=1024, ref="CORE 5.3.7", about="roles")
    return launch


def known_claims_only(launch: Launch) -> Launch:
    """Refuses a claim that it does not know."""
    if not all(KNOWN_CLAIM.fullmatch(name) for name in launch.claims):
        raise invalid("InvalidClaim", ref="CORE 4.3")
    return launch


def latin_names_only(launch: Launch) -> Launch:
    """Writes names in an encoding that most of the world's names cannot be written in."""
    for text in _texts(launch):
        text.encode("latin-1")
    return launch


def short_values_only(launch: Launch) -> Launch:
    """Refuses what does not fit into its columns."""
    if any(len(text) > LONG for text in _texts(launch)):
        raise invalid("InvalidClaim", ref="CORE 5.3.6")
    return launch


def _texts(launch: Launch) -> list[str]:
    context, link = (member(launch.claims, CLAIM + name) for name in ("context", "resource_link"))
    values: list[Any] = [launch.claims.get(name) for name in (*NAMES, "sub")]
    values += [part.get(name) for part in (context, link) for name in ("id", "title", "label")]
    return [value for value in values if isinstance(value, str)]


def name_as_markup(launch: Launch) -> Launch:
    """Takes the name for a piece of the page."""
    person = dataclasses.replace(launch.person, name=Markup(launch.claims.get("name") or ""))  # noqa: S704 - the flaw
    return dataclasses.replace(launch, person=person)


FLAWS: Final = (
    Flaw(
        name="version-unchecked",
        why="A message of any version is read as if it were of 1.3.0.",
        profile="core",
        changes=(drop(message.version),),
    ),
    Flaw(
        name="version-prefix",
        why="Versions that begin with 1.3 are accepted, but the only one is 1.3.0.",
        profile="core",
        changes=(replace(message.version, by=version_of_family),),
    ),
    Flaw(
        name="message-type-unchecked",
        why="A message of another kind is opened as if it were a resource link.",
        profile="core",
        changes=(drop(message.message_type),),
    ),
    Flaw(
        name="message-type-case-insensitive",
        why="Message types are compared without case.",
        profile="core",
        changes=(replace(message.message_type, by=message_type_in_any_case),),
    ),
    Flaw(
        name="deployment-unchecked",
        why="Any deployment is accepted, so one school gets into the courses of another.",
        profile="core",
        changes=(replace(message.deployment, by=any_deployment),),
    ),
    Flaw(
        name="deployment-missing-accepted",
        why="A message without a deployment is accepted.",
        profile="core",
        changes=(overlook(message.deployment, code=1001),),
    ),
    Flaw(
        name="deployment-case-insensitive",
        why="Two deployments that differ in case only are taken for one.",
        profile="core",
        changes=(replace(message.deployment, by=deployment_in_any_case),),
    ),
    Flaw(
        name="target-link-unchecked",
        why="The message may say to open anything anywhere.",
        profile="core",
        changes=(drop(message.target_link),),
    ),
    Flaw(
        name="resource-link-unchecked",
        why="A message that names no link is accepted, and its grades have nowhere to go.",
        profile="core",
        changes=(drop(message.resource_link),),
    ),
    Flaw(
        name="subject-unchecked",
        why="A person without an id is let in, and so is the next one, as the same person.",
        profile="core",
        changes=(drop(message.subject),),
    ),
    Flaw(
        name="roles-missing-accepted",
        why="A message without roles is read as one with an empty list.",
        profile="core",
        changes=(replace(message.roles, by=roles_if_given),),
    ),
    Flaw(
        name="roles-of-any-type",
        why="Roles that are no list of texts are not looked at.",
        profile="core",
        changes=(replace(message.roles, by=roles_of_any_type),),
    ),
    Flaw(
        name="unknown-roles-refused",
        why="A role that the tool does not know is an error to it; it ought to be passed over.",
        profile="core",
        changes=(insert(known_roles_only, before=message.privilege),),
    ),
    Flaw(
        name="unknown-claims-refused",
        why="Platforms add claims of their own, which a tool has to pass over.",
        profile="core",
        changes=(insert(known_claims_only, before=message.version),),
    ),
    Flaw(
        name="non-latin-names-crash",
        why="A name in another script breaks the tool.",
        profile="core",
        changes=(insert(latin_names_only, before=session.person),),
    ),
    Flaw(
        name="long-values-refused",
        why="Ids and titles of more than 64 characters do not fit into a column.",
        profile="core",
        changes=(insert(short_values_only, before=session.person),),
    ),
    Flaw(
        name="markup-unescaped",
        why="A name is put into the page as it comes, so whoever may choose a name may run a script there.",
        profile="core",
        changes=(insert(name_as_markup, before=session.session),),
    ),
    Flaw(
        name="session-before-validation",
        why="The session is made first and the launch refused afterwards, but the session stays.",
        profile="core",
        fails="launches",
        changes=(insert(session.session, before=protocol.oidc_error),),
    ),
)
