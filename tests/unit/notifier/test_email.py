"""Mail against a local SMTP server."""

import email
import email.policy
import ssl
import subprocess
from pathlib import Path

import pytest
from tests.unit.notifier.provider_servers import HANG, RESET, SmtpServer

from standfast.notifier.channel_config import EmailConfig, Tls
from standfast.notifier.channels.channel import Outcome
from standfast.notifier.channels.email import EmailChannel
from standfast.notifier.secret import SecretError

BODY = {
    "id": "abc123",
    "host": "box1",
    "title": "CRITICAL: DOWN é",
    "text": "box1: CRITICAL: DOWN\n₹ <b>\n.\nend",
    "at": "2026-03-02T09:30:00.000+00:00",
}


def channel(server: SmtpServer, **more: object) -> EmailChannel:
    to = ("a@example.org", "b@example.org")
    return EmailChannel(EmailConfig(server.url, "standfast@box1", to, timeout_s=0.5, **more))  # type: ignore[arg-type]


def test_one_mail_to_all_with_the_same_id_each_time() -> None:
    with SmtpServer() as server:
        assert [channel(server).deliver(BODY).outcome for _ in range(2)] == [Outcome.DELIVERED] * 2
    recipients, raw = server.took[0]
    message = email.message_from_bytes(raw, policy=email.policy.default)
    assert recipients == ["a@example.org", "b@example.org"]
    assert message["Subject"] == "box1: CRITICAL: DOWN é"
    assert message["Message-ID"] == "<abc123@standfast.local>"
    assert message["Date"] == "Mon, 02 Mar 2026 09:30:00 +0000"
    assert message.get_content().splitlines() == BODY["text"].splitlines()
    assert server.took[1] == server.took[0]


@pytest.mark.parametrize(
    ("verb", "reply", "outcome", "detail"),
    [
        ("CONNECT", "421 too busy", Outcome.RETRY, "SMTP 421 too busy"),
        ("MAIL", "451 try later", Outcome.RETRY, "SMTP 451 try later"),
        ("MAIL", "550 no such sender", Outcome.REFUSED, "SMTP 550 no such sender"),
        ("RCPT", "450 mailbox busy", Outcome.RETRY, "SMTP 450"),
        ("RCPT", "550 no such user", Outcome.REFUSED, "SMTP 550"),
        ("DATA", "554 spam", Outcome.REFUSED, "SMTP 554 spam"),
        ("END OF DATA", "452 disk full", Outcome.RETRY, "SMTP 452 disk full"),
        ("END OF DATA", "552 too large", Outcome.REFUSED, "SMTP 552 too large"),
        ("CONNECT", HANG, Outcome.RETRY, "timed out"),
        ("END OF DATA", HANG, Outcome.RETRY, "timed out"),
        ("CONNECT", RESET, Outcome.RETRY, "cannot speak to the mail server"),
        ("MAIL", RESET, Outcome.RETRY, "cannot speak to the mail server"),
        ("END OF DATA", RESET, Outcome.RETRY, "cannot speak to the mail server"),
    ],
)
def test_faults(verb: str, reply: str, outcome: Outcome, detail: str) -> None:
    with SmtpServer() as server:
        server.replies[verb] = reply
        answer = channel(server).deliver(BODY)
    assert answer.outcome is outcome
    assert detail in answer.detail
    assert server.took == []


def test_a_recipient_that_is_refused_is_said_and_the_others_have_their_mail() -> None:
    with SmtpServer() as server:
        server.strangers.add("b@example.org")
        answer = channel(server).deliver(BODY)
    assert (answer.outcome, answer.detail) == (Outcome.PARTLY, "refused for b@example.org: SMTP 550 no such user")
    assert [recipients for recipients, _ in server.took] == [["a@example.org"]]


def test_a_login(tmp_path: Path) -> None:
    (tmp_path / "password").write_text("hush")
    with SmtpServer(extensions=("AUTH PLAIN",)) as server:
        found = channel(server, user="me", password_file=str(tmp_path / "password"))
        assert found.deliver(BODY).outcome is Outcome.DELIVERED
        assert server.logins == ["\0me\0hush"]
        server.replies["AUTH"] = "535 bad password"
        refused = found.deliver(BODY)
    assert refused.outcome is Outcome.REFUSED
    assert "hush" not in refused.detail


