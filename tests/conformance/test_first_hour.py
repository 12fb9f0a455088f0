"""Errors of the first hour: each mistake is made by a running tool, recognised, and explained in its own words."""

from __future__ import annotations

import contextlib
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from starlette.middleware import Middleware
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.responses import HTMLResponse, RedirectResponse

from conformance.first_hour import DIAGNOSES, Diagnosis, Failure, diagnose, failure_of
from conformance.mishaps.wording import raised_last
from conformance.profile import load_profile
from conformance.runner import Options, PlainLaunchFailed, Runner
from conformance.target import Start, open_lab
from conformance.toolfile import load
from mockplatform.model import Exchange
from mockplatform.server import listen, serve
from tests.conformance.beginners import Beginner, fetched
from tests.conformance.loopback import free_port, keep_still_once, reset, server
from tests.conformance.makers import make_observation, make_tool

DJANGO_404 = """<title>Page not found at /login</title><h1>Page not found <span>(404)</span></h1>
<p>Request URL: http://127.0.0.1:8000/login?iss=http://127.0.0.1:9400&client_id=lti-conformance</p>
<p>Using the URLconf defined in school.urls, Django tried these URL patterns: registration/ client/</p>"""
DJANGO_400 = "<title>Bad Request (400)</title><body><h1>Bad Request (400)</h1><p></p></body>"
DJANGO_CSRF = "<title>403 Forbidden</title><h1>Forbidden <span>(403)</span></h1><p>CSRF verification failed.</p>"
COOKIE_PAGE = """<script>document.cookie = "test=1"; location = location + "&lti1p3_new_window=1"</script>
<p>Your browser prohibits to save cookies in the iframes.</p>"""


def described(folder: Path, url: str, platform: str, **changes: str) -> Path:
    """A tool file; `tool` and `rest` are added to it, other changes take the place of its values."""
    values = {"login_url": f"{url}/login", "launch_url": f"{url}/launch", "launched": '{ text = "Welcome" }', **changes}
    text = f"""[tool]
login_url = "{values["login_url"]}"
launch_url = "{values["launch_url"]}"
{values.get("tool", "")}
[platform]
url = "{platform}"
[observe]
launched = {values["launched"]}
{values.get("rest", "")}
"""
    path = folder / "lti-conformance.toml"
    path.write_text(text, encoding="utf-8")
    return path


def diagnosis_of(path: Path, *, allow_remote: bool = False) -> Diagnosis | None:
    """What is said about the plain launch of a tool file; None if it works."""
    tool = load(path)
    with open_lab(tool, load_profile("core"), Start(seed=0, clock=time.time), allow_remote=allow_remote) as lab:
        try:
            Runner(lab, Options()).plain_launch()
        except PlainLaunchFailed as failure:
            return diagnose(failure_of(lab, failure.observation))
    return None


@contextlib.contextmanager
def running(folder: Path, file: dict[str, str] | None = None, **mistakes: Any) -> Iterator[Path]:
    """The tool with its mistakes, and its tool file; `{url}`, `{port}` and `{platform}` are filled in."""
    platform = f"http://127.0.0.1:{free_port()}"
    bound = listen()
    port = bound.getsockname()[1]
    url = f"http://127.0.0.1:{port}"

    def filled(value: Any) -> Any:
        known = {"{url}": url, "{port}": str(port), "{platform}": platform}
        for name, text in known.items():
            value = value.replace(name, text) if isinstance(value, str) else value
        return value

    made = {name: filled(value) for name, value in mistakes.items()}
    made |= {name: sent_to(made[name]) for name in made if name.startswith("at_") and isinstance(made[name], str)}
    tool = Beginner(platform=platform, url=url, **made)
    with serve(tool.app, bound, tell=lambda _: None):
        yield described(folder, url, platform, **{name: filled(value) for name, value in (file or {}).items()})


def page(text: str, status: int) -> Any:
    """Answers everybody with this page."""
    return lambda _: HTMLResponse(text, status)


def sent_to(url: str) -> Any:
    """Sends everybody there."""
    return lambda _: RedirectResponse(url, 302)


def raising(message: str) -> Any:
    def fetch(url: str) -> bytes:
        raise OSError(message)

    return fetch


def test_an_honest_tool_gets_none(tmp_path: Path) -> None:
    """A tool that does everything right is told nothing."""
    with running(tmp_path) as path:
        assert diagnosis_of(path) is None


