"""Whether a tool's own word names a canonical error by itself.

A table of names made from the answers to known faults would make every later check pass, right or wrong. So a word is
taken only for what it says; what else it may stand for is left to a person.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from conformance.calibrating.samples import Sample
from conformance.errors import types
from conformance.sighting import Words

__all__ = ["Name", "names_of", "type_named"]

_ENDINGS = re.compile(r" ?\b(?:error|exception|err)$")
_NOT = r"(?:is |was |has |does |did |been |not )*"
_SAYINGS: Mapping[str, str] = {
    "TokenExpired": r"\b(?:token|jwt|signature|exp|launch|message)\b.* expired\b|^expired\b.*\b(?:token|jwt)"
    r"|^expired$|\btoken expiry\b|^(?:the )?(?:token|jwt) is too old",
    "SignatureInvalid": r"\b(?:invalid|bad|wrong|incorrect) (?:\w+ )?signature\b"
    r"|\bsignature (?:verification )?"
    + _NOT
    + r"(?:invalid|valid|failed|fails|mismatch|incorrect|wrong|verified|match)",
    "IssuerMismatch": r"\b(?:invalid|wrong|unexpected|bad) iss(?:uer)?\b"
    r"|\biss(?:uer)? " + _NOT + r"(?:invalid|mismatch|match|wrong|valid)",
    "AudienceMismatch": r"\b(?:invalid|wrong|unexpected|bad) aud(?:ience)?\b"
    r"|\baud(?:ience)? " + _NOT + r"(?:invalid|mismatch|match|wrong|valid)",
    "AlgorithmNotAllowed": r"\b(?:unsupported|invalid|disallowed|bad|wrong) alg(?:orithm)?\b"
    r"|\balg(?:orithm)? (?:\w+ )?" + _NOT + r"(?:allowed|supported|invalid|unsupported)",
    "StateMismatch": r"\b(?:invalid|wrong|unknown|bad) state\b"
    r"|\bstate " + _NOT + r"(?:invalid|mismatch|match|wrong|found|unknown|valid)",
    "NonceMissing": r"\b(?:missing|no|empty) nonce\b|\bnonce (?:claim )?" + _NOT + r"(?:missing|empty|absent|required)",
    "NonceReused": r"\b(?:reused|replayed|duplicate|used) nonce\b"
    r"|\bnonce " + _NOT + r"(?:already )?(?:reused|replayed|used|seen|spent)",
    "NonceNotFound": r"\bunknown nonce\b|\bnonce " + _NOT + r"(?:found|unknown)",
    "DeploymentNotFound": r"\b(?:unknown|find|no such) deployment\b"
    r"|\bdeployment (?:id )?" + _NOT + r"(?:found|unknown|registered)",
    "RegistrationNotFound": r"\b(?:unknown|find|no such) (?:registration|client|consumer key|platform|issuer)\b"
    r"|\b(?:registration|client|client id|consumer key|platform) " + _NOT + r"(?:found|unknown|registered)",
    "KidMissing": r"\bmissing kid\b|\bkid (?:header )?(?:is )?missing\b",
    "KidNotFound": r"\b(?:unknown|find) (?:kid|(?:public |signing )?key)\b|\b(?:kid|signing key|public key) "
    + _NOT
    + r"(?:found|unknown)",
    "MissingParameter": r"\bmissing (?:id token|(?:request |required )?param(?:eter)?s?|state param)\b"
    r"|\b(?:id token|parameter) (?:is )?(?:missing|required)\b",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Name:
    """A word of the tool.

    Args:
        type: the canonical type that the word itself names; None: a person has to say.
        could_be: the types that the catalogue expects of the faults under which the word was seen.
        labels: those faults.
    """

    word: str
    type: str | None
    could_be: tuple[str, ...]
    labels: tuple[str, ...]


def names_of(words: Mapping[str, tuple[str, ...]], refused: Mapping[str, Sample]) -> tuple[Name, ...]:
    """The words that the harness does not know already.

    Args:
        words: with the labels under which each was seen.
        refused: a refusal of each label.
    """
    known = Words({})
    return tuple(
        Name(
            word=word,
            type=type_named(word),
            could_be=tuple(dict.fromkeys(kind for label in labels if (kind := refused[label].type) is not None)),
            labels=labels,
        )
        for word, labels in words.items()
        if not known.knows(word)
    )


def type_named(word: str) -> str | None:
    """The canonical type that a word or sentence names by itself; None if it names none, or more than one."""
    phrase = _phrase(word)
    for name in types():
        if phrase.replace(" ", "") == name.lower():
            return name
    said = [name for name, pattern in _SAYINGS.items() if re.search(pattern, phrase)]
    return said[0] if len(said) == 1 else None


def _phrase(word: str) -> str:
    """Lower-case words: of `NonceReused`, `nonce_reused` and `NONCE-REUSED` the same."""
    apart = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", " ", word)
    return _ENDINGS.sub("", " ".join(re.findall(r"[a-z0-9]+", apart.lower())))
