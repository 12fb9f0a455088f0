"""What a tool says of itself when it registers (LTI Dynamic Registration 1.0, section 3.5), checked and understood.

Every check is a function that yields problems; a further one is a function in `_CHECKS`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal
from urllib.parse import SplitResult, urlsplit

from mockplatform.claims import DEEP_LINKING_REQUEST
from mockplatform.model import Privacy, Registration
from mockplatform.texts import url_problem

__all__ = [
    "TOOL_CONFIGURATION",
    "MetadataProblem",
    "metadata_advice",
    "metadata_problems",
    "registration_of",
    "scopes_asked",
]

TOOL_CONFIGURATION: Final = "https://purl.imsglobal.org/spec/lti-tool-configuration"

_NAMES: Final = {"name", "given_name", "family_name"}
_SHOWN: Final = 600
_URL: Final = "an http or https URL"
_ENTRANCE: Final = f"{_URL} without a fragment"
_PAGES: Final = ("logo_uri", "client_uri", "policy_uri", "tos_uri")
_LISTS: Final[Mapping[str, tuple[str, ...]]] = {
    "response_types": ("id_token",),
    "grant_types": ("implicit", "client_credentials"),
}
"""What each of these lists has to hold."""

Found = Iterator["MetadataProblem"]


@dataclass(frozen=True, slots=True, kw_only=True)
class MetadataProblem:
    """What is wrong with a tool's metadata (OpenID Connect Dynamic Client Registration 1.0, section 3.3)."""

    text: str
    error: Literal["invalid_client_metadata", "invalid_redirect_uri"] = "invalid_client_metadata"


def metadata_problems(metadata: Any) -> tuple[MetadataProblem, ...]:
    """Everything that is wrong with a tool's metadata, one sentence each."""
    if not isinstance(metadata, dict):
        return (MetadataProblem(text="the body is no JSON object"),)
    return tuple(problem for check in _CHECKS for problem in check(metadata))


def metadata_advice(metadata: Mapping[str, Any]) -> str:
    """What would better be otherwise in metadata without problems; empty if nothing.

    A domain covers what is launched (DYNREG 3.5); logins may go through the host of a broker.
    """
    logins = {
        "initiate_login_uri": [metadata["initiate_login_uri"]],
        "redirect_uris": metadata["redirect_uris"],
    }
    return _short("; ".join(_astray(metadata[TOOL_CONFIGURATION], logins)))


def registration_of(
    metadata: Mapping[str, Any], *, issuer: str, client_id: str, deployment_id: str, scopes: Sequence[str]
) -> Registration:
    """The registration of a tool whose metadata has no problems.

    Args:
        scopes: those that were granted.
    """
    tool = metadata[TOOL_CONFIGURATION]
    target = tool["target_link_uri"]
    deep_linking = [one for one in tool["messages"] if one["type"] == DEEP_LINKING_REQUEST]
    return Registration(
        issuer=issuer,
        client_id=client_id,
        deployment_ids=(deployment_id,),
        name=metadata["client_name"],
        login_url=metadata["initiate_login_uri"],
        launch_url=target,
        redirect_uris=tuple(metadata["redirect_uris"]),
        jwks_url=metadata.get("jwks_uri", ""),
        jwks=metadata.get("jwks", {}),
        scopes=tuple(scopes),
        custom=dict(tool.get("custom_parameters", {})),
        deep_linking_url=deep_linking[0].get("target_link_uri", "") if deep_linking else "",
        privacy=_privacy(tool["claims"]),
    )


def scopes_asked(metadata: Mapping[str, Any]) -> tuple[str, ...]:
    """The scopes that a tool wants, each once."""
    return tuple(dict.fromkeys(metadata.get("scope", "").split()))


def _privacy(claims: Sequence[str]) -> Privacy:
    """What a tool gets of people: no more than the claims that it asked for."""
    names, email = bool(_NAMES & set(claims)), "email" in claims
    if names:
        return "public" if email else "name"
    return "email" if email else "anonymous"


def _kind(metadata: Mapping[str, Any]) -> Found:
    application_type = metadata.get("application_type", "web")
    if application_type != "web":
        yield _problem(f"application_type is {application_type!r}, expected 'web'")
    method = metadata.get("token_endpoint_auth_method")
    if method != "private_key_jwt":
        yield _problem(f"token_endpoint_auth_method is {method!r}, expected 'private_key_jwt' (SEC 4.1)")
    name = metadata.get("client_name")
    if not isinstance(name, str) or not name.strip():
        yield _problem(f"client_name is {name!r}, expected the name of the tool")
    scope = metadata.get("scope", "")
    if not isinstance(scope, str):
        yield _problem(f"scope is {scope!r}, expected a text with a space between any two scopes")


def _lists(metadata: Mapping[str, Any]) -> Found:
    for name, needed in _LISTS.items():
        given: Any = metadata.get(name)
        if not _texts(given):
            yield _problem(f"{name} is {given!r}, expected a list with {' and '.join(needed)}")
            continue
        missing = [one for one in needed if one not in given]
        if missing:
            yield _problem(f"{name} lacks {' and '.join(missing)}")
    contacts = metadata.get("contacts", [])
    if not _texts(contacts):
        yield _problem(f"contacts is {contacts!r}, expected a list of texts")


def _addresses(metadata: Mapping[str, Any]) -> Found:
    if not _is_entrance(metadata.get("initiate_login_uri")):
        yield _problem(f"initiate_login_uri is {metadata.get('initiate_login_uri')!r}, expected {_ENTRANCE}")
    for name in _PAGES:
        if name in metadata and _url(metadata[name]) is None:
            yield _problem(f"{name} is {metadata[name]!r}, expected {_URL}")
    given = metadata.get("redirect_uris")
    if not _texts(given) or not given:
        yield _redirect_problem(f"redirect_uris is {given!r}, expected a list of one URL or more")
        return
    for uri in given:
        if not _is_entrance(uri):
            yield _redirect_problem(f"redirect_uris has {uri!r}, expected {_ENTRANCE}")


