from __future__ import annotations

import datetime
import ssl
import stat
import time

import httpx2
import pytest
from cryptography import x509

from mockplatform.app import create_app
from mockplatform.errors import UsageError
from mockplatform.keys import KeyRing
from mockplatform.lms import Platform
from mockplatform.server import listen, serve
from mockplatform.tls import authority_at, new_authority, server_certificate, server_context

NOW = datetime.datetime.now(datetime.UTC)


@pytest.fixture
def platform():
    return Platform(url="https://127.0.0.1", clock=time.time, new_id=lambda: "id", keys=KeyRing())


def trusting(pem: bytes) -> ssl.SSLContext:
    return ssl.create_default_context(cadata=pem.decode())


def test_key_set_is_served_to_whoever_trusts_the_exported_ca(platform, tmp_path):
    """A client that trusts the file at `ca_path` reads the key set over TLS."""
    authority = authority_at(tmp_path / "ca.pem", NOW)
    context = trusting((tmp_path / "ca.pem").read_bytes())
    with serve(create_app(platform), listen(), server_context(authority, "127.0.0.1", NOW)) as url:
        answer = httpx2.get(f"{url}/jwks", verify=context)
    assert url.startswith("https://127.0.0.1:")
    assert [key["kty"] for key in answer.json()["keys"]] == ["RSA"]


def test_a_client_that_trusts_nobody_gets_nothing(platform):
    """Without the CA the handshake fails, so the certificate really is the CA's."""
    with (
        serve(create_app(platform), listen(), server_context(new_authority(NOW), "127.0.0.1", NOW)) as url,
        pytest.raises(httpx2.ConnectError, match="CERTIFICATE_VERIFY_FAILED"),
    ):
        httpx2.get(f"{url}/jwks", verify=trusting(new_authority(NOW).pem))


def test_the_ca_of_an_earlier_run_is_used_again(tmp_path):
    """A tool that trusted the CA yesterday trusts it today."""
    first = authority_at(tmp_path / "ca.pem", NOW)
    assert authority_at(tmp_path / "ca.pem", NOW).pem == first.pem


def test_the_ca_key_is_for_its_owner_alone(tmp_path):
    """Nobody else on the machine can sign with the test CA."""
    authority_at(tmp_path / "ca.pem", NOW)
    assert stat.S_IMODE((tmp_path / "ca.pem.key").stat().st_mode) == 0o600


def test_somebody_elses_certificate_is_not_overwritten(tmp_path):
    """A certificate without our key beside it is left alone, and the message says what to do."""
    path = tmp_path / "ca.pem"
    path.write_text("mine")
    with pytest.raises(UsageError, match=r"ca\.pem: .* choose another path"):
        authority_at(path, NOW)
    assert path.read_text() == "mine"


def test_a_key_that_is_not_the_certificates_is_refused(tmp_path):
    """Two files of different CAs are told apart before a handshake fails."""
    authority_at(tmp_path / "one.pem", NOW)
    authority_at(tmp_path / "two.pem", NOW)
    (tmp_path / "one.pem.key").replace(tmp_path / "two.pem.key")
    with pytest.raises(UsageError, match="do not belong together"):
        authority_at(tmp_path / "two.pem", NOW)


def test_a_place_that_cannot_be_written_is_named(tmp_path):
    """A missing folder is one line that names the path."""
    with pytest.raises(UsageError, match="no/ca.pem: cannot use this place"):
        authority_at(tmp_path / "no" / "ca.pem", NOW)


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "lms.test", "192.0.2.7"])
def test_certificate_names_the_host_and_this_machine(host):
    """Host, 127.0.0.1 and localhost are each named once, an address as an address, as clients check it."""
    certificate = server_certificate(new_authority(NOW), host, NOW)[1]
    named = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    addresses, names = named.get_values_for_type(x509.IPAddress), named.get_values_for_type(x509.DNSName)
    assert sorted([*map(str, addresses), *names]) == sorted({"127.0.0.1", "localhost", host})


@pytest.mark.parametrize("name", ["127.0.0.1", "localhost"])
def test_a_platform_for_another_host_is_reached_by_this_machine_s_names(platform, name):
    """Whoever types localhost instead of the address gets through, too."""
    authority, bound = new_authority(NOW), listen()
    port = bound.getsockname()[1]
    with serve(create_app(platform), bound, server_context(authority, "lms.test", NOW)):
        answer = httpx2.get(f"https://{name}:{port}/jwks", verify=trusting(authority.pem))
    assert answer.status_code == 200
