"""The daily cap of text messages: told when it is reached, over when enough of them are old."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.unit.notifier.events import at, config, problem

from standfast.events import Event, Kind, Severity
from standfast.notifier.hear import hear
from standfast.notifier.render import render
from standfast.notifier.route import SMS_CAP_REACHED
from standfast.notifier.store.outbox import Ended, Outbox
from standfast.notifier.store.store import Store
from standfast.notifier.worker.cap import Cap

CONFIG = config("[channels.journal]")
DAY_S = 24 * 3600
UNIT = "standfast-notifier.service"


class Said:
    """An emitter that remembers."""

    def __init__(self) -> None:
        self.events: list[Event] = []

    def emit(self, event: Event) -> None:
        self.events.append(event)

    @property
    def kinds(self) -> list[Kind]:
        kinds = [event.kind for event in self.events]
        assert all((event.type, event.unit) == (SMS_CAP_REACHED, UNIT) for event in self.events)
        return kinds


@pytest.fixture
def outbox(tmp_path: Path) -> Iterator[Outbox]:
    """A message of three parts was delivered at 100 s; the cap's problem is unresolved."""
    store = Store(tmp_path / "notifier.db")
    ledger = store.ledger()
    hear(ledger, problem(kind=SMS_CAP_REACHED, unit=UNIT, severity=Severity.CRITICAL), CONFIG, at(0))
    changes = ledger.take_changes()
    store.commit(changes, [render(draft, "m1", "box1", None) for draft in changes.drafts], {}, at(0))
    found = Outbox(tmp_path / "notifier.db", "journal")
    queued = found.head()
    assert queued is not None
    found.end(queued, Ended.DELIVERED, at(100), "", parts_done=3)
    yield found
    found.close()
    store.close()


@pytest.mark.parametrize(
    ("limit", "now_s", "critical", "refused", "said"),
    [
        (3, 200, True, "the daily cap is reached: 3", [Kind.PROBLEM]),
        (3, 99 + DAY_S, True, "the daily cap is reached: 3", [Kind.PROBLEM]),
        (3, 101 + DAY_S, True, "", [Kind.RESOLVED]),
        (4, 200, True, "", []),
        (4, 200, False, "the daily cap is reached but for what is critical: 2 of 4 are kept for that", [Kind.PROBLEM]),
        (6, 200, True, "", []),
        (6, 200, False, "the daily cap is reached but for what is critical: 3 of 6 are kept for that", [Kind.PROBLEM]),
        (7, 200, False, "", [Kind.RESOLVED]),  # the configuration was changed
    ],
)
def test_the_cap(outbox: Outbox, limit: int, now_s: float, critical: bool, refused: str, said: list[Kind]) -> None:
    emitter = Said()
    cap = Cap(limit, emitter)
    assert cap.refuses(outbox, at(now_s), critical=critical) == refused
    cap.lift(outbox, at(now_s))
    assert emitter.kinds == said


def test_what_was_not_reached_is_not_lifted(tmp_path: Path) -> None:
    Store(tmp_path / "notifier.db").close()
    outbox, emitter = Outbox(tmp_path / "notifier.db", "sms"), Said()
    Cap(3, emitter).lift(outbox, at(0))
    outbox.close()
    assert emitter.kinds == []
