"""What survives the detector's own end: on a real database, damaged ones and full disks too."""

from __future__ import annotations

import json
import sqlite3
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from tests.unit.detector.make import Watcher, config, failed, folded, inactive, pending, up

from standfast.detector.announce import Told
from standfast.detector.check_tables import SqliteDatabase, TcpCheck
from standfast.detector.config import DetectorConfig, Watch
from standfast.detector.keeper import Keeper
from standfast.detector.mind import Mind, Turn
from standfast.detector.model import (
    CheckObservation,
    Ending,
    FileObservation,
    Level,
    Observation,
    Outcome,
    Run,
    RunResult,
)
from standfast.detector.problem import Problem
from standfast.detector.reading import Meaning
from standfast.detector.remembering import Remembered, to_plain
from standfast.detector.store import Ledger, Store
from standfast.events import Kind

LEDGER = Ledger(
    runs=(
        Run(1000.5, RunResult.PARTIAL, automatic=True, units=frozenset({"a.service", "b.service"})),
        Run(2000.25, RunResult.STARTED, automatic=False, run_id="0123abcd"),
        Run(3000.25, RunResult.SUCCESS, automatic=True, units=frozenset(), run_id="4567abcd", helped=True),
    ),
    released_at=1500.0,
    cursor="s=1;i=2",
)


def test_the_ledger_survives(tmp_path: Path) -> None:
    path = tmp_path / "detector.db"
    store = Store(path)
    store.save_ledger(LEDGER)
    store.close()
    store = Store(path)
    assert store.ledger() == LEDGER
    store.save_ledger(Ledger())
    assert store.ledger() == Ledger()
    store.close()


def test_a_database_of_an_early_version_is_read_and_goes_on(tmp_path: Path) -> None:
    path = tmp_path / "detector.db"
    connection = sqlite3.connect(path)
    connection.execute(
        "CREATE TABLE restarts (id INTEGER PRIMARY KEY, at TEXT, result TEXT, automatic INTEGER, units TEXT)"
    )
    connection.execute("INSERT INTO restarts VALUES (1, '1970-01-01T00:16:40.500+00:00', 'success', 1, '[]')")
    connection.commit()
    connection.close()
    store = Store(path)
    assert store.ledger().runs == (Run(1000.5, RunResult.SUCCESS, automatic=True, units=frozenset()),)
    store.save_ledger(LEDGER)
    assert store.ledger() == LEDGER
    store.close()


def test_times_in_the_database_are_iso_text_in_utc(tmp_path: Path) -> None:
    store = Store(tmp_path / "detector.db")
    store.save_ledger(LEDGER)
    store.close()
    connection = sqlite3.connect(tmp_path / "detector.db")
    rows = connection.execute("SELECT at FROM restarts ORDER BY id").fetchall()
    connection.close()
    assert rows[0] == ("1970-01-01T00:16:40.500+00:00",)


@pytest.mark.parametrize("damage", [b"what is this", b"SQLite format 3\x00" + b"\xff" * 5000])
def test_a_damaged_database_is_set_aside_and_a_new_one_begun(tmp_path: Path, damage: bytes) -> None:
    path = tmp_path / "detector.db"
    path.write_bytes(damage)
    store = Store(path)
    assert store.ledger() == Ledger()
    store.close()
    assert (tmp_path / "detector.damaged").read_bytes() == damage


def test_a_damaged_database_that_cannot_be_set_aside_is_told_and_the_detector_goes_on(tmp_path: Path) -> None:
    path = tmp_path / "detector.db"
    path.write_bytes(b"what is this")
    (tmp_path / "detector.damaged/in-the-way").mkdir(parents=True)
    keeper = Keeper(path)
    assert keeper.load() == Ledger()
    assert "it is damaged: remove it" in keeper.notes[0]
    path.unlink()
    keeper.keep_ledger(Mind(config("a")).state)
    assert keeper.notes == ()
    keeper.close()


def test_what_a_later_version_kept_is_read_as_far_as_it_is_known(tmp_path: Path) -> None:
    path = tmp_path / "detector.db"
    store = Store(path)
    store.save_ledger(LEDGER)
    store.close()
    connection = sqlite3.connect(path)
    connection.execute("UPDATE restarts SET result = 'of tomorrow' WHERE id = 1")
    connection.commit()
    connection.close()
    keeper = Keeper(path)
    assert keeper.load() == Ledger(), "it is rebuilt from the journal"
    assert "another version may have written it" in keeper.notes[0]
    keeper.close()
    kept = to_plain(folded(), Told((Problem("FLEET_CRITICAL", since=5.0),)), "boot", 1.0)
    kept["told"]["problems"][0].append("of tomorrow")
    assert [one.type for one in Remembered(kept, "boot", 5.0).told.problems] == ["FLEET_CRITICAL"]


