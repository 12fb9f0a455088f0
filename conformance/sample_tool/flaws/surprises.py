"""Flaws that show in launches nobody thought of: odd, and yet good, or at least no reason to break down."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import urlsplit

from conformance.sample_tool import login as login_steps
from conformance.sample_tool import message, trust, values
from conformance.sample_tool.flaws.crashes import unexpected
from conformance.sample_tool.flaws.kinds import Flaw, insert
from conformance.sample_tool.message import CLAIM, member
from conformance.sample_tool.model import Launch, Login
from conformance.sample_tool.refusal import invalid

__all__ = ["FLAWS"]

COLUMN = 255


def roles_by_address(launch: Launch) -> Launch:
    """Knows roles by their addresses alone."""
    if any(role and "://" not in role for role in launch.roles):
        raise invalid("InvalidClaim", ref="CORE A.2", about="roles")
    return launch


def all_names(launch: Launch) -> Launch:
    """Puts the name together from parts that are thought to be there."""
    _ = f"{launch.claims['given_name']} {launch.claims['family_name']} ({launch.claims['name']})"
    return launch


def ids_that_fit(launch: Launch) -> Launch:
    """Keeps ids in columns of 255 characters."""
    ids = (launch.claims.get("sub"), *(_inner(launch, name).get("id") for name in ("context", "resource_link")))
    if any(len(str(id_)) > COLUMN for id_ in ids):
        raise ValueError(f"value too long for type character varying({COLUMN})")
    return launch


def custom_texts(launch: Launch) -> Launch:
    """Trims the custom fields."""
    for value in _inner(launch, "custom").values():
        value.strip()
    return launch


def known_way_back(launch: Launch) -> Launch:
    """Takes the return URL apart."""
    address = str(_inner(launch, "launch_presentation").get("return_url", "https://"))
    if not urlsplit(address).scheme.startswith("http"):
        raise ValueError(f"unsupported scheme in {address}")
    return launch


def known_target(launch: Launch) -> Launch:
    """Finds the page by the target, letter for letter."""
    pages = {f"{launch.base_url}/lti/launch": "course"}
    _ = pages[str(launch.claims.get(CLAIM + "target_link_uri"))]
    return launch


def known_deployment(login: Login) -> Login:
    """Chooses the region by the deployment that the login names."""
    regions = dict.fromkeys(login.integration.deployment_ids, "eu")
    for deployment in login.parameters.get("lti_deployment_id", ()):
        _ = regions[deployment]
    return login


def hints_for_the_database(login: Login) -> Login:
    """Hands the hints to a database that knows no NUL."""
    if any("\0" in value for given in login.parameters.values() for value in given):
        raise ValueError("A string literal cannot contain NUL (0x00) characters.")
    return login


def domain_of_email(launch: Launch) -> Launch:
    """Splits the address at its @."""
    email = launch.claims.get("email")
    if isinstance(email, str):
        _local, _domain = email.split("@")
    return launch


def _inner(launch: Launch, name: str) -> Mapping[str, Any]:
    return member(launch.claims, CLAIM + name)


FLAWS: Final = (
    Flaw(
        name="short-roles-refused",
        why="Roles are compared as whole addresses, and the short names of the old LTI count as nonsense.",
        profile="core",
        changes=(insert(roles_by_address, before=message.privilege),),
    ),
    Flaw(
        name="partial-names-crash",
        why="Some people have one name, and the tool puts it together from three.",
        profile="class",
        changes=unexpected(insert(all_names, before=values.name)),
    ),
    Flaw(
        name="long-ids-crash",
        why="An id beyond the standard's limit meets a column of just that length.",
        profile="class",
        changes=unexpected(insert(ids_that_fit, before=message.subject)),
    ),
    Flaw(
        name="custom-null-crashes",
        why="Custom fields are trimmed one by one, and one of them is null.",
        profile="class",
        changes=unexpected(insert(custom_texts, before=message.attribute_names)),
    ),
    Flaw(
        name="odd-return-url-crashes",
        why="The way back is taken apart before anybody asks whether it is a web address.",
        profile="class",
        changes=unexpected(insert(known_way_back, before=trust.way_back)),
    ),
    Flaw(
        name="other-target-crashes",
        why="Pages are looked up by the target link, and a link with a query is not among them.",
        profile="class",
        changes=unexpected(insert(known_target, before=message.resource_link)),
    ),
    Flaw(
        name="other-deployment-crashes",
        why="The region is looked up by the deployment that the login names, which may be another one.",
        profile="class",
        changes=unexpected(insert(known_deployment, before=login_steps.target)),
    ),
    Flaw(
        name="nul-in-login-crashes",
        why="The hints of a login go into a database that refuses a character.",
        profile="ltix",
        changes=unexpected(insert(hints_for_the_database, before=login_steps.parameters)),
    ),
    Flaw(
        name="odd-email-crashes",
        why="An address is split at its @ before anybody asks whether there is one.",
        profile="class",
        changes=unexpected(insert(domain_of_email, before=values.email)),
    ),
)