MISTAKES: tuple[tuple[str, dict[str, Any], dict[str, str], str, str], ...] = (
    ("wrong-login-path", {"login_path": "/lti/login"}, {}, "no login at /login: it answers POST with 404", "slash"),
    ("wrong-login-path", {"at_login": page("", 405)}, {}, "at /login: it answers POST with 405", "takes POST"),
    ("wrong-login-path", {"at_login": page(DJANGO_404, 404)}, {}, "no login at /login", "issuer and client id"),
    (
        "not-registered",
        {"issuer": "https://lms.example"},
        {},
        "No registration for issuer http",
        "Register issuer http",
    ),
    ("not-registered", {"at_login": page("Unknown client_id", 404)}, {}, "answers the login with 404", "deployment 1"),
    ("login-crashed", {"at_login": page("KeyError: no such issuer", 500)}, {}, "KeyError: no such", "not registered"),
    ("login-crashed", {"at_login": page("Our platform is away", 503)}, {}, "was not available", "proxy in front of it"),
    (
        "login-crashed",
        {"at_login": page("Internal Server Error", 500)},
        {},
        "crashed in the login: 500",
        "not registered",
    ),
    ("login-goes-on-by-script", {"at_login": page(COOKIE_PAGE, 200)}, {}, "by a script", '{ lti1p3_new_window = "1" }'),
    ("login-goes-on-by-script", {"at_login": page("Open in a new tab", 200)}, {}, "by a script", "new_window"),
    (
        "login-leads-nowhere",
        {"at_login": page("<h1>Sign in</h1>", 200)},
        {},
        "“Sign in”, not with a redirect",
        "password",
    ),
    ("login-refused", {"at_login": page("Go away", 400)}, {}, "answered 400", "issuer and client id"),
    (
        "other-platform",
        {"auth_url": "https://lms.example/auth"},
        {},
        "to https://lms.example/auth",
        "/auth as the auth",
    ),
    ("other-platform", {"auth_url": "http://127.0.0.1:1/auth"}, {}, "to http://127.0.0.1:1/auth", "/auth as the auth"),
    ("wrong-auth-url", {"auth_url": "{platform}/oidc"}, {}, "/oidc, where the platform takes no", "{platform}/auth"),
    ("hints-lost", {"hints": (), "more": {"login_hint": "x"}}, {}, "neither the login_hint nor", "unchanged"),
    (
        "client-id-differs",
        {"client_id": "abc", "audience": "abc"},
        {},
        "sent client_id 'abc', and the tool file says",
        "[platform] client_id",
    ),
    (
        "redirect-uri-differs",
        {"redirect_uri": "{url}/launched"},
        {},
        "the answer at {url}/launched",
        "letter by letter",
    ),
    ("redirect-uri-differs", {"redirect_uri": "https://x.example/"}, {}, "at https://x.example/", "its own address"),
    ("wrong-launch-path", {"at_launch": page("", 405)}, {}, "no launch at /launch: it answers POST with 405", "POST"),
    (
        "insists-on-https",
        {"at_login": page("HTTPS is required", 400)},
        {},
        "refuses plain http",
        'ca_path = "test-ca.pem"',
    ),
    (
        "insists-on-https",
        {"at_launch": page("Error: issuer must use https", 400)},
        {},
        "must use https",
        "[platform] url",
    ),
    (
        "csrf-in-the-way",
        {"at_launch": page(DJANGO_CSRF, 403)},
        {},
        "refused POST {url}/launch with 403",
        "@csrf_exempt",
    ),
    (
        "csrf-in-the-way",
        {"at_login": page("The CSRF token is missing.", 400)},
        {},
        "{url}/login with 400",
        "csrf.exempt",
    ),
    (
        "host-refused",
        {"middleware": [Middleware(TrustedHostMiddleware, allowed_hosts=["lms.example"])]},
        {},
        "answers 400 at {url}/login: it is not to be called 127.0.0.1",
        "ALLOWED_HOSTS",
    ),
    ("host-refused", {"at_login": page(DJANGO_400, 400)}, {}, "not to be called", "Allow 127.0.0.1"),
    ("no-cookie-at-login", {"cookie": None}, {}, "The login set no cookie", "SameSite=None; Secure"),
    ("cookie-out-of-scope", {"cookie": "Path=/login"}, {}, "its path /login does not cover /launch", "Path=/"),
    (
        "cookie-out-of-scope",
        {},
        {"login_url": "http://localhost:{port}/login"},
        "it belongs to localhost, and the launch went to 127.0.0.1",
        "one host",
    ),
    (
        "state-not-found",
        {"cookie": "Path=/; Secure", "at_launch": page("Missing state in session", 400)},
        {},
        "lti-state is Secure over plain http: sent here, as browsers do on loopback",
        "one secret and one store",
    ),
    (
        "state-not-found",
        {"cookie": "Path=/; Domain=tool.example", "at_launch": page("State not found", 400)},
        {},
        "lti-state has the domain tool.example, which is not 127.0.0.1",
        "state and nonce",
    ),
    ("wrong-key-set-url", {"jwks_url": "{platform}/keys"}, {}, "at {platform}/keys, where", "Register {platform}/jwks"),
    (
        "key-set-not-fetched",
        {"jwks_url": "http://127.0.0.1:1/"},
        {},
        "without having fetched the key set",
        "public_url",
    ),
    ("loopback-blocked", {"fetch": raising("private address blocked")}, {}, "refused to fetch the key set", "internal"),
    ("deployment-unknown", {"deployment_id": "7"}, {}, "Unknown deployment", "Register deployment '1'"),
    ("clock-differs", {"leeway_s": -7200}, {}, "times for wrong: “Launch failed:", "clocks"),
    (
        "registration-differs",
        {"audience": "abc"},
        {},
        "who launches: “Launch failed: Audience doesn't match”",
        "client id",
    ),
    ("launched-unseen", {"page": "<h1>Hello</h1>"}, {}, "with 200 and “Hello”, which [observe] launched", "calibrate"),
    (
        "launched-unseen",
        {"page": "<p>Your session has begun</p>"},
        {"launched": '{ css = "main", status = 200 }'},
        "(status = 200, css = 'main')",
        "mend the pattern",
    ),
    (
        "error-on-launched-page",
        {"page": "<p id=note>Welcome</p>"},
        {"rest": '[[observe.error]]\nkind = "html"\ncss = "#note"'},
        "[[observe.error]] finds an error on it: “Welcome”",
        "errors only",
    ),
    ("launch-crashed", {"at_launch": page("Internal Server Error", 500)}, {}, "crashed in the launch: 500", "log"),
    ("launch-refused", {"at_end": page("No", 402)}, {}, "answered 402: “No”", "log"),
    (
        "led-elsewhere",
        {"at_launch": "https://app.example/course"},
        {},
        "to https://app.example after the launch",
        "--allow-remote permits their hosts",
    ),
    (
        "redirects-to-https",
        {"at_login": lambda request: RedirectResponse(str(request.url.replace(scheme="https")), 308)},
        {},
        "sends everybody on from {url}/login to https",
        "SECURE_SSL_REDIRECT",
    ),
    (
        "runs-in-circles",
        {"at_login": "/login"},
        {},
        "without end, last to {url}/login",
        "log",
    ),
    (
        "begins-again",
        {"at_launch": "{platform}/auth?scope=openid"},
        {},
        "began another login",
        "kept from login to launch",
    ),
    (
        "auth-request-flawed",
        {"more": {"prompt": "login"}, "at_end": page("No", 402)},
        {},
        "prompt is 'login'",
        "SEC 5.1.1.2",
    ),
)


