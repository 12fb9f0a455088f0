"""What the plugin adds to pytest, and the LTI side that follows from it; as light to import as the plugin itself."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from conformance.under_pytest.session import Conductor
    from conformance.under_pytest.values import Trial

__all__ = [
    "SCENARIO",
    "TOOL_FILE",
    "TRIAL",
    "LtiConformanceWarning",
    "add_options",
    "conductor_of",
    "has_conductor",
    "worker_of",
]

TOOL_FILE = "lti-conformance.toml"
SCENARIO = "lti_scenario"
TRIAL: pytest.StashKey[Trial] = pytest.StashKey()
_CONDUCTOR: pytest.StashKey[Conductor] = pytest.StashKey()


class LtiConformanceWarning(pytest.PytestWarning):
    """A tool breaks what it should keep, though it need not."""


def add_options(parser: pytest.Parser) -> None:
    """Add the options."""
    add = parser.getgroup("lti-conformance", "conformance of an LTI tool").addoption
    add("--lti-tool", metavar="FILE", help="the tool file that the fixtures use (default: the one at the root)")
    add("--lti-profile", metavar="NAME", help="core, certification, class, ltix, or a path")
    add("--lti-only", metavar="PATTERN", action="append", default=[], help="scenarios by id, code or type, as globs")
    add("--lti-seed", metavar="N", type=int, help="the same seed gives the same launches")
    add("--lti-strict", action="store_true", help="a broken SHOULD fails as well")
    add("--lti-report", metavar="FORMAT:PATH", action="append", default=[], help="write a report; - is the screen")
    add("--lti-allow-remote", action="store_true", help="contact hosts other than this machine")
    add("--lti-collect", action="store_true", help=f"collect every {TOOL_FILE}, not only one that is named")
    parser.addini("lti_tool", "the tool file that the fixtures use, from the root", default="")
    parser.addini("lti_profile", "the profile to run under", default="")
    parser.addini("lti_seed", "the seed of the launches", default="0")
    parser.addini("lti_strict", "a broken SHOULD fails as well", type="bool", default=False)
    parser.addini("lti_report", "reports to write, FORMAT:PATH", type="linelist", default=[])
    parser.addini("lti_collect", f"collect every {TOOL_FILE}, not only one that is named", type="bool", default=False)
    parser.addini("lti_junit_properties", "put codes and outcomes into JUnit XML", type="bool", default=True)


def worker_of(config: pytest.Config) -> Mapping[str, Any] | None:
    """What xdist hands over to its worker processes; None in the controlling or only process."""
    found: Mapping[str, Any] | None = getattr(config, "workerinput", None)
    return found


def conductor_of(config: pytest.Config) -> Conductor:
    """The LTI side of this process, from the moment that somebody needs it."""
    if _CONDUCTOR not in config.stash:
        from conformance.under_pytest.session import Conductor
        from conformance.under_pytest.settings import settings_of

        config.stash[_CONDUCTOR] = Conductor(settings_of(config), worker_of(config))
    return config.stash[_CONDUCTOR]


def has_conductor(config: pytest.Config) -> bool:
    """Whether anybody has needed the LTI side of this process."""
    return _CONDUCTOR in config.stash
