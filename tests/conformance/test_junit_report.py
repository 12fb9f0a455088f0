"""The report as JUnit XML: valid by the schema of others, and whole whatever a tool says."""

from __future__ import annotations

from xml.etree import ElementTree

import pytest
import xmlschema

from conformance.model import Finding
from conformance.reports.as_junit import render
from tests.conformance.makers import make_dossier, make_entry
from tests.conformance.report_samples import HOSTILE, RUNS, flawed_run, hostile, many, one_of_each
from tests.conformance.validators.fetched import sdist_member


@pytest.fixture(scope="session")
def schema(tmp_path_factory: pytest.TempPathFactory) -> xmlschema.XMLSchema:
    """The xunit2 schema of Jenkins' xUnit plugin, as pytest's sources have it."""
    return xmlschema.XMLSchema(str(sdist_member("junit", "junit-10.xsd", tmp_path_factory)))


def complaints(schema: xmlschema.XMLSchema, text: str) -> list[str]:
    return [f"{error.path}: {error.reason}" for error in schema.iter_errors(text.encode())]


def parsed(text: str) -> ElementTree.Element:
    return ElementTree.fromstring(text.encode())


def case(root: ElementTree.Element, name: str) -> ElementTree.Element:
    return next(each for each in root.iter("testcase") if (each.get("name") or "").startswith(f"{name} "))


@pytest.mark.parametrize("name", RUNS)
def test_every_kind_of_run_is_valid(schema: xmlschema.XMLSchema, name: str) -> None:
    """The schema has nothing against it, and the file ends with a line break."""
    text = render(RUNS[name])
    assert complaints(schema, text) == []
    assert text.endswith(">\n")


def test_the_run_of_a_flawed_tool_is_valid(schema: xmlschema.XMLSchema) -> None:
    """As many cases fail as results do."""
    run = flawed_run()
    text = render(run)
    assert complaints(schema, text) == []
    failed = [entry.id for entry in run.results if entry.status == "failed"]
    assert failed
    assert [each.get("name", "").split()[0] for each in parsed(text).findall(".//testcase[failure]")] == failed


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_texts_are_valid_and_legible(schema: xmlschema.XMLSchema, name: str) -> None:
    """No text ends an element or is lost, and no case has more properties by it."""
    text = render(hostile(HOSTILE[name]))
    assert complaints(schema, text) == []
    root, plain = parsed(text), parsed(render(one_of_each()))
    assert [each.tag for each in root.iter()] == [each.tag for each in plain.iter()]
    properties = [(each.text or "").count("\n[[PROPERTY|") for each in root.iter("system-out")]
    assert properties == [(each.text or "").count("\n[[PROPERTY|") for each in plain.iter("system-out")]


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        ("a\x00b\x1bc", "a\\x00b\\x1bc"),
        ("a\ud800b", "a\\ud800b"),
        ("a\uffffb", "a\\uffffb"),
        ("a]]>b<c>&amp;\"'", "a]]>b<c>&amp;\"'"),
        ("a\nb\tc", "a\nb\tc"),
    ],
)
def test_a_text_comes_back_as_it_was(said: str, shown: str) -> None:
    """What XML cannot hold is shown as an escape, and all else as it is."""
    root = parsed(render(make_dossier(make_entry(status="failed", reason=said))))
    failure = root.find(".//failure")
    assert failure is not None
    assert failure.get("message") == shown


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('<testcase classname="own.area"', '<testcase flavour="own.area"'),
        ("<properties>", "<settings>"),
        (' tests="6"', ""),
        ('time="1.500"', 'time="1,5 s"'),
        ("<failure", "<defeat"),
    ],
)
def test_the_schema_refuses_what_is_wrong(schema: xmlschema.XMLSchema, old: str, new: str) -> None:
    """A spoilt file does not pass, so that the other tests mean something."""
    text = render(one_of_each())
    assert old in text
    spoilt = text.replace(old, new)
    if new.startswith("<") and " " not in new:
        spoilt = spoilt.replace(f"</{old[1:].rstrip('>')}>", f"</{new[1:].rstrip('>')}>")
    assert complaints(schema, spoilt)


def test_properties_of_a_case_would_break_the_schema(schema: xmlschema.XMLSchema) -> None:
    """That is why they stand in its output."""
    text = render(one_of_each())
    assert complaints(schema, text.replace("<system-out>", "<properties></properties><system-out>", 1))


