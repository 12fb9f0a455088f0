"""An LTI 1.1 tool on django-lti-toolbox, as the sandbox of its repository lays one out: a whole project in one file.

The library was chosen because one can build a page of one's own on it (2.0.0 is of 2024) and it runs on current Django.
PyLTI 0.7.0 is of 2018 and rests on `oauth2`, which signs some honest launches wrongly; jupyterhub-ltiauthenticator
1.6.3 is of 2026, but lets people into a JupyterHub and nothing else.

It checks nothing that the library does not check. The database lives in memory, and the replay protection, as the
sandbox has it, in the cache of this one process.
"""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

import django
from django.conf import settings
from django.core.management import call_command, execute_from_command_line
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.urls import path
from django.utils.html import format_html

if TYPE_CHECKING:
    from lti_toolbox.exceptions import LTIException
    from lti_toolbox.lti import LTI

settings.configure(
    SECRET_KEY=os.urandom(32).hex(),
    ALLOWED_HOSTS=["127.0.0.1", "localhost"],
    ROOT_URLCONF=__name__,
    INSTALLED_APPS=["lti_toolbox"],
    MIDDLEWARE=["django.contrib.sessions.middleware.SessionMiddleware"],
    DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": "file:tool?mode=memory&cache=shared"}},
    # By default it forgets from the 300th entry on, that is a launch whose form may still be sent again.
    CACHES={
        "default": {
            "BACKEND": "django.core.cache.backends.locmem.LocMemCache",
            "OPTIONS": {"MAX_ENTRIES": 100_000},
        }
    },
    SESSION_ENGINE="django.contrib.sessions.backends.signed_cookies",
    # The tool is shown in a frame of the LMS, where browsers send no other cookie.
    SESSION_COOKIE_SAMESITE="None",
    SESSION_COOKIE_SECURE=True,
    DEFAULT_AUTO_FIELD="django.db.models.AutoField",
)
django.setup()

from lti_toolbox.models import LTIConsumer, LTIPassport  # noqa: E402 - models need the settings
from lti_toolbox.views import BaseLTIView  # noqa: E402

LAUNCHED = "<!doctype html><title>Game</title><h1>Welcome {}</h1>"
REFUSED = '<!doctype html><title>Game</title><p id="lti-error">{}</p>'


class Launch(BaseLTIView):
    """The launch, verified by the library before either method is called."""

    def _do_on_success(self, lti_request: LTI, *_args: object, **_kwargs: object) -> HttpResponse:
        self.request.session.flush()
        self.request.session["user"] = lti_request.get_param("user_id")
        name = lti_request.get_param("lis_person_name_full", "")
        return HttpResponse(format_html(LAUNCHED, name))

    def _do_on_failure(self, _request: HttpRequest, error: LTIException) -> HttpResponse:
        return HttpResponse(format_html(REFUSED, error), status=403)


def home(_request: HttpRequest) -> HttpResponse:
    return HttpResponse("django-lti-toolbox")


def me(request: HttpRequest) -> JsonResponse:
    if "user" not in request.session:
        return JsonResponse({"error": "no session"}, status=401)
    return JsonResponse({"user": request.session["user"]})


urlpatterns = [path("", home), path("lti/launch", Launch.as_view()), path("api/me", me)]


def register_platform() -> None:
    """What an administrator of the tool enters: the consumer, with its key and its secret."""
    consumer = LTIConsumer.objects.create(slug="lms", title="LMS")
    LTIPassport.objects.create(
        title="LMS",
        consumer=consumer,
        oauth_consumer_key=os.environ["LTI_CONSUMER_KEY"],
        shared_secret=os.environ["LTI_CONSUMER_SECRET"],
    )


if __name__ == "__main__":
    call_command("migrate", verbosity=0)
    register_platform()
    execute_from_command_line(sys.argv)
