"""Stories with more in them than one broken launch: faults that begin later, actions, other people, LTI 1.1."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from conformance.driver import Binding, Order, OutOfReachError
from conformance.model import Result
from conformance.toolvalues import (
    Action,
    Arrangement,
    Capabilities,
    Launched,
    Observe,
    PlatformSettings,
    Probe,
    SecondPlatform,
    Tool,
    ToolSettings,
)
from tests.conformance.makers import LAUNCH_URL, LOGIN_URL, make_tool, scenarios_of
from tests.conformance.miniatures import PLATFORM, Miniature, lab_of, launched, refused, welcome
from tests.conformance.running import CODES, FAULTY, NO_MAIL, PLAIN, THREE, Fault, results_of, statuses, table, tried

OBSERVE = Observe(
    launched=Launched(text="Welcome"), probe=Probe(request="GET /me", account="$.id"), error=({"kind": "header"},)
)
EDIT = make_tool(observe=OBSERVE, actions={"edit": Action(request="POST /edit", form={"by": "{email}"})})
EDITED = table(
    "edited",
    'action = "edit"',
    'before = [{ name = "launch" }]',
    'faults = [{ point = "zoom.session", since = "judged" }]',
    "expect.any = { code = 1337 }",
)
CLAIM = "https://purl.imsglobal.org/spec/lti/claim/"
BASIC_URL = "http://127.0.0.1:9555/basic"
KEYS = PlatformSettings(consumer_key="key", consumer_secret="secret")
TWO_VERSIONS = make_tool(
    tool=ToolSettings(login_url=LOGIN_URL, launch_url=LAUNCH_URL, lti11_launch_url=BASIC_URL),
    platform=KEYS,
    capabilities=Capabilities(lti_versions=("1.1", "1.3")),
    observe=OBSERVE,
)
OLD = table("old", 'lti = "1.1"', 'expect.any = { outcome = "launched" }')


class Orders:
    """A driver that notes what it was asked for, and whose hits are as given."""

    def __init__(self, hits: int | None = 1, *, refuses: str = "") -> None:
        self.hits = hits
        self.refuses = refuses
        self.given: list[Order] = []

    @contextlib.contextmanager
    def arm(self, order: Order) -> Iterator[Orders]:
        if self.refuses:
            raise OutOfReachError(self.refuses)
        self.given.append(order)
        yield self


def tried_with(binding: Binding, app: Any, folder: Path, text: str) -> dict[str, Result]:
    """The results with the fault point `class.create` bound like this."""
    with lab_of(app, profile=CODES) as lab:
        lab.faults = {"class.create": binding}
        return results_of(lab, scenarios_of(folder, text))[0]


def always_1014() -> Miniature:
    """A tool that refuses an instructor's launches from the third on: the plain launch and the twin work."""

    def rule(tool: Miniature, claims: Mapping[str, Any]) -> Any:
        return welcome(tool, claims) if len(tool.launches) != 3 else refused(1014)

    return Miniature(rule)


