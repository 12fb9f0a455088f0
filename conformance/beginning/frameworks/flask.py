"""Flask: an application object or a factory, its routes and its blueprints."""

from __future__ import annotations

from collections.abc import Iterator

from conformance.beginning.routing import Vocabulary, applications, port_in
from conformance.beginning.serving import hints_in, served
from conformance.beginning.sources import Folder
from conformance.beginning.values import Application

__all__ = ["RANK", "find"]

RANK = 20
_WORDS = Vocabulary(
    apps=frozenset({"Flask"}),
    parts=frozenset({"Blueprint"}),
    prefix="url_prefix",
    include="register_blueprint",
    decorators=frozenset({"route"}),
    replaces=True,
    plain_methods=frozenset({"GET"}),
)
_RUN = "flask --app {target} run --port {port}"


def find(folder: Folder) -> Iterator[Application]:
    """The Flask applications of a folder."""
    for made, routes in applications(folder, _WORDS):
        port = port_in(made.source, "run")
        way = served(folder, made, "flask", _RUN, factory=_RUN, own_port=port)
        yield Application(
            framework="Flask",
            where=made.source.where(made.call),
            routes=routes,
            port=port or 5000,
            app=way.app,
            start=way.start,
            hints=hints_in(folder),
        )
