from __future__ import annotations

import argparse
import asyncio
import base64
import functools
import hashlib
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, Literal, TypeGuard
from urllib.parse import urlencode, urlsplit

import jsonschema
import jwt
import pytest

import conformance
from conformance.catalogue import scenarios
from conformance.commands.export_command import NONCE, NOW_S, command
from conformance.lab import ROLES
from conformance.model import Answer, Attempt, Expectation, Scenario
from conformance.profile import load_profile, profile_names
from conformance.requirements import requirements
from conformance.sample_tool import Integration, create_tool
from conformance.sample_tool.login import state_cookie
from conformance.sample_tool.model import IssuedLogin
from conformance.transport import Request, Response, call_application
from conformance.vector_files import Export, corpus
from conformance.vectors import COURSE, PERSON, Bench, group_of, obstacle
from mockplatform.errors import UsageError
from mockplatform.keys import KeyRing
from mockplatform.mutation import bind
from tests.conformance.makers import make_scenario

Policy = Literal["open", "class"]
PUBLISHED = (Path(conformance.__file__).parent / "schemas" / "vectors.schema.json").read_text(encoding="utf-8")
CLAIM = "https://purl.imsglobal.org/spec/lti/claim/"
PRIVATE = {"d", "p", "q", "dp", "dq", "qi", "oth", "k"}
JWKS_URL = "https://platform.example/jwks"
GROUPS = sorted({group_of(scenario) for scenario in scenarios() if obstacle(scenario) is None})

# A JOSE library judges the signature and leaves the claims to its caller.
JUDGED_BY_JOSERFC = ["header", "keys", "signature"]


@functools.cache
def bench() -> Bench:
    """The keys of this process."""
    return Bench(keys=KeyRing(), now_s=NOW_S, nonce=NONCE, roles=ROLES)


def export(**changes: Any) -> Export:
    values: dict[str, Any] = {
        "bench": bench(),
        "profiles": [load_profile(name) for name in profile_names()],
        "requirements": requirements(),
        "version": "0",
        "schema": PUBLISHED,
    }
    return Export(**(values | changes))


@functools.cache
def files() -> Mapping[str, str]:
    """The whole catalogue as vectors, made once."""
    return corpus(scenarios(), export())


def document(group: str) -> Any:
    return json.loads(files()[f"{group}.json"])


def only(*found: Scenario) -> Any:
    """The single group of some scenarios."""
    made = corpus(found, export())
    (name,) = json.loads(made["manifest.json"])["files"]
    return json.loads(made[name])


def attempt(*mutations: str) -> Attempt:
    return Attempt(mutations=tuple(bind(text, where="test") for text in mutations))


def lying(*mutations: str, id_: str = "area/name", **changes: Any) -> Scenario:
    return make_scenario(id_, attempt=attempt(*mutations), needs=("1.3",), **changes)


def left_out(*found: Scenario) -> Any:
    reasons = json.loads(corpus(found, export())["manifest.json"])["left_out"]["reasons"]
    return {reason: row["scenarios"] for reason, row in reasons.items()}


def options(**given: Any) -> argparse.Namespace:
    return argparse.Namespace(**({"format": "vectors", "output": None, "recipe": None} | given))


def keys_in(value: Any) -> Iterator[Mapping[str, Any]]:
    """The JSON Web Keys at any depth."""
    if isinstance(value, dict) and "kty" in value:
        yield value
    for inner in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from keys_in(inner)


# --- the files


@pytest.mark.parametrize("group", GROUPS)
def test_a_file_obeys_the_published_schema(group: str):
    """Every group is valid, has a note for each flag, and numbers its tests from one."""
    schema = json.loads(PUBLISHED)
    found = document(group)

    jsonschema.Draft202012Validator.check_schema(schema)
    validator = jsonschema.Draft202012Validator(schema, format_checker=jsonschema.FormatChecker())
    assert [f"{error.json_path}: {error.message}" for error in validator.iter_errors(found)] == []
    assert set(found["notes"]) == {flag for test in found["tests"] for flag in test["flags"]}
    assert [test["tcId"] for test in found["tests"]] == list(range(1, found["numberOfTests"] + 1))