@pytest.mark.parametrize(("id_", "mistakes", "file", "happened", "remedy"), MISTAKES)
def test_a_mistake_is_recognised(
    tmp_path: Path, id_: str, mistakes: dict[str, Any], file: dict[str, str], happened: str, remedy: str
) -> None:
    """What happened and what to do, with what was really seen."""
    with running(tmp_path, file, **mistakes) as path:
        tool = load(path)
        known = {"{url}": tool.tool.launch_url.removesuffix("/launch"), "{platform}": tool.platform.url}
        found = diagnosis_of(path)

    for name, text in known.items():
        happened, remedy = happened.replace(name, text), remedy.replace(name, text)
    assert found is not None
    assert (found.id, happened in found.happened, remedy in found.remedy) == (id_, True, True), str(found)
    assert "id_token" not in str(found)


def platform_url() -> str:
    return f"http://127.0.0.1:{free_port()}"


def test_nobody_is_there(tmp_path: Path) -> None:
    """A closed port is no crash."""
    port = free_port()
    found = diagnosis_of(described(tmp_path, f"http://127.0.0.1:{port}", platform_url()))
    assert (found and found.id, found and found.happened) == (
        "nobody-listens",
        f"Nobody answers at http://127.0.0.1:{port}.",
    )


@pytest.mark.parametrize(
    ("talk", "id_", "scheme"),
    [
        (reset, "connection-dropped", "http"),
        (keep_still_once(), "takes-too-long", "http"),
    ],
)
def test_nothing_that_is_an_answer(tmp_path: Path, talk: Any, id_: str, scheme: str) -> None:
    """Dropped connections and silence are told apart."""
    with server(talk) as url:
        found = diagnosis_of(
            described(tmp_path, url.replace("http", scheme), platform_url(), rest="[network]\ntimeout_s = 0.3")
        )
    assert (found and found.id) == id_


def test_tls_where_there_is_none(tmp_path: Path) -> None:
    """A tool that is written https and speaks http is told so."""
    with running(tmp_path, {"login_url": "https://127.0.0.1:{port}/login"}) as path:
        found = diagnosis_of(path)
    assert (found and found.id) == "speaks-plain-http"


def test_a_signature_that_is_refused(tmp_path: Path) -> None:
    """The keys were fetched, so the address is right."""

    def fetch(url: str) -> bytes:
        return fetched(url).replace(b'"kid"', b'"other"')

    with running(tmp_path, fetch=fetch) as path:
        found = diagnosis_of(path)
    assert (found and found.id) == "signature-refused"


def test_an_exception_that_nobody_catches(tmp_path: Path) -> None:
    """The traceback that a framework shows is read for what was raised."""

    def refuse(request: Any) -> Any:
        raise type("DeploymentNotFound", (Exception,), {})("no row of that id")

    with running(tmp_path, debug=True, at_end=refuse) as path:
        found = diagnosis_of(path)
    assert found is not None
    assert (found.id, "DeploymentNotFound: no row of that id”." in found.happened) == ("launch-crashed", True)
    assert "Its text names the deployment, which may be why." in found.remedy


def test_what_a_tool_says_is_quoted_with_care(tmp_path: Path) -> None:
    """Neither tokens nor what steers a terminal is repeated."""
    token = "eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJ1c2VyIn0.c2lnbmF0dXJlLW9mLWEtdG9rZW4"
    with running(tmp_path, at_end=page(f"\x1b[31mNo: {token}", 402)) as path:
        found = diagnosis_of(path)
    assert found is not None
    assert "\x1b" not in str(found)
    assert token.rpartition(".")[2] not in str(found)


class TestWhereItIsSaid:
    def test_doctor(self, run: Any, tmp_path: Path) -> None:
        """`doctor` says it after the steps."""
        with running(tmp_path, deployment_id="7") as path:
            ran = run("doctor", "--tool", path)

        assert ran.code == 3
        assert "The tool may not know the deployment: “Unknown deployment”.\nRegister deployment '1'" in ran.err

    def test_doctor_of_a_tool_that_crashes(self, run: Any, tmp_path: Path) -> None:
        """What the page of a crash says of a setting stands in the remedy."""
        crash = "<h1>500 Server Error</h1><h2>DeploymentNotFound: no deployment of that id</h2>"
        with running(tmp_path, at_end=page(crash, 500)) as path:
            ran = run("doctor", "--tool", path)

        assert ran.code == 3
        assert "The tool crashed in the launch: 500, “" in ran.err
        assert "See its log. Its text names the deployment, which may be why. Register deployment '1'" in ran.err

    def test_run(self, run: Any, tmp_path: Path) -> None:
        """A run that stops says it in its report."""
        with running(tmp_path, cookie="Path=/login") as path:
            ran = run("run", "--tool", path, "--only", "nonce/absent")

        assert ran.code == 3
        assert "its path /login does not cover /launch" in " ".join(ran.out.split())


