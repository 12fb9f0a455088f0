"""What a browser reads in an address, which the query and the fragment do not change."""

from __future__ import annotations

from urllib.parse import urlsplit

import pytest

from conformance.addresses import is_address, origin, place

ENDINGS = ("", "?state=1", "?to=https://elsewhere.example:99999/x", "#part", "#a?b", "?a#b", "?")


@pytest.mark.parametrize(
    ("address", "wanted"),
    [
        ("http://tool.example", ("tool.example", "/")),
        ("https://Tool.Example:8443/lti/launch", ("tool.example", "/lti/launch")),
        ("http://me:pass@127.0.0.1:5000/a;b", ("127.0.0.1", "/a;b")),
        ("http://[::1]:5000/lti", ("::1", "/lti")),
        ("/lti/launch", ("", "/lti/launch")),
    ],
)
@pytest.mark.parametrize("ending", ENDINGS)
def test_a_place_is_the_host_and_the_path(address: str, wanted: tuple[str, str], ending: str):
    """Cookies belong to these, whatever else an address says (RFC 6265, section 5.4)."""
    assert place(address + ending) == wanted
    assert (urlsplit(address + ending).hostname or "") == wanted[0]


@pytest.mark.parametrize("ending", ENDINGS)
@pytest.mark.parametrize("address", ["http://[::1/lti", "http://tool.example]/"])
def test_what_is_no_address_has_no_place(address: str, ending: str):
    """It raises each time that it is asked for."""
    for _ in range(2):
        with pytest.raises(ValueError, match="Invalid IPv6"):
            place(address + ending)


@pytest.mark.parametrize("ending", ENDINGS)
@pytest.mark.parametrize(
    ("address", "wanted"),
    [
        ("http://tool.example", True),
        ("https://tool.example:8443/lti", True),
        ("http://tool.example:0/", False),
        ("http://tool.example:70000/", False),
        ("http://[::1/", False),
        ("mailto:somebody@example.org", False),
        ("/lti/launch", False),
        ("http:///lti", False),
        ("", False),
    ],
)
def test_a_request_goes_to_a_host_of_the_web(address: str, ending: str, *, wanted: bool):
    """Only http and https, with a host and a port that can be one."""
    assert is_address(address + ending) is wanted


@pytest.mark.parametrize("ending", ["", "/", "/lti?code=1", "?to=a@b", "#part"])
@pytest.mark.parametrize(
    ("address", "wanted"),
    [
        ("https://tool.example:8443", "https://tool.example:8443"),
        ("https://me:pass@tool.example", "https://tool.example"),
        ("https://me@tool.example:444", "https://tool.example:444"),
        ("HTTPS://Tool.Example:443", "https://tool.example"),
        ("http://tool.example:80", "http://tool.example"),
        ("http://tool.example:443", "http://tool.example:443"),
        ("http://me:p@ss@[::1]:5000", "http://[::1]:5000"),
    ],
)
def test_an_origin_is_scheme_host_and_port(address: str, ending: str, wanted: str):
    """In small letters, without who somebody is and without a port that goes without saying (RFC 6454, section 6.2)."""
    assert origin(address + ending) == wanted


@pytest.mark.parametrize(
    ("address", "wanted"),
    [
        ("mailto:somebody@example.org?subject=x", "mailto:somebody@example.org"),
        ("ftp://me:pass@tool.example/a@b?c", "ftp://tool.example/a@b"),
        ("http://me:pass@tool.example:99999/lti#x", "http://tool.example:99999/lti"),
        ("//me:pass@tool.example/lti", "//tool.example/lti"),
        ("/lti/a@b?c", "/lti/a@b"),
        ("", ""),
    ],
)
def test_the_origin_of_what_is_no_address_is_all_before_its_query(address: str, wanted: str):
    """A report names where a tool has sent somebody, without what it sent along and without a password."""
    assert origin(address) == wanted