def test_without_a_place_the_detector_goes_on_and_says_so(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    directory = tmp_path / "gone"
    keeper = Keeper(directory / "detector.db")
    mind = Mind(config("a"))
    assert keeper.load() == Ledger()
    for _ in range(3):
        keeper.keep_ledger(mind.state)
    assert len(caplog.records) == 1
    assert "cannot open" in keeper.notes[0]
    directory.mkdir()
    keeper.keep_ledger(mind.state)
    assert keeper.notes == ()
    keeper.close()


def test_what_was_counted_goes_on(tmp_path: Path) -> None:
    watcher = Watcher(config("a", "b", "c"))
    watcher.see(*(up(0, unit) for unit in "abc"), scheduled=True)
    watcher.see(*(pending(10, unit, n=1) for unit in "abc"))
    watcher.now = 30
    watcher.look(4)
    assert watcher.failures() == 4
    kept = to_plain(watcher.state, Told((Problem("FLEET_WARNING", since=90.0),)), "boot", 121.0)

    mind = Mind(config("a", "b", "c"))
    mind.recall((), None, Remembered(kept, "boot", 150.0))
    turn = mind.take([pending(150, unit, n=1) for unit in "abc"], 150.0, scheduled=True)
    assert mind.state.units["a.service"].failures == 5
    assert turn.step.assessment.level is Level.CASCADING
    assert [one.type for one in mind.told.problems] == ["CASCADING_FAILURE"]
    assert turn.events[1].data == {"superseded_by": "CASCADING_FAILURE"}


@pytest.mark.parametrize(("boot", "now"), [("another", 150.0), ("boot", 121.0 + 601)])
def test_counts_of_another_boot_or_of_long_ago_do_not(boot: str, now: float) -> None:
    watcher = Watcher(config("a"))
    watcher.see(up(0), scheduled=True)
    watcher.see(pending(10))
    kept = to_plain(watcher.state, Told(), "boot", 121.0)
    mind = Mind(config("a"))
    mind.recall((), None, Remembered(kept, boot, now))
    mind.take([pending(now)], now, scheduled=True)
    assert mind.state.units["a.service"].failures == 1


def test_what_was_told_outlives_a_reboot_so_that_its_end_is_told() -> None:
    state = folded(failed(0))
    kept = to_plain(
        replace(state, level=Level.CASCADING), Told((Problem("CASCADING_FAILURE", since=5.0),)), "boot", 10.0
    )
    mind = Mind(config("a"))
    mind.recall((), None, Remembered(kept, "next boot", 100.0))
    turn = mind.take([up(100)], 100.0, scheduled=True)
    assert [(event.kind.value, event.type) for event in turn.events] == [
        ("level", ""),
        ("resolved", "CASCADING_FAILURE"),
    ]


def test_by_whose_doing_a_unit_is_down_holds_for_that_run_only() -> None:
    state = folded(up(0, job="stop", invocation_id="1"), failed(1, invocation_id="1"))
    remembered = Remembered(to_plain(state, Told(), "boot", 2.0), "boot", 3.0)
    assert remembered.ending("a.service", "1") is Ending.JOB
    assert remembered.ending("a.service", "2") is Ending.UNKNOWN
    assert remembered.ending("b.service", "1") is Ending.UNKNOWN


def test_what_the_configuration_names_no_more_is_forgotten() -> None:
    checked = replace(
        config(critical_files=("/f",)), watch=(Watch("a.service", check=(TcpCheck(port=1, name="port"),)),)
    )
    mind = Mind(checked)
    seen: list[Observation] = [up(0), CheckObservation(0, "port", "a.service", Outcome.FAIL)]
    mind.take([*seen, FileObservation(0, "/f", False, "missing")], 0.0, scheduled=True)
    mind.reconfigure(checked)
    assert (len(mind.state.checks), len(mind.state.files)) == (1, 1)
    mind.reconfigure(config("a"))
    assert (len(mind.state.checks), len(mind.state.files)) == (0, 0)


TRADES = SqliteDatabase(name="trades", path="/trades.db")
PORT = TcpCheck(port=1, name="port")


@pytest.mark.parametrize(
    ("settings", "seen"),
    [
        (config("a", critical_files=("/f",)), FileObservation(0, "/f", False, "missing")),
        (config("a", database=(TRADES,)), CheckObservation(0, "trades", "", Outcome.FAIL, "damaged")),
        (replace(config(), watch=(Watch("a.service", check=(PORT,)),)), CheckObservation(50, "port", "a.service",
                                                                                         Outcome.FAIL)),
    ],
    ids=["file", "database", "check"],
)  # fmt: skip
@pytest.mark.parametrize("is_well", [False, True])
def test_a_restart_of_the_detector_ends_no_problem_before_it_has_looked_again(
    settings: DetectorConfig, seen: FileObservation | CheckObservation, is_well: bool
) -> None:
    mind = Mind(settings)
    mind.take([up(0, since=0.0), seen], 0.0, scheduled=True)
    for number in range(1, 9):
        mind.take([], 30.0 * number, scheduled=True)
    level, told = mind.state.level, mind.told
    assert told.problems
    kept = json.loads(json.dumps(to_plain(mind.state, told, "boot", 250.0)))

    mind = Mind(settings)
    mind.recall((), None, Remembered(kept, "boot", 260.0))
    for now, observations in ((260.0, []), (261.0, [up(261, since=0.0)]), (262.0, []), (292.0, [])):
        turn = mind.take(observations, now, scheduled=True)
        assert (said(turn), mind.state.level, mind.told.problems) == ([], level, told.problems)
    if isinstance(seen, FileObservation):
        again: Observation = replace(seen, at=293.0, ok=is_well)
    else:
        again = replace(seen, at=293.0, outcome=Outcome.OK if is_well else Outcome.FAIL)
    turn = mind.take([again], 293.0, scheduled=True)
    assert said(turn) == (["level", "resolved"] if is_well else [])


def said(turn: Turn) -> list[str]:
    """The kinds of events, but for decisions: nobody is told of them."""
    return [event.kind.value for event in turn.events if event.kind is not Kind.DECISION]


def test_what_is_never_looked_at_keeps_no_level_up_for_ever() -> None:
    settings = config("a", critical_files=("/f",))
    kept = to_plain(replace(folded(), level=Level.CASCADING), Told((Problem("CASCADING_FAILURE"),)), "boot", 0.0)
    mind = Mind(settings)
    mind.recall((), None, Remembered(kept, "boot", 1000.0))  # so long ago that its counts do not hold
    mind.take([up(1000)], 1000.0, scheduled=True)
    at_first = mind.state.level
    mind.take([], 1600.0, scheduled=True)
    assert (at_first, mind.state.level) == (Level.CASCADING, Level.NONE)


@pytest.mark.parametrize("kept", [None, [], {}, {"boot_id": "boot"}, {"told": None, "level": "HIGH"}])
def test_memories_that_make_no_sense_are_none(kept: Any) -> None:
    remembered = Remembered(kept, "boot", 5.0)
    assert remembered.told == Told()
    assert remembered.level is Level.NONE
    assert remembered.ending("a.service", "1") is Ending.UNKNOWN


def test_what_was_taken_along_before_is_not_taken_for_stopped_afterwards() -> None:
    state = folded(
        up(0, "b"), up(0, needs="b"), pending(50, "b"), inactive(50, needs="b", ended_by=Ending.JOB), up(51, "b", n=1)
    )
    kept = to_plain(state, Told(), "boot", 60.0)
    mind = Mind(config("a", "b"))
    mind.recall((), None, Remembered(kept, "boot", 70.0))
    seen = [up(70, "b", n=1), inactive(70, needs="b", ended_by=Ending.JOB, since=50.0)]
    turn = mind.take(seen, 70.0, scheduled=True)
    assert turn.step.assessment.health["a.service"].reading.meaning is Meaning.TAKEN_ALONG


def test_a_start_that_failed_by_a_dependency_is_not_taken_for_a_stop_by_the_next_life() -> None:
    down: dict[str, Any] = {"since": 50.0, "ended_by": Ending.JOB, "invocation_id": "1"}
    state = folded(
        up(0, "b"),
        up(0, needs="b", invocation_id="1"),
        inactive(50, needs="b", job="start", **down),
        failed(65, "b", since=65.0, ended_by=Ending.ITSELF),
        inactive(65, needs="b", job_result="dependency", **down),
    )
    kept = json.loads(json.dumps(to_plain(state, Told(), "boot", 90.0)))
    mind = Mind(config("a", "b"))
    mind.recall((), None, Remembered(kept, "boot", 100.0))
    for at in (100.0, 130.0):
        # Only who was there then is told how the job ended, and systemd has unloaded the unit's dependencies by now.
        seen = [failed(at, "b", since=65.0, ended_by=Ending.ITSELF), inactive(at, **down)]
        turn = mind.take(seen, at, scheduled=True)
        assert turn.step.assessment.health["a.service"].reading.meaning is Meaning.TAKEN_ALONG
    turn = mind.take([inactive(140.0, since=139.0, ended_by=Ending.JOB, invocation_id="2")], 140.0, scheduled=True)
    assert turn.step.assessment.health["a.service"].reading.meaning is Meaning.STOPPED
