"""FastAPI: an application object or a factory, its routes and its routers."""

from __future__ import annotations

from conformance.beginning.framework import Framework
from conformance.beginning.routing import Vocabulary

__all__ = ["RANK", "find"]

RANK = 20
_RUN = "uvicorn {target} --port {port}"
find = Framework(
    name="FastAPI",
    words=Vocabulary(
        apps=frozenset({"FastAPI"}),
        parts=frozenset({"APIRouter"}),
        prefix="prefix",
        include="include_router",
        decorators=frozenset({"api_route", "route"}),
        replaces=False,
        plain_methods=frozenset({"GET"}),
    ),
    package="fastapi",
    run=_RUN,
    factory=f"{_RUN} --factory",
    port=8000,
).find
