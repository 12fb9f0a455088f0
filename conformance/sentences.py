"""What the source says about the fields of a dataclass: the text below a field, or its line under `Args`."""

from __future__ import annotations

import ast
import inspect
import re
import textwrap
from collections.abc import Iterator, Mapping
from typing import Any

__all__ = ["sentences"]

_ARGUMENT = re.compile(r"    (\w[\w, ]*): (.*)")


def sentences(cls: type[Any]) -> Mapping[str, str]:
    """The sentence about each field that has one, by the field's name; the text below a field wins."""
    documentation = inspect.getdoc(cls) or ""
    return dict(_under_args(documentation.partition("\nArgs:\n")[2])) | dict(_below_fields(cls))


def _under_args(section: str) -> Iterator[tuple[str, str]]:
    # An entry goes on for as long as its lines are indented deeper than its name.
    entries = re.sub(r"\n {5,}", " ", section).splitlines()
    for match in filter(None, map(_ARGUMENT.fullmatch, entries)):
        names, text = match.groups()
        yield from ((name.strip(), text) for name in names.split(","))


def _below_fields(cls: type[Any]) -> Iterator[tuple[str, str]]:
    body = ast.parse(textwrap.dedent(inspect.getsource(cls))).body[0]
    assert isinstance(body, ast.ClassDef)
    for field, below in zip(body.body, body.body[1:], strict=False):
        if isinstance(field, ast.AnnAssign) and isinstance(field.target, ast.Name) and isinstance(below, ast.Expr):
            text = below.value.value if isinstance(below.value, ast.Constant) else None
            if isinstance(text, str):
                yield field.target.id, " ".join(text.split())
