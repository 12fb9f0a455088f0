"""Flaws that no list of launches finds, since nobody would have thought of the value: only drawn ones do."""

from __future__ import annotations

import hmac
import re
import unicodedata
from dataclasses import replace as changed
from datetime import UTC, datetime
from typing import Any, Final
from urllib.parse import urlsplit

from conformance.sample_tool import login as login_steps
from conformance.sample_tool import message, protocol, trust
from conformance.sample_tool.flaws.crashes import unexpected
from conformance.sample_tool.flaws.kinds import Flaw, insert, replace
from conformance.sample_tool.forms import first
from conformance.sample_tool.message import CLAIM, member
from conformance.sample_tool.model import Launch, Login
from conformance.sample_tool.protocol import token_of
from conformance.sample_tool.refusal import invalid, security

__all__ = ["FLAWS"]

LARGEST = 2**63
HEAD = 8
STATE_COOKIE = "sample_state_"
VENDOR = "https://vendor.example/"
SUFFIXED = re.compile(r"1\.3\.0[-+._].*", re.DOTALL)


def kid_in_a_column(launch: Launch) -> Launch:
    """Looks the key id up in a table, as a whole number if it is one."""
    kid = token_of(launch).header.get("kid")
    if isinstance(kid, int) and abs(kid) >= LARGEST:
        raise OverflowError("Python int too large to convert to SQLite INTEGER")
    return launch


def kid_in_a_file_name(launch: Launch) -> Launch:
    """Keeps each key in a file that is named like it."""
    kid = token_of(launch).header.get("kid")
    if isinstance(kid, str):
        kid.encode("ascii")
    return launch


def content_type(launch: Launch) -> Launch:
    """Notes what kind of content the token says that it has."""
    _ = token_of(launch).header.get("cty", "").lower()
    return launch


def version_of_any_build(launch: Launch) -> Launch:
    """Takes what stands behind the version for the number of a build."""
    value = launch.claims.get(CLAIM + "version")
    return launch if isinstance(value, str) and SUFFIXED.fullmatch(value) else message.version(launch)


def state_by_its_head(launch: Launch) -> Launch:
    """Finds the login by the head of its state, which is all that an index keeps."""
    returned = first(launch.form, "state") or ""
    kept = (value for name, value in launch.cookies.items() if name.startswith(STATE_COOKIE))
    near = (value for value in kept if value[:HEAD] == returned[:HEAD] and len(value) == len(returned))
    login = launch.tool.store.find_login(state=next(near, ""), now=launch.now)
    if login is None:
        raise security("StateMismatch", ref="SEC 7.3.1")
    return changed(launch, login=login)


def state_as_text(launch: Launch) -> Launch:
    """Compares texts in constant time, which works for ASCII alone."""
    hmac.compare_digest("", first(launch.form, "state") or "")
    return launch


def deployment_normalised(launch: Launch) -> Launch:
    """Brings the deployment into a form in which texts that look alike are alike."""
    name = CLAIM + "deployment_id"
    value = launch.claims.get(name)
    if not isinstance(value, str):
        return message.deployment(launch)
    same = changed(launch, claims={**launch.claims, name: unicodedata.normalize("NFKC", value)})
    return changed(message.deployment(same), claims=launch.claims)


def roles_hashed(launch: Launch) -> Launch:
    """Takes every role once, of those that come as objects the text."""
    value = launch.claims.get(CLAIM + "roles")
    if isinstance(value, list):
        _ = {str(role) if isinstance(role, dict) else role for role in value}
    return launch


def platform_named(launch: Launch) -> Launch:
    """Trims the name of the platform, for a statistic."""
    _ = member(launch.claims, CLAIM + "tool_platform").get("name", "").strip()
    return launch


def name_as_a_pattern(launch: Launch) -> Launch:
    """Greets people by a pattern into which their names were put first."""
    for part in ("name", "given_name", "family_name"):
        value = launch.claims.get(part)
        if isinstance(value, str):
            _ = f"Welcome to {{course}}, {value}".format(course="your course")
    return launch


def numbers_in_columns(launch: Launch) -> Launch:
    """Keeps what platforms send beside the standard, numbers as numbers."""
    kept = [value for name, value in launch.claims.items() if name.startswith(VENDOR)]
    if any(isinstance(value, int) and abs(value) >= LARGEST for value in kept):
        raise OverflowError("Python int too large to convert to SQLite INTEGER")
    return launch


