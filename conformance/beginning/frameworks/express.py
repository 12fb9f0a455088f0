"""Node: a package that depends on express or ltijs, its start script, and the routes in its sources."""

from __future__ import annotations

import json
import posixpath
import re
import shlex
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from conformance.beginning.sources import Folder
from conformance.beginning.values import Application, Route, joined
from conformance.beginning.versions import versions_in

__all__ = ["RANK", "find"]

RANK = 30
_LIBRARIES = ("ltijs", "express")
_SUFFIXES = (".js", ".mjs", ".cjs", ".ts", ".mts")
_VERBS = {"get": frozenset({"GET"}), "post": frozenset({"POST"}), "all": frozenset[str]()}
_ROUTE = re.compile(r"\b([\w$]+)\s*\.\s*(get|post|all)\(\s*([\"'`])(/[^\"'`]*)\3\s*,")
_CHAIN = re.compile(r"\b([\w$]+)\s*\.\s*route\(\s*([\"'`])(/[^\"'`]*)\2\s*\)")
_USE = re.compile(r"\.use\(\s*([\"'`])(/[^\"'`]*)\1\s*,\s*(?:require\(\s*[\"'](\.[^\"']+)[\"']\s*\)|([\w$]+))")
_IMPORT = re.compile(
    r"(?:import\s+(?:\{\s*)?([\w$]+)(?:\s*\})?\s+from\s*|(?:const|let|var)\s+(?:\{\s*)?([\w$]+)(?:\s*\})?\s*=\s*require\(\s*)"
    r"[\"'](\.[^\"']+)[\"']"
)
_PORT = re.compile(r"(?:PORT[\"'\])\s]*(?:\|\||\?\?)\s*[\"']?|\.listen\(\s*|\bport\s*[:=]\s*)(\d{2,5})\b")
_LTIJS = (
    Route(path="/login", methods=frozenset({"GET", "POST"}), purpose="login_url"),
    Route(path="/", methods=frozenset({"GET", "POST"}), purpose="launch_url"),
    Route(path="/keys", methods=frozenset({"GET"}), purpose="jwks_url"),
)
"""The addresses that ltijs answers unless it is told otherwise; its launches arrive at the root."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Script:
    place: str
    text: str
    imports: Mapping[str, str]
    """The path of each imported file, without its suffix."""


def find(folder: Folder) -> Iterator[Application]:
    """The Node packages of a folder that are served by express or ltijs."""
    for path in folder.files(".json"):
        package = _package(folder, path) if path.name == "package.json" else {}
        needed = package.get("dependencies")
        known = [name for name in _LIBRARIES if isinstance(needed, dict) and name in needed]
        if known:
            yield _application(folder, path, package, known[0])


def _package(folder: Folder, path: Path) -> Mapping[str, Any]:
    text = folder.read(path)
    try:
        found = json.loads(text)
    except (ValueError, RecursionError) as error:
        if any(name in text for name in _LIBRARIES):
            placed = f"{error.lineno}: {error.msg}" if isinstance(error, json.JSONDecodeError) else " cannot be parsed"
            folder.not_read(path, placed)
        return {}
    return found if isinstance(found, dict) else {}


def _application(folder: Folder, path: Path, package: Mapping[str, Any], library: str) -> Application:
    here = folder.place(path.parent)
    scripts = [script for each in folder.files(*_SUFFIXES) if (script := _script(folder, each, here)) is not None]
    ports = [int(found[1]) for script in scripts for found in _PORT.finditer(script.text)]
    place = folder.place(path)
    routes = tuple(route for script in scripts for route in _routes(script, _prefixes(scripts)))
    if library == "ltijs":
        routes += tuple(replace(route, where=f"{place} (ltijs's own)") for route in _LTIJS)
    return Application(
        framework={"ltijs": "ltijs", "express": "Express"}[library],
        where=place,
        routes=routes,
        port=ports[0] if ports else 3000,
        start=_start(package, here),
        is_python=False,
        versions=versions_in((library, *(script.text for script in scripts)), routes),
    )


def _start(package: Mapping[str, Any], here: str) -> str | None:
    scripts = package.get("scripts")
    named = scripts if isinstance(scripts, dict) else {}
    main = package.get("main")
    command = "npm start" if "start" in named else "npm run dev" if "dev" in named else None
    command = command or (f"node {shlex.quote(main)}" if isinstance(main, str) else None)
    return command if command is None or here == "." else f"cd {shlex.quote(here)} && {command}"


def _script(folder: Folder, path: Path, here: str) -> _Script | None:
    place = folder.place(path)
    if here != "." and not place.startswith(f"{here}/"):
        return None
    text = folder.read(path)
    imports = {one or other: _beside(place, file) for one, other, file in _IMPORT.findall(text)}
    return _Script(place=place, text=text, imports=imports)


def _beside(place: str, file: str) -> str:
    return posixpath.splitext(posixpath.normpath(posixpath.join(posixpath.dirname(place), file)))[0]


def _prefixes(scripts: list[_Script]) -> Mapping[tuple[str, str], str]:
    """Below which path each router is used, by its file and the name of its object there; any name if it has none."""
    found: dict[tuple[str, str], str] = {}
    for script in scripts:
        for _, prefix, file, name in _USE.findall(script.text):
            target = _beside(script.place, file) if file else script.imports.get(name, "")
            if target:
                found[target, ""] = found[f"{target}/index", ""] = prefix
            elif name:
                found[posixpath.splitext(script.place)[0], name] = prefix
    return found


def _routes(script: _Script, prefixes: Mapping[tuple[str, str], str]) -> Iterator[Route]:
    stem = posixpath.splitext(script.place)[0]
    written = [(m[1], m[4], _VERBS[m[2]], m.start()) for m in _ROUTE.finditer(script.text)]
    written += [(m[1], m[3], frozenset[str](), m.start()) for m in _CHAIN.finditer(script.text)]
    for owner, path, methods, at in sorted(written, key=lambda found: found[3]):
        prefix = prefixes.get((stem, owner), prefixes.get((stem, ""), ""))
        line = script.text.count("\n", 0, at) + 1
        # To the next route, roughly: what answers stands there.
        view = script.text[at : at + 600]
        following = _ROUTE.search(view, 8)
        view = view[: following.start()] if following else view
        yield Route(path=joined(prefix, path), methods=methods, where=f"{script.place}:{line}", view=view)
