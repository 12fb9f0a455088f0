"""Routes that are written as decorators of an application and of its parts, as far as they can be read."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from conformance.beginning.sources import Folder, Source, called, text_of
from conformance.beginning.values import Route, joined

__all__ = ["Made", "Vocabulary", "applications", "methods_of", "port_in", "view_of"]

_VERBS = ("get", "post", "put", "patch", "delete")
_ADDERS = frozenset({"add_url_rule", "add_api_route", "add_route"})
_Key = tuple[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Vocabulary:
    """How a framework writes its routes.

    Args:
        apps: classes of applications.
        parts: classes of what is put below an application.
        prefix: the keyword of a part's prefix.
        include: the method that puts a part below something.
        decorators: methods whose first argument is a path, beside those named as an HTTP method.
        replaces: whether the prefix at the inclusion takes the place of the part's own.
        plain_methods: what a decorator without `methods` answers.
    """

    apps: frozenset[str]
    parts: frozenset[str]
    prefix: str
    include: str
    decorators: frozenset[str]
    replaces: bool
    plain_methods: frozenset[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Made:
    """Where an application or a part of one is made."""

    source: Source
    name: str
    call: ast.Call
    is_app: bool
    function: str = ""
    """The function that makes it; empty: the module does."""
    prefix: str = ""


@dataclass(slots=True, kw_only=True)
class _Map:
    made: dict[_Key, Made] = field(default_factory=dict)
    routes: dict[_Key, list[Route]] = field(default_factory=dict)
    included: dict[_Key, list[tuple[_Key, str | None]]] = field(default_factory=dict)


def applications(folder: Folder, words: Vocabulary) -> Iterator[tuple[Made, tuple[Route, ...]]]:
    """Each application of a framework and its routes, those of parts that nobody is seen to include last."""
    found = _Map()
    sources = folder.telling(_telling(words))
    for source in sources:
        for made in _made(source, words):
            found.made[source.name, made.name] = made
    for source in sources:
        _read(folder, source, words, found)
    taken = {part for parts in found.included.values() for part, _ in parts}
    loose = [key for key, made in found.made.items() if not made.is_app and key not in taken]
    for key, made in found.made.items():
        if made.is_app:
            yield made, tuple(route for each in (key, *loose) for route in _routes_of(found, each, words))


def _telling(words: Vocabulary) -> re.Pattern[str]:
    """What a source has that makes an application or a part, puts them together, or gives them a route."""
    named = "|".join(sorted(words.apps | words.parts | {words.include} | _ADDERS))
    decorators = "|".join(sorted(words.decorators | set(_VERBS)))
    return re.compile(rf"\b(?:{named})\b|^[ \t]*@[\w.]+\.(?:{decorators})\(", re.MULTILINE)


def _routes_of(found: _Map, key: _Key, words: Vocabulary, above: tuple[_Key, ...] = ()) -> Iterator[Route]:
    """The routes of an application or a part, with those of its parts; each path begins at it."""
    own = "" if key not in found.made else found.made[key].prefix
    for route in found.routes.get(key, ()):
        yield _below(own, route)
    for part, given in found.included.get(key, ()):
        if part in above or part not in found.made:
            continue
        for route in _routes_of(found, part, words, (*above, key)):
            path = route.path
            if given is not None and words.replaces:
                path = path.removeprefix(joined("", found.made[part].prefix).rstrip("/"))
            yield _below(own, _below(given or "", route, path))


def _below(prefix: str, route: Route, path: str | None = None) -> Route:
    return replace(route, path=joined(prefix, route.path if path is None else path))


def _made(source: Source, words: Vocabulary) -> Iterator[Made]:
    for node in source.nodes:
        if not isinstance(node, ast.Assign | ast.AnnAssign) or not isinstance(node.value, ast.Call):
            continue
        kind = called(node.value)
        targets = node.targets if isinstance(node, ast.Assign) else [node.target]
        if kind not in words.apps | words.parts or not isinstance(targets[0], ast.Name):
            continue
        yield Made(
            source=source,
            name=targets[0].id,
            call=node.value,
            is_app=kind in words.apps,
            function=source.function_of(node),
            prefix=_keyword(node.value, words.prefix) or "",
        )


def _read(folder: Folder, source: Source, words: Vocabulary, found: _Map) -> None:
    for node in source.nodes:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            for decorator in node.decorator_list:
                if isinstance(decorator, ast.Call):
                    _note(folder, source, words, found, decorator, node)
        elif isinstance(node, ast.Call) and called(node) in _ADDERS:
            views = [word.value for word in node.keywords if word.arg in ("view_func", "endpoint")]
            view = (*node.args[1:3], *views)
            name = next((n for v in reversed(view) if (n := called(v))), "")
            _note(folder, source, words, found, node, None, name=name)
        elif isinstance(node, ast.Call) and called(node) == words.include and isinstance(node.func, ast.Attribute):
            owner = _resolved(folder, source, node.func.value, found)
            part = _resolved(folder, source, node.args[0], found) if node.args else None
            if owner is not None and part is not None:
                found.included.setdefault(owner, []).append((part, _keyword(node, words.prefix)))


def _note(
    folder: Folder,
    source: Source,
    words: Vocabulary,
    found: _Map,
    call: ast.Call,
    view: ast.AST | None,
    *,
    name: str = "",
) -> None:
    """A route, if a call makes one."""
    verb = called(call)
    known = verb in words.decorators or verb in _VERBS or verb.startswith("add_")
    given = next((word.value for word in call.keywords if word.arg in ("rule", "path")), None)
    path = text_of(call.args[0] if call.args else given)
    if not known or path is None or not isinstance(call.func, ast.Attribute):
        return
    owner = _resolved(folder, source, call.func.value, found)
    if owner is None:
        return
    methods = frozenset({verb.upper()}) if verb in _VERBS else methods_of(call) or words.plain_methods
    shown = _shown(source, view) if view is not None else view_of(folder, name)
    named = getattr(view, "name", "") or name
    route = Route(path=path, methods=methods, where=source.where(call), view=shown, name=named)
    found.routes.setdefault(owner, []).append(route)


def _shown(source: Source, view: ast.AST) -> str:
    """The source of what answers, with its decorators, of which a library's may say what it is for."""
    parts = (*getattr(view, "decorator_list", ()), view)
    return "\n".join(ast.get_source_segment(source.text, part) or "" for part in parts)


