"""Reports that were kept: from JSON back to the dossier that they tell. Pure."""

from __future__ import annotations

import json

from conformance.dossier import SCHEMA, Dossier
from mockplatform.errors import UsageError
from mockplatform.tables import build

__all__ = ["read_dossier"]


def read_dossier(text: str, *, where: str) -> Dossier:
    """The dossier of a JSON report; the inverse of `reports.as_json.render`.

    Args:
        where: how messages name the report, usually its path.

    Raises:
        UsageError: it is none.
    """
    try:
        document = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise UsageError(f"{where}: no JSON report: {error}") from None
    if not isinstance(document, dict) or document.get("schema") != SCHEMA:
        raise UsageError(f'{where}: no report of lti-conformance: its "schema" is not "{SCHEMA}"')
    return build(Dossier, document, where=f"{where}:")
