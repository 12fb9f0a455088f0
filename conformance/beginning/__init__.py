"""What can be found out about a tool before there is a tool file: by reading its folder, and by one GET."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain
from pathlib import Path

from conformance.beginning.frameworks import known
from conformance.beginning.guessing import Guess, guess, likeliest, purposes_of
from conformance.beginning.looking import PATHS, PORTS, UNHEARD, free_port, is_up, running
from conformance.beginning.sources import Folder
from conformance.beginning.values import Application, Route

__all__ = ["Beginning", "applications_in", "begin"]

TELLING = frozenset({"lti", "oidc", "initiate", "initiation"})
"""Words of a path that no other application has."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Beginning:
    """What a tool file can be written with.

    Args:
        base: scheme, host and port of the tool.
        guesses: by key of `[tool]`; what was not found is missing.
        others: the applications that were not taken.
        is_running: whether it answers there already.
        unread: where and why files could not be parsed in which there may be an application.
        platform_port: where the platform of the harness can listen.
    """

    name: str
    base: str
    application: Application | None = None
    guesses: Mapping[str, Guess] = field(default_factory=dict)
    others: tuple[Application, ...] = ()
    is_running: bool = False
    unread: tuple[str, ...] = ()
    platform_port: int = 9400

    @property
    def is_basic(self) -> bool:
        """Whether LTI 1.1 alone launches it."""
        return self.application is not None and self.application.is_basic

    @property
    def addresses(self) -> tuple[str, ...]:
        """The keys of `[tool]` that are an address of such a tool."""
        return tuple(purposes_of(self.application))

    @property
    def needed(self) -> tuple[str, ...]:
        """Those of them without which it cannot be launched."""
        return tuple(key for key in self.addresses if key != "jwks_url")


def applications_in(root: Path) -> tuple[Application, ...]:
    """The applications of a folder, those in which a tool is likeliest first."""
    return _applications(Folder(root))


def _applications(folder: Folder) -> tuple[Application, ...]:
    return tuple(likeliest([found for framework in known() for found in framework.find(folder)]))


def begin(root: Path, url: str | None = None) -> Beginning:
    """What can be found out about the tool of a folder.

    Args:
        url: where it runs, if somebody has said so: `http://127.0.0.1:8000`.
    """
    folder = Folder(root)
    found = _applications(folder)
    taken, others = (found[0], found[1:]) if found else (None, ())
    routes = taken.routes if taken is not None else ()
    purposes = purposes_of(taken)
    guesses = {key: one for key, purpose in purposes.items() if (one := guess(routes, purpose)) is not None}
    entrance = next(iter(purposes))
    there = _running(taken, guesses.get(entrance), url)
    base = url or f"http://127.0.0.1:{_own_port(taken)}"
    if there is not None:
        base, path = there
        seen = Guess(route=Route(path=path, where=f"something answers at {base}{path}"))
        guesses = {entrance: seen, **guesses}
    return Beginning(
        name=root.resolve().name or "Tool",
        base=base,
        application=taken,
        guesses=guesses,
        others=others,
        is_running=there is not None or (url is not None and is_up(url)),
        unread=folder.unread,
        platform_port=free_port(9400),
    )


def _running(taken: Application | None, entrance: Guess | None, url: str | None) -> tuple[str, str] | None:
    """Where the tool runs already, and the path at which it answers.

    Args:
        url: the only place to look at.
    """
    paths = (entrance.route.path,) if entrance else PATHS
    methods = entrance.route.methods if entrance else ()
    own, elsewhere = ((url,), ()) if url else _bases(taken, entrance)
    near = running(own, paths, methods)
    # To somebody else's password a stranger's tool says no as well.
    far = running(elsewhere, paths, methods, UNHEARD | {401})
    return next(chain(near, far), None)


def _own_port(taken: Application | None) -> int:
    """Where the tool will listen: a free port, if it can be told one."""
    if taken is None:
        return PORTS[0]
    told = taken.app is not None or "{port}" in (taken.start or "")
    return free_port(taken.port) if told else taken.port


def _bases(taken: Application | None, entrance: Guess | None) -> tuple[Sequence[str], Sequence[str]]:
    """Where the tool may be running: at its own port, and elsewhere if what answers there can be nobody else."""
    own = (taken.port,) if taken is not None else ()
    # Every other application on a machine has a page at /login.
    telling = entrance is None or bool(TELLING & set(re.findall(r"[a-z]+", entrance.route.path)))
    others = [port for port in PORTS if port not in own] if telling else ()
    return [f"http://127.0.0.1:{port}" for port in own], [f"http://127.0.0.1:{port}" for port in others]
