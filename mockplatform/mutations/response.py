"""Lies in the authentication response that the browser posts to the tool (SEC 5.1.1.3 to 5.1.1.5)."""

from __future__ import annotations

import json
from dataclasses import replace
from urllib.parse import urlencode

from mockplatform.model import AuthResponse, Params
from mockplatform.mutation import Context, NotApplicableError, mutation, sent

_BOUNDARY = "----lti-harness-boundary"


def _with(response: AuthResponse, **values: str) -> AuthResponse:
    return replace(response, fields=tuple((dict(response.fields) | values).items()))


def _earlier(context: Context) -> AuthResponse:
    responses = [e.response for e in context.earlier if e.response is not None]
    if not responses:
        raise NotApplicableError("no earlier launch of this scenario was answered")
    return responses[-1]


@mutation("SEC 5.1.1.3")
def without(response: AuthResponse, *, field: str) -> AuthResponse:
    """A form field is left out."""
    return replace(response, fields=tuple(pair for pair in response.fields if pair[0] != field))


@mutation("SEC 5.1.1.3")
def empty(response: AuthResponse, *, field: str) -> AuthResponse:
    """A form field is there without a value."""
    return _with(response, **{field: ""})


@mutation("SEC 5.1.1.4")
def state_altered(response: AuthResponse) -> AuthResponse:
    """The state differs from the tool's own."""
    return _with(response, state=dict(response.fields).get("state", "") + "x")


@mutation("SEC 5.1.1.4")
def state_swapped_case(response: AuthResponse) -> AuthResponse:
    """The state differs from the tool's own by the case of its letters."""
    state = dict(response.fields).get("state", "")
    if state.swapcase() == state:
        raise NotApplicableError("the tool's state has no letters")
    return _with(response, state=state.swapcase())


@mutation("SEC 5.1.1.4")
def state_of_earlier(response: AuthResponse, context: Context) -> AuthResponse:
    """The state is the one of an earlier login of this scenario."""
    requests = [e.auth_request for e in context.earlier if e.auth_request is not None]
    if not requests:
        raise NotApplicableError("no earlier login reached the platform")
    return _with(response, state=requests[-1].state or "")


@mutation("SEC 5.1.3 step 9")
def sent_again(response: AuthResponse, context: Context) -> AuthResponse:  # noqa: ARG001 - it tells the stage
    """The earlier response of this scenario, byte for byte."""
    return _earlier(context)


@mutation("RFC 6749 3.1")
def token_twice(response: AuthResponse, *, good_first: bool) -> AuthResponse:
    """`id_token` comes twice: once honest, once with a spoilt signature."""
    token = dict(response.fields).get("id_token")
    if token is None:
        raise NotApplicableError("the response has no token")
    honest, spoilt = ("id_token", token), ("id_token", token.rsplit(".", 1)[0] + ".AAAA")
    others: Params = tuple(pair for pair in response.fields if pair[0] != "id_token")
    return replace(response, fields=(*((honest, spoilt) if good_first else (spoilt, honest)), *others))


@mutation("SEC 5.1.1.3")
def by_get(response: AuthResponse) -> AuthResponse:
    """The response comes as a GET with everything in the query."""
    return replace(response, method="GET")


@mutation("SEC 5.1.1.3")
def as_json(response: AuthResponse) -> AuthResponse:
    """The response comes as a JSON body instead of a form."""
    return replace(response, content_type="application/json", fields=(("", json.dumps(dict(response.fields))),))


@mutation("SEC 5.1.1.3")
def typed_as(response: AuthResponse, *, content_type: str) -> AuthResponse:
    """The form says of itself that it is something else than a form, or with an empty text nothing at all."""
    return replace(response, content_type=content_type, fields=(("", urlencode(response.fields)),))


@mutation("SEC 5.1.1.3")
def as_multipart(response: AuthResponse) -> AuthResponse:
    """The form comes in parts, as forms with files do."""
    parts = (
        f'--{_BOUNDARY}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'
        for name, value in response.fields
    )
    body = f"{''.join(parts)}--{_BOUNDARY}--\r\n"
    return replace(response, content_type=f"multipart/form-data; boundary={_BOUNDARY}", fields=(("", body),))


@mutation("SEC 5.1.1.3")
def renamed(response: AuthResponse, *, field: str, to: str) -> AuthResponse:
    """A form field comes under another name."""
    sent(response.fields, field, lacking="the form has no field")
    return replace(response, fields=tuple((to if name == field else name, value) for name, value in response.fields))


@mutation("SEC 5.1.1.5")
def error(
    response: AuthResponse, *, code: str = "login_required", description: str = "", with_token: bool = False
) -> AuthResponse:
    """The platform answers with an OpenID Connect error, alone or beside a good token."""
    kept = tuple(pair for pair in response.fields if with_token or pair[0] != "id_token")
    told = (("error_description", description),) if description else ()
    return replace(response, fields=(("error", code), *told, *kept))


@mutation("OIDC 3.2.2.5")
def extra_fields(response: AuthResponse) -> AuthResponse:
    """Form fields that nobody knows come along (honest)."""
    extra = (("session_state", "abc.def"), ("expires_in", "300"), ("vendor_field", "1"), ("utf8", "✓"))
    return replace(response, fields=(*response.fields, *extra))


@mutation("OIDC 3.2.2.5")
def many_fields(response: AuthResponse, *, count: int = 10_000) -> AuthResponse:
    """Thousands of fields that nobody knows come along."""
    return replace(response, fields=(*response.fields, *((f"field{n}", "1") for n in range(count))))


@mutation("OIDC 3.2.2.5")
def bulky(response: AuthResponse, *, mib: int) -> AuthResponse:
    """A field that nobody knows makes the form this much larger."""
    return replace(response, fields=(*response.fields, ("vendor_bulk", "x" * mib * 1024 * 1024)))


@mutation("LTI11 3")
def at_basic_url(response: AuthResponse, context: Context) -> AuthResponse:
    """The answer with its token goes to the tool's address for LTI 1.1 launches."""
    url = context.launch.registration.lti11_launch_url
    if url in ("", response.url):
        raise NotApplicableError("the tool has no address that takes LTI 1.1 only")
    return replace(response, url=url)
