"""What can happen to the keys of a platform (SEC 6.3): each function is one act, from a key life to the next.

Keys are named as in the key ring. A new one is always one that was never used before.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated

from mockplatform.decoys import decoy
from mockplatform.misbehaving.arguments import Within
from mockplatform.records import KeyLife, ListedKey

__all__ = [
    "cache_control",
    "duplicate_kid",
    "empty",
    "extra_keys",
    "many",
    "no_alg",
    "no_use",
    "private_members",
    "publish_late",
    "reset",
    "retire",
    "rotate",
    "same_kid_new_key",
]


def _successor(life: KeyLife) -> str:
    return "rotated" if life.turns == 0 else f"rotated-{life.turns + 1}"


def _turned(life: KeyLife, entry: ListedKey) -> KeyLife:
    """The key of an entry signs from now on, and the entry is the last of the set."""
    listed = (*life.listed, entry)
    return replace(life, signing=entry.key, kid_of=entry.kid_of, listed=listed, turns=life.turns + 1)


def rotate(life: KeyLife) -> KeyLife:
    """A new key signs; the old one is still published."""
    return _turned(life, ListedKey(key=_successor(life)))


def publish_late(life: KeyLife, *, fetches: Annotated[int, Within(1, 1000)] = 1) -> KeyLife:
    """A new key signs at once and is published only after the set was asked for that many times."""
    return _turned(life, ListedKey(key=_successor(life), after=life.fetches + fetches))


def retire(life: KeyLife) -> KeyLife:
    """Every key but the one that signs vanishes from the set."""
    return replace(life, listed=tuple(entry for entry in life.listed if entry.key == life.signing), decoys=0)


def same_kid_new_key(life: KeyLife) -> KeyLife:
    """A new key signs under the key id of the old one, which vanishes."""
    kept = tuple(entry for entry in life.listed if entry.key != life.signing)
    entry = ListedKey(key=_successor(life), kid_of=life.kid_of or life.signing)
    return _turned(replace(life, listed=kept), entry)


def duplicate_kid(life: KeyLife) -> KeyLife:
    """A key that signs nothing stands first, under the key id of the one that signs."""
    double = ListedKey(key="rotated-double", kid_of=life.kid_of or life.signing)
    return replace(life, listed=(double, *life.listed))


def private_members(life: KeyLife) -> KeyLife:
    """A further key is published with its private half; it signs nothing."""
    return replace(life, listed=(ListedKey(key="rotated-leaked", has_private_half=True), *life.listed))


def no_alg(life: KeyLife) -> KeyLife:
    """No published key has `alg`."""
    return replace(life, without=tuple(sorted({*life.without, "alg"})))


def no_use(life: KeyLife) -> KeyLife:
    """No published key has `use`."""
    return replace(life, without=tuple(sorted({*life.without, "use"})))


def extra_keys(life: KeyLife) -> KeyLife:
    """An elliptic-curve key, one for encryption and one of an unknown type stand before the others (honest)."""
    strangers = (
        ListedKey(key="ec"),
        ListedKey(key="", members={**decoy("encryption"), "use": "enc", "alg": "RSA-OAEP-256"}),
        ListedKey(key="", members={"kty": "mockplatform-unknown", "kid": "unknown"}),
    )
    return replace(life, listed=(*strangers, *life.listed))


def many(life: KeyLife, *, count: Annotated[int, Within(1, 10_000)] = 1000) -> KeyLife:
    """That many keys with other ids stand before the others."""
    return replace(life, decoys=count)


def empty(life: KeyLife) -> KeyLife:
    """No key is published, and tokens are signed all the same."""
    return replace(life, listed=(), decoys=0)


def cache_control(life: KeyLife, *, max_age_s: Annotated[int, Within(0, 31_536_000)] = 0) -> KeyLife:
    """The answer says how long it may be kept (RFC 9111, section 5.2.2.1)."""
    return replace(life, max_age_s=max_age_s)


def reset(life: KeyLife) -> KeyLife:
    """The first key signs again and is the only one that is published."""
    return KeyLife(turns=life.turns, fetches=life.fetches)
