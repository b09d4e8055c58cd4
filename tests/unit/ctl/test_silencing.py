"""What silences name, and how long they last; numbers and ids that are none."""

import argparse
import io
from contextlib import AbstractContextManager
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from standfast.ctl import names, numbered, ordering, silence, types, unsilence
from standfast.ctl.command import Exit
from standfast.ctl.screen import Screen
from standfast.moments import iso
from standfast.overview.snapshot import Source

NOW = datetime(2026, 11, 23, 15, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("trade_manager", "trade_manager.service"),
        ("trade_manager.service", "trade_manager.service"),
        ("standfast-agent@paper", "standfast-agent@paper.service"),
        ("standfast-agent@*", "standfast-agent@*"),
        ("my.bot", "my.bot.service"),
        ("disk.mount", "disk.mount"),
        ("", ""),
    ],
)
def test_a_unit_is_named_as_for_systemctl(text: str, name: str) -> None:
    assert silence.unit_name(text) == name


def test_an_agent_goes_by_its_name_as_for_pause_and_kill(monkeypatch: pytest.MonkeyPatch) -> None:
    """A service of that name that is watched is meant all the same."""
    monkeypatch.setattr(names, "agents", lambda: ["paper", "bot"])
    monkeypatch.setattr(names, "units", lambda: ["bot.service"])
    assert silence.unit_name("paper") == "standfast-agent@paper.service"
    assert silence.unit_name("bot") == "bot.service"


@pytest.mark.parametrize(("text", "seconds"), [("90s", 90), ("5min", 300), ("2h", 7200), ("1d", 86400), ("60 s", 60)])
def test_durations(text: str, seconds: int) -> None:
    assert silence.duration(text) == timedelta(seconds=seconds)


@pytest.mark.parametrize("text", ["5", " 60 ", "1.5", "0"])
def test_a_number_is_no_duration(text: str) -> None:
    with pytest.raises(argparse.ArgumentTypeError, match=r"has no unit: write [\d.]+s, [\d.]+min or"):
        silence.duration(text)


WATCHED = {
    "trade_exec.service": [],
    "trade_feed.service": [],
    "prices.service": [],
    "orders.service": ["prices.service"],
    "standfast-detector.service": [],
}


@pytest.mark.parametrize(
    ("unit", "severity", "more"),
    [
        ("trade_*", "", True),
        ("trade_*", "critical", True),
        ("trade_*", "warning", False),
        ("trade_exec.service", "", False),
        ("prices.service", "", True),
        ("orders.service", "", False),
        ("bot-*", "", False),
        ("*", "", False),
        ("standfast-detector.service", "", False),
        ("", "critical", False),
    ],
)
def test_that_the_fleet_is_told_all_the_same_is_said_where_it_may_be(unit: str, severity: str, more: bool) -> None:
    assert silence.not_held(unit, severity, WATCHED) is more


