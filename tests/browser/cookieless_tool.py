"""A small tool on another site than the platform: it keeps its state in a cookie or, if offered, in its storage."""

from __future__ import annotations

import contextlib
import html
import json
import secrets
from collections.abc import Iterator
from urllib.parse import urlencode

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import Route

from mockplatform.model import Registration
from mockplatform.server import listen, serve
from tests.browser.sites import Site

__all__ = ["cookieless_tool"]

SCRIPT = """
function ask(message) {
  const where = TARGET === "_parent" ? parent : parent.frames[TARGET];
  const message_id = crypto.randomUUID();
  return new Promise((resolve) => {
    addEventListener("message", (event) => {
      if (event.data?.message_id === message_id && event.origin === PLATFORM) resolve(event.data);
    });
    where.postMessage({ ...message, message_id }, PLATFORM);
  });
}
function tell(text) { document.getElementById("told").textContent = text; }
"""
PUT = """
ask({ subject: "lti.put_data", key: "state", value: STATE }).then((answer) => {
  if (answer.error) tell(JSON.stringify(answer.error)); else location.replace(NEXT);
});
"""
GET = """
ask({ subject: "lti.get_data", key: "state" }).then((answer) => {
  tell(answer.value === STATE ? "launched by storage" : "state is lost");
});
"""


@contextlib.contextmanager
def cookieless_tool(site: Site) -> Iterator[Registration]:
    """The tool, served for the block, as a platform would register it."""
    bound = listen()
    # A name of its own makes it another site; a port would not.
    url = f"http://localhost:{bound.getsockname()[1]}"
    with serve(_app(site.url, url), bound):
        yield Registration(
            name="cookieless",
            issuer=site.url,
            client_id="cookieless",
            deployment_ids=("1",),
            login_url=f"{url}/login",
            launch_url=f"{url}/launch",
        )


def _page(script: str, **values: str) -> str:
    constants = "".join(f"const {name} = {json.dumps(value)};" for name, value in values.items())
    return f"<!doctype html><title>Tool</title><p id='told'></p><script>{constants}{SCRIPT}{script}</script>"


def _app(platform: str, url: str) -> Starlette:
    async def login(request: Request) -> Response:
        async with request.form() as sent:
            given = {name: str(value) for name, value in sent.items()}
        state = secrets.token_urlsafe(12)
        query = {
            "scope": "openid",
            "response_type": "id_token",
            "response_mode": "form_post",
            "prompt": "none",
            "client_id": given["client_id"],
            "redirect_uri": f"{url}/launch",
            "login_hint": given["login_hint"],
            "lti_message_hint": given["lti_message_hint"],
            "state": state,
            "nonce": secrets.token_urlsafe(12),
        }
        follow = f"{platform}/auth?{urlencode(query)}"
        target = given.get("lti_storage_target")
        if target:
            return HTMLResponse(_page(PUT, TARGET=target, PLATFORM=platform, STATE=state, NEXT=follow))
        answer = RedirectResponse(follow, 303)
        answer.set_cookie("state", state, secure=True, samesite="none", httponly=True)
        return answer

    async def launch(request: Request) -> Response:
        async with request.form() as sent:
            given = {name: str(value) for name, value in sent.items()}
        target = given.get("lti_storage_target")
        if target:
            return HTMLResponse(_page(GET, TARGET=target, PLATFORM=platform, STATE=given["state"]))
        kept = request.cookies.get("state")
        told = "launched by cookie" if kept == given["state"] else "state is lost"
        return HTMLResponse(f"<!doctype html><title>Tool</title><p id='told'>{html.escape(told)}</p>")

    return Starlette(
        routes=[Route("/login", login, methods=["POST"]), Route("/launch", launch, methods=["POST"])],
    )