class TestTheOrder:
    def test_each_function_is_asked_once(self) -> None:
        """No mistake stands twice, and each is one function."""
        assert len({mishap.look for mishap in DIAGNOSES}) == len(DIAGNOSES)

    def test_nothing_known(self) -> None:
        """A failure of which nothing is known is not explained."""
        assert diagnose(Failure(seen=make_observation("rejected"), tool=make_tool())) is None
        assert diagnose(Failure(seen=make_observation("launched"), tool=make_tool())) is None

    def test_basic_launches(self) -> None:
        """LTI 1.1 has one message for its one signature."""
        sent = Exchange(
            asker="browser",
            method="POST",
            url="http://127.0.0.1:9555/basic",
            request_body="oauth_signature=x",
            status=401,
            response_body="No",
        )
        found = diagnose(Failure(seen=make_observation("rejected", exchanges=(sent,)), tool=make_tool(), lti="1.1"))
        assert found is not None
        assert (found.id, "consumer key and secret" in found.remedy) == ("oauth-refused", True)


AT = "http://127.0.0.1:9555"
SET = ("set-cookie", "lti-state=x; Path=/; SameSite=None")
CUT = 16_000
"""How much of a body is kept."""


def step(path: str, status: int | None, body: str = "", **changes: Any) -> Exchange:
    """What the browser sent to the tool, and the answer."""
    values = {"asker": "browser", "method": "POST", "url": f"{AT}{path}", "status": status, "response_body": body[:CUT]}
    return Exchange(**(values | changes))


def login_ended(status: int, body: str) -> Failure:
    """A login that was answered like this."""
    return Failure(seen=make_observation("rejected", exchanges=(step("/login", status, body),)), tool=make_tool())


def launch_ended(
    status: int, body: str, *, cookies: tuple[tuple[str, str], ...] = (SET,), sent: str = "lti-state=x", **facts: Any
) -> Failure:
    """A launch that was answered like this by a tool that has fetched the keys, unless `facts` says otherwise."""
    steps = (
        step("/login", 302, response_headers=(*cookies, ("date", "Sun, 22 Nov 2026 10:00:00 GMT"))),
        step("/launch", status, body, request_body="id_token=x", request_headers=(("cookie", sent),)),
    )
    asked = {"client_id": "lti-conformance", "redirect_uri": make_tool().tool.launch_url}
    seen = {"exchanges": steps, "auth_requests": (asked,), "key_fetches": 1} | facts
    return Failure(seen=make_observation("rejected", **seen), tool=make_tool())


def id_of(failure: Failure) -> str:
    found = diagnose(failure)
    return found.id if found else ""


DJANGO_DEBUG = """<title>KeyError at /login</title><h1>KeyError at /login</h1><pre>&#39;email&#39;</pre>
<h2>Request information</h2><table><tr><td>CSRF_COOKIE</td><td>invalid CSRF token missing</td></tr>
<tr><td>registration</td><td>unknown issuer</td></tr></table><p>Using settings module school.settings</p>"""
TRACEBACK = """Traceback (most recent call last):
  File "/srv/tool/app.py", line 40, in launch
    raise_unless(found, "unknown deployment, invalid client id")  # issuer not found
LINE
"""
DJANGO_RAISED = """<title>DoesNotExist at /launch</title><h1>DoesNotExist
 <span>at /launch</span></h1><pre class="exception_value">Deployment matching query does not exist.</pre>
<h2>Traceback</h2><pre>registration = None # unknown issuer</pre><p>Using settings module school.settings</p>"""
WERKZEUG_RAISED = """<title>LookupError: unknown deployment '1'
 // Werkzeug Debugger</title><h1>LookupError</h1><p class="errormsg">LookupError: unknown deployment '1'</p>
<h2 class="traceback">Traceback <em>(most recent call last)</em></h2><pre>unknown issuer</pre>"""
EXPRESS_RAISED = """<title>Error</title><pre>Error: Unknown client_id<br> &nbsp; &nbsp;at launch (/srv/tool/app.js:12:9)
<br> &nbsp; &nbsp;at Layer.handle (/srv/tool/node_modules/router/lib/layer.js:5:1)</pre>"""
EXPRESS_NAMED = """<title>Error</title><pre>Error: Go away<br> &nbsp; &nbsp;at find.deployment [as unknownDeployment]
 (/srv/deployment/missing.ts:12:9)<br> &nbsp; &nbsp;at async file:///srv/unknown/client.mjs:5:1</pre>"""
RAISED = """Traceback (most recent call last):
  File "/srv/tool/app.py", line 3, in launch
    found = session.execute(registration)  # issuer not found
            ~~~~~~~~~~~~~~~^^^^^^^^^^^^^^
"""
"""What stands above the exception, which may have lines of its own below it."""
SQLALCHEMY = """sqlalchemy.exc.OperationalError: (sqlite3.OperationalError) no such table: platforms
[SQL: SELECT platforms.id]
(Background on this error at: https://sqlalche.me/e/20/e3q8)
"""
PYDANTIC = """pydantic_core._pydantic_core.ValidationError: 1 validation error for Settings
platform
  Field required [type=missing, input_value={}, input_type=dict]
    For further information visit https://errors.pydantic.dev/2.5/v/missing
"""
ECHOED = "correct-horse-battery"
MISSED_404 = "<title>Brightlearn – the learning platform</title><nav><a>Platform</a></nav><h1>Not found</h1>"


