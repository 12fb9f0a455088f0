"""A person's browser: keeps cookies, follows redirects one by one, sends self-posting forms, notes every exchange.

It differs from a real one on purpose in two points: a cookie marked `Secure` is kept on loopback although the
connection is plain, as browsers do and strict cookie jars do not; and it never leaves the hosts it may contact.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from typing import Literal
from urllib.parse import parse_qsl, quote, urlencode, urljoin, urlsplit

from selectolax.lexbor import LexborHTMLParser, LexborNode

from conformance.addresses import is_address, origin, place
from conformance.exchanges.bodies import FORM, SHOWN
from conformance.simultaneous import together
from conformance.transport import Request, Response, Transport, TransportTrouble
from mockplatform.model import Exchange, Params

__all__ = ["Browser", "Visit", "form_request"]

MAX_HOPS = 20
_URL_CHARACTERS = "%:/?#[]@!$&'()*+,;=~"
_Stop = Callable[[str], bool]


@dataclass(frozen=True, slots=True, kw_only=True)
class Visit:
    """Where a navigation ended: at an answer, at a door that the browser was told to stop at, or nowhere."""

    request: Request
    """The last request, sent or not."""
    response: Response | None = None
    sender: Response | None = None
    """The answer that sent the browser to a door where it stopped."""
    trouble: str = ""
    trouble_kind: Literal["", "refused", "dropped", "timeout", "loop", "foreign", "again", "unanswered"] = ""
    """`unanswered`: the platform could not send an answer to where the tool wanted it."""

    @property
    def stopped(self) -> bool:
        """Whether it ended before a request that was not sent."""
        return self.response is None and not self.trouble_kind

    @property
    def params(self) -> Params:
        """The parameters of the last request: query and form."""
        query = parse_qsl(urlsplit(self.request.url).query, keep_blank_values=True)
        body = parse_qsl(self.request.body.decode("utf-8", "replace"), keep_blank_values=True)
        return (*query, *body)


def form_request(method: str, url: str, params: Params, content_type: str = FORM) -> Request:
    """The request that a form makes; a content type other than a form's sends the only value as it is."""
    if method == "GET":
        joint = "&" if "?" in url else "?"
        return Request(method="GET", url=f"{url}{joint}{urlencode(params)}")
    body = urlencode(params) if content_type == FORM else "".join(value for _, value in params)
    return Request(method="POST", url=url, headers=(("content-type", content_type),), body=body.encode())


class Browser:
    """One browser with its own cookies.

    Args:
        transport: what carries the requests.
        may_contact: whether a URL is on a host that this run may contact.
    """

    def __init__(self, transport: Transport, may_contact: Callable[[str], bool]) -> None:
        self._transport = transport
        self._may_contact = may_contact
        self._cookies: dict[tuple[str, str, str], str] = {}
        self.exchanges: list[Exchange] = []

    def navigate(self, request: Request, *, stop_at: _Stop, sender: Response | None = None) -> Visit:
        """Send a request and follow where its answers lead, but send nothing to a URL to stop at.

        Args:
            sender: the answer that led to this request.
        """
        response = sender
        for _ in range(MAX_HOPS):
            if stop_at(request.url):
                return Visit(request=request, sender=response)
            if not (is_address(request.url) and self._may_contact(request.url)):
                return Visit(request=request, trouble=f"led to {origin(request.url)}", trouble_kind="foreign")
            try:
                response = self.send(request)
            except TransportTrouble as trouble:
                return Visit(request=request, trouble=str(trouble), trouble_kind=trouble.kind)
            following = _next(request, response)
            if following is None:
                return Visit(request=request, response=response)
            request = following
        return Visit(request=request, trouble=f"redirected {MAX_HOPS} times", trouble_kind="loop")

    def navigate_together(self, request: Request, copies: int, *, stop_at: _Stop) -> tuple[tuple[Browser, Visit], ...]:
        """Where copies of a request led, each with a browser that has the cookies of this one and of its answers."""
        ways = [self._copy() for _ in range(copies)]
        if stop_at(request.url) or not (is_address(request.url) and self._may_contact(request.url)):
            return tuple((way, way.navigate(request, stop_at=stop_at)) for way in ways)
        sent = self._with_cookies(request)
        began = time.perf_counter()
        answers = together(self._transport, [sent] * copies)
        return tuple(
            (way, way._arrived(request, sent, answer, began, stop_at))  # noqa: SLF001 - one of its own kind
            for way, answer in zip(ways, answers, strict=True)
        )

    def become(self, other: Browser) -> None:
        """Go on with the cookies of another browser."""
        self._cookies = dict(other._cookies)

    def _copy(self) -> Browser:
        """Another browser with the same cookies, whose exchanges are noted here as well."""
        copy = Browser(self._transport, self._may_contact)
        copy._cookies, copy.exchanges = dict(self._cookies), self.exchanges
        return copy

    def _arrived(
        self, request: Request, sent: Request, answer: Response | TransportTrouble, began: float, stop_at: _Stop
    ) -> Visit:
        """Where the answer to a request leads that has been sent already."""
        elapsed_s = time.perf_counter() - began
        if isinstance(answer, TransportTrouble):
            self._note(sent, None, elapsed_s, str(answer))
            return Visit(request=request, trouble=str(answer), trouble_kind=answer.kind)
        self._note(sent, answer, elapsed_s)
        self._keep_cookies(sent, answer)
        following = _next(request, answer)
        if following is None:
            return Visit(request=request, response=answer)
        return self.navigate(following, stop_at=stop_at, sender=answer)

    def send(self, request: Request) -> Response:
        """One request with this browser's cookies, no redirect followed.

        Raises:
            TransportTrouble: there is no answer.
        """
        sent = self._with_cookies(request)
        began = time.perf_counter()
        try:
            response = self._transport.send(sent)
        except TransportTrouble as trouble:
            self._note(sent, None, time.perf_counter() - began, str(trouble))
            raise
        self._note(sent, response, time.perf_counter() - began)
        self._keep_cookies(sent, response)
        return response

    def _with_cookies(self, request: Request) -> Request:
        cookies = self._cookie_header(*place(request.url))
        return Request(
            method=request.method,
            url=request.url.partition("#")[0],
            headers=(*request.headers, *((("cookie", cookies),) if cookies else ())),
            body=request.body,
        )

    def _cookie_header(self, host: str, path: str) -> str:
        fitting = [
            (scope, f"{name}={value}")
            for (owner, scope, name), value in self._cookies.items()
            if owner == host and _covers(scope, path)
        ]
        # The longer path first (RFC 6265, section 5.4): a tool takes the first of two cookies with one name.
        fitting.sort(key=lambda cookie: -len(cookie[0]))
        return "; ".join(pair for _, pair in fitting)

    def _keep_cookies(self, request: Request, response: Response) -> None:
        host, path = place(request.url)
        for header, text in response.headers:
            if header.lower() != "set-cookie":
                continue
            pair, *attributes = text.split(";")
            name, _, value = pair.partition("=")
            options = dict(_option(attribute) for attribute in attributes)
            scope = options.get("path", "")
            key = (host, scope if scope.startswith("/") else path.rsplit("/", 1)[0] or "/", name.strip())
            if _is_over(options):
                self._cookies.pop(key, None)
            else:
                self._cookies[key] = value.strip()

    def _note(self, request: Request, response: Response | None, elapsed_s: float, trouble: str = "") -> None:
        self.exchanges.append(
            Exchange(
                asker="browser",
                method=request.method,
                url=request.url,
                request_headers=request.headers,
                request_body=request.body[:SHOWN].decode("utf-8", "replace"),
                status=response.status if response else None,
                response_headers=response.headers if response else (),
                response_body=response.body[:SHOWN].decode("utf-8", "replace") if response else "",
                elapsed_s=elapsed_s,
                trouble=trouble,
            )
        )


