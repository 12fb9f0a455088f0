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
from mockplatform.tls import authority_at, new_authority, server_context

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


@pytest.mark.parametrize(("host", "kind"), [("127.0.0.1", x509.IPAddress), ("localhost", x509.DNSName)])
def test_certificate_names_the_host(host, kind):
    """An address is named as an address and a name as a name, as clients check it."""
    certificate = new_authority(NOW).certificate
    assert certificate.subject == certificate.issuer
    assert isinstance(server_context(new_authority(NOW), host, NOW), ssl.SSLContext)
    from mockplatform.tls import _alternative

    assert isinstance(_alternative(host), kind)
