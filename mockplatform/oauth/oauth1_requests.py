"""Requests that a tool has signed by OAuth 1.0a with a body hash, checked (RFC 5849, section 3.2; BO 1.1).

The parameters stand in the Authorization header; `oauth_body_hash` binds the body to them.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
from collections.abc import Mapping
from typing import Final
from urllib.parse import unquote

from mockplatform.lms import Platform
from mockplatform.model import Registration
from mockplatform.oauth import oauth1
from mockplatform.records import Used
from mockplatform.service import Call

__all__ = ["SignatureError", "signer"]

_BAND_S: Final = 300
"""How far the clock of a tool may be off, and how long a nonce is remembered on either side of now."""
_REQUIRED: Final = (
    "oauth_consumer_key",
    "oauth_signature_method",
    "oauth_timestamp",
    "oauth_nonce",
    "oauth_body_hash",
    "oauth_signature",
)
_HASHES: Final = {"HMAC-SHA1": (hashlib.sha1,), "HMAC-SHA256": (hashlib.sha256, hashlib.sha1)}
"""What hashes the body: the hash of the signature method; with HMAC-SHA256 libraries differ."""
_PARAMETER: Final = re.compile(r'\s*([A-Za-z0-9_.~%-]+)="([^"]*)"\s*')

_BETWEEN_COMMAS: Final = re.compile(r'(?:[^,"]|"[^"]*"|")+')
"""A comma may stand in a quoted value, such as that of the realm (RFC 5849, section 3.5.1; RFC 9110, section 5.6.4)."""


class SignatureError(Exception):
    """A request was not signed by a tool that is registered here, or not for here and now."""


def signer(call: Call) -> Registration:
    """The registration whose tool has signed a request; the same request is good once.

    Raises:
        SignatureError: there is none.
    """
    params = _header_params(call.headers.get("authorization", ""))
    _check_params(params)
    method = params["oauth_signature_method"]
    hashes = [_base64(digest(call.body).digest()) for digest in _HASHES[method]]
    if not any(_same(params["oauth_body_hash"], known) for known in hashes):
        raise SignatureError(
            f"oauth_body_hash is {params['oauth_body_hash']!r}, but the body's is {hashes[0]!r};"
            " hash the very bytes that are sent"
        )
    registration = _registration(call, params)
    _check_once(call.platform, params)
    return registration


def _header_params(header: str) -> Mapping[str, str]:
    """The parameters of an Authorization header, without the realm (RFC 5849, section 3.5.1)."""
    scheme, _, rest = header.partition(" ")
    if scheme.lower() != "oauth":
        raise SignatureError("send the OAuth 1 parameters as 'Authorization: OAuth oauth_consumer_key=\"…\", …'")
    found: dict[str, str] = {}
    for part in _BETWEEN_COMMAS.findall(rest) or [""]:
        parameter = _PARAMETER.fullmatch(part)
        if parameter is None:
            raise SignatureError(f'the Authorization header has {part.strip()!r}, expected name="value"')
        name = unquote(parameter[1])
        if name in found:
            raise SignatureError(f"the Authorization header has {name} twice")
        found[name] = unquote(parameter[2])
    found.pop("realm", None)
    return found


def _check_params(params: Mapping[str, str]) -> None:
    missing = [name for name in _REQUIRED if not params.get(name)]
    if missing:
        raise SignatureError(f"the Authorization header lacks {', '.join(missing)}")
    method = params["oauth_signature_method"]
    if method not in _HASHES:
        raise SignatureError(f"oauth_signature_method is {method!r}, expected {' or '.join(_HASHES)}")
    if params.get("oauth_version", "1.0") != "1.0":
        raise SignatureError(f"oauth_version is {params['oauth_version']!r}, expected '1.0'")
    if params.get("oauth_token"):
        raise SignatureError("oauth_token is set; LTI 1.1 signs without a token")


def _registration(call: Call, params: Mapping[str, str]) -> Registration:
    key = params["oauth_consumer_key"]
    known = [one for one in call.platform.registrations if one.speaks_lti11 and _same(one.consumer_key, key)]
    if not known:
        raise SignatureError(f"no tool is registered with the consumer key {key!r}")
    base = oauth1.base_string(call.method, call.url, params.items())
    method = params["oauth_signature_method"]
    for registration in known:
        right = oauth1.signature(base, secret=registration.consumer_secret, method=method)
        if _same(params["oauth_signature"], right):
            return registration
    raise SignatureError(f"oauth_signature does not fit; the base string of this request is {base!r}")


def _check_once(platform: Platform, params: Mapping[str, str]) -> None:
    stamp, now_s = params["oauth_timestamp"], platform.clock()
    if not re.fullmatch(r"[0-9]{1,12}", stamp):
        raise SignatureError(f"oauth_timestamp is {stamp!r}, expected seconds since 1970")
    away_s = int(stamp) - now_s
    if abs(away_s) > _BAND_S:
        where = "ahead" if away_s > 0 else "old"
        raise SignatureError(f"oauth_timestamp is {abs(away_s):.0f} seconds {where}, more than {_BAND_S}")
    # With another timestamp the same nonce is another one (RFC 5849, section 3.3).
    name = f"{params['oauth_consumer_key']} {int(stamp)} {params['oauth_nonce']}"
    if not platform.state.consumer_nonces.add(name, Used()):
        raise SignatureError(f"oauth_nonce {params['oauth_nonce']!r} was used before; make a new one for each request")


def _same(given: str, right: str) -> bool:
    return hmac.compare_digest(given.encode(), right.encode())


def _base64(data: bytes) -> str:
    return base64.b64encode(data).decode("ascii")
