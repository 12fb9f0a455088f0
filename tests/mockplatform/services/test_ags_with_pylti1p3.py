"""PyLTI1p3, a library for tools, keeps its grades in a platform that really runs."""

from __future__ import annotations

import secrets
import time
from collections.abc import Iterator
from typing import Any

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from pylti1p3.assignments_grades import AssignmentsGradesService
from pylti1p3.exception import LtiServiceException
from pylti1p3.grade import Grade
from pylti1p3.lineitem import LineItem
from pylti1p3.registration import Registration
from pylti1p3.service_connector import ServiceConnector

from mockplatform.app import create_app
from mockplatform.keys import KeyRing
from mockplatform.server import listen, serve
from mockplatform.services.ags import CLAIM
from tests.mockplatform.makers import COURSE, INSTRUCTOR, PERSON, make_platform, make_registration

QUIRKS = {"ags.line_item_query": "type_id=1", "token.format": "jwt", "token.type": "bearer"}
PAGES = {"ags.page_size": 2}


@pytest.fixture(params=[{}, QUIRKS, PAGES], ids=["neutral", "with quirks", "in pages"])
def grades(keys: KeyRing, request: pytest.FixtureRequest) -> Iterator[Any]:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    library: Any = Registration()
    private = (serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    library.set_tool_private_key(key.private_bytes(*private).decode())
    public = (serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    library.set_tool_public_key(key.public_key().public_bytes(*public).decode())
    bound = listen()
    url = f"http://127.0.0.1:{bound.getsockname()[1]}"
    tool = make_registration(issuer=url, jwks={"keys": library.get_jwks()})
    platform = make_platform(
        keys,
        url=url,
        clock=time.time,
        new_id=lambda: secrets.token_hex(8),
        registrations=(tool,),
        services=("ags",),
        quirks=request.param,
    )
    launch = platform.intend(tool, person=PERSON, roles=[INSTRUCTOR], course=COURSE)
    library.set_auth_token_url(f"{url}/token").set_client_id(tool.client_id)
    with serve(create_app(platform), bound):
        connector: Any = ServiceConnector(library)
        yield AssignmentsGradesService(connector, launch.extra[CLAIM])
        connector._requests_session.close()


def column(tag: str) -> Any:
    item: Any = LineItem()
    return item.set_tag(tag).set_label(f"Column {tag}").set_score_maximum(50).set_resource_id("quiz")


def grade(user: str, given: float, timestamp: str) -> Any:
    told: Any = Grade()
    told.set_score_given(given).set_score_maximum(10).set_user_id(user).set_timestamp(timestamp)
    return told.set_activity_progress("Completed").set_grading_progress("FullyGraded").set_comment("Gut")


def test_line_items(grades: Any) -> None:
    """The library makes line items and finds them again, page by page."""
    made = [grades.find_or_create_lineitem(column(tag)) for tag in ("a", "b", "c")]
    assert grades.find_or_create_lineitem(column("b")).get_id() == made[1].get_id()
    assert [item["tag"] for item in grades.get_lineitems()] == ["a", "b", "c"]
    assert grades.get_lineitem(made[2].get_id()).get_label() == "Column c"


def test_scores_and_results(grades: Any) -> None:
    """The library publishes scores and reads the results."""
    item = grades.find_or_create_lineitem(column("a"))
    # Two: this library reads no further page of results.
    for number in range(2):
        grades.put_grade(grade(f"user-{number}", number, "2026-11-22T08:00:00.000+00:00"), item)
    found = grades.get_grades(item)

    assert [(result["userId"], result["resultScore"], result["resultMaximum"]) for result in found] == [
        ("user-0", 0, 50),
        ("user-1", 5, 50),
    ]


def test_a_refused_score(grades: Any) -> None:
    """The library learns the status of a refusal: an old score, and one without fractions of a second (AGS 3.4.9)."""
    item = grades.find_or_create_lineitem(column("a"))
    grades.put_grade(grade("user-1", 1, "2026-11-22T08:00:00.000Z"), item)
    statuses = []
    for timestamp in ("2026-11-22T08:00:00.000Z", "2026-11-22T09:00:00Z"):
        with pytest.raises(LtiServiceException) as caught:
            grades.put_grade(grade("user-1", 2, timestamp), item)
        statuses.append(caught.value.response.status_code)

    assert statuses == [409, 400]
