"""Django: `manage.py` names the settings, and these the addresses and the application."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import PurePosixPath

from conformance.beginning.routing import view_of
from conformance.beginning.serving import from_below, hints_in
from conformance.beginning.sources import Folder, Source, called, is_installed, text_of
from conformance.beginning.values import Application, Route, joined

__all__ = ["RANK", "find"]

RANK = 10
_SETTINGS = re.compile(r"DJANGO_SETTINGS_MODULE[\"']\s*[,\]]\s*=?\s*[\"']([\w.]+)[\"']")
_DEEPEST = 8


def find(folder: Folder) -> Iterator[Application]:
    """The Django projects of a folder."""
    for source in folder.telling(_SETTINGS):
        if PurePosixPath(source.place).name == "manage.py" and (named := _SETTINGS.search(source.text)):
            yield _project(folder, source, named[1])


def _project(folder: Folder, manage: Source, settings_name: str) -> Application:
    below = "/".join(PurePosixPath(manage.place).parts[:-1])
    base = below.replace("/", ".")
    settings = folder.module(settings_name, base)
    urls = _setting(folder, settings, "ROOT_URLCONF", base) or f"{settings_name.partition('.')[0]}.urls"
    served = _setting(folder, settings, "WSGI_APPLICATION", base) or _setting(
        folder, settings, "ASGI_APPLICATION", base
    )
    start = from_below(folder, below, "django", "manage.py runserver 127.0.0.1:{port} --noreload")
    module, _, name = (served or "").rpartition(".")
    # From the folder itself nothing but its own modules can be imported.
    can_serve = bool(module) and not below and is_installed("django") and folder.module(module) is not None
    return Application(
        framework="Django",
        where=manage.place,
        routes=tuple(_routes(folder, folder.module(urls, base), base, "", _DEEPEST)),
        port=8000,
        app=f"{module}:{name}" if can_serve else None,
        start=None if can_serve else start,
        hints=hints_in(folder),
    )


def _setting(folder: Folder, settings: Source | None, name: str, base: str) -> str | None:
    """A text of the settings, or of the module that they take everything from."""
    if settings is None:
        return None
    for node in settings.tree.body:
        if isinstance(node, ast.Assign) and any(called(target) == name for target in node.targets):
            return text_of(node.value)
    module, star = settings.imports.get("*", ("", ""))
    return _setting(folder, folder.module(module, base), name, base) if star else None


def _routes(folder: Folder, source: Source | None, base: str, prefix: str, depth: int) -> Iterator[Route]:
    if source is None or not depth:
        return
    for node in source.tree.body:
        target = node.targets[0] if isinstance(node, ast.Assign) else getattr(node, "target", None)
        if called(target) == "urlpatterns":
            for call in ast.walk(getattr(node, "value", node)):
                if isinstance(call, ast.Call) and called(call) in ("path", "re_path", "url") and len(call.args) > 1:
                    yield from _route(folder, source, call, base, prefix, depth)


def _route(folder: Folder, source: Source, call: ast.Call, base: str, prefix: str, depth: int) -> Iterator[Route]:
    text = text_of(call.args[0]) or ""
    path = joined(prefix, text if called(call) == "path" else text.removeprefix("^").removesuffix("$"))
    view = call.args[1]
    if isinstance(view, ast.Call) and called(view) == "include":
        yield from _routes(folder, _included(folder, source, view, base), base, path, depth - 1)
        return
    if isinstance(view, ast.Call) and called(view) == "as_view" and isinstance(view.func, ast.Attribute):
        view = view.func.value
    # Wrapped by decorators, such as csrf_exempt(login).
    while isinstance(view, ast.Call) and view.args:
        view = view.args[0]
    name = called(view)
    yield Route(path=path, where=source.where(call), view=view_of(folder, name), name=name)


def _included(folder: Folder, source: Source, call: ast.Call, base: str) -> Source | None:
    given = next(iter(call.args), None)
    if isinstance(given, ast.Tuple) and given.elts:
        given = given.elts[0]
    if (text := text_of(given)) is not None:
        return folder.module(text, base)
    module, name = source.imports.get(called(given), ("", ""))
    return folder.module(f"{module}.{name}".strip("."), base)
