"""The database: the earlier table, one transaction, and its errors in one line."""

import dataclasses
import sqlite3
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import pytest
from tests.unit.notifier.events import AGENT, at, config, plain, problem, resolved

from standfast.events import Event, Kind, Severity
from standfast.moments import iso
from standfast.notifier.hear import hear
from standfast.notifier.ledger import Ledger
from standfast.notifier.model import Heard, Stage
from standfast.notifier.render import render
from standfast.notifier.store.database import CorruptError, StoreError
from standfast.notifier.store.outbox import Ended, Outbox
from standfast.notifier.store.rows import notes_of
from standfast.notifier.store.store import Store
from standfast.notifier.tick import tick

CONFIG = config('[channels.journal]\n[channels.webhook]\nurl = "http://127.0.0.1:9/"')
# The earlier system's own query.
OLD_QUERY = (
    "SELECT id, error_type, error_message, first_occurrence, last_occurrence, occurrence_count,"
    " last_notification_sent, notification_count, is_resolved, resolved_at"
    " FROM error_notifications_log WHERE is_resolved = 0 ORDER BY last_occurrence DESC"
)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "notifier.db"


@pytest.fixture
def store(path: Path) -> Iterator[Store]:
    found = Store(path)
    yield found
    found.close()


def commit(store: Store, ledger: Ledger, cursor: str = "c") -> list[str]:
    changes = ledger.take_changes()
    messages = [render(draft, f"{cursor}-{number}", "box1", None) for number, draft in enumerate(changes.drafts)]
    store.commit(changes, messages, {"cursor": cursor, **notes_of(ledger)}, at(0))
    return [message.id for message in messages]


def told(store: Store) -> tuple[Ledger, list[str]]:
    ledger = store.ledger()
    hear(ledger, problem(severity=Severity.CRITICAL), CONFIG, at(0))
    return ledger, commit(store, ledger)


def test_a_ledger_comes_back_as_it_was_committed(store: Store, path: Path) -> None:
    ledger = store.ledger()
    hear(ledger, problem(0), CONFIG, at(0))
    hear(ledger, problem(1, "OPENALGO_DOWN", severity=Severity.CRITICAL), CONFIG, at(1))
    hear(ledger, problem(2, "FEED_STALE", severity=Severity.CRITICAL, about=["b.service", "a.service"]), CONFIG, at(2))
    hear(ledger, resolved(3, "FEED_STALE"), CONFIG, at(3))
    hear(ledger, plain(Kind.STATUS, 4), CONFIG, at(4))
    data = {"id": "0123456789abcdef", "unit": "b*", "end": iso(at(999)), "why": "a deploy"}
    hear(ledger, Heard(Event(Kind.COMMAND, "", "SILENCE", data=data), at(5), "ann"), CONFIG, at(5))
    hear(ledger, resolved(6, "OPENALGO_DOWN", superseded_by="WORSE"), CONFIG, at(6))
    hear(ledger, problem(7, "OPENALGO_ERROR", AGENT, severity=Severity.CRITICAL), CONFIG, at(7))
    hear(ledger, plain(Kind.SHUTDOWN, 8, data={"closes": ["OPENALGO_ERROR"]}), CONFIG, at(8))
    assert {one.stage for one in ledger.resting.values()} == {Stage.RECOVERING, Stage.CLOSED}
    assert ledger.resting
    assert ledger.heirs
    assert ledger.gave_way
    assert ledger.silences
    assert ledger.statuses
    commit(store, ledger, "cursor-1")
    again = Store(path)
    try:
        assert again.ledger() == ledger
        assert again.note("cursor") == "cursor-1"
    finally:
        again.close()


def test_what_a_source_said_at_the_end_of_a_problem_is_kept_until_that_is_told(store: Store) -> None:
    ledger, _ = told(store)
    hear(ledger, resolved(3), CONFIG, at(3))
    commit(store, ledger, "cursor-1")
    (resting,) = store.ledger().resting.values()
    assert resting.ended_with == "it is over"


def test_the_earlier_systems_query_works(store: Store, path: Path) -> None:
    told(store)
    with sqlite3.connect(path) as connection:
        (row,) = connection.execute(OLD_QUERY).fetchall()
    connection.close()
    assert row[1:] == (
        "DATABASE_LOCKED",
        "it is locked",
        "2026-03-02T09:30:00.000+00:00",
        "2026-03-02T09:30:00.000+00:00",
        1,
        None,
        0,
        0,
        None,
    )


