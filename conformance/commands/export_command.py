"""`lti-conformance export`."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from conformance.catalogue import scenarios
from conformance.commands.targeting import recipe_at
from conformance.lab import ROLES
from conformance.profile import load_profile, profile_names
from conformance.recipe import Recipe, as_test, as_toml
from conformance.reporting import SCREEN, write_whole
from conformance.requirements import requirements
from conformance.vector_files import MANIFEST, MANIFEST_SCHEMA, SCHEMA_FILE, SUMS, Export, corpus
from conformance.vectors import Bench
from mockplatform import __version__
from mockplatform.errors import UsageError
from mockplatform.keys import KeyRing

__all__ = ["FOLDER", "NONCE", "NOW_S", "command"]

FOLDER = "lti-conformance-vectors"
"""Where vectors go unless `--output` says otherwise."""
NOW_S = 1_700_000_000
NONCE = "nonce-of-the-login-a1B2c3D4e5F6"


def command(options: argparse.Namespace) -> int:
    """Write something of the suite in a form that works without it.

    Raises:
        UsageError: the format is unknown, or there is no place for the files.
    """
    if options.format not in _FORMATS:
        raise UsageError(f"--format {options.format}: unknown format; known are {', '.join(_FORMATS)}")
    return _FORMATS[options.format](options)


def _vectors(options: argparse.Namespace) -> int:
    if options.recipe is not None:
        raise UsageError(f"{options.recipe}: vectors are made of the whole catalogue; leave the recipe out")
    folder = Path(options.output or FOLDER)
    _refuse_foreign(folder)
    export = Export(
        bench=Bench(keys=KeyRing(), now_s=NOW_S, nonce=NONCE, roles=ROLES),
        profiles=[load_profile(name) for name in profile_names()],
        requirements=requirements(),
        version=__version__,
        schema=(Path(__file__).parent.parent / "schemas" / SCHEMA_FILE).read_text(encoding="utf-8"),
    )
    files = corpus(scenarios(), export)
    _write(folder, files)
    manifest = json.loads(files[MANIFEST])
    total, left_out = manifest["total"], manifest["left_out"]["total"]
    print(f"{folder}: {total['tests']} vectors in {len(manifest['files'])} files", end=" ")
    print(f"({total['valid']} valid, {total['invalid']} invalid, {total['acceptable']} acceptable)")
    print(f"{left_out} scenarios need more than a token and a key set; {MANIFEST} says which and why")
    return 0


def _refuse_foreign(folder: Path) -> None:
    """Only a new or empty folder is written to, or one that an earlier export has made."""
    if folder.exists() and not folder.is_dir():
        raise UsageError(f"{folder}: is no folder; --output names the folder for the vectors")
    try:
        found = {path.name for path in folder.iterdir() if not path.name.startswith(".")} if folder.exists() else set()
    except OSError as error:
        raise UsageError(f"{folder}: cannot be read: {error.strerror}; choose another --output") from None
    if found and not _ours(folder / MANIFEST):
        raise UsageError(f"{folder}: has files of something else in it; choose an empty or a new folder")


def _ours(manifest: Path) -> bool:
    return _read(manifest).get("schema") == MANIFEST_SCHEMA


def _read(manifest: Path) -> Mapping[str, Any]:
    try:
        document = json.loads(manifest.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return document if isinstance(document, dict) else {}


def _write(folder: Path, files: Mapping[str, str]) -> None:
    """Write the files in their order and touch no other."""
    known = {MANIFEST, SCHEMA_FILE, SUMS, *_read(folder / MANIFEST).get("files", ())}
    for path in (folder / name for name in files if name not in known):
        if path.exists():
            raise UsageError(f"{path}: is not of an earlier export; move it away or choose another --output")
    path = folder
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, text in files.items():
            path = folder / name
            path.write_bytes(text.encode())
    except OSError as error:
        raise UsageError(f"{path}: cannot be written: {error.strerror}") from None


def _story(options: argparse.Namespace, written: Callable[[Recipe], str]) -> int:
    """Write the story of a recipe in another form, to a file or to the screen."""
    if options.recipe is None:
        raise UsageError(f"--format {options.format}: name the recipe to write; `run` tells where it keeps them")
    text = written(recipe_at(options.recipe))
    if options.output in (None, SCREEN):
        sys.stdout.write(text)
        return 0
    path = Path(options.output)
    if path.exists():
        raise UsageError(f"{path}: is there already; move it away or choose another --output")
    write_whole(path, text)
    return 0


_FORMATS: Mapping[str, Callable[[argparse.Namespace], int]] = {
    "vectors": _vectors,
    "pytest": lambda options: _story(options, as_test),
    "scenario": lambda options: _story(options, as_toml),
}
