"""The text of a first tool file and of a first test module, each line with its reason."""

from __future__ import annotations

import json
from collections.abc import Iterator

from conformance.beginning import Beginning
from conformance.beginning.values import Application
from conformance.hosting import LOG
from conformance.tool_text import writable

__all__ = ["test_module", "tool_file"]

_MISSING = {
    "login_url": ("/lti/login", "the OIDC login initiation URL was not found: write it in the place of this line"),
    "launch_url": ("/lti/launch", "the launch URL (redirect URI) was not found: write it in the place of this line"),
    "lti11_launch_url": ("/lti/launch", "where a launch is posted was not found: write it in the place of this line"),
}
_BASIC = (
    'consumer_key = "lti-conformance"',
    "# For tests only, where nobody but the harness knows it. One that is to stay secret is read from the environment:",
    "# ${NAME} in its place. A tool that the harness starts finds both in LTI_CONSUMER_KEY and LTI_CONSUMER_SECRET.",
    'consumer_secret = "for-tests-only"',
    "",
    "[capabilities]",
    'lti_versions = ["1.1"]  # its sources have nothing of LTI 1.3',
    "",
)
_TEST_MODULE = '''"""Whether the tool refuses each broken LTI launch for the right reason."""

from conformance import lti_suite

# The tool is that of lti-conformance.toml in pytest's root folder; `--lti-tool FILE` names another one.
# One item for each scenario: `pytest -k nonce`, `pytest --lf` and `-n 2` work as with any test.
# A first look with less: lti_suite(only=["nonce/*", "state/*"]); another question: lti_suite(profile="certification").
test_lti = lti_suite()
'''
_HONEST = """

# An honest launch is the ground on which every refusal stands; `mutations=["claims.expired"]` makes it a broken one.
def test_an_honest_launch_is_accepted(lti_launch):
    assert lti_launch(role="instructor").outcome == "launched"
"""


def test_module(found: Beginning) -> str:
    """The text of a test module; the tool file says all that differs from tool to tool."""
    # `lti_launch` sends what LTI 1.3 has.
    return _TEST_MODULE if found.is_basic else f"{_TEST_MODULE}{_HONEST}"


def tool_file(found: Beginning) -> str:
    """The text of a tool file."""
    return "\n".join((*_head(found), *_tool(found), *_platform(found), *_observe())) + "\n"


def _head(found: Beginning) -> Iterator[str]:
    yield "# Written by `lti-conformance init` from what it found; every line can be changed."
    if found.application is None:
        yield "# No application was recognised in the folder."
    else:
        yield f"# Found: {_shown(found.application)}"
    for other in found.others:
        yield f"# Not taken: {_shown(other)}"
    yield ""


def _shown(application: Application) -> str:
    return _line(f"{application.framework} in {application.where}")


def _tool(found: Beginning) -> Iterator[str]:
    yield "[tool]"
    yield f"name = {_text(found.name.replace('${', '{'))}  # as reports call it"
    for key in found.addresses:
        yield from _address(found, key)
    if found.application is not None and found.application.versions == {"1.1", "1.3"}:
        yield "# It has words of LTI 1.1 as well: `lti-conformance explain lti11` says how to have that tested too."
    yield from _way_up(found)
    if found.application is not None and "enable_check_cookies" in found.application.hints:
        # PyLTI1p3 answers a first login with a page that tests for cookies, and its script adds this.
        yield "# PyLTI1p3: enable_check_cookies() asks for a script in the browser, which would add this to the login."
        yield 'login_params = { lti1p3_new_window = "1" }'
    yield ""


def _address(found: Beginning, key: str) -> Iterator[str]:
    guess = found.guesses.get(key)
    if guess is None:
        if key in _MISSING:
            path, told = _MISSING[key]
            yield f"# {key} = {_text(found.base + path)}  # {told}"
        else:
            yield f"# {key}: no address of the tool's public keys was found; only tests of services need it"
        return
    yield f"{key} = {_text(found.base + guess.route.path)}  # {_line(guess.route.where)}"
    # What is one address of the tool is no other.
    taken = {other.route.path for other in found.guesses.values()}
    if free := [route for route in guess.others if route.path not in taken]:
        others = ", ".join(f"{route.path} ({route.where})" for route in free[:5])
        yield f"# {key} may also be {_line(others)}"


def _way_up(found: Beginning) -> Iterator[str]:
    application = found.application
    app = application.app if application is not None else None
    start = _started(found)
    if found.is_running:
        yield f"# The tool answers at {found.base}, so it is not started. To have it started:"
    if app is not None:
        yield f"{'# ' if found.is_running else ''}app = {_text(app)}  # imported and served for a run, with LTI_* set"
        yield f"# What it prints is kept in {LOG}."
    elif start is not None and not writable(start):
        yield "# start: the command has ${…} in it, which would be taken for a variable; write one that has not"
    elif start is not None:
        if "exec /" in start:
            yield "# By its full path: the Python that has the tool's framework is none that a shell finds by itself."
        yield f"{'# ' if found.is_running else ''}start = {_text(start)}  # stopped at the end of a run"
        yield f"# What it prints is kept in {LOG}."
    elif not found.is_running:
        yield '# start = "…"  # nothing was found that starts the tool: start it yourself, or write the command here'


def _started(found: Beginning) -> str | None:
    """The command that starts the tool; it has `{port}` where it can be told one."""
    if found.application is None or found.application.start is None:
        return None
    return found.application.start.replace("{port}", found.base.rpartition(":")[2])


def _platform(found: Beginning) -> Iterator[str]:
    yield "[platform]  # what the tool has to register; `lti-conformance doctor` prints all of it"
    yield f'url = "http://127.0.0.1:{found.platform_port}"  # the harness listens here; the issuer as well'
    if found.is_basic:
        yield from _BASIC
        return
    yield 'client_id = "lti-conformance"'
    yield 'deployment_id = "1"'
    yield ""


def _observe() -> Iterator[str]:
    yield "# [observe] says how a launched page and an error of this tool look: `lti-conformance calibrate` writes it."


def _text(value: str) -> str:
    """A basic string of TOML."""
    return json.dumps(value.encode("utf-8", "replace").decode(), ensure_ascii=False).replace("\x7f", "\\u007f")


def _line(text: str) -> str:
    """A text that ends with its line and steers nothing."""
    return "".join(letter if letter.isprintable() else " " for letter in text)
