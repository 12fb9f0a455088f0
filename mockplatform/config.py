"""The school that the fake LMS plays: its people, its courses and the tools that it has registered, from TOML."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

from mockplatform.course_checks import check_course
from mockplatform.errors import UsageError
from mockplatform.filling import Filling
from mockplatform.known_person import KnownOfPerson
from mockplatform.model import Course
from mockplatform.tables import build, keyed, named, read_toml
from mockplatform.tool_table import ToolTable, complain, issuer_problem

__all__ = ["School", "issuer_problem", "load_school"]

T = TypeVar("T")

SHIPPED = Path(__file__).with_name("school.toml")


@dataclass(frozen=True, slots=True, kw_only=True)
class School(Filling):
    """What a platform is filled with.

    Args:
        issuer: what the file names; None: nothing.
    """

    issuer: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Platform:
    issuer: str | None = None

    def __post_init__(self) -> None:
        complain(issuer_problem(self.issuer), "issuer")


@dataclass(frozen=True, slots=True, kw_only=True)
class _File:
    platform: _Platform = field(default_factory=_Platform)
    tools: tuple[ToolTable, ...] = named("registration", default=())
    people: tuple[KnownOfPerson, ...] = named("person", default=())
    courses: tuple[Course, ...] = named("course", default=())

    def __post_init__(self) -> None:
        if not self.tools:
            raise ValueError(
                "no tool is registered; add a [[registration]] with client_id, deployment_ids, login_url and launch_url"
            )


def load_school(path: Path | None = None) -> School:
    """The school of a file, or the shipped one; people and courses that a file leaves out are the shipped ones.

    Raises:
        UsageError: the file is missing, is not TOML, or says something that a platform cannot use.
    """
    shipped = build(_File, read_toml(SHIPPED), where=str(SHIPPED))
    given = shipped if path is None else build(_File, read_toml(path), where=str(path))
    where = str(path or SHIPPED)
    return School(
        issuer=given.platform.issuer,
        registrations=_once(
            (tool.registration() for tool in given.tools),
            lambda tool: f"{tool.client_id!r}" + (f" of {tool.issuer}" if tool.issuer else ""),
            f"{where}: registration.client_id",
        ),
        people=_once(
            (one.person() for one in given.people or shipped.people), lambda person: person.sub, f"{where}: person.sub"
        ),
        courses=_checked(
            _once(given.courses or shipped.courses, lambda course: course.id, f"{where}: course.id"), where
        ),
    )


def _checked(courses: tuple[Course, ...], where: str) -> tuple[Course, ...]:
    for index, course in enumerate(courses):
        try:
            check_course(course, where=f"course[{index}].")
        except ValueError as error:
            raise UsageError(f"{where}: {error}") from None
    return courses


def _once(items: Iterable[T], key: Callable[[T], str], where: str) -> tuple[T, ...]:
    found = keyed(items, key, where=where)
    if "" in found:
        raise UsageError(f"{where}: one is empty, expected an id of its own for each")
    return tuple(found.values())