class TestFaults:
    def test_one_that_begins_later_leaves_the_launch_before_it_alone(self, tmp_path: Path) -> None:
        """Armed after the first launch, it is met by the judged one only."""
        fault = Fault()
        text = table(
            "later",
            'before = [{ name = "first" }]',
            'faults = [{ point = "class.create", since = "judged" }]',
            "expect.any = { code = 1014 }",
        )
        results = tried(Miniature(fault.rule), tmp_path, text, faults={"class.create": fault})

        assert statuses(results) == {"later": "passed"}
        assert fault.hits == 1

    def test_an_honest_launch_before_it_must_have_been_accepted(self, tmp_path: Path) -> None:
        """Nothing was armed yet, so a refusal there is the tool's own."""
        fault = Fault()
        text = table(
            "later",
            'before = [{ name = "first" }]',
            'faults = [{ point = "class.create", since = "judged" }]',
            "expect.any = { code = 1014 }",
        )
        results = tried(always_1014(), tmp_path, text, faults={"class.create": fault})

        assert results["later"].verdict.cause == "control-failed"

    def test_how_often_and_for_whom_is_told_to_the_driver(self, tmp_path: Path) -> None:
        """The order carries the mode, the number, a time to live and what marks this launch."""
        orders = Orders()
        text = table(
            "twice",
            'faults = [{ point = "class.create", mode = "garbage", times = 2 }]',
            'expect.any = { outcome = "launched" }',
        )
        binding = Binding(arm=orders.arm, modes=("garbage",))
        results = tried_with(binding, tool := Miniature(), tmp_path, text)

        (order,) = orders.given
        assert (order.point, order.mode, order.times) == ("class.create", "garbage", 2)
        assert order.ttl_s >= 60
        assert order.marks["email"] == tool.launches[-1]["email"]
        assert order.marks["sub"] == tool.launches[-1]["sub"]
        assert statuses(results) == {"twice": "passed"}

    def test_what_a_driver_cannot_do_is_skipped_with_its_words(self, tmp_path: Path) -> None:
        """Nobody's fault, and no pass."""
        binding = Binding(arm=Orders(refuses="a lock covers the whole database").arm, modes=("error",))
        [result] = tried_with(binding, Miniature(), tmp_path, FAULTY).values()

        assert (result.status, result.verdict.cause) == ("skipped", "missing-fault-mode")
        assert "a lock covers the whole database" in result.verdict.reason

    def test_a_mode_that_it_does_not_have_is_skipped_with_advice(self, tmp_path: Path) -> None:
        """Other drivers can do it, and they are named."""
        text = table(
            "limited", 'faults = [{ point = "class.create", mode = "rate-limited" }]', "expect.any = { code = 1014 }"
        )
        [result] = tried_with(Binding(arm=Orders().arm, modes=("error",)), Miniature(), tmp_path, text).values()

        assert (result.status, result.verdict.cause) == ("skipped", "missing-fault-mode")
        assert "upstream" in result.verdict.reason

    def test_an_unbound_point_is_skipped_with_advice(self, tmp_path: Path) -> None:
        """What to bind, to which drivers, and where to read more."""
        [result] = tried(Miniature(), tmp_path, FAULTY).values()

        assert (result.status, result.verdict.cause) == ("skipped", "missing-fault-point")
        for part in ('"class.create" in [faults]', "callback, control", "`lti-conformance explain class.create`"):
            assert part in result.verdict.reason

    def test_one_that_need_not_fire_says_nothing_by_its_silence(self, tmp_path: Path) -> None:
        """A tool may do without what fails."""
        text = table(
            "unneeded",
            'faults = [{ point = "class.create", must_fire = false }]',
            'expect.any = { outcome = "launched" }',
        )
        results = tried_with(Binding(arm=Orders(0).arm, modes=("error",)), Miniature(), tmp_path, text)

        assert statuses(results) == {"unneeded": "passed"}

    def test_hits_that_nobody_counts_are_proven_by_the_refusal(self, tmp_path: Path) -> None:
        """The twin was accepted, so that only the fault can have made the difference."""
        binding = Binding(arm=Orders(None).arm, modes=("error",))

        assert statuses(tried_with(binding, always_1014(), tmp_path, FAULTY)) == {"faulty": "passed"}

    def test_hits_that_nobody_counts_are_not_proven_by_a_launch(self, tmp_path: Path) -> None:
        """Never reached or ignored: nobody can tell."""
        [result] = tried_with(Binding(arm=Orders(None).arm, modes=("error",)), Miniature(), tmp_path, FAULTY).values()

        assert (result.status, result.verdict.cause) == ("error", "fault-not-armed")
        assert "cannot count" in result.verdict.reason

    @pytest.mark.parametrize(("isolated", "alone"), [(True, False), (False, True)])
    def test_one_that_hits_its_own_launch_only_lets_others_run_beside(
        self, tmp_path: Path, *, isolated: bool, alone: bool
    ) -> None:
        """The driver says whether it can tell launches apart."""
        (scenario,) = scenarios_of(tmp_path, FAULTY)
        with lab_of(Miniature()) as lab:
            lab.faults = {"class.create": Binding(arm=Orders().arm, modes=("error",), isolated=isolated)}

            assert lab.alone(scenario) is alone

    def test_a_brief_one_has_to_be_met_by_the_first_launch(self, tmp_path: Path) -> None:
        """Met by the second alone, it says nothing about what comes after a failure."""
        orders = Orders(0)
        text = table(
            "back",
            'before = [{ name = "failed" }]',
            'faults = [{ point = "class.create", times = 1 }]',
            'expect.any = { outcome = "launched" }',
        )

        def rule(tool: Miniature, claims: Mapping[str, Any]) -> Any:
            orders.hits = len(tool.launches) - 3
            return welcome(tool, claims)

        results = tried_with(Binding(arm=orders.arm, modes=("error",)), Miniature(rule), tmp_path, text)

        assert results["back"].verdict.cause == "fault-not-armed"

    def test_a_session_is_looked_for_when_everything_works_again(self, tmp_path: Path) -> None:
        """A tool that leaves one behind after a refusal is found out, although its probe fails with the back end."""
        fault = Fault()

        def rule(tool: Miniature, claims: Mapping[str, Any]) -> Any:
            answer = fault.rule(tool, claims)
            return (answer[0], answer[1], {**answer[2], **tool.session()}) if answer[0] == 400 else answer

        tool = Miniature(rule)
        tool.blind = lambda: fault.mode is not None
        results = tried(tool, tmp_path, FAULTY, faults={"class.create": fault})

        assert statuses(results) == {"faulty": "failed"}
        assert "live session" in results["faulty"].verdict.reason

    def test_a_point_that_stays_armed_is_told(self, tmp_path: Path) -> None:
        """What comes next may fail because of it."""

        @contextlib.contextmanager
        def arm(order: Order) -> Iterator[SimpleNamespace]:
            yield SimpleNamespace(hits=1)
            raise OSError("the database is gone")

        [result] = tried_with(Binding(arm=arm, modes=("error",)), always_1014(), tmp_path, FAULTY).values()

        assert (result.status, result.verdict.cause) == ("error", "fault-not-disarmed")
        assert "the database is gone" in result.verdict.reason


