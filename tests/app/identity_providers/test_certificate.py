"""A provider that asks its clients for a certificate gets ours, and nobody without one is answered."""

import json
import ssl
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from ipaddress import ip_address
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from app.errors import WorkbenchError
from app.identity_providers.discovery import Discovery, _published, fetch_json, trust_of
from app.identity_providers.errors import ProviderRefusalError
from app.identity_providers.profile import ProviderProfile, profile_of
from app.settings import Settings

NAMES = {"authorization_endpoint", "token_endpoint", "userinfo_endpoint", "jwks_uri"}


def _named(name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])


class Authority:
    """Makes certificates for a day, as files of a folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.file = folder / "authority.pem"
        made = self._signed("authority", self.key, is_authority=True)
        self.file.write_bytes(made.public_bytes(serialization.Encoding.PEM))

    def _signed(self, name: str, key: ec.EllipticCurvePrivateKey, *, is_authority: bool) -> x509.Certificate:
        now = datetime.now(UTC)
        builder = (
            x509.CertificateBuilder().subject_name(_named(name)).issuer_name(_named("authority"))
            .public_key(key.public_key()).serial_number(x509.random_serial_number())
            .not_valid_before(now - timedelta(hours=1)).not_valid_after(now + timedelta(days=1))
            .add_extension(x509.BasicConstraints(ca=is_authority, path_length=None), critical=True)
            .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
        )  # fmt: skip
        return builder.sign(self.key, hashes.SHA256())

    def make(self, name: str) -> tuple[str, str]:
        """Certificate and key of this name."""
        key = ec.generate_private_key(ec.SECP256R1())
        certificate, private = self.folder / f"{name}.pem", self.folder / f"{name}.key"
        made = self._signed(name, key, is_authority=False)
        certificate.write_bytes(made.public_bytes(serialization.Encoding.PEM))
        private.write_bytes(
            key.private_bytes(
                serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
            )
        )
        return str(certificate), str(private)


@pytest.fixture
def authority(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Authority:
    made = Authority(tmp_path)
    monkeypatch.setenv("SSL_CERT_FILE", str(made.file))
    for name in ("HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.delenv(name, raising=False)
    return made


class _Answering(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        assert isinstance(self.connection, ssl.SSLSocket)
        subject = dict(pair for part in self.connection.getpeercert()["subject"] for pair in part)  # type: ignore[index]
        self.send_response(200)
        self.end_headers()
        self.wfile.write(json.dumps({"who": subject["commonName"]}).encode())

    def log_message(self, *_said: object) -> None:
        """Nothing."""


@pytest.fixture
def provider(authority: Authority) -> Iterator[str]:
    """The address of a server that answers who its client is, and nobody without a certificate."""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH, cafile=str(authority.file))
    context.load_cert_chain(*authority.make("server"))
    context.verify_mode = ssl.CERT_REQUIRED
    server = HTTPServer(("127.0.0.1", 0), _Answering)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"https://127.0.0.1:{server.server_address[1]}/"
    server.shutdown()
    thread.join()
    server.server_close()


def profile(certificate: str = "", key: str = "") -> ProviderProfile:
    settings = Settings(
        oidc_issuer="https://identite.exemple", oidc_client_id="a", oidc_client_secret="b",
        public_address="https://atelier.exemple", oidc_certificate=certificate, oidc_certificate_key=key,
    )  # fmt: skip
    found = profile_of(settings)
    assert found is not None
    return found


def test_our_certificate_is_shown_to_who_asks_for_it(provider: str, authority: Authority) -> None:
    ours = profile(*authority.make("atelier"))
    assert fetch_json("GET", provider, trust=Discovery(ours).trust) == (200, {"who": "atelier"})
    with pytest.raises(ProviderRefusalError):
        fetch_json("GET", provider, trust=trust_of(profile()))


def test_the_addresses_kept_for_certificates_are_used_with_one_only(authority: Authority) -> None:
    told = {name: f"https://identite.exemple/{name}" for name in NAMES} | {
        "issuer": "https://identite.exemple",
        "mtls_endpoint_aliases": {
            "token_endpoint": "https://mtls.exemple/token", "userinfo_endpoint": "http://mtls.exemple/clair"
        },
    }  # fmt: skip
    with_one = _published(profile(*authority.make("atelier")), told)
    assert with_one.token == "https://mtls.exemple/token"
    assert with_one.userinfo == "https://identite.exemple/userinfo_endpoint", "never in clear"
    assert _published(profile(), told).token == "https://identite.exemple/token_endpoint"


def test_a_certificate_that_cannot_be_read_is_said(tmp_path: Path, authority: Authority) -> None:
    certificate, _ = authority.make("atelier")
    (tmp_path / "vide.key").write_bytes(b"")
    sealed = ec.generate_private_key(ec.SECP256R1()).private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.BestAvailableEncryption(b"x" * 12)
    )
    (tmp_path / "scellee.key").write_bytes(sealed)
    for key in ("absent.key", str(tmp_path / "vide.key"), str(tmp_path / "scellee.key"), ""):
        with pytest.raises(WorkbenchError, match="Le certificat"):
            trust_of(profile(certificate, key))
