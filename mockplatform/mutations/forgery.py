"""Signatures and tokens that only careful verification finds out (RFC 8017, section 8.2.2; RFC 7516).

They are built by hand, with the numbers of the platform's key: no library makes a signature with broken padding.
"""

from __future__ import annotations

import functools
import hashlib
import json
import zlib

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPrivateNumbers
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from mockplatform.keys import b64url
from mockplatform.model import SignedToken
from mockplatform.mutation import Context, NotApplicableError, mutation

# What stands before a hash to say which one it is (RFC 8017, section 9.2, note 1).
_SHA256 = bytes.fromhex("3031300d060960864801650304020105000420")
_SHA512_256 = bytes.fromhex("3031300d060960864801650304020605000420")
_SHORT = 8
"""Bytes of filling in a padding that was cut short: the least that RFC 8017 allows."""


def _key(context: Context, name: str) -> RSAPrivateKey:
    key = context.keys.private(name)
    if not isinstance(key, RSAPrivateKey):
        raise NotApplicableError(f"the key {name} is no RSA key")
    return key


def _split(token: SignedToken) -> tuple[bytes, str]:
    """What was signed, and the signature's text."""
    signed, dot, signature = token.text.rpartition(".")
    if not dot:
        raise NotApplicableError("the token has no signature")
    return signed.encode(), signature


def _with(token: SignedToken, signature: bytes) -> SignedToken:
    signed, _ = _split(token)
    return SignedToken(text=f"{signed.decode()}.{b64url(signature)}")


def _digest(token: SignedToken) -> bytes:
    return hashlib.sha256(_split(token)[0]).digest()


def _padded(size: int, content: bytes, *, kind: bytes = b"\x01") -> bytes:
    """The padding that belongs before a hash, filled up to the size of the key."""
    return b"\0" + kind + b"\xff" * (size - len(content) - 3) + b"\0" + content


@mutation("RFC 8017 8.2.2")
def padding(token: SignedToken, context: Context, *, form: str, key: str = "platform") -> SignedToken:
    """The platform's key signed the right hash under a wrong padding.

    Args:
        form: `short` (filling cut short, rubbish behind the hash), `block_type`, `filling` (one byte of it),
            `other_hash` (the name of another one), `no_hash_name`.
        key: the platform's key that signs.
    """
    private, digest = _key(context, key), _digest(token)
    size = private.key_size // 8
    short = b"\0\1" + b"\xff" * _SHORT + b"\0" + _SHA256 + digest
    right = bytearray(_padded(size, _SHA256 + digest))
    right[size // 2] = 0xFE
    forms = {
        "short": short.ljust(size, b"\x5a"),
        "block_type": _padded(size, _SHA256 + digest, kind=b"\x02"),
        "filling": bytes(right),
        "other_hash": _padded(size, _SHA512_256 + digest),
        "no_hash_name": _padded(size, digest),
    }
    if form not in forms:
        raise NotApplicableError(f"there is no form {form} of a padding")
    return _with(token, _raised(int.from_bytes(forms[form]), private.private_numbers()).to_bytes(size))


def _raised(number: int, key: RSAPrivateNumbers) -> int:
    """A number to the power of the private exponent, in a third of the time by the two primes (RFC 8017 5.1.2)."""
    first, second = pow(number, key.dmp1, key.p), pow(number, key.dmq1, key.q)
    return second + key.q * (key.iqmp * (first - second) % key.p)


@mutation("RFC 8017 8.2.2")
def cube_root(token: SignedToken, context: Context, *, key: str = "platform") -> SignedToken:
    """A number whose cube begins like a padded hash: to a key with the exponent three it may look signed."""
    size = _key(context, key).key_size // 8
    begins = b"\0\1" + b"\xff" * _SHORT + b"\0" + _SHA256 + _digest(token)
    return _with(token, _root(int.from_bytes(begins.ljust(size, b"\0"))).to_bytes(size))


def _root(cube: int) -> int:
    """The smallest number whose cube is at least this one."""
    low, high = 0, 1 << (cube.bit_length() // 3 + 1)
    while low < high:
        middle = (low + high) // 2
        low, high = (low, middle) if middle**3 >= cube else (middle + 1, high)
    return low


@mutation("RFC 8017 3.1")
def unsigned(token: SignedToken, context: Context, *, key: str = "platform") -> SignedToken:
    """The padded hash itself stands for its signature: with a key whose exponent is one the two are the same."""
    size = _key(context, key).key_size // 8
    return _with(token, _padded(size, _SHA256 + _digest(token)))


@mutation("RFC 8017 5.2.2")
def number(token: SignedToken, context: Context, *, form: str, key: str = "platform") -> SignedToken:
    """The signature is a number at the edge of what the key can make, or beyond it.

    Args:
        form: `modulus_minus_one`, `modulus`, or `modulus_added` to the right signature.
        key: the key whose modulus is meant.
    """
    private = _key(context, key)
    modulus = private.public_key().public_numbers().n
    numbers = {"modulus_minus_one": modulus - 1, "modulus": modulus}
    if form == "modulus_added":
        genuine = context.keys.signature("RS256", key, _split(token)[0])
        numbers[form] = int.from_bytes(genuine) + modulus
    if form not in numbers:
        raise NotApplicableError(f"there is no form {form} of a signature's number")
    size = max(private.key_size, numbers[form].bit_length())
    return _with(token, numbers[form].to_bytes((size + 7) // 8))


@mutation("RFC 7516 3.1")
def encrypted(
    token: SignedToken,
    *,
    algorithm: str = "dir",
    bomb_mib: int = 0,
    rounds: int = 0,
) -> SignedToken:
    """The token comes encrypted, in five parts, under a key of zeros.

    Args:
        algorithm: what the header says about the key.
        bomb_mib: this much text stands compressed in it instead of the token, for a reader that unpacks it.
        rounds: how often the header asks to hash a password before anything else.
    """
    header: dict[str, object] = {"alg": algorithm, "enc": "A256GCM", "cty": "JWT"}
    text = token.text.encode()
    if bomb_mib:
        header["zip"] = "DEF"
        text = _bomb(bomb_mib)
    if rounds:
        header |= {"p2s": b64url(bytes(16)), "p2c": rounds}
    protected = b64url(json.dumps(header, separators=(",", ":")).encode())
    sealed = AESGCM(bytes(32)).encrypt(bytes(12), text, protected.encode())
    wrapped = b"" if algorithm == "dir" else bytes(40)
    parts = (wrapped, bytes(12), sealed[:-16], sealed[-16:])
    return SignedToken(text=".".join((protected, *map(b64url, parts))))


# It takes as long to pack as a dozen launches to send, and is the same each time.
@functools.lru_cache(maxsize=4)
def _bomb(size_mib: int) -> bytes:
    return _deflated(b"\0" * size_mib * 1024 * 1024)


def _deflated(data: bytes) -> bytes:
    """Data compressed without a header around it (RFC 1951), as JWE wants it."""
    packer = zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS)
    return packer.compress(data) + packer.flush()
