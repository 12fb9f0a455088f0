"""Flask: an application object or a factory, its routes and its blueprints."""

from __future__ import annotations

from conformance.beginning.framework import Framework
from conformance.beginning.routing import Vocabulary

__all__ = ["RANK", "find"]

RANK = 20
_RUN = "flask --app {target} run --port {port}"
find = Framework(
    name="Flask",
    words=Vocabulary(
        apps=frozenset({"Flask"}),
        parts=frozenset({"Blueprint"}),
        prefix="url_prefix",
        include="register_blueprint",
        decorators=frozenset({"route"}),
        replaces=True,
        plain_methods=frozenset({"GET"}),
    ),
    package="flask",
    run=_RUN,
    factory=_RUN,
    port=5000,
).find
