"""Bodies of `application/problem+json` (RFC 9457)."""

from __future__ import annotations

from conformance.calibrating.channels import json_body
from conformance.calibrating.proposal import Proposal, words_seen
from conformance.calibrating.samples import Evidence, Sample
from conformance.extractors import problem

__all__ = ["RANK", "propose"]

RANK = problem.RANK
_TYPE = "application/problem+json"
_OWN = frozenset({"type", "title", "status", "detail", "instance"})


def propose(evidence: Evidence) -> Proposal | None:
    """The members that say which error it was, where they have other names than ours."""
    told = [sample for sample in evidence.refused if isinstance(sample.page.data, dict) and _is_problem(sample)]
    if not told:
        return None
    usual = problem.Settings()
    known = json_body.paths(evidence, of=_is_problem, without=_OWN)
    paths = {axis: path for axis, (path, _) in known.items()}
    ours = {"class": usual.klass, "type": usual.type, "code": usual.code}
    settings = {
        axis: name
        for axis, path in paths.items()
        if axis in ours and (name := path.removeprefix("$.")) != ours[axis] and "." not in name and "[" not in name
    }
    words = dict(words_seen(evidence, _tail)) if "type" not in paths else {}
    words |= {word: labels for axis in ("type", "code") if axis in known for word, labels in known[axis][1].items()}
    found = f"{len({s.label for s in told})} refusals came as {_TYPE}, and no good launch did"
    return Proposal(kind="problem", settings=settings, found=found, words=words)


def _tail(sample: Sample) -> str | None:
    """The end of the problem's own `type`, which the extractor reads where no member of ours says more."""
    return problem.tail_of(sample.page.data) if _is_problem(sample) and isinstance(sample.page.data, dict) else None


def _is_problem(sample: Sample) -> bool:
    return _TYPE in (sample.page.header("content-type") or "")
