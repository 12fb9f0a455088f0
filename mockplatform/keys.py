"""Keys and the JWS assembler.

Libraries refuse to forge: no `alg: none`, no HMAC keyed with a public key, no header that lies. So the
assembler here signs whatever it is given, with `cryptography` underneath (RFC 7515, section 5.1).
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import threading
from collections.abc import Callable, Mapping
from typing import Any

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa, utils

from mockplatform.model import IdToken, SignedToken

__all__ = ["Keep", "KeyRing", "b64url", "encode_json", "from_b64url", "members_of", "private_members", "sign"]

PrivateKey = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey
Keep = Callable[[str, Callable[[], str]], str]
"""The text that is kept under a name; made by the function if there is none yet."""

_MAKERS: Mapping[str, Callable[[], PrivateKey]] = {
    "platform": lambda: rsa.generate_private_key(65537, 2048),
    "rotated": lambda: rsa.generate_private_key(65537, 2048),
    "foreign": lambda: rsa.generate_private_key(65537, 2048),
    # Too short on purpose (RFC 7518, section 3.3): a mutation publishes it, nothing else uses it.
    "weak": lambda: rsa.generate_private_key(65537, 1024),  # noqa: S505
    "ec": lambda: ec.generate_private_key(ec.SECP256R1()),
}

# `json.dumps` makes an encoder for every call with separators of its own.
_JSON = json.JSONEncoder(separators=(",", ":"), ensure_ascii=False)

_DIGESTS: Mapping[str, Callable[[], hashes.HashAlgorithm]] = {
    "256": hashes.SHA256,
    "384": hashes.SHA384,
    "512": hashes.SHA512,
}


def b64url(data: bytes) -> str:
    """Base64url without padding (RFC 7515, section 2)."""
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode("ascii")


def from_b64url(text: str) -> bytes:
    """What base64url without padding stands for; characters outside its alphabet are passed over, as by any decoder.

    Raises:
        ValueError: no bytes have this form.
    """
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def members_of(part: str, *, parse_constant: Callable[[str], Any] | None = None) -> dict[str, Any] | None:
    """The JSON object that a part of a token holds, unchecked; None: it holds none (RFC 7519, section 7.2).

    Args:
        parse_constant: reads NaN and the infinities, which are no JSON; a ValueError of it makes the part unreadable.
    """
    try:
        value = json.loads(from_b64url(part), parse_constant=parse_constant)
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None


def encode_json(value: Mapping[str, Any] | bytes) -> bytes:
    """The bytes of a JSON object; bytes pass as they are, so that a mutation can break the JSON itself."""
    if isinstance(value, bytes):
        return value
    return _JSON.encode(value).encode("utf-8", "surrogatepass")


class KeyRing:
    """Named key pairs, each made when first asked for and kept as long as the ring.

    `platform` signs honest tokens; `rotated` is its successor; `ec` and `weak` exist for mutations that
    publish them; `foreign` is never published. With a suffix, as in `rotated-2`, they are further keys of the kind.

    Args:
        keep: gives the PEM of a key that is kept elsewhere, so that several rings have the same keys.
    """

    def __init__(self, keep: Keep | None = None) -> None:
        self._keep = keep
        self._keys: dict[str, PrivateKey] = {}
        self._jwks: dict[str, Mapping[str, Any]] = {}
        self._lock = threading.Lock()

    def private(self, name: str) -> PrivateKey:
        """The private key of that name.

        Raises:
            KeyError: there is no key of that name.
        """
        key = self._keys.get(name)
        if key is None:
            with self._lock:
                key = self._keys.get(name) or self._keys.setdefault(name, self._made(name))
        return key

    def _made(self, name: str) -> PrivateKey:
        kind, dash, _ = name.rpartition("-")
        maker = _MAKERS[kind if dash else name]
        return maker() if self._keep is None else _loaded(self._keep(name, lambda: _pem(maker())))

    def jwk(self, name: str) -> Mapping[str, Any]:
        """The public key as a JWK whose `kid` is its thumbprint, so that no kid is ever re-pointed (SEC 6.3)."""
        jwk = self._jwks.get(name)
        if jwk is None:
            jwk = self._jwks[name] = _public_jwk(self.private(name))
        return jwk

    def kid(self, name: str) -> str:
        """The key id of the public key of that name."""
        return str(self.jwk(name)["kid"])

    def secret(self, name: str) -> bytes:
        """HMAC key material: `platform:pem`, `platform:der`, `platform:jwk`, or `text:` and the secret itself."""
        key, _, form = name.partition(":")
        if key == "text":
            return form.encode()
        if form == "jwk":
            return encode_json(self.jwk(key))
        encoding = {"pem": serialization.Encoding.PEM, "der": serialization.Encoding.DER}[form]
        return self.private(key).public_key().public_bytes(encoding, serialization.PublicFormat.SubjectPublicKeyInfo)

    def signature(self, algorithm: str, key: str, message: bytes) -> bytes:
        """The signature of a message; empty for the algorithm `none`.

        Raises:
            ValueError: the algorithm is unknown.
        """
        family, digest_name = algorithm[:2], algorithm[2:]
        if algorithm == "none":
            return b""
        if digest_name not in _DIGESTS:
            raise ValueError(f"unknown signature algorithm {algorithm!r}")
        if family == "HS":
            return hmac.new(self.secret(key), message, f"sha{digest_name}").digest()
        return _asymmetric(family, _DIGESTS[digest_name](), self.private(key), message)


def _pem(key: PrivateKey) -> str:
    form = (serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    return key.private_bytes(serialization.Encoding.PEM, *form).decode("ascii")


def _loaded(pem: str) -> PrivateKey:
    key = serialization.load_pem_private_key(pem.encode("ascii"), None)
    assert isinstance(key, PrivateKey)
    return key


def _asymmetric(family: str, digest: hashes.HashAlgorithm, key: PrivateKey, message: bytes) -> bytes:
    if isinstance(key, ec.EllipticCurvePrivateKey):
        r, s = utils.decode_dss_signature(key.sign(message, ec.ECDSA(digest)))
        size = (key.key_size + 7) // 8
        return r.to_bytes(size, "big") + s.to_bytes(size, "big")
    if family == "PS":
        return key.sign(message, padding.PSS(padding.MGF1(digest), digest.digest_size), digest)
    return key.sign(message, padding.PKCS1v15(), digest)


def _public_jwk(key: PrivateKey) -> Mapping[str, Any]:
    if isinstance(key, ec.EllipticCurvePrivateKey):
        point = key.public_key().public_numbers()
        members = {"crv": "P-256", "kty": "EC", "x": _number(point.x, 32), "y": _number(point.y, 32)}
        algorithm = "ES256"
    else:
        numbers = key.public_key().public_numbers()
        members = {"e": _number(numbers.e), "kty": "RSA", "n": _number(numbers.n)}
        algorithm = "RS256"
    # RFC 7638: the required members in lexicographic order, hashed.
    thumbprint = b64url(hashlib.sha256(encode_json(members)).digest())
    return {**members, "kid": thumbprint, "use": "sig", "alg": algorithm}


def _number(value: int, size: int | None = None) -> str:
    return b64url(value.to_bytes(size or (value.bit_length() + 7) // 8, "big"))


def private_members(key: PrivateKey) -> Mapping[str, str]:
    """The members of a JWK that nobody publishes but by mistake: the private half of an RSA key (RFC 7518, 6.3.2).

    Raises:
        TypeError: it is no RSA key.
    """
    if not isinstance(key, rsa.RSAPrivateKey):
        raise TypeError("no RSA key")
    numbers = key.private_numbers()
    parts = {"d": numbers.d, "p": numbers.p, "q": numbers.q}
    parts |= {"dp": numbers.dmp1, "dq": numbers.dmq1, "qi": numbers.iqmp}
    return {name: _number(part) for name, part in parts.items()}


def sign(token: IdToken, keys: KeyRing) -> SignedToken:
    """The compact JWS of a token, signed as the token says even where that is a lie."""
    signing_input = f"{b64url(encode_json(token.header))}.{b64url(encode_json(token.claims))}"
    signature = keys.signature(token.algorithm, token.key, signing_input.encode("ascii"))
    return SignedToken(text=f"{signing_input}.{b64url(signature)}")
