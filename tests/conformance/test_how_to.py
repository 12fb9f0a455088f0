"""The sections of *How to* in README: each tool file loads, and what can be run is run."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from conformance.target import environment
from conformance.toolfile import load
from tests.conformance.loopback import free_port
from tests.conformance.readers import Folder, chapter

COMMON = """
import secrets
from urllib.parse import urlencode

import jwt


def question(platform, given, redirect_uri):
    told = {"scope": "openid", "response_type": "id_token", "response_mode": "form_post", "prompt": "none"}
    told |= {name: given[name] for name in ("login_hint", "lti_message_hint") if name in given}
    told |= {"client_id": platform.client_id, "redirect_uri": redirect_uri}
    told |= {"state": secrets.token_urlsafe(), "nonce": secrets.token_urlsafe()}
    return told, f"{platform.auth_url}?{urlencode(told)}"


def claims_of(platform, token):
    key = jwt.PyJWKClient(platform.jwks_url).get_signing_key_from_jwt(token)
    return jwt.decode(token, key, algorithms=["RS256"], audience=platform.client_id, issuer=platform.issuer)
"""

FASTAPI = """
import os
from types import SimpleNamespace

from starlette.applications import Starlette  # FastAPI is one
from starlette.exceptions import HTTPException
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse
from starlette.routing import Route

from common import claims_of, question

PLATFORM = SimpleNamespace(
    issuer=os.environ["LTI_PLATFORM_ISSUER"],
    client_id=os.environ["LTI_CLIENT_ID"],
    auth_url=os.environ["LTI_PLATFORM_AUTH_URL"],
    jwks_url=os.environ["LTI_PLATFORM_JWKS_URL"],
)


async def login(request):
    told, url = question(PLATFORM, {**request.query_params, **await request.form()}, str(request.url_for("launch")))
    answer = RedirectResponse(url, 302)
    answer.set_cookie("nonce", told["nonce"])
    return answer


async def launch(request):
    if claims_of(PLATFORM, (await request.form())["id_token"])["nonce"] != request.cookies["nonce"]:
        raise HTTPException(401, {"type": "NonceNotFound"})
    answer = HTMLResponse("<main id=course>Welcome</main>")
    answer.set_cookie("user", "somebody")
    return answer


async def me(request):
    return JSONResponse({}, 200 if "user" in request.cookies else 401)


async def refused(request, error):
    return JSONResponse({"detail": error.detail}, error.status_code)


app = Starlette(
    routes=[
        Route("/lti/login", login, methods=["GET", "POST"]),
        Route("/lti/launch", launch, methods=["POST"]),
        Route("/api/me", me),
    ],
    exception_handlers={HTTPException: refused},
)
"""

DJANGO = {
    "mysite/settings_test.py": """
SECRET_KEY = "of a test"
ALLOWED_HOSTS = ["127.0.0.1"]
ROOT_URLCONF = "mysite.views"
INSTALLED_APPS = ["mysite"]
MIDDLEWARE = ["django.middleware.csrf.CsrfViewMiddleware", "django.middleware.clickjacking.XFrameOptionsMiddleware"]
DATABASES = {"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": "test.sqlite3"}}
DEFAULT_AUTO_FIELD = "django.db.models.AutoField"
""",
    "mysite/models.py": """
from django.db import models


class Platform(models.Model):
    issuer = models.CharField(max_length=255, primary_key=True)
    client_id = models.CharField(max_length=255)
    auth_url = models.CharField(max_length=255)
    jwks_url = models.CharField(max_length=255)
""",
    "mysite/migrations/0001_initial.py": """
from django.db import migrations, models


class Migration(migrations.Migration):
    operations = [
        migrations.CreateModel(
            "Platform",
            [
                ("issuer", models.CharField(max_length=255, primary_key=True)),
                *((name, models.CharField(max_length=255)) for name in ("client_id", "auth_url", "jwks_url")),
            ],
        )
    ]
""",
    "mysite/views.py": """
from django.http import HttpResponse, HttpResponseRedirect
from django.urls import path
from django.views.decorators.clickjacking import xframe_options_exempt
from django.views.decorators.csrf import csrf_exempt

from common import claims_of, question
from mysite.models import Platform


def login(request):
    given = {**request.GET.dict(), **request.POST.dict()}
    uri = request.build_absolute_uri("/lti/launch/")
    told, url = question(Platform.objects.get(issuer=given["iss"]), given, uri)
    answer = HttpResponseRedirect(url)
    answer.set_cookie("nonce", told["nonce"])
    return answer


def launch(request):
    if claims_of(Platform.objects.get(), request.POST["id_token"])["nonce"] != request.COOKIES["nonce"]:
        return HttpResponse("an unknown nonce", status=401)
    return HttpResponse("Welcome")


