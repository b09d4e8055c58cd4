"""The http probe before a real TLS server, with certificates made for the test."""

from __future__ import annotations

import asyncio
import http.server
import socketserver
import ssl
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from standfast.detector.check_tables import HttpCheck
from standfast.detector.finding import Finding
from standfast.detector.model import Outcome
from standfast.detector.prober import look
from standfast.detector.probes.http import HttpProbe

OK, FAIL, UNKNOWN = Outcome.OK, Outcome.FAIL, Outcome.UNKNOWN
DAY_S = 86400


def openssl(*arguments: str, cwd: Path) -> None:
    subprocess.run(["openssl", *arguments], cwd=cwd, check=True, capture_output=True, timeout=30)


def certificate(directory: Path, name: str, days: int, names: str) -> Path:
    """A certificate that signs itself, with its key behind it, as one file; `days` may lie behind."""
    (directory / f"{name}.ext").write_text(f"subjectAltName={names}\n")
    curve = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-subj", f"/CN={name}")
    openssl("req", "-new", *curve, "-keyout", f"{name}.key", "-out", f"{name}.csr", cwd=directory)
    made = ("-signkey", f"{name}.key", "-days", str(days), "-extfile", f"{name}.ext", "-out", f"{name}.pem")
    openssl("x509", "-req", "-in", f"{name}.csr", *made, cwd=directory)
    return directory / f"{name}.pem"


class _Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b"all is well")

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """Not on the test's output."""


class _Server(socketserver.ThreadingTCPServer):
    daemon_threads = True

    def __init__(self, context: ssl.SSLContext | None) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        if context is not None:
            self.socket = context.wrap_socket(self.socket, server_side=True)

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that turns away from the certificate is what is tested."""


@contextmanager
def server(pem: Path | None) -> Iterator[int]:
    """A web server with that certificate, or without TLS."""
    context = None
    if pem is not None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(pem, pem.with_suffix(".key"))
    with _Server(context) as found:
        threading.Thread(target=found.serve_forever, args=(0.01,), daemon=True).start()
        try:
            yield found.server_address[1]
        finally:
            found.shutdown()


def probe(port: int, **more: Any) -> Finding:
    check = HttpCheck(url=f"https://127.0.0.1:{port}/health", **more)
    return asyncio.run(look(HttpProbe(check), check.timeout_s))


@pytest.fixture(scope="module")
def directory(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("certificates")


@pytest.fixture(scope="module")
def own(directory: Path) -> Path:
    """For this host, good for another nine days."""
    return certificate(directory, "own", 9, "DNS:localhost,IP:127.0.0.1")


def test_a_certificate_of_its_own_is_trusted_by_naming_it(own: Path) -> None:
    with server(own) as port:
        found = probe(port, ca_file=str(own), contains="all is well")
    assert (found.outcome, found.detail) == (OK, "status 200")
    assert found.expires_at == pytest.approx(time.time() + 9 * DAY_S, abs=3600)


def test_one_that_nobody_vouches_for_is_unknown_and_says_what_to_do(own: Path) -> None:
    with server(own) as port:
        found = probe(port)
    assert found.outcome is UNKNOWN
    assert found.detail.startswith("its certificate is not trusted: self")
    assert found.detail.endswith("name it in ca_file")


def test_an_expired_one_is_unknown_with_its_reason_for_no_restart_renews_it(directory: Path) -> None:
    expired = certificate(directory, "expired", -1, "IP:127.0.0.1")
    with server(expired) as port:
        found = probe(port, ca_file=str(expired))
    assert found == Finding(UNKNOWN, "its certificate is not trusted: certificate has expired")


def test_one_for_another_name_is_unknown_unless_that_name_is_wanted(directory: Path) -> None:
    other = certificate(directory, "other", 90, "DNS:bot.example")
    with server(other) as port:
        found = probe(port, ca_file=str(other))
        wanted = probe(port, ca_file=str(other), tls_name="bot.example")
    assert found.outcome is UNKNOWN
    assert "not valid for '127.0.0.1'" in found.detail
    assert wanted.outcome is OK


def test_a_server_without_tls_fails() -> None:
    with server(None) as port:
        found = probe(port)
    assert found.outcome is FAIL
    assert "no TLS" in found.detail


def test_a_renewed_ca_file_is_read_again(directory: Path, own: Path) -> None:
    trusted = directory / "trusted.pem"
    newer = certificate(directory, "newer", 365, "IP:127.0.0.1")
    trusted.write_bytes(own.read_bytes())
    with server(newer) as port:
        https = HttpProbe(HttpCheck(url=f"https://127.0.0.1:{port}/", ca_file=str(trusted)))
        assert asyncio.run(look(https, 5)).outcome is UNKNOWN
        trusted.write_bytes(newer.read_bytes())
        assert asyncio.run(look(https, 5)).outcome is OK


def test_the_hosts_certificates_are_read_again_when_they_are_others(
    directory: Path, own: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    host = directory / "host.pem"
    host.write_bytes(own.read_bytes())
    monkeypatch.setenv("SSL_CERT_FILE", str(host))
    with server(certificate(directory, "renewed", 365, "IP:127.0.0.1")) as port:
        https = HttpProbe(HttpCheck(url=f"https://127.0.0.1:{port}/"))
        assert asyncio.run(look(https, 5)).outcome is UNKNOWN
        host.write_bytes((directory / "renewed.pem").read_bytes())
        assert asyncio.run(look(https, 5)).outcome is OK


@pytest.mark.parametrize("content", [None, "no certificate"])
def test_a_ca_file_that_cannot_be_used_says_nothing_of_the_server(
    tmp_path: Path, own: Path, content: str | None
) -> None:
    path = tmp_path / "ca.pem"
    if content is not None:
        path.write_text(content)
    with server(own) as port:
        found = probe(port, ca_file=str(path))
    assert found.outcome is UNKNOWN
    assert str(path) in found.detail
