"""Flaws of deep linking requests: the settings, what makes a request one, and a second way in that checks less."""

from __future__ import annotations

import dataclasses
from collections.abc import Awaitable
from typing import Any, Final

from conformance.sample_tool import deep_linking, message, protocol, trust
from conformance.sample_tool.deep_linking import SETTINGS, settings_of
from conformance.sample_tool.flaws.crashes import unexpected
from conformance.sample_tool.flaws.kinds import Flaw, drop, insert, replace
from conformance.sample_tool.message import CLAIM
from conformance.sample_tool.model import Launch
from conformance.sample_tool.protocol import token_of
from conformance.sample_tool.refusal import invalid
from conformance.sample_tool.steps import Plan

__all__ = ["FLAWS"]

RETURN_URL: Final = "deep_link_return_url"
COLUMN: Final = 255
OPTIONAL: Final = ("accept_multiple", "title", "text", "data")
TYPES: Final = frozenset({"link", "ltiResourceLink", "file", "html", "image"})


def is_request(claims: Any) -> bool:
    """Whether a message says that it is a deep linking request."""
    return bool(claims.get(CLAIM + "message_type") == "LtiDeepLinkingRequest")


def resource_links_only(launch: Launch) -> Launch:
    """Knows one message type, as before the picker was announced."""
    if is_request(launch.claims):
        raise invalid("InvalidClaim", ref="CORE 5.3.1", about="message_type")
    return message.message_type(launch)


def type_by_its_beginning(launch: Launch) -> Launch:
    """Takes every message type that begins like the right one."""
    value = launch.claims.get(CLAIM + "message_type")
    if isinstance(value, str) and value.startswith("LtiDeepLinking"):
        return dataclasses.replace(launch, message="deep_linking")
    return message.message_type(launch)


def noticed_by_settings(launch: Launch) -> Launch:
    """Takes every message with settings for a request."""
    return dataclasses.replace(launch, message="deep_linking" if SETTINGS in launch.claims else "resource_link")


def settings_taken_apart(launch: Launch) -> Launch:
    """Looks into the settings as if every platform sent them."""
    launch.claims[SETTINGS][RETURN_URL].startswith("https:")
    return launch


def url_with_any_scheme(launch: Launch) -> Launch:
    """Takes every return URL that has a scheme."""
    value = settings_of(launch).get(RETURN_URL)
    return launch if isinstance(value, str) and ":" in value.partition("/")[0] else deep_linking.return_url(launch)


def url_of_any_text(launch: Launch) -> Launch:
    """Takes every text for a return URL."""
    value = settings_of(launch).get(RETURN_URL)
    return launch if isinstance(value, str) and value else deep_linking.return_url(launch)


def url_if_given(launch: Launch) -> Launch:
    """Reads a missing return URL as leave to go nowhere."""
    return deep_linking.return_url(launch) if settings_of(launch).get(RETURN_URL) else launch


def types_in_a_text(launch: Launch) -> Launch:
    """Takes a text with the types in it for a list of them."""
    value = settings_of(launch).get("accept_types")
    return launch if isinstance(value, str) else deep_linking.accept_types(launch)


def first_type(launch: Launch) -> Launch:
    """Begins with the first of the accepted types."""
    settings_of(launch)["accept_types"][0].lower()
    return launch


def known_types_only(launch: Launch) -> Launch:
    """Refuses a type that it cannot offer anything of."""
    if not TYPES.issuperset(launch.accept_types):
        raise invalid("InvalidClaim", ref="DL 4.4.1", about="accept_types")
    return launch


def all_settings(launch: Launch) -> Launch:
    """Wants every setting that it has seen some platform send."""
    for name in OPTIONAL:
        if name not in settings_of(launch):
            raise invalid("MissingClaim", ref="DL 4.4.1", about=name)
    return launch


def short_data(launch: Launch) -> Launch:
    """Keeps the platform's data in a column that is too short."""
    if len(str(settings_of(launch).get("data"))) > COLUMN:
        raise invalid("InvalidClaim", ref="DL 4.4.1", about="data")
    return launch


def listed_roles(launch: Launch) -> Launch:
    """Goes through the roles as if every message had some."""
    list(launch.claims[CLAIM + "roles"])
    return launch


def unverified_request(launch: Launch) -> Launch:
    """Verifies launches, and believes requests."""
    payload = token_of(launch).payload
    return dataclasses.replace(launch, claims=payload) if is_request(payload) else protocol.signature(launch)


def nonce_of_launches(launch: Launch) -> Launch | Awaitable[Launch]:
    """Remembers the nonces of launches, and not those of requests."""
    return launch if is_request(launch.claims) else trust.nonce(launch)


def version_of_launches(launch: Launch) -> Launch:
    """Asks launches for their version, and not requests."""
    return launch if is_request(launch.claims) else message.version(launch)


def from_anywhere(plan: Plan) -> Plan:
    """Looks the deployment up for launches, and not for requests."""
    return dataclasses.replace(plan, picking=tuple(step for step in plan.picking if step is not message.deployment))


