from __future__ import annotations

import base64
import hashlib
import json
import zlib

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from joserfc import jws
from joserfc.errors import BadSignatureError
from joserfc.jwk import RSAKey

from mockplatform import flow
from mockplatform.keys import KeyRing, sign
from mockplatform.model import SignedToken
from mockplatform.mutation import Context, NotApplicableError, bind
from tests.mockplatform.makers import NOW_S, make_auth_request, make_launch

# RFC 8017, section 9.2, note 1.
SHA256_INFO = bytes.fromhex("3031300d060960864801650304020105000420")
FORGERIES = (
    "forgery.padding(form='short')",
    "forgery.padding(form='block_type')",
    "forgery.padding(form='filling')",
    "forgery.padding(form='other_hash')",
    "forgery.padding(form='no_hash_name')",
    "forgery.number(form='modulus_minus_one')",
    "forgery.number(form='modulus')",
    "forgery.number(form='modulus_added')",
    "forgery.cube_root",
    "forgery.unsigned",
)


@pytest.fixture(scope="module")
def honest(keys: KeyRing) -> SignedToken:
    """A token that the platform really signed."""
    token = flow.id_token(make_launch(), make_auth_request(), kid=keys.kid("platform"), now_s=NOW_S)
    return sign(token, keys)


def spoil(text: str, token: SignedToken, keys: KeyRing) -> SignedToken:
    context = Context(launch=make_launch(), keys=keys, canary_url="http://127.0.0.1:9400/canary/jwks")
    return bind(text, where="test")(token, context)


def public(keys: KeyRing) -> RSAPublicKey:
    key = keys.private("platform").public_key()
    assert isinstance(key, RSAPublicKey)
    return key


def decoded(part: str) -> bytes:
    return base64.urlsafe_b64decode(part + "==")