class TestWhatItIsNot:
    @pytest.mark.parametrize(
        ("status", "body", "id_"),
        [
            (500, DJANGO_DEBUG, "login-crashed"),
            (500, "ConnectionError: not found: redis/client.py", "login-crashed"),
            (500, "<title>KeyError</title><p>registration unknown</p>", "login-crashed"),
            (503, "Our platform is not available, unknown when", "login-crashed"),
            (404, MISSED_404, "wrong-login-path"),
            (404, "<p>Sorry. Brightlearn – the learning platform for schools</p>", "wrong-login-path"),
            (405, "Method not allowed by client policy", "wrong-login-path"),
            (403, "Forbidden: only platform staff may use this address", "login-refused"),
            (200, "<script src=/app.js></script><h1>Sign in</h1><input name=user>", "login-leads-nowhere"),
            (200, "<script src=/a.js></script>We set cookies<input type=password>", "login-leads-nowhere"),
            (200, "<div id=root></div><script src=/app.js></script>", "login-leads-nowhere"),
            (200, "There is no platform like ours", "login-leads-nowhere"),
            (400, "Registration not found", "not-registered"),
            (404, '{"error": "unknown_issuer", "page": "x"}', "not-registered"),
        ],
    )
    def test_a_word_in_a_login_proves_nothing(self, status: int, body: str, id_: str) -> None:
        """Only a clause that says of a party that it is unknown speaks of a registration, and no server error does."""
        assert id_of(login_ended(status, body)) == id_

    @pytest.mark.parametrize(
        ("status", "body", "id_"),
        [
            (500, DJANGO_DEBUG, "launch-crashed"),
            (500, "IntegrityError: duplicate key value violates unique constraint", "launch-crashed"),
            (500, "ProgrammingError: column events.timestamp does not exist", "launch-crashed"),
            (500, "this deployment has no database, invalid deployment", "launch-crashed"),
            (403, "Please verify your email address first", "launch-refused"),
            (403, "This deployment has no database", "launch-refused"),
            (403, "Your session has expired. Please launch again.", "state-not-found"),
            (400, "mismatching_state: CSRF Warning! State not equal in request and response.", "state-not-found"),
            (403, "Account blocked", "launch-refused"),
            (403, "Your account is blocked. Blocked request.", "launch-refused"),
            (403, "<h1>No enrolment</h1><footer>You are using a secure connection</footer>", "launch-refused"),
            (400, "Error: this browser platform is not supported", "launch-refused"),
            (403, "Error: users from your state may not use this product", "launch-refused"),
            (400, "Error: missing e-mail address for this client", "launch-refused"),
            (403, "<h1>You are not enrolled</h1><p>Docs: CSRF, sessions, forms</p>", "launch-refused"),
            (404, '{"error": "No course with this context id"}', "launch-refused"),
            (400, DJANGO_400, "launch-refused"),
            (400, DJANGO_DEBUG, "launch-refused"),
            (200, "<h1>Hello Ann</h1><p>Next session: Monday. Missing work: 2</p>", "launched-unseen"),
            (200, "Key terms. Missing work", "launched-unseen"),
            (419, "Page Expired", "csrf-in-the-way"),
            (422, "<h1>ActionController::InvalidAuthenticityToken</h1>", "csrf-in-the-way"),
            (401, "jwt expired", "clock-differs"),
            (401, "UnknownDeploymentError", "deployment-unknown"),
            (
                400,
                '{"error": "Failed at launch: deployment not found", "at": "2026-11-22T10:15:30Z"}',
                "deployment-unknown",
            ),
            (400, "Error at validation: state not found (2026-11-22 10:15:30)", "state-not-found"),
            (400, EXPRESS_NAMED, "launch-refused"),
            (400, "404 Client Error: Not Found for url: http://127.0.0.1:9400/members", "launch-refused"),
            (401, "Signature verification failed", "signature-refused"),
        ],
    )
    def test_a_word_in_a_launch_proves_nothing(self, status: int, body: str, id_: str) -> None:
        """Only a clause that says what is wrong with a thing is believed, and nothing that a server error says."""
        assert id_of(launch_ended(status, body)) == id_

    @pytest.mark.parametrize(
        ("status", "body", "id_"),
        [
            (404, '{"error": "Registration not found for issuer"}', "registration-differs"),
            (404, '{"detail": "Not Found"}', "wrong-launch-path"),
            (401, "Cannot fetch jwks of issuer: unknown host", "key-set-not-fetched"),
            (401, "Token is not yet valid", "key-set-not-fetched"),
            (403, "Account blocked", "key-set-not-fetched"),
            (403, "Requests to private addresses are not allowed", "loopback-blocked"),
        ],
    )
    def test_keys_that_were_never_fetched(self, status: int, body: str, id_: str) -> None:
        """They are surer than what words say of the token, and less telling than words about who launches."""
        assert id_of(launch_ended(status, body, key_fetches=0)) == id_

    def test_a_crash_tells_what_is_known_besides(self) -> None:
        """A cookie that did not come may be why, and so may keys."""
        lost = ("set-cookie", "lti-state=x; Path=/login")
        found = diagnose(launch_ended(500, "KeyError: 'state'", cookies=(lost,), sent="", key_fetches=0))
        assert found is not None
        assert found.id == "launch-crashed"
        assert "had not fetched http://127.0.0.1:9400/jwks" in found.happened
        assert "lti-state, set at" in found.happened
        assert "its path /login does not cover /launch" in found.happened

    @pytest.mark.parametrize(
        ("body", "told"),
        [
            ("DeploymentNotFound", "names the deployment, which may be why. Register deployment '1' in the tool"),
            ('{"error": "deployment id not found"}', "names the deployment, which may be why."),
            (TRACEBACK.replace("LINE", "LookupError: unknown deployment 1"), "names the deployment"),
            (DJANGO_RAISED, "names the deployment"),
            (WERKZEUG_RAISED, "names the deployment"),
            (EXPRESS_RAISED, "names who launches, which may be why. Register issuer http"),
            ("InvalidIssuerError: Invalid issuer", "and client id lti-conformance, letter by letter."),
            ("jwt.exceptions.InvalidAudienceError: Audience doesn't match", "names who launches"),
            ("PyJWKClientError: Unable to find a signing key that matches: x", "names keys or a signature"),
            ("InvalidSignatureError: Signature verification failed", "take the key by the token's kid"),
            ("ImmatureSignatureError: The token is not yet valid (iat)", "names the token's times"),
            (
                "pylti1p3.exception.LtiException: State not found",
                "names state or session, which may be why. See whether",
            ),
        ],
    )
    def test_a_crash_whose_text_names_a_setting(self, body: str, told: str) -> None:
        """What an exception says of a setting may be why, and is told as no more than that."""
        found = diagnose(launch_ended(500, body))
        assert found is not None
        assert (found.id, told in found.remedy) == ("launch-crashed", True), found.remedy
        assert found.remedy.startswith("See its log. Its text names ")

    def test_a_crash_over_keys_that_were_never_fetched(self) -> None:
        """There the address is to be looked at, and no key."""
        found = diagnose(launch_ended(500, "PyJWKClientConnectionError: Fail to fetch data", key_fetches=0))
        assert found is not None
        assert "names keys or a signature, which may be why. Register http" in found.remedy
        assert "as the platform's key set URL" in found.remedy

    @pytest.mark.parametrize(
        ("body", "told"),
        [
            ("KeyError: unknown consumer key", "names who launches, which may be why. Register consumer key "),
            ("OAuthError: invalid signature", "names keys or a signature, which may be why. Compare consumer key"),
        ],
    )
    def test_a_crash_over_a_basic_launch(self, body: str, told: str) -> None:
        """LTI 1.1 has a consumer key and its secret in place of issuer and key set."""
        sent = step("/basic", 500, body, request_body="oauth_signature=x")
        found = diagnose(Failure(seen=make_observation("rejected", exchanges=(sent,)), tool=make_tool(), lti="1.1"))
        assert found is not None
        assert (found.id, told in found.remedy) == ("launch-crashed", True), found.remedy

    def test_a_crash_of_the_login_that_names_the_platform(self) -> None:
        """It is told with issuer and client id."""
        found = diagnose(login_ended(500, "<title>ValueError: Unknown client_id // Werkzeug Debugger</title>"))
        assert found is not None
        assert found.id == "login-crashed"
        assert "Its text names the platform, which may be why. Register issuer http" in found.remedy

    @pytest.mark.parametrize(
        ("status", "body"),
        [
            (500, DJANGO_DEBUG),
            (500, "IntegrityError: duplicate key value violates unique constraint"),
            (500, 'UndefinedTable: relation "deployment" does not exist'),
            (500, "OperationalError: no such column: lti_deployment.client_id"),
            (500, "AttributeError: 'NoneType' object has no attribute 'deployment_id'"),
            (500, "TypeError: launch() missing 1 required positional argument: 'deployment_id'"),
            (500, "ModuleNotFoundError: No module named 'platform'"),
            (500, "this deployment has no database, invalid deployment"),
            (500, TRACEBACK.replace("LINE", "KeyError: 'email'")),
            (500, TRACEBACK.replace("LINE", "")),
            (
                500,
                f"{RAISED}requests.exceptions.HTTPError: 404 Client Error: Not Found for url: http://127.0.0.1/scores",
            ),
            (500, "httpx.HTTPStatusError: Client error '404 Not Found' for url 'http://127.0.0.1:9400/scores'"),
            (500, "aiohttp.client_exceptions.ClientResponseError: 404, message='Not Found', url='http://127.0.0.1/'"),
            (503, "invalid deployment"),
            (502, "Unknown client"),
        ],
    )
    def test_a_crash_whose_text_names_none(self, status: int, body: str) -> None:
        """What speaks of the program, or of what stands in front of it, is no reason to look at the registration."""
        for failure in (launch_ended(status, body), login_ended(status, body)):
            found = diagnose(failure)
            assert found is not None
            assert "Its text names" not in found.remedy, found.remedy

    @pytest.mark.parametrize(
        ("body", "quoted"),
        [
            (TRACEBACK.replace("LINE", "LookupError: unknown deployment 1"), "LookupError: unknown deployment 1"),
            (
                f"{RAISED}{SQLALCHEMY}",
                "sqlalchemy.exc.OperationalError: (sqlite3.OperationalError) no such table: platforms",
            ),
            (
                f"{RAISED}{PYDANTIC}",
                "pydantic_core._pydantic_core.ValidationError: 1 validation error for Settings",
            ),
            (
                f"{RAISED}KeyError: 'x'\n\nThe above exception was its direct cause:\n\n{RAISED}LookupError: no\n",
                "LookupError: no",
            ),
            (
                f'{RAISED}TemplateSyntaxError: no end\n  File "/srv/page.html", line 3\n    {{% if',
                "TemplateSyntaxError: no end",
            ),
            (f"{RAISED}KeyError: 'x'\n".replace("\n", "\r\n"), "KeyError: 'x'"),
            (RAISED, "Traceback (most recent call last)"),
        ],
        ids=["one-line", "sqlalchemy", "pydantic", "chained", "template", "carriage-returns", "cut"],
    )
    def test_what_a_traceback_ends_in_is_quoted(self, body: str, quoted: str) -> None:
        """A traceback begins with what is of no use here, and what was raised may say more than one line."""
        found = diagnose(launch_ended(500, body))
        assert found is not None
        assert f"500, “{quoted}”." in found.happened
        assert "Its text names" not in found.remedy or "deployment" in quoted

    def test_what_the_platform_has_noted_goes_before_words(self) -> None:
        """A flawed authentication request is sure, and is told with what the tool answered."""
        found = diagnose(launch_ended(400, "Nonce does not match", auth_problems=("nonce is missing or empty",)))
        assert found is not None
        assert found.id == "auth-request-flawed"
        assert "400 and “Nonce does not match”, and the tool's" in found.happened
        assert "nonce is missing or empty" in found.happened


