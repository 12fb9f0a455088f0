"""The files of an export of vectors: one a group, a manifest, the schema and the checksums.

The format follows Wycheproof where that has a word for it (`tests`, `tcId`, `comment`, `flags`, `notes`, `result`).
Everything is ASCII and sorted as the catalogue is, so that the same keys and time give the same bytes.
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Final, Literal

from conformance.model import Answer, Expectation, Profile, Scenario
from conformance.requirements import Requirement
from conformance.vectors import REGISTRATIONS, Bench, UnsuitableError, Vector, control, group_of, obstacle, vector
from mockplatform.model import IdToken, KeySet, Registration, SignedToken

__all__ = [
    "MANIFEST",
    "MANIFEST_SCHEMA",
    "NOTES",
    "SCHEMA",
    "SCHEMA_FILE",
    "SUMS",
    "Export",
    "Validity",
    "corpus",
    "sums",
]

Validity = Literal["valid", "invalid", "acceptable"]

SCHEMA: Final = "lti-conformance-vectors/1"
MANIFEST_SCHEMA: Final = "lti-conformance-vectors-manifest/1"
MANIFEST: Final = "manifest.json"
SCHEMA_FILE: Final = "vectors.schema.json"
SUMS: Final = "SHA256SUMS"

STANDARDS: Final = ("core", "certification")
"""The profiles that say what any validator has to do; the others describe products."""

NOTES: Final[Mapping[str, str]] = {
    "Honest": "Nothing is spoilt: a launch as platforms send it.",
    "SpoiltToken": "The header, the claims or the key were spoilt before the token was signed.",
    "SpoiltText": "The compact form was spoilt after the token was signed.",
    "SpoiltKeySet": "The platform's key set is spoilt: key_set of the test takes the place of jwks of the file.",
    "MustAccept": "The standards leave no choice: the token is good.",
    "MustReject": "The standards leave no choice: the token has to be refused.",
    "ShouldAccept": "Refusing the token is unwise, but breaks no rule.",
    "ShouldReject": "Accepting the token is unwise, but breaks no rule.",
    "MayAccept": "The standards permit the token.",
    "MayReject": "The standards permit to refuse the token.",
    "EitherWay": "The standards leave both outcomes open; expected says which one is preferred.",
    "ProductRule": "The standards say nothing; only profiles in expected that describe a product do.",
    "ProfilesDiffer": "The profiles prefer different outcomes: go by expected if one of them is yours.",
    "NoOutboundCall": "Whatever the token names, nothing may be fetched but the platform's own key set.",
    "RandomSignature": "The signature is random by nature, so the token differs from export to export.",
}
_STAGE_FLAGS: Final = {IdToken: "SpoiltToken", SignedToken: "SpoiltText", KeySet: "SpoiltKeySet"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Export:
    """What an export is made of beside the scenarios.

    Args:
        version: of the generator.
        schema: the text of the JSON Schema that the files of the groups obey.
    """

    bench: Bench
    profiles: Sequence[Profile]
    requirements: Mapping[str, Requirement]
    version: str
    schema: str

    @property
    def generator(self) -> Mapping[str, str]:
        """Who has made the files."""
        return {"name": "lti-conformance", "version": self.version}


def corpus(scenarios: Iterable[Scenario], export: Export) -> Mapping[str, str]:
    """The text of every file by its name; the manifest comes first and the checksums last."""
    groups: dict[str, list[Vector]] = {}
    left_out: dict[str, list[str]] = {}
    for scenario in scenarios:
        try:
            made = _made(scenario, export.bench)
        except UnsuitableError as unsuitable:
            left_out.setdefault(str(unsuitable), []).append(scenario.id)
        else:
            groups.setdefault(group_of(scenario), []).append(made)
    documents = {f"{name}.json": _group(name, found, export) for name, found in groups.items()}
    files = {MANIFEST: _text(_manifest(documents, left_out, export)), SCHEMA_FILE: export.schema}
    files |= {name: _text(document) for name, document in documents.items()}
    return files | {SUMS: sums(files)}


def _made(scenario: Scenario, bench: Bench) -> Vector:
    reason = obstacle(scenario)
    if reason is not None:
        raise UnsuitableError(reason)
    return vector(scenario, bench)


def _text(document: Mapping[str, Any]) -> str:
    return json.dumps(document, indent=1) + "\n"


def sums(files: Mapping[str, str]) -> str:
    """The checksums of files as `sha256sum --check` reads them."""
    return "".join(f"{hashlib.sha256(files[name].encode()).hexdigest()}  {name}\n" for name in sorted(files))


def _manifest(
    documents: Mapping[str, Mapping[str, Any]], left_out: Mapping[str, Sequence[str]], export: Export
) -> dict[str, Any]:
    rows = {name: Counter(test["result"] for test in document["tests"]) for name, document in documents.items()}
    total = sum(rows.values(), Counter())
    return {
        "schema": MANIFEST_SCHEMA,
        "generator": export.generator,
        "now": export.bench.now_s,
        "total": _counts(total),
        "files": {name: _counts(row) for name, row in rows.items()},
        "left_out": {
            "total": sum(map(len, left_out.values())),
            "reasons": {reason: {"count": len(ids), "scenarios": ids} for reason, ids in sorted(left_out.items())},
        },
    }


def _counts(found: Mapping[str, int]) -> dict[str, int]:
    kinds = ("valid", "invalid", "acceptable")
    return {"tests": sum(found.values()), **{kind: found.get(kind, 0) for kind in kinds}}


def _group(name: str, vectors: Sequence[Vector], export: Export) -> dict[str, Any]:
    bench, registration = export.bench, vectors[0].scenario.registration
    tests = [_test(number, made, export) for number, made in enumerate(vectors, start=1)]
    used = {flag for test in tests for flag in test["flags"]}
    return {
        "schema": SCHEMA,
        "generator": export.generator,
        "group": name,
        "notes": {flag: {"description": text} for flag, text in NOTES.items() if flag in used},
        "profiles": {profile.name: _profile(profile) for profile in export.profiles},
        "now": bench.now_s,
        "registration": _registration(REGISTRATIONS[registration]),
        "nonce": bench.nonce,
        "control": control(registration, bench),
        "jwks": {"keys": [dict(bench.keys.jwk("platform"))]},
        "numberOfTests": len(tests),
        "tests": tests,
    }


def _profile(profile: Profile) -> dict[str, Any]:
    states = {role: list(names) for role, names in profile.states.items()}
    return {"question": profile.question, "axes": list(profile.axes), "states": states}


def _registration(registration: Registration) -> dict[str, Any]:
    return {
        "issuer": registration.issuer,
        "client_id": registration.client_id,
        "deployment_ids": list(registration.deployment_ids),
        "target_link_uri": registration.launch_url,
        "attributes": dict(registration.attributes),
    }


def _test(number: int, made: Vector, export: Export) -> dict[str, Any]:
    scenario = made.scenario
    expected = {p.name: e for p in export.profiles if (e := p.expectation(scenario)) is not None}
    rules = [export.requirements[id_] for id_ in scenario.requirement]
    return {
        "tcId": number,
        "id": scenario.id,
        "comment": scenario.title,
        "why": scenario.why,
        "role": scenario.attempt.role or scenario.role,
        "mutations": list(scenario.mutations),
        "id_token": made.id_token,
        **({} if made.published is None else {"key_set": asdict(made.published)}),
        "flags": _flags(made, expected),
        "result": _validity(expected),
        "expected": {name: _expectation(expectation) for name, expectation in expected.items()},
        "requirement": [{"id": rule.id, "citation": rule.citation, "level": rule.level} for rule in rules],
    }


def _expectation(expectation: Expectation) -> dict[str, Any]:
    return {
        "severity": expectation.severity,
        "preferred": _answer(expectation.preferred),
        "allowed": [_answer(answer) for answer in expectation.allowed],
    }


def _answer(answer: Answer) -> dict[str, Any]:
    return {"outcome": answer.outcome, "class": answer.klass, "type": answer.type, "code": answer.code}


def _standards(expected: Mapping[str, Expectation]) -> tuple[Expectation, ...]:
    return tuple(expected[name] for name in STANDARDS if name in expected)


def _open(expectation: Expectation) -> bool:
    """Whether both outcomes are right."""
    return len({answer.outcome for answer in expectation.answers}) > 1


def _validity(expected: Mapping[str, Expectation]) -> Validity:
    """What the standards make of a token; `acceptable` where they leave a choice, disagree, or say nothing."""
    demands = {_demand(expectation) for expectation in _standards(expected)}
    return demands.pop() if len(demands) == 1 else "acceptable"


def _demand(expectation: Expectation) -> Validity:
    if expectation.severity != "must" or _open(expectation):
        return "acceptable"
    return "valid" if expectation.preferred.outcome == "launched" else "invalid"


def _flags(made: Vector, expected: Mapping[str, Expectation]) -> list[str]:
    stages = {spoilt.mutation.stage for spoilt in made.scenario.attempt.mutations}
    spoilt = [flag for stage, flag in _STAGE_FLAGS.items() if stage in stages]
    outcomes = {expectation.preferred.outcome for expectation in expected.values()}
    further = {
        "ProfilesDiffer": len(outcomes) > 1,
        "NoOutboundCall": "no_outbound_call" in made.scenario.checks,
        "RandomSignature": not made.repeatable,
    }
    return [*(spoilt or ["Honest"]), _strength(expected), *(flag for flag, stands in further.items() if stands)]


def _strength(expected: Mapping[str, Expectation]) -> str:
    """How much the standards insist; where two speak, the first."""
    first = next(iter(_standards(expected)), None)
    if first is None:
        return "ProductRule"
    if _open(first):
        return "EitherWay"
    verb = "Accept" if first.preferred.outcome == "launched" else "Reject"
    return f"{first.severity.capitalize()}{verb}"
