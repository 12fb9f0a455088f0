"""Small tools as strangers have them, in the folders in which they have them; none is imported by the tests."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

__all__ = [
    "BASIC",
    "BASIC_EXPRESS",
    "BASIC_PYLTI",
    "BLUEPRINTS",
    "DJANGO",
    "DJANGO_ASGI",
    "DJANGO_SETTINGS",
    "EXPRESS",
    "FACTORY",
    "FASTAPI",
    "GAME",
    "PLAIN",
    "STARLETTE",
    "key_pair_in",
    "laid_out",
]

GAME: Mapping[str, str] = {
    "game/app.py": """
import os

from flask import Flask, jsonify, render_template_string
from flask_caching import Cache
from pylti1p3.contrib.flask import FlaskCacheDataStorage, FlaskMessageLaunch, FlaskOIDCLogin, FlaskRequest
from pylti1p3.tool_config import ToolConfJsonFile

app = Flask("game-example")
app.config.from_mapping(CACHE_TYPE="SimpleCache", SECRET_KEY="replace-me")
cache = Cache(app)


def tool_conf():
    return ToolConfJsonFile(os.path.join(app.root_path, "..", "configs", "game.json"))


@app.route("/login/", methods=["GET", "POST"])
def login():
    request = FlaskRequest()
    oidc_login = FlaskOIDCLogin(request, tool_conf(), launch_data_storage=FlaskCacheDataStorage(cache))
    return oidc_login.enable_check_cookies().redirect(request.get_param("target_link_uri"))


@app.route("/launch/", methods=["POST"])
def launch():
    message_launch = FlaskMessageLaunch(FlaskRequest(), tool_conf(), launch_data_storage=FlaskCacheDataStorage(cache))
    return render_template_string("<h1>Game for {{ name }}</h1>", name=message_launch.get_launch_data()["name"])


@app.route("/jwks/", methods=["GET"])
def get_jwks():
    return jsonify(tool_conf().get_jwks())


@app.route("/configure/<launch_id>/<difficulty>/", methods=["GET", "POST"])
def configure(launch_id, difficulty):
    return difficulty


if __name__ == "__main__":
    app.run(host="127.0.0.1", port=%(port)d)
""",
    "requirements.txt": "PyLTI1p3\nFlask\nFlask-Caching\n",
}
"""After the Flask example of PyLTI1p3: a script in a folder of its own, and its registration in a JSON file."""

BLUEPRINTS: Mapping[str, str] = {
    "shop/__init__.py": "",
    "shop/web.py": """
import flask
from .lti import views
from shop.accounts import accounts

raise SystemExit("nobody may import this")
app = flask.Flask(__name__)
app.register_blueprint(views.lti, url_prefix="/lti13")
app.register_blueprint(accounts)
""",
    "shop/accounts.py": """
from flask import Blueprint
accounts = Blueprint("accounts", __name__, url_prefix="/accounts")
@accounts.post("/login")
def login(): return check(password)
@accounts.route("/logout")
def logout(): ...
""",
    "shop/lti/__init__.py": "",
    "shop/lti/views.py": """
from flask import Blueprint, request
lti = Blueprint("lti", __name__, url_prefix="/unused")
@lti.route("/login", methods=["GET", "POST"])
def begin(): return request.values["login_hint"]
@lti.post("/launch")
def finish(): return request.form["id_token"]
@lti.get("/launch")
def page(): ...
@lti.get("/.well-known/jwks.json")
def keys(): ...
""",
    "tests/test_shop.py": "from flask import Flask\napp = Flask(__name__)\n",
    ".venv/lib/flask_app.py": "from flask import Flask\napp = Flask(__name__)\n",
}
"""A package with blueprints, which gets its addresses from two places; there is a `tests`."""

FACTORY: Mapping[str, str] = {
    "tool.py": """
from flask import Flask
def create_app():
    app = Flask(__name__)
    @app.route("/oidc/initiate", methods=["GET", "POST"])
    def initiate(): ...
    app.add_url_rule("/oidc/launch", view_func=launch, methods=["POST"])
    return app
def launch(): ...
""",
}

FASTAPI: Mapping[str, str] = {
    "main.py": """
import uvicorn
from fastapi import FastAPI
from routers import lti

app = FastAPI()
app.include_router(lti.router, prefix="/api")

if __name__ == "__main__":
    uvicorn.run(app, port=8123)
""",
    "routers/__init__.py": "",
    "routers/lti.py": """
from fastapi import APIRouter, Form

router = APIRouter(prefix="/lti")

@router.api_route("/login", methods=["GET", "POST"])
async def oidc_login(login_hint: str): ...

@router.post("/launch")
async def launch(id_token: str = Form()): ...

@router.get("/jwks")
async def jwks(): ...
""",
}

STARLETTE: Mapping[str, str] = {
    "service.py": """
from starlette.applications import Starlette
from starlette.routing import Mount, Route
from handlers import initiate, launch, jwks

routes = [Mount("/lti", routes=[
    Route("/oidc", initiate, methods=["GET", "POST"]),
    Route("/launch", launch, methods=["POST"]),
    Route("/jwks", jwks),
])]
app = Starlette(debug=True, routes=routes)
""",
    "handlers.py": "async def initiate(r): ...\nasync def launch(r): ...\nasync def jwks(r): ...\n",
}

DJANGO: Mapping[str, str] = {
    "manage.py": """
