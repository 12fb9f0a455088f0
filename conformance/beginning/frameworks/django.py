"""Django: `manage.py`, or what a server loads, names the settings, and these the addresses and the application."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath

from conformance.beginning.routing import view_of
from conformance.beginning.serving import from_below, hints_in
from conformance.beginning.sources import Folder, Source, called, is_installed, text_of
from conformance.beginning.values import Application, Route, joined
from conformance.beginning.versions import versions_in

__all__ = ["RANK", "find"]

RANK = 10
_SETTINGS = re.compile(r"DJANGO_SETTINGS_MODULE[\"']\s*[,\]]\s*=?\s*[\"']([\w.]+)[\"']")
_ADDRESSES = re.compile(r"^ROOT_URLCONF\s*=", re.MULTILINE)
_SERVERS = ("wsgi.py", "asgi.py")
_MAKERS = ("get_wsgi_application", "get_asgi_application")
_DEEPEST = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class _Project:
    """A project of Django.

    Args:
        found: the source by which it was found.
        settings: the module of its settings, as it is imported.
        below: the folder from which that is.
        command: what Django's own server is started with at `{}`, after `python`.
        served: the module that a server loads, where the settings do not say so.
    """

    found: Source
    settings: str
    below: str
    command: str
    served: str = ""


def find(folder: Folder) -> Iterator[Application]:
    """The Django projects of a folder: those with a `manage.py`, then those that a server loads, or nobody starts."""
    projects: list[_Project] = []
    named = [(source, found[1]) for source in folder.telling(_SETTINGS) if (found := _SETTINGS.search(source.text))]
    for source, settings in named:
        if _file(source) == "manage.py":
            below = "/".join(PurePosixPath(source.place).parts[:-1])
            projects.append(_Project(found=source, settings=settings, below=below, command="manage.py runserver {}"))
    for source, settings in named:
        if _file(source) in _SERVERS and not _is_known(source, projects):
            projects += _unmanaged(folder, source, settings, settings)
    for source in folder.telling(_ADDRESSES):
        urls = _setting(folder, source, "ROOT_URLCONF", "")
        if urls is not None and not _is_known(source, projects):
            projects += _unmanaged(folder, source, source.name, urls)
    for project in projects:
        yield _application(folder, project)


def _file(source: Source) -> str:
    return PurePosixPath(source.place).name


def _is_known(source: Source, projects: Sequence[_Project]) -> bool:
    """Whether a source is part of a project that was found before."""
    return any(not project.below or source.place.startswith(f"{project.below}/") for project in projects)


def _unmanaged(folder: Folder, source: Source, settings: str, module: str) -> Iterator[_Project]:
    """The project of a source, below the folder from which it imports a module of its own; none, if it imports none.

    Args:
        settings: as the source or the folder calls them.
    """
    for parent in PurePosixPath(source.place).parents:
        below = "" if str(parent) == "." else str(parent)
        prefix = f"{below.replace('/', '.')}." if below else ""
        found = folder.module(f"{prefix}{module}")
        if found is not None and found.name == f"{prefix}{module}":
            own = settings.removeprefix(prefix)
            yield _Project(
                found=source,
                settings=own,
                below=below,
                command=f"-m django runserver {{}} --settings {own} --pythonpath .",
                served=f"{source.name.removeprefix(prefix)}." if _file(source) in _SERVERS else "",
            )
            return


def _application(folder: Folder, project: _Project) -> Application:
    below, base = project.below, project.below.replace("/", ".")
    settings = folder.module(project.settings, base)
    urls = _setting(folder, settings, "ROOT_URLCONF", base) or f"{project.settings.partition('.')[0]}.urls"
    names = (_setting(folder, settings, name, base) for name in ("WSGI_APPLICATION", "ASGI_APPLICATION"))
    served = next(filter(None, names), project.served)
    start = from_below(folder, below, "django", project.command.format("127.0.0.1:{port} --noreload"))
    module, _, wanted = served.rpartition(".")
    # From the folder itself nothing but its own modules can be imported.
    name = _loaded(folder.module(module), wanted) if module and not below and is_installed("django") else ""
    routes = tuple(_routes(folder, folder.module(urls, base), base, "", _DEEPEST))
    return Application(
        framework="Django",
        where=project.found.place,
        routes=routes,
        port=8000,
        app=f"{module}:{name}" if name else None,
        start=None if name else start,
        hints=hints_in(folder),
        versions=versions_in(folder.texts.values(), routes),
    )


def _loaded(source: Source | None, wanted: str) -> str:
    """The name of the application in the module that a server loads; empty if the module has none.

    Args:
        wanted: as the settings call it; empty: they do not say so.
    """
    if source is None:
        return ""
    assigned = tuple(_assigned(source))
    defined = {node.name for node in source.tree.body if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)}
    known = {*source.imports, *defined, *(name for name, _ in assigned)}
    likely = (wanted, "application", "app", *(name for name, value in assigned if _is_made(value)))
    return next((name for name in likely if name in known), wanted if "*" in known else "")


def _assigned(source: Source) -> Iterator[tuple[str, ast.expr]]:
    """What a module calls by names of its own."""
    for node in source.nodes:
        if isinstance(node, ast.Assign | ast.AnnAssign) and node.value is not None and not source.function_of(node):
            for target in node.targets if isinstance(node, ast.Assign) else [node.target]:
                yield called(target), node.value


def _is_made(value: ast.expr) -> bool:
    """Whether an expression has Django make the application."""
    return any(called(each) in _MAKERS for each in ast.walk(value) if isinstance(each, ast.Call))


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
