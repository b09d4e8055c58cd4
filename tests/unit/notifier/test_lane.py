"""A lane goes on whatever its channel does, and writes down what came of it."""

import itertools
import logging
import threading
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import pytest
from tests.unit.notifier.events import at, config, problem

from standfast.events import Severity
from standfast.notifier.channels import Answer, Outcome, Standing
from standfast.notifier.channels.channel import Body
from standfast.notifier.hear import hear
from standfast.notifier.render import render
from standfast.notifier.store.outbox import Outbox
from standfast.notifier.store.store import Store
from standfast.notifier.worker.lane import CRASHES, Lane

NOW = at(1)
CONFIG = config("[channels.journal]")


class Scripted:
    """A channel that answers or raises what it is told to."""

    def __init__(self, *answers: Answer | Exception) -> None:
        self.took: list[str] = []
        self._answers = list(answers)

    def deliver(self, body: Body, parts_done: int = 0) -> Answer:
        self.took.append(str(body["id"]))
        answer = self._answers.pop(0) if self._answers else Answer(Outcome.DELIVERED)
        if isinstance(answer, Exception):
            raise answer
        return answer

    def standing(self) -> Standing:
        return Standing(None)

    def close(self) -> None:
        """Nothing is held."""


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Path]:
    store = Store(tmp_path / "notifier.db")
    ledger = store.ledger()
    hear(ledger, problem(severity=Severity.CRITICAL), CONFIG, at(0))
    changes = ledger.take_changes()
    store.commit(changes, [render(draft, "m1", "box1", None) for draft in changes.drafts], {}, at(0))
    yield tmp_path / "notifier.db"
    store.close()


def attempt(database: Path, channel: Scripted, now: datetime = NOW) -> None:
    """Let a lane make one attempt."""
    tried = threading.Event()
    lane = Lane("journal", database, lambda: channel, tried.set, now=lambda: now)
    lane.start()
    assert tried.wait(5), "no attempt was brought to its end"
    lane.stop()
    lane.join(5)


@pytest.mark.parametrize("outcome", [Outcome.PARTLY, Outcome.REFUSED, Outcome.RETRY])
def test_parts_that_were_taken_count_whatever_became_of_their_message(
    database: Path, caplog: pytest.LogCaptureFixture, outcome: Outcome
) -> None:
    with caplog.at_level(logging.INFO):
        attempt(database, Scripted(Answer(outcome, "refused for b: unknown", parts_done=3)))
    outbox = Outbox(database, "journal")
    assert (outbox.sent_since(at(0)), outbox.sent_since(at(2))) == (3, 0)
    outbox.close()
    assert any("refused for b: unknown" in record.getMessage() for record in caplog.records), "it is said"


def test_a_message_that_is_given_up_keeps_its_parts_in_the_count(database: Path) -> None:
    day_later = at(24 * 3600 + 1)
    attempt(database, Scripted(Answer(Outcome.RETRY, "busy", parts_done=3)), day_later)
    outbox = Outbox(database, "journal")
    assert outbox.head() is None
    assert outbox.sent_since(day_later) == 3
    outbox.close()


def test_a_channel_that_crashes_costs_its_message_time_only(database: Path, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO):
        attempt(database, Scripted(UnicodeEncodeError("ascii", "secret", 0, 1, "ordinal not in range(128)")))
    (trace,) = [record for record in caplog.records if record.exc_info]
    assert "The channel journal crashed" in trace.getMessage()
    outbox = Outbox(database, "journal")
    queued = outbox.head()
    outbox.close()
    assert queued is not None, "it is still to be delivered"
    assert queued.attempts == 1
    assert queued.not_before > NOW, "not in a tight loop"
    (said,) = [record.getMessage() for record in caplog.records if "Not delivered by journal" in record.getMessage()]
    assert "it crashed (UnicodeEncodeError)" in said
    assert "secret" not in said


def test_a_message_that_its_channel_always_crashes_on_makes_way(database: Path) -> None:
    crash = ValueError("odd")
    channel = Scripted(*[crash] * CRASHES)
    clock = itertools.count(1, 400)
    tried = threading.Semaphore(0)
    lane = Lane("journal", database, lambda: channel, tried.release, now=lambda: at(next(clock)))
    lane.start()
    for _ in range(CRASHES):
        assert tried.acquire(timeout=5), "no attempt was brought to its end"
        lane.wake()
    lane.stop()
    lane.join(5)
    outbox = Outbox(database, "journal")
    assert outbox.head() is None
    outbox.close()
    assert channel.took == ["m1"] * CRASHES
