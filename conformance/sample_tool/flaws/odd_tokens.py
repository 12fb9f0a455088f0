"""Flaws that only a token shows which somebody built by hand: its padding, its encoding, its odd headers."""

from __future__ import annotations

import dataclasses
import hmac
import json
import re
from collections.abc import Callable, Mapping
from hashlib import sha256
from typing import Any, Final
from unicodedata import category

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

from conformance.sample_tool import message, protocol
from conformance.sample_tool.compact import json_object, read_token, strict_base64url
from conformance.sample_tool.flaws.crashes import unexpected
from conformance.sample_tool.flaws.kinds import Flaw, insert, replace
from conformance.sample_tool.flaws.tokens import algorithm_or_hmac
from conformance.sample_tool.message import CLAIM, member
from conformance.sample_tool.model import Launch
from conformance.sample_tool.protocol import token_of
from conformance.sample_tool.refusal import Refusal
from conformance.sample_tool.values import NAMES

__all__ = ["FLAWS"]

SHA256_INFO = bytes.fromhex("3031300d060960864801650304020105000420")
EXTENSIONS: Final[Mapping[str, Callable[[Any], None]]] = {}


def signature_of_beginning(launch: Launch) -> Launch:
    """Reads the padding from its beginning and stops behind the hash."""
    return _by_hand(launch, _begins_right)


def signature_of_end(launch: Launch) -> Launch:
    """Compares the hash at the end and none of the padding before it."""
    return _by_hand(launch, lambda padded, digest: padded.endswith(digest))


async def key_of_any_exponent(launch: Launch) -> Launch:
    """Builds the keys by hand, so that nobody minds an exponent of one."""
    try:
        return await protocol.key(launch)
    except Refusal:
        if not _moduli_of_exponent_one(launch):
            raise
        return launch


def signature_of_any_exponent(launch: Launch) -> Launch:
    """Verifies with what the keys say, an exponent of one included."""
    token, moduli = token_of(launch), _moduli_of_exponent_one(launch)
    right = SHA256_INFO + sha256(token.signed).digest()
    if any(_padded(right, modulus) == int.from_bytes(token.signature) for modulus in moduli):
        return _believed(launch)
    return protocol.signature(launch)


def signature_by_guessable_secret(launch: Launch) -> Launch:
    """Verifies by HMAC with the secret that stood in the manual."""
    return _believed(launch) if _is_by(launch, b"secret") else protocol.signature(launch)


def signature_by_entry(launch: Launch) -> Launch:
    """Verifies by HMAC with the key's own entry in the key set, as it would be written."""
    known = launch.tool.key_sets.cached(launch.integration.jwks_url)
    entries = known.named(token_of(launch).header["kid"]) if known else ()
    public = (json.dumps(entry, separators=(",", ":")).encode() for entry in entries)
    return _believed(launch) if any(_is_by(launch, entry) for entry in public) else protocol.signature(launch)


def shape_of_beginning(launch: Launch) -> Launch:
    """Reads one JSON value and does not ask whether anything follows."""
    return _shaped(launch, _first_object)


def shape_of_repaired_text(launch: Launch) -> Launch:
    """Puts a question mark where the bytes are no text."""
    return _shaped(launch, lambda data: json_object(data.decode("utf-8", "replace").encode()))


def tidied(launch: Launch) -> Launch:
    """Takes the token out of whatever it was pasted with."""
    return dataclasses.replace(launch, id_token=launch.id_token.strip().removeprefix("Bearer ").strip())


def known_extensions(launch: Launch) -> Launch:
    """Looks up how to treat each extension that the header speaks of."""
    header = token_of(launch).header
    for name in (*header.get("crit", ()), *(header.keys() & {"b64"})):
        EXTENSIONS[name](header)
    return launch


def textual_type(launch: Launch) -> Launch:
    """Reads the type without its case."""
    _ = token_of(launch).header.get("typ", "JWT").upper()
    return launch


def inner_token(launch: Launch) -> Launch:
    """Opens the token that is said to be inside this one."""
    token = token_of(launch)
    if token.header.get("cty") == "JWT":
        read_token(token.payload["jwt"])
    return launch


def texts_in_file_names(launch: Launch) -> Launch:
    """Names a file after the person and the course."""
    texts = (*map(launch.claims.get, NAMES), member(launch.claims, CLAIM + "context").get("title"))
    if any(category(character) in ("Cc", "Cf") for text in texts if isinstance(text, str) for character in text):
        raise ValueError("Invalid argument: file name")
    return launch


def id_in_a_header(launch: Launch) -> Launch:
    """Writes the user id into a header of the answer, where only Latin letters may stand."""
    subject = launch.claims.get("sub")
    if isinstance(subject, str):
        subject.encode("latin-1")
    return launch


def _by_hand(launch: Launch, right: Callable[[bytes, bytes], bool]) -> Launch:
    """The launch, believed if the number that a key makes of the signature looks right."""
    token = token_of(launch)
    digest = sha256(token.signed).digest()
    if any(right(_opened(key, token.signature), digest) for key in launch.keys):
        return _believed(launch)
    return protocol.signature(launch)


