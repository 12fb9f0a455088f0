"""Validators that others have made, each fetched once for a run of the tests and shared by its workers.

What is fetched is pinned: by `package-lock.json` in a folder beside this file for npm, by `requirements.txt` for pip.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tarfile
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from tests.patience import taken

__all__ = ["npm_packages", "sdist_member"]

HERE = Path(__file__).parent
NPM_OPTIONS = ("--ignore-scripts", "--no-audit", "--no-fund", "--no-update-notifier", "--fetch-retries=1")
PIP_OPTIONS = ("--no-deps", "--require-hashes", "--retries=1", "--disable-pip-version-check", "--quiet")
NO_NETWORK = re.compile(
    r"\b(ENOTFOUND|EAI_AGAIN|ECONN\w+|ETIMEDOUT|ENETUNREACH|EHOSTUNREACH|ERR_SOCKET_TIMEOUT|E50\d|E40[137]|\w*CERT\w*"
    r"|Retrying|Could not fetch URL|No matching distribution|ProxyError|HTTP error)\b"
)


def npm_packages(name: str, factory: pytest.TempPathFactory) -> Path:
    """The folder `node_modules` of the packages that stand in the folder of this name."""
    if shutil.which("node") is None or shutil.which("npm") is None:
        pytest.skip("node and npm are not installed")

    def install(folder: Path) -> None:
        shutil.copytree(HERE / name, folder, dirs_exist_ok=True)
        _fetch(["npm", "ci", *NPM_OPTIONS], folder)

    return _once(factory, name, install) / "node_modules"


def sdist_member(name: str, member: str, factory: pytest.TempPathFactory) -> Path:
    """A file of the source distribution that `requirements.txt` in the folder of this name pins.

    Args:
        member: how the path of the file ends.
    """

    def download(folder: Path) -> None:
        wanted = str(HERE / name / "requirements.txt")
        package = Path(wanted).read_text(encoding="utf-8").partition("==")[0]
        _fetch([sys.executable, "-m", "pip", "download", *PIP_OPTIONS, "--no-binary", package, "-r", wanted], folder)
        with tarfile.open(next(folder.glob("*.tar.gz"))) as archive:
            held = archive.extractfile(next(one for one in archive.getnames() if one.endswith(member)))
            assert held is not None
            (folder / Path(member).name).write_bytes(held.read())

    return _once(factory, name, download) / Path(member).name


def _once(factory: pytest.TempPathFactory, name: str, fill: Callable[[Path], None]) -> Path:
    """A folder that the first worker has filled."""
    base = factory.getbasetemp()
    shared = base.parent if "PYTEST_XDIST_WORKER" in os.environ else base
    folder = shared / f"validator_{name}"
    with taken(shared / f"validator_{name}.lock", f"fetching {name}"):
        if not (folder / "filled").exists():
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir()
            fill(folder)
            (folder / "filled").touch()
    return folder


def _fetch(command: Sequence[str], folder: Path) -> None:
    try:
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=240, check=False)
    except subprocess.TimeoutExpired:
        pytest.skip(f"{command[0]} did not come to an end; is the registry out of reach?")
    if done.returncode != 0 and (trouble := NO_NETWORK.search(done.stdout + done.stderr)):
        pytest.skip(f"the registry is out of reach: {trouble[0]}")
    assert done.returncode == 0, done.stdout + done.stderr