@pytest.mark.parametrize(
    ("words", "more"),
    [
        (["--unit", "trade_*", "--for", "1h"], "--unit standfast-detector.service --for 1h; a master restart"),
        (["--unit", "trade_*", "--for", "90s", "--in", "2h"], "--for 90s --in 2h; a master restart"),
        (["--unit", "trade_*", "--type", "UNIT_FAILING", "--for", "1h"], ""),
        (["--unit", "trade_exec", "--for", "1h"], ""),
        (["--unit", "prices", "--for", "1h"], "--unit standfast-detector.service --for 1h; a master restart"),
        (["--unit", "*", "--for", "1h"], "It fits standfast-detector.service too: no message comes of many"),
    ],
)
def test_how_to_hold_the_fleets_messages_too_is_in_the_answer(
    words: list[str], more: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(names, "units", lambda: WATCHED)
    monkeypatch.setattr(names, "needs", lambda: WATCHED)
    monkeypatch.setattr(names, "agents", list)
    monkeypatch.setattr(silence, "doubts", lambda unit, error_type: "")
    monkeypatch.setattr(silence, "require_admin", lambda what: None)
    monkeypatch.setattr(silence, "notifier", lambda: Source({}))
    monkeypatch.setattr(silence, "followed", lambda *about, **data: ordering.DONE)
    parser, said = argparse.ArgumentParser(), io.StringIO()
    silence.COMMAND.configure(parser)
    assert silence.COMMAND.run(parser.parse_args(words), Screen(said, terminal=False)) is Exit.OK
    assert ("Told all the same" in said.getvalue()) is more.startswith("--")
    assert more in " ".join(said.getvalue().split())


@pytest.mark.parametrize(
    ("unit", "severity", "holds"),
    [
        ("*", "", True),
        ("*.service", "critical", True),
        ("standfast-*", "", True),
        ("*", "warning", False),
        ("standfast-detector.service", "", False),
        ("trade_*", "", False),
        ("", "", False),
    ],
)
def test_a_glob_so_wide_that_it_holds_the_fleets_messages_is_told_to(unit: str, severity: str, holds: bool) -> None:
    assert silence.holds_the_fleet(unit, severity) is holds


@pytest.mark.parametrize("text", ["90s", "5min", "2h", "1d", "36h", "100min"])
def test_a_duration_is_written_as_it_is_typed(text: str) -> None:
    assert silence.written(silence.duration(text)) == text


KNOWN = ["trade_manager.service", "standfast-agent@paper.service"]


@pytest.mark.parametrize(
    ("unit", "words"),
    [
        ("", ""),
        ("trade_manager.service", ""),
        ("trade_*", ""),
        ("trade_managr.service", "(did you mean trade_manager.service?)"),
        ("standfast-agent@papr.service", "(did you mean standfast-agent@paper.service?)"),
        ("zzz.service", "matches zzz.service"),
        ("bot-*", "matches bot-*"),
    ],
)
def test_a_name_that_matches_nothing_is_doubted(unit: str, words: str) -> None:
    assert silence.doubt(unit, KNOWN).endswith(words)
    assert bool(silence.doubt(unit, KNOWN)) is bool(words)


@pytest.mark.parametrize(
    ("error_type", "words"),
    [
        ("", ""),
        ("OPENALGO_DOWN", ""),
        ("DATABASE_*", ""),
        ("SMS_CREDENTIALS_REFUSED", ""),
        ("MONEY_9", ""),
        ("FEED_*", ""),
        ("NOPE_X", "nothing that is known now matches NOPE_X"),
        ("openalgo_down", "nothing that is known now matches openalgo_down (did you mean OPENALGO_DOWN?)"),
        ("MONEY_8", "nothing that is known now matches MONEY_8 (did you mean MONEY_9?)"),
    ],
)
def test_a_type_that_nothing_has_had_is_doubted(error_type: str, words: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("standfast.ctl.names.channels", lambda: ["sms"])
    monkeypatch.setattr("standfast.ctl.types.told", lambda: ["MONEY_9"])
    assert silence.doubts("", error_type) == words


def test_a_unit_and_a_type_are_doubted_both() -> None:
    assert silence.doubts("nope.service", "NOPE_X").count("nothing that is known now") == 2


def test_what_was_told_is_what_the_journal_has() -> None:
    class Journal(AbstractContextManager["Journal"]):
        def query_unique(self, field: str) -> set[str]:
            return {f"{field}_9", "A"}

        def __exit__(self, *_: object) -> None:
            pass

    assert types.told(Journal) == ["A", "STANDFAST_TYPE_9"]

    def refused() -> Any:
        raise PermissionError

    assert types.told(refused) == []


@pytest.mark.parametrize(("hours", "found"), [(1, True), (3, False)])
def test_a_shorter_silence_of_the_same_is_noticed(hours: int, found: bool) -> None:
    end = NOW + timedelta(hours=2)
    row = {"unit": "a.service", "type": "", "severity": "", "end": iso(end)}
    source = Source({"silences": [row, {**row, "unit": "b.service", "end": iso(end + timedelta(days=1))}]})
    asked = NOW + timedelta(hours=hours)
    assert silence.longer(source, "a.service", "", "", asked) == (end if found else None)
    assert silence.longer(source, "a.service", "X", "", asked) is None


@pytest.mark.parametrize("text", ["", "soon", "-5", "99999d", "1e9", "inf", "nan"])
def test_what_is_no_duration(text: str) -> None:
    with pytest.raises(argparse.ArgumentTypeError, match="no duration"):
        silence.duration(text)


@pytest.mark.parametrize("text", ["0", "-1", "x", "", "1.0", "٣", str(2**63), "9" * 5000])
def test_what_is_no_problems_number(text: str) -> None:
    with pytest.raises(argparse.ArgumentTypeError, match="standfastctl errors"):
        numbered.problem_number(text)


@pytest.mark.parametrize("text", ["", "abc", "ABCDEF01", "0123456789abcdef" * 3, "zzzzzzzz"])
def test_what_is_no_silences_id(text: str) -> None:
    with pytest.raises(argparse.ArgumentTypeError, match="standfastctl errors"):
        unsilence.silence_id(text)


def test_a_second_unit_is_refused_and_not_taken_for_the_only_one(capsys: pytest.CaptureFixture[str]) -> None:
    parser = argparse.ArgumentParser()
    silence.COMMAND.configure(parser)
    with pytest.raises(SystemExit):
        parser.parse_args(["--unit", "prices", "--unit", "orders", "--for", "1h"])
    assert "--unit is given twice: a silence holds one unit, type or glob" in capsys.readouterr().err
