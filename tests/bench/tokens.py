"""Goal 1: tokens minted by the platform's public API against raw signatures."""

from __future__ import annotations

import secrets
import time
from collections.abc import Iterator

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from mockplatform import Course, KeyRing, Launch, Person, Platform, Registration, flow
from mockplatform.keys import sign
from mockplatform.model import AuthRequest
from tests.bench.rounds import Clock, Goal, Line, Work, in_turn, ratio, repeated

__all__ = ["measure", "raw_signatures"]

ROUNDS = 8
URL = "http://127.0.0.1:9400"
TOOL = "http://127.0.0.1:9401"


def raw_signatures(key: rsa.RSAPrivateKey, clock: Clock) -> Work:
    """RS256 over a message of a token's size, and nothing else."""
    message = secrets.token_urlsafe(1350).encode()
    return repeated(lambda: key.sign(message, padding.PKCS1v15(), hashes.SHA256()), clock)


def measure() -> Iterator[Line]:
    """Both ways to a token: the two functions, and the platform's whole answer with its form."""
    platform = Platform(url=URL, clock=time.time, new_id=secrets.token_urlsafe, keys=KeyRing())
    key = platform.keys.private("platform")
    assert isinstance(key, rsa.RSAPrivateKey)
    launch = _launch(platform)
    pending = platform.begin(launch)
    request = AuthRequest(
        params={"nonce": secrets.token_urlsafe(24), "state": secrets.token_urlsafe(24), "redirect_uri": f"{TOOL}/l"}
    )
    kid = platform.keys.kid("platform")

    def minted() -> object:
        return sign(flow.id_token(launch, request, kid=kid, now_s=time.time()), platform.keys)

    subjects = {
        "raw": raw_signatures(key, time.thread_time),
        "raw again": raw_signatures(key, time.thread_time),
        "token": repeated(minted, time.thread_time),
        "answer": repeated(lambda: platform.answer(pending, request), time.thread_time),
    }
    rounds = in_turn(subjects, ROUNDS)
    floor, goal = "raw RSA-2048 signatures", Goal(">=", 0.80, 0.90)
    rows = {"token": "tokens by flow.id_token and sign", "answer": "tokens by Platform.answer, form included"}
    for subject, name in rows.items():
        yield Line(number="1", name=name, ratio=ratio(rounds, "raw", subject), against=floor, goal=goal)
    yield Line(number="", name="noise: raw signatures twice", ratio=ratio(rounds, "raw", "raw again"), against=floor)


def _launch(platform: Platform) -> Launch:
    registration = Registration(
        issuer=URL,
        client_id="lti-conformance",
        deployment_ids=("1",),
        login_url=f"{TOOL}/login",
        launch_url=f"{TOOL}/launch",
    )
    return platform.intend(
        registration,
        person=Person(sub="user-1", given_name="Grace", family_name="Hopper", email="grace@example.org"),
        roles=("http://purl.imsglobal.org/vocab/lis/v2/membership#Instructor",),
        course=Course(id="course-1", label="LTI 101", title="Launching safely"),
    )
