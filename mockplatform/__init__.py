"""A fake LMS for LTI 1.3: honest by default, lying on request, in named ways.

>>> import secrets, time
>>> from mockplatform import KeyRing, Platform
>>> platform = Platform(
...     url="http://127.0.0.1:9400", clock=time.time, new_id=secrets.token_urlsafe, keys=KeyRing()
... )
>>> platform.key_set.publish().status
200
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from mockplatform._version import __version__

if TYPE_CHECKING:
    from mockplatform.app import create_app
    from mockplatform.errors import BindError, UsageError
    from mockplatform.keys import KeyRing
    from mockplatform.lms import Platform
    from mockplatform.model import Course, Launch, Person, Registration
    from mockplatform.mutation import bind, mutations
    from mockplatform.server import listen, serve

__all__ = [
    "BindError",
    "Course",
    "KeyRing",
    "Launch",
    "Person",
    "Platform",
    "Registration",
    "UsageError",
    "__version__",
    "bind",
    "create_app",
    "listen",
    "mutations",
    "serve",
]

# Reading a version or an option must not load the cryptography: each name is imported when it is asked for.
_HOMES = {
    "BindError": "errors",
    "Course": "model",
    "KeyRing": "keys",
    "Launch": "model",
    "Person": "model",
    "Platform": "lms",
    "Registration": "model",
    "UsageError": "errors",
    "bind": "mutation",
    "create_app": "app",
    "listen": "server",
    "mutations": "mutation",
    "serve": "server",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f"{__name__}.{_HOMES[name]}"), name)