def _opened(key: RSAPublicKey, signature: bytes) -> bytes:
    numbers = key.public_numbers()
    return pow(int.from_bytes(signature), numbers.e, numbers.n).to_bytes(key.key_size // 8)


def _begins_right(padded: bytes, digest: bytes) -> bool:
    return re.match(b"\0\1\xff+\0" + re.escape(SHA256_INFO + digest), padded) is not None


def _moduli_of_exponent_one(launch: Launch) -> tuple[int, ...]:
    known = launch.tool.key_sets.cached(launch.integration.jwks_url)
    entries = known.named(str(token_of(launch).header["kid"])) if known else ()
    return tuple(int.from_bytes(strict_base64url(entry["n"])) for entry in entries if entry.get("e") == "AQ")


def _padded(content: bytes, modulus: int) -> int:
    filling = b"\xff" * ((modulus.bit_length() + 7) // 8 - len(content) - 3)
    return int.from_bytes(b"\0\1" + filling + b"\0" + content)


def _is_by(launch: Launch, secret: bytes) -> bool:
    """Whether the token is signed with a secret."""
    token = token_of(launch)
    right = hmac.digest(secret, token.signed, "sha256")
    return token.header.get("alg") == "HS256" and hmac.compare_digest(right, token.signature)


def _believed(launch: Launch) -> Launch:
    return dataclasses.replace(launch, claims=token_of(launch).payload)


def _shaped(launch: Launch, parse: Callable[[bytes], Mapping[str, Any]]) -> Launch:
    try:
        return dataclasses.replace(launch, token=read_token(launch.id_token, parse=parse))
    except ValueError:
        return protocol.shape(launch)


def _first_object(data: bytes) -> dict[str, Any]:
    text = data.decode("utf-8")
    _, end = json.JSONDecoder().raw_decode(text)
    return json_object(text[:end].encode())


FLAWS: Final = (
    Flaw(
        name="bytes-behind-hash-ignored",
        why="The padding is read from its beginning, and whatever stands behind the hash is never looked at.",
        profile="core",
        changes=(replace(protocol.signature, by=signature_of_beginning),),
    ),
    Flaw(
        name="padding-unread",
        why="The hash is compared with the last bytes of what the signature yields, and nobody reads the padding.",
        profile="core",
        changes=(replace(protocol.signature, by=signature_of_end),),
    ),
    Flaw(
        name="exponent-of-one-accepted",
        why="Keys are built by hand: with an exponent of one everybody can sign, and nobody notices.",
        profile="core",
        changes=(
            replace(protocol.key, by=key_of_any_exponent),
            replace(protocol.signature, by=signature_of_any_exponent),
        ),
    ),
    Flaw(
        name="guessable-secret-accepted",
        why="HMAC is allowed for tests, and its secret is the word that stood in the manual.",
        profile="core",
        changes=(
            replace(protocol.algorithm, by=algorithm_or_hmac),
            replace(protocol.signature, by=signature_by_guessable_secret),
        ),
    ),
    Flaw(
        name="public-entry-as-secret",
        why="The header may choose HS256, and the library takes the public key's entry in the key set for the secret.",
        profile="core",
        changes=(
            replace(protocol.algorithm, by=algorithm_or_hmac),
            replace(protocol.signature, by=signature_by_entry),
        ),
    ),
    Flaw(
        name="rest-of-json-ignored",
        why="A streaming parser stops behind the first object, and what follows is seen by others only.",
        profile="core",
        changes=(replace(protocol.shape, by=shape_of_beginning),),
    ),
    Flaw(
        name="broken-text-repaired",
        why="Bytes that are no text are replaced, so that two different tokens read alike.",
        profile="core",
        changes=(replace(protocol.shape, by=shape_of_repaired_text),),
    ),
    Flaw(
        name="token-tidied",
        why="The code that reads access tokens from headers reads this token, too, and trims what does not belong.",
        profile="core",
        changes=(insert(tidied, before=protocol.state),),
    ),
    Flaw(
        name="extensions-crash",
        why="Extensions are looked up by `EXTENSIONS[name]`, and a name that is not there was never tried.",
        profile="class",
        changes=unexpected(insert(known_extensions, before=protocol.critical)),
    ),
    Flaw(
        name="odd-type-crashes",
        why="The type is compared as `header['typ'].upper()`, and once it is a number.",
        profile="class",
        changes=unexpected(insert(textual_type, before=protocol.typ)),
    ),
    Flaw(
        name="nested-token-crashes",
        why="A content type of JWT promises a token inside, and the tool opens it unseen.",
        profile="class",
        changes=unexpected(insert(inner_token, before=protocol.typ)),
    ),
    Flaw(
        name="invisible-characters-crash",
        why="Files are named after people and courses, and no file may have characters that nobody can see.",
        profile="class",
        changes=unexpected(insert(texts_in_file_names, before=message.subject)),
    ),
    Flaw(
        name="ids-beyond-latin-crash",
        why="The user id is sent along in a header, and headers know no letters but Latin ones.",
        profile="class",
        changes=unexpected(insert(id_in_a_header, before=message.subject)),
    ),
)
