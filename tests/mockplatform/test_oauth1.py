from __future__ import annotations

import random
from typing import Any
from urllib.parse import urlencode, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st
from oauthlib.common import urldecode
from oauthlib.oauth1 import Client
from oauthlib.oauth1.rfc5849 import signature

from mockplatform.oauth import oauth1
from tests.mockplatform.makers import LAW

reference: Any = signature
"""oauthlib's own; its type stubs are narrower than it is."""

# RFC 5849, section 3.4.1.1. The realm of the header is not in the base string.
REQUEST = "http://example.com/request?b5=%3D%253D&a3=a&c%40=&a2=r%20b"
REQUEST_PARAMS = (
    ("oauth_consumer_key", "9djdj82h48djs9d2"),
    ("oauth_token", "kkk9d7dh3k39sjv7"),
    ("oauth_signature_method", "HMAC-SHA1"),
    ("oauth_timestamp", "137131201"),
    ("oauth_nonce", "7d8f3e4a"),
    ("oauth_signature", "bYT5CMsGcbgUdFHObYMEfcx6bsw="),
    ("c2", ""),
    ("a3", "2 q"),
)
REQUEST_BASE = (
    "POST&http%3A%2F%2Fexample.com%2Frequest&a2%3Dr%2520b%26a3%3D2%2520q%26a3%3Da%26b5%3D%253D%25253D%26c%2540%3D"
    "%26c2%3D%26oauth_consumer_key%3D9djdj82h48djs9d2%26oauth_nonce%3D7d8f3e4a%26oauth_signature_method%3DHMAC-SHA1"
    "%26oauth_timestamp%3D137131201%26oauth_token%3Dkkk9d7dh3k39sjv7"
)

# RFC 5849, section 1.2: the last request of the example.
PHOTOS = "http://photos.example.net/photos?file=vacation.jpg&size=original"
PHOTOS_PARAMS = (
    ("oauth_consumer_key", "dpf43f3p2l4k3l03"),
    ("oauth_token", "nnch734d00sl2jdk"),
    ("oauth_signature_method", "HMAC-SHA1"),
    ("oauth_timestamp", "137131202"),
    ("oauth_nonce", "chapoH"),
)

# "Creating a signature" of Twitter's developer documentation.
TWEET = "https://api.twitter.com/1/statuses/update.json?include_entities=true"
TWEET_PARAMS = (
    ("status", "Hello Ladies + Gentlemen, a signed OAuth request!"),
    ("oauth_consumer_key", "xvz1evFS4wEEPTGEFPHBog"),
    ("oauth_nonce", "kYjzVBB8Y0ZFabxSWbWovY3uYSQ2pTgmZeNu2VS4cg"),
    ("oauth_signature_method", "HMAC-SHA1"),
    ("oauth_timestamp", "1318622958"),
    ("oauth_token", "370773112-GmHxMAgYyLbNEtIKZeRNFsMKPR9EyMZeS9weJAEb"),
    ("oauth_version", "1.0"),
)

LETTERS = st.sampled_from("aAzZ09-._~ +%&=!*'();/?:@#[]\"<>\\üß日😀é") | st.characters(codec="utf-8")
TEXTS = st.text(LETTERS, max_size=8)
PARAMS = st.lists(st.tuples(TEXTS, TEXTS), max_size=6)


@st.composite
def addresses(draw: st.DrawFn) -> str:
    scheme = draw(st.sampled_from(["http", "https", "HTTP", "Https"]))
    host = draw(st.sampled_from(["tool.example", "Tool.EXAMPLE", "127.0.0.1", "[::1]"]))
    port = draw(st.sampled_from(["", ":80", ":443", ":8000"]))
    path = draw(st.sampled_from(["", "/", "/lti/Launch", "/a%20b/c;v=1", "/~me"]))
    query = urlencode(draw(PARAMS))
    fragment = draw(st.sampled_from(["", "#top"]))
    return f"{scheme}://{host}{port}{path}" + (f"?{query}" if query else "") + fragment


def reference_base(method: str, url: str, params: list[tuple[str, str]]) -> str:
    """What oauthlib signs."""
    query: list[tuple[str, str]] = urldecode(urlsplit(url).query) if urlsplit(url).query else []
    normalised = reference.normalize_parameters([*query, *params])
    return str(reference.signature_base_string(method, reference.base_string_uri(url), normalised))


def test_the_base_string_of_the_rfc() -> None:
    """The example of RFC 5849, section 3.4.1.1, gives its base string, in whatever order the parameters come."""
    assert oauth1.base_string("post", REQUEST, REQUEST_PARAMS) == REQUEST_BASE
    assert oauth1.base_string("POST", REQUEST, REQUEST_PARAMS[::-1]) == REQUEST_BASE


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        # RFC 5849, section 3.4.1.2.
        ("http://EXAMPLE.COM:80/r%20v/X?id=123", "http%3A%2F%2Fexample.com%2Fr%2520v%2FX&id%3D123"),
        ("https://www.example.net:8080/?q=1", "https%3A%2F%2Fwww.example.net%3A8080%2F&q%3D1"),
        ("HTTPS://example.com:443", "https%3A%2F%2Fexample.com%2F&"),
        ("https://example.com:80/", "https%3A%2F%2Fexample.com%3A80%2F&"),
        ("http://[::1]:80/a#top", "http%3A%2F%2F%5B%3A%3A1%5D%2Fa&"),
        ("http://me:word@example.com/", "http%3A%2F%2Fexample.com%2F&"),
    ],
)
def test_the_address_is_normalised(url: str, expected: str) -> None:
    """Scheme and host are in lower case, the default port, the fragment and a login are gone, the query moves."""
    assert oauth1.base_string("GET", url, ()) == f"GET&{expected}"


