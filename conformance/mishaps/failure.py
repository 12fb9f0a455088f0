"""What is known of a plain launch that failed, in the form in which its cause is looked for. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from urllib.parse import parse_qsl, urljoin, urlsplit

from conformance.model import LtiVersion, Observation
from conformance.toolvalues import Tool
from mockplatform.model import Exchange

__all__ = ["Cookie", "Diagnosis", "Failure", "host_of", "place"]

_HIDDEN = re.compile(r"(?is)<(script|style)\b.*?</\1\s*>|<!--.*?-->|<[^>]*>")
_ADDRESS = re.compile(r"(?i)\bhttps?://\S+|(?<=\s)/\S*|[?&]\S+=\S*")
_ERROR = re.compile(
    r"(?i)\b(errors?|exceptions?|traceback|sorry|invalid|missing|fail(ed|ure|s)?|denied|not found|forbidden|refused|"
    r"unauthori[sz]ed|unable|could not|cannot|can't|mismatch|expired|unknown|no such)\b"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Diagnosis:
    """Why a first launch failed, most likely.

    Args:
        happened: what was seen, in a sentence.
        remedy: what to do, in a sentence.
    """

    id: str
    happened: str
    remedy: str

    def __str__(self) -> str:
        return f"{self.happened} {self.remedy}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Cookie:
    """A cookie as the tool set it before the launch."""

    name: str
    url: str
    attributes: Mapping[str, str]


@dataclass(frozen=True, kw_only=True)
class Failure:
    """A plain launch that failed.

    Args:
        asked: what the tool has asked of the platform, the oldest first.
    """

    seen: Observation
    tool: Tool
    lti: LtiVersion = "1.3"
    asked: Sequence[Exchange] = ()

    @cached_property
    def steps(self) -> tuple[Exchange, ...]:
        """What the browser has sent."""
        return self.seen.exchanges

    @cached_property
    def launch_at(self) -> int | None:
        """Which step brought the platform's answer; None if it did not come to that."""
        carried = "oauth_signature=" if self.lti == "1.1" else "id_token="
        return next((n for n, step in enumerate(self.steps) if carried in step.request_body), None)

    @property
    def launch(self) -> Exchange | None:
        """The step that brought the platform's answer."""
        return None if self.launch_at is None else self.steps[self.launch_at]

    @property
    def last(self) -> Exchange | None:
        """The last step."""
        return self.steps[-1] if self.steps else None

    @property
    def status(self) -> int | None:
        """The status of the last step."""
        return self.last.status if self.last else None

    @property
    def trouble(self) -> str:
        """Why the last step has no answer."""
        return self.last.trouble if self.last else ""

    @cached_property
    def said(self) -> str:
        """What the last answer says to a person, the title with it, without markup."""
        body = self.last.response_body if self.last else ""
        return " ".join(_HIDDEN.sub(" ", body).split())

    @cached_property
    def words(self) -> str:
        """The same without addresses: a debug page repeats what it was asked."""
        return _ADDRESS.sub(" ", self.said)

    def says(self, pattern: str) -> bool:
        """Whether the last answer speaks of something, case aside."""
        return re.search(pattern, self.words, re.IGNORECASE) is not None

    @property
    def refuses(self) -> bool:
        """Whether the last answer is an error, by its status or by its words."""
        failed = self.status is not None and self.status >= 400
        return failed or self.seen.channel is not None or _ERROR.search(self.words) is not None

    @property
    def quote(self) -> str:
        """The beginning of what the last answer says."""
        return f"“{self.said[:120]}{'…' if len(self.said) > 120 else ''}”" if self.said else "an empty page"

    @property
    def login_url(self) -> str:
        """Where the launch began."""
        return self.tool.entrance

    @property
    def platform_url(self) -> str:
        """What the tool has to know the platform by."""
        return self.tool.network.public_url or self.tool.platform.url

    @cached_property
    def led_to(self) -> str:
        """The address to which the last answer led and to which nothing was sent; empty if there is none."""
        headers = self.last.response_headers if self.last else ()
        found = next((value for name, value in headers if name.lower() == "location"), "")
        try:
            return urljoin(self.last.url, found) if self.last and found else ""
        except ValueError:
            return found

    @cached_property
    def led_with(self) -> Mapping[str, str]:
        """The parameters of that address."""
        return dict(parse_qsl(self.led_to.partition("?")[2]))

    @cached_property
    def cookies(self) -> tuple[Cookie, ...]:
        """The cookies that the tool set before the launch."""
        before = self.steps if self.launch_at is None else self.steps[: self.launch_at]
        return tuple(
            _cookie(step.url, value)
            for step in before
            for name, value in step.response_headers
            if name.lower() == "set-cookie"
        )

    @cached_property
    def came_back(self) -> frozenset[str]:
        """The names of the cookies that came with the launch."""
        headers = self.launch.request_headers if self.launch else ()
        texts = [value for name, value in headers if name.lower() == "cookie"]
        return frozenset(pair.partition("=")[0].strip() for text in texts for pair in text.split(";"))


def _cookie(url: str, text: str) -> Cookie:
    pair, *attributes = text.split(";")
    told = (attribute.strip().partition("=") for attribute in attributes)
    known = {name.lower(): value for name, _, value in told}
    return Cookie(name=pair.partition("=")[0].strip(), url=url, attributes=known)


def place(url: str) -> str:
    """Scheme, host, port and path of an address: what a person compares; the query may hold what is secret."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return url.partition("?")[0]
    return f"{parts.scheme}://{parts.netloc}{parts.path}"


def host_of(url: str) -> str:
    """Host and port of an address; empty for text that is none."""
    try:
        return urlsplit(url).netloc
    except ValueError:
        return ""
