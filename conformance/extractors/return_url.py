"""`lti_errorlog` and `lti_errormsg` on the way back to the platform (CORE 5.4.4)."""

from __future__ import annotations

from dataclasses import dataclass

from conformance.sighting import Page, Sighting, Words

__all__ = ["KIND", "RANK", "Settings", "axes", "read"]

KIND = "return_url"
RANK = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Keys of `kind = "return_url"`: the parameters to read, the first that tells something wins."""

    params: tuple[str, ...] = ("lti_errorlog", "lti_errormsg", "lti_log", "lti_msg")
    """The parameters to read; the first that means something counts."""


def axes(settings: Settings, words: Words) -> frozenset[str]:
    """A code beside its label, and whatever the tool's own words say."""
    return frozenset({"code"} | words.kinds)


def read(settings: Settings, page: Page, words: Words) -> Sighting | None:
    """The meaning of the parameters."""
    given = dict(page.params)
    said = [given[name] for name in settings.params if given.get(name)]
    if not said:
        return None
    found = next(filter(None, (words.meaning(text) or words.search(text) for text in said)), Sighting())
    return Sighting(klass=found.klass, type=found.type, code=found.code, message=given.get("lti_errormsg", ""))
