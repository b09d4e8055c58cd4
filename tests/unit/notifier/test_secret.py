"""Secrets: where they come from, and that nobody sees them."""

from pathlib import Path

import pytest

from standfast.notifier.secret import SecretError, read, scrubbed


def test_from_a_credential(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(tmp_path))
    (tmp_path / "telegram-bot-token").write_text("secret\n")
    assert read("telegram-bot-token") == "secret"
    with pytest.raises(SecretError, match="standfastctl secret set other"):
        read("other")


def test_from_a_file(tmp_path: Path) -> None:
    (tmp_path / "token").write_text(" secret \n")
    assert read("unused", str(tmp_path / "token")) == "secret"


@pytest.mark.parametrize(("content", "why"), [(None, "No such file"), (b"", "it is empty"), (b"\xff", "it is no text")])
def test_a_file_that_cannot_be_used(tmp_path: Path, content: bytes | None, why: str) -> None:
    if content is not None:
        (tmp_path / "token").write_bytes(content)
    with pytest.raises(SecretError, match=why):
        read("unused", str(tmp_path / "token"))


def test_scrubbed() -> None:
    assert scrubbed("GET /bot12:ab/x\n failed ", "12:ab", "") == "GET /bot***/x failed"
