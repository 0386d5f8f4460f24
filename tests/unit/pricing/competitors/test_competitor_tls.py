"""The connection a list is fetched by: to the judged address, but with the host's certificate."""

from __future__ import annotations

import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from pricing.competitors.services import competitor_fetch
from pricing.competitors.services.competitor_fetch import Fetcher, FetchRefused
from shop.ground.kernel.clock import utc_now
from tests.factories.competitors import ADDRESS, HOST, Answer, AnsweringServer

LIST = b"sku,price\nBRIE,3.99\n"
# The context that the code under test builds, before a test puts another one in its place.
build_context = ssl.create_default_context


def make_certificate(folder: Path, host: str) -> Path:
    """Write a key and a certificate of `host` that nobody has signed but itself."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, host)])
    now = utc_now()
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(host)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    path = folder / f"{host}.pem"
    path.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        + certificate.public_bytes(serialization.Encoding.PEM)
    )
    return path


@contextmanager
def serve_tls(certificate: Path) -> Iterator[int]:
    """Serve the list over TLS on a port of this machine."""
    server = AnsweringServer(("127.0.0.1", 0), Answer)
    server.answers = {"/list.csv": (200, {"Content-Type": "text/csv"}, LIST)}
    server.handle_error = lambda *_: None  # type: ignore[method-assign]  # refused handshakes are expected
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield server.server_port
    finally:
        server.shutdown()
        server.server_close()


def fetch(port: int, patch: pytest.MonkeyPatch, trusted: Path | None) -> str:
    """Fetch the list as the shop does, its look-up answered by this machine's address."""
    patch.setattr(competitor_fetch, "HTTPS_PORT", port)
    patch.setattr(competitor_fetch, "is_public_address", lambda _: True)
    patch.setattr(ssl, "create_default_context", lambda: build_context(cafile=trusted))
    return Fetcher(allowed_hosts=(HOST,), resolve=lambda _: ["127.0.0.1"]).fetch(ADDRESS)


def test_the_judged_address_must_show_the_hosts_certificate(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    certificate = make_certificate(tmp_path, HOST)
    with serve_tls(certificate) as port:
        assert fetch(port, monkeypatch, certificate) == LIST.decode()


@pytest.mark.parametrize(("host", "is_trusted"), [(HOST, False), ("evil.example", True)])
def test_another_certificate_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, host: str, is_trusted: bool
) -> None:
    certificate = make_certificate(tmp_path, host)
    with (
        serve_tls(certificate) as port,
        pytest.raises(FetchRefused, match="did not answer as it should") as refusal,
    ):
        fetch(port, monkeypatch, certificate if is_trusted else None)
    assert refusal.value.detail == {"problem": "SSLCertVerificationError"}