def test_a_message_counts_when_its_first_channel_has_delivered_it(store: Store, path: Path) -> None:
    told(store)
    journal, webhook = Outbox(path, "journal"), Outbox(path, "webhook")
    for outbox in (journal, webhook):
        queued = outbox.head()
        assert queued is not None
        outbox.begin(queued, at(2))
        outbox.end(queued, Ended.DELIVERED, at(3), "")
        assert outbox.head() is None
        outbox.close()
    (row,) = store.unresolved(10)
    assert row["notification_count"] == 1
    assert store.delivery(CONFIG.channel_names).last_delivered == {"journal": at(3), "webhook": at(3)}
    assert store.delivery(CONFIG.channel_names).queued == 0


def test_what_was_refused_counts_as_nothing(store: Store, path: Path) -> None:
    told(store)
    outbox = Outbox(path, "webhook")
    queued = outbox.head()
    assert queued is not None
    outbox.end(queued, Ended.REFUSED, at(3), "HTTP 401")
    outbox.close()
    assert store.unresolved(10)[0]["notification_count"] == 0
    assert {name: one.since for name, one in store.delivery(CONFIG.channel_names).waiting.items()} == {"journal": at(0)}


def test_what_the_check_told_in_the_notifiers_place_counts_as_often_as_it_did(store: Store) -> None:
    ledger = store.ledger()
    for second, times in ((0, 1), (300, 1), (10_800, 2)):
        hear(ledger, dataclasses.replace(problem(second, severity=Severity.CRITICAL), told=times), CONFIG, at(second))
    commit(store, ledger)
    assert store.unresolved(10)[0]["notification_count"] == 2
    assert store.ledger().problems == ledger.problems


def test_deliveries_are_counted_by_how_they_ended(store: Store, path: Path) -> None:
    told(store)
    assert store.ended_deliveries() == {}  # both are queued
    for channel, ended in (("journal", Ended.DELIVERED), ("webhook", Ended.GIVEN_UP)):
        outbox = Outbox(path, channel)
        queued = outbox.head()
        assert queued is not None
        outbox.end(queued, ended, at(3), "")
        outbox.close()
    assert store.ended_deliveries() == {"journal": {"delivered": 1}, "webhook": {"given_up": 1}}


def test_a_channel_refuses_until_it_delivers_again(store: Store, path: Path) -> None:
    ledger, _ = told(store)
    hear(ledger, problem(5, "OTHER", severity=Severity.CRITICAL), CONFIG, at(5))
    commit(store, ledger, "d")
    outbox = Outbox(path, "webhook")
    for second, how in ((3, Ended.REFUSED), (4, Ended.DELIVERED)):
        queued = outbox.head()
        assert queued is not None
        outbox.end(queued, how, at(second), "HTTP 401")
        refused = {"webhook": "HTTP 401"} if how is Ended.REFUSED else {}
        assert store.delivery(CONFIG.channel_names).refusing == refused
    outbox.close()


def test_a_later_commit_keeps_the_workers_count(store: Store, path: Path) -> None:
    ledger, _ = told(store)
    outbox = Outbox(path, "webhook")
    queued = outbox.head()
    assert queued is not None
    outbox.end(queued, Ended.DELIVERED, at(3), "")
    outbox.close()
    hear(ledger, problem(5), CONFIG, at(5))
    commit(store, ledger, "d")
    (row,) = store.unresolved(10)
    assert (row["occurrence_count"], row["notification_count"]) == (2, 1)


def test_a_channel_delivers_in_order_and_waits_for_its_oldest(store: Store, path: Path) -> None:
    ledger, (first,) = told(store)
    hear(ledger, problem(5, "OTHER", severity=Severity.CRITICAL), CONFIG, at(5))
    (second,) = commit(store, ledger, "d")
    outbox = Outbox(path, "webhook")
    queued = outbox.head()
    assert queued is not None
    assert queued.message_id == first
    outbox.begin(queued, at(2))
    outbox.postpone(queued, at(300), "HTTP 500", 0)
    again = outbox.head()
    assert again is not None
    assert (again.message_id, again.attempts, again.not_before) == (first, 1, at(300))
    assert store.delivery(CONFIG.channel_names).waiting["webhook"].detail == "HTTP 500"
    outbox.end(queued, Ended.GIVEN_UP, at(300), "")
    following = outbox.head()
    assert following is not None
    assert following.message_id == second
    outbox.close()


def test_a_commit_that_fails_leaves_nothing_behind(store: Store) -> None:
    ledger, _ = told(store)
    hear(ledger, problem(5, "OTHER", severity=Severity.CRITICAL), CONFIG, at(5))
    store._connection.execute("CREATE TRIGGER broken BEFORE INSERT ON outbox BEGIN SELECT raise(FAIL, 'broken'); END")
    with pytest.raises(StoreError, match="cannot write the database"):
        commit(store, ledger, "d")
    assert [one.type for one in store.ledger().problems] == ["DATABASE_LOCKED"]
    assert store.note("cursor") == "c"


