"""The tool file: everything that a tool team tells the harness about its tool.

`lti-conformance.toml`, or `[tool.lti-conformance]` in `pyproject.toml`. `${NAME}` in any text is read from the
environment. The loader names file, key and problem of whatever does not fit.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from conformance.toolvalues import Tool
from mockplatform.errors import UsageError
from mockplatform.tables import build, read_toml

__all__ = ["DEFAULT_NAME", "find", "load"]

DEFAULT_NAME = "lti-conformance.toml"
_VARIABLE = re.compile(r"\$\{(\w+)\}")


def load(path: Path, environment: Mapping[str, str] = os.environ) -> Tool:
    """The tool that a file describes.

    Raises:
        UsageError: the file is missing or does not fit; the message names file and key.
    """
    table = read_toml(path)
    where = f"{path}:"
    if path.name == "pyproject.toml":
        table = table.get("tool", {}).get("lti-conformance")
        if table is None:
            raise UsageError(f"{path}: there is no table [tool.lti-conformance]")
        where = f"{path}: [tool.lti-conformance]"
    tool = build(Tool, _expanded(table, environment, where), where=where)
    _check_versions(tool, where)
    _check_urls(tool, where)
    return tool


def _check_versions(tool: Tool, where: str) -> None:
    """Each version that the tool speaks needs its addresses, and LTI 1.1 a shared secret as well."""
    versions, settings = tool.capabilities.lti_versions, tool.tool
    if not versions:
        raise UsageError(f'{where} capabilities.lti_versions: is empty, expected "1.1", "1.3" or both')
    needed: dict[str, str | None] = {}
    if "1.3" in versions:
        needed |= {"tool.login_url": settings.login_url, "tool.launch_url": settings.launch_url}
    if "1.1" in versions:
        needed |= {
            "tool.lti11_launch_url": settings.lti11_launch_url,
            "platform.consumer_key": tool.platform.consumer_key,
            "platform.consumer_secret": tool.platform.consumer_secret,
        }
    for key, value in needed.items():
        if not value:
            version = "1.3" if key in ("tool.login_url", "tool.launch_url") else "1.1"
            raise UsageError(f"{where} {key}: missing, expected a string: capabilities.lti_versions names {version}")


def _expanded(value: Any, environment: Mapping[str, str], where: str) -> Any:
    """The value with each ${NAME} in its texts taken from the environment."""
    if isinstance(value, dict):
        return {k: _expanded(v, environment, f"{where} {k}") for k, v in value.items()}
    if isinstance(value, list):
        return [_expanded(v, environment, where) for v in value]
    if not isinstance(value, str):
        return value
    for name in _VARIABLE.findall(value):
        if name not in environment:
            raise UsageError(f"{where}: the environment has no variable {name}; set it or drop ${{{name}}}")
    return _VARIABLE.sub(lambda match: environment[match[1]], value)


def _check_urls(tool: Tool, where: str) -> None:
    urls = {
        "tool.login_url": tool.tool.login_url,
        "tool.launch_url": tool.tool.launch_url,
        "tool.ready_url": tool.tool.ready_url,
        "tool.jwks_url": tool.tool.jwks_url,
        "tool.target_link_uri": tool.tool.target_link_uri,
        "tool.lti11_launch_url": tool.tool.lti11_launch_url,
        "platform.url": tool.platform.url,
        "network.public_url": tool.network.public_url,
        "network.proxy": tool.network.proxy,
    }
    for key, url in urls.items():
        if url and not _is_http(url):
            raise UsageError(f"{where} {key}: {url!r} is not an http or https URL such as http://127.0.0.1:8000/lti")


def _is_http(url: str) -> bool:
    try:
        parts = urlsplit(url)
        return parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        return False


def find(given: str | None, folder: Path = Path()) -> Path:
    """The tool file: the one given, else `lti-conformance.toml`, else a `pyproject.toml` with its table.

    Raises:
        UsageError: there is none.
    """
    if given is not None:
        return Path(given)
    own, project = folder / DEFAULT_NAME, folder / "pyproject.toml"
    if own.exists():
        return own
    if project.exists() and "lti-conformance" in read_toml(project).get("tool", {}):
        return project
    raise UsageError(
        f"{own}: there is no tool file; write one with `lti-conformance init`, name one with --tool, or try --demo"
    )
