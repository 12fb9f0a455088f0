"""OAuth 1.0a signatures (RFC 5849, section 3.4), and what else of LTI 1.1 is a rule about texts.

A library checks what it signs; this signer does what it is told, so that a launch can lie about it.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final
from urllib.parse import SplitResult, parse_qsl, quote, urlsplit

__all__ = ["METHODS", "base_string", "custom_name", "encode", "migration_signature", "signature"]

_DIGESTS: Final[Mapping[str, Callable[..., Any]]] = {"HMAC-SHA1": hashlib.sha1, "HMAC-SHA256": hashlib.sha256}
METHODS: Final = (*_DIGESTS, "PLAINTEXT")
"""The signature methods that `signature` really knows."""

_DEFAULT_PORTS: Final = {"http": ":80", "https": ":443"}
_REPLACED: Final = re.compile(r"[^A-Za-z0-9]")


def encode(text: str) -> str:
    """Percent encoding of everything but ASCII letters, digits, `-`, `.`, `_` and `~` (RFC 5849, section 3.6)."""
    return quote(text, safe="")


def base_string(method: str, url: str, params: Iterable[tuple[str, str]]) -> str:
    """The text that is signed (RFC 5849, section 3.4.1).

    Args:
        url: the address as it is asked for; its query joins the parameters, its fragment does not count.
        params: those of the form and of the Authorization header, the latter without `realm`.
    """
    parts = urlsplit(url)
    collected = (*parse_qsl(parts.query, keep_blank_values=True), *params)
    # Sorted as they are encoded (section 3.4.1.3.2), by which "Ä", that is %C3%84, comes before "a".
    pairs = sorted((encode(name), encode(value)) for name, value in collected if name != "oauth_signature")
    normalised = "&".join(f"{name}={value}" for name, value in pairs)
    return "&".join(map(encode, (method.upper(), _address(parts), normalised)))


def _address(parts: SplitResult) -> str:
    """The base string URI (RFC 5849, section 3.4.1.2)."""
    scheme = parts.scheme.lower()
    authority = parts.netloc.rpartition("@")[2].lower().removesuffix(_DEFAULT_PORTS.get(scheme, ""))
    return f"{scheme}://{authority}{parts.path or '/'}"


def signature(base: str, *, secret: str, token_secret: str | None = "", method: str = "HMAC-SHA1") -> str:
    """The signature of a base string (RFC 5849, sections 3.4.2 and 3.4.4).

    Args:
        token_secret: LTI 1.1 has no tokens, so this is empty; None leaves out the `&` before it, which is wrong.
        method: one of `METHODS`.

    Raises:
        KeyError: there is no such method.
    """
    key = encode(secret) if token_secret is None else f"{encode(secret)}&{encode(token_secret)}"
    if method == "PLAINTEXT":
        return key
    return _base64(hmac.new(key.encode("ascii"), base.encode("ascii"), _DIGESTS[method]).digest())


def custom_name(name: str) -> str:
    """The parameter in which LTI 1.1 sends a custom field: `Course-ID` travels as `custom_course_id`."""
    return f"custom_{_REPLACED.sub('_', name).lower()}"


def migration_signature(
    secret: str, *, consumer_key: str, deployment_id: str, issuer: str, client_id: str, exp: int | str, nonce: str
) -> str:
    """The proof that a platform knows the secret of an LTI 1.1 consumer key (LTI 1.3 Migration Guide, claim lti1p1)."""
    base = "&".join((consumer_key, deployment_id, issuer, client_id, str(exp), nonce))
    return _base64(hmac.new(secret.encode(), base.encode(), hashlib.sha256).digest())


def _base64(data: bytes) -> str:
    return base64.b64encode(data).decode("ascii")
