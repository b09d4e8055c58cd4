"""The notifier under very many events: its memory does not grow with them, its database only with what is to be kept.

A short form runs with every test; `make soak` sets STANDFAST_EVENTS=1000000.
"""

from __future__ import annotations

import os
import random
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.fakes import private_journal
from tests.fakes.private_journal import PrivateJournal
from tests.fakes.webhook_sink import WebhookSink
from tests.unit.notifier.process import Notifier, wait_until

EVENTS = int(os.environ.get("STANDFAST_EVENTS", "30000"))
# So many are in the journal unread at most: it may remove its oldest entries.
CHUNK = 10_000
TYPES = [f"TYPE_{number}" for number in range(20)]
UNITS = [f"unit-{number}.service" for number in range(50)]
RESOLVED_SHARE = 0.1
MOST_GROWTH_MIB = 5.0
# Rows of the error log, of the outbox and their indices.
MOST_BYTES_PER_EVENT = 300
SQL_OCCURRENCES = (
    "SELECT coalesce(sum(occurrence_count), 0) FROM error_notifications_log WHERE unit != 'marker.service'"
)

pytestmark = pytest.mark.timeout(120 + EVENTS // 1000)


@pytest.fixture
def journal() -> Iterator[PrivateJournal]:
    if reason := private_journal.why_not():
        pytest.skip(reason)
    with PrivateJournal() as found:
        yield found


def pss_mib(pid: int, of: str) -> float:
    """Its share of the memory: Pss_Anon is its own, Pss_Shmem are here the pages of the journal that it has read."""
    lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(f"{of}:")) / 1024


def database_mib(notifier: Notifier) -> float:
    return sum(path.stat().st_size for path in notifier.database.parent.glob("notifier.db*")) / 2**20


def emit_and_wait(notifier: Notifier, dice: random.Random, number: int) -> int:
    """Emit so many and wait until the last of them was read; answers how many were problems."""
    problems = 0
    count = "SELECT occurrence_count FROM error_notifications_log WHERE unit = 'marker.service'"
    before = notifier.query(count)
    for _ in range(number):
        kind = "resolved" if dice.random() < RESOLVED_SHARE else "problem"
        problems += kind == "problem"
        notifier.emit(kind, dice.choice(TYPES), "warning", dice.choice(UNITS), ring=False)
    notifier.emit("problem", "MARKER", "warning", "marker.service")
    wait_until(lambda: notifier.query(count) != before, "the marker behind them", timeout_s=60)
    return problems


def test_memory_and_database_after_very_many_events(journal: PrivateJournal, tmp_path: Path) -> None:
    dice = random.Random(4711)
    with WebhookSink() as sink:
        config = f'aggregation_window_s = 1\nflood_limit = 1000000\n[channels.webhook]\nurl = "{sink.url}"\n'
        with Notifier(journal, tmp_path, config) as notifier:
            problems = emit_and_wait(notifier, dice, CHUNK)
            warm_mib = pss_mib(notifier.pid, "Pss_Anon")
            for _ in range(EVENTS // CHUNK - 1):
                problems += emit_and_wait(notifier, dice, CHUNK)
            grown_mib = pss_mib(notifier.pid, "Pss_Anon") - warm_mib
            size_mib = database_mib(notifier)
            assert notifier.query(SQL_OCCURRENCES) == [(problems,)]
            print(
                f"{EVENTS} events: memory {warm_mib:.1f} MiB after the first {CHUNK}, then {grown_mib:+.1f} MiB,"
                f" beside {pss_mib(notifier.pid, 'Pss_Shmem'):.1f} MiB of the journal's pages;"
                f" database {size_mib:.1f} MiB; {len(sink.got)} messages"
            )
    assert grown_mib < MOST_GROWTH_MIB
    assert size_mib * 2**20 < MOST_BYTES_PER_EVENT * EVENTS + 2**23
