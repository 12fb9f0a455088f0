"""By which versions of LTI a tool is launched, as far as its sources say so."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from conformance.beginning.guessing import begins_launch
from conformance.beginning.values import Route
from conformance.model import LtiVersion

__all__ = ["versions_in"]

_SIGNS: Mapping[LtiVersion, re.Pattern[str]] = {
    "1.3": re.compile(
        r"\blogin_hint\b|\blti_message_hint\b|\bid_?[Tt]oken\b|\b[Pp][Yy][Ll][Tt][Ii]1[Pp]3|\bltijs\b|\bLtiResourceLinkRequest\b"
        r"|OIDCLogin|OidcLogin|LTI_PLATFORM_ISSUER|(?i:jwks)"
        # Its claims and scopes; one of the claims tells an oauth_consumer_key of LTI 1.1 (LTI 1.3 Migration).
        r"|imsglobal\.org/spec/lti(?:-\w+)?/"
    ),
    "1.1": re.compile(
        r"\boauth_consumer_key\b|\bbasic-lti-launch-request\b|\boauthlib\.oauth1\b|(?:from|import) pylti\b|\bims-lti\b"
        r"|\bLTI_CONSUMER_KEY\b"
    ),
}


def versions_in(texts: Iterable[str], routes: Iterable[Route] = ()) -> frozenset[LtiVersion]:
    """The versions of which a tool has words, libraries or routes that the other has not; empty: nothing says so.

    Args:
        routes: a login that begins a launch is one of LTI 1.3 (SEC 5.1.1.1), whatever its library is called.

    >>> sorted(versions_in(["from pylti.flask import lti"])), sorted(versions_in(["import pylti1p3", "ims-lti"]))
    (['1.1'], ['1.1', '1.3'])
    """
    found: set[LtiVersion] = {"1.3"} if any(map(begins_launch, routes)) else set()
    for text in texts:
        found |= {version for version, signs in _SIGNS.items() if version not in found and signs.search(text)}
        if len(found) == len(_SIGNS):
            break
    return frozenset(found)
