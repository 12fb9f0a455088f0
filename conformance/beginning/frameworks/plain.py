"""A bare ASGI or WSGI application, known by the arguments that it takes."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from conformance.beginning.routing import Made
from conformance.beginning.serving import hints_in, served
from conformance.beginning.sources import Folder, text_of
from conformance.beginning.values import Application, Route
from conformance.beginning.versions import versions_in

__all__ = ["RANK", "find"]

RANK = 90
PORT = 8000
"""Where uvicorn listens unless told otherwise."""
_ARGUMENTS = {("scope", "receive", "send"): "ASGI", ("environ", "start_response"): "WSGI"}
_TELLING = re.compile(r"\breceive\b|\bstart_response\b")
_NOTHING = ast.Call(func=ast.Name(id="app"), args=[], keywords=[])


def find(folder: Folder) -> Iterator[Application]:
    """The functions of modules that are applications."""
    for source in folder.telling(_TELLING):
        for node in source.tree.body:
            if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                continue
            kind = _ARGUMENTS.get(tuple(argument.arg for argument in node.args.args))
            if kind is None:
                continue
            made = Made(source=source, name=node.name, call=_NOTHING, is_app=True)
            run = f"uvicorn {'--interface wsgi ' if kind == 'WSGI' else ''}{{target}} --port {{port}}"
            way = served(folder, made, "uvicorn", run, factory=run, own_port=None)
            # Nobody can say which of its texts are addresses; those that begin with a slash may be.
            paths = [(text, each) for each in source.nodes if (text := text_of(each)) and text.startswith("/")]
            routes = tuple(Route(path=text, where=source.where(each)) for text, each in paths)
            yield Application(
                framework=kind,
                where=source.where(node),
                routes=routes,
                port=PORT,
                app=way.app,
                start=way.start,
                hints=hints_in(folder),
                versions=versions_in(folder.texts.values(), routes),
            )
