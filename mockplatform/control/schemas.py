"""JSON Schemas of dataclasses, as OpenAPI 3.1 names and links them."""

from __future__ import annotations

import dataclasses
import inspect
from collections.abc import Callable, Mapping
from types import NoneType, UnionType
from typing import Any, Final, Literal, TypeVar, Union, get_args, get_origin, get_type_hints

from mockplatform.stores.codec import told

__all__ = ["Schemas"]

_SCALARS: Final[Mapping[Any, dict[str, Any]]] = {
    str: {"type": "string"},
    bool: {"type": "boolean"},
    int: {"type": "integer"},
    float: {"type": "number"},
    NoneType: {"type": "null"},
    Any: {},
    object: {},
}


class Schemas:
    """Schemas by name; one is made when a type is first asked for.

    What is given may leave out whatever has a default; what is told always has every member.
    """

    def __init__(self) -> None:
        self.components: dict[str, Any] = {}

    def of(self, hint: Any, *, given: bool = False, known: Mapping[Any, Any] | None = None) -> dict[str, Any]:
        """The schema of a type, or a link to it.

        Args:
            given: of a request, not of an answer.
            known: what the type variables stand for.
        """
        hint = (known or {}).get(hint, hint)
        if hint in _SCALARS:
            return dict(_SCALARS[hint])
        if dataclasses.is_dataclass(get_origin(hint) or hint):
            return self._linked(hint, given=given)
        return _MAKERS[get_origin(hint) or hint](
            self, get_args(hint), lambda inner: self.of(inner, given=given, known=known)
        )

    def _linked(self, hint: Any, *, given: bool) -> dict[str, Any]:
        name = _name(hint) + ("Given" if given else "")
        if name not in self.components:
            self.components[name] = {}  # a type may hold itself
            self.components[name] = self._object(hint, given=given)
        return {"$ref": f"#/components/schemas/{name}"}

    def _object(self, hint: Any, *, given: bool) -> dict[str, Any]:
        cls: Any = get_origin(hint) or hint
        known = dict(zip(getattr(cls, "__parameters__", ()), get_args(hint), strict=True))
        hints = get_type_hints(cls)
        fields = [one for one in dataclasses.fields(cls) if one.init]
        names = {one.name: one.metadata.get("key", one.name) for one in fields}
        properties = {names[one.name]: self.of(hints[one.name], given=given, known=known) for one in fields}
        if given:
            for one in fields:
                if not _required(one):
                    properties[names[one.name]] |= _default(one)
        required = [names[one.name] for one in fields if not given or _required(one)]
        summary = (inspect.getdoc(cls) or "").partition("\n")[0]
        return {
            "type": "object",
            "description": summary,
            "properties": properties,
            **({"required": required} if required else {}),
            "additionalProperties": False,
        }


def _name(hint: Any) -> str:
    inner = "".join(_name(one) for one in get_args(hint) if not isinstance(one, TypeVar))
    return f"{inner}{(get_origin(hint) or hint).__name__}"


def _required(field: dataclasses.Field[Any]) -> bool:
    return field.default is dataclasses.MISSING and field.default_factory is dataclasses.MISSING


def _default(field: dataclasses.Field[Any]) -> dict[str, Any]:
    made = field.default_factory() if field.default_factory is not dataclasses.MISSING else field.default
    return {"default": told(made)}


Inner = Callable[[Any], dict[str, Any]]


def _array(_: Schemas, arguments: tuple[Any, ...], inner: Inner) -> dict[str, Any]:
    if arguments[-1] is Ellipsis:
        return {"type": "array", "items": inner(arguments[0])}
    size = len(arguments)
    return {
        "type": "array",
        "prefixItems": [inner(one) for one in arguments],
        "items": False,
        "minItems": size,
        "maxItems": size,
    }


def _mapping(_: Schemas, arguments: tuple[Any, ...], inner: Inner) -> dict[str, Any]:
    return {"type": "object", "additionalProperties": inner(arguments[1]) if arguments else {}}


def _choice(_: Schemas, arguments: tuple[Any, ...], inner: Inner) -> dict[str, Any]:  # noqa: ARG001
    return {"type": "string", "enum": list(arguments)}


def _either(_: Schemas, arguments: tuple[Any, ...], inner: Inner) -> dict[str, Any]:
    return {"anyOf": [inner(one) for one in arguments]}


_MAKERS: Final[Mapping[Any, Callable[[Schemas, tuple[Any, ...], Inner], dict[str, Any]]]] = {
    tuple: _array,
    Mapping: _mapping,
    dict: _mapping,
    Literal: _choice,
    Union: _either,
    UnionType: _either,
}