def test_every_scenario_is_a_vector_or_left_out_for_a_reason():
    """Nothing of the catalogue gets lost without a word, and the manifest counts what is there."""
    manifest = json.loads(files()["manifest.json"])
    kept = [test["id"] for name in manifest["files"] for test in json.loads(files()[name])["tests"]]
    dropped = [id_ for row in manifest["left_out"]["reasons"].values() for id_ in row["scenarios"]]

    assert sorted(kept + dropped) == sorted(scenario.id for scenario in scenarios())
    assert manifest["left_out"]["total"] == len(dropped)
    assert manifest["total"]["tests"] == len(kept)
    for name, row in manifest["files"].items():
        results = [test["result"] for test in json.loads(files()[name])["tests"]]
        assert row == {"tests": len(results)} | {k: results.count(k) for k in ("valid", "invalid", "acceptable")}
    assert {f"{group}.json" for group in GROUPS} == set(manifest["files"])


def test_the_checksums_are_those_of_all_other_files():
    """`sha256sum --check` finds every file unchanged."""
    rows = sorted(files()["SHA256SUMS"].splitlines())

    others = {name: text for name, text in files().items() if name != "SHA256SUMS"}
    assert rows == sorted(f"{hashlib.sha256(text.encode()).hexdigest()}  {name}" for name, text in others.items())


def test_the_same_keys_and_time_give_the_same_bytes():
    """Only tokens whose signature is random by nature may differ, and those are flagged."""
    again = corpus(scenarios(), export())

    def settled(made: Mapping[str, str], group: str) -> Any:
        found = json.loads(made[f"{group}.json"])
        for test in found["tests"]:
            if "RandomSignature" in test["flags"]:
                test["id_token"] = test["id_token"].rpartition(".")[0]
        return found

    random = {group for group in GROUPS if "RandomSignature" in document(group)["notes"]}
    unsettled = {f"{group}.json" for group in random} | ({"SHA256SUMS"} if random else set())
    assert {name for name in files() if files()[name] != again[name]} <= unsettled
    for group in random:
        assert settled(files(), group) == settled(again, group)


def test_no_private_key_leaves_the_export():
    """Neither a file nor a token nor a published key set has a private member in it."""
    for group in GROUPS:
        found = document(group)
        bodies = [test["key_set"]["body"] for test in found["tests"] if "key_set" in test]
        tokens = [found["control"], *(test["id_token"] for test in found["tests"])]
        segments = [decoded(part) for token in tokens for part in token.split(".")]
        keys = list(keys_in([found["jwks"], *map(json_or_none, [*bodies, *segments])]))
        assert keys
        assert [key for key in keys if PRIVATE & key.keys()] == []
        assert "PRIVATE KEY" not in "".join([files()[f"{group}.json"], *(s.decode("latin-1") for s in segments)])


def decoded(part: str) -> bytes:
    try:
        return base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))
    except ValueError:
        return b""


def json_or_none(text: str | bytes) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


# --- what a vector says


LAUNCHED, REJECTED = Answer(outcome="launched"), Answer(outcome="rejected")


@pytest.mark.parametrize(
    ("expect", "result", "flag"),
    [
        ({"any": Expectation(preferred=LAUNCHED)}, "valid", "MustAccept"),
        ({"any": Expectation(preferred=REJECTED)}, "invalid", "MustReject"),
        ({"any": Expectation(preferred=REJECTED, severity="should")}, "acceptable", "ShouldReject"),
        ({"any": Expectation(preferred=LAUNCHED, severity="may")}, "acceptable", "MayAccept"),
        ({"any": Expectation(preferred=REJECTED, allowed=(LAUNCHED,))}, "acceptable", "EitherWay"),
        ({"class": Expectation(preferred=REJECTED)}, "acceptable", "ProductRule"),
        (
            {"core": Expectation(preferred=LAUNCHED), "certification": Expectation(preferred=REJECTED)},
            "acceptable",
            "ProfilesDiffer",
        ),
        (
            {"core": Expectation(preferred=LAUNCHED), "class": Expectation(preferred=REJECTED)},
            "valid",
            "ProfilesDiffer",
        ),
    ],
)
def test_the_result_is_what_the_standards_demand(expect: Any, result: str, flag: str):
    """A product's own rules never make a token valid or invalid."""
    (test,) = only(lying(expect=expect))["tests"]

    assert test["result"] == result
    assert flag in test["flags"]


