from __future__ import annotations

import re
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from conformance import errors
from conformance.errors import ErrorCode, ErrorType, codes, types
from mockplatform.errors import UsageError

if TYPE_CHECKING:
    from pathlib import Path

NAMES = {
    1001: "FAILED_IMSLTI_VALIDATION",
    1002: "LTI_CREDENTIALS_NOT_FOUND",
    1003: "FAILED_TO_GET_LTI_CREDENTIALS",
    1004: "EMAIL_ATTRIBUTE_NAME_NOT_IN_REQUEST",
    1005: "COURSE_ID_ATTRIBUTE_NAME_NOT_IN_REQUEST",
    1006: "INVALID_USER_EMAIL",
    1007: "INVALID_COURSE_ID",
    1008: "FAILED_TO_GET_ZOOM_AUTH",
    1009: "PRIVLEGED_ZOOM_USER_NOT_YET_AUTHORIZED",
    1010: "FAILED_TO_GET_LTI_COURSE_LINKAGE",
    1011: "CLASS_NOT_YET_CREATED",
    1012: "FAILED_TO_GET_MEETING_DEFAULTS",
    1013: "FAILED_TO_CREATE_DEFERRED_CLASSES",
    1014: "FAILED_TO_CREATE_CLASS",
    1015: "FAILED_TO_GET_OR_CREATE_LINKED_ENROLLMENT",
    1016: "FAILED_TO_GET_CLASS",
    1017: "FAILED_TO_GET_LMS_JWKS",
    1018: "PERSON_ID_ATTRIBUTE_NAME_NOT_IN_REQUEST",
    1019: "INVALID_USER_NAME",
    1020: "INVALID_CONSUMER_CLIENT_ID",
    1021: "INVALID_LTI_VERSION",
    1022: "INVALID_PERSON_ID",
    1023: "INVALID_COURSE_TITLE",
    1024: "INVALID_ROLES_LIST",
    1337: "ZOOM_AUTHENTICATION_ERROR",
}

TYPES = {
    "MissingParameter": ("invalid", "launch", "parameter"),
    "MissingClaim": ("invalid", "launch", "claim"),
    "InvalidClaim": ("invalid", "launch", "claim value"),
    "InvalidJson": ("invalid", "launch", ""),
    "RegistrationNotFound": ("invalid", "launch", "issuer client_id"),
    "DeploymentNotFound": ("invalid", "launch", "deployment_id"),
    "SignatureInvalid": ("security", "launch", ""),
    "TokenExpired": ("security", "launch", ""),
    "IssuerMismatch": ("security", "launch", "expected actual"),
    "AudienceMismatch": ("security", "launch", "expected actual"),
    "AlgorithmNotAllowed": ("security", "launch", "algorithm"),
    "StateMismatch": ("security", "launch", ""),
    "NonceMissing": ("security", "launch", ""),
    "NonceNotFound": ("security", "launch", ""),
    "NonceReused": ("security", "launch", ""),
    "KidMissing": ("security", "launch", ""),
    "KidNotFound": ("security", "launch", "kid"),
    "AuthenticationFailed": ("security", "launch", "error error_description"),
    "ServiceNotAvailable": ("invalid", "service", "service"),
    "TokenRequestFailed": ("invalid", "service", "error error_description status body"),
    "MalformedResponse": ("invalid", "service", "service reason"),
    "RosterTooLarge": ("invalid", "service", "count max"),
    "ScopeMismatch": ("invalid", "service", "scope granted_scopes"),
    "InvalidEndpoint": ("invalid", "service", "service"),
    "AccessDenied": ("security", "service", "service status body"),
    "AccessTokenExpired": ("security", "service", "expires_at"),
}

FAULT_POINTS = {
    1003: "credentials.read",
    1008: "zoom_auth.read",
    1010: "course_link.read",
    1012: "meeting_defaults.read",
    1013: "deferred.create",
    1014: "class.create",
    1015: "enrollment.write",
    1016: "class.read",
    1337: "zoom.session",
}

every_code = pytest.mark.parametrize("error", codes().values(), ids=lambda error: str(error.code))
every_type = pytest.mark.parametrize("error", types().values(), ids=lambda error: error.type)
every_error = pytest.mark.parametrize(
    "error",
    [*codes().values(), *types().values()],
    ids=lambda error: getattr(error, "name", "") or error.type,
)


def test_all_25_codes_have_the_names_of_their_source() -> None:
    """Numbers, names and order are those of the published table, its spelling included."""
    assert list(NAMES.items()) == [(number, error.name) for number, error in codes().items()]
    assert all(number == error.code for number, error in codes().items())


def test_all_26_types_have_the_class_and_fields_of_their_source() -> None:
    """Names, classes, surfaces and fields are those of the published tables."""
    actual = {name: (error.klass, error.surface, " ".join(error.fields)) for name, error in types().items()}

    assert list(TYPES.items()) == list(actual.items())
    assert all(name == error.type for name, error in types().items())


