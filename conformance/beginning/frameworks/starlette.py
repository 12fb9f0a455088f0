"""Starlette: an application object or a factory, and the list of its routes."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from conformance.beginning.framework import Framework
from conformance.beginning.routing import Made, Vocabulary, methods_of, view_of
from conformance.beginning.sources import Folder, Source, called, text_of
from conformance.beginning.values import Route, joined

__all__ = ["RANK", "find"]

RANK = 20
_RUN = "uvicorn {target} --port {port}"
_DEEPEST = 8


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
    view = called(next(iter(call.args[1:2]), None))
    found = folder.definition(view)
    plain = frozenset() if found is not None and isinstance(found[1], ast.ClassDef) else frozenset({"GET"})
    methods = methods_of(call) or plain
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


find = Framework(
    name="Starlette",
    words=Vocabulary(
        apps=frozenset({"Starlette"}),
        parts=frozenset({"Router"}),
        prefix="prefix",
        include="mount",
        decorators=frozenset({"route"}),
        replaces=False,
        plain_methods=frozenset({"GET"}),
    ),
    package="starlette",
    run=_RUN,
    factory=f"{_RUN} --factory",
    port=8000,
    listed=_listed,
).find