@pytest.mark.parametrize(
    ("mutations", "flag"),
    [
        ([], "Honest"),
        (["claims.expired"], "SpoiltToken"),
        (["signature.empty"], "SpoiltText"),
        (["key_set.no_keys"], "SpoiltKeySet"),
        (['header.signed_by(algorithm="PS256")'], "RandomSignature"),
        (['header.signed_by(algorithm="ES256", key="ec")'], "RandomSignature"),
    ],
)
def test_a_flag_tells_what_was_done(mutations: list[str], flag: str):
    """Readers choose vectors by it."""
    (test,) = only(lying(*mutations))["tests"]

    assert flag in test["flags"]
    assert ("key_set" in test) == (flag == "SpoiltKeySet")


def test_expectations_and_requirements_come_along():
    """A test says per profile what it wants, and which section says so."""
    wanted = Expectation(preferred=replace(REJECTED, klass="security", type="TokenExpired", code=1001))
    (test,) = only(lying("claims.expired", expect={"core": wanted}))["tests"]

    answer = {"outcome": "rejected", "class": "security", "type": "TokenExpired", "code": 1001}
    assert test["expected"]["core"] == {"severity": "must", "preferred": answer, "allowed": []}
    assert test["requirement"] == [{"id": "SEC-5.1.3-09", "citation": "SEC §5.1.3 step 9", "level": "MUST"}]


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"attempt": Attempt(lti="1.1")}, "another version of LTI"),
        ({"attempt": Attempt(action="edit_class")}, "a request after a launch"),
        ({"attempt": Attempt(login="none")}, "no login of its own"),
        ({"attempt": Attempt(copies=2)}, "posted several times at once"),
        ({"attempt": Attempt(message="deep_linking")}, "another message than a resource link"),
        ({"attempt": attempt("response.sent_again")}, "another part of the launch is spoilt"),
        ({"attempt": attempt("claims.bulky(kib=65)")}, "its token is larger than 64 KiB"),
        ({"attempt": attempt(f"key_set.body(text={'x' * 65537!r})")}, "its key set is larger than 64 KiB"),
        ({"attempt": attempt("claims.of_second_platform")}, "its lie has no place here"),
        ({"attempt": attempt('key_set.member(name="d", value="AQ")')}, "its key set has a private key in it"),
        ({"before": (Attempt(),)}, "launches before it"),
        ({"states": ()}, "a state of the tool"),
        ({"needs": ("1.3", "accounts")}, "more of the tool than its validator"),
        ({"registration": "second"}, "another registration"),
        ({"checks": ("auth_request",)}, "about another part of the launch"),
    ],
)
def test_what_a_token_alone_cannot_show_is_left_out(changes: Any, reason: str):
    """The manifest names the scenario and the reason."""
    assert left_out(make_scenario(**({"needs": ("1.3",)} | changes))) == {reason: ["area/name"]}


def test_another_registration_has_a_file_of_its_own():
    """A file has one registration, so that a reader sets its validator up once."""
    own = lying(id_="area/own", registration="attributes")
    made = corpus([lying(), own], export())

    assert set(json.loads(made["manifest.json"])["files"]) == {"area.json", "area-attributes.json"}
    attributes = json.loads(made["area-attributes.json"])["registration"]["attributes"]
    assert set(attributes) == {"email", "course_id", "person_id"}
    assert json.loads(made["area.json"])["registration"]["attributes"] == {}


# --- a validator that shares no code with this package


def refusal(found: Any, token: str, key_set: Any | None = None, *, leeway_s: int = 0) -> str | None:
    """Why a small validator on top of PyJWT refuses a token; None if it takes it."""
    try:
        entries = listed(found, key_set)
        header = jwt.get_unverified_header(token)
        if header.get("alg") != "RS256" or {"crit", "b64"} & header.keys() or header.get("typ", "JWT") != "JWT":
            return "header"
        usable = [entry for entry in entries if fits(entry, header.get("kid"))]
        claims = next((c for c in (verified(token, entry) for entry in usable) if c is not None), None)
    except (ValueError, jwt.PyJWTError, RecursionError) as error:
        return str(error)
    if claims is None:
        return "signature"
    return next((name for name, good in demands(found, claims, leeway_s).items() if not good), None)


