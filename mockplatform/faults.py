"""Scheduled misbehaviour of the platform's own endpoints."""

from __future__ import annotations

__all__: list[str] = []
