from __future__ import annotations

from typing import TYPE_CHECKING, cast
from urllib.parse import parse_qsl, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mockplatform.paging import Part, link_header, once, page_links, part_of
from mockplatform.service import Call, ServiceError
from tests.mockplatform.makers import LAW

if TYPE_CHECKING:
    from mockplatform.lms import Platform

URL = "http://127.0.0.1:9400/lti/courses/c/line-items"


def call_of(url: str) -> Call:
    query = tuple(parse_qsl(urlsplit(url).query, keep_blank_values=True))
    return Call(platform=cast("Platform", None), method="GET", url=url, query=query)


def refusal(url: str, *, page_size: int = 0) -> str:
    with pytest.raises(ServiceError) as caught:
        part_of(call_of(url), page_size=page_size)
    assert caught.value.status == 400
    return caught.value.description


@pytest.mark.parametrize(
    ("query", "page_size", "part"),
    [
        ("", 0, Part(start=0, size=None)),
        ("", 10, Part(start=0, size=10)),
        ("?limit=3", 0, Part(start=0, size=3)),
        ("?limit=3", 10, Part(start=0, size=3)),
        ("?limit=30", 10, Part(start=0, size=10)),
        ("?limit=", 10, Part(start=0, size=10)),
        ("?limit=2147483647", 10, Part(start=0, size=10)),
        ("?limit=" + "9" * 5000, 10, Part(start=0, size=10)),
        ("?limit=0007", 0, Part(start=0, size=7)),
    ],
)
def test_how_much_a_page_holds(query: str, page_size: int, part: Part) -> None:
    """A page holds what the tool asks for, never more than the platform has on one (AGS 3.2.4, NRPS 2.4.2)."""
    assert part_of(call_of(URL + query), page_size=page_size) == part


@pytest.mark.parametrize("limit", ["0", "-1", "+1", "1.5", "ten", "٣", "%20", "0" * 5000, "1e3"])
def test_a_limit_that_is_none(limit: str) -> None:
    """A limit that is no whole number above 0 is refused with what was expected."""
    assert "expected a whole number above 0" in refusal(f"{URL}?limit={limit}")


@pytest.mark.parametrize("place", ["7", "p", "p-1", "q7", "p٣", "p" + "1" * 40])
def test_a_page_that_nobody_has_named(place: str) -> None:
    """The place of a page that a tool has made up is refused: URLs of pages are followed as they are."""
    assert "follow the URL" in refusal(f"{URL}?bookmark={place}", page_size=2)


def test_a_parameter_twice() -> None:
    """A parameter that stands in the query twice is refused."""
    assert "twice" in refusal(f"{URL}?limit=1&limit=1")
    with pytest.raises(ServiceError, match="twice"):
        once(call_of(f"{URL}?tag=a&tag=b"), "tag")


def test_a_list_on_one_page_has_no_links() -> None:
    """What fits on one page leads nowhere."""
    for url, total in ((URL, 100), (f"{URL}?limit=5", 5), (f"{URL}?limit=5", 0)):
        call = call_of(url)
        assert page_links(call, part_of(call, page_size=0), total) == {}
    assert link_header({}) == ()


def test_the_header() -> None:
    """Each URL stands in angle brackets with its relation (RFC 8288, section 3)."""
    header = link_header({"next": f"{URL}?a=1", "first": URL})

    assert header == (("link", f'<{URL}?a=1>; rel="next", <{URL}>; rel="first"'),)


def test_filters_stay_in_the_links() -> None:
    """The URL of another page is that of this one with all its parameters, as they were written."""
    call = call_of(f"{URL}?type_id=1&resource_id=a%2Fb&limit=2&tag=")
    links = page_links(call, part_of(call, page_size=0), 5)

    assert links.keys() == {"next", "first", "last"}
    for url in links.values():
        assert url.startswith(f"{URL}?type_id=1&resource_id=a%2Fb&limit=2&tag=")


@LAW
@given(total=st.integers(0, 40), limit=st.integers(1, 12), page_size=st.integers(0, 12))
def test_following_the_links_shows_everything_once(total: int, limit: int, page_size: int) -> None:
    """From the first page on, rel=next leads to each member exactly once and ends; prev leads back."""
    everything, seen, back = list(range(total)), [], None
    url: str | None = f"{URL}?tag=x&limit={limit}"
    while url is not None:
        call = call_of(url)
        part = part_of(call, page_size=page_size)
        shown = everything[part.start : part.end]
        assert shown or not total
        seen += shown
        links = page_links(call, part, total)
        assert links.get("prev") == back
        back, url = url, links.get("next")
    assert seen == everything