def listed(found: Any, key_set: Any | None) -> list[Any]:
    if key_set is None:
        return list(found["jwks"]["keys"])
    if key_set["status"] != 200:
        raise ValueError("no key set")
    keys = json.loads(key_set["body"])
    if not isinstance(keys, dict) or not isinstance(keys.get("keys"), list):
        raise ValueError("no key set")  # noqa: TRY004 - one kind of refusal is enough
    return list(keys["keys"])


def fits(entry: Any, kid: Any) -> bool:
    wanted = {"kty": "RSA", "use": "sig", "alg": "RS256"}
    known = isinstance(entry, dict) and isinstance(kid, str) and bool(kid) and entry.get("kid") == kid
    # 2048 bits are 342 letters of base64url.
    return known and all(entry.get(k, v) == v for k, v in wanted.items()) and len(entry.get("n", "")) >= 342


def verified(token: str, entry: Any) -> dict[str, Any] | None:
    unchecked = {f"verify_{name}": False for name in ("exp", "nbf", "iat", "aud", "iss", "sub", "jti")}
    try:
        key = jwt.PyJWK(entry)
        return dict(jwt.decode(token, key, algorithms=["RS256"], options=unchecked))  # type: ignore[arg-type]
    except jwt.InvalidSignatureError:
        return None


def demands(found: Any, claims: Mapping[str, Any], leeway_s: int) -> Mapping[str, bool]:
    registered, now = found["registration"], found["now"]
    exp, iat, nbf = (claims.get(name) for name in ("exp", "iat", "nbf"))
    link, roles, sub = (claims.get(name) for name in (f"{CLAIM}resource_link", f"{CLAIM}roles", "sub"))
    return {
        "iss": claims.get("iss") == registered["issuer"],
        "aud": claims.get("aud") in (registered["client_id"], [registered["client_id"]]),
        "azp": claims.get("azp", registered["client_id"]) == registered["client_id"],
        "exp": whole(exp) and exp + leeway_s > now,
        "iat": whole(iat) and whole(exp) and iat - leeway_s <= now and iat < exp < 1e11,
        "nbf": nbf is None or (whole(nbf) and nbf - leeway_s <= now),
        "nonce": claims.get("nonce") == found["nonce"],
        "version": claims.get(f"{CLAIM}version") == "1.3.0",
        "message_type": claims.get(f"{CLAIM}message_type") == "LtiResourceLinkRequest",
        "deployment_id": claims.get(f"{CLAIM}deployment_id") in registered["deployment_ids"],
        "target_link_uri": host(claims.get(f"{CLAIM}target_link_uri")) == host(registered["target_link_uri"]),
        "resource_link": isinstance(link, dict) and isinstance(link.get("id"), str) and bool(link["id"]),
        "roles": isinstance(roles, list) and all(isinstance(role, str) for role in roles),
        "sub": sub is None or (isinstance(sub, str) and sub != ""),
    }


def whole(value: Any) -> TypeGuard[float]:
    return type(value) in (int, float) and abs(value) < 1e308


def host(value: Any) -> str | None:
    return urlsplit(value).netloc if isinstance(value, str) else None


@pytest.mark.parametrize("leeway_s", [0, 60])
@pytest.mark.parametrize("group", GROUPS)
def test_an_independent_validator_agrees(group: str, leeway_s: int):
    """It takes the control and every valid token, and no invalid one, with a leeway or without."""
    found = document(group)
    judged = {t["id"]: refusal(found, t["id_token"], t.get("key_set"), leeway_s=leeway_s) for t in found["tests"]}

    assert refusal(found, found["control"]) is None
    assert {t["id"]: judged[t["id"]] for t in found["tests"] if t["result"] == "valid" and judged[t["id"]]} == {}
    assert [t["id"] for t in found["tests"] if t["result"] == "invalid" and judged[t["id"]] is None] == []


