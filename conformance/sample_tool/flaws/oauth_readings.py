"""Flaws of what an LTI 1.1 launch is verified over: other parameters, or otherwise written, than those that came."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Final
from urllib.parse import unquote_plus

from conformance.sample_tool import basic, oauth
from conformance.sample_tool.flaws.entrances import query_as_form
from conformance.sample_tool.flaws.kinds import Change, Flaw, insert, replace
from conformance.sample_tool.forms import Fields, only
from conformance.sample_tool.model import Launch
from conformance.sample_tool.refusal import invalid, security

__all__ = ["FLAWS"]

GUIDE = ("oauth_", "lti_", "resource_link_", "user_", "roles", "lis_", "context_", "launch_", "tool_", "custom_")


def verified_over(change: Callable[[Fields], Fields]) -> Change:
    """A signature that is computed over other parameters than those that came."""

    def signature(launch: Launch) -> Launch:
        protocol = {name: values for name, values in launch.form.items() if name.startswith("oauth_")}
        form = {**change(launch.form), **protocol}
        basic.signature(dataclasses.replace(launch, query=change(launch.query), form=form))
        return launch

    return replace(basic.signature, by=signature)


def each_value(change: Callable[[str], str]) -> Callable[[Fields], Fields]:
    """Changes every value."""
    return lambda fields: {name: tuple(map(change, values)) for name, values in fields.items()}


def in_latin_1(value: str) -> str:
    """Takes the text apart in one encoding and reads it in another."""
    return value.encode("latin-1", "replace").decode("utf-8", "replace")


def without_empty(fields: Fields) -> Fields:
    """Takes empty values for absent ones."""
    return {name: kept for name, values in fields.items() if (kept := tuple(filter(None, values)))}


def first_values(fields: Fields) -> Fields:
    """Keeps one value for each name."""
    return {name: values[:1] for name, values in fields.items()}


def signature_without_query(launch: Launch) -> Launch:
    """Forgets the parameters of the launch URL."""
    basic.signature(dataclasses.replace(launch, query={}))
    return launch


def signature_in_order_of_its_own(launch: Launch) -> Launch:
    """Sorts parameters as they are written and encodes them afterwards."""
    ordered = sorted(pair for pair in basic.pairs_of(launch) if pair[0] != "oauth_signature")
    gathered = "&".join(f"{oauth.encoded(name)}={oauth.encoded(value)}" for name, value in ordered)
    return _verified_over(launch, (launch.method, oauth.address(launch.url), gathered))


def signature_for_address_as_written(launch: Launch) -> Launch:
    """Takes the address as the server hands it out."""
    return _verified_over(launch, (launch.method, launch.url, oauth.gathered(basic.pairs_of(launch))))


def _verified_over(launch: Launch, parts: tuple[str, str, str]) -> Launch:
    text = "&".join(map(oauth.encoded, parts))
    if oauth.hmac_sha1(text, launch.integration.secret) != only(launch.form, "oauth_signature"):
        raise security("SignatureInvalid", ref="RFC 5849 3.2")
    return launch


def signature_as_posted(launch: Launch) -> Launch:
    """Verifies a form that came by GET as if it had been posted."""
    signature_of_either(dataclasses.replace(launch, method="POST"))
    return launch


def signature_of_either(launch: Launch) -> Launch:
    """Verifies what came in the address if nothing else did."""
    basic.signature(dataclasses.replace(launch, query={} if launch.form is launch.query else launch.query))
    return launch


def first_of_each(launch: Launch) -> Launch:
    """Reads the first of two parameters with one name, though both are verified."""
    others = {name: values[1:] for name, values in launch.form.items() if values[1:]}
    return dataclasses.replace(launch, form=first_values(launch.form), query={**launch.query, **others})


def parameters_of_the_guide_only(launch: Launch) -> Launch:
    """Refuses parameters that it does not know."""
    if not all(name.startswith(GUIDE) for name in launch.form):
        raise invalid("InvalidClaim", ref="LTI11 3")
    return launch


FLAWS: Final = (
    Flaw(
        name="oauth-values-decoded-twice",
        why="The framework has decoded the form, and the tool does so again before it verifies.",
        profile="core",
        changes=(verified_over(each_value(unquote_plus)),),
    ),
    Flaw(
        name="oauth-values-trimmed",
        why="Blanks and line breaks around a value are cut off before it is verified.",
        profile="core",
        changes=(verified_over(each_value(str.strip)),),
    ),
    Flaw(
        name="oauth-text-in-latin-1",
        why="Values are signed in an encoding that most of the world's names do not have.",
        profile="core",
        changes=(verified_over(each_value(in_latin_1)),),
    ),
    Flaw(
        name="oauth-empty-values-dropped",
        why="The form reader leaves out parameters without a value, and the signature is over all of them.",
        profile="core",
        changes=(verified_over(without_empty),),
    ),
    Flaw(
        name="oauth-repeated-values-dropped",
        why="Parameters go into a dictionary, so the second of two with one name is neither verified nor noticed.",
        profile="core",
        changes=(verified_over(first_values),),
    ),
    Flaw(
        name="oauth-first-of-two-read",
        why="All parameters are verified, but the first of two is used where only one may be.",
        profile="core",
        changes=(insert(first_of_each, before=basic.parameters),),
    ),
    Flaw(
        name="oauth-query-ignored",
        why="The parameters in the launch URL are not counted in, so tools with a query in theirs refuse everybody.",
        profile="core",
        changes=(replace(basic.signature, by=signature_without_query),),
    ),
    Flaw(
        name="oauth-sorted-before-encoding",
        why="Parameters are sorted as they are written, which is another order for signs and other scripts.",
        profile="core",
        changes=(replace(basic.signature, by=signature_in_order_of_its_own),),
    ),
    Flaw(
        name="oauth-address-as-written",
        why="The address is verified as the Host header has it, in capitals or with a port that goes without saying.",
        profile="core",
        changes=(replace(basic.signature, by=signature_for_address_as_written),),
    ),
    Flaw(
        name="oauth-method-assumed",
        why="Query and form are one to the framework, and a launch that comes by GET is verified as if it were posted.",
        profile="core",
        changes=(
            insert(query_as_form, before=basic.parameters),
            replace(basic.signature, by=signature_as_posted),
        ),
    ),
    Flaw(
        name="oauth-get-accepted",
        why="A launch may come in an address, where logs and histories keep it.",
        profile="core",
        changes=(
            insert(query_as_form, before=basic.parameters),
            replace(basic.signature, by=signature_of_either),
        ),
    ),
    Flaw(
        name="unknown-parameters-refused",
        why="Platforms add parameters of their own to the form, and the tool takes them for an attack.",
        profile="core",
        changes=(insert(parameters_of_the_guide_only, before=basic.message_type),),
    ),
)
