"""What this process still holds once a report is made: no secret, no text of a tool, and nothing as long as these."""

from __future__ import annotations

import functools
import gc
from collections.abc import Callable, Iterator, Sequence
from typing import Any, Final

from conformance.addresses import is_address, origin, place
from conformance.exchanges.clearing import Clearing, cleared
from conformance.exchanges.exchange_legs import legs_of
from conformance.model import Observation
from conformance.notes import Notes
from conformance.report import Report
from conformance.sighting import Page
from conformance.streaming import Stream
from conformance.telling.documenting import dossier_of
from mockplatform.model import Exchange
from mockplatform.telling.masking import kind_of
from tests.conformance.makers import make_observation, make_report, make_result

PARTS: Final = ("canary", "NeverTold")
"""Put together only where it is used, since what a test holds itself would be found as well."""
ENDINGS: Final = ("7321", "")
"""With digits, and of letters alone, which has to stand by itself."""
LONG: Final = 5000


def held() -> list[str]:
    """The texts in this process with a secret in them, as far as they tell which."""
    gc.collect()
    sought = "".join(PARTS)
    return [text[:80] for text in _texts() if sought in text and text is not sought]


def _texts() -> Iterator[str]:
    """Each text that an object holds which the collector knows, also within tables and lists that it need not know."""
    seen: set[int] = set()
    for known in gc.get_objects():
        waiting = [known]
        while waiting:
            for one in gc.get_referents(waiting.pop()):
                if isinstance(one, str):
                    yield one
                elif isinstance(one, bytes):
                    yield one.decode("latin-1")
                elif type(one) in (tuple, dict, frozenset) and not gc.is_tracked(one) and id(one) not in seen:
                    seen.add(id(one))
                    waiting.append(one)


def observed(secret: str) -> Observation:
    """A launch at whose every turn a secret is shown: known, named, in an address, a page, a cookie and a token."""
    exchange = Exchange(
        asker="browser",
        method="POST",
        url=f"https://somebody:{secret}@tool.example/lti?client_secret={secret}",
        request_headers=(
            ("content-type", "application/x-www-form-urlencoded"),
            ("cookie", f"session={secret}"),
            ("authorization", f"Bearer {secret}"),
        ),
        request_body=f"password={secret}&note={secret}",
        status=500,
        response_headers=(("content-type", "text/html"), ("set-cookie", f"session={secret}; Path=/")),
        response_body=f"<p>{secret} and api_key={secret}</p>",
    )
    return make_observation("crashed", exchanges=(exchange,), message=f"said password={secret}, or only {secret}")


def reported(*endings: str, known: frozenset[str] = frozenset()) -> Report:
    """A run in which secrets have come up everywhere, in whole exchanges and in timelines."""
    results = []
    for number, ending in enumerate(endings):
        seen = observed("".join((*PARTS, ending)))
        results += [
            make_result(f"area/whole-{number}", "failed", observation=seen, known=known),
            make_result(f"area/told-{number}", "failed", observation=seen, timeline=legs_of(seen), known=known),
        ]
    return make_report(*results, known=known)


def configured() -> frozenset[str]:
    """What a tool file may have for secrets, which every text is searched for."""
    return frozenset(f"{''.join(PARTS)}{ending}" for ending in (*ENDINGS, "&%+"))


def noted(report: Report) -> Notes:
    """The notes of a run whose dossier is made."""
    notes = Notes(Stream(), tool_file="", chosen=len(report.results), tell=lambda _: None)
    notes.begin(report)
    for result in report.results:
        notes.add(result)
    assert len(notes.dossier(report).results) == len(report.results)
    return notes


def test_once_a_dossier_is_made_nothing_holds_a_secret_that_it_hides():
    """Neither a cache of ours nor one of the standard library has it, while the dossier is still there."""
    dossier = dossier_of(reported(*ENDINGS, known=configured()))
    assert len(dossier.results) == 2 * len(ENDINGS)
    assert held() == []


def test_notes_that_are_told_hold_no_text_of_a_tool():
    """Pytest keeps them until it ends."""
    notes = noted(reported(ENDINGS[0]))
    assert notes.broken_off("") is not None
    assert held() == []


@functools.cache
def _kept(text: str) -> str:
    return text


def test_the_search_finds_what_a_cache_holds():
    """Otherwise these tests would prove nothing."""
    text = "".join(("found ", *PARTS))
    _kept(text)
    del text
    assert set(held()) == {"".join(("found ", *PARTS))}
    _kept.cache_clear()


ASKED: Final[Sequence[Callable[[str], object]]] = (
    lambda secret: Clearing().unknown_to(f"unknown_to: {secret}", frozenset({secret, f"{secret}%&"})),
    lambda secret: cleared(f"cleared: {secret}"),
    lambda secret: cleared(f"cleared: {secret}", frozenset({secret})),
    lambda secret: kind_of(f"{'kind_of' * LONG}_{secret}_token"),
    lambda secret: Page(url="/", status=200, headers=(), body=f"<p>{secret}</p>".encode()).visible,
    lambda secret: is_address(f"https://is_address:{secret}@tool.example/"),
    lambda secret: place(f"https://place:{secret}@tool.example/"),
    lambda secret: origin(f"https://origin:{secret}@tool.example/?code={secret}"),
    lambda secret: origin(f"https://origin:{secret}@tool.example:99999/"),
)
"""Each is told apart by what it says before the secret."""


def test_what_was_asked_once_is_not_kept():
    """Whoever asks has the answer, and the process has neither it nor the question."""
    for ask in ASKED:
        for ending in ENDINGS:
            ask("".join((*PARTS, ending)))
    assert held() == []


def size(clearing: Clearing) -> int:
    """How many characters and bytes it holds, in whatever way."""
    total = 0
    waiting: list[Any] = [clearing]
    while waiting:
        for one in gc.get_referents(waiting.pop()):
            if isinstance(one, str | bytes):
                total += len(one)
            elif type(one) in (tuple, dict, set, frozenset, list):
                waiting.append(one)
    return total


def test_what_a_report_remembers_does_not_grow_with_the_texts_of_a_tool():
    """Of a long text it is known that it was looked through, and no more."""
    clearing = Clearing()
    for number in range(20):
        text = f"{number} " + "words " * LONG
        assert clearing.cleared(text) is text
        assert clearing.cleared(f"{text}") == text
    assert size(clearing) <= 20 * 64


def test_what_a_report_remembers_does_not_grow_with_their_number():
    """Of very many texts the latest are remembered."""
    clearing = Clearing()
    for number in range(10_000):
        clearing.cleared(f"{number:06}")
    assert size(clearing) <= 5000 * 6


def test_a_report_remembers_no_text_in_which_something_was_hidden():
    """It is looked through again, however often it comes."""
    clearing = Clearing()
    text = f"password={''.join(PARTS)}"
    told = {clearing.cleared(text), clearing.cleared(text)}
    assert len(told) == 1
    assert text not in told
    assert size(clearing) == 0


def test_what_a_report_remembers_hides_nothing_less():
    """A text that was clean is looked through for secrets that are known only later, also in long ones."""
    clearing = Clearing()
    secret = "".join(PARTS)
    for text in (f"it said {secret}", f"it said {secret} and {'words ' * LONG}"):
        assert secret in clearing.cleared(text)
        assert secret not in clearing.cleared(text, frozenset({secret}))
        assert secret in clearing.cleared(text)