def opened(token: SignedToken, key: RSAPublicKey, *, exponent: int | None = None) -> bytes:
    """What a key makes of the signature, before anybody looks at its padding."""
    numbers = key.public_numbers()
    signature = int.from_bytes(decoded(token.text.rpartition(".")[2]))
    return pow(signature, exponent or numbers.e, numbers.n).to_bytes(key.key_size // 8)


def digest(token: SignedToken) -> bytes:
    return hashlib.sha256(token.text.rpartition(".")[0].encode()).digest()


@pytest.mark.parametrize("text", FORGERIES)
def test_careful_libraries_refuse_a_forgery(text: str, honest: SignedToken, keys: KeyRing) -> None:
    """What was signed stays as it was, and two libraries of different making find the signature wrong."""
    forged = spoil(text, honest, keys)
    signed, _, signature = forged.text.rpartition(".")

    assert signed == honest.text.rpartition(".")[0]
    with pytest.raises(InvalidSignature):
        public(keys).verify(decoded(signature), signed.encode(), PKCS1v15(), SHA256())
    with pytest.raises(BadSignatureError):
        jws.deserialize_compact(forged.text, RSAKey.import_key({**keys.jwk("platform")}), algorithms=["RS256"])


@pytest.mark.parametrize(
    ("form", "begins", "ends_with_hash"),
    [
        ("short", b"\0\1" + b"\xff" * 8 + b"\0" + SHA256_INFO, False),
        ("block_type", b"\0\2\xff", True),
        ("filling", b"\0\1\xff", True),
        ("other_hash", b"\0\1\xff", True),
        ("no_hash_name", b"\0\1" + b"\xff" * 221 + b"\0", True),
    ],
)
def test_a_forged_padding_holds_the_right_hash(
    form: str, begins: bytes, ends_with_hash: bool, honest: SignedToken, keys: KeyRing
) -> None:
    """Only the padding is wrong: who finds the hash in it without reading it all is content."""
    forged = spoil(f"forgery.padding(form='{form}')", honest, keys)
    padded = opened(forged, public(keys))

    assert padded.startswith(begins)
    assert digest(forged) in padded
    assert padded.endswith(digest(forged)) is ends_with_hash


def test_a_cube_begins_like_a_signature(honest: SignedToken, keys: KeyRing) -> None:
    """Under the exponent three the padding begins rightly and the hash is the token's, without a private key."""
    forged = spoil("forgery.cube_root", honest, keys)

    begins = b"\0\1" + b"\xff" * 8 + b"\0" + SHA256_INFO + digest(forged)
    assert opened(forged, public(keys), exponent=3).startswith(begins)


def test_under_the_exponent_one_nothing_has_to_be_signed(honest: SignedToken, keys: KeyRing) -> None:
    """The signature is the very padding that a genuine signature of the same bytes holds."""
    forged = spoil("forgery.unsigned", honest, keys)

    assert opened(forged, public(keys), exponent=1) == opened(honest, public(keys))


def test_the_numbers_are_where_they_say(honest: SignedToken, keys: KeyRing) -> None:
    """One below the modulus, the modulus itself, and the genuine signature with the modulus added."""
    modulus = public(keys).public_numbers().n
    genuine = int.from_bytes(decoded(honest.text.rpartition(".")[2]))

    def number(form: str) -> int:
        forged = spoil(f"forgery.number(form='{form}')", honest, keys)
        return int.from_bytes(decoded(forged.text.rpartition(".")[2]))

    assert number("modulus_minus_one") == modulus - 1
    assert number("modulus") == modulus
    assert number("modulus_added") == genuine + modulus


def test_an_encrypted_token_has_five_parts_and_the_honest_one_inside(honest: SignedToken, keys: KeyRing) -> None:
    """It can be opened with the key of zeros, as RFC 7516 wants it."""
    header, key, nonce, sealed, tag = spoil("forgery.encrypted", honest, keys).text.split(".")
    inside = AESGCM(bytes(32)).decrypt(decoded(nonce), decoded(sealed) + decoded(tag), header.encode())

    assert json.loads(decoded(header)) == {"alg": "dir", "enc": "A256GCM", "cty": "JWT"}
    assert (key, inside) == ("", honest.text.encode())


def test_a_small_token_unpacks_to_a_large_text(honest: SignedToken, keys: KeyRing) -> None:
    """A mebibyte takes less than two kilobytes."""
    text = spoil("forgery.encrypted(bomb_mib=1)", honest, keys).text
    header, _, nonce, sealed, tag = text.split(".")
    inside = AESGCM(bytes(32)).decrypt(decoded(nonce), decoded(sealed) + decoded(tag), header.encode())

    assert json.loads(decoded(header))["zip"] == "DEF"
    assert len(text) < 2048
    assert len(zlib.decompress(inside, wbits=-zlib.MAX_WBITS)) == 1024 * 1024


def test_a_password_is_to_be_hashed_for_ever(honest: SignedToken, keys: KeyRing) -> None:
    """The header asks for so many rounds."""
    text = spoil("forgery.encrypted(algorithm='PBES2-HS256+A128KW', rounds=99)", honest, keys).text

    assert json.loads(decoded(text.split(".")[0]))["p2c"] == 99


@pytest.mark.parametrize(
    "text",
    [
        "forgery.padding(form='long')",
        "forgery.padding(form='short', key='ec')",
        "forgery.number(form='zero')",
    ],
)
def test_a_forgery_that_nobody_knows_does_not_apply(text: str, honest: SignedToken, keys: KeyRing) -> None:
    """An unknown form, or a key without a modulus."""
    with pytest.raises(NotApplicableError):
        spoil(text, honest, keys)


def test_stray_bits_are_another_text_of_the_same_signature(honest: SignedToken, keys: KeyRing) -> None:
    """Decoders that drop the unused bits read the genuine signature."""
    text = spoil("signature.stray_bits", honest, keys).text

    assert text != honest.text
    assert text[:-1] == honest.text[:-1]
    assert decoded(text.rpartition(".")[2]) == decoded(honest.text.rpartition(".")[2])


@pytest.mark.parametrize("text", ["a.b.", "a.b.AAAA", "a.b.AA=="])
def test_a_signature_without_spare_bits_stays(text: str, keys: KeyRing) -> None:
    """Where no bits are left over, or the last character is no letter, there is no such lie."""
    with pytest.raises(NotApplicableError):
        spoil("signature.stray_bits", SignedToken(text=text), keys)
