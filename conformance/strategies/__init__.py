"""Strategies for Hypothesis: honest launches, lies, and broken launches that say what the answer must be.

They need the extra `lti-conformance[hypothesis]`, which is loaded when something is drawn.
"""

from __future__ import annotations

from conformance.strategies.breaking import Broken, broken_launches
from conformance.strategies.launching import id_tokens, launches, registrations
from conformance.strategies.mutating import mutations, recipes

__all__ = ["Broken", "broken_launches", "id_tokens", "launches", "mutations", "recipes", "registrations"]
