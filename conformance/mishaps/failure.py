"""What is known of a plain launch that failed, in the form in which its cause is looked for. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from urllib.parse import parse_qsl, urljoin, urlsplit

from conformance.exchanges.clearing import cleared
from conformance.exchanges.known_secrets import configured, witnessed
from conformance.mishaps.cookies import Cookie, kept, named
from conformance.mishaps.wording import clauses, matches, raised_last, text_of
from conformance.model import LtiVersion, Observation
from conformance.toolvalues import Tool
from conformance.trouble_words import speaks_of_trouble
from mockplatform.model import Exchange

__all__ = ["UNAVAILABLE", "Diagnosis", "Failure", "base", "host_of", "place"]

UNAVAILABLE = (502, 503, 504)
"""What servers and proxies answer in place of a tool."""
_QUOTED = 120


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


@dataclass(frozen=True, kw_only=True)
class Failure:
    """A plain launch that failed.

    Args:
        asked: what the tool has asked of the platform, the oldest first.
        printed: the end of what the tool has printed, where the harness has brought it up.
        concealed: secrets besides those of the tool file and the launch.
    """

    seen: Observation
    tool: Tool
    lti: LtiVersion = "1.3"
    asked: Sequence[Exchange] = ()
    printed: str = ""
    concealed: frozenset[str] = frozenset()

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

    @cached_property
    def last(self) -> Exchange:
        """The last step; where nothing was sent, the one that was to come."""
        nothing = Exchange(asker="browser", method="POST", url=self.login_url, status=None)
        return self.steps[-1] if self.steps else nothing

    @property
    def status(self) -> int | None:
        """The status of the last step."""
        return self.last.status

    @property
    def trouble(self) -> str:
        """Why the last step has no answer."""
        return self.last.trouble

    @cached_property
    def said(self) -> str:
        """What the last answer says to a person, the title with it, without markup."""
        return text_of(self.last.response_body) or self.seen.message

    @cached_property
    def words(self) -> str:
        """The same in clauses, without addresses: a debug page repeats what it was asked."""
        return clauses(self.last.response_body or self.seen.message)

    def says(self, pattern: str) -> bool:
        """Whether the last answer speaks of something, case aside."""
        return matches(pattern, self.words)

    @property
    def has_failed(self) -> bool:
        """Whether the last answer is an error, by its status or by what [observe] reads."""
        return (self.status is not None and self.status >= 400) or self.seen.channel is not None

    @property
    def refuses(self) -> bool:
        """Whether the last answer is an error, by its status or by its words."""
        return self.has_failed or speaks_of_trouble(self.words)

    @property
    def has_crashed(self) -> bool:
        """Whether the last answer is a server error."""
        return self.status is not None and self.status >= 500

    @cached_property
    def raised(self) -> str:
        """The exception that the tool has printed last, in the line in which it begins; empty if there is none."""
        return raised_last(self.printed)

    @property
    def crash(self) -> str:
        """What a server error means, as a verb."""
        return "was not available" if self.status in UNAVAILABLE else "crashed"

    @cached_property
    def secrets(self) -> frozenset[str]:
        """What no diagnosis may show: the secrets of the tool file, and those of the launch."""
        return configured(self.tool) | witnessed(self.seen) | self.concealed

    @property
    def quote(self) -> str:
        """The beginning of what the last answer says, without secrets."""
        return self.quoted(self.said)

    def quoted(self, text: str) -> str:
        """The beginning of what the tool has said somewhere, without secrets."""
        # Masked before it is cut: the rest of a secret does not look like one.
        said = cleared(text, self.secrets)
        cut = "…" if len(said) > _QUOTED else ""
        return f"“{said[:_QUOTED]}{cut}”" if said else "no text"

    @property
    def login_url(self) -> str:
        """Where the launch began."""
        return self.tool.entrance

    @property
    def launch_url(self) -> str:
        """Where the platform's answer went, or was to go."""
        return self.launch.url if self.launch else self.tool.tool.launch_url

    @property
    def platform_url(self) -> str:
        """What the tool has to know the platform by."""
        return self.tool.network.public_url or self.tool.platform.url

    @property
    def has_left_keys_alone(self) -> bool:
        """Whether it came to a token, and the tool never had the keys to check it by."""
        return self.lti == "1.3" and self.launch is not None and not self.seen.key_fetches

    @cached_property
    def led_to(self) -> str:
        """The address to which the last answer led and to which nothing was sent; empty if there is none."""
        found = next((value for name, value in self.last.response_headers if name.lower() == "location"), "")
        try:
            return urljoin(self.last.url, found) if found else ""
        except ValueError:
            return found

    @cached_property
    def led_with(self) -> Mapping[str, str]:
        """The parameters of that address."""
        return dict(parse_qsl(self.led_to.partition("?")[2]))

    @cached_property
    def before(self) -> tuple[Exchange, ...]:
        """What the browser sent before the launch."""
        return self.steps if self.launch_at is None else self.steps[: self.launch_at]

    @cached_property
    def cookies(self) -> tuple[Cookie, ...]:
        """The cookies that the tool had set before the launch, and not taken away."""
        return kept(self.before)

    @cached_property
    def came_back(self) -> frozenset[str]:
        """The names of the cookies that came with the launch."""
        return named(self.launch)


def place(url: str) -> str:
    """Scheme, host, port and path of an address: what a person compares; the query may hold what is secret."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return url.partition("?")[0]
    return f"{parts.scheme}://{parts.netloc}{parts.path}"


def base(url: str) -> str:
    """Scheme, host and port of an address."""
    return f"{url.partition(':')[0]}://{host_of(url)}"


def host_of(url: str) -> str:
    """Host and port of an address; empty for text that is none."""
    try:
        return urlsplit(url).netloc
    except ValueError:
        return ""