def start_as_a_date(launch: Launch) -> Launch:
    """Turns the beginning of the token's time into a date, whatever number it is."""
    begins = launch.claims.get("nbf")
    if isinstance(begins, int | float) and not isinstance(begins, bool):
        datetime.fromtimestamp(begins, UTC)
    return launch


def fields_as_arguments(launch: Launch) -> Launch:
    """Hands the fields of the form on by their names."""

    def handled(request: str, *, state: str = "", id_token: str = "", **others: str) -> tuple[object, ...]:
        return request, state, id_token, others

    fields: dict[str, Any] = {name: values[0] for name, values in launch.form.items()}
    handled("launch", **fields)
    return launch


def token_trimmed(launch: Launch) -> Launch:
    """Takes a token with a line end behind it, as a clipboard leaves it."""
    return protocol.shape(changed(launch, id_token=launch.id_token.rstrip("\r\n")))


def target_taken_apart(login: Login) -> Login:
    """Looks for the host of the target before anything else."""
    if urlsplit(first(login.parameters, "target_link_uri") or "").hostname == "":
        raise invalid("InvalidClaim", ref="SEC 5.1.1.1", about="target_link_uri")
    return login


FLAWS: Final = (
    Flaw(
        name="kid-beyond-64-bits",
        why="A key id that is a number goes into a query, and the database has no number of that size.",
        profile="class",
        changes=unexpected(insert(kid_in_a_column, before=protocol.kid)),
    ),
    Flaw(
        name="kid-not-ascii-crashes",
        why="The key id becomes the name of a file, and is thought to be ASCII.",
        profile="class",
        changes=unexpected(insert(kid_in_a_file_name, before=protocol.kid)),
    ),
    Flaw(
        name="odd-content-type-crashes",
        why="A member of the header that hardly anybody sends is thought to be text.",
        profile="class",
        changes=unexpected(insert(content_type, before=protocol.typ)),
    ),
    Flaw(
        name="version-with-suffix",
        why="The version is compared by a pattern that somebody has made for software.",
        profile="core",
        changes=(replace(message.version, by=version_of_any_build),),
    ),
    Flaw(
        name="state-by-its-head",
        why="The state is looked up by the few characters that an index keeps, and never compared as a whole.",
        profile="core",
        changes=(replace(protocol.state, by=state_by_its_head),),
    ),
    Flaw(
        name="state-compared-as-text",
        why="`hmac.compare_digest` takes texts, but none with a letter that is not ASCII.",
        profile="ltix",
        changes=unexpected(insert(state_as_text, before=protocol.state)),
    ),
    Flaw(
        name="deployment-normalised",
        why="Texts are normalised before they are compared, so two that only look alike are the same.",
        profile="ltix",
        changes=(replace(message.deployment, by=deployment_normalised),),
    ),
    Flaw(
        name="roles-hashed",
        why="The roles are made a set, and a list among them cannot be in one.",
        profile="class",
        changes=unexpected(insert(roles_hashed, before=message.roles)),
    ),
    Flaw(
        name="platform-name-trimmed",
        why="A statistic counts the platforms by their names, and one sends no text there.",
        profile="class",
        changes=unexpected(insert(platform_named, before=message.subject)),
    ),
    Flaw(
        name="name-as-a-pattern",
        why="The greeting is formatted after the name was put into it, and a brace in a name is a place to fill.",
        profile="core",
        changes=unexpected(insert(name_as_a_pattern, before=message.subject)),
    ),
    Flaw(
        name="large-number-overflows",
        why="Claims that nobody knows are kept for later, in columns that have no number of that size.",
        profile="class",
        changes=unexpected(insert(numbers_in_columns, before=message.subject)),
    ),
    Flaw(
        name="odd-start-crashes",
        why="The beginning of the token's time becomes a date before anybody asks whether there is such a date.",
        profile="class",
        changes=unexpected(insert(start_as_a_date, before=trust.not_before)),
    ),
    Flaw(
        name="fields-as-arguments",
        why="The form's fields are handed on by name, and one is named like an argument that is there already.",
        profile="core",
        changes=unexpected(insert(fields_as_arguments, before=protocol.oidc_error)),
    ),
    Flaw(
        name="token-trimmed",
        why="Whatever comes in is trimmed, the token as well, so that not every byte of it counts.",
        profile="core",
        changes=(replace(protocol.shape, by=token_trimmed),),
    ),
    Flaw(
        name="odd-target-crashes",
        why="The host of the target is wanted early, and some texts make the reader of addresses give up.",
        profile="class",
        changes=unexpected(insert(target_taken_apart, before=login_steps.parameters)),
    ),
)
