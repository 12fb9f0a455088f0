"""The cookies of a login: which of them a browser has at the launch, and why one does not come with it. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from urllib.parse import urlsplit

from mockplatform.model import Exchange

__all__ = ["Cookie", "kept", "named", "why_lost"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Cookie:
    """A cookie as the tool set it before the launch."""

    name: str
    url: str
    attributes: Mapping[str, str]

    @property
    def host(self) -> str:
        """The host that set it, to which it belongs."""
        return urlsplit(self.url).hostname or ""

    @property
    def path(self) -> str:
        """The paths with which it is sent: that one and what is below (RFC 6265 5.1.4)."""
        told = self.attributes.get("path", "")
        return told if told.startswith("/") else urlsplit(self.url).path.rpartition("/")[0] or "/"

    def is_over(self, now_s: float) -> bool:
        """Whether it was set in order to be taken away, or in vain (RFC 6265 5.2.1 and 5.2.2)."""
        if "max-age" in self.attributes:
            seconds = self.attributes["max-age"]
            return seconds.lstrip("-").isdigit() and int(seconds) <= 0
        expires = _seconds(self.attributes.get("expires", ""))
        return expires is not None and expires <= now_s


def kept(steps: Iterable[Exchange]) -> tuple[Cookie, ...]:
    """The cookies that these answers have left in a browser."""
    jar: dict[tuple[str, str, str], Cookie] = {}
    for step in steps:
        answered_s = _answered_s(step)
        for cookie in _set_by(step):
            key = cookie.host, cookie.path, cookie.name
            jar.pop(key, None)
            if not cookie.is_over(answered_s):
                jar[key] = cookie
    return tuple(jar.values())


def named(step: Exchange | None) -> frozenset[str]:
    """The names of the cookies that came with a request."""
    headers = step.request_headers if step else ()
    texts = [value for name, value in headers if name.lower() == "cookie"]
    return frozenset(pair.partition("=")[0].strip() for text in texts for pair in text.split(";"))


def why_lost(cookie: Cookie, url: str) -> str:
    """Why a browser does not send a cookie to an address; empty if nothing of it says so."""
    target = urlsplit(url)
    if cookie.host != target.hostname:
        return f"it belongs to {cookie.host}, and the launch went to {target.hostname}"
    if not _covers(cookie.path, target.path or "/"):
        return f"its path {cookie.path} does not cover {target.path}"
    return ""


def _set_by(step: Exchange) -> Iterator[Cookie]:
    for header, text in step.response_headers:
        if header.lower() == "set-cookie":
            pair, *attributes = text.split(";")
            told = (attribute.partition("=") for attribute in attributes)
            known = {name.strip().lower(): value.strip() for name, _, value in told}
            yield Cookie(name=pair.partition("=")[0].strip(), url=step.url, attributes=known)


def _answered_s(step: Exchange) -> float:
    """When an answer was given, by the clock of the tool where it tells it: that is the clock it counts by."""
    date = next((value for name, value in step.response_headers if name.lower() == "date"), "")
    told = _seconds(date)
    return step.at_s if told is None else told


def _seconds(date: str) -> float | None:
    try:
        return parsedate_to_datetime(date).timestamp()
    except (ValueError, OverflowError):
        return None


def _covers(path: str, target: str) -> bool:
    return target == path or target.startswith(path if path.endswith("/") else f"{path}/")
