"""Addresses at which many tools tell who is signed in: tried as a session probe, and proposed only on evidence."""

from __future__ import annotations

__all__ = ["USUAL_PLACES"]

USUAL_PLACES = tuple(
    f"GET {prefix}/{name}"
    for name in ("me", "whoami", "user", "profile", "account", "session")
    for prefix in ("/api", "")
)
"""Requests that read and change nothing, the likeliest first."""