def _next(request: Request, response: Response) -> Request | None:
    """The request that an answer leads to, if it leads anywhere."""
    location = response.header("location")
    if response.status in (301, 302, 303, 307, 308) and location:
        url = _joined(request.url, location)
        keep = response.status in (307, 308)
        return Request(
            method=request.method if keep else "GET",
            url=url,
            headers=request.headers if keep else (),
            body=request.body if keep else b"",
        )
    if response.status == 200 and b"submit()" in response.body:
        return _self_posting(request.url, response.body)
    return None


def _self_posting(base: str, body: bytes) -> Request | None:
    """The form that a page sends by itself: its only one, without a field to fill in, and submitted by a script."""
    page = LexborHTMLParser(body)
    forms = page.css("form")
    scripts = [node.text() for node in page.css("script")] + [
        node.attributes.get("onload") or "" for node in page.css("body")
    ]
    # A list of languages says `onchange="this.form.submit()"`, a way out `onclick`: both wait for the person.
    by_itself = any("submit()" in script and "click" not in script for script in scripts)
    if len(forms) != 1 or not by_itself or _waits_for_a_person(forms[0]):
        return None
    attributes = forms[0].attributes
    fields = tuple(
        (field.attributes.get("name") or "", field.attributes.get("value") or "")
        for field in forms[0].css("input[name]")
        if (field.attributes.get("type") or "").lower() not in ("submit", "button", "image")
    )
    method = (attributes.get("method") or "get").upper()
    return form_request(method, _joined(base, attributes.get("action") or ""), fields)


def _waits_for_a_person(form: LexborNode) -> bool:
    kinds = {(field.attributes.get("type") or "text").lower() for field in form.css("input")}
    return bool(kinds - {"hidden", "submit", "button", "image", "reset"} or form.css_first("select, textarea"))


def _joined(base: str, reference: str) -> str:
    """The address that a reference means, with what no request can carry escaped as browsers escape it."""
    try:
        return quote(urljoin(base, reference.strip()), safe=_URL_CHARACTERS)
    except ValueError:
        return reference


def _covers(scope: str, path: str) -> bool:
    return path == scope or path.startswith(scope if scope.endswith("/") else scope + "/")


def _option(text: str) -> tuple[str, str]:
    name, _, value = text.partition("=")
    return name.strip().lower(), value.strip()


def _is_over(options: dict[str, str]) -> bool:
    if "max-age" in options:
        return options["max-age"].lstrip("-").isdigit() and int(options["max-age"]) <= 0
    if "expires" not in options:
        return False
    try:
        return parsedate_to_datetime(options["expires"]).timestamp() <= time.time()
    except ValueError:
        return False
