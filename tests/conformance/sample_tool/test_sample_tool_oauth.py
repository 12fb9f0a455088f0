"""What a launch of LTI 1.1 is verified over: the examples of RFC 5849, and forms that oauthlib has signed."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl

import pytest

from conformance.sample_tool.oauth import address, base_string, encoded, gathered
from tests.conformance.sample_tool.old_lti import ADDRESS, CONSUMER, MESSAGE, launch, post, signed

if TYPE_CHECKING:
    from tests.conformance.sample_tool.conftest import Browser

OpenTool = Callable[..., "Browser"]

# RFC 5849, section 3.4.1.1: a request with a query, a form and a header, and what is signed of it.
QUERY, BODY = "b5=%3D%253D&a3=a&c%40=&a2=r%20b", "c2&a3=2+q"
HEADER = [
    ("oauth_consumer_key", "9djdj82h48djs9d2"),
    ("oauth_token", "kkk9d7dh3k39sjv7"),
    ("oauth_signature_method", "HMAC-SHA1"),
    ("oauth_timestamp", "137131201"),
    ("oauth_nonce", "7d8f3e4a"),
    ("oauth_signature", "bYT5CMsGcbgUdFHObYMEfcx6bsw="),
]
NORMALISED = (
    "a2=r%20b&a3=2%20q&a3=a&b5=%3D%253D&c%40=&c2=&oauth_consumer_key=9djdj82h48djs9d2&oauth_nonce=7d8f3e4a"
    "&oauth_signature_method=HMAC-SHA1&oauth_timestamp=137131201&oauth_token=kkk9d7dh3k39sjv7"
)
BASE_STRING = (
    "POST&http%3A%2F%2Fexample.com%2Frequest&a2%3Dr%2520b%26a3%3D2%2520q%26a3%3Da%26b5%3D%253D%25253D%26c%2540%3D"
    "%26c2%3D%26oauth_consumer_key%3D9djdj82h48djs9d2%26oauth_nonce%3D7d8f3e4a%26oauth_signature_method%3DHMAC-SHA1"
    "%26oauth_timestamp%3D137131201%26oauth_token%3Dkkk9d7dh3k39sjv7"
)


def test_the_example_of_the_rfc() -> None:
    """Parameters of all places are put into one order, and with method and address into one text."""
    fields = [pair for text in (QUERY, BODY) for pair in parse_qsl(text, keep_blank_values=True)] + HEADER
    assert gathered(fields) == NORMALISED
    assert base_string("post", "http://EXAMPLE.COM:80/request", fields) == BASE_STRING


@pytest.mark.parametrize(
    ("url", "plain"),
    [
        ("HTTP://EXAMPLE.COM:80/r%20v/X", "http://example.com/r%20v/X"),
        ("https://www.example.net:8080/?q=1#top", "https://www.example.net:8080/"),
        ("https://example.org:443", "https://example.org/"),
        ("http://example.org:443/", "http://example.org:443/"),
        ("https://[::1]:443/a", "https://[::1]/a"),
    ],
)
def test_an_address_has_one_form(url: str, plain: str) -> None:
    """Scheme and host in small letters, no default port, no query, the path as it is."""
    assert address(url) == plain


@pytest.mark.parametrize(
    ("text", "written"),
    [("abcXYZ019-._~", "abcXYZ019-._~"), (" +%&=", "%20%2B%25%26%3D"), ("é日", "%C3%A9%E6%97%A5"), ("", "")],
)
def test_all_but_unreserved_characters_are_encoded(text: str, written: str) -> None:
    """Letters, digits and four signs stay, everything else is UTF-8 in capital hexadecimal."""
    assert encoded(text) == written


AWKWARD = [
    [("ext", "C++ & 100 %2B ~ 'a'=b;!*()")],
    [("ext_name", "Žofia Ōyama 山田 👩‍🏫")],
    [("ext", "b"), ("ext", "a"), ("ext", "")],
    [("ext!a", "1"), ("ext-a", "2"), ("extÄa", "3"), ("ext_a", "4"), ("ext", "0")],
    [("ext", " Read:\r\n1. one\t\n")],
    [("ext", "x" * 20000)],
]


@pytest.mark.parametrize("extra", AWKWARD)
def test_what_another_library_signs_is_accepted(open_tool: OpenTool, extra: list[tuple[str, str]]) -> None:
    """Signs, scripts, repeated and empty values are verified as oauthlib has signed them."""
    browser = open_tool(integrations=(CONSUMER,))
    assert post(browser, signed([*MESSAGE.items(), *extra])).launched


@pytest.mark.parametrize("extra", AWKWARD)
def test_what_was_changed_is_refused(open_tool: OpenTool, extra: list[tuple[str, str]]) -> None:
    """One sign more in the last of such values is found."""
    browser = open_tool(integrations=(CONSUMER,))
    fields = signed([*MESSAGE.items(), *extra])
    spoilt = [(name, f"{value}." if (name, value) == extra[-1] else value) for name, value in fields]
    assert 'type="SignatureInvalid"' in post(browser, spoilt).error


def test_the_query_of_the_address_is_signed_as_well(open_tool: OpenTool) -> None:
    """Its parameters join those of the form; other ones are refused."""
    browser = open_tool(integrations=(CONSUMER,))
    for query, launched in (("a=2&a=1&none=&plus=a%2Bb+c", True), ("a=2", False)):
        fields = signed(list(MESSAGE.items()), address=f"{ADDRESS}?{query}")
        assert post(browser, fields, query="a=2&a=1&none=&plus=a%2Bb+c").launched is launched


@pytest.mark.parametrize("host", ["TOOL.example", "tool.example:443", "Tool.Example:443"])
def test_the_host_may_be_written_in_other_ways(open_tool: OpenTool, host: str) -> None:
    """Capitals and the default port in the Host header change nothing."""
    browser = open_tool(integrations=(CONSUMER,))
    assert post(browser, signed(list(MESSAGE.items())), host=host).launched


@pytest.mark.parametrize(
    "signature",
    [
        {"secret": "not the secret"},
        {"secret": ""},
        {"address": "https://tool.example/lti/launch"},
        {"address": "http://tool.example/lti/launch11"},
        {"address": "https://other.example/lti/launch11"},
        {"address": "https://tool.example:8443/lti/launch11"},
    ],
)
def test_what_was_signed_otherwise_is_refused(open_tool: OpenTool, signature: dict[str, Any]) -> None:
    """Another secret and every other address make another signature."""
    assert 'type="SignatureInvalid"' in launch(open_tool(integrations=(CONSUMER,)), **signature).error
