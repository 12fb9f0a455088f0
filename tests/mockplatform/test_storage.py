from __future__ import annotations

import json
import shutil
import subprocess
from typing import Any

import httpx2
import pytest
from selectolax.lexbor import LexborHTMLParser as HTMLParser

from mockplatform.app import create_app
from mockplatform.endpoints.rendering import FOLDER
from mockplatform.endpoints.storage import origins
from mockplatform.keys import KeyRing
from tests.mockplatform.makers import PLATFORM, make_platform, make_registration

NODE = shutil.which("node")
TOOL = "http://127.0.0.1:8000"
OTHER = "https://other.example"
PAGE = """
const fs = require("node:fs");
const vm = require("node:vm");
const { script, frame, messages } = JSON.parse(fs.readFileSync(0, "utf-8"));
const heard = [];
let listener = null;
const context = {
  document: { currentScript: { dataset: frame === null ? {} : { frame } } },
  addEventListener: (name, given) => { if (name === "message") listener = given; },
};
context.window = context;
vm.createContext(context);
vm.runInContext(script, context);
for (const { data, origin } of messages) {
  const told = [];
  const source = { postMessage: (answer, target) => told.push([answer, target]) };
  listener({ data, origin, source });
  heard.push(told);
}
console.log(JSON.stringify(heard));
"""
"""A window with no more of a browser than the script may use; what it posts comes back."""

needs_node = pytest.mark.skipif(NODE is None, reason="node is not installed; the script is tested by the browser tests")


def said(subject: str, **values: Any) -> dict[str, Any]:
    return {"data": {"subject": subject, "message_id": "m1", **values}, "origin": TOOL}


def put(key: Any, value: Any) -> dict[str, Any]:
    return said("lti.put_data", key=key, value=value)


def get(key: Any) -> dict[str, Any]:
    return said("lti.get_data", key=key)


async def script_of(keys: KeyRing, *allowed: str) -> str:
    tools = tuple(
        make_registration(client_id=origin, login_url=f"{origin}/login", launch_url=f"{origin}/launch")
        for origin in allowed
    )
    app = create_app(make_platform(keys, registrations=tools))
    async with httpx2.AsyncClient(transport=httpx2.ASGITransport(app), base_url=PLATFORM) as client:
        answer = await client.get("/storage.js")
    assert answer.headers["content-type"].partition(";")[0] == "text/javascript"
    assert answer.headers["cache-control"] == "no-store"
    return answer.text


async def heard(keys: KeyRing, *messages: dict[str, Any], frame: str | None = None) -> list[list[Any]]:
    """What a page with the script answers to messages, each as a list of answers with the origin they go to."""
    return _run({"script": await script_of(keys, TOOL, OTHER), "frame": frame, "messages": messages})


def _run(asked: dict[str, Any]) -> list[list[Any]]:
    assert NODE is not None
    done = subprocess.run(
        [NODE, "-e", PAGE], input=json.dumps(asked), capture_output=True, text=True, check=True, timeout=60
    )
    found: list[list[Any]] = json.loads(done.stdout)
    return found


async def errors(keys: KeyRing, *messages: dict[str, Any]) -> list[str | None]:
    """The error codes of the answers; None: no error."""
    return [told[0][0].get("error", {}).get("code") for told in await heard(keys, *messages)]


@needs_node
@pytest.mark.asyncio
async def test_what_was_put_is_got(keys: KeyRing) -> None:
    """A value comes back under its key, with the id of each message, to the origin that asked."""
    answers = await heard(keys, put("lti_state_1", "s&ß"), get("lti_state_1"), get("lti_state_2"))

    told = {"message_id": "m1", "key": "lti_state_1", "value": "s&ß"}
    assert answers == [
        [[{"subject": "lti.put_data.response", **told}, TOOL]],
        [[{"subject": "lti.get_data.response", **told}, TOOL]],
        [[{"subject": "lti.get_data.response", "message_id": "m1", "key": "lti_state_2", "value": None}, TOOL]],
    ]


@needs_node
@pytest.mark.asyncio
@pytest.mark.parametrize("nothing", [{"value": None}, {}], ids=["null", "absent"])
async def test_null_removes(keys: KeyRing, nothing: dict[str, Any]) -> None:
    """To put null, or nothing, is to remove."""
    answers = await heard(keys, put("k", "v"), said("lti.put_data", key="k", **nothing), get("k"))

    assert [told[0][0]["value"] for told in answers] == ["v", None, None]


@needs_node
@pytest.mark.asyncio
async def test_each_origin_has_its_own(keys: KeyRing) -> None:
    """A tool does not see what another one has put."""
    answers = await heard(keys, put("k", "v"), get("k") | {"origin": OTHER})

    assert answers[1] == [[{"subject": "lti.get_data.response", "message_id": "m1", "key": "k", "value": None}, OTHER]]


