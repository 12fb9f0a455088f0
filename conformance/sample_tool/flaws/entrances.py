"""Flaws of the way in: the form, the state, the registration, and the shape of the token."""

from __future__ import annotations

import dataclasses
import json
from base64 import b64decode
from typing import Any, Final

from conformance.sample_tool import protocol, trust
from conformance.sample_tool.compact import json_object, read_token
from conformance.sample_tool.flaws.kinds import Flaw, drop, insert, replace
from conformance.sample_tool.forms import only
from conformance.sample_tool.login import state_cookie
from conformance.sample_tool.model import Launch
from conformance.sample_tool.protocol import token_of
from conformance.sample_tool.refusal import invalid, security

__all__ = ["FLAWS"]

OTHER_ALGORITHMS = ("RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512")
KNOWN_FIELDS = {"id_token", "state", "error", "session_state", "lti_storage_target", "iss"}


def known_fields_only(launch: Launch) -> Launch:
    """Refuses a form with fields that it has never seen."""
    if launch.form.keys() - KNOWN_FIELDS:
        raise invalid("MissingParameter", ref="SEC 5.1.1.3")
    return launch


def state_from_cookie(launch: Launch) -> Launch:
    """Finds the login by the browser's cookies; the state that came back only picks one of several."""
    returned = only(launch.form, "state")
    kept = [value for name, value in launch.cookies.items() if name == state_cookie(value)]
    return _with_last_login(launch, sorted(kept, key=lambda state: state == returned))


def state_of_any_browser(launch: Launch) -> Launch:
    """Finds the login by the state, and never asks whose browser this is."""
    return _with_last_login(launch, [only(launch.form, "state") or ""])


def lenient_shape(launch: Launch) -> Launch:
    """Decodes every base64 that can be decoded."""
    try:
        return dataclasses.replace(launch, token=read_token(launch.id_token, decode=_lenient_base64))
    except ValueError:
        return protocol.shape(launch)


def shape_with_first_members(launch: Launch) -> Launch:
    """Reads JSON with a parser of its own: of two members with one name the first wins."""
    try:
        return dataclasses.replace(launch, token=read_token(launch.id_token, parse=_first_members))
    except (ValueError, RecursionError):
        return protocol.shape(launch)


def shape_in_any_encoding(launch: Launch) -> Launch:
    """Lets the JSON library guess the encoding."""
    try:
        return dataclasses.replace(launch, token=read_token(launch.id_token, parse=_guessed_json_object))
    except (ValueError, RecursionError):
        return protocol.shape(launch)


def registration_of_token(launch: Launch) -> Launch:
    """Finds the registration by what the token says of itself, whatever login there was."""
    claims = token_of(launch).payload
    audience = claims.get("aud")
    client_id = audience[0] if isinstance(audience, list) and audience else audience
    login = dataclasses.replace(launch.login, issuer=str(claims.get("iss")), client_id=str(client_id))
    return protocol.registration_again(dataclasses.replace(launch, login=login))


def query_as_form(launch: Launch) -> Launch:
    """Takes the parameters from wherever they come."""
    return dataclasses.replace(launch, form=launch.form or launch.query)


def _with_last_login(launch: Launch, states: list[str]) -> Launch:
    for state in reversed(states):
        login = launch.tool.store.find_login(state=state, now=launch.now)
        if login is not None:
            return dataclasses.replace(launch, login=login)
    raise security("StateMismatch", ref="SEC 7.3.1")


def _lenient_base64(part: str) -> bytes:
    text = "".join(part.split()).rstrip("=").translate(str.maketrans("-_", "+/"))
    return b64decode(text + "=" * (-len(text) % 4))


def _first_members(data: bytes) -> dict[str, Any]:
    value = json.loads(data.decode("utf-8"), object_pairs_hook=lambda pairs: dict(reversed(pairs)))
    # Read again strictly but for the duplicates, so that nothing else is forgiven.
    return dict(json_object(json.dumps(value).encode()))


def _guessed_json_object(data: bytes) -> dict[str, Any]:
    return json_object(data.decode(json.detect_encoding(data)).encode())


FLAWS: Final = (
    Flaw(
        name="oidc-error-ignored",
        why="An answer that says `error` is let in when it also carries a token.",
        profile="core",
        changes=(drop(protocol.oidc_error),),
    ),
    Flaw(
        name="extra-form-fields-refused",
        why="Platforms send fields of their own with the token; the tool takes them for an attack.",
        profile="core",
        changes=(insert(known_fields_only, before=protocol.oidc_error),),
    ),
    Flaw(
        name="state-unchecked",
        why="The cookie alone decides which login this is; the state that comes back is never compared.",
        profile="core",
        changes=(replace(protocol.state, by=state_from_cookie),),
    ),
    Flaw(
        name="state-not-bound",
        why="A state that the server knows is enough, so an attacker's login can be finished by a victim.",
        profile="core",
        changes=(replace(protocol.state, by=state_of_any_browser),),
    ),
    Flaw(
        name="lenient-base64",
        why="Padding, line breaks and the other alphabet are forgiven, so one token has many spellings.",
        profile="core",
        changes=(replace(protocol.shape, by=lenient_shape),),
    ),
    Flaw(
        name="first-member-wins",
        why="Of two members with one name the first counts, and whoever checked the last has checked another token.",
        profile="core",
        changes=(replace(protocol.shape, by=shape_with_first_members),),
    ),
    Flaw(
        name="any-encoding-accepted",
        why="UTF-16 and byte order marks are read as well, so checks in front of the tool see another text.",
        profile="core",
        changes=(replace(protocol.shape, by=shape_in_any_encoding),),
    ),
    Flaw(
        name="registration-by-token",
        why="The token says which platform it is from; that the login was for another one is not noticed.",
        profile="core",
        changes=(replace(protocol.registration_again, by=registration_of_token),),
    ),
    Flaw(
        name="unsolicited-launches-accepted",
        why="A good signature is thought to be enough: any token works, at any time, in any browser.",
        profile="core",
        changes=(
            drop(protocol.state),
            replace(protocol.registration_again, by=registration_of_token),
            drop(trust.nonce),
        ),
    ),
    Flaw(
        name="launch-by-get-accepted",
        why="A framework hands out query and form alike, so tokens end up in logs and in the browser's history.",
        profile="core",
        changes=(insert(query_as_form, before=protocol.oidc_error),),
    ),
)
