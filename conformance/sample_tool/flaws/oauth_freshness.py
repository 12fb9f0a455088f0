"""Flaws of what keeps a launch of LTI 1.1 from being sent again: its timestamp and its nonce."""

from __future__ import annotations

import dataclasses
import re
from typing import Final

from conformance.sample_tool import basic
from conformance.sample_tool.consumers import spend_nonce
from conformance.sample_tool.flaws.crashes import unexpected
from conformance.sample_tool.flaws.kinds import Flaw, drop, insert, move, replace
from conformance.sample_tool.flaws.oauth_signatures import if_given
from conformance.sample_tool.forms import only
from conformance.sample_tool.model import Launch
from conformance.sample_tool.refusal import Refusal
from conformance.sample_tool.session import COOKIE

__all__ = ["FLAWS"]


def _moment(launch: Launch) -> str:
    return only(launch.form, "oauth_timestamp") or ""


def _at(launch: Launch, moment: str) -> Launch:
    return dataclasses.replace(launch, form={**launch.form, "oauth_timestamp": (moment,)})


def timestamp_of_digits(launch: Launch) -> Launch:
    """Takes the first number that it finds in the timestamp."""
    digits = re.search(r"[0-9]+", _moment(launch))
    basic.timestamp(_at(launch, digits[0]) if digits else launch)
    return launch


def timestamp_of_the_past(launch: Launch) -> Launch:
    """Asks only whether a launch is old."""
    moment = _moment(launch)
    ahead = moment.isdigit() and int(moment) > launch.now
    return launch if ahead else basic.timestamp(launch)


def timestamp_as_number(launch: Launch) -> Launch:
    """Turns the timestamp into a number without asking whether it is one."""
    _ = int(_moment(launch))
    return launch


def age_without_sign(launch: Launch) -> Launch:
    """Keeps the age of a launch in a column for numbers from zero on."""
    moment = _moment(launch)
    if moment.isdigit() and launch.now < int(moment):
        raise ValueError("value out of range for type unsigned integer")
    return launch


def nonce_of_session(launch: Launch) -> Launch:
    """Recognises a repeated launch only in a browser that has a session."""
    try:
        return basic.nonce(launch)
    except Refusal:
        if COOKIE in launch.cookies:
            raise
        return launch


def nonce_in_two_places(launch: Launch) -> Launch:
    """Looks for the nonce of that second, and keeps it where each nonce may stand once."""
    value, key = only(launch.form, "oauth_nonce") or "", launch.integration.client_id
    its_second = basic.nonce(
        dataclasses.replace(launch, form={**launch.form, "oauth_nonce": (f"{value} {_moment(launch)}",)})
    )
    if not spend_nonce(launch.tool.store, value, key=key, now=launch.now, expires=launch.now + basic.WINDOW_S):
        raise ValueError("duplicate key value violates unique constraint")
    return dataclasses.replace(its_second, form=launch.form)


FLAWS: Final = (
    Flaw(
        name="oauth-timestamp-unchecked",
        why="A launch is good for ever, and so is a copy of it once its nonce is forgotten.",
        profile="core",
        changes=(drop(basic.timestamp),),
    ),
    Flaw(
        name="oauth-timestamp-if-given",
        why="A launch that does not say when it was made counts as new.",
        profile="core",
        changes=if_given("oauth_timestamp", basic.timestamp),
    ),
    Flaw(
        name="oauth-timestamp-of-digits",
        why="The number is cut out of the timestamp, whatever stands before and behind it.",
        profile="core",
        changes=(replace(basic.timestamp, by=timestamp_of_digits),),
    ),
    Flaw(
        name="oauth-timestamp-far-ahead-accepted",
        why="Only old launches are refused, so that one from the far future never becomes old.",
        profile="core",
        changes=(replace(basic.timestamp, by=timestamp_of_the_past),),
    ),
    Flaw(
        name="oauth-odd-timestamp-crashes",
        why="The timestamp becomes a number before anybody asks whether it is one.",
        profile="class",
        changes=unexpected(insert(timestamp_as_number, before=basic.timestamp)),
    ),
    Flaw(
        name="oauth-timestamp-ahead-crashes",
        why="The age of a launch goes into a column that knows no negative numbers.",
        profile="class",
        changes=unexpected(insert(age_without_sign, before=basic.timestamp)),
    ),
    Flaw(
        name="oauth-nonce-unchecked",
        why="The nonce is verified with the rest, and nobody remembers it.",
        profile="core",
        changes=(drop(basic.nonce),),
    ),
    Flaw(
        name="oauth-nonce-if-given",
        why="A launch without a nonce cannot have been here before, thinks the tool.",
        profile="core",
        changes=if_given("oauth_nonce", basic.nonce),
    ),
    Flaw(
        name="oauth-nonce-of-session",
        why="Repetitions are noticed in the browser of the victim and not in that of the thief.",
        profile="core",
        changes=(replace(basic.nonce, by=nonce_of_session),),
    ),
    Flaw(
        name="oauth-nonce-burnt-early",
        why="A form with a bad signature spends its nonce, and the real one is refused.",
        profile="core",
        changes=(move(basic.nonce, before=basic.signature),),
    ),
    Flaw(
        name="oauth-nonce-stored-crashes",
        why="A nonce is looked for with its second and stored without, where it may stand only once.",
        profile="class",
        changes=unexpected(replace(basic.nonce, by=nonce_in_two_places)),
    ),
)