class TestCookies:
    @pytest.mark.parametrize(
        "over",
        ["Expires=Wed, 01 Jan 2020 00:00:00 GMT", "Max-Age=-1", "Max-Age=0", "expires=Thu, 01-Jan-1970 00:00:00 GMT"],
    )
    def test_one_that_is_over_at_once_is_none(self, over: str) -> None:
        """Its path is not blamed."""
        cookies = (("set-cookie", f"lti-state=x; Path=/; {over}"),)
        found = diagnose(launch_ended(400, "State does not match", cookies=cookies, sent=""))
        assert found is not None
        assert (found.id, "over as soon as it was set" in found.happened) == ("no-cookie-at-login", True)

    def test_one_that_is_taken_away_again_is_not_lost(self) -> None:
        """Answers are followed in their order."""
        taken = (("set-cookie", "old=1; Path=/"), ("set-cookie", "old=; Path=/; Max-Age=0"), SET)
        assert id_of(launch_ended(400, "State not found", cookies=taken)) == "state-not-found"
        put_back = (*taken, ("set-cookie", "lti-state=; Path=/; Max-Age=0"), SET)
        assert id_of(launch_ended(400, "State not found", cookies=put_back)) == "state-not-found"

    def test_another_one_that_is_lost_is_not_blamed(self) -> None:
        """A cookie for another part of the tool is about something else, whatever was refused."""
        other = ("set-cookie", "lang=en; Path=/admin")
        assert (
            id_of(launch_ended(403, "You are not enrolled", cookies=(SET, other), key_fetches=0))
            == "key-set-not-fetched"
        )
        assert id_of(launch_ended(403, "You are not enrolled", cookies=(other,), sent="")) == "launch-refused"

    def test_all_are_lost(self) -> None:
        """Where none comes, and the tool looks no further, that is sure whatever it says."""
        lost = (("set-cookie", "sid=x; Path=/login"),)
        assert id_of(launch_ended(403, "Verboten", cookies=lost, sent="", key_fetches=0)) == "cookie-out-of-scope"

    def test_one_that_did_not_come_for_no_reason_that_it_shows(self) -> None:
        """Neither is a path blamed that fits, nor is it said to have come."""
        found = diagnose(launch_ended(400, "State not found", sent=""))
        assert found is not None
        assert found.id == "state-not-found"
        assert "No cookie of the login came with the launch." in found.happened


