"""The keys that a platform publishes and signs with, and how they change (SEC 6.3)."""

from __future__ import annotations

import functools
import importlib
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final

from mockplatform import flow
from mockplatform.decoys import decoy
from mockplatform.errors import UsageError
from mockplatform.keys import KeyRing, private_members
from mockplatform.misbehaving.arguments import NamedFunction, described, near_miss, public_functions
from mockplatform.model import KeySet
from mockplatform.mutation import Context, Spoilt, through
from mockplatform.records import KeyLife, ListedKey
from mockplatform.store import MemoryTable, Table

__all__ = ["NOW", "Act", "PlatformKeys", "acts", "check_key_life"]

Act = NamedFunction

NOW: Final = "now"
"""The key under which the only record of a key life lies."""
_UNTOUCHED = KeyLife()
_SIGNING: Final = re.compile(r"platform|rotated(?:-([2-9]|[1-9][0-9]{1,8}))?")
"""A key that signs or has signed, with its turn from the second one on."""
_EXTRA: Final = ("ec", "rotated-double", "rotated-leaked")
"""Keys that are published and sign nothing."""


def _as_is(honest: KeySet) -> KeySet:
    return honest


@functools.cache
def acts() -> Mapping[str, Act]:
    """What can happen to the keys of a platform, by name."""
    functions = public_functions(importlib.import_module("mockplatform.key_acts"))
    return {name: described(name, functions[name]) for name in sorted(functions)}


def check_key_life(life: KeyLife, *, where: str) -> None:
    """Make sure that a platform can publish and sign so.

    Args:
        where: how a complaint begins.

    Raises:
        UsageError: it names a key that no act makes, or a number is out of range.
    """
    counts = {"turns": life.turns, "fetches": life.fetches, "fetches_before": life.fetches_before}
    for name, count in counts.items():
        if count < 0:
            raise UsageError(f"{where}: {name} is {count}, expected 0 or more")
    if life.decoys:
        acts()["many"].check({"count": life.decoys}, where=where)
    if life.max_age_s is not None:
        acts()["cache_control"].check({"max_age_s": life.max_age_s}, where=where)
    _check_key("signing", life.signing, life, where)
    _check_key("kid_of", life.kid_of or life.signing, life, where)
    for index, entry in enumerate(life.listed):
        place = f"listed[{index}]"
        _check_key(f"{place}.key", entry.key or "platform", life, where, further=_EXTRA)
        _check_key(f"{place}.kid_of", entry.kid_of or "platform", life, where)
        if entry.has_private_half and entry.key in ("", "ec"):
            raise UsageError(f"{where}: {place}.key is {entry.key!r}, expected an RSA key if it has_private_half")
        if not isinstance(entry.members.get("kid", ""), str):
            raise UsageError(f"{where}: {place}.members.kid is no text, which a key id is (RFC 7517, section 4.5)")


def _check_key(name: str, key: str, life: KeyLife, where: str, *, further: Sequence[str] = ()) -> None:
    found = _SIGNING.fullmatch(key)
    turn = 0 if key == "platform" else int(found[1] or 1) if found else None
    if (turn is None or turn > life.turns) and key not in further:
        hint = f", rotated-2 … as {life.turns} turns have made" if life.turns > 1 else " if turns is 1 or more"
        others = "".join(f", {other}" for other in further)
        raise UsageError(f"{where}: {name} is {key!r}, expected platform{others}, or rotated{hint}")


@dataclass(slots=True, kw_only=True)
class PlatformKeys:
    """What the key set endpoint publishes: an honest set and, for a while, lies about it.

    Args:
        extra_kid: a fresh key id under which the platform's key is listed once more.
        life: where it is kept what is published and what signs; memory of its own unless given.
        shape: an honest set as this platform publishes it.
    """

    ring: KeyRing
    mutations: Sequence[Spoilt] = ()
    context: Context | None = None
    extra_kid: str | None = None
    life: Table[KeyLife] = field(default_factory=MemoryTable)
    shape: Callable[[KeySet], KeySet] = _as_is

    @property
    def now(self) -> KeyLife:
        """What is published, what signs, and how often the set was asked for."""
        return self.life.get(NOW) or _UNTOUCHED

    @property
    def fetches(self) -> int:
        """How many times the set was asked for."""
        return self.now.fetches

    @property
    def fetches_since_act(self) -> int:
        """How many of these came after the last act: a tool ought to ask once for a key id that is new to it."""
        now = self.now
        return now.fetches - now.fetches_before

    def act(self, name: str, /, **settings: Any) -> KeyLife:
        """Let something happen to the keys: what is published, and what signs, from now on.

        Raises:
            UsageError: there is no such act, or it has no such setting.
        """
        if name not in acts():
            hint = near_miss(name, acts()) or f"; the acts are: {', '.join(acts())}"
            raise UsageError(f"key set: unknown act '{name}'{hint}")
        acts()[name].check(settings, where="key set")
        function: Callable[..., KeyLife] = acts()[name].function
        life = self._change(lambda life: replace(function(life, **settings), fetches_before=life.fetches))
        for entry in life.listed:
            if entry.key:
                self.ring.jwk(entry.key)  # made here, so that nobody who asks for the set has to wait for it
        return life

    def served(self) -> KeySet:
        """The answer of the endpoint to a request, which is counted."""
        return self._published(self._change(lambda life: replace(life, fetches=life.fetches + 1)))

    def publish(self) -> KeySet:
        """The answer of the endpoint now."""
        return self._published(self.now)

    def signing_key(self) -> tuple[str, str]:
        """The name of the key that signs honest tokens now, and the key id that they name."""
        now = self.now
        return now.signing, self.ring.kid(now.kid_of or now.signing)

    def signing_kid(self) -> str:
        """The key id that honest tokens name now."""
        return self.signing_key()[1]

    def _change(self, edit: Callable[[KeyLife], KeyLife]) -> KeyLife:
        self.life.add(NOW, _UNTOUCHED)
        return self.life.change(NOW, edit) or _UNTOUCHED

    def _published(self, life: KeyLife) -> KeySet:
        listed = (entry for entry in life.listed if life.fetches > entry.after or entry.after == 0)
        keys = [*(decoy(f"decoy-{number}") for number in range(life.decoys)), *map(self._jwk, listed)]
        if self.extra_kid is not None:
            keys.append(dict(self.ring.jwk("platform")) | {"kid": self.extra_kid})
        honest = self.shape(flow.key_set(*(_stripped(key, life.without) for key in keys)))
        if life.max_age_s is not None:
            honest = replace(honest, headers=(("cache-control", f"public, max-age={life.max_age_s}"),))
        return honest if self.context is None else through(honest, self.mutations, self.context)

    def _jwk(self, entry: ListedKey) -> Mapping[str, Any]:
        jwk = dict(self.ring.jwk(entry.key)) if entry.key else {}
        if entry.has_private_half:
            jwk |= private_members(self.ring.private(entry.key))
        if entry.kid_of:
            jwk["kid"] = self.ring.kid(entry.kid_of)
        return {**jwk, **entry.members}


def _stripped(key: Mapping[str, Any], without: Sequence[str]) -> Mapping[str, Any]:
    return {name: value for name, value in key.items() if name not in without} if without else key