def test_the_encoding_of_the_rfc() -> None:
    """Only the unreserved characters of RFC 5849, section 3.6, stay; others become UTF-8 in capital hex."""
    unreserved = "ABCXYZabcxyz0189-._~"

    assert oauth1.encode(unreserved) == unreserved
    assert oauth1.encode(" +%&=/*'()!é☃") == "%20%2B%25%26%3D%2F%2A%27%28%29%21%C3%A9%E2%98%83"


@pytest.mark.parametrize(
    ("method", "url", "params", "secret", "token_secret", "expected"),
    [
        ("GET", PHOTOS, PHOTOS_PARAMS, "kd94hf93k423kf44", "pfkkdhi9sl3r4s00", "MdpQcU8iPSUjWoN/UDMsK2sui9I="),
        (
            "POST",
            TWEET,
            TWEET_PARAMS,
            "kAcSOqF21Fu85e7zjz7ZN2U4ZRhfV3WpwPAoE3Z7kBw",
            "LswwdoUaIvS8ltyTt5jkRh4J50vUPVVHtR2YPi5kE",
            "tnnArxj06cWHq44gCs1OSKk/jLY=",
        ),
    ],
    ids=["RFC 5849 1.2", "Twitter"],
)
def test_published_signatures(
    method: str, url: str, params: tuple[tuple[str, str], ...], secret: str, token_secret: str, expected: str
) -> None:
    """The signatures of published examples come out."""
    base = oauth1.base_string(method, url, params)

    assert oauth1.signature(base, secret=secret, token_secret=token_secret) == expected


def test_plaintext_is_the_key() -> None:
    """PLAINTEXT is the encoded secrets, joined by an ampersand (RFC 5849, section 3.4.4 with its example in 2.1)."""
    assert oauth1.signature("any", secret="ja893SD9", method="PLAINTEXT") == "ja893SD9&"
    assert oauth1.signature("any", secret="a&b c", token_secret="d/e", method="PLAINTEXT") == "a%26b%20c&d%2Fe"
    assert oauth1.signature("any", secret="a&b", token_secret=None, method="PLAINTEXT") == "a%26b"


def test_a_method_that_nobody_knows() -> None:
    """There is no signature by a method that does not exist."""
    with pytest.raises(KeyError):
        oauth1.signature("any", secret="s", method="HMAC-MD4")


@LAW
@given(method=st.sampled_from(["POST", "GET"]), url=addresses(), params=PARAMS, secret=TEXTS)
def test_signatures_are_the_ones_of_oauthlib(method: str, url: str, params: list[tuple[str, str]], secret: str) -> None:
    """For any address, parameters and secret, base string and signatures equal those of oauthlib."""
    kept = [pair for pair in params if pair[0] != "oauth_signature"]
    base = oauth1.base_string(method, url, params)

    assert base == reference_base(method, url, kept)
    client = Client("key", client_secret=secret)
    signatures = {method: oauth1.signature(base, secret=secret, method=method) for method in oauth1.METHODS}
    assert signatures == {
        "HMAC-SHA1": reference.sign_hmac_sha1_with_client(base, client),
        "HMAC-SHA256": reference.sign_hmac_sha256_with_client(base, client),
        "PLAINTEXT": reference.sign_plaintext_with_client(base, client),
    }


@LAW
@given(params=PARAMS, seed=st.integers(0, 99))
def test_the_order_of_parameters_does_not_matter(params: list[tuple[str, str]], seed: int) -> None:
    """The same parameters in another order have the same base string."""
    shuffled = random.Random(seed).sample(params, len(params))

    assert oauth1.base_string("POST", TWEET, shuffled) == oauth1.base_string("POST", TWEET, params)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("Course-ID", "custom_course_id"),
        ("user_email", "custom_user_email"),
        ("Vital.Signs:2", "custom_vital_signs_2"),
        ("Größe", "custom_gr__e"),
        ("", "custom_"),
    ],
)
def test_names_of_custom_parameters(name: str, expected: str) -> None:
    """Letters are lowered, and whatever is no ASCII letter or digit becomes an underscore."""
    assert oauth1.custom_name(name) == expected


def test_the_vector_of_the_migration_guide() -> None:
    """The example of the LTI 1.3 Migration Guide comes out."""
    found = oauth1.migration_signature(
        "my-lti11-secret",
        consumer_key="179248902",
        deployment_id="689302",
        issuer="https://lmsvendor.com",
        client_id="PM48OJSfGDTAzAo",
        exp=1551290856,
        nonce="172we8671fd8z",
    )

    assert found == "lWd54kFo5qU7xshAna6v8BwoBm6tmUjc6GTax6+12ps="
