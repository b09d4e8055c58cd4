"""`standfastctl replay` over files: what it prints, and the one line on what it cannot read."""

from __future__ import annotations

import argparse
import io
import json
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from standfast import paths
from standfast.ctl import progress, replay
from standfast.ctl.__main__ import main
from standfast.ctl.moment import glued, moment, moment_reader
from standfast.ctl.progress import Progress
from standfast.ctl.replayed import outcome_table
from standfast.detector import recorded
from standfast.detector.decide import Decision, Reason
from standfast.detector.history import parse
from standfast.detector.model import State
from standfast.detector.recorded import Recording
from standfast.detector.replay import RestartDecision
from standfast.time_words import moment as words

ROOT = Path(__file__).parents[3]
LOOPING = ROOT / "tests/scenarios/looping-below-the-limit.jsonl"
NOW = datetime(2026, 11, 25, 15, 30, tzinfo=UTC)

ACT = 'mode = "act"\n[[watch]]\nunit = "*.service"\n'
EAGER = f"thresholds = {{ warning = 1, critical = 2, cascading = 2 }}\n{ACT}"
SECOND = '{"at":0,"kind":"unit","unit":"a.service","active_state":"active"}'


@pytest.fixture
def act(tmp_path: Path) -> str:
    path = tmp_path / "act.toml"
    path.write_text(ACT)
    return str(path)


@pytest.fixture
def eager(tmp_path: Path) -> str:
    path = tmp_path / "eager.toml"
    path.write_text(EAGER)
    return str(path)


def replayed(capsys: pytest.CaptureFixture[str], *words: str) -> list[dict[str, object]]:
    assert main(["replay", "--history", str(LOOPING), "--json", *words]) == 0
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


def test_json_lines(capsys: pytest.CaptureFixture[str], act: str) -> None:
    lines = replayed(capsys, "--config", act)
    assert lines == replayed(capsys, "--config", act)
    assert [list(line) for line in lines[1:3]] == [
        ["at", "level", "reasons", "root_cause"],
        ["at", "action", "allowed", "reason"],
    ]
    assert [(line["at"], line["reason"]) for line in lines if line.get("allowed")] == [
        (190.002, "cascade"),
        (490.002, "cascade"),
    ]


def test_the_installed_configuration_is_the_default(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(paths, "CONFIG", tmp_path)
    monkeypatch.setattr(paths, "DETECTOR_CONFIG", tmp_path / "detector.toml")
    (tmp_path / "detector.toml").write_text(ACT)
    (tmp_path / "environment").write_text("STANDFAST_MODE=observe\n")
    assert {line["reason"] for line in replayed(capsys) if "reason" in line} == {"grace", "observe"}


def test_differences_for_programs(capsys: pytest.CaptureFixture[str], act: str, eager: str) -> None:
    lines = replayed(capsys, "--config", eager, "--against", act)
    assert [(line["at"], line["only_with"]) for line in lines if line.get("allowed")] == [
        (30.002, "config"),
        (190.002, "against"),
        (330.002, "config"),
        (490.002, "against"),
    ]
    assert replayed(capsys, "--config", act, "--against", act) == []


def test_differences_for_people(capsys: pytest.CaptureFixture[str], act: str, eager: str) -> None:
    assert main(["replay", "--history", str(LOOPING), "--config", eager, "--against", act]) == 0
    shown = capsys.readouterr().out
    assert f"Where {eager} and {act} differ:" in shown
    assert re.search(rf"^  190\.002 s(:|  ).*{re.escape(act)}", shown, re.MULTILINE)
    assert shown.splitlines()[-2:] == [
        f"{eager}: master restarts: 2 asked for; CASCADING for 14 min, WARNING for 20 s",
        f"{act}: master restarts: 2 asked for; CASCADING for 12 min, WARNING for 1 min",
    ]
    assert main(["replay", "--history", str(LOOPING), "--config", act, "--against", act]) == 0
    assert f"Where {act} and {act} differ: nowhere: the same levels at the same times" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"", "nothing to replay: {} has no line with an observation"),
        (b"# a comment only\n\n", "nothing to replay: {} has no line with an observation"),
        (b"{\n", "cannot read {}, line 1: "),
        (f"{SECOND}\n[]\n".encode(), "cannot read {}, line 2: it is not a JSON object; correct or remove the line"),
        (b'{"at":NaN,"kind":"end"}\n', 'cannot read {}, line 1: "at" is NaN, expected seconds'),
        (b'{"at":1e300,"kind":"end"}\n', 'cannot read {}, line 1: "at" is 1e+300, expected seconds'),
        (b'{"at":"soon","kind":"end"}\n', "cannot read {}, line 1: "),
        (b"\xff\xfe\n", "cannot read {}: it is not UTF-8 text"),
    ],
)
def test_a_history_that_is_none(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], act: str, content: bytes, told: str
) -> None:
    path = tmp_path / "history.jsonl"
    path.write_bytes(content)
    assert main(["replay", "--history", str(path), "--config", act]) == 1
    said = capsys.readouterr()
    assert said.out == ""
    assert len(said.err.splitlines()) == 1
    assert said.err.startswith(f"standfastctl replay: {told.format(path)}")


def test_files_that_are_not_there(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["replay", "--history", str(tmp_path / "no.jsonl"), "--config", str(tmp_path / "no.toml")]) == 1
    assert capsys.readouterr().err.startswith(f"standfastctl replay: {tmp_path}/no.toml: expected a configuration file")
    assert main(["replay", "--history", str(tmp_path)]) == 1
    assert "Is a directory" in capsys.readouterr().err


