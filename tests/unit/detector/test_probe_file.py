"""The file probe before real files: damaged, old, missing, not to be read."""

from __future__ import annotations

import errno
import os
import time
from pathlib import Path

import pytest
from tests.unit.detector.probing import as_nobody, probed

from standfast.detector.finding import Finding
from standfast.detector.model import Outcome
from standfast.detector.probes.base import private_places
from standfast.detector.probes.file import FileProbe
from standfast.detector.probes.sqlite import SqliteProbe

OK, FAIL, UNKNOWN = Outcome.OK, Outcome.FAIL, Outcome.UNKNOWN


FILES = [
    ("a.json", b'{"a": 1}', OK, "8 bytes"),
    ("a.json", b'{"a": ', FAIL, "not JSON"),
    ("a.json", b"\xff\xfe\x00", FAIL, "not JSON"),
    ("a.json", b"[" * 100_000, FAIL, "not JSON"),
    ("a.json", b"", FAIL, "not JSON"),
    ("a.toml", b"a = 1\n", OK, "6 bytes"),
    ("a.toml", b"a = \n", FAIL, "not TOML"),
    ("a.toml", b"\xff", FAIL, "not TOML"),
    ("a.txt", b"\x00\xff", OK, "2 bytes"),
]


@pytest.mark.parametrize(("name", "content", "outcome", "detail"), FILES)
def test_file(tmp_path: Path, name: str, content: bytes, outcome: Outcome, detail: str) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    finding = probed(FileProbe(str(path)))
    assert finding.outcome is outcome
    assert detail in finding.detail


def test_a_file_that_is_missing_a_directory_a_pipe_or_old(tmp_path: Path) -> None:
    assert probed(FileProbe(str(tmp_path / "none"))) == Finding(FAIL, "missing")
    assert probed(FileProbe(str(tmp_path))).outcome is FAIL
    os.mkfifo(tmp_path / "pipe")
    assert probed(FileProbe(str(tmp_path / "pipe"))) == Finding(FAIL, "not a regular file")
    old = tmp_path / "old"
    old.write_text("x")
    os.utime(old, (0, time.time() - 100))
    assert probed(FileProbe(str(old), max_age_s=50)).outcome is FAIL
    assert probed(FileProbe(str(old), max_age_s=500)).outcome is OK


def test_what_the_detector_may_not_read_is_unknown(tmp_path: Path) -> None:
    secret = tmp_path / "secret.json"
    secret.write_text("{}")
    secret.chmod(0)
    tmp_path.chmod(0o755)
    for parent in tmp_path.parents[:2]:
        parent.chmod(0o755)
    with as_nobody():
        assert FileProbe(str(secret)).look_now().outcome is UNKNOWN
        assert SqliteProbe(str(secret), 1).look_now().outcome is UNKNOWN


@pytest.mark.parametrize(
    ("number", "outcome"),
    [(errno.EMFILE, UNKNOWN), (errno.ENFILE, UNKNOWN), (errno.ENOMEM, UNKNOWN), (errno.EIO, FAIL)],
)
def test_a_detector_without_a_free_descriptor_takes_no_file_for_damaged(
    number: int, outcome: Outcome, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A critical file that is gone at three looks is a cascade."""

    def refuse(*arguments: object) -> int:
        raise OSError(number, os.strerror(number))

    (tmp_path / "ports.json").write_text("{}")
    monkeypatch.setattr("standfast.detector.probes.file.os.open", refuse)
    assert FileProbe(str(tmp_path / "ports.json")).look_now() == Finding(outcome, os.strerror(number))


def test_places_that_only_this_service_has() -> None:
    mounts = (
        "36 35 98:0 / / rw,noatime shared:1 - ext3 /dev/root rw\n"
        "40 36 0:25 /systemd-private-0ab-standfast-detector.service-x/tmp /tmp rw shared:2 - tmpfs tmpfs rw\n"
        "41 36 8:1 /var/tmp/systemd-private-0ab-standfast-detector.service-y/tmp /var/tmp rw - ext4 /dev/sda1 rw\n"
    )
    assert private_places(mounts) == ["/tmp", "/var/tmp"]
