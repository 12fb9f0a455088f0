"""A correct tool for LTI 1.3 and 1.1, written as lists of steps, and the flaws that it can be given."""

from __future__ import annotations

import logging

from conformance.sample_tool.flaws import FLAWS, Flaw
from conformance.sample_tool.model import Integration
from conformance.sample_tool.web import create_tool

__all__ = ["FLAWS", "Flaw", "Integration", "create_tool"]

# Who embeds the tool decides what becomes of its log.
logging.getLogger(__name__).addHandler(logging.NullHandler())
