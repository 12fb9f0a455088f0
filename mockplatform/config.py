"""The school that the fake LMS plays: its people, its courses and the tools that it has registered, from TOML."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import urlsplit

from mockplatform.claims import CONTEXT_ROLE, INSTITUTION_ROLE, LEARNER
from mockplatform.errors import UsageError
from mockplatform.model import Course, Person, Privacy, Registration
from mockplatform.tables import build, keyed, named, read_toml

__all__ = ["School", "issuer_problem", "load_school", "registration_from"]

T = TypeVar("T")

SHIPPED = Path(__file__).with_name("school.toml")
ATTRIBUTES = ("email", "course_id", "person_id")
LTI11 = ("lti11_launch_url", "consumer_key", "consumer_secret")
_VOCABULARIES: Mapping[str, str] = {
    "": CONTEXT_ROLE,
    "membership": "http://purl.imsglobal.org/vocab/lis/v2/membership/",
    "institution": INSTITUTION_ROLE,
    "system": "http://purl.imsglobal.org/vocab/lis/v2/system/person#",
    "lti": "http://purl.imsglobal.org/vocab/lti/system/person#",
}
"""What the word before the slash of a role stands for (LTI Core 1.3, appendix A.2)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class School:
    """What a platform is filled with."""

    registrations: tuple[Registration, ...]
    """A registration without an issuer of its own has the empty one, until `issued_by` fills it in."""
    people: tuple[Person, ...]
    courses: tuple[Course, ...]
    issuer: str | None = None

    def issued_by(self, issuer: str) -> tuple[Registration, ...]:
        """The registrations, with this issuer where they name none."""
        return tuple(replace(tool, issuer=tool.issuer or issuer) for tool in self.registrations)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Platform:
    issuer: str | None = None

    def __post_init__(self) -> None:
        _raise(issuer_problem(self.issuer), "issuer")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Tool:
    name: str = "Tool"
    issuer: str | None = None
    client_id: str
    deployment_ids: tuple[str, ...]
    login_url: str
    launch_url: str
    redirect_uris: tuple[str, ...] = ()
    attributes: Mapping[str, str] = field(default_factory=dict)
    login_params: Mapping[str, str] = field(default_factory=dict)
    lti11_launch_url: str | None = None
    consumer_key: str | None = None
    consumer_secret: str | None = field(default=None, repr=False)
    jwks_url: str = ""
    jwks: Mapping[str, Any] = field(default_factory=dict)
    scopes: tuple[str, ...] | None = None
    custom: Mapping[str, str] = field(default_factory=dict)
    deep_linking_url: str = ""
    privacy: Privacy = "public"

    def __post_init__(self) -> None:
        _raise(issuer_problem(self.issuer), "issuer")
        _raise(_url_problem(self.login_url), "login_url")
        _raise(_url_problem(self.launch_url), "launch_url")
        for index, url in enumerate(self.redirect_uris):
            _raise(_url_problem(url), f"redirect_uris[{index}]")
        if not self.client_id:
            raise ValueError("client_id is empty; give the one that the tool knows")
        if not self.deployment_ids or "" in self.deployment_ids:
            raise ValueError('deployment_ids needs one id or more, such as ["1"]')
        for name in self.attributes:
            if name not in ATTRIBUTES:
                raise ValueError(f"attributes.{name}: unknown key, expected {', '.join(ATTRIBUTES)}")
        for name in ("jwks_url", "deep_linking_url"):
            _raise(_url_problem(getattr(self, name)) if getattr(self, name) else None, name)
        if self.jwks and not isinstance(self.jwks.get("keys"), (list, tuple)):
            raise ValueError("jwks has no list of keys; give a JWK Set, such as { keys = [{ kty = 'RSA', … }] }")
        self._check_lti11()

    def _check_lti11(self) -> None:
        given = {name: getattr(self, name) for name in LTI11}
        if all(value is None for value in given.values()):
            return
        for name, value in given.items():
            if not value:
                raise ValueError(f"{name} is missing or empty; LTI 1.1 needs {', '.join(LTI11)}")
        _raise(_url_problem(given["lti11_launch_url"]), "lti11_launch_url")

    def registration(self) -> Registration:
        return Registration(
            name=self.name,
            issuer=self.issuer or "",
            client_id=self.client_id,
            deployment_ids=self.deployment_ids,
            login_url=self.login_url,
            launch_url=self.launch_url,
            redirect_uris=self.redirect_uris,
            attributes=self.attributes,
            login_params=self.login_params,
            lti11_launch_url=self.lti11_launch_url or "",
            consumer_key=self.consumer_key or "",
            consumer_secret=self.consumer_secret or "",
            jwks_url=self.jwks_url,
            jwks=self.jwks,
            scopes=self.scopes,
            custom=self.custom,
            deep_linking_url=self.deep_linking_url,
            privacy=self.privacy,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Person:
    sub: str
    given_name: str = ""
    family_name: str = ""
    email: str = ""
    locale: str = "en-US"
    roles: tuple[str, ...] | None = None
    mentor_of: tuple[str, ...] = ()
    note: str = ""

    def person(self) -> Person:
        return Person(
            sub=self.sub,
            given_name=self.given_name,
            family_name=self.family_name,
            email=self.email,
            locale=self.locale,
            # Somebody of whom nothing is said is a learner; nobody is without a role but by an empty list.
            roles=(LEARNER,) if self.roles is None else tuple(map(_role, self.roles)),
            mentor_of=self.mentor_of,
            note=self.note,
        )


def _role(written: str) -> str:
    """A role as its full URI: `Learner`, `membership/Instructor#Grader`, `institution/Guest`, or a URI as it is."""
    vocabulary, slash, name = written.partition("/")
    if ":" in written or (slash and vocabulary not in _VOCABULARIES):
        return written
    return _VOCABULARIES[vocabulary] + name if slash else CONTEXT_ROLE + written


@dataclass(frozen=True, slots=True, kw_only=True)
class _File:
    platform: _Platform = field(default_factory=_Platform)
    tools: tuple[_Tool, ...] = named("registration", default=())
    people: tuple[_Person, ...] = named("person", default=())
    courses: tuple[Course, ...] = named("course", default=())

    def __post_init__(self) -> None:
        if not self.tools:
            raise ValueError(
                "no tool is registered; add a [[registration]] with client_id, deployment_ids, login_url and launch_url"
            )


def load_school(path: Path | None = None) -> School:
    """The school of a file, or the shipped one; people and courses that a file leaves out are the shipped ones.

    Raises:
        UsageError: the file is missing, is not TOML, or says something that a platform cannot use.
    """
    shipped = build(_File, read_toml(SHIPPED), where=str(SHIPPED))
    given = shipped if path is None else build(_File, read_toml(path), where=str(path))
    where = str(path or SHIPPED)
    return School(
        issuer=given.platform.issuer,
        registrations=_once(
            (tool.registration() for tool in given.tools),
            lambda tool: f"{tool.client_id!r}" + (f" of {tool.issuer}" if tool.issuer else ""),
            f"{where}: registration.client_id",
        ),
        people=_once(
            (one.person() for one in given.people or shipped.people), lambda person: person.sub, f"{where}: person.sub"
        ),
        courses=_once(given.courses or shipped.courses, lambda course: course.id, f"{where}: course.id"),
    )


def registration_from(table: Mapping[str, Any], *, where: str) -> Registration:
    """A registration from the keys that a `[[registration]]` has; without an issuer of its own it has the empty one.

    Raises:
        UsageError: a key is unknown, missing, or holds what a platform cannot use.
    """
    return build(_Tool, table, where=where).registration()


def issuer_problem(issuer: str | None) -> str | None:
    """What makes a text no issuer, if anything: it is a URL without query and fragment (SEC 5.1.2)."""
    if issuer is None:
        return None
    problem = _url_problem(issuer)
    if problem is None and ("?" in issuer or "#" in issuer):
        return f"{issuer!r} has a query or a fragment; an issuer is a URL without them"
    return problem


def _url_problem(url: str) -> str | None:
    try:
        parts = urlsplit(url)
        usable = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        usable = False
    if usable and not any(letter.isspace() for letter in url):
        return None
    return f"{url!r} is no http or https URL; write one such as 'http://127.0.0.1:8000/lti/launch'"


def _raise(problem: str | None, key: str) -> None:
    if problem is not None:
        raise ValueError(f"{key}: {problem}")


def _once(items: Iterable[T], key: Callable[[T], str], where: str) -> tuple[T, ...]:
    found = keyed(items, key, where=where)
    if "" in found:
        raise UsageError(f"{where}: one is empty, expected an id of its own for each")
    return tuple(found.values())
