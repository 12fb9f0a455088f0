"""What is found in a folder before there is a tool file."""

from __future__ import annotations

from dataclasses import dataclass, field

from conformance.model import LtiVersion

__all__ = ["Application", "Route", "joined"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """An address that an application answers.

    Args:
        methods: in capitals; empty: unknown.
        where: file and line.
        view: the source of what answers, as far as it was found.
        purpose: the key of `[tool]` that it is for, where its library says so.
    """

    path: str
    methods: frozenset[str] = frozenset()
    where: str = ""
    view: str = ""
    name: str = ""
    purpose: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Application:
    """An application in a folder.

    Args:
        framework: as people call it.
        where: file and line.
        port: where it listens by its own word, or by its framework's habit.
        app: `module:object`, if the harness can serve it itself.
        start: the command that starts it; may hold `{port}`.
        hints: pieces of its source by which libraries are known.
        versions: of LTI, by the words of its sources; empty: unknown.
    """

    framework: str
    where: str
    routes: tuple[Route, ...] = ()
    port: int = 8000
    app: str | None = None
    start: str | None = None
    is_python: bool = True
    hints: frozenset[str] = field(default_factory=frozenset)
    versions: frozenset[LtiVersion] = field(default_factory=frozenset)

    @property
    def is_basic(self) -> bool:
        """Whether LTI 1.1 alone launches it."""
        return self.versions == {"1.1"}


def joined(prefix: str, path: str) -> str:
    """A path below a prefix, with one slash between them.

    >>> joined("/lti/", "/login"), joined("", "login"), joined("/lti", "")
    ('/lti/login', '/login', '/lti')
    """
    below = path.removeprefix("/")
    base = "/" + prefix.strip("/") if prefix.strip("/") else ""
    return f"{base}/{below}" if below or path == "/" else base or "/"
