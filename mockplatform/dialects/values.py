"""Ids in the forms of real platforms, and blocks of claims with the values of a launch filled in. Pure."""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Callable, Mapping
from typing import Any, Final

from mockplatform.claims import INSTRUCTOR
from mockplatform.errors import UsageError
from mockplatform.model import Launch

__all__ = ["FORMS", "NAMES", "digest", "filled", "in_form", "number", "pairs"]

_NUMBERS: Final = 10**12
"""Ids must never be used for a second person (SEC 5.1.2), so there are more of them than any roster needs."""
_GUID: Final = "6c1b7a52-9f3e-4d0a-8b64-2e5f0d9c7a13"
"""The tenant of ids that begin with one; it stands for no real site."""


def digest(text: str, length: int = 64) -> str:
    """Hexadecimal digits that the same text gives again."""
    return hashlib.sha256(text.encode()).hexdigest()[:length]


def number(text: str) -> int:
    """A positive number of at most twelve digits that the same text gives again; digits are themselves."""
    return int(text) if re.fullmatch(r"[0-9]{1,12}", text) else int(digest(text), 16) % _NUMBERS + 1


def _uuid(text: str) -> str:
    found = digest(text, 32)
    return f"{found[:8]}-{found[8:12]}-4{found[13:16]}-a{found[17:20]}-{found[20:]}"


def _timestamp(text: str) -> str:
    drawn = int(digest(text, 8), 16)
    return f"{2015 + drawn % 11}-{drawn % 12 + 1:02}-{drawn % 28 + 1:02}T22:{drawn % 60:02}:{drawn // 60 % 60:02}Z"


def _odd(text: str) -> str:
    """Legal in an id and in a path: signs, both cases, and long."""
    return f"~{base64.b32encode(digest(text).encode()).decode().rstrip('=')}.@:!$()*,;=+-_{digest(text)}"


_HEX: Final = "[0-9a-f]"
_UUID: Final = rf"{_HEX}{{8}}-{_HEX}{{4}}-{_HEX}{{4}}-{_HEX}{{4}}-{_HEX}{{12}}"

FORMS: Final[Mapping[str, tuple[str, Callable[[str], str]]]] = {
    "as_is": (".*", str),
    "int": ("[0-9]{1,12}", lambda text: str(number(text))),
    "uuid": (_UUID, _uuid),
    "hex16": (f"{_HEX}{{16}}", lambda text: digest(text, 16)),
    "hex20": (f"{_HEX}{{20}}", lambda text: digest(text, 20)),
    "hex32": (f"{_HEX}{{32}}", lambda text: digest(text, 32)),
    "hex40": (f"{_HEX}{{40}}", lambda text: digest(text, 40)),
    "capital_hex40": ("[0-9A-F]{40}", lambda text: digest(text, 40).upper()),
    "guid_number": (rf"{_UUID}_[0-9]{{1,12}}", lambda text: f"{_GUID}_{number(text)}"),
    "number_hex": (rf"[0-9]{{1,12}}::{_HEX}{{32}}", lambda text: f"{number(text)}::{digest(text, 32)}"),
    "primary_key": ("_[0-9]{1,12}_1", lambda text: f"_{number(text)}_1"),
    "course_key": (r"course-v1:[^+]+\+[^+]+\+[^+]+", lambda text: f"course-v1:Mock+{digest(text, 16)}+2026"),
    "usage_key": (
        r"block-v1:.+@lti_consumer\+block@.+",
        lambda text: f"block-v1:Mock+Course+2026+type@lti_consumer+block@{digest(text, 32)}",
    ),
    "timestamp": (r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:]{8}Z", _timestamp),
    "odd": (r"~.+\.@:!.+", _odd),
}
"""Forms of ids: what one looks like, and how one is made of any text."""


def in_form(text: str, form: str) -> str:
    """An id in a form: always the same one for the same text; one that has the form stays, and so does an empty one."""
    pattern, made = FORMS[form]
    return text if not text or re.fullmatch(pattern, text, re.DOTALL) else made(text)


_VALUES: Final[Mapping[str, Callable[[Launch], str | int]]] = {
    "sub": lambda launch: launch.person.sub,
    "person_number": lambda launch: number(launch.person.sub.rpartition("_")[2]),
    "person_hex": lambda launch: digest(launch.person.sub, 40),
    "username": lambda launch: f"user{digest(launch.person.sub, 8)}",
    "legacy": lambda launch: launch.person.legacy_id,
    "course": lambda launch: launch.course.id,
    "course_number": lambda launch: number(launch.course.id),
    "course_label": lambda launch: launch.course.label,
    "link": lambda launch: launch.resource_link.id,
    "link_number": lambda launch: number(launch.resource_link.id),
    "platform": lambda launch: launch.platform_guid,
    "platform_hex": lambda launch: digest(launch.platform_guid, 40),
    "return_url": lambda launch: launch.return_url,
    "institution_role": lambda launch: "Instructor" if INSTRUCTOR in launch.roles else "Student",
}
NAMES: Final = tuple(_VALUES)
"""What may stand in braces."""
_NULL: Final = "{null}"
_BRACES: Final = re.compile(r"\{([a-z_]+)\}")


def filled(template: Any, launch: Launch) -> Any:
    """A block of values with those of a launch in the place of `{sub}` and the like.

    A text that is nothing but `{person_number}` becomes a number, and `{null}` a null, which TOML cannot write.

    Raises:
        UsageError: there is no value of a name in braces.
    """
    if isinstance(template, Mapping):
        return {name: filled(value, launch) for name, value in template.items()}
    if isinstance(template, list | tuple):
        return [filled(value, launch) for value in template]
    if not isinstance(template, str):
        return template
    if template == _NULL:
        return None
    alone = _BRACES.fullmatch(template)
    if alone is not None:
        return _value(alone[1], launch)
    return _BRACES.sub(lambda found: str(_value(found[1], launch)), template)


def _value(name: str, launch: Launch) -> str | int:
    if name not in _VALUES:
        raise UsageError(f"quirk: nothing is called {{{name}}}; there are {', '.join(_VALUES)}")
    return _VALUES[name](launch)


def pairs(texts: tuple[str, ...], launch: Launch) -> tuple[tuple[str, str], ...]:
    """Parameters written as `name=value`, with the values of a launch filled in."""
    halves = (text.partition("=") for text in texts)
    return tuple((name, str(filled(value, launch))) for name, _, value in halves)
