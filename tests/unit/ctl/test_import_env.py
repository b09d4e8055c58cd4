"""What `import-env` does to files: the plan itself is tested with `importing`."""

from __future__ import annotations

import argparse
import os
from datetime import UTC, datetime
from pathlib import Path

import pytest

from standfast import paths
from standfast.ctl import credentials, import_env
from standfast.ctl.importing import HIDDEN, Fate, Plan, Row, Wish
from standfast.overview.snapshot import Snapshot, Source


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


def test_two_imports_of_one_second_leave_two_copies(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(import_env, "utc_now", lambda: datetime(2026, 11, 26, tzinfo=UTC))
    file = tmp_path / "notifier.toml"
    file.write_text("first")
    kept = [import_env._do(Plan({str(file): text}, (), ())).copies for text in ("second", "third", "fourth")]
    assert [Path(copy).read_text() for (copy,) in kept] == ["first", "second", "third"]


@pytest.mark.parametrize(
    ("text", "is_told"), [('gateway = "paper"', True), ('gateway = "openalgo"', False), ("", True)]
)
def test_a_key_that_an_agent_of_before_does_not_use_is_pointed_out(
    text: str, is_told: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(paths, "AGENTS_CONFIG", tmp_path)
    (tmp_path / "old.toml").write_text(text)
    assert bool(list(import_env._unused_key("old"))) is is_told
    assert list(import_env._unused_key("new")) == []


@pytest.mark.parametrize("is_planned", [True, False])
@pytest.mark.parametrize(
    ("before", "fate", "told"),
    [
        ("", Fate.STORED, ""),
        ("hush", Fate.ALREADY, ""),
        ("another", Fate.STORED, "; replaces the one stored"),
    ],
)
def test_a_secret_that_takes_the_place_of_another_is_told(
    before: str, fate: Fate, told: str, is_planned: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(credentials, "DIRECTORY", tmp_path / "credentials")
    monkeypatch.setattr(credentials, "DROP_INS", tmp_path / "system")
    monkeypatch.setattr(credentials, "take_in", lambda: None)
    monkeypatch.setenv("PATH", "/nowhere")  # no systemd-creds: this host cannot seal
    if before:
        credentials.store(credentials.place_of("smtp-password", None), before)
    row = Row(1, "PASSWORD", Fate.STORED, "credential smtp-password", HIDDEN)
    plan = Plan({}, (Wish(row, "smtp-password", None, "hush"),), ())
    (row,) = (import_env._planned(plan) if is_planned else import_env._do(plan)).rows
    stored = HIDDEN if is_planned or fate is Fate.ALREADY else credentials.Kept.PLAIN.value
    assert (row.fate, row.detail) == (fate, f"{stored}{told}")


@pytest.mark.parametrize(
    ("where", "told", "not_told"),
    [
        ("credential telegram-bot-token", "restart standfast-notifier", "standfast-agent@"),
        ("credential openalgo-api-key of agent bot", "restart standfast-agent@bot", "standfast-notifier"),
        (f"{paths.agent_config('bot')}: live", "restart standfast-agent@bot", "standfast-notifier"),
    ],
)
def test_what_was_written_by_an_earlier_run_may_still_have_to_be_taken_up(
    where: str, told: str, not_told: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    held = {"symbol": "NSE:SBIN", "product": "MIS", "quantity": 5}
    agents = {"bot": Source({"flat": False, "positions": [held]})}
    shown = Snapshot(datetime.now(UTC), Source(None), Source(None), agents)
    monkeypatch.setattr(import_env, "read_snapshot", lambda now: shown)
    file = tmp_path / ".env"
    file.touch(mode=0o600)
    arguments = argparse.Namespace(file=file, agent="bot", dry_run=False)
    row = Row(1, "ANY", Fate.ALREADY, where)
    first, step, *rest = import_env._next_steps(import_env.Done((row,), (), ()), arguments)
    assert first == "Nothing was to be written."
    assert (told in step, not_told in step) == (True, False)
    assert [line.partition("):")[0] for line in rest] == (
        ["A restart closes what an agent holds (bot: +5 NSE:SBIN MIS"] if "agent@" in told else []
    )


@pytest.mark.parametrize("stranger", [True, False])
def test_lines_that_were_taken_nowhere_are_told_before_the_file_is_shredded(stranger: bool, tmp_path: Path) -> None:
    file = tmp_path / ".env"
    file.touch(mode=0o600)
    rows = [Row(1, "TELEGRAM_BOT_TOKEN", Fate.STORED, "credential telegram-bot-token")]
    rows += [Row(2, "FOO", Fate.UNKNOWN)] if stranger else []
    arguments = argparse.Namespace(file=file, agent="openalgo", dry_run=False)
    last = list(import_env._next_steps(import_env.Done(tuple(rows), (), ()), arguments))[-1]
    assert last.endswith(f"when all works, shred -u {file}")
    assert ("1 line of it was not understood and taken nowhere" in last) is stranger
