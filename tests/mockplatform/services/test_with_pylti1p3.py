"""PyLTI1p3, a library for tools, asks a platform that really runs."""

from __future__ import annotations

import secrets
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from pylti1p3.course_groups import CourseGroupsService
from pylti1p3.names_roles import NamesRolesProvisioningService
from pylti1p3.registration import Registration
from pylti1p3.service_connector import ServiceConnector

from mockplatform.app import create_app
from mockplatform.keys import KeyRing
from mockplatform.lms import Platform
from mockplatform.server import listen, serve
from mockplatform.services.groups import CLAIM as GROUPS
from mockplatform.services.nrps import CLAIM as ROSTER
from tests.mockplatform.makers import COURSE, INSTRUCTOR, PERSON, make_platform, make_registration


@dataclass(frozen=True, kw_only=True)
class Asking:
    """The library, set up for a platform, and the claims of a launch."""

    connector: Any
    claims: Any
    platform: Platform


@pytest.fixture
def asking(keys: KeyRing) -> Iterator[Asking]:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    library: Any = Registration()
    library.set_tool_private_key(
        key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        ).decode()
    )
    library.set_tool_public_key(
        key.public_key()
        .public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
        .decode()
    )
    bound = listen()
    url = f"http://127.0.0.1:{bound.getsockname()[1]}"
    tool = make_registration(issuer=url, jwks={"keys": library.get_jwks()})
    course = replace(COURSE, crowd=230)
    platform = make_platform(
        keys,
        url=url,
        clock=time.time,
        new_id=secrets.token_hex,
        registrations=(tool,),
        courses=(course,),
        services=("nrps", "groups"),
    )
    launch = platform.intend(tool, person=PERSON, roles=[INSTRUCTOR], course=course)
    platform.begin(launch)
    library.set_auth_token_url(f"{url}/token").set_client_id(tool.client_id)
    with serve(create_app(platform), bound):
        connector: Any = ServiceConnector(library)
        yield Asking(connector=connector, claims=launch.extra, platform=platform)
        connector._requests_session.close()


def test_the_library_reads_a_roster(asking: Asking) -> None:
    """A library follows the pages of a roster to its end."""
    service: Any = NamesRolesProvisioningService(asking.connector, asking.claims[ROSTER])
    members = service.get_members()

    assert len({member["user_id"] for member in members}) == len(members) == 231
    assert members[0]["roles"] == [INSTRUCTOR]
    assert members[0]["name"] == "Zoë Nguyễn"
    assert service.get_context()["title"] == "Zellen & Gewebe"


def test_the_library_reads_groups(asking: Asking) -> None:
    """A library reads groups, sets, and the groups of one person."""
    # It asks for sets by the media type of groups (PyLTI1p3 2.0.0), which a strict platform refuses.
    asking.platform.change_settings(quirks={"services.media_types": "lenient"})
    service: Any = CourseGroupsService(asking.connector, asking.claims[GROUPS])

    assert [group["name"] for group in service.get_groups()] == ["Team A", "Team B"]
    assert service.get_groups(user_id="person-7") == []
    (found,) = service.get_sets(include_groups=True)
    assert len(found["groups"]) == 2
