"""What the checks say about an observation, beside its answer."""

from __future__ import annotations

import random
import string
from collections.abc import Sequence

import pytest

from conformance.checks import checks
from conformance.model import Observation
from mockplatform.model import Exchange, Params

LETTERS = string.ascii_letters + string.digits


def told(name: str, seen: Observation) -> str:
    """What a check complains of; nothing if it is content."""
    return checks()[name](seen) or ""


def after_logins(values: Sequence[str]) -> Observation:
    """What was seen of logins with these states; their nonces are random."""
    draw = random.Random(1)
    requests = tuple({"state": value, "nonce": "".join(draw.choices(LETTERS, k=32))} for value in values)
    return Observation(outcome="launched", auth_requests=requests)


def exchange(*, sends: str = "", gives: Params = (), body: str = "") -> Exchange:
    """A request with a cookie header, and an answer with these headers."""
    return Exchange(
        asker="browser",
        method="POST" if body else "GET",
        url="https://tool.example/lti",
        request_headers=(("cookie", sends),) if sends else (),
        request_body=body,
        status=200,
        response_headers=gives,
        response_body="",
        elapsed_s=0.0,
        trouble="",
    )


def seen_with(*exchanges: Exchange) -> Observation:
    """What was seen of a launch that was accepted."""
    return Observation(outcome="launched", exchanges=exchanges)


class TestValuesThatVary:
    @pytest.mark.parametrize("alphabet", ["0123456789abcdef", LETTERS])
    def test_random_values_do(self, alphabet: str) -> None:
        """Thirty-two random characters are enough, be they hexadecimal or not."""
        draw = random.Random(7)

        assert not told("values_that_vary", after_logins(["".join(draw.choices(alphabet, k=32)) for _ in range(50)]))

    def test_numbers_do_not(self) -> None:
        """Values that are counted up differ in their last digits only, however long they are."""
        counted = after_logins([f"{number:064}" for number in range(50)])

        assert told("values_that_vary", counted).startswith("over 50 logins the state changes by ")

    def test_a_clock_in_front_of_random_text_is_no_harm(self) -> None:
        """What counts is that enough of the value changes, wherever it stands."""
        draw = random.Random(7)
        values = [f"{1_800_000_000 + n}-{''.join(draw.choices(LETTERS, k=32))}" for n in range(50)]

        assert not told("values_that_vary", after_logins(values))

    def test_one_login_shows_nothing(self) -> None:
        """A single value cannot differ from another one."""
        assert not told("values_that_vary", after_logins(["alone"]))


@pytest.mark.parametrize(("fetches", "complains"), [(0, False), (1, False), (2, True)])
def test_the_key_set_is_asked_for_once(fetches: int, *, complains: bool) -> None:
    """A tool that holds the keys need not ask, and one that does not find one may ask once."""
    seen = Observation(outcome="rejected", key_fetches=fetches)

    assert bool(told("keys_asked_once", seen)) is complains


class TestSessionRenewed:
    def test_a_new_id_is(self) -> None:
        """The answer to the platform's form sets the cookie that came with it to another value."""
        posted = exchange(sends="sid=old; lang=en", body="id_token=x", gives=(("Set-Cookie", "sid=new; Path=/"),))

        assert not told("session_renewed", seen_with(exchange(sends="sid=old"), posted))

    @pytest.mark.parametrize("gives", ["", "sid=old; Path=/", "state=; Max-Age=0", "state=gone; Max-Age=0"])
    def test_the_old_id_is_not(self, gives: str) -> None:
        """Nothing new: no cookie, the same one again, or one that is taken away."""
        headers: Params = (("set-cookie", gives),) if gives else ()
        posted = exchange(sends="sid=old; state=s", body="state=s&id_token=x", gives=headers)

        assert "signed in" in told("session_renewed", seen_with(exchange(), posted))

    def test_what_the_login_gave_does_not_count(self) -> None:
        """A login in the browser of a victim is begun by anybody, before the person is known."""
        login = exchange(sends="sid=old", gives=(("set-cookie", "sid=login"),))
        posted = exchange(sends="sid=login", body="id_token=x")

        assert "signed in" in told("session_renewed", seen_with(login, posted))

    def test_a_later_hop_may_renew_it(self) -> None:
        """Many tools answer the form with a redirect and begin the session behind it."""
        posted = exchange(sends="sid=old", body="id_token=x")
        landed = exchange(sends="sid=old", gives=(("set-cookie", "sid=new"),))

        assert not told("session_renewed", seen_with(posted, landed))

    def test_a_tool_without_cookies_has_no_id_to_keep(self) -> None:
        """Nobody can plant what is not there."""
        assert not told("session_renewed", seen_with(exchange(body="id_token=x")))


@pytest.mark.parametrize(("lost", "complains"), [((), False), (("launch",), True)])
def test_what_is_lost_on_the_way_back_is_told(lost: tuple[str, ...], *, complains: bool) -> None:
    """The observation knows what the address had."""
    assert bool(told("return_query_kept", Observation(outcome="rejected", returned={}, lost=lost))) is complains
