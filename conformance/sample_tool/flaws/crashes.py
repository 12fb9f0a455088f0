"""Flaws of tools that refuse by accident: an exception that nobody caught, where an answer was due."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Final

from conformance.sample_tool import basic, message, protocol, trust
from conformance.sample_tool import login as login_steps
from conformance.sample_tool.answer import Answer
from conformance.sample_tool.flaws.kinds import Change, Flaw, insert, rewrite
from conformance.sample_tool.keyset import KeySetError
from conformance.sample_tool.model import Launch, Login
from conformance.sample_tool.protocol import token_of
from conformance.sample_tool.refusal import UNEXPECTED, Reason

__all__ = ["FLAWS", "bare_500", "unexpected"]

LONGEST_HINT = 4096
LARGEST_TOKEN = 65536
OF_LOGIN = frozenset({"iss", "login_hint", "target_link_uri", "client_id"})
OF_FORM = frozenset({*basic.REQUIRED, "oauth_consumer_key", "lti_message_type", "lti_version", "resource_link_id"})


def bare_500(answer: Answer) -> Answer:
    """What a web framework answers when it has caught an exception."""
    return Answer(status=500, body="Internal Server Error", media_type="text/plain", cookies=answer.cookies)


def uncaught(noticed: Callable[[Reason], bool]) -> Change:
    """Refusals that were meant to be found out earlier, and end in an exception."""
    return rewrite(lambda answer, reason: bare_500(answer) if noticed(reason) else answer)


def unexpected(*steps: Change) -> tuple[Change, ...]:
    """Steps that break, and a tool that has no page for what it did not expect."""
    return (*steps, uncaught(lambda reason: reason == UNEXPECTED))


def expiry_as_a_date(launch: Launch) -> Launch:
    """Turns the expiry into a date, whatever number it is."""
    expires = launch.claims.get("exp")
    if isinstance(expires, int | float):
        datetime.fromtimestamp(expires, UTC)
    return launch


def subject_for_the_database(launch: Launch) -> Launch:
    """Hands the user id to a database that knows no NUL."""
    if "\0" in str(launch.claims.get("sub")):
        raise ValueError("A string literal cannot contain NUL (0x00) characters.")
    return launch


def readable_form(launch: Launch) -> Launch:
    """Uses what the framework has read, even if it has read nothing."""
    if not launch.form:
        raise AttributeError("'NoneType' object has no attribute 'get'")
    return launch


def small_token(launch: Launch) -> Launch:
    """Logs the token into a column that is too short."""
    if len(launch.id_token) > LARGEST_TOKEN:
        raise ValueError(f"value too long for type character varying({LARGEST_TOKEN})")
    return launch


def short_hints(login: Login) -> Login:
    """Keeps the hints of a login in a column that is too short."""
    if any(len(value) > LONGEST_HINT for values in login.parameters.values() for value in values):
        raise ValueError(f"value too long for type character varying({LONGEST_HINT})")
    return login


async def one_key_per_id(launch: Launch) -> Launch:
    """Builds a dictionary of keys that insists on unique ids."""
    url, kid = launch.integration.jwks_url, str(token_of(launch).header["kid"])
    key_sets = launch.tool.key_sets
    held = key_sets.cached(url)
    try:
        found = held if held is not None and any(held.named(kid)) else await key_sets.fetched(url)
    except KeySetError:
        return launch
    if len(list(found.named(kid))) > 1:
        raise ValueError(f"duplicate key id {kid}")
    return launch


FLAWS: Final = (
    Flaw(
        name="unreadable-tokens-crash",
        why="The token is taken apart without a thought that it may be no token.",
        profile="class",
        changes=(uncaught(lambda reason: reason.type == "InvalidJson"),),
    ),
    Flaw(
        name="absent-token-crashes",
        why="The form is read by `form['id_token']`, and a form without it was never tried.",
        profile="class",
        changes=(uncaught(lambda reason: reason.type == "MissingParameter" and reason.about == "id_token"),),
    ),
    Flaw(
        name="login-parameters-crash",
        why="The login is read by `params['iss']`, and a login without it was never tried.",
        profile="class",
        changes=(uncaught(lambda reason: reason.type == "MissingParameter" and reason.about in OF_LOGIN),),
    ),
    Flaw(
        name="form-parameters-crash",
        why="The old form is read by `form['oauth_nonce']`, and one that lacks a parameter was never tried.",
        profile="class",
        changes=(uncaught(lambda reason: reason.type == "MissingParameter" and reason.about in OF_FORM),),
    ),
    Flaw(
        name="unusable-key-set-crashes",
        why="The key set is decoded as if it always came, and always were JSON.",
        profile="class",
        changes=(uncaught(lambda reason: reason.code == 1017),),
    ),
    Flaw(
        name="unknown-kid-crashes",
        why="`next(key for key in keys if …)` has no answer for a key that is not there.",
        profile="class",
        changes=(uncaught(lambda reason: reason.type == "KidNotFound"),),
    ),
    Flaw(
        name="duplicate-kid-crashes",
        why="The keys are filed under their ids, and two with one id are thought impossible.",
        profile="class",
        changes=unexpected(insert(one_key_per_id, before=protocol.key)),
    ),
    Flaw(
        name="foreign-target-crashes",
        why="That the target is the tool's own is asserted, and an assertion is no answer.",
        profile="class",
        changes=(uncaught(lambda reason: reason.type == "InvalidClaim" and reason.about == "target_link_uri"),),
    ),
    Flaw(
        name="issuer-mismatch-crashes",
        why="Registrations are looked up by `registrations[claims['iss']]`.",
        profile="class",
        changes=(uncaught(lambda reason: reason.type == "IssuerMismatch"),),
    ),
    Flaw(
        name="nonce-lookup-crashes",
        why="A nonce that was never issued has no row, and the row is read all the same.",
        profile="class",
        changes=(uncaught(lambda reason: reason.type == "NonceNotFound"),),
    ),
    Flaw(
        name="odd-expiry-crashes",
        why="The expiry becomes a date before anybody asks whether there is such a date.",
        profile="class",
        changes=unexpected(insert(expiry_as_a_date, before=trust.expiry)),
    ),
    Flaw(
        name="roles-crash",
        why="`for role in claims['roles']` meets null, and a number where a role should be.",
        profile="class",
        changes=(uncaught(lambda reason: reason.code == 1024),),
    ),
    Flaw(
        name="course-crashes",
        why="`claims['context']['id']` is read without asking whether there is a context.",
        profile="class",
        changes=(uncaught(lambda reason: reason.code in (1007, 1023)),),
    ),
    Flaw(
        name="absent-claims-crash",
        why="Claims are read by `claims[name]`, and the platform is trusted to send them all.",
        profile="class",
        changes=(uncaught(lambda reason: reason.type == "MissingClaim"),),
    ),
    Flaw(
        name="large-tokens-crash",
        why="The token goes into a log table whose column is too short for it.",
        profile="ltix",
        changes=unexpected(insert(small_token, before=protocol.shape)),
    ),
    Flaw(
        name="nul-crashes",
        why="The database refuses a character that nobody thought of.",
        profile="class",
        changes=unexpected(insert(subject_for_the_database, before=message.subject)),
    ),
    Flaw(
        name="unreadable-forms-crash",
        why="A form beyond the framework's limits, or in another form than a form, is nothing; and nothing is read.",
        profile="ltix",
        changes=(
            insert(readable_form, before=basic.parameters),
            *unexpected(insert(readable_form, before=protocol.oidc_error)),
        ),
    ),
    Flaw(
        name="long-hints-crash",
        why="The hints of a login go into a column that is too short for them.",
        profile="ltix",
        changes=unexpected(insert(short_hints, before=login_steps.parameters)),
    ),
)
