"""What `import-env` does to files: the plan itself is tested with `importing`."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from standfast.ctl import import_env
from standfast.ctl.importing import Plan


def test_a_file_and_the_copy_of_the_old_one_have_no_more_readers_than_it_had(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "notifier.toml"
    file.write_text("old")
    file.chmod(0o600)
    modes = []
    replace = os.replace

    def seen(source: str, target: Path) -> None:
        modes.append(os.stat(source).st_mode & 0o777)
        replace(source, target)

    monkeypatch.setattr(os, "replace", seen)
    done = import_env._do(Plan({str(file): "new"}, (), ()))
    (copy,) = map(Path, done.copies)
    assert (file.read_text(), copy.read_text()) == ("new", "old")
    assert modes == [0o600, 0o600]
    assert {path.stat().st_mode & 0o777 for path in (file, copy)} == {0o600}