def test_a_suite_counts_its_own_cases() -> None:
    """There is one for each area, and the counts are those of what is in it."""
    run = make_dossier(
        make_entry("a/one", "failed"),
        make_entry("b/two", "error"),
        make_entry("a/three"),
        make_entry("a/four", "waived"),
    )
    root = parsed(render(run))
    told = [{key: suite.get(key) for key in ("name", "tests", "failures", "errors", "skipped")} for suite in root]
    assert told == [
        {"name": "own.a", "tests": "3", "failures": "1", "errors": "0", "skipped": "1"},
        {"name": "own.b", "tests": "1", "failures": "0", "errors": "1", "skipped": "0"},
    ]
    assert (root.get("tests"), root.get("failures"), root.get("errors")) == ("4", "1", "1")
    assert (root[0].get("time"), root[0].get("timestamp")) == ("0.750", "2027-03-01T12:30:15Z")


def test_each_status_has_its_element() -> None:
    """A failure is no error, a skip says why, and a warning has passed with its story beside it."""
    root = parsed(render(one_of_each()))
    tags = {
        status: [child.tag for child in case(root, f"area/{status}")]
        for status in ("passed", "failed", "warned", "skipped", "waived", "error")
    }
    assert tags == {
        "passed": ["system-out"],
        "failed": ["failure", "system-out"],
        "warned": ["system-out", "system-err"],
        "skipped": ["skipped", "system-out"],
        "waived": ["skipped", "system-out"],
        "error": ["error", "system-out"],
    }
    told = {tag: root.find(f".//{tag}") for tag in ("failure", "skipped", "error")}
    types = {tag: element.get("type") for tag, element in told.items() if element is not None}
    assert types == {"failure": "failed", "skipped": "missing-capability", "error": "control-failed"}
    assert all(element.get("message") for element in told.values() if element is not None)


def test_a_failure_tells_all_that_is_needed() -> None:
    """What was sent, expected and observed, the rule, and the command that repeats it."""
    told = parsed(render(make_dossier(make_entry(status="failed")))).findtext(".//failure")
    assert told is not None
    for part in (
        "a launch as instructor with claims.expired(by_s=60)",
        "rejected (1001, TokenExpired, class security)",
        "rejected, status 400",
        "SEC §5.1.3 step 9",
        "lti-conformance run --demo --profile own --seed 0 --only area/name",
    ):
        assert part in told


def test_properties_are_flat_texts() -> None:
    """Each is on a line of its own, findings and axes too."""
    entry = make_entry(status="failed", findings=(Finding(id="slow", text="It is\nslow."),))
    told = (parsed(render(make_dossier(entry))).findtext(".//system-out") or "").splitlines()
    assert {
        "[[PROPERTY|id=area/name]]",
        "[[PROPERTY|status=failed]]",
        "[[PROPERTY|severity=must]]",
        "[[PROPERTY|axis.code=failed]]",
        "[[PROPERTY|finding.slow=It is slow.]]",
    } <= set(told)


@pytest.mark.parametrize(
    ("name", "tag", "kind"),
    [
        ("stopped", "error", "incomplete"),
        ("partial", "error", "incomplete"),
        ("stale waiver", "failure", "waiver"),
        ("regressed", "error", "exit-5"),
        ("nothing tested", "error", "exit-2"),
        ("empty", "error", "exit-2"),
    ],
)
def test_the_file_is_red_whenever_the_run_is(name: str, tag: str, kind: str) -> None:
    """What no result tells is a case of its own."""
    root = parsed(render(RUNS[name]))
    suite = root[-1]
    assert suite.get("name") == "own.run"
    assert {each.get("type") for each in suite.iter(tag)} == {kind}


@pytest.mark.parametrize("name", ["all passed", "chosen"])
def test_a_good_run_is_green(name: str) -> None:
    """There is nothing in it but the cases."""
    root = parsed(render(RUNS[name]))
    assert [suite.get("name") for suite in root] == ["own.area"]
    assert (root.get("failures"), root.get("errors")) == ("0", "0")


@pytest.mark.parametrize("count", [1000, 30_000])
def test_a_large_run_is_whole(schema: xmlschema.XMLSchema, count: int) -> None:
    """Every scenario is in it; the schema sees the smaller one, as its validator takes a minute for the other."""
    text = render(many(count))
    root = parsed(text)
    assert len(root.findall(".//testcase")) == count == int(root.get("tests", "0"))
    assert count > 1000 or complaints(schema, text) == []
