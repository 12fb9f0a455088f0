"""A platform in which everything that somebody from outside can name has one and the same text for a name."""

from __future__ import annotations

from mockplatform.lms import Platform
from mockplatform.model import Course, Exchange, Person, Registration
from mockplatform.mutation import bind
from mockplatform.pending import PendingLaunch
from mockplatform.records import LineItem, PlacedLink, Returned, Score
from tests.mockplatform.makers import make_auth_request, make_registration

__all__ = ["fill"]


def fill(platform: Platform, text: str, *, url: str, course_id: str) -> PendingLaunch:
    """The launch of a tool and a person with this name, where the school, the grades and the journal have it too.

    Args:
        url: the address of what was placed.
        course_id: the course to which line items, links and returned content belong; one with this name is `odd`.
    """
    pending = _launch(platform, text, course_id)
    _grade(platform, text, course_id)
    _place(platform, text, url, course_id)
    back = Returned(
        id="back",
        launch_id=pending.launch.id,
        course_id=course_id,
        client_id=text,
        at_s=platform.clock(),
        problems=(text,),
        claims={text: [text, url]},
    )
    platform.state.returned.put(back.id, back, group=pending.launch.id)
    for endpoint in ("auth", "return", "line_items", text):
        platform.state.note(_exchange(platform, text, endpoint, pending.key, course_id), f"exchange {endpoint}")
    platform.state.note(_exchange(platform, text, "token", text, course_id), "exchange of no launch")
    return pending


def _launch(platform: Platform, text: str, course_id: str) -> PendingLaunch:
    """A launch with a lie in its token, to which the tool has answered."""
    tool = _tool(platform, text)
    platform.register(tool)
    person = Person(sub=text, given_name=text, family_name=text, email=text, roles=(text,), note=text)
    platform.state.people.put(person.sub, person)
    platform.state.courses.put("odd", Course(id="odd", label=text, title=text))
    course = platform.course(course_id)
    assert course is not None
    lie = bind(f"claims.value(claim='name', value={text!r})", where="test")
    pending = platform.begin(platform.intend(tool, person=person, roles=(text,), course=course), (lie,))
    platform.authorize(make_auth_request(pending.login, client_id=text, redirect_uri=text, state=text, nonce=text))
    return pending


def _tool(platform: Platform, text: str) -> Registration:
    return make_registration(
        issuer=platform.issuer,
        client_id=text,
        name=text,
        deployment_ids=(text, "2"),
        launch_url=f"http://127.0.0.1:8000/{text}",
        custom={text: text},
    )


def _grade(platform: Platform, text: str, course_id: str) -> None:
    """A line item with a score."""
    item = LineItem(
        id="item", course_id=course_id, client_id=text, label=text, score_maximum=10, resource_id=text, tag=text
    )
    platform.state.line_items.put(item.id, item, group=course_id)
    score = Score(
        line_item_id=item.id, user_id=text, timestamp=text, activity_progress=text, grading_progress=text, comment=text
    )
    platform.state.scores.put("item odd", score, group=item.id)


def _place(platform: Platform, text: str, url: str, course_id: str) -> None:
    """A link as deep linking leaves it."""
    link = PlacedLink(
        id=text,
        course_id=course_id,
        client_id=text,
        issuer=text,
        deployment_id=text,
        type=text,
        title=text,
        text=text,
        url=url,
        custom={text: text},
        item={"title": text, "url": url, text: text},
    )
    platform.state.links.put(link.id, link, group=course_id)


def _exchange(platform: Platform, text: str, endpoint: str, launch: str, course_id: str) -> Exchange:
    """A request of the tool that was refused, with the name wherever there is room for it."""
    return Exchange(
        asker="tool",
        method="POST",
        url=f"{platform.url}/{endpoint}?{text}={text}",
        request_headers=((text, text), ("authorization", f"Bearer {text}")),
        request_body=f"{text}={text}",
        status=400,
        response_headers=((text, text),),
        response_body=text,
        at_s=platform.clock(),
        about={"endpoint": endpoint, "launch": launch, "client_id": text, "course": course_id, "fault": text},
    )