class TestActions:
    def test_the_right_refusal_of_an_edit(self, tmp_path: Path) -> None:
        """The launch works, the edit works without the fault, and is refused with it."""
        fault = Fault(1337)
        tool = Miniature(edit=lambda: (200, "Saved", {}) if fault.mode is None else _met(fault))
        results = tried(tool, tmp_path, EDITED, tool=EDIT, faults={"zoom.session": fault})

        assert statuses(results) == {"edited": "passed"}
        # The twin's, the judged one, and the one after the fault was taken away.
        assert len(tool.edits) == 3
        assert all(edit["by"].endswith("@example.org") for edit in tool.edits)

    def test_an_edit_that_is_let_through_fails(self, tmp_path: Path) -> None:
        """A session that is gone must be noticed."""
        fault = Fault(1337)
        tool = Miniature(edit=lambda: (200, "Saved", {"x-met": str(_count(fault))}))
        results = tried(tool, tmp_path, EDITED, tool=EDIT, faults={"zoom.session": fault})

        assert statuses(results) == {"edited": "failed"}

    def test_a_tool_that_refuses_every_edit_proves_nothing(self, tmp_path: Path) -> None:
        """Its twin is the same edit with nothing armed."""
        fault = Fault(1337)
        tool = Miniature(edit=lambda: refused(1337))
        results = tried(tool, tmp_path, EDITED, tool=EDIT, faults={"zoom.session": fault})

        assert results["edited"].verdict.cause == "control-failed"

    def test_an_action_for_another_registration_is_filled_in_with_its_names(self, tmp_path: Path) -> None:
        """What one school's person does is told of that school, whoever is judged."""
        second = SecondPlatform(issuer=f"{PLATFORM}/second", client_id="other", deployment_id="b")
        edit = Action(request="POST /edit", form={"by": "{issuer} {client_id} {deployment_id}"})
        tool = replace(EDIT, platform=PlatformSettings(second=second), actions={"edit": edit})
        text = table(
            "two-schools",
            'action = "edit"',
            'needs = ["second"]',
            'before = [{ name = "there", registration = "second" }, '
            '{ name = "edit there", action = "edit", registration = "second" }, { name = "here" }]',
            'expect.any = { outcome = "launched" }',
        )
        miniature = Miniature(login=_as_registered)
        results = tried(miniature, tmp_path, text, tool=tool)

        assert statuses(results) == {"two-schools": "passed"}
        here = f"{PLATFORM} lti-conformance {tool.platform.deployment_id}"
        assert [edit["by"] for edit in miniature.edits] == [f"{PLATFORM}/second other b", here]

    def test_an_action_that_nobody_described_is_skipped(self, tmp_path: Path) -> None:
        """With the table to add."""
        [result] = tried(Miniature(), tmp_path, EDITED, faults={"zoom.session": Fault(1337)}).values()

        assert (result.status, result.verdict.cause) == ("skipped", "missing-action")
        assert "[actions.edit]" in result.verdict.reason

    @pytest.mark.parametrize(("status", "verdict"), [(404, "passed"), (200, "passed"), (204, "failed")])
    def test_the_door_to_the_back_end(self, tmp_path: Path, status: int, verdict: str) -> None:
        """Whoever does not know the secret must find nothing there."""
        text = table("door", 'action = "disarm_faults_without_secret"', 'expect.any = { outcome = "rejected" }')
        control = {"class.create": {"driver": "control", "url": "/edit", "secret": "s"}}
        tool = Miniature(edit=lambda: (status, "", {}))
        results = tried(tool, tmp_path, text, tool=make_tool(observe=OBSERVE, faults=control))

        assert statuses(results) == {"door": verdict}