def view_of(folder: Folder, name: str) -> str:
    """The source of the function or class that answers; empty if there is none of that name."""
    found = folder.definition(name)
    return "" if found is None else ast.get_source_segment(found[0].text, found[1]) or ""


def methods_of(call: ast.Call) -> frozenset[str]:
    """What the keyword `methods` of a call says, in capitals; empty if it has none."""
    given = next((word.value for word in call.keywords if word.arg == "methods"), None)
    if not isinstance(given, ast.List | ast.Tuple | ast.Set):
        return frozenset()
    return frozenset(text.upper() for each in given.elts if (text := text_of(each)))


def _resolved(folder: Folder, source: Source, node: ast.AST, found: _Map) -> _Key | None:
    """Which application or part an expression means."""
    if isinstance(node, ast.Name):
        if (source.name, node.id) in found.made:
            return source.name, node.id
        module, name = source.imports.get(node.id, ("", ""))
        return _key(folder, source, module, name, found)
    if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
        module, name = source.imports.get(node.value.id, ("", ""))
        return _key(folder, source, f"{module}.{name}".strip("."), node.attr, found)
    return None


def _key(folder: Folder, source: Source, module: str, name: str, found: _Map) -> _Key | None:
    """The key of a name in a module, followed once through a package that only passes it on."""
    # A script in a folder of its own imports what lies beside it by its bare name.
    target = folder.module(module, source.package)
    if target is None:
        return None
    if (target.name, name) in found.made:
        return target.name, name
    passed = target.imports.get(name)
    again = folder.module(passed[0], target.package) if passed is not None else None
    key = (again.name, passed[1]) if again is not None and passed is not None else None
    return key if key in found.made else None


def _keyword(call: ast.Call, name: str) -> str | None:
    return next((text_of(word.value) for word in call.keywords if word.arg == name), None)


def port_in(source: Source, *names: str) -> int | None:
    """The port that a script gives to a call of these names, such as `app.run(port=9001)`."""
    for node in source.nodes:
        if isinstance(node, ast.Call) and called(node) in names:
            given = next((word.value for word in node.keywords if word.arg == "port"), None)
            if isinstance(given, ast.Constant) and type(given.value) is int:
                return given.value
    return None
