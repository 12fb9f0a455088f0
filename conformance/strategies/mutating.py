"""Lies to draw: any mutation with any arguments, and lists of them.

What an argument may be follows from its name; one that is not listed here takes a value that the catalogue gives it.
Sizes are kept small enough for hundreds of launches a second, and times far enough from now: no drawn token changes
its meaning within two minutes of being made.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from conformance.catalogue import scenarios
from conformance.strategies.lazily import st
from conformance.strategies.values import characters, json_values, odd_texts, other_than
from mockplatform.claims import SHORT_NAMES
from mockplatform.model import AuthResponse, IdToken, KeySet, LoginRequest, SignedToken
from mockplatform.mutation import Mutation, Spoilt, bind
from mockplatform.mutation import mutations as registry

if TYPE_CHECKING:
    from hypothesis.strategies import SearchStrategy

__all__ = ["STAGES", "by_text", "claims_by_name", "mutations", "recipes", "spoilt"]

STAGES: tuple[type[Any], ...] = (LoginRequest, IdToken, SignedToken, AuthResponse, KeySet)
"""What a launch of LTI 1.3 is made of."""

NEAR_NOW = frozenset({"claims.expires_before_issued", "times.expires_after"})
"""Mutations whose tokens expire at about the moment at which they are sent."""

SIGNERS = frozenset(
    {
        "header.alg_none",
        "header.certificate_chain",
        "header.embedded_key",
        "header.hmac_with",
        "header.key_set_url",
        "header.signed_by",
        "signature.by_foreign_key",
        "signature.by_other_listed_key",
    }
)
"""Mutations that decide how a token is signed: two of them would ask for what no key can do."""

FAR_S = 3600
LONGEST_S = 10**9

CLAIMS = (
    "iss",
    "aud",
    "azp",
    "sub",
    "nonce",
    "name",
    "given_name",
    "family_name",
    "email",
    "locale",
    *SHORT_NAMES,
    "context.id",
    "context.title",
    "context.type",
    "resource_link.id",
    "resource_link.title",
    "launch_presentation.return_url",
    "launch_presentation.width",
    "tool_platform.name",
    "custom.resource",
)
HEADERS = ("alg", "kid", "typ", "cty", "crit", "jku", "jwk", "x5u", "x5c", "b64", "zip", "x-vendor")
LOGIN = ("iss", "login_hint", "target_link_uri", "lti_message_hint", "client_id", "lti_deployment_id", "x-vendor")
JWK = ("kid", "kty", "n", "e", "use", "alg", "key_ops", "x-vendor")

ALGORITHMS = ("none", "HS256", "RS384", "RS512", "ES256", "PS256", "EdDSA")

Draw = Callable[[], "SearchStrategy[Any]"]

SPECIAL: Mapping[str, Draw] = {
    "claims.bulky.kib": lambda: st.integers(1, 64),
    "claims.expired.by_s": lambda: st.integers(FAR_S, LONGEST_S),
    "claims.extra.count": lambda: st.integers(1, 60),
    "claims.issued_ahead.by_s": lambda: st.integers(FAR_S, LONGEST_S),
    "claims.issued_before.by_s": lambda: st.integers(0, 150),
    "claims.not_yet_valid.by_s": lambda: st.integers(FAR_S, LONGEST_S),
    "header.alg_claimed.name": lambda: st.one_of(st.sampled_from(ALGORITHMS), odd_texts()),
    "header.duplicate_member.name": lambda: st.sampled_from(HEADERS),
    "header.member.name": lambda: st.sampled_from(HEADERS),
    "header.without.member": lambda: st.sampled_from(HEADERS),
    "header.kid_long.length": lambda: st.integers(1, 20_000),
    "header.signed_by.algorithm": lambda: st.sampled_from(("RS256", "RS384", "PS256", "ES256")),
    "header.signed_by.key": lambda: st.sampled_from(("platform", "rotated", "foreign", "ec")),
    "key_set.among_many.count": lambda: st.integers(1, 100),
    "key_set.bulky.kib": lambda: st.integers(1, 64),
    "key_set.member.name": lambda: st.sampled_from(JWK),
    "key_set.status.code": lambda: st.integers(400, 599),
    "key_set.without_member.name": lambda: st.sampled_from(JWK),
    "login.long.length": lambda: st.integers(1, 20_000),
    "payload.nested.depth": lambda: st.integers(1, 2_000),
    "response.bulky.mib": lambda: st.just(1),
    "response.many_fields.count": lambda: st.integers(1, 2_000),
    "signature.segments.count": lambda: st.integers(1, 12),
    "times.issued_long_ago.by_s": lambda: st.integers(0, LONGEST_S),
    "times.not_before.by_s": lambda: st.integers(150, LONGEST_S),
    "times.not_before_as_text.by_s": lambda: st.integers(FAR_S, LONGEST_S),
}
"""Arguments that are always drawn, by mutation and name."""

BY_STAGE: Mapping[tuple[type[Any], str], Draw] = {
    (LoginRequest, "name"): lambda: st.sampled_from(LOGIN),
    (AuthResponse, "field"): lambda: st.sampled_from(("id_token", "state")),
}
BY_KIND: Mapping[tuple[str, Any], Draw] = {
    ("by", int): lambda: st.integers(1, 255),
    ("by", str): characters,
    ("claim", str): lambda: st.sampled_from(CLAIMS),
    ("description", str): odd_texts,
    ("first", Any): json_values,
    ("hexadecimal", str): lambda: st.binary(max_size=300).map(bytes.hex),
    ("length", int): lambda: st.integers(0, 2_000),
    ("number", int): lambda: st.integers(0, 4_095),
    ("other", Any): json_values,
    ("place", int): lambda: st.integers(0, 255),
    ("suffix", str): odd_texts,
    ("text", str): odd_texts,
    ("value", Any): other_than,
    ("value", str): odd_texts,
}
"""What an argument may be by its name and its type."""


def spoilt(name: str, /, **arguments: SearchStrategy[Any]) -> SearchStrategy[tuple[Spoilt, ...]]:
    """The mutation of this name with drawn arguments, as the only one of a launch; the others are left at home."""
    known = registry()[name]
    return st.fixed_dictionaries(arguments).map(lambda drawn: (Spoilt(mutation=known, arguments=drawn),))


def by_text(*texts: str) -> tuple[Spoilt, ...]:
    """Mutations as they are written."""
    return tuple(bind(text, where="a generated launch") for text in texts)


def claims_by_name(**values: SearchStrategy[Any]) -> SearchStrategy[tuple[Spoilt, ...]]:
    """Several claims with drawn values, those of members written with two underscores (`context__title`)."""
    known = registry()["claims.value"]

    def spoil(drawn: Mapping[str, Any]) -> tuple[Spoilt, ...]:
        named = ((name.replace("__", "."), value) for name, value in drawn.items())
        return tuple(Spoilt(mutation=known, arguments={"claim": claim, "value": value}) for claim, value in named)

    return st.fixed_dictionaries(values).map(spoil)


def mutations(*, stage: type[Any] | None = None) -> SearchStrategy[Spoilt]:
    """Any mutation with any arguments; those of one stage, or of all that a launch of LTI 1.3 is made of."""
    stages = STAGES if stage is None else (stage,)
    known = [m for name, m in registry().items() if m.stage in stages and name not in NEAR_NOW]
    return st.sampled_from(known).flatmap(_drawn)


def recipes(*, max_size: int = 6) -> SearchStrategy[tuple[Spoilt, ...]]:
    """Lists of mutations of any stages, none of them twice, and no more than one that decides how to sign."""
    # Drawn as unique, they would shrink badly: whoever takes one away renames those behind it.
    return st.lists(mutations(), max_size=max_size).map(_sendable)


def _sendable(drawn: Sequence[Spoilt]) -> tuple[Spoilt, ...]:
    found: dict[str, Spoilt] = {}
    for each in drawn:
        name = each.mutation.name
        found.setdefault("signer" if name in SIGNERS else name, each)
    return tuple(found.values())


def _drawn(mutation: Mutation) -> SearchStrategy[Spoilt]:
    always = {name for name in mutation.parameters if f"{mutation.name}.{name}" in SPECIAL}
    required = {n for n, p in mutation.parameters.items() if p.default is p.empty} | always
    given = {name: _argument(mutation, name) for name in mutation.parameters}
    return st.fixed_dictionaries(
        {name: drawn for name, drawn in given.items() if name in required},
        optional={name: drawn for name, drawn in given.items() if name not in required},
    ).map(lambda arguments: Spoilt(mutation=mutation, arguments=arguments))


def _argument(mutation: Mutation, name: str) -> SearchStrategy[Any]:
    parameter = mutation.parameters[name]
    listed = (
        SPECIAL.get(f"{mutation.name}.{name}")
        or BY_STAGE.get((mutation.stage, name))
        or BY_KIND.get((name, parameter.annotation))
    )
    if listed is not None:
        return listed()
    if parameter.annotation is bool:
        return st.booleans()
    default = () if parameter.default is parameter.empty else (parameter.default,)
    return st.sampled_from((*default, *_in_the_catalogue().get((mutation.name, name), ())))


@functools.cache
def _in_the_catalogue() -> Mapping[tuple[str, str], Sequence[Any]]:
    """The values that the catalogue gives to each argument of each mutation."""
    found: dict[tuple[str, str], list[Any]] = {}
    attempts = (attempt for scenario in scenarios() for attempt in (*scenario.before, scenario.attempt))
    for each in (each for attempt in attempts for each in attempt.mutations):
        for name, value in each.arguments.items():
            known = found.setdefault((each.mutation.name, name), [])
            if value not in known:
                known.append(value)
    return found