def test_the_classes_of_the_codes() -> None:
    """What failed inside is unknown, what could not be trusted is security, the rest is invalid."""
    by_class = {klass: {e.code for e in codes().values() if e.klass == klass} for klass in ("security", "unknown")}

    assert by_class["security"] == {1001, 1337}
    assert by_class["unknown"] == {1003, 1008, 1010, 1012, 1013, 1014, 1015, 1016, 1017}


@every_code
def test_other_right_classes_are_really_other(error: ErrorCode) -> None:
    """The default class is not listed again among the others."""
    assert error.klass not in error.also
    assert len(error.also) == len(set(error.also))


@every_code
def test_the_types_of_a_code_exist(error: ErrorCode) -> None:
    """A code goes with known types, each once."""
    assert set(error.types) <= set(types())
    assert len(error.types) == len(set(error.types))


@every_code
def test_the_neighbours_of_a_code_are_other_codes(error: ErrorCode) -> None:
    """Each code has a neighbour to be told from, and is not its own."""
    neighbours = [neighbour.code for neighbour in error.neighbours]

    assert neighbours
    assert set(neighbours) <= set(codes()) - {error.code}
    assert len(neighbours) == len(set(neighbours))
    assert all(len(neighbour.difference) >= 20 for neighbour in error.neighbours)


@every_code
def test_a_code_says_where_and_in_which_versions_it_occurs(error: ErrorCode) -> None:
    """Stages are P1 to P11; the key set and the version are matters of LTI 1.3 alone."""
    assert re.fullmatch(r"P(?:\d|1[01])(?:/P(?:\d|1[01]))*", error.stage)
    assert (("1.3",) if error.code in (1017, 1021) else ("1.1", "1.3")) == error.versions


@every_code
def test_a_back_end_code_names_its_fault_point(error: ErrorCode) -> None:
    """The nine codes that need a fault point name it, and the others name none."""
    named = [point for point in FAULT_POINTS.values() if point in error.provoke]

    assert error.provoke.endswith(".")
    assert ([FAULT_POINTS[error.code]] if error.code in FAULT_POINTS else []) == named


def test_repeating_helps_only_after_failures_of_the_back_end() -> None:
    """A repeated launch may work where something failed, save where Zoom wants a new sign-in."""
    assert {1003, 1008, 1010, 1012, 1013, 1015, 1016, 1017} == {e.code for e in codes().values() if e.retryable}
    assert [error.type for error in types().values() if error.retryable] == ["AccessTokenExpired"]


@every_type
def test_a_launch_type_goes_with_a_code_and_back(error: ErrorType) -> None:
    """Launch types have a code that lists them; service types have none."""
    if error.surface == "service":
        assert error.code is None
    else:
        assert error.code is not None
        assert error.type in codes()[error.code].types


@every_type
def test_the_alternates_of_a_type_are_other_types_of_its_surface(error: ErrorType) -> None:
    """What a tool may answer instead is a known type of the same surface."""
    assert error.type not in error.alternates
    assert all(types()[name].surface == error.surface for name in error.alternates)


@every_error
def test_every_error_tells_a_person_what_to_do(error: ErrorCode | ErrorType) -> None:
    """Cause, actor, remedy, retry and reference are filled with something to read."""
    assert len(error.cause) >= 30
    assert len(error.remedy) >= 40
    assert error.cause.endswith(".")
    assert error.remedy.endswith(".")
    assert error.actor
    assert error.retry.startswith(("yes", "no", "perhaps", "after"))
    assert error.reference
    assert not error.note or error.note.endswith(".")


def test_the_catalogue_is_read_only_and_read_once() -> None:
    """Callers get the same mappings each time and cannot change them."""
    assert codes() is codes()
    assert types() is types()
    with pytest.raises(TypeError):
        codes()[1] = codes()[1001]  # type: ignore[index]


@pytest.mark.parametrize(("kind", "key"), [("code", "1006"), ("type", "TokenExpired")])
def test_an_error_that_is_defined_twice_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str, key: str
) -> None:
    """A duplicate names the file, the table and the key."""
    text = errors._FILE.read_text(encoding="utf-8")
    tables = re.split(r"(?m)^(?=\[\[)", text)
    path = tmp_path / "errors.toml"
    twin = next(t for t in tables if t.startswith(f"[[{kind}]]") and re.search(rf'(?m)^{kind} = "?{key}\b', t))
    path.write_text(text + twin, encoding="utf-8")
    monkeypatch.setattr(errors, "_FILE", path)

    with pytest.raises(UsageError, match=rf"^errors\.toml: \[\[{kind}\]\]: {key} stands there twice"):
        codes()


def test_importing_the_errors_loads_nothing_heavy() -> None:
    """The import takes no third-party package along and reads no file."""
    probe = "import sys, conformance.errors as e; print(e._load.cache_info().currsize, *sys.modules)"
    done = subprocess.run([sys.executable, "-c", probe], capture_output=True, text=True, timeout=60, check=True)

    loaded, *modules = done.stdout.split()
    assert loaded == "0"
    assert not {"starlette", "cryptography", "jwt", "rich", "sqlalchemy", "uvicorn", "jinja2"} & set(modules)