@pytest.mark.parametrize(("since", "is_short"), [("@1700000000", True), ("@1700000200", False)])
def test_where_the_observations_begin_is_told_if_more_was_asked_for(
    since: str, is_short: bool, capsys: pytest.CaptureFixture[str], act: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = Recording(State(), tuple(parse([SECOND.replace(":0,", f":{at},") for at in (1.7e9 + 100, 1.7e9 + 300)])))
    monkeypatch.setattr(recorded, "recorded", lambda since, until: found)
    monkeypatch.setattr(replay, "require_journal", lambda what: None)
    assert main(["replay", "--since", since, "--until", "@1700000400", "--against", act, "--config", act]) == 0
    begins = (
        f"begin at {words(datetime.fromtimestamp(1.7e9 + 100, UTC), None)}; of the time before it nothing is known."
    )
    assert (begins in capsys.readouterr().out) is is_short


def test_why_there_was_no_master_restart_is_said_once() -> None:
    decision = Decision(False, Reason.GAP, frozenset({"a"}), "the last one was 5 s ago")
    ((_, what, why),) = outcome_table("T", [RestartDecision(0.0, decision)]).rows
    assert (what.text, why.text) == ("no master restart", "the last one was 5 s ago")


def test_a_master_restart_that_was_made_in_fact_is_told_from_those_of_the_replay() -> None:
    running = Decision(False, Reason.RUNNING, frozenset({"a"}), "a master restart is running")
    held = Decision(False, Reason.HOLD, frozenset({"a"}), "hands off for another 56 min")
    asked = Decision(True, Reason.CASCADE, frozenset({"a"}), "")
    rows = outcome_table("", [RestartDecision(at, one) for at, one in enumerate((held, running, asked, running))]).rows
    words = [row[2].text for row in rows]
    assert (
        words[1]
        == "a master restart is running in the history: made in fact, not asked for by this replay, and counted"
    )
    assert words[3] == "a master restart is running"


def test_standard_input(capsys: pytest.CaptureFixture[str], act: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO(LOOPING.read_text()))
    assert main(["replay", "--history", "-", "--config", act]) == 0
    assert "master restart" in capsys.readouterr().out


@pytest.mark.parametrize(
    "words",
    [
        ["--history", "x", "--since", "-1d"],
        [],
        ["--since", "soon"],
        ["--history", "x", "--until", "-1d"],
        ["--since", "-1d", "--until", "-2d"],
    ],
)
def test_called_wrongly(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    try:
        code = main(["replay", *words])
    except SystemExit as exit_:
        code = int(str(exit_.code))
    assert code == 2
    assert "standfastctl replay" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("-7d", NOW - timedelta(days=7)),
        ("7d", NOW - timedelta(days=7)),
        ("90min ago", NOW - timedelta(minutes=90)),
        ("now", NOW),
        ("@1764000000", datetime.fromtimestamp(1764000000, UTC)),
        ("2026-11-20T10:00:00Z", datetime(2026, 11, 20, 10, tzinfo=UTC)),
        ("2026-11-20 10:00+05:30", datetime(2026, 11, 20, 4, 30, tzinfo=UTC)),
        ("2026-11-20 10:00", datetime(2026, 11, 20, 10).astimezone()),
        ("2026-11-20", datetime(2026, 11, 20).astimezone()),
        ("yesterday", (NOW.astimezone() - timedelta(days=1)).replace(hour=0, minute=0)),
        ("today", NOW.astimezone().replace(hour=0, minute=0)),
        ("09:15", NOW.astimezone().replace(hour=9, minute=15)),
    ],
)
def test_moments(text: str, expected: datetime) -> None:
    assert moment(text, NOW) == expected


@pytest.mark.parametrize("text", ["", "soon", "-", "2026-13-01", "99999999d", "25:99", "@99999999999999"])
def test_no_moments(text: str) -> None:
    with pytest.raises(argparse.ArgumentTypeError, match="is no time: write one such as -7d"):
        moment_reader(NOW)(text)


@pytest.mark.parametrize("text", ["5", "-5", "1.5", "5 ago"])
def test_a_number_alone_is_no_moment(text: str) -> None:
    with pytest.raises(
        argparse.ArgumentTypeError, match=r'^"[\d.]+" has no unit: write [\d.]+s, [\d.]+min or [\d.]+h$'
    ):
        moment_reader(NOW)(text)


def test_a_value_with_a_minus_belongs_to_its_option() -> None:
    assert glued(["replay", "--since", "-7d", "--json"]) == ["replay", "--since=-7d", "--json"]
    assert glued(["replay", "--since", "--json"]) == ["replay", "--since", "--json"]
    assert glued(["silence", "--for", "-7d"]) == ["silence", "--for", "-7d"]


@pytest.mark.parametrize(("is_terminal", "shown"), [(True, "\rWork: 50%\rWork: 75%\r\x1b[K"), (False, "Work: 50%\n")])
def test_progress(is_terminal: bool, shown: str, monkeypatch: pytest.MonkeyPatch) -> None:
    seconds = iter([0.0, 0.5, 1.1, 1.2, 2.2])
    monkeypatch.setattr(progress, "monotonic_s", lambda: next(seconds))
    stream = io.StringIO()
    monkeypatch.setattr(stream, "isatty", lambda: is_terminal)
    work = Progress("Work", 100, 200, stream)
    for number in (125, 150, 160, 175):
        work.at(number)
    work.end()
    assert stream.getvalue() == shown