FLAWS: Final = (
    Flaw(
        name="deep-linking-refused",
        why="The picker is announced, and the code that reads message types has never heard of it.",
        profile="core",
        changes=(replace(message.message_type, by=resource_links_only),),
    ),
    Flaw(
        name="deep-linking-response-accepted",
        why="The message type is compared by how it begins, and that of the answer begins alike.",
        profile="core",
        changes=(replace(message.message_type, by=type_by_its_beginning),),
    ),
    Flaw(
        name="deep-linking-by-its-settings",
        why="Whether a message is a request is told by its settings instead of by its type.",
        profile="core",
        changes=(replace(deep_linking.noticed, by=noticed_by_settings),),
    ),
    Flaw(
        name="deep-linking-settings-unread",
        why="The picker is opened first, and the settings are read when something has been picked.",
        profile="core",
        changes=(
            drop(deep_linking.settings),
            drop(deep_linking.return_url),
            drop(deep_linking.accept_types),
            drop(deep_linking.targets),
        ),
    ),
    Flaw(
        name="deep-linking-settings-crash",
        why="The settings are read by `claims[name]`, and the platform is trusted to send them.",
        profile="class",
        changes=unexpected(insert(settings_taken_apart, before=deep_linking.settings)),
    ),
    Flaw(
        name="return-url-of-any-scheme",
        why="The return URL has to be absolute, and a script is absolute, too.",
        profile="core",
        changes=(replace(deep_linking.return_url, by=url_with_any_scheme),),
    ),
    Flaw(
        name="return-url-unchecked",
        why="The return URL comes from a signed token, so nobody asks what it is.",
        profile="core",
        changes=(replace(deep_linking.return_url, by=url_of_any_text),),
    ),
    Flaw(
        name="return-url-missing-accepted",
        why="A request without a return URL is accepted, and has nowhere to go at its end.",
        profile="core",
        changes=(replace(deep_linking.return_url, by=url_if_given),),
    ),
    Flaw(
        name="accept-types-unchecked",
        why="The tool has things of one type only, and never asks which types are accepted.",
        profile="core",
        changes=(drop(deep_linking.accept_types),),
    ),
    Flaw(
        name="accept-types-of-text",
        why="`kind in accept_types` works for texts as well, and finds parts of words.",
        profile="core",
        changes=(replace(deep_linking.accept_types, by=types_in_a_text),),
    ),
    Flaw(
        name="accept-types-crash",
        why="The picker begins with the first accepted type, and there may be none, or one that is no text.",
        profile="class",
        changes=unexpected(insert(first_type, before=deep_linking.accept_types)),
    ),
    Flaw(
        name="unknown-accept-types-refused",
        why="A type that the tool does not know is an error to it; it ought to be passed over.",
        profile="core",
        changes=(insert(known_types_only, before=deep_linking.targets),),
    ),
    Flaw(
        name="presentation-targets-unchecked",
        why="The presentation targets are never looked at, so their absence is never told.",
        profile="ltix",
        changes=(drop(deep_linking.targets),),
    ),
    Flaw(
        name="optional-settings-needed",
        why="What one platform always sends is required of all.",
        profile="core",
        changes=(insert(all_settings, before=deep_linking.targets),),
    ),
    Flaw(
        name="long-data-refused",
        why="The platform's data goes into a column of 255 characters.",
        profile="core",
        changes=(insert(short_data, before=deep_linking.targets),),
    ),
    Flaw(
        name="deep-linking-needs-a-person",
        why="Requests are held to the list of claims of a launch, so the user id is required.",
        profile="core",
        changes=(replace(deep_linking.subject, by=message.subject),),
    ),
    Flaw(
        name="deep-linking-needs-a-target",
        why="Requests are held to the list of claims of a launch, so the target link is required.",
        profile="core",
        changes=(replace(deep_linking.target_link, by=message.target_link),),
    ),
    Flaw(
        name="deep-linking-roles-crash",
        why="`for role in claims['roles']` is older than the picker, whose requests may have none.",
        profile="class",
        changes=unexpected(insert(listed_roles, before=deep_linking.roles)),
    ),
    Flaw(
        name="deep-linking-unverified",
        why="The address for requests was written later, and its signature check is still to come.",
        profile="core",
        changes=(replace(protocol.signature, by=unverified_request),),
    ),
    Flaw(
        name="deep-linking-replayed",
        why="Nonces are spent where a session begins, and the picker was thought to have none.",
        profile="core",
        changes=(replace(trust.nonce, by=nonce_of_launches),),
    ),
    Flaw(
        name="deep-linking-of-any-version",
        why="The version is checked among the claims of a launch, which a request does not go through.",
        profile="core",
        changes=(replace(message.version, by=version_of_launches),),
    ),
    Flaw(
        name="deep-linking-from-any-deployment",
        why="The deployment is looked up where a course is opened, and a picker opens none.",
        profile="core",
        changes=(from_anywhere,),
    ),
)