def _as_registered(tool: Miniature) -> Any:
    """The redirect of a tool that two platforms know by different names."""
    fields = tool.logins[-1]
    status, text, headers = tool.continue_login(fields)
    location = headers["location"].replace("client_id=lti-conformance", f"client_id={fields['client_id']}")
    return status, text, {"location": location}


def _count(fault: Fault) -> int:
    fault.hits += 1
    return fault.hits


def _met(fault: Fault) -> Any:
    _count(fault)
    return refused(1337)


def _noting(arranged: list[str]) -> Any:
    def ready(email: str) -> None:
        arranged.append(email)

    return ready


class TestCast:
    def test_another_person_in_another_role_with_a_state_of_their_own(self, tmp_path: Path) -> None:
        """Each launch of a story may have its own people, platform and states."""
        arranged: list[str] = []
        tool = make_tool(observe=OBSERVE, arrange={"ready": Arrangement(target=_noting(arranged))})
        app = Miniature()
        text = table(
            "together",
            'role = "student"',
            'before = [{ name = "teacher", browser = "other", role = "instructor", states = ["ready"] }]',
            'expect.any = { outcome = "launched" }',
        )
        results = tried(app, tmp_path, text, tool=tool)

        teacher, student = app.launches[-2:]
        roles = "https://purl.imsglobal.org/spec/lti/claim/roles"
        assert statuses(results) == {"together": "passed"}
        assert ("Instructor" in str(teacher[roles]), "Learner" in str(student[roles])) == (True, True)
        assert arranged == [teacher["email"]]
        assert teacher["email"] != student["email"]

    def test_the_account_of_each_launch_is_noted_where_it_matters(self, tmp_path: Path) -> None:
        """Two launches of a tool that gives a new account each time."""
        text = table(
            "accounts", 'needs = ["accounts"]', 'before = [{ name = "old" }]', 'expect.any = { outcome = "launched" }'
        )
        [result] = tried(Miniature(), tmp_path, text, tool=make_tool(observe=OBSERVE)).values()

        assert result.observation is not None
        assert set(result.observation.accounts) == {"old", "judged"}
        assert len(set(result.observation.accounts.values())) == 2

    def test_an_account_that_the_probe_does_not_show_proves_nothing(self, tmp_path: Path) -> None:
        """Two launches in accounts that nobody knows are neither in the same one nor in two."""
        hidden = replace(OBSERVE, probe=Probe(request="GET /me", account="$.nothing"))
        text = table("accounts", 'needs = ["accounts"]', 'expect.any = { outcome = "launched" }')
        [result] = tried(Miniature(), tmp_path, text, tool=make_tool(observe=hidden)).values()

        assert (result.status, result.verdict.cause) == ("error", "control-failed")
        assert "showed no account" in result.verdict.reason

    def test_accounts_that_nobody_can_see_are_not_judged(self, tmp_path: Path) -> None:
        """A probe that does not name the account leaves the scenario untested."""
        text = table("accounts", 'needs = ["accounts"]', 'expect.any = { outcome = "launched" }')
        [result] = tried(Miniature(), tmp_path, text).values()

        assert (result.status, result.verdict.cause) == ("skipped", "missing-capability")


