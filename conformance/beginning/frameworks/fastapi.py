"""FastAPI: an application object or a factory, its routes and its routers."""

from __future__ import annotations

from collections.abc import Iterator

from conformance.beginning.routing import Vocabulary, applications, port_in
from conformance.beginning.serving import hints_in, served
from conformance.beginning.sources import Folder
from conformance.beginning.values import Application

__all__ = ["RANK", "find"]

RANK = 20
_WORDS = Vocabulary(
    apps=frozenset({"FastAPI"}),
    parts=frozenset({"APIRouter"}),
    prefix="prefix",
    include="include_router",
    decorators=frozenset({"api_route", "route"}),
    replaces=False,
    plain_methods=frozenset({"GET"}),
)
_RUN = "uvicorn {target} --port {port}"


def find(folder: Folder) -> Iterator[Application]:
    """The FastAPI applications of a folder."""
    for made, routes in applications(folder, _WORDS):
        port = port_in(made.source, "run")
        way = served(folder, made, "fastapi", _RUN, factory=f"{_RUN} --factory", own_port=port)
        yield Application(
            framework="FastAPI",
            where=made.source.where(made.call),
            routes=routes,
            port=port or 8000,
            app=way.app,
            start=way.start,
            hints=hints_in(folder),
        )
