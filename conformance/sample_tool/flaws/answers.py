"""Flaws of the answer: the refusal is right, but what is told about it is not."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from typing import Final

from conformance.sample_tool import basic, login, protocol
from conformance.sample_tool.answer import Answer
from conformance.sample_tool.flaws.crashes import bare_500
from conformance.sample_tool.flaws.kinds import Flaw, blur, drop, insert, overlook_all, replace, rewrite
from conformance.sample_tool.flaws.logins import first_registration_of_all
from conformance.sample_tool.flaws.tokens import signature_never
from conformance.sample_tool.model import Launch
from conformance.sample_tool.refusal import Reason, security

__all__ = ["FLAWS"]

NEAR_CODES: Final[Mapping[int, int]] = {1004: 1006, 1005: 1007, 1018: 1022}


def no_class_but_invalid(reason: Reason) -> Reason:
    """Calls every refusal invalid."""
    return dataclasses.replace(reason, klass="invalid")


def no_type(reason: Reason) -> Reason:
    """Tells no type."""
    return dataclasses.replace(reason, type=None)


def no_code(reason: Reason) -> Reason:
    """Tells no code."""
    return dataclasses.replace(reason, code=None)


def next_code(reason: Reason) -> Reason:
    """Tells the code after the right one."""
    return dataclasses.replace(reason, code=reason.code and reason.code + 1)


def value_instead_of_name(reason: Reason) -> Reason:
    """Says that a field is unusable when it is not there at all."""
    return dataclasses.replace(reason, code=NEAR_CODES.get(reason.code or 0, reason.code))


def failed_instead_of_not_found(reason: Reason) -> Reason:
    """Says that registrations cannot be read when there is none."""
    if reason.type != "RegistrationNotFound":
        return reason
    return dataclasses.replace(reason, klass="unknown", type="Unknown", code=1003)


def not_found_instead_of_failed(reason: Reason) -> Reason:
    """Says that there is no registration when they cannot be read."""
    if reason.code != 1003:
        return reason
    return dataclasses.replace(reason, klass="invalid", type="RegistrationNotFound", code=1002)


def kid_instead_of_key_set(reason: Reason) -> Reason:
    """Says that a key is unknown when the set could not be fetched."""
    if reason.code != 1017:
        return reason
    return dataclasses.replace(reason, klass="security", type="KidNotFound", code=1001)


def signature_instead_of_expiry(reason: Reason) -> Reason:
    """Says that the signature is bad when the token has expired."""
    return dataclasses.replace(reason, type="SignatureInvalid") if reason.type == "TokenExpired" else reason


def server_error_for_all(answer: Answer, _reason: Reason) -> Answer:
    """Answers every refusal like a web framework that has caught an exception."""
    return bare_500(answer)


def forbidden_for_foreign_audience(answer: Answer, reason: Reason) -> Answer:
    """Answers 403 where the standard says 401."""
    return dataclasses.replace(answer, status=403) if reason.type == "AudienceMismatch" else answer


def refuse_everything(_launch: Launch) -> Launch:
    """Lets nobody in."""
    raise security("SignatureInvalid", ref="SEC 5.1.3-1")


def code_for(right: int, *, told: int) -> Callable[[Reason], Reason]:
    """Tells one code instead of another."""

    def change(reason: Reason) -> Reason:
        return dataclasses.replace(reason, code=told) if reason.code == right else reason

    return change


FLAWS: Final = (
    Flaw(
        name="everything-accepted",
        why="A tool that looks at nothing lets every good launch in as well.",
        profile="core",
        fails="refusals",
        changes=(
            drop(login.parameters),
            drop(login.client_id),
            replace(login.registration, by=first_registration_of_all),
            drop(login.target),
            drop(protocol.key),
            replace(protocol.signature, by=signature_never),
            overlook_all,
        ),
    ),
    Flaw(
        name="everything-refused",
        why="A tool that lets nobody in refuses every broken launch as well.",
        profile="core",
        fails="everything",
        changes=(
            insert(refuse_everything, before=protocol.oidc_error),
            insert(refuse_everything, before=basic.parameters),
        ),
    ),
    Flaw(
        name="everything-500",
        why="Every refusal is an exception that nobody caught.",
        profile="class",
        fails="errors",
        changes=(rewrite(server_error_for_all),),
    ),
    Flaw(
        name="audience-answered-403",
        why="A token for another tool is answered with 403, where the standard asks for 401.",
        profile="core",
        changes=(rewrite(forbidden_for_foreign_audience),),
    ),
    Flaw(
        name="class-blurred",
        why="Whatever happens, the launch is called invalid.",
        profile="ltix",
        fails="classes",
        changes=(blur(no_class_but_invalid),),
    ),
    Flaw(
        name="type-blurred",
        why="The type of an error is never told.",
        profile="ltix",
        changes=(blur(no_type),),
        fails="types",
    ),
    Flaw(
        name="expired-as-signature",
        why="The library raises one exception for all, so an expired token counts as forged.",
        profile="ltix",
        changes=(blur(signature_instead_of_expiry),),
    ),
    Flaw(
        name="jwks-failure-as-kid-not-found",
        why="An outage of the key set is told as an unknown key, and nobody looks at the network.",
        profile="ltix",
        changes=(blur(kid_instead_of_key_set),),
    ),
    Flaw(
        name="code-blurred",
        why="The code of an error is never told.",
        profile="class",
        changes=(blur(no_code),),
        fails="codes",
    ),
    Flaw(
        name="codes-off-by-one",
        why="The codes were numbered by hand, and one was forgotten.",
        profile="class",
        fails="next codes",
        changes=(blur(next_code),),
    ),
    Flaw(
        name="platform-error-as-missing-token",
        why="The platform's own error is not looked at, and its absence of a token is told instead.",
        profile="ltix",
        changes=(drop(protocol.oidc_error),),
    ),
    Flaw(
        name="class-creation-as-class-read",
        why="A class that could not be created is told as one that could not be read.",
        profile="class",
        changes=(blur(code_for(1014, told=1016)),),
    ),
    Flaw(
        name="not-found-as-failed",
        why="A registration that is missing is told as a store that failed.",
        profile="class",
        changes=(blur(failed_instead_of_not_found),),
    ),
    Flaw(
        name="failed-as-not-found",
        why="A store that failed is told as a registration that is missing.",
        profile="class",
        changes=(blur(not_found_instead_of_failed),),
    ),
    Flaw(
        name="attribute-as-value",
        why="A field that is not sent is told as a field with an unusable value.",
        profile="class",
        changes=(blur(value_instead_of_name),),
    ),
    Flaw(
        name="email-as-course-id",
        why="Two codes are swapped: that of the address and that of the course.",
        profile="class",
        changes=(blur(code_for(1006, told=1007)),),
    ),
    Flaw(
        name="version-as-validation",
        why="A wrong version is told as a failed validation, and nobody looks at the version.",
        profile="class",
        changes=(blur(code_for(1021, told=1001)),),
    ),
    Flaw(
        name="keyset-as-validation",
        why="A key set that cannot be had is told as a failed validation.",
        profile="class",
        changes=(blur(code_for(1017, told=1001)),),
    ),
    Flaw(
        name="roles-as-validation",
        why="Missing roles are told as a failed validation.",
        profile="class",
        changes=(blur(code_for(1024, told=1001)),),
    ),
)
