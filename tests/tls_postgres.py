"""A PostgreSQL that takes TLS connections only, under a certificate that an authority made for the test signed."""

from __future__ import annotations

import os
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING
from urllib.parse import quote

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from tests.postgres import PostgresServer

if TYPE_CHECKING:
    from pathlib import Path


class TlsPostgres(PostgresServer):
    """Its authority's certificate is ``authority``."""

    def __init__(self, binaries: Path, folder: Path) -> None:
        self.authority = make_authority(folder)
        self._signed = folder
        super().__init__(binaries)

    def tls_url(self, database: str, authority: Path | None = None) -> str:
        """Return the address of a database that is trusted only under an authority."""
        root = quote(str(authority or self.authority), safe="")
        return f"postgresql://postgres@localhost:{self.port}/{database}?sslmode=verify-full&sslrootcert={root}"

    def _initdb(self) -> None:
        super()._initdb()
        data = self._folder / "data"
        (data / "pg_hba.conf").write_text("hostssl all all 127.0.0.1/32 trust\n")
        for name in ("server.pem", "server.key"):
            target = data / name
            target.write_bytes((self._signed / name).read_bytes())
            target.chmod(0o600)
            if self._account:
                os.chown(target, self._account.pw_uid, self._account.pw_gid)

    def _settings(self) -> list[str]:
        return [*super()._settings(), "ssl=on", "ssl_cert_file=server.pem", "ssl_key_file=server.key"]


def make_authority(folder: Path) -> Path:
    """Make an authority and, signed by it, the certificate and key of a server on localhost; return its certificate."""
    keys = [ec.generate_private_key(ec.SECP256R1()) for _ in range(2)]
    names = [x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)]) for name in ("A test's authority", "localhost")]
    alternative = x509.SubjectAlternativeName([x509.DNSName("localhost")])
    root = _certificate(names[0], names[0], keys[0]).add_extension(x509.BasicConstraints(True, None), critical=True)
    server = _certificate(names[1], names[0], keys[1]).add_extension(alternative, critical=False)
    key = keys[1].private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    (folder / "server.key").write_bytes(key)
    for name, built in (("authority.pem", root), ("server.pem", server)):
        (folder / name).write_bytes(built.sign(keys[0], hashes.SHA256()).public_bytes(Encoding.PEM))
    return folder / "authority.pem"


def _certificate(subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePrivateKey) -> x509.CertificateBuilder:
    now = datetime.now(UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
    )
