"""A tool as its registration is written down: a table of a file or a form, checked and turned into a registration."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, fields
from typing import Any, Final

from mockplatform.model import Privacy, Registration
from mockplatform.strict_json import whole_texts
from mockplatform.tables import build
from mockplatform.texts import check_opaque_id, url_problem

__all__ = ["ATTRIBUTES", "OPTIONAL", "ToolTable", "complain", "issuer_problem", "registration_from"]

ATTRIBUTES: Final = ("email", "course_id", "person_id")
LTI11: Final = ("lti11_launch_url", "consumer_key", "consumer_secret")
OPTIONAL: Final = ("issuer", *LTI11)
"""What a table may leave out but never leave empty; a registration without it has the empty text."""
_WITHOUT_FRAGMENT: Final = ("login_url", "redirect_uris")
"""Where a browser is sent with a request, of which it keeps the fragment to itself; a redirect URI has none (RFC 6749,
3.1.2)."""
_OF_EVERY_LOGIN: Final = ("iss", "login_hint", "target_link_uri", "lti_message_hint", "client_id", "lti_deployment_id")
"""What a login request says in any case (SEC 5.1.1.1; CORE 4.1)."""
_LONGEST_CLIENT_ID: Final = 2_000
"""There is no limit in a standard; this one keeps a mistake, such as a pasted file, out of every login."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolTable:
    """The keys of a registration; without an issuer it is one of the platform that reads it."""

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
        told = "give the one that the tool knows"
        check_opaque_id("client_id", self.client_id, longest=_LONGEST_CLIENT_ID, empty=told)
        if not self.deployment_ids or "" in self.deployment_ids:
            raise ValueError('deployment_ids needs one id or more, such as ["1"]')
        for index, deployment in enumerate(self.deployment_ids):
            check_opaque_id(f"deployment_ids[{index}]", deployment)
        complain(issuer_problem(self.issuer), "issuer")
        for where, url in self._urls():
            complain(url_problem(url) or self._fragment_problem(where, url), where)
        for name in self.attributes:
            if name not in ATTRIBUTES:
                raise ValueError(f"attributes.{name}: unknown key, expected {', '.join(ATTRIBUTES)}")
        for name in self.login_params:
            if name in _OF_EVERY_LOGIN:
                raise ValueError(f"login_params.{name}: every login says it as the standard wants it; leave it out")
        if "" in (self.scopes or ()):
            raise ValueError("scopes has an empty text; leave it out")
        self._check_jwks()
        self._check_lti11()
        for one in fields(self):
            complain(_text_problem(getattr(self, one.name)), one.name)

    def _urls(self) -> Iterator[tuple[str, str]]:
        yield from (("login_url", self.login_url), ("launch_url", self.launch_url))
        yield from ((f"redirect_uris[{index}]", url) for index, url in enumerate(self.redirect_uris))
        optional = (("jwks_url", self.jwks_url), ("deep_linking_url", self.deep_linking_url))
        yield from ((name, url) for name, url in optional if url)

    def _fragment_problem(self, where: str, url: str) -> str | None:
        """A fragment where none can be; without redirect URIs tools are answered at the launch URL."""
        if "#" not in url:
            return None
        told = f"{url!r} has a fragment, which no browser sends; leave out what follows the #"
        if where.startswith(_WITHOUT_FRAGMENT):
            return told
        return f"{told}, or give redirect_uris" if where == "launch_url" and not self.redirect_uris else None

    def _check_jwks(self) -> None:
        keys = self.jwks.get("keys")
        if self.jwks and not (isinstance(keys, (list, tuple)) and all(isinstance(key, Mapping) for key in keys)):
            raise ValueError("jwks has no list of keys; give a JWK Set, such as { keys = [{ kty = 'RSA', … }] }")

    def _check_lti11(self) -> None:
        given = {name: getattr(self, name) for name in LTI11}
        if all(value is None for value in given.values()):
            return
        for name, value in given.items():
            if not value:
                raise ValueError(f"{name} is missing or empty; LTI 1.1 needs {', '.join(LTI11)}")
        complain(url_problem(given["lti11_launch_url"]), "lti11_launch_url")

    def registration(self) -> Registration:
        """The registration; its issuer is empty if none is given."""
        given = {one.name: getattr(self, one.name) for one in fields(self)}
        return Registration(**given | {name: given[name] or "" for name in OPTIONAL})


def registration_from(table: Mapping[str, Any], *, where: str) -> Registration:
    """A registration from the keys that a `[[registration]]` has; without an issuer of its own it has the empty one.

    Raises:
        UsageError: a key is unknown, missing, or holds what a platform cannot use.
    """
    return build(ToolTable, table, where=where).registration()


def issuer_problem(issuer: str | None) -> str | None:
    """What makes a text no issuer, if anything: it is a URL without query and fragment (SEC 5.1.2)."""
    if issuer is None:
        return None
    problem = url_problem(issuer)
    if problem is None and ("?" in issuer or "#" in issuer):
        return f"{issuer!r} has a query or a fragment; an issuer is a URL without them"
    return problem


def _text_problem(value: Any) -> str | None:
    try:
        whole_texts(value)
    except ValueError as error:
        return str(error)
    return None


def complain(problem: str | None, key: str) -> None:
    """Complain of a key, if there is a problem.

    Raises:
        ValueError: there is.
    """
    if problem is not None:
        raise ValueError(f"{key}: {problem}")
