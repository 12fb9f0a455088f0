from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from conformance import requirements as module
from conformance.errors import codes, types
from conformance.requirements import Requirement, documents, requirements
from mockplatform.errors import UsageError

if TYPE_CHECKING:
    from pathlib import Path

# The demands that nobody has yet read in the document they come from: they may warn, never fail, a tool.
UNVERIFIED = {
    "SEC-3-04",
    "OIDC-LOGIN-16",
    "OIDC-AUTHREQ-12",
    "OIDC-RESP-10",
    "OIDC-RESP-12",
    "OIDC-ERR-02",
    "OIDC-ERR-06",
    "SEC-5.1.3-02b",
    "SEC-6.2-02",
    "SEC-6.2-03",
    "SEC-6.2-04",
    "JOSE-7515-01",
    "JOSE-7515-02",
    "JOSE-7515-03",
    "JOSE-7515-04",
    "JOSE-7519-4.1.5",
    "JOSE-7519-2",
    "LTI11-PARAM-07",
    "LTI11-RET-02",
    "MIG-05",
}

COUNTS = {
    "SEC-3": 6,
    "OIDC-LOGIN": 21,
    "OIDC-AUTHREQ": 13,
    "OIDC-RESP": 11,
    "OIDC-ERR": 7,
    "SEC-5.1.2": 8,
    "SEC-5.1.3": 33,
    "CERT-BAD": 12,
    "CERT-T": 9,
    "CERT-S": 9,
}

FILE = """
[document.SEC]
title = "Framework"
url = ""
[[requirement]]
id = "SEC-1"
document = "SEC"
section = "1"
level = "MUST"
evidence = "text"
text = "Something."
"""

every_requirement = pytest.mark.parametrize("requirement", requirements().values(), ids=lambda r: str(r.id))


@every_requirement
def test_a_requirement_is_one_sentence_from_a_known_document(requirement: Requirement) -> None:
    """Each demand names its document and says in one sentence what is demanded."""
    assert requirement.document in documents()
    assert requirements()[requirement.id] is requirement
    assert re.fullmatch(r"[A-Z][^\n]{20,160}\.", requirement.text)


@every_requirement
def test_evidence_and_document_agree(requirement: Requirement) -> None:
    """What was read, quoted or remembered has a section; what no document demands is not said to be read."""
    if requirement.evidence in ("text", "quoted", "unverified"):
        assert requirement.document != "DERIVED"
        assert requirement.section
    if requirement.document == "DERIVED":
        assert not requirement.section


def test_no_unverified_requirement_lost_its_mark() -> None:
    """The unverified ones are exactly those known as such."""
    assert {r.id for r in requirements().values() if r.evidence == "unverified"} == UNVERIFIED


def test_documents_that_were_not_at_hand_are_never_cited_as_read() -> None:
    """OpenID Connect Core and the JWS, JWA and OAuth documents were not read themselves."""
    unread = {"OIDC", "RFC6749", "RFC7515", "RFC7518", "CS-OIDC"}

    assert not [r.id for r in requirements().values() if r.document in unread and r.evidence == "text"]


@pytest.mark.parametrize(("area", "count"), COUNTS.items())
def test_each_area_is_complete(area: str, count: int) -> None:
    """The launch areas have all their demands."""
    found = [key for key in requirements() if re.fullmatch(rf"{re.escape(area)}-\d\d[a-z]?", key)]

    assert count == len(found)


def test_every_step_of_the_validation_has_its_demand() -> None:
    """The nine steps of the Security Framework are numbered as there."""
    for step in range(1, 10):
        assert requirements()[f"SEC-5.1.3-{step:02}"].citation == f"SEC §5.1.3 step {step}"


def test_every_code_and_type_has_its_demand() -> None:
    """Each code and type is demanded under its own name, and no other is."""
    assert [f"CLASS-{code}" for code in codes()] == [key for key in requirements() if key.startswith("CLASS-")]
    assert [f"LTIX-{name}" for name in types()] == [k for k in requirements() if k.startswith("LTIX-")]
    for error in codes().values():
        assert f"{error.code} {error.name}" in requirements()[f"CLASS-{error.code}"].text
    for kind in types().values():
        assert f"{kind.type}, class {kind.klass}" in requirements()[f"LTIX-{kind.type}"].text


@pytest.mark.parametrize(
    ("key", "citation"),
    [
        ("SEC-5.1.3-07a", "SEC §5.1.3 step 7"),
        ("CERT-BAD-03", "CERT §6.1.1"),
        ("JOSE-8725-3.1", "RFC 8725 §3.1"),
        ("CORE-A-01", "CORE Appendix A"),
        ("OIDC-LOGIN-18", "CS-OIDC"),
        ("OIDC-LOGIN-19", "derived"),
        ("CLASS-1006", "CLASS code 1006"),
        ("LTIX-TokenExpired", "LTIX TokenExpired"),
    ],
)
def test_a_citation_reads_as_people_write_it(key: str, citation: str) -> None:
    """Sections get their sign, appendixes and names do not."""
    assert citation == requirements()[key].citation


def test_documents_have_a_title_and_a_public_address() -> None:
    """Every document but the three without an address can be opened."""
    assert all(document.title for document in documents().values())
    assert {"CLASS", "CONTROL", "DERIVED"} == {key for key, document in documents().items() if not document.url}
    assert all(document.url.startswith("https://") for document in documents().values() if document.url)
    assert {r.document for r in requirements().values()} == set(documents())


def test_the_catalogue_is_read_only_and_read_once() -> None:
    """Callers get the same mappings each time and cannot change them."""
    assert requirements() is requirements()
    assert documents() is documents()
    with pytest.raises(TypeError):
        requirements()["x"] = requirements()["SEC-3-01"]  # type: ignore[index]


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        (FILE + FILE[FILE.index("[[") :], "[[requirement]]: SEC-1 stands there twice, expected once"),
        (FILE.replace('= "SEC"', '= "SEK"'), "[[requirement]] SEC-1: there is no [document.SEK]"),
        (
            FILE.replace("MUST", "must"),
            "requirement[0].level: expected 'MUST', 'SHOULD' or 'MAY', got 'must'",
        ),
    ],
)
def test_a_broken_catalogue_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str, problem: str
) -> None:
    """A duplicate, an unknown document and an unknown level name the file and the place."""
    path = tmp_path / "requirements.toml"
    path.write_text(text, encoding="utf-8")
    monkeypatch.setattr(module, "_FILE", path)

    with pytest.raises(UsageError, match=re.escape(f"requirements.toml: {problem}")):
        requirements()
