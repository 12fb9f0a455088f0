"""What can be explained.

Each scenario, code (by its number or name), error type, fault point and ruling, as
`lti-conformance list` names them. Besides, these topics:
"""

from __future__ import annotations

from collections.abc import Iterator

from conformance.paragraphs import paragraph

__all__ = ["lines"]


def lines() -> Iterator[str]:
    """Each topic with its title."""
    from conformance.topics import found_topics

    for topic in found_topics().values():
        yield from paragraph(topic.name, topic.title, label_width=18)
