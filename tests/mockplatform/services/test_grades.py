from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from mockplatform.errors import UsageError
from mockplatform.gradebook.grades import add_line_item, gradebook
from mockplatform.gradebook.line_items import is_tools, line_item_of_link, only_line_item
from mockplatform.gradebook.scores import publish, result_score
from mockplatform.keys import KeyRing
from mockplatform.lms import Platform
from mockplatform.records import LineItem, Score, enrolment_key, score_key
from mockplatform.store import MemoryStore
from tests.mockplatform.makers import COURSE, INSTRUCTOR, PERSON, PLATFORM, make_platform
from tests.patience import ended


@pytest.fixture
def platform(keys: KeyRing) -> Platform:
    return make_platform(keys)


def score(item: LineItem, user_id: str, **values: Any) -> Score:
    given: dict[str, Any] = {
        "line_item_id": item.id,
        "user_id": user_id,
        "timestamp": "2026-11-22T08:00:00.0Z",
        "activity_progress": "Completed",
        "grading_progress": "FullyGraded",
        "score_given": 1,
        "score_maximum": 4,
    }
    return Score(**given | values)


def test_a_gradebook_has_everybody(platform: Platform) -> None:
    """Whoever takes part stands in the gradebook, also without a score; a score of a stranger has its row, too."""
    platform.enrol(PERSON, COURSE, [INSTRUCTOR])
    quiz = add_line_item(platform, "course-9", label="Quiz", score_maximum=60, resource_link_id="link-course-9")
    lab = add_line_item(platform, "course-9", label="Lab", score_maximum=10, tag="lab", client_id="Client-A")
    publish(platform, score(quiz, "stranger"))
    publish(platform, score(lab, "stranger", score_given=None))
    book = gradebook(platform, "course-9")
    known, stranger = book.rows

    assert (book.course, book.line_items, book.total) == (COURSE, (quiz, lab), 2)
    assert (known.person, known.cells) == (PERSON, {})
    assert stranger.person.sub == "stranger"
    assert {item_id: cell.result for item_id, cell in stranger.cells.items()} == {quiz.id: 15, lab.id: None}


def test_a_part_of_a_gradebook(platform: Platform) -> None:
    """A page of a gradebook has some of its rows and says how many there are."""
    quiz = add_line_item(platform, "course-9", label="Quiz", score_maximum=60, resource_link_id="link-course-9")
    for number in range(5):
        publish(platform, score(quiz, f"user-{number}"))
    book = gradebook(platform, "course-9", offset=1, limit=2)

    assert ([row.person.sub for row in book.rows], book.total) == (["user-1", "user-2"], 5)


def test_a_course_that_is_not_there(platform: Platform) -> None:
    """There is no gradebook, and no line item, of an unknown course."""
    with pytest.raises(UsageError, match="course 'x': there is none"):
        gradebook(platform, "x")
    with pytest.raises(UsageError, match="course 'x': there is none"):
        add_line_item(platform, "x", label="Quiz", score_maximum=60)


@pytest.mark.parametrize(
    ("label", "score_maximum", "link", "told"),
    [
        (" ", 1, "link-course-9", "label: it is blank"),
        ("Q", 0, "link-course-9", "no number above 0"),
        ("Q", float("nan"), "link-course-9", "nan is no number"),
    ],
)
def test_a_line_item_that_cannot_be(platform: Platform, label: str, score_maximum: float, link: str, told: str) -> None:
    """The platform's own line items have a name and a maximum as those of tools (AGS 3.2.7, 3.2.8)."""
    with pytest.raises(UsageError, match=told):
        add_line_item(platform, "course-9", label=label, score_maximum=score_maximum, resource_link_id=link)


def test_a_score_without_a_maximum_is_on_the_scale_of_its_line_item(platform: Platform) -> None:
    """A score of the platform itself may lack a maximum; then it counts as it is."""
    quiz = add_line_item(platform, "course-9", label="Quiz", score_maximum=60, resource_link_id="link-course-9")

    assert result_score(quiz, score(quiz, "u", score_given=45, score_maximum=None)) == 45


def test_scores_at_the_same_moment(platform: Platform) -> None:
    """Of scores with one timestamp that come at once exactly one is kept (AGS 3.4.9)."""
    quiz = add_line_item(platform, "course-9", label="Quiz", score_maximum=60, resource_link_id="link-course-9")
    kept: list[bool] = []
    start = threading.Barrier(8, timeout=60)

    def send(given: int) -> None:
        start.wait()
        kept.append(publish(platform, score(quiz, "u", score_given=given)))

    threads = [threading.Thread(target=send, args=(given,)) for given in range(8)]
    for thread in threads:
        thread.start()
    ended(threads, "a score of each thread")

    assert sorted(kept) == [False] * 7 + [True]


def test_two_who_make_the_line_item_of_a_link_at_once(keys: KeyRing) -> None:
    """Two workers that have both found none end with one line item, and it is the tool's (AGS 4.3.1)."""
    store = MemoryStore()
    one, two = (make_platform(keys, store=store, new_id=name.__str__) for name in ("id-1", "id-2"))
    tool = one.registrations[0]
    made = [
        only_line_item(worker, tool, "course-9", "link-course-9", label="Submissions", score_maximum=100)
        for worker in (one, two)
    ]

    assert made[0] == made[1]
    assert one.state.line_items.page() == [made[0]]
    assert line_item_of_link(two, tool, COURSE, None) == made[0]
    assert is_tools(one, COURSE, made[0], issuer=PLATFORM, client_id="Client-A")
    assert not is_tools(one, COURSE, made[0], issuer=PLATFORM, client_id="Client-B")


@pytest.mark.parametrize(
    "change", [{"resource_link_id": "other"}, {"resource_link_id": ""}, {"client_id": "Client-B"}], ids=str
)
def test_a_line_item_that_was_bound_otherwise_meanwhile(platform: Platform, change: dict[str, Any]) -> None:
    """If the line item of a link was given to another link or tool, the link gets a new one, the same each time."""
    tool = platform.registrations[0]
    first = line_item_of_link(platform, tool, COURSE, None)
    platform.state.line_items.change(first.id, lambda known: replace(known, **change))
    made = [
        only_line_item(platform, tool, "course-9", first.resource_link_id, label="Submissions", score_maximum=100)
        for _ in range(2)
    ]

    assert made[0] == made[1] == line_item_of_link(platform, tool, COURSE, None) != first
    assert (made[0].resource_link_id, made[0].client_id) == (first.resource_link_id, "Client-A")
    assert [item.id for item in platform.state.line_items.page()] == [first.id, made[0].id]


@pytest.mark.parametrize("key", [enrolment_key, score_key])
def test_blanks_in_ids(key: Callable[[str, str], str]) -> None:
    """Two ids make a key that no other two make, wherever they have their blanks."""
    ids = ("Math", "Math 1", "1 x", "x", "Math%201", " ", "%20", "")
    keys = {key(first, second) for first in ids for second in ids}

    assert len(keys) == len(ids) ** 2
