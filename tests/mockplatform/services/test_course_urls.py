from __future__ import annotations

import pytest

from mockplatform.keys import KeyRing
from mockplatform.model import Course
from mockplatform.moments import MomentError, moment_of
from mockplatform.records import LineItem
from mockplatform.services import groups, nrps
from tests.mockplatform.makers import PLATFORM, make_platform
from tests.mockplatform.services.asking import bearer, links_of, talking_to
from tests.mockplatform.services.asserting import AGS

COURSE = Course(id="c/d é?", label="C", title="Odd", crowd=3)
URL = f"{PLATFORM}/lti/courses/c%2Fd%20%C3%A9%3F"


@pytest.mark.asyncio
async def test_a_roster_has_the_address_that_the_launch_gave(keys: KeyRing) -> None:
    """The slash of a course id stays encoded in the id of its roster and in every URL that leads on (NRPS 2.4.2)."""
    platform = make_platform(keys, courses=(COURSE,), services=("nrps",))
    async with talking_to(platform) as http:
        answer = await http.get(f"{URL}/memberships?limit=2", headers=bearer(platform, nrps.SCOPE))
        links = links_of(answer)
        further = await http.get(links["next"], headers=bearer(platform, nrps.SCOPE))

    assert nrps.memberships_url(platform, COURSE) == f"{URL}/memberships"
    assert answer.json()["id"] == f"{URL}/memberships?limit=2"
    assert links["next"].startswith(f"{URL}/memberships?limit=2&as_of=")
    assert further.status_code == 200
    assert {link.partition("?")[0] for link in links_of(further).values()} == {f"{URL}/memberships"}


@pytest.mark.asyncio
async def test_other_lists_lead_on_by_the_same_address(keys: KeyRing) -> None:
    """The pages of line items and groups have the address of their list (AGS 3.2.4)."""
    platform = make_platform(keys, courses=(COURSE,), services=("ags", "groups"))
    for number in range(3):
        item = LineItem(id=f"i{number}", course_id=COURSE.id, client_id="Client-A", label="Quiz", score_maximum=1)
        platform.state.line_items.put(item.id, item, group=COURSE.id)
    asked = (("line-items", f"{AGS}lineitem"), ("groups", groups.SCOPE))
    async with talking_to(platform) as http:
        for name, scope in asked:
            answer = await http.get(f"{URL}/{name}?limit=1", headers=bearer(platform, scope))
            assert links_of(answer)["next"].startswith(f"{URL}/{name}?limit=1&bookmark="), name


@pytest.mark.parametrize("zone", ["+25:00", "-24:00", "+99", "+0160", "-01:99"])
def test_a_time_zone_lies_within_a_day(zone: str) -> None:
    """A zone that no clock has is refused in words that name it and what would do (ISO 8601)."""
    with pytest.raises(MomentError, match=r"^there is no such time zone: .*, expected one from -23:59 to \+23:59$"):
        moment_of(f"2026-01-01T00:00:00{zone}", precise=False)


@pytest.mark.parametrize(("zone", "seconds"), [("+23:59", -86_340), ("-2359", 86_340), ("+00", 0)])
def test_the_furthest_zones_are_read(zone: str, seconds: int) -> None:
    """The ends of the range are zones."""
    assert moment_of(f"1970-01-01T00:00:00{zone}", precise=False) == (seconds, "")
