"""The service behind a tool, played by the harness: a fake Zoom that is honest until it is told to fail."""

from __future__ import annotations

from conformance.upstream.faults import ArmedFault, Fault
from conformance.upstream.zoom import Answer, Asked, FakeZoom, Silence

__all__ = ["Answer", "ArmedFault", "Asked", "FakeZoom", "Fault", "Silence"]