def _keys(metadata: Mapping[str, Any]) -> Found:
    if ("jwks_uri" in metadata) == ("jwks" in metadata):
        both = "both jwks_uri and jwks" if "jwks" in metadata else "neither jwks_uri nor jwks"
        yield _problem(f"there is {both}; give one of them, best jwks_uri")
    if "jwks_uri" in metadata and _url(metadata["jwks_uri"]) is None:
        yield _problem(f"jwks_uri is {metadata['jwks_uri']!r}, expected {_URL}")
    jwks = metadata.get("jwks", {"keys": []})
    keys = jwks.get("keys") if isinstance(jwks, dict) else None
    if not isinstance(keys, list) or not all(isinstance(key, dict) for key in keys):
        yield _problem("jwks is no JWK Set: an object with a list of keys, each an object (RFC 7517, section 5)")


def _tool(metadata: Mapping[str, Any]) -> Found:
    tool = metadata.get(TOOL_CONFIGURATION)
    if not isinstance(tool, dict):
        yield _problem(f"{TOOL_CONFIGURATION} is {tool!r}, expected an object")
        return
    if _url(tool.get("target_link_uri")) is None:
        yield _in_tool(f"target_link_uri is {tool.get('target_link_uri')!r}, expected {_URL}")
    if not _texts(tool.get("claims")):
        yield _in_tool(f"claims is {tool.get('claims')!r}, expected a list of claim names")
    yield from _custom(tool, "")
    yield from _domains(tool)
    messages = tool.get("messages")
    if not isinstance(messages, list) or not all(isinstance(one, dict) for one in messages):
        yield _in_tool(f"messages is {messages!r}, expected a list of objects, each with its type")
        return
    for index, message in enumerate(messages):
        yield from _message(message, f"messages[{index}].")


def _message(message: Mapping[str, Any], where: str) -> Found:
    kind = message.get("type")
    if not isinstance(kind, str) or not kind:
        yield _in_tool(f"{where}type is {kind!r}, expected a message type such as 'LtiResourceLinkRequest'")
    if "target_link_uri" in message and _url(message["target_link_uri"]) is None:
        yield _in_tool(f"{where}target_link_uri is {message['target_link_uri']!r}, expected {_URL}")
    for name in ("placements", "roles"):
        if not _texts(message.get(name, [])):
            yield _in_tool(f"{where}{name} is {message[name]!r}, expected a list of texts")
    yield from _custom(message, where)


def _custom(holder: Mapping[str, Any], where: str) -> Found:
    custom = holder.get("custom_parameters", {})
    if not isinstance(custom, dict):
        yield _in_tool(f"{where}custom_parameters is {custom!r}, expected an object")
        return
    for name, value in custom.items():
        if not isinstance(value, str):
            yield _in_tool(f"{where}custom_parameters.{name} is {value!r}, expected a text")


def _domains(tool: Mapping[str, Any]) -> Found:
    """Whether what is launched lies on the domains that the tool names."""
    domain, further = tool.get("domain"), tool.get("secondary_domains", [])
    if not isinstance(domain, str) or not domain or "/" in domain:
        yield _in_tool(f"domain is {domain!r}, expected a host name without a scheme, such as 'tool.example.com'")
        return
    if not _texts(further):
        yield _in_tool(f"secondary_domains is {further!r}, expected a list of host names")
        return
    yield from map(_in_tool, _astray(tool, {"target_link_uri": [tool.get("target_link_uri")]}))


def _astray(tool: Mapping[str, Any], addresses: Mapping[str, Sequence[Any]]) -> Iterator[str]:
    """The addresses that lie on none of the tool's domains, one sentence each."""
    domain, further = tool["domain"], tool.get("secondary_domains", [])
    for name, uris in addresses.items():
        for uri in uris:
            parts = _url(uri)
            if parts is not None and not any(_lies_on(parts, one) for one in (domain, *further)):
                yield f"domain is {domain!r}, on which {name} {uri!r} does not lie; name its host there"


def _lies_on(parts: SplitResult, domain: str) -> bool:
    # Strictly a domain has no port; tools under development often name theirs.
    host, wanted = parts.hostname or "", domain.lower()
    return parts.netloc.lower() == wanted or host == wanted or host.endswith(f".{wanted}")


def _texts(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(one, str) for one in value)


def _url(value: Any) -> SplitResult | None:
    """The parts of a usable URL; None if it is none."""
    return urlsplit(value) if isinstance(value, str) and url_problem(value) is None else None


def _is_entrance(value: Any) -> bool:
    """Whether a browser can be sent there with a request; of what follows a # it sends nothing (RFC 6749, 3.1.2)."""
    return _url(value) is not None and "#" not in value


def _problem(text: str) -> MetadataProblem:
    return MetadataProblem(text=_short(text))


def _redirect_problem(text: str) -> MetadataProblem:
    return MetadataProblem(text=_short(text), error="invalid_redirect_uri")


def _in_tool(text: str) -> MetadataProblem:
    return _problem(f"in lti-tool-configuration, {text}")


def _short(text: str) -> str:
    """A text with its middle left out if it is very long: what was sent may be."""
    half = _SHOWN // 2
    return text if len(text) <= _SHOWN else f"{text[:half]} … {text[-half:]}"


_CHECKS: Final[tuple[Callable[[Mapping[str, Any]], Found], ...]] = (_kind, _lists, _addresses, _keys, _tool)
