"""Lies of an LTI 1.1 launch that are signed all the same, and lies about how it is signed (RFC 5849, section 3)."""

from __future__ import annotations

from dataclasses import replace
from urllib.parse import SplitResult, urlsplit

from mockplatform.model import BasicLaunch
from mockplatform.mutation import Context, NotApplicableError, mutation, sent
from mockplatform.oauth.oauth1 import METHODS, custom_name

_PORTS = {"http": 80, "https": 443}


def _with(launch: BasicLaunch, name: str, value: str) -> BasicLaunch:
    kept = tuple(pair for pair in launch.params if pair[0] != name)
    return replace(launch, params=(*kept, (name, value)))


def _sent(launch: BasicLaunch, name: str) -> str:
    return sent(launch.params, name, lacking="the launch has no parameter")


def _seconds(launch: BasicLaunch) -> int:
    sent = _sent(launch, "oauth_timestamp")
    try:
        return int(sent)
    except ValueError:
        raise NotApplicableError(f"the timestamp {sent} is no whole number") from None


@mutation("LTI11 3")
def without(launch: BasicLaunch, *, name: str) -> BasicLaunch:
    """A parameter is left out, one of OAuth's own or another, and the rest is signed."""
    _sent(launch, name)
    return replace(launch, params=tuple(pair for pair in launch.params if pair[0] != name))


@mutation("LTI11 3")
def param(launch: BasicLaunch, *, name: str, value: str) -> BasicLaunch:
    """A parameter has another value, and that is signed."""
    return _with(launch, name, value)


@mutation("RFC 5849 3.4.1.3")
def added(launch: BasicLaunch, *, name: str, value: str) -> BasicLaunch:
    """A parameter comes along, signed: one that nobody knows (honest), or a known one for the second time."""
    return replace(launch, params=(*launch.params, (name, value)))


@mutation("RFC 5849 3.4.1.3.2")
def extra(launch: BasicLaunch) -> BasicLaunch:
    """Extensions that are easily signed wrongly come along: twice, empty, with `+ % ~`, not in ASCII (honest)."""
    awkward = (
        ("ext_twice", "b"),
        ("ext_twice", "a"),
        ("ext_empty", ""),
        ("ext_signs", "a+b %2B~100% *'()!&=/"),
        ("ext_text", "Größe – 日本語 ✓"),
        # These three sort otherwise once they are encoded.
        ("ext_-", "1"),
        ("ext_Ä", "2"),
        ("ext_!", "3"),
    )
    return replace(launch, params=(*launch.params, *awkward))


@mutation("LTI11 4.2")
def swapped_case(launch: BasicLaunch, *, name: str = "oauth_consumer_key") -> BasicLaunch:
    """A parameter differs from the right one by the case of its letters."""
    sent = _sent(launch, name)
    if sent.swapcase() == sent:
        raise NotApplicableError(f"the parameter {name} has no letters")
    return _with(launch, name, sent.swapcase())


@mutation("RFC 5849 3.4.2")
def secret(launch: BasicLaunch, *, value: str = "not-the-secret") -> BasicLaunch:
    """The launch is signed with another secret than the consumer key's."""
    return replace(launch, secret=value)


@mutation("RFC 5849 3.4.2")
def secret_alone(launch: BasicLaunch) -> BasicLaunch:
    """The key of the signature is the secret without the `&` that belongs behind it."""
    return replace(launch, token_secret=None)


@mutation("RFC 5849 3.4")
def method(launch: BasicLaunch, *, name: str, really: str = "HMAC-SHA1") -> BasicLaunch:
    """The launch names a signature method, and was really signed by `HMAC-SHA1`, `HMAC-SHA256` or `PLAINTEXT`."""
    if really not in METHODS:
        raise NotApplicableError(f"nothing here signs by {really}")
    return replace(_with(launch, "oauth_signature_method", name), signature_method=really)


@mutation("RFC 5849 3.3")
def timestamp(launch: BasicLaunch, *, by_s: int = -3600) -> BasicLaunch:
    """The timestamp is shifted by so many seconds: into the past if negative, otherwise into the future."""
    return _with(launch, "oauth_timestamp", str(_seconds(launch) + by_s))


@mutation("RFC 5849 3.3")
def timestamp_as(launch: BasicLaunch, *, form: str) -> BasicLaunch:
    """The right moment is written in another way: `milliseconds`, `fraction`, `negative`, `text` or `iso`."""
    seconds = _seconds(launch)
    forms = {
        "milliseconds": str(seconds * 1000),
        "fraction": f"{seconds}.5",
        "negative": f"-{seconds}",
        "text": "now",
        "iso": "2099-01-01T00:00:00Z",
    }
    if form not in forms:
        raise NotApplicableError(f"there is no form {form} of a timestamp")
    return _with(launch, "oauth_timestamp", forms[form])


