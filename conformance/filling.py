"""Texts of a tool file in which `{email}` and its like stand for who and what takes part."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from conformance.model import LtiVersion
from mockplatform.model import Course, Person, Registration

__all__ = ["filled", "filled_json", "values_of"]


def values_of(person: Person, course: Course, registration: Registration, lti: LtiVersion) -> Mapping[str, str]:
    """What can be filled in; LTI 1.1 knows a person by another id and a platform by its consumer key."""
    old = lti == "1.1"
    return {
        "email": person.email,
        "sub": person.legacy_id if old else person.sub,
        "name": person.name,
        "context_id": course.id,
        "context_title": course.title,
        "issuer": "" if old else registration.issuer,
        "client_id": registration.consumer_key if old else registration.client_id,
        "deployment_id": "" if old else registration.deployment_ids[0],
        "lti": lti,
    }


def filled(value: Any, values: Mapping[str, str]) -> Any:
    """The value with `{email}` and its like filled in, wherever a text stands in it."""
    if isinstance(value, str):
        for name, text in values.items():
            value = value.replace(f"{{{name}}}", text)
        return value
    if isinstance(value, Mapping):
        return {key: filled(item, values) for key, item in value.items()}
    if isinstance(value, list):
        return [filled(item, values) for item in value]
    return value


def filled_json(table: Mapping[str, Any], values: Mapping[str, str]) -> bytes:
    """A JSON body with `{email}` and its like filled in."""
    return json.dumps(filled(table, values)).encode()
