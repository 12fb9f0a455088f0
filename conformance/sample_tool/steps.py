"""A login, the launches of both versions of LTI and an edit, from top to bottom."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from conformance.sample_tool import (
    accounts,
    basic,
    deep_linking,
    edit,
    login,
    message,
    product,
    protocol,
    session,
    trust,
    values,
)
from conformance.sample_tool.answer import Answer
from conformance.sample_tool.control import Admits, known_secret
from conformance.sample_tool.model import Edit, Launch, Login, Policy, Step
from conformance.sample_tool.refusal import Reason
from conformance.sample_tool.services.model import Call, Errand, Pages, TokenRequest
from conformance.sample_tool.services.steps import ANSWER, CALL, GRADE, GROUPS, PAGE, RESULTS, ROSTER, TOKEN

__all__ = [
    "BASIC_OF_POLICY",
    "EDIT",
    "LAUNCH_OF_POLICY",
    "LOGIN",
    "Blur",
    "Plan",
    "Spoil",
    "plan_of",
]

Blur = Callable[[Reason], Reason]
Spoil = Callable[[Answer, Reason], Answer]

LOGIN: tuple[Step[Login], ...] = (
    login.parameters,
    login.client_id,
    login.registration,
    login.target,
    login.issue,
    login.redirect,
)

AUTHENTICATION: tuple[Step[Launch], ...] = (
    protocol.oidc_error,
    protocol.id_token_present,
    protocol.state,
    protocol.shape,
    protocol.registration_again,
    protocol.algorithm,
    protocol.critical,
    protocol.typ,
    protocol.kid,
    protocol.key,
    protocol.signature,
    trust.issuer,
    trust.audience,
    trust.azp,
    trust.expiry,
    trust.issued_at,
    trust.not_before,
    trust.nonce,
    trust.way_back,
)

MESSAGE: tuple[Step[Launch], ...] = (
    message.version,
    message.message_type,
    deep_linking.noticed,
    message.deployment,
    message.target_link,
    message.resource_link,
    message.subject,
    message.roles,
    message.privilege,
    message.attribute_names,
    accounts.former_self,
)

PICKING: tuple[Step[Launch], ...] = (
    message.deployment,
    deep_linking.target_link,
    deep_linking.settings,
    deep_linking.return_url,
    deep_linking.accept_types,
    deep_linking.targets,
    deep_linking.subject,
    deep_linking.roles,
    message.privilege,
    accounts.former_self,
)

BASIC: tuple[Step[Launch], ...] = (
    basic.parameters,
    basic.consumer_key,
    basic.oauth_version,
    basic.signature_method,
    basic.consumer,
    basic.timestamp,
    basic.signature,
    basic.nonce,
    basic.way_back,
    basic.message_type,
    basic.version,
    basic.resource_link,
    basic.claims,
    basic.roles,
    message.attribute_names,
)

CLASS: tuple[Step[Launch], ...] = (
    values.email,
    values.course_id,
    values.name,
    values.person_id,
    values.title,
    values.role_list,
    product.zoom_auth,
    product.course_link,
    product.new_class,
    product.deferred,
    product.enrolment,
    product.show_class,
)

EDIT: tuple[Step[Edit], ...] = (edit.same_site, edit.teacher, edit.live_zoom)

WELCOME: tuple[Step[Launch], ...] = (accounts.account, session.person, session.session)

LAUNCH_OF_POLICY: dict[Policy, tuple[Step[Launch], ...]] = {
    "open": (*AUTHENTICATION, *MESSAGE, *WELCOME),
    "class": (*AUTHENTICATION, *MESSAGE, *CLASS, *WELCOME),
}

BASIC_OF_POLICY: dict[Policy, tuple[Step[Launch], ...]] = {
    "open": (*BASIC, *WELCOME),
    "class": (*BASIC, *CLASS, *WELCOME),
}


def as_it_is(reason: Reason) -> Reason:
    """Tells a reason as it is."""
    return reason


def as_written(answer: Answer, _reason: Reason) -> Answer:
    """Sends an answer as it was written."""
    return answer


@dataclass(frozen=True, kw_only=True, slots=True)
class Plan:
    """All that makes one tool differ from another: its steps, and what becomes of its refusals."""

    login: tuple[Step[Login], ...]
    launch: tuple[Step[Launch], ...]
    basic: tuple[Step[Launch], ...]
    edit: tuple[Step[Edit], ...]
    picking: tuple[Step[Launch], ...]
    """How a launch goes on that turns out to be a deep linking request."""
    token: tuple[Step[TokenRequest], ...] = TOKEN
    """How an access token is asked for."""
    call: tuple[Step[Call], ...] = CALL
    """How a service is asked for anything."""
    page: tuple[Step[Pages], ...] = PAGE
    """How a page of a list is read."""
    roster: tuple[Step[Errand], ...] = ROSTER
    grade: tuple[Step[Errand], ...] = GRADE
    results: tuple[Step[Errand], ...] = RESULTS
    groups: tuple[Step[Errand], ...] = GROUPS
    answer: tuple[Step[Errand], ...] = ANSWER
    """How a deep linking request is answered."""
    tell: Blur = as_it_is
    send: Spoil = as_written
    admits: Admits = known_secret
    """Who may reach the control endpoint."""


def plan_of(policy: Policy) -> Plan:
    """The plan of the correct tool."""
    return Plan(
        login=LOGIN,
        launch=LAUNCH_OF_POLICY[policy],
        basic=BASIC_OF_POLICY[policy],
        edit=EDIT,
        picking=(*PICKING, *WELCOME),
    )
