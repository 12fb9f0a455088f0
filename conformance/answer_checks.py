"""Checks of what a tool sends back to deep linking requests."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from conformance.model import Observation

__all__ = [
    "answer_explains",
    "answer_is_right",
    "answer_keeps_data",
    "answer_keeps_to_one",
    "answer_keeps_to_types",
    "answers_differ",
]

DL = "https://purl.imsglobal.org/spec/lti-dl/claim/"


def answer_is_right(seen: Observation) -> str | None:
    """The answer to a deep linking request is one that a platform takes (SEC 5.2.2, DL 4.5)."""
    if not seen.answers:
        return "the tool did not send what was picked back to the platform"
    return "; ".join(seen.answers[-1].problems) or None


def answer_keeps_data(seen: Observation) -> str | None:
    """The platform gets its data back as it was (DL 4.5.5)."""
    if not seen.answers:
        return None
    sent, back = seen.answers[-1].asked.get("data"), seen.answers[-1].claims.get(DL + "data")
    return None if sent == back else f"data came back as {back!r}, and was {sent!r}"


def answer_keeps_to_one(seen: Observation) -> str | None:
    """One item comes back where the platform takes only one (DL 4.4.1)."""
    count = len(_items(seen))
    return f"{count} items came back, and the platform takes one" if count > 1 else None


def answer_keeps_to_types(seen: Observation) -> str | None:
    """Only items of accepted types come back (DL 4.4.1)."""
    accepted = seen.answers[-1].asked.get("accept_types") if seen.answers else None
    foreign = sorted({str(item.get("type")) for item in _items(seen)} - set(accepted or ()))
    return f"an item of the type {foreign[0]} came back, which the platform does not take" if foreign else None


def answers_differ(seen: Observation) -> str | None:
    """No two answers have the same nonce (SEC 5.2.2)."""
    nonces = [str(answer.claims.get("nonce")) for answer in seen.answers]
    return "two answers to deep linking requests have the same nonce" if len(set(nonces)) < len(nonces) else None


def answer_explains(seen: Observation) -> str | None:
    """An answer without an item says why (DL 4.5.9, 4.5.10)."""
    if not seen.answers:
        return "the person is left in the tool, and the platform never learns that nothing was picked"
    told = [seen.answers[-1].claims.get(DL + name) for name in ("msg", "errormsg")]
    return None if any(told) or _items(seen) else "an answer without an item has no errormsg for the person"


def _items(seen: Observation) -> list[Mapping[str, Any]]:
    found = seen.answers[-1].claims.get(DL + "content_items") if seen.answers else None
    return [item for item in found if isinstance(item, dict)] if isinstance(found, list) else []
