"""The exceptions of both packages.

UsageError      the caller gave a file, key, option or URL that cannot be used
└─ BindError    the address to listen on is taken or not ours

What a tool under test does wrong is never an exception: it is data in an observation.
"""

from __future__ import annotations

__all__ = ["BindError", "UsageError"]


class UsageError(Exception):
    """One line that names the file, key or URL, what is wrong with it, and what to do."""


class BindError(UsageError):
    """The server cannot listen on the address it was given."""
