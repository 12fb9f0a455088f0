"""What is compared when a tool sends somebody back to the platform."""

from __future__ import annotations

import pytest

from conformance.browser import Visit
from conformance.transport import Request, Response
from conformance.way_back import lost_on_return
from mockplatform.model import Launch
from tests.mockplatform.makers import make_launch


def launch(return_url: str) -> Launch:
    return make_launch(return_url=return_url, deep_link_return_url="http://lms.example/deep-links?launch=1")


def back_at(url: str, body: bytes = b"") -> Visit:
    return Visit(request=Request(method="POST" if body else "GET", url=url, body=body))


PAGE = Response(status=200, headers=(), body=b"")
FIRST, SECOND = launch("http://lms.example/return?launch=a%20b&x="), launch("http://lms.example/return?launch=c")


@pytest.mark.parametrize(
    ("visit", "lost"),
    [
        (back_at("http://lms.example/return?lti_msg=x&x=&launch=a+b"), ()),
        (back_at("http://lms.example/return", b"launch=a+b&x="), ()),
        (back_at("http://lms.example/return?launch=a&x="), ("launch",)),
        (back_at("http://lms.example/return"), ("launch", "x")),
        (back_at("http://lms.example/elsewhere"), ("launch", "x")),
        (back_at("http://lms.example/deep-links?launch=1", b"JWT=x"), ()),
        (back_at("http://lms.example/deep-links?launch=2", b"JWT=x"), ("launch",)),
        (Visit(request=Request(method="GET", url="http://lms.example/return"), response=PAGE), ()),
    ],
)
def test_each_parameter_comes_back_as_it_was(visit: Visit, lost: tuple[str, ...]) -> None:
    """Order and spelling are free, names and values are not; a page of the tool is no way back."""
    assert lost_on_return(visit, (FIRST,)) == lost


def test_what_follows_several_launches_may_lead_back_by_each() -> None:
    """A tool may keep the way back of the launch that opened its session."""
    assert lost_on_return(back_at(FIRST.return_url), (FIRST, SECOND)) == ()
    assert lost_on_return(back_at("http://lms.example/return"), (FIRST, SECOND)) == ("launch",)


def test_without_a_launch_there_is_no_way_back_to_keep() -> None:
    """Nobody has told the tool of one."""
    assert lost_on_return(back_at("http://lms.example/return"), ()) == ()