@pytest.mark.parametrize("content", [b"this is no database, but long enough to be looked at " * 40])
def test_a_file_that_is_no_database_is_one_line(path: Path, content: bytes) -> None:
    path.write_bytes(content)
    with pytest.raises(CorruptError, match=r"cannot (open|prepare) the database .*: file is not a database"):
        Store(path)


def test_a_directory_that_is_not_there_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match=r"cannot open the database .*unable to open database file"):
        Store(tmp_path / "missing/notifier.db")


def test_a_database_of_a_newer_version_is_left_alone(store: Store, path: Path) -> None:
    with sqlite3.connect(path) as connection:
        connection.execute("PRAGMA user_version = 99")
    connection.close()
    with pytest.raises(StoreError, match="a newer version of Standfast wrote it"):
        Store(path)


def test_what_is_old_is_removed_and_what_is_unresolved_or_queued_stays(store: Store, path: Path) -> None:
    ledger = store.ledger()
    hear(ledger, problem(0, "OLD"), CONFIG, at(0))
    hear(ledger, problem(0, "UNRESOLVED"), CONFIG, at(0))
    hear(ledger, problem(0, "QUEUED", severity=Severity.CRITICAL), CONFIG, at(0))
    for kind in ("OLD", "QUEUED"):
        hear(ledger, resolved(1, kind), CONFIG, at(1))
    tick(ledger, CONFIG, at(10))
    commit(store, ledger)
    store.prune(at(3600))
    assert [one.type for one in store.ledger().problems] == ["UNRESOLVED"]
    assert store.delivery(CONFIG.channel_names).queued == 4, (
        "two messages, on two channels each, are still to be delivered"
    )
    for channel in ("journal", "webhook"):
        outbox = Outbox(path, channel)
        while queued := outbox.head():
            outbox.end(queued, Ended.DELIVERED, at(20), "")
        outbox.close()
    store.prune(at(3600))
    counts = [store._connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0]
              for table in ("error_notifications_log", "messages", "outbox", "message_problems")]  # fmt: skip
    assert counts == [1, 0, 0, 0]


def test_a_full_disk_is_one_line_and_changes_nothing(store: Store, path: Path) -> None:
    ledger, _ = told(store)
    pages = store._connection.execute("PRAGMA page_count").fetchone()[0]
    store._connection.execute(f"PRAGMA max_page_count = {pages}")
    before = store.ledger()
    for number in range(500):
        hear(ledger, problem(5, f"TYPE_{number}", severity=Severity.CRITICAL), CONFIG, at(5))
    with pytest.raises(StoreError, match="database or disk is full"):
        commit(store, ledger, "d")
    assert store.ledger() == before
    assert store.note("cursor") == "c"


def test_of_all_canaries_only_the_latest_is_kept(store: Store, path: Path) -> None:
    ledger = store.ledger()
    for number in range(3):
        hear(ledger, plain(Kind.CANARY, number, data={"id": f"0123456{number}"}), CONFIG, at(number))
        commit(store, ledger, f"c{number}")
    with sqlite3.connect(path) as connection:
        rows = connection.execute("SELECT kind, channel, state FROM messages JOIN outbox ON message_id = messages.id")
        assert rows.fetchall() == [("canary", "canary", "queued")]
    connection.close()
    # No time passes in which it would have been "last delivered" to anybody.
    assert store.delivery(CONFIG.channel_names).last_delivered == {}


@pytest.mark.parametrize(
    ("severity", "asked_to_wait", "not_before"),
    [(Severity.CRITICAL, False, at(0)), (Severity.CRITICAL, True, at(300)), (Severity.WARNING, False, at(300))],
)
def test_what_is_critical_does_not_wait_for_the_backoff_of_what_is_in_front_of_it(
    store: Store, path: Path, severity: Severity, asked_to_wait: bool, not_before: datetime
) -> None:
    ledger, _ = told(store)
    outbox = Outbox(path, "webhook")
    queued = outbox.head()
    assert queued is not None
    outbox.postpone(queued, at(300), "HTTP 503", 0, asked_to_wait=asked_to_wait)
    hear(ledger, problem(0, "OTHER", severity=severity), CONFIG, at(0))
    tick(ledger, CONFIG, at(60))
    commit(store, ledger, "d")
    first = outbox.head()
    outbox.close()
    assert first is not None
    assert (first.message_id, first.not_before) == (queued.message_id, not_before)


def test_the_end_of_something_critical_is_in_no_hurry(store: Store, path: Path) -> None:
    ledger, _ = told(store)
    outbox = Outbox(path, "webhook")
    queued = outbox.head()
    assert queued is not None
    outbox.postpone(queued, at(300), "HTTP 503", 0)
    hear(ledger, resolved(1), CONFIG, at(1))
    tick(ledger, CONFIG, at(10))
    commit(store, ledger, "d")
    first = outbox.head()
    outbox.close()
    assert first is not None
    assert first.not_before == at(300)