@mutation("RFC 5849 3.3")
def nonce_of_earlier(launch: BasicLaunch, context: Context, *, same_timestamp: bool = False) -> BasicLaunch:
    """The nonce is the one of an earlier launch of this scenario, under a signature of its own."""
    earlier = [dict(e.signed.fields) for e in context.earlier if e.signed is not None]
    used = [fields for fields in earlier if {"oauth_nonce", "oauth_timestamp"} <= fields.keys()]
    if not used:
        raise NotApplicableError("no earlier LTI 1.1 launch was sent with a nonce")
    launch = _with(launch, "oauth_nonce", used[-1]["oauth_nonce"])
    return _with(launch, "oauth_timestamp", used[-1]["oauth_timestamp"]) if same_timestamp else launch


@mutation("RFC 5849 3.4.1.2")
def signed_for(launch: BasicLaunch, *, part: str, value: str) -> BasicLaunch:
    """The signature is over another `method`, `scheme`, `host`, `port`, `path` or `query` than the one used."""
    if part == "method":
        return replace(launch, signed_method=value)
    return replace(launch, signed_url=_other(urlsplit(launch.signed_url or launch.url), part, value))


def _other(url: SplitResult, part: str, value: str) -> str:
    host, port = _place(url)
    if part in ("host", "port"):
        host, port = (value, port) if part == "host" else (host, value)
        return url._replace(netloc=f"{host}:{port}" if port else host).geturl()
    if part not in ("scheme", "path", "query"):
        raise NotApplicableError(f"an address has no {part} that is signed")
    return url._replace(**{part: value}).geturl()


def _place(url: SplitResult) -> tuple[str, str]:
    """Host and port as they are written; the colons of an IPv6 address stand in brackets."""
    host, colon, port = url.netloc.rpartition(":")
    return (host, port) if colon and "]" not in port else (url.netloc, "")


@mutation("RFC 5849 3.4.1.2")
def to(launch: BasicLaunch, *, form: str) -> BasicLaunch:
    """The same address is written and signed in another way: `capitals`, `explicit_port`, `fragment` (honest)."""
    url = urlsplit(launch.url)
    host, port = _place(url)
    if form == "capitals" and host != host.upper():
        return replace(launch, url=_other(url, "host", host.upper()))
    if form == "explicit_port" and not port and url.scheme in _PORTS:
        return replace(launch, url=_other(url, "port", str(_PORTS[url.scheme])))
    if form == "fragment" and not url.fragment:
        return replace(launch, url=url._replace(fragment="top").geturl())
    raise NotApplicableError(f"the address {launch.url} cannot be written in the form {form}")


@mutation("RFC 5849 3.4.1.3.1")
def with_query(
    launch: BasicLaunch, *, query: str = "x_q=2&x_q=1&x_none=&x_sign=a%2Bb+c~%25&x_user=%C3%A9"
) -> BasicLaunch:
    """The launch URL has a query, whose parameters are signed together with the form's (honest)."""
    url = urlsplit(launch.url)
    return replace(launch, url=url._replace(query="&".join(filter(None, (url.query, query)))).geturl())


@mutation("LTI11 3")
def by(launch: BasicLaunch, *, method: str) -> BasicLaunch:
    """The launch comes, and is signed, by another method than POST: by `GET`, with everything in the query."""
    return replace(launch, method="GET" if method == "GET" else "POST")


@mutation("LTI11 3")
def at_launch_url(launch: BasicLaunch, context: Context) -> BasicLaunch:
    """The launch goes to the tool's address for LTI 1.3 and is signed for it, as by a mixed-up configuration."""
    url = context.launch.registration.launch_url
    if url in ("", launch.url):
        raise NotApplicableError("the tool has no address that takes LTI 1.3 only")
    return replace(launch, url=url)


def _attribute_field(context: Context, attribute: str) -> str:
    field = context.launch.registration.attributes.get(attribute)
    if field is None:
        raise NotApplicableError(f"the registration names no custom field for {attribute}")
    return field


@mutation("LTI11 3")
def without_attribute(launch: BasicLaunch, context: Context, *, attribute: str) -> BasicLaunch:
    """The custom parameter that the registration names for `email`, `course_id` or `person_id` is left out."""
    name = custom_name(_attribute_field(context, attribute))
    _sent(launch, name)
    return replace(launch, params=tuple(pair for pair in launch.params if pair[0] != name))


@mutation("LTI11 3")
def attribute(launch: BasicLaunch, context: Context, *, attribute: str, value: str) -> BasicLaunch:
    """The custom parameter that the registration names for an attribute has another value."""
    return _with(launch, custom_name(_attribute_field(context, attribute)), value)


@mutation("LTI11 3")
def raw_custom_name(launch: BasicLaunch, context: Context, *, attribute: str) -> BasicLaunch:
    """The custom parameter of an attribute is named `custom_Course-ID` as it was typed, not `custom_course_id`."""
    field = _attribute_field(context, attribute)
    if custom_name(field) == f"custom_{field}":
        raise NotApplicableError(f"the custom field {field} has the same name in LTI 1.1")
    value = _sent(launch, custom_name(field))
    return _with(without_attribute(launch, context, attribute=attribute), f"custom_{field}", value)
