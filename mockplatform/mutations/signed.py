"""Lies about an LTI 1.1 launch that has been signed: what the browser carries is not what was signed (RFC 5849)."""

from __future__ import annotations

import base64
import json
from dataclasses import replace

from mockplatform.model import SignedLaunch
from mockplatform.mutation import Context, NotApplicableError, mutation, sent
from mockplatform.oauth.oauth1 import encode


def _sent(launch: SignedLaunch, name: str) -> str:
    return sent(launch.fields, name, lacking="the form has no field")


def _with(launch: SignedLaunch, name: str, value: str) -> SignedLaunch:
    _sent(launch, name)
    changed = ((known, value if known == name else kept) for known, kept in launch.fields)
    return replace(launch, fields=tuple(changed))


@mutation("RFC 5849 3.2")
def without(launch: SignedLaunch, *, name: str) -> SignedLaunch:
    """A field is taken out after the form was signed, such as the signature itself."""
    _sent(launch, name)
    return replace(launch, fields=tuple(pair for pair in launch.fields if pair[0] != name))


@mutation("RFC 5849 3.2")
def changed(launch: SignedLaunch, *, name: str, value: str) -> SignedLaunch:
    """A field was changed after the form was signed."""
    return _with(launch, name, value)


@mutation("RFC 5849 3.2")
def added(launch: SignedLaunch, *, name: str, value: str) -> SignedLaunch:
    """A field was added after the form was signed: a new one, or a known one for the second time."""
    return replace(launch, fields=(*launch.fields, (name, value)))


@mutation("RFC 5849 3.2")
def flipped(launch: SignedLaunch) -> SignedLaunch:
    """One bit of the signature is flipped."""
    try:
        raw = bytearray(base64.b64decode(_sent(launch, "oauth_signature"), validate=True))
    except ValueError:
        raise NotApplicableError("the signature is no base64") from None
    if not raw:
        raise NotApplicableError("the signature is empty")
    raw[len(raw) // 2] ^= 1
    return _with(launch, "oauth_signature", base64.b64encode(raw).decode("ascii"))


@mutation("RFC 5849 3.3")
def replayed(launch: SignedLaunch, context: Context) -> SignedLaunch:  # noqa: ARG001 - it tells the stage
    """The form of an earlier launch of this scenario, byte for byte."""
    forms = [e.signed for e in context.earlier if e.signed is not None]
    if not forms:
        raise NotApplicableError("no earlier LTI 1.1 launch was sent")
    return forms[-1]


@mutation("LTI11 3")
def at_launch_url(launch: SignedLaunch, context: Context) -> SignedLaunch:
    """The form is posted to the tool's address for LTI 1.3, though it was signed for the one for LTI 1.1."""
    url = context.launch.registration.launch_url
    if url in ("", launch.url):
        raise NotApplicableError("the tool has no address that takes LTI 1.3 only")
    return replace(launch, url=url)


@mutation("RFC 5849 3.4.1.1")
def by(launch: SignedLaunch, *, method: str) -> SignedLaunch:
    """The form comes by another method than it was signed for: by `GET`, with everything in the query."""
    return replace(launch, method="GET" if method == "GET" else "POST")


@mutation("LTI11 3")
def as_json(launch: SignedLaunch) -> SignedLaunch:
    """The launch comes as a JSON body instead of a form."""
    return replace(launch, content_type="application/json", fields=(("", json.dumps(dict(launch.fields))),))


@mutation("RFC 5849 3.5.1")
def in_header(launch: SignedLaunch) -> SignedLaunch:
    """The OAuth parameters come in an Authorization header instead of the form, which no browser would send."""
    moved = tuple(pair for pair in launch.fields if pair[0].startswith("oauth_"))
    if not moved:
        raise NotApplicableError("the form has no OAuth parameters")
    header = "OAuth " + ", ".join(f'{encode(name)}="{encode(value)}"' for name, value in moved)
    return replace(
        launch,
        fields=tuple(pair for pair in launch.fields if pair not in moved),
        headers=(*launch.headers, ("authorization", header)),
    )
