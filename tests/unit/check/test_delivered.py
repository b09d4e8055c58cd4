"""What the notifier delivered before it fell silent is not told by the check once more."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from tests.unit.notifier.events import at, config, plain, problem, resolved

from standfast.check import findings, memory, stand_in
from standfast.check.delivered import NOTHING
from standfast.check.findings import Answer
from standfast.check.memory import Memory
from standfast.check.notifier_database import delivered
from standfast.events import Kind, Severity
from standfast.notifier.hear import hear
from standfast.notifier.model import Heard, Identity
from standfast.notifier.render import render
from standfast.notifier.store.outbox import Ended, Outbox
from standfast.notifier.store.store import Store
from standfast.notifier.tick import tick
from standfast.unit_names import CHECK, NOTIFIER

CONFIG = config('[channels.webhook]\nurl = "http://127.0.0.1:9/hook"\n')
CASCADE = problem(0, "CASCADING_FAILURE", severity=Severity.CRITICAL)
AGAIN = problem(40, "CASCADING_FAILURE", severity=Severity.CRITICAL)
OVER = resolved(20, "CASCADING_FAILURE")
RESTART = plain(Kind.RESTART, 5, unit="standfast-master-restart.service", type="MASTER_RESTART_STARTED")
BAD_FILE = Answer(findings.FILES, False, "ports.json (missing)")


class Notifier:
    """A notifier that hears, and whose worker delivers to one channel, until it is no more."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.store = Store(path)

    def hears(self, *heard: Heard, delivers: bool = True) -> None:
        ledger = self.store.ledger()
        for one in heard:
            hear(ledger, one, CONFIG, one.at)
        tick(ledger, CONFIG, heard[-1].at + timedelta(seconds=60))
        changes = ledger.take_changes()
        messages = [render(draft, f"m{number}", "box1", None) for number, draft in enumerate(changes.drafts)]
        notes = {"cursor": "c", "window_closes_at": "", "heirs": "{}"}
        self.store.commit(changes, messages, notes, at(0))
        outbox = Outbox(self.path, "webhook")
        while delivers and (queued := outbox.head()) is not None:
            outbox.end(queued, Ended.DELIVERED, at(2), "")
        outbox.close()


@pytest.fixture
def notifier(tmp_path: Path) -> Iterator[Notifier]:
    found = Notifier(tmp_path / "notifier.db")
    yield found
    found.store.close()


def passed_on(notifier: Notifier, *heard: Heard) -> list[str]:
    known = delivered(notifier.path)
    drafts = stand_in.passed_on(heard, Memory(), CONFIG, at(60), known)
    return [draft.event.type if draft.event else draft.problems[0].type for draft in drafts]


@pytest.mark.parametrize(
    ("heard_by_it", "heard", "news"),
    [
        ([CASCADE], [CASCADE], []),
        # It goes on, and people know that.
        ([CASCADE], [CASCADE, AGAIN], []),
        # It was over meanwhile, and came back: nobody knows.
        ([CASCADE], [CASCADE, OVER, AGAIN], ["CASCADING_FAILURE"]),
        ([CASCADE, OVER], [CASCADE, OVER, AGAIN], ["CASCADING_FAILURE"]),
        ([CASCADE, OVER, AGAIN], [CASCADE, OVER, AGAIN], []),
        ([RESTART], [CASCADE, RESTART], ["CASCADING_FAILURE"]),
        # Told as a warning; that it is critical is news.
        ([problem(0, "CASCADING_FAILURE")], [AGAIN], ["CASCADING_FAILURE"]),
    ],
)
def test_what_was_delivered_is_not_passed_on(
    notifier: Notifier, heard_by_it: list[Heard], heard: list[Heard], news: list[str]
) -> None:
    notifier.hears(*heard_by_it)
    assert passed_on(notifier, *heard) == news


def test_what_still_waits_in_the_outbox_is_passed_on(notifier: Notifier) -> None:
    notifier.hears(CASCADE, RESTART, delivers=False)
    assert passed_on(notifier, CASCADE, RESTART) == ["CASCADING_FAILURE", "MASTER_RESTART_STARTED"]


def test_a_trouble_of_the_checks_own_that_the_notifier_told_is_only_reminded_of(notifier: Notifier) -> None:
    notifier.hears(problem(0, findings.FILES.type, CHECK))
    known = delivered(notifier.path)
    assert known.told_at(findings.FILES.identity) == at(2)
    kept = memory.after_looks(Memory(), [BAD_FILE], at(0))
    assert stand_in.to_tell([BAD_FILE], kept, at(300), 3600, known) == ()
    assert stand_in.to_tell([BAD_FILE], kept, at(3700), 3600, known) == (BAD_FILE,)
    notifier.hears(resolved(10, findings.FILES.type, CHECK))
    assert delivered(notifier.path).told_at(findings.FILES.identity) is None


def test_that_the_notifier_is_away_is_always_news(notifier: Notifier) -> None:
    down = findings.runs(NOTIFIER, "failed")
    notifier.hears(problem(0, down.question.type, NOTIFIER, Severity.CRITICAL))
    known = delivered(notifier.path)
    assert known.told_at(down.question.identity) is not None
    kept = memory.after_looks(Memory(), [down], at(300))
    assert stand_in.to_tell([down], kept, at(300), 3600, known) == (down,)


def test_a_database_that_cannot_be_read_knows_of_nothing(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    path = tmp_path / "notifier.db"
    assert delivered(path) == NOTHING
    assert caplog.text == ""
    path.write_bytes(b"no database at all" * 100)
    assert delivered(path) == NOTHING
    assert "some of it may be told again" in caplog.text


def test_reading_leaves_nothing_beside_it(notifier: Notifier) -> None:
    notifier.hears(CASCADE)
    notifier.store.close()
    before = sorted(notifier.path.parent.iterdir())
    assert delivered(notifier.path).critical(Identity("CASCADING_FAILURE", "a.service")) is not None
    assert sorted(notifier.path.parent.iterdir()) == before == [notifier.path]
