"""Fields of a query or a form, and the origins of the addresses in them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

__all__ = ["Fields", "first", "only", "origin", "read_fields", "with_query"]

Fields = Mapping[str, tuple[str, ...]]

FIELD_LIMIT = 1000
DEFAULT_PORTS = {"http": 80, "https": 443}


def read_fields(encoded: str) -> Fields:
    """The fields of a query or an urlencoded body, each with all its values; too many fields count as none."""
    try:
        pairs = parse_qsl(encoded, keep_blank_values=True, max_num_fields=FIELD_LIMIT)
    except ValueError:
        return {}
    return gathered(pairs)


def gathered(pairs: Iterable[tuple[str, str]]) -> Fields:
    """Pairs as a mapping from each name to all its values."""
    fields: dict[str, tuple[str, ...]] = {}
    for name, value in pairs:
        fields[name] = (*fields.get(name, ()), value)
    return fields


def only(fields: Fields, name: str) -> str | None:
    """The value of a field that is given exactly once and is not empty (RFC 6749 3.1)."""
    values = fields.get(name, ())
    return values[0] if len(values) == 1 and values[0] else None


def first(fields: Fields, name: str) -> str | None:
    """The first value of a field, empty or not."""
    return next(iter(fields.get(name, ())), None)


def origin(url: object) -> tuple[str, str, int] | None:
    """Scheme, host and port of a web address; None for anything else."""
    try:
        parts = urlsplit(url) if isinstance(url, str) else urlsplit("")
        port = parts.port
    except ValueError:
        return None
    if parts.scheme not in DEFAULT_PORTS or not parts.hostname:
        return None
    return parts.scheme, parts.hostname, port or DEFAULT_PORTS[parts.scheme]


def with_query(url: str, fields: Mapping[str, str]) -> str:
    """The address with fields added to the query it already has."""
    parts = urlsplit(url)
    query = "&".join(part for part in (parts.query, urlencode(fields)) if part)
    return urlunsplit(parts._replace(query=query))