@pytest.mark.parametrize("group", JUDGED_BY_JOSERFC)
def test_a_jose_library_agrees_about_signatures(group: str):
    """Another implementation refuses what must not verify, and verifies what is signed."""
    pytest.importorskip("joserfc")
    from joserfc import jwt as jose
    from joserfc.errors import JoseError
    from joserfc.jwk import KeySet

    def takes(found: Any, token: str, key_set: Any | None) -> bool:
        try:
            entries = [entry for entry in listed(found, key_set) if fits(entry, entry.get("kid"))]
            header = jwt.get_unverified_header(token)
            if not any(entry["kid"] == header.get("kid") for entry in entries):
                return False
            jose.decode(token, KeySet.import_key_set({"keys": entries}), algorithms=["RS256"])
        except (JoseError, ValueError, jwt.PyJWTError):
            return False
        return True

    found = document(group)
    assert takes(found, found["control"], None)
    taken = [t for t in found["tests"] if takes(found, t["id_token"], t.get("key_set"))]
    assert [t["id"] for t in taken if t["result"] == "invalid"] == []


# --- the sample tool


async def launched(found: Any, test: Any, policy: Policy) -> Response:
    """How the sample tool answers a token, with the frozen clock and a login that has sent the nonce."""
    registered = found["registration"]
    body = json.dumps(found["jwks"]).encode()
    answer = (test["key_set"]["status"], test["key_set"]["body"].encode()) if "key_set" in test else (200, body)

    async def fetch(url: str) -> tuple[int, bytes]:
        assert url == JWKS_URL, "the tool fetches the platform's key set and nothing else"
        return answer

    integration = Integration(
        issuer=registered["issuer"],
        client_id=registered["client_id"],
        auth_url="https://platform.example/auth",
        jwks_url=JWKS_URL,
        deployment_ids=tuple(registered["deployment_ids"]),
        attributes=registered["attributes"],
    )
    app = create_tool([integration], policy=policy, fetch=fetch, clock=lambda: found["now"])
    store = app.state.store
    login = IssuedLogin(
        state="a-state", nonce=found["nonce"], issuer=registered["issuer"], client_id=registered["client_id"]
    )
    store.remember_login(login, now=found["now"], expires=found["now"] + 600)
    states = {state for profile in found["profiles"].values() for state in profile["states"].get(test["role"], ())}
    if "zoom_authorised" in states:
        store.authorise_zoom(PERSON.email)
    if "class_exists" in states:
        store.create_class(registered["issuer"], registered["deployment_ids"][0], COURSE.id, COURSE.title)
    form = {"id_token": test["id_token"], "state": "a-state"}
    headers = (
        ("content-type", "application/x-www-form-urlencoded"),
        ("cookie", f"{state_cookie('a-state')}=a-state"),
    )
    url = registered["target_link_uri"]
    request = Request(method="POST", url=url, headers=headers, body=urlencode(form).encode())
    return await call_application(app, request, timeout_s=60)


def told(response: Response) -> dict[str, Any]:
    if response.status == 200:
        return {"outcome": "launched", "class": None, "type": None, "code": None}
    members = dict(re.findall(r'(\w+)="?([^",]+)"?', response.header("lti-error") or ""))
    code = int(members["code"]) if "code" in members else None
    return {"outcome": "rejected", "class": members["class"], "type": members.get("type"), "code": code}


def right(said: Mapping[str, Any], expectation: Any, axes: list[str]) -> bool:
    answers = [expectation["preferred"], *expectation["allowed"]]
    return any(all(answer[axis] in (None, said[axis]) for axis in axes) for answer in answers)


@pytest.mark.parametrize("group", GROUPS)
@pytest.mark.parametrize("policy", ["open", "class"])
def test_the_correct_tool_agrees_with_every_vector(group: str, policy: Policy):
    """It ends as each profile wants it, in every part of the answer that counts there."""
    found = document(group)
    profiles = [name for name in found["profiles"] if load_profile(name).policy == policy]
    wrong: list[Any] = []
    for test in found["tests"]:
        said = told(asyncio.run(launched(found, test, policy)))
        for name in profiles:
            expected = test["expected"].get(name)
            if expected is not None and not right(said, expected, found["profiles"][name]["axes"]):
                wrong.append((test["id"], name, said, expected))
        outcome = {"valid": "launched", "invalid": "rejected"}.get(test["result"], said["outcome"])
        if policy == "open" and said["outcome"] != outcome:
            wrong.append((test["id"], test["result"], said))
    assert wrong == []
    control = {"id_token": found["control"], "role": "instructor"}
    assert told(asyncio.run(launched(found, control, policy)))["outcome"] == "launched"


