"""How platforms publish their keys (SEC 6.3, RFC 7517)."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from mockplatform.decoys import decoy
from mockplatform.dialects.quirk import quirk
from mockplatform.dialects.values import in_form
from mockplatform.model import IdToken, KeySet, Launch
from mockplatform.mutation import header_of


@quirk("SEC 6.3", neutral=0, most=10_000)
def further(keys: KeySet, launch: Launch | None, setting: int) -> KeySet:  # noqa: ARG001
    """How many keys of the past stand before the present ones; nobody signs by them."""
    return replace(keys, keys=(*(decoy(f"past-{turn}") for turn in range(setting)), *keys.keys))


@quirk(
    "SEC 6.3",
    neutral="as_is",
    choices=("as_is", "uuid", "hex16", "hex20", "hex40", "capital_hex40", "timestamp", "odd"),
)
def kid(value: KeySet | IdToken, launch: Launch | None, setting: str) -> KeySet | IdToken:  # noqa: ARG001
    """The form of key ids, in the key set as in tokens; as they are, they are thumbprints."""
    if isinstance(value, IdToken):
        return replace(value, header=_renamed(header_of(value), setting))
    return replace(value, keys=tuple(_renamed(dict(key), setting) for key in value.keys))


def _renamed(members: dict[str, Any], form: str) -> dict[str, Any]:
    return dict(members) | ({"kid": in_form(members["kid"], form)} if "kid" in members else {})


@quirk("RFC 7517 4", neutral=(), choices=("alg", "use"))
def without(keys: KeySet, launch: Launch | None, setting: tuple[str, ...]) -> KeySet:  # noqa: ARG001
    """Optional members that published keys lack."""
    return replace(keys, keys=tuple({n: v for n, v in key.items() if n not in setting} for key in keys.keys))


@quirk("RFC 7517 8.5.2", neutral="application/json")
def content_type(keys: KeySet, launch: Launch | None, setting: str) -> KeySet:  # noqa: ARG001
    """The media type of the key set, such as `application/jwk-set+json`."""
    return replace(keys, content_type=setting)


@quirk("RFC 9111 5.2", neutral="public, max-age=300")
def cache_control(keys: KeySet, launch: Launch | None, setting: str) -> KeySet:  # noqa: ARG001
    """For how long a tool may keep the key set; empty: nothing is said of it."""
    kept = tuple(pair for pair in keys.headers if pair[0] != "cache-control")
    return replace(keys, headers=(*kept, ("cache-control", setting)) if setting else kept)


@quirk("RFC 6266 4.2", neutral=False)
def attachment(keys: KeySet, launch: Launch | None, setting: bool) -> KeySet:  # noqa: ARG001, FBT001
    """Whether the key set comes as a file to be saved, which means nothing to a client."""
    return replace(keys, headers=(*keys.headers, ("content-disposition", 'attachment; filename="keyset.json"')))
