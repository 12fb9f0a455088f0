"""Pages from the folder `pages`; whatever stands in them was escaped."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from mockplatform.endpoints.wire import platform_of
from mockplatform.model import Params

__all__ = ["NOT_STORED", "form", "page"]

# A page with a token in it is good for one use: no browser and no proxy may keep it (OAuth form_post, section 3).
NOT_STORED: Mapping[str, str] = {"cache-control": "no-store", "pragma": "no-cache"}


@functools.cache
def _templates() -> Environment:
    folder = Path(__file__).parent.parent / "pages"
    return Environment(
        loader=FileSystemLoader(folder),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )


def page(request: Request, name: str, **values: Any) -> str:
    """A page of the folder `pages`, as HTML."""
    return _templates().get_template(name).render(platform=platform_of(request), here=request.scope["path"], **values)


def form(request: Request, method: str, url: str, fields: Params) -> Response:
    """A page that goes on by itself to where the form is sent."""
    return HTMLResponse(
        page(request, "form_post.html", url=url, method=method.lower(), fields=fields), headers=NOT_STORED
    )
