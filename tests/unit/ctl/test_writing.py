"""Files that change together: whatever fails, and wherever, all are as they were."""

from __future__ import annotations

import errno
import os
from pathlib import Path
from typing import Any

import pytest

from standfast.ctl.writing import Change, WriteError, like, write_all


def state(directory: Path) -> dict[str, tuple[str, int]]:
    """Everything below a directory: contents and modes; a left-over of any kind shows."""
    return {
        str(path.relative_to(directory)): (path.read_text() if path.is_file() else "/", path.stat().st_mode)
        for path in directory.rglob("*")
    }


@pytest.fixture
def changes(tmp_path: Path) -> list[Change]:
    (tmp_path / "old").write_text("old")
    (tmp_path / "old").chmod(0o640)
    return [
        Change(tmp_path / "deep/er/new", b"secret"),
        like(tmp_path / "old", tmp_path / "old", b"changed"),
        Change(tmp_path / "last", b"last", mode=0o644),
    ]


def test_all_of_them(tmp_path: Path, changes: list[Change]) -> None:
    write_all(changes)
    modes = {name: (text, mode & 0o777) for name, (text, mode) in state(tmp_path).items() if text != "/"}
    assert modes == {"deep/er/new": ("secret", 0o600), "old": ("changed", 0o640), "last": ("last", 0o644)}


@pytest.mark.parametrize("call", ["fsync", "fchmod", "mkdir", "link", "replace", "fchown"])
@pytest.mark.parametrize("good", [0, 1, 2])
@pytest.mark.parametrize("what", [OSError(errno.ENOSPC, "No space left on device"), KeyboardInterrupt()], ids=type)
def test_what_fails_anywhere_leaves_everything_as_it_was(
    call: str, good: int, what: BaseException, tmp_path: Path, changes: list[Change], monkeypatch: pytest.MonkeyPatch
) -> None:
    before, really, calls = state(tmp_path), getattr(os, call), 0

    def failing(*arguments: Any, **named: Any) -> Any:
        nonlocal calls
        calls += 1
        if calls == good + 1:
            raise what
        return really(*arguments, **named)

    with monkeypatch.context() as patched:
        patched.setattr(os, call, failing)
        try:
            write_all(changes)
        except (WriteError, KeyboardInterrupt) as error:
            told = str(error)
    if calls <= good:  # it is not called so often: nothing failed
        assert state(tmp_path) != before
        return
    assert state(tmp_path) == before
    if isinstance(what, OSError):
        assert f"cannot write {tmp_path}" in told
        assert "No space left on device; nothing was changed" in told


def test_what_cannot_be_put_back_is_named(
    tmp_path: Path, changes: list[Change], monkeypatch: pytest.MonkeyPatch
) -> None:
    really, calls = os.replace, 0

    def failing(*arguments: Any) -> None:
        nonlocal calls
        calls += 1
        if calls > 2:
            raise OSError(errno.EROFS, "Read-only file system")
        really(*arguments)

    monkeypatch.setattr(os, "replace", failing)
    with pytest.raises(WriteError) as caught:
        write_all(changes)
    words = str(caught.value)
    assert f"cannot write {tmp_path}/last: Read-only file system" in words
    assert f"could not be put back: {tmp_path}/old (Read-only file system)" in words


def test_a_place_that_is_no_file(tmp_path: Path) -> None:
    (tmp_path / "taken").mkdir()
    with pytest.raises(WriteError, match="nothing was changed"):
        write_all([Change(tmp_path / "new", b""), Change(tmp_path / "taken", b"")])
    assert list(state(tmp_path)) == ["taken"]
    (tmp_path / "file").touch()
    with pytest.raises(WriteError, match="Not a directory"):
        write_all([Change(tmp_path / "file/under", b"")])
