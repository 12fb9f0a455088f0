"""LTI scenarios beside other plugins' tests: a Django project whose suite also has database and asyncio tests."""

from __future__ import annotations

import pytest

from conformance.catalogue import scenarios, select
from conformance.profile import load_profile

pytest.importorskip("pytest_django", reason="pytest-django is not installed (dependency group dev)")
pytest.importorskip("pytest_asyncio", reason="pytest-asyncio is not installed (dependency group dev)")

# PyJWKClient asks for keys once in 30 s, so that a spoilt key set is often not seen: no failure, but a skip.
AREAS = ("accepted/keys-*", "certification/student-*", "nonce/*")

PYTEST_INI = """
[pytest]
DJANGO_SETTINGS_MODULE = settings
pythonpath = .
asyncio_mode = strict
asyncio_default_fixture_loop_scope = function
addopts = --strict-markers -p no:schemathesis
filterwarnings =
    error
    default::conformance.plugin.LtiConformanceWarning
"""

SETTINGS = """
import secrets

ALLOWED_HOSTS = ["*"]
DATABASES = {"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
INSTALLED_APPS = ["django.contrib.contenttypes", "django.contrib.auth", "django.contrib.sessions"]
MIDDLEWARE = ["django.contrib.sessions.middleware.SessionMiddleware"]
ROOT_URLCONF = "tool"
SECRET_KEY = secrets.token_hex()
USE_TZ = True
LTI = {}
"""

TOOL = '''
"""An LTI tool of three views: the session lies in the database, and a launch makes a user."""

import functools
import hmac
import secrets
from urllib.parse import urlencode

import jwt
from django.conf import settings
from django.contrib.auth.models import User
from django.core.cache import cache
from django.http import HttpResponse, HttpResponseRedirect
from django.urls import path
from django.views.decorators.csrf import csrf_exempt

CLAIM = "https://purl.imsglobal.org/spec/lti/claim/"


class Refused(Exception):
    pass


@functools.cache
def keys(url):
    return jwt.PyJWKClient(url)


@csrf_exempt
def login(request):
    sent, lti = request.POST or request.GET, settings.LTI
    if sent.get("iss") != lti["issuer"] or not sent.get("login_hint"):
        return HttpResponse("unknown platform", status=400)
    begun = {"state": secrets.token_urlsafe(), "nonce": secrets.token_urlsafe()}
    request.session["login"] = begun
    params = {
        "scope": "openid",
        "response_type": "id_token",
        "response_mode": "form_post",
        "prompt": "none",
        "client_id": lti["client_id"],
        "redirect_uri": request.build_absolute_uri("/launch"),
        "login_hint": sent["login_hint"],
        "lti_message_hint": sent.get("lti_message_hint", ""),
        **begun,
    }
    return HttpResponseRedirect(lti["auth_url"] + "?" + urlencode(params))


@csrf_exempt
def launch(request):
    try:
        claims = verified(request.POST, request.session.pop("login", None))
    except (Refused, jwt.PyJWTError) as error:
        return HttpResponse(str(error), status=401)
    user, _ = User.objects.get_or_create(username=claims["sub"])
    request.session["user"] = user.pk
    return HttpResponse("Welcome, user " + str(user.pk))


def verified(form, begun):
    lti = settings.LTI
    if begun is None or not hmac.compare_digest(form.get("state", "").encode(), begun["state"].encode()):
        raise Refused("state")
    token = form.get("id_token", "")
    kid = jwt.get_unverified_header(token).get("kid")
    if not kid:
        raise Refused("kid")
    claims = jwt.decode(
        token,
        keys(lti["jwks_url"]).get_signing_key(kid).key,
        algorithms=["RS256"],
        issuer=lti["issuer"],
        audience=lti["client_id"],
        options={"require": ["exp", "iat", "nonce", "sub"]},
    )
    if claims["nonce"] != begun["nonce"] or not cache.add("nonce-" + claims["nonce"], 1):
        raise Refused("nonce")
    expected = {"version": "1.3.0", "message_type": "LtiResourceLinkRequest", "deployment_id": lti["deployment_id"]}
    for name, value in expected.items():
        if claims.get(CLAIM + name) != value:
            raise Refused(name)
    if not claims["sub"] or not isinstance(claims.get(CLAIM + "roles"), list):
        raise Refused("sub or roles")
    if not claims.get(CLAIM + "resource_link", {}).get("id"):
        raise Refused("resource_link")
    return claims


def me(request):
    return HttpResponse("me", status=200 if "user" in request.session else 401)


urlpatterns = [path("login", login), path("launch", launch), path("me", me)]
'''

