"""The OpenAPI 3.1 document of the control API, made from its acts."""

from __future__ import annotations

import dataclasses
import importlib
import inspect
from typing import Any, Final

from mockplatform._version import __version__
from mockplatform.control.contract import Act, acts
from mockplatform.control.problems import PROBLEM_TYPE, Problem
from mockplatform.control.schemas import Schemas

__all__ = ["document"]

_TEXTS: Final = {
    "tenant": "the id of a tenant; `main` is the first one",
    "registration": "the `key` of a registration, or its `client_id` if the platform itself is the issuer",
    "person": "the `sub` of a person",
}


def document(url: str) -> dict[str, Any]:
    """The whole document.

    Args:
        url: where the control API is.
    """
    schemas = Schemas()
    paths: dict[str, dict[str, Any]] = {}
    for act in acts():
        paths.setdefault(act.path, {})[act.method.lower()] = _operation(act, schemas)
    problem = schemas.of(Problem)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "mockplatform control API",
            "version": __version__,
            "description": "Drives a fake LMS: tenants, tools, people, launches and what goes wrong with them.",
        },
        "servers": [{"url": url}],
        "tags": [{"name": name, "description": _introduction(name)} for name in dict.fromkeys(a.group for a in acts())],
        "security": [{"secret": []}, {}],
        "paths": paths,
        "components": {
            "schemas": schemas.components,
            "securitySchemes": {"secret": {"type": "http", "scheme": "bearer"}},
            "responses": {
                "Problem": {
                    "description": "What is wrong, and what to do.",
                    "content": {PROBLEM_TYPE: {"schema": problem}},
                }
            },
        },
    }


def _operation(act: Act, schemas: Schemas) -> dict[str, Any]:
    parameters = [_parameter(name, "path", {"type": "string"}, _TEXTS.get(name, "")) for name in act.parameters]
    if act.query is not None:
        parameters += _query(act.query, schemas)
    answer: dict[str, Any] = {"description": act.summary}
    if act.answer is not None:
        answer["content"] = {"application/json": {"schema": schemas.of(act.answer)}}
    told: dict[str, Any] = {
        "operationId": act.name,
        "tags": [act.group],
        "summary": act.summary,
        "parameters": parameters,
        "responses": {str(act.status): answer, "default": {"$ref": "#/components/responses/Problem"}},
    }
    if act.body is not None:
        content = {"application/json": {"schema": schemas.of(act.body, given=True)}}
        told["requestBody"] = {"required": True, "content": content}
    return told


def _query(query: Any, schemas: Schemas) -> list[dict[str, Any]]:
    whole = Schemas()
    whole.of(query, given=True)
    properties: dict[str, Any] = whole.components.pop(f"{query.__name__}Given")["properties"]
    schemas.components.update(whole.components)
    required = {
        one.name
        for one in dataclasses.fields(query)
        if one.default is dataclasses.MISSING and one.default_factory is dataclasses.MISSING
    }
    return [_parameter(name, "query", schema, "", required=name in required) for name, schema in properties.items()]


def _parameter(name: str, place: str, schema: dict[str, Any], text: str, *, required: bool = True) -> dict[str, Any]:
    described = {"description": text} if text else {}
    return {"name": name, "in": place, "required": required, "schema": schema, **described}


def _introduction(group: str) -> str:
    module = importlib.import_module(f"mockplatform.control.groups.{group}")
    return (inspect.getdoc(module) or "").partition("\n")[0]
