"""Starlette: an application object or a factory, and the list of its routes."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from conformance.beginning.routing import Made, Vocabulary, applications, port_in, view_of
from conformance.beginning.serving import hints_in, served
from conformance.beginning.sources import Folder, Source, called, text_of
from conformance.beginning.values import Application, Route, joined

__all__ = ["RANK", "find"]

RANK = 20
_WORDS = Vocabulary(
    apps=frozenset({"Starlette"}),
    parts=frozenset({"Router"}),
    prefix="prefix",
    include="mount",
    decorators=frozenset({"route"}),
    replaces=False,
    plain_methods=frozenset({"GET"}),
)
_RUN = "uvicorn {target} --port {port}"
_DEEPEST = 8


def find(folder: Folder) -> Iterator[Application]:
    """The Starlette applications of a folder."""
    for made, decorated in applications(folder, _WORDS):
        port = port_in(made.source, "run")
        way = served(folder, made, "starlette", _RUN, factory=f"{_RUN} --factory", own_port=port)
        yield Application(
            framework="Starlette",
            where=made.source.where(made.call),
            routes=(*_listed(folder, made), *decorated),
            port=port or 8000,
            app=way.app,
            start=way.start,
            hints=hints_in(folder),
        )


def _listed(folder: Folder, made: Made) -> Iterator[Route]:
    """The routes that an application is made with."""
    given = next((word.value for word in made.call.keywords if word.arg == "routes"), None)
    yield from _in_list(folder, made.source, given or next(iter(made.call.args[1:2]), None), "", _DEEPEST)


def _in_list(folder: Folder, source: Source, node: ast.AST | None, prefix: str, depth: int) -> Iterator[Route]:
    if isinstance(node, ast.Name):
        source, node = _assigned(folder, source, node.id)
    if not isinstance(node, ast.List | ast.Tuple) or not depth:
        return
    for each in node.elts:
        if not isinstance(each, ast.Call):
            continue
        path = joined(prefix, text_of(next(iter(each.args), None)) or "")
        if called(each) == "Mount":
            inner = next((word.value for word in each.keywords if word.arg == "routes"), None)
            yield from _in_list(folder, source, inner, path, depth - 1)
        elif called(each) == "Route" and each.args:
            yield _route(folder, source, each, path)


def _route(folder: Folder, source: Source, call: ast.Call, path: str) -> Route:
    given = next((word.value for word in call.keywords if word.arg == "methods"), None)
    listed = given.elts if isinstance(given, ast.List | ast.Tuple | ast.Set) else ()
    view = called(next(iter(call.args[1:2]), None))
    found = folder.definitions.get(view)
    plain = frozenset() if found is not None and isinstance(found[1], ast.ClassDef) else frozenset({"GET"})
    methods = frozenset(text.upper() for each in listed if (text := text_of(each))) or plain
    return Route(path=path, methods=methods, where=source.where(call), view=view_of(folder, view), name=view)


def _assigned(folder: Folder, source: Source, name: str) -> tuple[Source, ast.AST | None]:
    """What a name of a module stands for, there or where it is imported from."""
    for node in source.nodes:
        targets = (
            node.targets if isinstance(node, ast.Assign) else [node.target] if isinstance(node, ast.AnnAssign) else []
        )
        if any(isinstance(target, ast.Name) and target.id == name for target in targets):
            return source, getattr(node, "value", None)
    module, there = source.imports.get(name, ("", ""))
    other = folder.module(module, source.package) if module else None
    return _assigned(folder, other, there) if other is not None and other is not source else (source, None)