CONFTEST = """
import pytest

from conformance import InProcess, Launched, Observe, Probe


@pytest.fixture(scope="session")
def lti_tool(lti_platform):
    from django.conf import settings
    from django.core.{gateway} import get_{gateway}_application

    for name in ("issuer", "client_id", "deployment_id", "auth_url", "jwks_url"):
        settings.LTI[name] = getattr(lti_platform, name)
    return InProcess(
        app=get_{gateway}_application(),
        login="/login",
        launch="/launch",
        observe=Observe(launched=Launched(status=200, text="Welcome"), probe=Probe(request="GET /me")),
    )
"""

TEST_LAUNCHES = f"""
import pytest

from conformance import lti_suite

pytestmark = pytest.mark.django_db(transaction=True)
test_scenarios = lti_suite(profile="core", only={AREAS!r})
"""

TEST_DATABASE = """
import pytest
from django.contrib.auth.models import User


@pytest.mark.django_db
def test_a_row_is_written():
    User.objects.create(username="ada")
    assert list(User.objects.values_list("username", flat=True)) == ["ada"]


@pytest.mark.django_db
def test_no_row_is_left_by_others(client):
    assert client.get("/me").status_code == 401
    assert User.objects.count() == 0


def test_the_database_stays_locked_for_all_others():
    with pytest.raises(RuntimeError, match="Database access not allowed"):
        User.objects.count()


@pytest.mark.django_db(transaction=True)
def test_a_launch_leaves_a_user(lti_launch):
    assert lti_launch().outcome == "launched"
    assert lti_launch(mutations=["signature.flipped_bit"]).outcome == "rejected"
    assert User.objects.exists()
"""

TEST_LOOPS = """
import asyncio

import pytest
import pytest_asyncio
from django.contrib.auth.models import User


@pytest_asyncio.fixture
async def number():
    await asyncio.sleep(0)
    return 7


@pytest.mark.asyncio
async def test_a_loop_runs(number):
    assert await asyncio.gather(asyncio.sleep(0, number), asyncio.sleep(0, 8)) == [7, 8]


@pytest.mark.asyncio
@pytest.mark.django_db(transaction=True)
async def test_a_launch_from_inside_a_loop(lti_launch):
    assert lti_launch(mutations=['claims.without(claim="nonce")']).outcome == "rejected"
    assert lti_launch().outcome == "launched"
    assert await User.objects.aexists()
"""

TESTS = {"test_launches.py": TEST_LAUNCHES, "test_database.py": TEST_DATABASE, "test_loops.py": TEST_LOOPS}
OTHERS = 6


@pytest.fixture(params=["asgi", "wsgi"])
def project(request: pytest.FixtureRequest, pytester: pytest.Pytester) -> pytest.Pytester:
    """A Django project with an LTI tool, reached through one of Django's two gateways."""
    sources = {
        "settings.py": SETTINGS,
        "tool.py": TOOL,
        "conftest.py": CONFTEST.format(gateway=request.param),
        "pytest.ini": PYTEST_INI,
        **TESTS,
    }
    for name, text in sources.items():
        pytester.path.joinpath(name).write_text(text, "utf-8")
    return pytester


@pytest.mark.parametrize("names", [tuple(TESTS), tuple(reversed(TESTS))], ids=["launches-first", "launches-last"])
def test_launches_live_with_django_and_asyncio_tests(project: pytest.Pytester, names: tuple[str, ...]) -> None:
    """LTI scenarios, database tests and asyncio tests pass in one run, whichever come first."""
    outcome = project.runpytest_subprocess("-q", *names)

    assert outcome.ret == 0
    assert_all_came_to_something(outcome)


def test_launches_live_with_other_suites_on_several_workers(project: pytest.Pytester) -> None:
    """The same holds when xdist deals all of them out to two processes."""
    pytest.importorskip("xdist", reason="pytest-xdist is not installed (dependency group dev)")

    outcome = project.runpytest_subprocess("-q", "-n", "2", *TESTS)

    assert outcome.ret == 0
    assert_all_came_to_something(outcome)


def assert_all_came_to_something(outcome: pytest.RunResult) -> None:
    """Every test passed, but for scenarios that were skipped for want of something."""
    counts = outcome.parseoutcomes()
    chosen = select(scenarios(), load_profile("core"), AREAS)
    assert counts.get("passed", 0) + counts.get("skipped", 0) == len(chosen) + OTHERS
    assert counts.get("skipped", 0) < len(chosen) / 4
    assert {"failed", "errors", "xfailed"}.isdisjoint(counts)
