"""Times of any size, all of them far enough from now to mean the same whenever they are read (SEC 5.1.3)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from conformance.strategies.lazily import st
from conformance.strategies.mutating import spoilt
from conformance.strategies.values import numbers, other_than
from conformance.veins import EITHER, UNREADABLE, Drawn, like

if TYPE_CHECKING:
    from hypothesis.strategies import SearchStrategy

HOUR_S = 3600
LONGEST_S = 10**9
LONG_AGO = 10**9
WHY = (
    "Few tools look at this time, and those that do turn it into a date before they know whether there is such a "
    "date. What they make of it is theirs; they have to answer."
)
FIX = (
    "Check that the time is a finite number and compare it as one, without turning it into a date; catch what a "
    "conversion raises as a refused launch."
)


@like("time/expired-an-hour-ago")
def expired_by_any_time() -> SearchStrategy[Drawn]:
    """Token expired an hour ago or longer."""
    return spoilt("claims.expired", by_s=st.integers(HOUR_S, LONGEST_S))


@like("time/issued-an-hour-ahead")
def issued_ahead_by_any_time() -> SearchStrategy[Drawn]:
    """Token issued an hour ahead or more."""
    return spoilt("claims.issued_ahead", by_s=st.integers(HOUR_S, LONGEST_S))


@like("time/not-yet-valid", also=UNREADABLE)
def valid_after_any_time() -> SearchStrategy[Drawn]:
    """Token not valid for an hour or longer."""
    return spoilt("claims.not_yet_valid", by_s=st.integers(HOUR_S, LONGEST_S))


@like("time/not-yet-valid", guards=("odd-start-crashes",), expect=EITHER, why=WHY, fix=FIX)
def start_of_any_kind() -> SearchStrategy[Drawn]:
    """Beginning of the token's time of any type and size."""
    far = numbers().filter(lambda number: not 0 <= number <= 8 * LONG_AGO)
    return spoilt("claims.value", claim=st.just("nbf"), value=st.one_of(far, other_than("number")))


@like("time/issue-time-absent", expect=EITHER, why=WHY, fix=FIX)
def issue_time_of_any_past_number() -> SearchStrategy[Drawn]:
    """Issue time of any number that is long past."""
    past = st.one_of(st.integers(max_value=LONG_AGO), st.floats(max_value=LONG_AGO, allow_infinity=False))
    return spoilt("claims.value", claim=st.just("iat"), value=past)


@like("accepted/issued-a-minute-ago")
def issued_at_any_moment_before() -> SearchStrategy[Drawn]:
    """Token issued up to two and a half minutes ago."""
    return spoilt("claims.issued_before", by_s=st.integers(0, 150))


@like(
    "accepted/issued-a-minute-ago",
    why="A token may say from when on it counts (RFC 7519, section 4.1.5). That moment is long past.",
    fix="Refuse a token only while `nbf` lies in the future: compare it with the clock the right way round.",
)
def valid_since_any_past_moment() -> SearchStrategy[Drawn]:
    """Token valid since any moment of the past."""
    return spoilt("claims.value", claim=st.just("nbf"), value=st.integers(1, LONG_AGO))