def _old_launch(tool: Miniature, fields: Mapping[str, str]) -> Any:
    tool.launches.append(fields)
    return launched(**tool.session()) if fields.get("oauth_signature") else refused(1001)


WAY_BACK = table(
    "back",
    'lti = "1.1"',
    "mutations = ['basic.without(name=\"resource_link_id\")']",
    'checks = ["return_query_kept"]',
    'expect.any = { outcome = "rejected" }',
)


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ("{query}", "passed"),
        ("lti_errormsg=Sorry&{query}", "passed"),
        ("launch=garbled", "failed"),
        ("launch=None", "failed"),
        ("launch=1", "failed"),
        ("launch=", "failed"),
        ("", "failed"),
    ],
)
def test_the_way_back_is_the_one_of_this_launch(tmp_path: Path, query: str, status: str) -> None:
    """The return URL comes back with the value that it had, and no other will do."""

    def sent_back(tool: Miniature, fields: Mapping[str, str]) -> Any:
        if "resource_link_id" in fields:
            return _old_launch(tool, fields)
        address, _, own = fields["launch_presentation_return_url"].partition("?")
        return 302, "", {"location": f"{address}?{query.format(query=own)}&lti_log=x"}

    [result] = tried(Miniature(basic=sent_back), tmp_path, WAY_BACK, tool=TWO_VERSIONS).values()

    assert result.status == status


def test_a_scenario_sends_the_same_alone_and_among_others(tmp_path: Path) -> None:
    """The way back names the launch, which is the same whatever was launched before it."""

    def ways_back(scenarios: str, folder: Path) -> set[tuple[str, str]]:
        folder.mkdir()
        tool = Miniature()
        tried(tool, folder, scenarios)
        return {(claims["sub"], claims[f"{CLAIM}launch_presentation"]["return_url"]) for claims in tool.launches}

    alone, among = ways_back(NO_MAIL, tmp_path / "alone"), ways_back(THREE, tmp_path / "among")

    assert alone
    assert alone < among


class TestVersions:
    def test_a_tool_that_speaks_both(self, tmp_path: Path) -> None:
        """Each launch goes to the address of its version."""
        tool = Miniature(basic=_old_launch)
        results = tried(tool, tmp_path, OLD + PLAIN, tool=TWO_VERSIONS)

        assert statuses(results) == {"old": "passed", "plain": "passed"}
        assert {launch.get("lti_version", "1.3") for launch in tool.launches} == {"1.3", "LTI-1p0"}

    def test_a_tool_without_1_1(self, tmp_path: Path) -> None:
        """What was not tested is said to be untested, with what to give."""
        [result] = tried(Miniature(), tmp_path, OLD).values()

        assert (result.status, result.verdict.cause) == ("skipped", "missing-capability")
        assert "lti11_launch_url" in result.verdict.reason

    def test_a_tool_of_1_1_alone(self, tmp_path: Path) -> None:
        """The plain launch is one of LTI 1.1, and those of LTI 1.3 are skipped."""
        tool = Tool(
            tool=ToolSettings(lti11_launch_url=BASIC_URL),
            platform=KEYS,
            capabilities=Capabilities(lti_versions=("1.1",)),
            observe=OBSERVE,
        )
        results = tried(Miniature(basic=_old_launch), tmp_path, OLD + PLAIN, tool=tool)

        assert statuses(results) == {"old": "passed", "plain": "skipped"}
