"""A tool on PyLTI1p3 with Flask, as its README and its Flask example lay one out.

It checks nothing that the library does not check. Launch data lies in a cache (the README's advice for iframes);
the README's "make sure to handle exceptions" is one error page for the two exceptions that it names.

It runs as in production, behind a proxy that speaks TLS: on plain http the library ties launch data to no browser,
says so in `CacheDataStorage.get_session_cookie_name`, and asks for https.
"""

from __future__ import annotations

import os
from typing import Any

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from flask import Flask, Response, jsonify, make_response, render_template_string, session
from flask_caching import Cache
from pylti1p3.contrib.flask import FlaskCacheDataStorage, FlaskMessageLaunch, FlaskOIDCLogin, FlaskRequest
from pylti1p3.exception import LtiException, OIDCException
from pylti1p3.tool_config import ToolConfDict


class BehindTls:
    """What the example's `ReverseProxied` does, for a proxy that takes https only."""

    def __init__(self, application: Any) -> None:
        self.application = application

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Any:
        environ["wsgi.url_scheme"] = "https"
        return self.application(environ, start_response)


app = Flask(__name__)
app.wsgi_app = BehindTls(app.wsgi_app)
app.config.from_mapping(CACHE_TYPE="SimpleCache", CACHE_DEFAULT_TIMEOUT=600, SECRET_KEY=os.urandom(32))
cache = Cache(app)

LAUNCHED = "<!doctype html><title>Game</title><h1>Welcome {{ name }}</h1>"
REFUSED = '<!doctype html><title>Game</title><p id="lti-error">{{ error }}</p>'


def tool_configuration() -> ToolConfDict:
    """Two platforms with the same endpoints, in the README's form for one issuer with many client ids."""
    clients = {
        os.environ["LTI_PLATFORM_ISSUER"]: os.environ["LTI_CLIENT_ID"],
        os.environ["LTI_SECOND_ISSUER"]: os.environ["LTI_SECOND_CLIENT_ID"],
    }
    deployments = {
        os.environ["LTI_PLATFORM_ISSUER"]: os.environ["LTI_DEPLOYMENT_ID"],
        os.environ["LTI_SECOND_ISSUER"]: os.environ["LTI_SECOND_DEPLOYMENT_ID"],
    }
    platform = {
        "default": True,
        "auth_login_url": os.environ["LTI_PLATFORM_AUTH_URL"],
        "auth_token_url": os.environ["LTI_PLATFORM_TOKEN_URL"],
        "key_set_url": os.environ["LTI_PLATFORM_JWKS_URL"],
    }
    configuration = ToolConfDict(
        {
            issuer: [{**platform, "client_id": client, "deployment_ids": [deployments[issuer]]}]
            for issuer, client in clients.items()
        }
    )
    private, public = key_pair()
    for issuer, client in clients.items():
        configuration.set_private_key(issuer, private, client_id=client)
        configuration.set_public_key(issuer, public, client_id=client)
    return configuration


def key_pair() -> tuple[str, str]:
    """The tool's own keys, as PEM; they live as long as the process."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    pem = serialization.Encoding.PEM
    private = key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    public = key.public_key().public_bytes(pem, serialization.PublicFormat.SubjectPublicKeyInfo)
    return private.decode(), public.decode()


tool_conf = tool_configuration()


@app.route("/")
def home() -> str:
    return "PyLTI1p3 with Flask"


@app.route("/login/", methods=["GET", "POST"])
def login() -> Response:
    request = FlaskRequest()
    oidc_login = FlaskOIDCLogin(request, tool_conf, launch_data_storage=FlaskCacheDataStorage(cache))
    return oidc_login.enable_check_cookies().redirect(request.get_param("target_link_uri"))


@app.route("/launch/", methods=["POST"])
def launch() -> str:
    message_launch = FlaskMessageLaunch(FlaskRequest(), tool_conf, launch_data_storage=FlaskCacheDataStorage(cache))
    data = message_launch.get_launch_data()
    session["user"] = data.get("sub")
    session["launch_id"] = message_launch.get_launch_id()
    return render_template_string(LAUNCHED, name=data.get("name", ""))


@app.route("/api/me")
def me() -> Response:
    if "user" not in session:
        return make_response(jsonify(error="no session"), 401)
    return jsonify(user=session["user"])


@app.route("/jwks/")
def jwks() -> Response:
    return jsonify(tool_conf.get_jwks())


@app.errorhandler(LtiException)
@app.errorhandler(OIDCException)
def launch_failed(error: Exception) -> Response:
    return make_response(render_template_string(REFUSED, error=error), 400)
