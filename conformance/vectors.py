"""Scenarios as test vectors: one id token each, and whether a validator has to take it.

A vector is a launch that can be judged from its token and the platform's keys alone, so that a library in any
language can be tested without a browser, a platform or this package. Time, keys and nonce are arguments.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from conformance.model import Role, Scenario
from mockplatform import flow
from mockplatform.key_life import PlatformKeys
from mockplatform.keys import KeyRing, encode_json, sign
from mockplatform.lms import Platform
from mockplatform.model import (
    AuthRequest,
    Course,
    IdToken,
    KeySet,
    Launch,
    Person,
    Registration,
    SignedToken,
)
from mockplatform.mutation import Context, NotApplicableError, through

__all__ = [
    "COURSE",
    "LARGEST",
    "PERSON",
    "REGISTRATIONS",
    "STAGES",
    "Bench",
    "Published",
    "UnsuitableError",
    "Vector",
    "control",
    "group_of",
    "obstacle",
    "vector",
]

LARGEST: Final = 64 * 1024
"""Of a token or a key set, in bytes: a file of vectors is to stay readable."""
STAGES: Final = (IdToken, SignedToken, KeySet)
"""What a validator of id tokens gets to see of a launch."""
PRIVATE_MEMBERS: Final = frozenset({"d", "p", "q", "dp", "dq", "qi", "oth", "k"})

PLATFORM_URL: Final = "https://platform.example"
CANARY_URL: Final = "https://attacker.example/jwks"
PERSON: Final = Person(
    sub="user-1", given_name="Ada", family_name="Lovelace", email="ada.lovelace@school.example", locale="en-US"
)
COURSE: Final = Course(id="course-1", label="LTI 101", title="Launching safely")
REGISTRATIONS: Final[Mapping[str, Registration]] = {
    # Ids with letters, so that their case can be changed.
    "main": Registration(
        issuer=PLATFORM_URL,
        client_id="client-a",
        deployment_ids=("deployment-a",),
        login_url="https://tool.example/lti/login",
        launch_url="https://tool.example/lti/launch",
    ),
    "attributes": Registration(
        issuer=PLATFORM_URL,
        client_id="client-b",
        deployment_ids=("deployment-a",),
        login_url="https://tool.example/lti/login",
        launch_url="https://tool.example/lti/launch",
        attributes={"email": "user_email", "course_id": "Course-Code", "person_id": "person_ref"},
    ),
}


class UnsuitableError(Exception):
    """The scenario cannot be a vector; the text says why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Bench:
    """What all vectors of an export share."""

    keys: KeyRing
    now_s: int
    nonce: str
    roles: Mapping[Role, tuple[str, ...]]
    """The roles claim of a launch in each role."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Published:
    """The answer of the platform's key set endpoint."""

    status: int
    content_type: str
    body: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Vector:
    """A token, and what the platform publishes if that is not the honest key set."""

    scenario: Scenario
    id_token: str
    published: Published | None
    repeatable: bool
    """Whether the same keys and time give the same token."""


def group_of(scenario: Scenario) -> str:
    """The group of a scenario: its area, and apart from it what needs another registration than most there."""
    area = scenario.id.partition("/")[0]
    usual = area if area in REGISTRATIONS else "main"
    return area if scenario.registration == usual else f"{area}-{scenario.registration}"


def obstacle(scenario: Scenario) -> str | None:
    """Why a scenario cannot be judged from its token alone; None if it can."""
    attempt = scenario.attempt
    stages = {spoilt.mutation.stage for spoilt in attempt.mutations}
    obstacles = {
        "another version of LTI": attempt.lti != "1.3",
        "a request after a launch": bool(attempt.action),
        "launches before it": bool(scenario.before),
        "no login of its own": attempt.login != "fresh",
        "posted several times at once": attempt.copies != 1,
        "another message than a resource link": attempt.message != "resource_link",
        "a failure of the tool's back end": bool(scenario.faults),
        "a fault of the platform's endpoints": bool(scenario.wire),
        "a state of the tool": scenario.states is not None,
        "another part of the launch is spoilt": bool(stages - set(STAGES)),
        "another registration": scenario.registration not in REGISTRATIONS,
        "more of the tool than its validator": bool(set(scenario.needs) - {"1.3", scenario.registration}),
        # An honest launch with a check is about what the check looks at.
        "about another part of the launch": bool(scenario.checks) and not stages,
    }
    return next((name for name, stands in obstacles.items() if stands), None)


def control(registration: str, bench: Bench) -> str:
    """The token of a plain launch by a teacher: whoever refuses it proves nothing by refusing others."""
    launch = _launch(registration, "instructor", bench)
    return sign(_honest(launch, bench), bench.keys).text


def vector(scenario: Scenario, bench: Bench) -> Vector:
    """The vector of a scenario that has no obstacle.

    Raises:
        UnsuitableError: its lie has no place here, or its token or key set is not to be written down.
    """
    launch = _launch(scenario.registration, scenario.attempt.role or scenario.role, bench)
    context = Context(launch=launch, keys=bench.keys, canary_url=CANARY_URL)
    lies = scenario.attempt.mutations
    try:
        token = through(_honest(launch, bench), lies, context)
        text = through(sign(token, bench.keys), lies, context).text
        published = PlatformKeys(ring=bench.keys, mutations=lies, context=context).publish()
    except NotApplicableError:
        raise UnsuitableError("its lie has no place here") from None
    if len(text.encode("utf-8", "surrogatepass")) > LARGEST:
        raise UnsuitableError("its token is larger than 64 KiB")
    spoilt = any(lie.mutation.stage is KeySet for lie in lies)
    return Vector(
        scenario=scenario,
        id_token=text,
        published=_published(published) if spoilt else None,
        repeatable=_repeatable(token, bench.keys),
    )


def _launch(registration: str, role: Role, bench: Bench) -> Launch:
    platform = Platform(url=PLATFORM_URL, clock=lambda: bench.now_s, new_id=lambda: "launch-1", keys=bench.keys)
    return platform.intend(REGISTRATIONS[registration], person=PERSON, roles=bench.roles[role], course=COURSE)


def _honest(launch: Launch, bench: Bench) -> IdToken:
    request = AuthRequest(params={"nonce": bench.nonce, "redirect_uri": launch.registration.launch_url})
    return flow.id_token(launch, request, kid=bench.keys.kid("platform"), now_s=bench.now_s)


def _published(keys: KeySet) -> Published:
    if keys.body is None and any(PRIVATE_MEMBERS & key.keys() for key in keys.keys):
        raise UnsuitableError("its key set has a private key in it")
    body = encode_json({"keys": list(keys.keys)}) if keys.body is None else keys.body
    if len(body) > LARGEST:
        raise UnsuitableError("its key set is larger than 64 KiB")
    try:
        return Published(status=keys.status, content_type=keys.content_type, body=body.decode())
    except UnicodeDecodeError:
        raise UnsuitableError("its key set is no text") from None


def _repeatable(token: IdToken, keys: KeyRing) -> bool:
    """RSA with PKCS #1 v1.5 and HMAC give the same signature each time; PSS and elliptic curves do not."""
    if token.algorithm == "none" or token.algorithm.startswith("HS"):
        return True
    return token.algorithm.startswith("RS") and keys.jwk(token.key)["kty"] == "RSA"
