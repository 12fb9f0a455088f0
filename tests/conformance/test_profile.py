from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from conformance.model import Expectation
from conformance.profile import load_profile, profile_names
from mockplatform.errors import UsageError
from tests.conformance.makers import make_scenario, reject

TEXT = 'title = "Own"\nquestion = "Does it?"\naxes = ["outcome", "code"]\n'


def written(folder: Path, name: str, text: str = TEXT) -> str:
    path = folder / f"{name}.toml"
    path.write_text(text, encoding="utf-8")
    return str(path)


def refusal(name: str) -> str:
    with pytest.raises(UsageError) as raised:
        load_profile(name)
    assert "\n" not in str(raised.value)
    return str(raised.value)


@pytest.mark.parametrize(
    ("name", "lineage", "axes", "crash", "policy"),
    [
        ("core", ("core", "any"), ("outcome",), "refusal", "open"),
        ("certification", ("certification", "core", "any"), ("outcome",), "refusal", "open"),
        ("class", ("class", "any"), ("outcome", "code"), "failure", "class"),
        ("ltix", ("ltix", "core", "any"), ("outcome", "class", "type"), "failure", "open"),
    ],
)
def test_the_four_profiles(name: str, lineage: Any, axes: Any, crash: str, policy: str) -> None:
    """Whom each inherits from, what it counts, and what a crash is to it."""
    profile = load_profile(name)

    assert (profile.name, profile.lineage, profile.axes) == (name, lineage, axes)
    assert (profile.crash, profile.policy) == (crash, policy)


def test_there_are_no_others() -> None:
    """A fifth one would have to be written down here."""
    assert profile_names() == ("certification", "class", "core", "ltix")


def test_only_class_needs_states() -> None:
    """A virtual classroom needs an instructor who has authorised Zoom and a class for the student."""
    states = {name: dict(load_profile(name).states) for name in profile_names()}

    assert states.pop("class") == {"instructor": ("zoom_authorised",), "student": ("class_exists",)}
    assert not any(states.values())


@pytest.mark.parametrize(
    ("named", "profile", "wanted"),
    [
        (("any",), "core", "any"),
        (("any",), "class", "any"),
        (("any", "core"), "ltix", "core"),
        (("any", "core", "ltix"), "ltix", "ltix"),
        (("any", "core"), "class", "any"),
        (("core",), "certification", "core"),
        (("core",), "class", None),
        (("ltix",), "core", None),
        ((), "core", None),
    ],
)
def test_the_nearest_expectation_counts(named: tuple[str, ...], profile: str, wanted: str | None) -> None:
    """A profile's own comes first, then those it inherits, then `any`; with none the scenario has no part in it."""
    expect = {name: Expectation(preferred=reject(code=1001 + index)) for index, name in enumerate(named)}
    found = load_profile(profile).expectation(make_scenario(expect=expect))

    assert found is (expect[wanted] if wanted else None)


def test_a_profile_of_the_users_own(tmp_path: Path) -> None:
    """A file that inherits from a shipped profile or from another file."""
    base = written(tmp_path, "base", TEXT + 'inherits = "core"\ncrash = "refusal"\n')
    own = load_profile(written(tmp_path, "own", TEXT + f'inherits = "{base}"\n[states]\nstudent = ["x"]\n'))

    assert own.lineage == ("own", "base", "core", "any")
    assert (own.crash, own.policy, own.states) == ("failure", "open", {"student": ("x",)})


def test_an_unknown_profile_is_named() -> None:
    """With the known ones."""
    assert refusal("clas") == (
        "unknown profile 'clas'; known are certification, class, core, ltix, or a path to a .toml"
    )


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    """The path is in the message."""
    assert refusal(f"{tmp_path}/gone.toml") == f"{tmp_path}/gone.toml: there is no such file"


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "title: missing"),
        (TEXT + "crsh = 'refusal'\n", "crsh: unknown key; did you mean 'crash'?"),
        (TEXT + "crash = 'maybe'\n", "crash: expected 'refusal' or 'failure', got 'maybe'"),
        (TEXT.replace("code", "colour"), "axes[1]: expected"),
        (TEXT + "inherits = 'nobody'\n", "unknown profile 'nobody'"),
    ],
)
def test_a_profile_that_does_not_fit_is_refused(tmp_path: Path, text: str, problem: str) -> None:
    """One line with the key and the problem."""
    assert problem in refusal(written(tmp_path, "own", text))


def test_a_circle_is_refused(tmp_path: Path) -> None:
    """Two that inherit from each other, or one from itself."""
    first, second = tmp_path / "first.toml", tmp_path / "second.toml"
    written(tmp_path, "first", TEXT + f'inherits = "{second}"\n')
    written(tmp_path, "second", TEXT + f'inherits = "{first}"\n')
    alone = written(tmp_path, "alone", TEXT + f'inherits = "{tmp_path}/alone.toml"\n')

    assert "inherit from each other in a circle" in refusal(str(first))
    assert "in a circle" in refusal(alone)