@pytest.mark.parametrize(("user", "password"), [("me", "hüsh"), ("mé", "hush")])
def test_a_login_beyond_ascii_is_said_and_not_tried(tmp_path: Path, user: str, password: str) -> None:
    (tmp_path / "password").write_text(password)
    with SmtpServer(extensions=("AUTH PLAIN",)) as server, pytest.raises(SecretError, match="beyond ASCII") as error:
        channel(server, user=user, password_file=str(tmp_path / "password"))
    assert password not in str(error.value)


@pytest.fixture
def encryption(tmp_path: Path) -> ssl.SSLContext:
    """With a certificate that nobody has signed, as on many mail servers within a network."""
    key, certificate = tmp_path / "key.pem", tmp_path / "certificate.pem"
    command = "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -subj /CN=local -days 2"
    command += " -addext subjectAltName=IP:127.0.0.1"
    subprocess.run([*command.split(), "-keyout", key, "-out", certificate], check=True, capture_output=True)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    return context


def test_encryption_is_used_where_it_is_offered(encryption: ssl.SSLContext) -> None:
    with SmtpServer(encryption=encryption) as server:
        assert channel(server).deliver(BODY).outcome is Outcome.DELIVERED
        assert channel(server, tls=Tls.NEVER).deliver(BODY).outcome is Outcome.DELIVERED
    assert (server.encrypted, len(server.took)) == (1, 2)


def test_where_encryption_is_required_the_certificate_must_be_valid(encryption: ssl.SSLContext, tmp_path: Path) -> None:
    (tmp_path / "password").write_text("hush")
    with SmtpServer(("AUTH PLAIN",), encryption) as server:
        answer = channel(server, tls=Tls.REQUIRED, user="me", password_file=str(tmp_path / "password")).deliver(BODY)
    assert answer.outcome is Outcome.RETRY
    assert "certificate verify failed" in answer.detail
    assert (server.logins, server.took) == ([], [])


def test_a_login_over_required_encryption(
    encryption: ssl.SSLContext, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "password").write_text("hush")
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "certificate.pem"))
    with SmtpServer(("AUTH PLAIN",), encryption) as server:
        found = channel(server, tls=Tls.REQUIRED, user="me", password_file=str(tmp_path / "password"))
        assert found.deliver(BODY).outcome is Outcome.DELIVERED
    assert (server.encrypted, server.logins, len(server.took)) == (1, ["\0me\0hush"], 1)


def test_encryption_that_is_required_and_not_offered_is_refused() -> None:
    with SmtpServer() as server:
        answer = channel(server, tls=Tls.REQUIRED).deliver(BODY)
    assert answer.outcome is Outcome.REFUSED
    assert "STARTTLS" in answer.detail
    assert server.took == []


def test_nobody_listens() -> None:
    with SmtpServer() as server:
        pass
    assert channel(server).deliver(BODY).outcome is Outcome.RETRY


@pytest.mark.parametrize(
    ("verb", "reply", "good"),
    [
        ("NONE", "", True),
        ("CONNECT", "421 too busy", None),
        ("CONNECT", "554 go away", None),
        ("AUTH", "535 bad password", False),
        ("AUTH", "454 try later", None),
    ],
)
def test_it_can_be_asked_without_a_mail(tmp_path: Path, verb: str, reply: str, good: bool | None) -> None:
    (tmp_path / "password").write_text("hush")
    with SmtpServer(extensions=("AUTH PLAIN",)) as server:
        server.replies[verb] = reply
        standing = channel(server, user="me", password_file=str(tmp_path / "password")).standing()
    assert standing.good is good
    assert "hush" not in standing.detail
    assert (server.took, "MAIL" in server.heard, "QUIT" in server.heard) == ([], False, good is True)


def test_a_server_without_logins_is_asked_only_whether_it_is_there() -> None:
    with SmtpServer() as server:
        assert channel(server).standing().good is True
        assert channel(server, tls=Tls.REQUIRED).standing().good is False
    assert channel(server).standing().good is None
    assert server.took == []