# --- the command


def test_the_command_writes_what_it_says(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    """A new folder holds all files, and the line on the screen counts them."""
    folder = tmp_path / "deep" / "vectors"

    assert command(options(output=str(folder))) == 0
    manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    assert {path.name for path in folder.iterdir()} == {
        *manifest["files"],
        "manifest.json",
        "vectors.schema.json",
        "SHA256SUMS",
    }
    for line in (folder / "SHA256SUMS").read_text(encoding="utf-8").splitlines():
        digest, _, name = line.partition("  ")
        assert hashlib.sha256((folder / name).read_bytes()).hexdigest() == digest
    assert (folder / "vectors.schema.json").read_text(encoding="utf-8") == PUBLISHED
    printed = capsys.readouterr().out
    assert f"{manifest['total']['tests']} vectors in {len(manifest['files'])} files" in printed
    assert str(manifest["left_out"]["total"]) in printed


def test_a_second_export_takes_the_place_of_the_first(tmp_path: Path):
    """Only files of the export are written over; what somebody has put beside them stays."""
    command(options(output=str(tmp_path)))
    first = (tmp_path / "SHA256SUMS").read_text(encoding="utf-8")
    (tmp_path / "notes.txt").write_text("mine", encoding="utf-8")

    assert command(options(output=str(tmp_path))) == 0
    # The keys are new ones.
    assert (tmp_path / "SHA256SUMS").read_text(encoding="utf-8") != first
    assert (tmp_path / "notes.txt").read_text(encoding="utf-8") == "mine"


def test_a_folder_of_something_else_is_left_alone(tmp_path: Path):
    """One line says which folder, and nothing is written."""
    (tmp_path / "manifest.json").write_text('{"name": "an app"}', encoding="utf-8")

    with pytest.raises(UsageError, match=f"^{re.escape(str(tmp_path))}: has files of something else"):
        command(options(output=str(tmp_path)))
    assert [path.name for path in tmp_path.iterdir()] == ["manifest.json"]


def test_a_file_that_came_between_is_not_written_over(tmp_path: Path):
    """A file of the same name that no earlier export has listed is somebody else's."""
    command(options(output=str(tmp_path)))
    manifest = tmp_path / "manifest.json"
    listed_before = json.loads(manifest.read_text(encoding="utf-8"))
    listed_before["files"].pop("nonce.json")
    manifest.write_text(json.dumps(listed_before), encoding="utf-8")
    (tmp_path / "nonce.json").write_text("mine", encoding="utf-8")

    with pytest.raises(UsageError, match="nonce.json: is not of an earlier export"):
        command(options(output=str(tmp_path)))
    assert (tmp_path / "nonce.json").read_text(encoding="utf-8") == "mine"
    assert json.loads(manifest.read_text(encoding="utf-8")) == listed_before


def test_a_file_in_place_of_the_folder_is_told(tmp_path: Path):
    """The complaint names it."""
    path = tmp_path / "vectors"
    path.write_text("", encoding="utf-8")

    with pytest.raises(UsageError, match="vectors: is no folder"):
        command(options(output=str(path)))
    with pytest.raises(UsageError, match="cannot be written"):
        command(options(output=str(path / "below")))


def test_a_recipe_is_not_for_vectors(tmp_path: Path):
    """A recipe is one launch, and vectors are the whole catalogue."""
    with pytest.raises(UsageError, match="whole catalogue"):
        command(options(output=str(tmp_path), recipe="launch.json"))


def test_an_unknown_format_is_told():
    """The complaint lists what there is."""
    with pytest.raises(UsageError, match="unknown format; known are .*vectors"):
        command(options(format="pdf"))