class TestQuotes:
    @pytest.mark.parametrize(
        "head", [".error{color:red} ", "var csrfToken = 'CSRF token missing'; "], ids=["style", "script"]
    )
    def test_what_was_cut_in_the_middle_of_a_script(self, head: str) -> None:
        """Neither styles nor scripts are quoted or read, closed or not."""
        tag = "style" if "color" in head else "script"
        page = f"<head><{tag}>{head * 2000}</{tag}></head><h1>You are not enrolled</h1>"
        found = diagnose(launch_ended(403, page, message="You are not enrolled"))
        assert found is not None
        assert (found.id, "“You are not enrolled”" in found.happened) == ("launch-refused", True)

    def test_entities(self) -> None:
        """Text is quoted as a person reads it, and a title that the page repeats once."""
        page = "<title>KeyError: &#39;email&#39;</title><h1>KeyError: &#39;email&#39;</h1>"
        found = diagnose(launch_ended(500, page))
        assert found is not None
        assert "500, “KeyError: 'email'”." in found.happened


class TestSecrets:
    """What the tool file configures is shown by no diagnosis, wherever a tool repeats it."""

    REST = f'probe = {{ request = "GET /api/me", headers = {{ "X-Api-Key" = "{ECHOED}" }} }}'

    @pytest.mark.parametrize("command", ["doctor", "run"])
    @pytest.mark.parametrize("lead", ["", "x" * 90, "x" * 170], ids=["whole", "cut-in-quotes", "cut-in-messages"])
    @pytest.mark.parametrize("mistake", ["at_login", "at_launch"])
    def test_a_secret_that_the_tool_repeats(
        self, run: Any, tmp_path: Path, command: str, lead: str, mistake: str
    ) -> None:
        """Neither whole nor where it was cut, and what is around it stays."""
        said = page(f"{lead} the password {ECHOED} refused", 500)
        with running(tmp_path, {"rest": self.REST}, **{mistake: said}) as path:
            ran = run(command, "--tool", path)

        assert ran.code == 3, ran.out + ran.err
        assert "crashed in the" in " ".join((ran.out + ran.err).split())
        assert ECHOED[:10] not in ran.out + ran.err

    def test_a_secret_that_an_authentication_request_repeats(self, run: Any, tmp_path: Path) -> None:
        """A parameter is quoted as little as a page."""
        with running(tmp_path, {"rest": self.REST}, client_id=ECHOED, audience=ECHOED) as path:
            ran = run("doctor", "--tool", path)

        assert "sent client_id 'corr" in ran.err
        assert ECHOED[:10] not in ran.out + ran.err

    def test_calibrate_shows_none_of_them(self, run: Any, tmp_path: Path) -> None:
        """Those of the [observe] that it reads nothing by are secrets as well."""
        said = page(f"the password {ECHOED} refused", 500)
        with running(tmp_path, {"rest": self.REST}, at_launch=said) as path:
            ran = run("calibrate", "--tool", path)

        assert ran.code == 3, ran.out + ran.err
        assert "the password" in ran.out
        assert "crashed in the launch" in ran.err
        assert ECHOED[:10] not in ran.out + ran.err

    def test_doctor_shows_none_of_them_when_the_launch_works(self, run: Any, tmp_path: Path) -> None:
        """What is said of a mistake that did no harm may repeat one."""
        with running(tmp_path, {"rest": self.REST}, client_id="", more={"prompt": ECHOED}) as path:
            ran = run("doctor", "--tool", path)

        assert ran.code == 0, ran.out + ran.err
        assert "prompt is" in ran.out
        assert ECHOED[:10] not in ran.out + ran.err


