"""The messages of the folder `messages` by name."""

from __future__ import annotations

import functools
import importlib
import pkgutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from mockplatform.model import Course, Launch, Registration

if TYPE_CHECKING:
    from mockplatform.records import LineItem, PlacedLink

__all__ = ["MessageKind", "messages"]


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageKind:
    """One kind of message, as its module describes it."""

    name: str
    type: str
    claims: Callable[[Launch], Mapping[str, Any]]
    opens_link: bool
    needs: tuple[str, ...] = ()
    omits: tuple[str, ...] = ()
    line_item: Callable[[Any, Registration, Course, PlacedLink | None], LineItem] | None = None
    """Of a platform: what the message is about where no line item is named."""


@functools.cache
def messages() -> Mapping[str, MessageKind]:
    """Every kind of message by its name, found by walking the folder `messages`."""
    package = importlib.import_module("mockplatform.messages")
    names = sorted(info.name for info in pkgutil.iter_modules(package.__path__))
    modules = (importlib.import_module(f"{package.__name__}.{name}") for name in names)
    return {
        module.NAME: MessageKind(
            name=module.NAME,
            type=module.TYPE,
            claims=module.claims,
            opens_link=module.OPENS_LINK,
            needs=getattr(module, "NEEDS", ()),
            omits=getattr(module, "OMITS", ()),
            line_item=getattr(module, "line_item", None),
        )
        for module in modules
    }
