"""Status files: whole or not at all, and one clear line when they cannot be."""

from pathlib import Path

import pytest

from standfast import __version__, statusfile
from standfast.statusfile import StatusFileError


def test_written_and_read(tmp_path: Path) -> None:
    path = tmp_path / "status.json"
    assert statusfile.read(path) is None
    statusfile.write(path, {"level": 0, "reasons": ["none"]})
    assert statusfile.read(path) == {"level": 0, "reasons": ["none"], "version": __version__}
    assert path.stat().st_mode & 0o777 == 0o644
    assert [entry.name for entry in tmp_path.iterdir()] == ["status.json"]


def test_a_directory_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(StatusFileError, match=r"cannot write the status file .*No such file or directory; see that"):
        statusfile.write(tmp_path / "gone" / "status.json", {})


@pytest.mark.parametrize("text", ["{", "[1]", "nonsense"])
def test_a_file_that_is_no_status(tmp_path: Path, text: str) -> None:
    path = tmp_path / "status.json"
    path.write_text(text)
    with pytest.raises(StatusFileError, match="cannot read the status file"):
        statusfile.read(path)