CRASHING_ASGI = """
async def app(scope, receive, send):
    if scope["type"] == "http":
        raise {raised}
"""
CRASHING_WSGI = """
def app(environ, start_response):
    raise {raised}
"""
CRASHING_LATE = """
async def app(scope, receive, send):
    if scope["type"] == "http":
        await send({{"type": "http.response.start", "status": 500, "headers": []}})
        await send({{"type": "http.response.body", "body": b"Internal Server Error"}})
        raise {raised}
"""


class TestWhatWasRaised:
    """An exception that only the log of the tool has is quoted."""

    @staticmethod
    def doctor(run: Any, folder: Path, monkeypatch: pytest.MonkeyPatch, text: str) -> str:
        """What `doctor` says of an application with this source in this process."""
        monkeypatch.chdir(folder)
        monkeypatch.syspath_prepend(str(folder))
        monkeypatch.delitem(sys.modules, "crashing_tool", raising=False)
        (folder / "crashing_tool.py").write_text(text, encoding="utf-8")
        url, platform = (f"http://127.0.0.1:{free_port()}" for _ in range(2))
        rest = TestSecrets.REST
        path = described(folder, url, platform, tool='app = "crashing_tool:app"', rest=rest)
        ran = run("doctor", "--tool", path)
        assert ran.code == 3, ran.out + ran.err
        told: str = ran.err
        return told

    @pytest.mark.parametrize("source", [CRASHING_ASGI, CRASHING_WSGI, CRASHING_LATE], ids=["asgi", "wsgi", "late"])
    def test_an_application_that_raises(
        self, run: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, source: str
    ) -> None:
        """Its own word stands in the place of a guess."""
        raised = "ValueError('the colour is too loud')"
        told = self.doctor(run, tmp_path, monkeypatch, source.format(raised=raised))

        assert "The tool crashed in the login: 500" in told
        assert "The last exception in its log is “ValueError: the colour is too loud”." in told
        assert "often it looks up an issuer" not in told

    def test_one_that_names_the_platform(self, run: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """What it names is what may be mended."""
        raised = "LookupError('issuer not registered')"
        told = self.doctor(run, tmp_path, monkeypatch, CRASHING_ASGI.format(raised=raised))
        assert "Its text names the platform, which may be why. Register issuer http" in told

    def test_one_that_names_a_secret(self, run: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """The log is quoted with the same care as a page."""
        raised = f"ValueError('refused {ECHOED}')"
        told = self.doctor(run, tmp_path, monkeypatch, CRASHING_ASGI.format(raised=raised))
        assert "“ValueError: refused " in told
        assert ECHOED[:10] not in told

    @pytest.mark.parametrize(
        ("log", "raised"),
        [
            ("", ""),
            ("ValueError: no traceback", ""),
            ('Traceback (most recent call last):\n  File "a.py"\nA: b\n1.2.3.4 - POST /login 500\n', "A: b"),
            ("Traceback (most recent call last):\nA: b\nthen\nTraceback (most recent call last):\n  x\nC: d\n", "C: d"),
            (
                "  + Exception Group\n    | Traceback (most recent call last):\n    |   File\n    | E: inner\n",
                "E: inner",
            ),
        ],
        ids=["nothing", "none", "followed", "two", "group"],
    )
    def test_the_last_one_of_a_log(self, log: str, raised: str) -> None:
        """Whatever stands around it."""
        assert raised_last(log) == raised


class TestPlainEndings:
    def test_doctor_warns_of_a_request_that_works_by_luck(self, run: Any, tmp_path: Path) -> None:
        """A launch that works despite a flawed authentication request is no reason to be silent about it."""
        with running(tmp_path, client_id="") as path:
            ran = run("doctor", "--tool", path)

        assert ran.code == 0
        assert "! Its authentication request has mistakes: client_id is ''" in ran.out

    @pytest.mark.parametrize("command", [("doctor",), ("calibrate",), ("run",)])
    def test_a_tool_that_cannot_be_prepared(self, run: Any, tmp_path: Path, command: tuple[str, ...]) -> None:
        """A request of [arrange] that fails ends each command alike: nothing was executed, for the tool file."""
        rest = '[profile]\nname = "class"\n[arrange]\nzoom_authorised = { request = "POST {url}/nowhere" }'
        with running(tmp_path, {"rest": rest}) as path:
            ran = run(*command, "--tool", path)

        assert ran.code == 2, ran.out + ran.err
        assert "arrange.zoom_authorised: POST " in ran.out + ran.err
        assert "nowhere answered 404" in ran.out + ran.err
