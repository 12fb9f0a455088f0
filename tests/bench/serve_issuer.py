"""The least that a platform can be, on a port of its own: one endpoint that answers with a signed form."""

from __future__ import annotations

from urllib.parse import parse_qsl

from cryptography.hazmat.primitives.asymmetric import rsa
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route

from tests.bench.bare_launch import bare_claims, bare_token
from tests.bench.processes import listening, serve_forever

PAGE = """<!doctype html><html><body onload="document.forms[0].submit()"><form method="post" action="{url}">
<input type="hidden" name="id_token" value="{token}"><input type="hidden" name="state" value="{state}">
</form></body></html>"""


async def auth(request: Request) -> Response:
    """Sign a token for whoever asks."""
    asked = dict(parse_qsl(request.url.query))
    url = asked["redirect_uri"]
    claims = bare_claims("http://127.0.0.1", url, asked["nonce"])
    token = bare_token(claims, request.app.state.key, "bare")
    return HTMLResponse(PAGE.format(url=url, token=token, state=asked["state"]))


if __name__ == "__main__":
    app = Starlette(routes=[Route("/auth", auth)])
    app.state.key = rsa.generate_private_key(65537, 2048)
    serve_forever(app, listening())