urlpatterns = [
    path("lti/login/", csrf_exempt(xframe_options_exempt(login))),
    path("lti/launch/", csrf_exempt(xframe_options_exempt(launch))),
]
""",
    "mysite/__init__.py": "",
    "mysite/migrations/__init__.py": "",
}


def how_to(title: str, language: str) -> str:
    """The block of a language in a section of *How to*."""
    section = chapter("How to").partition(f"### {title}\n")[2].partition("\n### ")[0]
    return section.partition(f"```{language}\n")[2].partition("```")[0]


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    """An empty folder `my-tool`."""
    (tmp_path / "my-tool").mkdir()
    return Folder(tmp_path / "my-tool", free_port(), free_port())


class TestHowTo:
    """What *How to* says of each framework."""

    def lay_out(self, folder: Folder, title: str) -> None:
        """The tool file of a section, at this folder's ports."""
        text = how_to(title, "toml").replace(":8000", f":{folder.port}")
        platform = f'[platform]\nurl = "http://127.0.0.1:{folder.platform}"\n'
        (folder.path / "lti-conformance.toml").write_text(f"{text}\n{platform}")
        (folder.path / "common.py").write_text(COMMON)

    def test_fastapi(self, folder):
        """Its tool file reads the reason from the detail of an exception."""
        self.lay_out(folder, "FastAPI")
        (folder.path / "main.py").write_text(FASTAPI)
        done = folder.say("run", "--profile", "ltix", "--only", "nonce/never-issued")
        assert done.returncode == 0, done.stdout + done.stderr
        assert "1 passed" in done.stdout

    def test_django(self, folder):
        """Its module makes the registration in a database of its own, and the tool is served."""
        pytest.importorskip("django")
        self.lay_out(folder, "Django")
        for name, text in DJANGO.items():
            path = folder.path / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        (folder.path / "lti_harness.py").write_text(how_to("Django", "py"))
        assert folder.statuses(["nonce/never-issued"]) == {"nonce/never-issued": "passed"}

    def test_pylti1p3(self, monkeypatch, tmp_path):
        """Its configuration knows the platform of the environment."""
        pytest.importorskip("pylti1p3")
        values = {"LTI_PLATFORM_ISSUER": "https://lms.example", "LTI_CLIENT_ID": "tool", "LTI_DEPLOYMENT_ID": "1"}
        values |= {f"LTI_PLATFORM_{name}_URL": f"https://lms.example/{name}" for name in ("AUTH", "TOKEN", "JWKS")}
        for name, value in values.items():
            monkeypatch.setenv(name, value)
        names: dict[str, Any] = {}
        exec(compile(how_to("Flask (PyLTI1p3)", "py"), "README.md", "exec"), names)
        registration = names["tool_conf"].find_registration_by_issuer("https://lms.example")
        assert registration.get_key_set_url() == "https://lms.example/JWKS"
        assert names["tool_conf"].find_deployment("https://lms.example", "1") is not None
        file = tmp_path / "lti-conformance.toml"
        file.write_text(how_to("Flask (PyLTI1p3)", "toml"))
        assert load(file).tool.login_params == {"lti1p3_new_window": "1"}

    def test_express(self, tmp_path):
        """Its tool file is one, and its lines are JavaScript."""
        file = tmp_path / "lti-conformance.toml"
        file.write_text(how_to("Express", "toml"))
        assert load(file).tool.start == "npm start"
        if (node := shutil.which("node")) is None:
            pytest.skip("node is not installed")
        script = tmp_path / "registration.mjs"
        script.write_text(how_to("Express", "js") + "process.stdout.write(registration.clientId);")
        given = {**os.environ, "LTI_CLIENT_ID": "from the environment"}
        done = subprocess.run([node, script], env=given, capture_output=True, text=True, check=True, timeout=60)
        assert done.stdout == "from the environment"

    def test_a_remote_tool(self, folder, monkeypatch):
        """Its file is one; nothing is contacted unless that is allowed; the tool registers the tunnel."""
        monkeypatch.setenv("LTI_SECRET", "known-to-this-test")
        file = folder.path / "lti-conformance.toml"
        file.write_text(how_to("A remote or staging tool", "toml"))
        assert environment(load(file))["LTI_PLATFORM_JWKS_URL"] == "https://some-name.tunnel.example/jwks"
        for command in ("doctor", "calibrate", "run"):
            done = folder.say(command)
            assert (done.returncode, "--allow-remote permits it" in done.stderr) == (2, True), done.stderr

    @pytest.mark.parametrize("title", ["FastAPI", "Django", "Flask (PyLTI1p3)", "Express", "A remote or staging tool"])
    def test_each_is_short(self, title):
        """A section is read at a glance, and its tool file loads."""
        section = chapter("How to").partition(f"### {title}\n")[2].partition("\n### ")[0]
        assert 0 < len(section.strip().splitlines()) <= 32
