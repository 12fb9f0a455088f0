"""What can be explained besides the things of the catalogue: one file per topic, found by walking this folder.

A topic that lists nothing is a text, `<name>.md`, whose first line is its title. One that lists something is a module,
`<name>.py`: the first line of its docstring is the title, the rest introduces the list, and `lines()` makes it.
An underscore in the name of a file is a hyphen in the name of the topic.
"""

from __future__ import annotations

import importlib
import inspect
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

__all__ = ["Topic", "found_topics", "topic_lines"]

FOLDER = Path(__file__).parent


@dataclass(frozen=True, slots=True, kw_only=True)
class Topic:
    """Something worth explaining; `lines` are what comes after the title, made when they are asked for."""

    name: str
    title: str
    lines: Callable[[], Iterator[str]]


@cache
def found_topics() -> Mapping[str, Topic]:
    """The topics by name, in the order of the alphabet."""
    paths = sorted(path for path in FOLDER.iterdir() if path.suffix in _READERS and path.stem != "__init__")
    found = [_READERS[path.suffix](path) for path in paths]
    return {topic.name: topic for topic in found}


def topic_lines(topic: Topic) -> Iterator[str]:
    """The title, and what there is to say."""
    yield topic.title
    yield ""
    yield from topic.lines()


def _written(path: Path) -> Topic:
    title, _, text = path.read_text(encoding="utf-8").partition("\n")
    body = text.strip().splitlines()
    return Topic(name=_named(path), title=title.lstrip("# "), lines=lambda: iter(body))


def _generated(path: Path) -> Topic:
    module = importlib.import_module(f"{__name__}.{path.stem}")
    title, _, introduction = (inspect.getdoc(module) or "").partition("\n")

    def lines() -> Iterator[str]:
        if introduction.strip():
            yield from introduction.strip().splitlines()
            yield ""
        yield from module.lines()

    return Topic(name=_named(path), title=title.rstrip("."), lines=lines)


def _named(path: Path) -> str:
    return path.stem.replace("_", "-")


_READERS: Mapping[str, Callable[[Path], Topic]] = {".md": _written, ".py": _generated}