@needs_node
@pytest.mark.asyncio
@pytest.mark.parametrize("frame", [None, "lti_storage"])
async def test_the_capabilities_name_the_frame(keys: KeyRing, frame: str | None) -> None:
    """The tool is told what is supported, and in which frame if it is a frame beside it."""
    ((answer,),) = await heard(keys, said("lti.capabilities"), frame=frame)

    where = {} if frame is None else {"frame": frame}
    assert answer == [
        {
            "subject": "lti.capabilities.response",
            "message_id": "m1",
            "supported_messages": [
                {"subject": "lti.capabilities"},
                {"subject": "lti.put_data", **where},
                {"subject": "lti.get_data", **where},
            ],
        },
        TOOL,
    ]


@needs_node
@pytest.mark.asyncio
async def test_each_mistake_has_its_code(keys: KeyRing) -> None:
    """Errors are typed, and carry the subject and the id of what was asked."""
    foreign = put("k", "v") | {"origin": "https://evil.example"}
    unnamed = {"data": {"subject": "lti.get_data", "key": "k"}, "origin": TOOL}

    assert await errors(
        keys,
        foreign,
        said("lti.fetch_data"),
        put("", "v"),
        put(7, "v"),
        put("k", {"a": 1}),
        get(None),
        unnamed,
        put("k", "x" * 4097),
        put("k" * 1025, "x"),
    ) == ["wrong_origin", "unsupported_subject", *["bad_request"] * 5, *["storage_exhaustion"] * 2]
    ((answer,),) = await heard(keys, foreign)
    assert (answer[0]["subject"], answer[0]["message_id"]) == ("lti.put_data.response", "m1")
    assert answer[1] == "https://evil.example"
    assert "value" not in answer[0]


@needs_node
@pytest.mark.asyncio
async def test_an_origin_has_so_many_keys(keys: KeyRing) -> None:
    """The 501st key of an origin is refused, until one is removed; known keys may change."""
    filled = [put(f"k{number}", "v") for number in range(500)]

    assert (await errors(keys, *filled, put("more", "v"), put("k1", "other"), put("k2", None), put("more", "v")))[
        -4:
    ] == ["storage_exhaustion", None, None, None]


@needs_node
@pytest.mark.asyncio
async def test_other_messages_are_not_answered(keys: KeyRing) -> None:
    """Messages of others, answers, and messages from frames without an origin stay without an answer."""
    strange: list[Any] = [None, "lti.get_data", 7, {}, {"subject": 7}, {"subject": "org.imsglobal.lti.close"}]
    messages = [{"data": data, "origin": TOOL} for data in strange]
    messages.append(said("lti.get_data.response", key="k"))
    messages.append(get("k") | {"origin": "null"})

    assert await heard(keys, *messages) == [[] for _ in messages]


def test_origins_are_those_of_the_tools() -> None:
    """Login, launch and redirect addresses give origins as browsers write them, each once; others give none."""
    tools = (
        make_registration(login_url="https://Tool.example:443/login", launch_url="https://tool.example/launch"),
        make_registration(
            login_url="http://tool.example:80/x",
            launch_url="http://[::1]:8000/launch",
            redirect_uris=(
                "https://tool.example:8443/cb",
                "javascript:alert(1)",
                "http://[",
                "https://bücher.example/",
            ),
            deep_linking_url="https://pick.example/",
        ),
    )

    assert origins(tools) == (
        "https://tool.example",
        "http://tool.example",
        "http://[::1]:8000",
        "https://pick.example",
        "https://tool.example:8443",
        "https://xn--bcher-kva.example",
    )


@pytest.mark.asyncio
async def test_the_frame_has_nothing_but_the_script(keys: KeyRing) -> None:
    """The page for a frame loads the script of its own tenant and runs none that stands in the page."""
    app = create_app(make_platform(keys))
    async with httpx2.AsyncClient(transport=httpx2.ASGITransport(app), base_url=PLATFORM) as client:
        answer = await client.get("/storage")
    (script,) = HTMLParser(answer.text).css("script")

    assert answer.status_code == 200
    assert (script.attributes["src"], script.text()) == ("/storage.js", "")
    assert "script-src 'self'" in answer.headers["content-security-policy"]


@pytest.mark.parametrize("name", ["deep_linked.html", "storage.html"])
def test_no_page_has_a_script_within(name: str) -> None:
    """The pages of deep linking and storage run no script that stands in them."""
    page = HTMLParser((FOLDER / name).read_text("utf-8"))

    assert [script.text() for script in page.css("script")] in ([], [""])
    assert not [name for node in page.css("*") for name in node.attributes if name.startswith("on")]