import os, sys
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "school.settings.local")
""",
    "school/__init__.py": "",
    "school/settings/__init__.py": "",
    "school/settings/base.py": 'ROOT_URLCONF = "school.urls"\nWSGI_APPLICATION = "school.wsgi.application"\n',
    "school/settings/local.py": "from .base import *\nDEBUG = True\n",
    "school/wsgi.py": "application = get_wsgi_application()\n",
    "school/urls.py": """
from django.contrib import admin
from django.urls import include, path
urlpatterns = [
    path("admin/", admin.site.urls),
    path("accounts/login/", login),
    path("lti/", include(("lti.urls", "lti"))),
]
""",
    "lti/__init__.py": "",
    "lti/urls.py": """
from django.urls import path, re_path
from django.views.decorators.csrf import csrf_exempt
from . import views
urlpatterns = [
    path("login/", csrf_exempt(views.login)),
    re_path(r"^launch/$", views.Launch.as_view(), name="launch"),
    path("jwks/", views.jwks),
    path("course/<int:id>/launch/", views.course),
]
""",
    "lti/views.py": """
def login(request): return DjangoOIDCLogin(request, conf)
class Launch:
    def post(self, request): return DjangoMessageLaunch(request, conf)
""",
}

DJANGO_ASGI: Mapping[str, str] = {
    **{place: text for place, text in DJANGO.items() if place != "manage.py"},
    "school/settings/base.py": 'ROOT_URLCONF = "school.urls"\n',
    "school/asgi.py": """
import os
from django.core.asgi import get_asgi_application
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "school.settings.local")
application = get_asgi_application()
""",
}
DJANGO_SETTINGS: Mapping[str, str] = {
    **{place: text for place, text in DJANGO.items() if place.startswith("lti/")},
    "settings.py": 'ROOT_URLCONF = "addresses"\n',
    "addresses.py": DJANGO["school/urls.py"],
}
"""Without `manage.py`: started by a server, or by `python -m django` alone."""

BASIC: Mapping[str, str] = {
    "tool.py": """
import os

from flask import Flask, request
from oauthlib.oauth1 import RequestValidator, SignatureOnlyEndpoint

app = Flask(__name__)


class Registered(RequestValidator):
    allowed_signature_methods = ("HMAC-SHA1",)
    enforce_ssl = False
    nonces = set()

    def check_client_key(self, client_key):
        return True

    def check_nonce(self, nonce):
        return True

    def validate_client_key(self, client_key, request):
        return client_key == os.environ["LTI_CONSUMER_KEY"]

    def get_client_secret(self, client_key, request):
        return os.environ["LTI_CONSUMER_SECRET"]

    def validate_timestamp_and_nonce(self, client_key, timestamp, nonce, request, **tokens):
        is_new = (timestamp, nonce) not in self.nonces
        self.nonces.add((timestamp, nonce))
        return is_new


@app.route("/lti/config.xml")
def config():
    return "<cartridge_basiclti_link/>"


@app.route("/lti/", methods=["POST"])
def start():
    form = list(request.form.items(multi=True))
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    is_valid, _ = SignatureOnlyEndpoint(Registered()).validate_request(request.url, "POST", form, headers)
    if not is_valid:
        return "The launch is not signed as it should be", 401
    return f"<h1>Exercises</h1><p>{request.form.get('oauth_consumer_key')}</p>"
""",
}
BASIC_PYLTI: Mapping[str, str] = {
    "app.py": """
from flask import Flask
from pylti.flask import lti

app = Flask(__name__)


@app.route("/enter", methods=["GET", "POST"])
@lti(request="initial", error=refused, app=app)
def enter(lti=lti): ...


@app.route("/login", methods=["GET", "POST"])
def login(): ...
""",
}
BASIC_EXPRESS: Mapping[str, str] = {
    "package.json": '{"main": "server.js", "dependencies": {"express": "^4", "ims-lti": "^3"}}',
    "server.js": """
const lti = require('ims-lti');
app.post('/lti/launch', (req, res) => new lti.Provider(key, secret).valid_request(req, done));
app.get('/login', (req, res) => res.render('password'));
app.listen(3000);
""",
}
"""Launched by LTI 1.1 and by nothing else."""

EXPRESS: Mapping[str, str] = {
    "package.json": '{"name": "tool", "scripts": {"start": "node src/server.js"}, "dependencies": {"express": "^5"}}',
    "src/server.js": """
const express = require('express');
const ltiRoutes = require('./lti/routes');
const app = express();
app.use('/lti', ltiRoutes);
app.get('/login', (req, res) => res.render('password'));
app.listen(process.env.PORT || 3456);
""",
    "src/lti/routes.js": """
const router = require('express').Router();
router.all('/login', (req, res) => begin(req.query.login_hint));
router.post('/launch', (req, res) => finish(req.body.id_token));
router.get('/keys', keys);
module.exports = router;
""",
    "node_modules/other/package.json": '{"dependencies": {"express": "*"}}',
}

PLAIN: Mapping[str, str] = {
    "tool.py": """
async def app(scope, receive, send):
    if scope["path"] == "/lti/login": ...
    elif scope["path"] == "/lti/launch": ...
""",
}


def laid_out(files: Mapping[str, str], folder: Path, *, port: int = 0) -> Path:
    """The folder with these files in it."""
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text.replace("%(port)d", str(port)), encoding="utf-8")
    return folder


def key_pair_in(folder: Path) -> None:
    """Two files with the keys of a tool."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    pem = serialization.Encoding.PEM
    private = key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    public = key.public_key().public_bytes(pem, serialization.PublicFormat.SubjectPublicKeyInfo)
    (folder / "private.key").write_bytes(private)
    (folder / "public.key").write_bytes(public)
