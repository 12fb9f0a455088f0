"""A test CA for platforms that are served by https.

Some tools refuse plain http for issuer, authentication, token and key set URLs. The CA's certificate can be
exported, so that the tool can trust it; its key stays beside it, for its owner alone, so that a tool which is
already running goes on trusting the next run.
"""

from __future__ import annotations

import datetime
import ipaddress
import os
import ssl
import tempfile
from dataclasses import dataclass
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from mockplatform.errors import UsageError

__all__ = ["CertificateAuthority", "authority_at", "new_authority", "server_certificate", "server_context"]

LIFETIME = datetime.timedelta(days=365)
_BACKDATED = datetime.timedelta(hours=1)
_THIS_MACHINE = ("127.0.0.1", "localhost")


@dataclass(frozen=True, slots=True, kw_only=True)
class CertificateAuthority:
    """A CA that signs certificates for this machine's own addresses."""

    key: ec.EllipticCurvePrivateKey
    certificate: x509.Certificate

    @property
    def pem(self) -> bytes:
        """The certificate to trust."""
        return self.certificate.public_bytes(serialization.Encoding.PEM)


def new_authority(now: datetime.datetime) -> CertificateAuthority:
    """A CA that nobody trusts yet."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = _name("lti-conformance test CA")
    certificate = (
        _builder(name, name, key, now)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    return CertificateAuthority(key=key, certificate=certificate)


def authority_at(path: Path, now: datetime.datetime) -> CertificateAuthority:
    """The CA whose certificate lies at a path and its key beside it as `<path>.key`; made if there is none.

    Raises:
        UsageError: the files cannot be read or written, or belong to something else.
    """
    key_path = path.with_name(path.name + ".key")
    try:
        if path.exists() and key_path.exists():
            key = serialization.load_pem_private_key(key_path.read_bytes(), None)
            certificate = x509.load_pem_x509_certificate(path.read_bytes())
            if not isinstance(key, ec.EllipticCurvePrivateKey) or certificate.public_key() != key.public_key():
                raise UsageError(f"{path}: the certificate and {key_path.name} do not belong together; remove both")
            return CertificateAuthority(key=key, certificate=certificate)
        if path.exists():
            raise UsageError(f"{path}: a certificate without its key {key_path.name} is not ours; choose another path")
        made = new_authority(now)
        path.write_bytes(made.pem)
        with os.fdopen(os.open(key_path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
            file.write(_pem(made.key))
    except (OSError, ValueError) as error:
        raise UsageError(f"{path}: cannot use this place for the test CA: {error}") from None
    return made


def server_certificate(
    authority: CertificateAuthority, host: str, now: datetime.datetime
) -> tuple[ec.EllipticCurvePrivateKey, x509.Certificate]:
    """A key and its certificate for a server that is reached by this host, or on this machine."""
    key = ec.generate_private_key(ec.SECP256R1())
    names = [_alternative(name) for name in dict.fromkeys((host, *_THIS_MACHINE))]
    certificate = (
        _builder(_name(host), authority.certificate.subject, key, now)
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .sign(authority.key, hashes.SHA256())
    )
    return key, certificate


def server_context(authority: CertificateAuthority, host: str, now: datetime.datetime) -> ssl.SSLContext:
    """What a server for this host speaks TLS with; TLS 1.2 at least (SEC 3)."""
    key, certificate = server_certificate(authority, host, now)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    # The ssl module reads a chain from a file and from nowhere else.
    with tempfile.NamedTemporaryFile() as chain:
        chain.write(_pem(key) + certificate.public_bytes(serialization.Encoding.PEM) + authority.pem)
        chain.flush()
        context.load_cert_chain(chain.name)
    return context


def _builder(
    subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePrivateKey, now: datetime.datetime
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - _BACKDATED)
        .not_valid_after(now + LIFETIME)
    )


def _name(text: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text[:64])])


def _alternative(host: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(host))
    except ValueError:
        return x509.DNSName(host)


def _pem(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
