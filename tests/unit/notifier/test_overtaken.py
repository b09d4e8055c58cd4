"""What was not delivered while it was true: it is told once, with its end; what lasts is not dropped for anything."""

import dataclasses
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from tests.fakes.private_journal import PrivateJournal
from tests.fakes.webhook_sink import Fault, WebhookSink
from tests.unit.notifier.events import AGENT, at, plain, problem, resolved
from tests.unit.notifier.fold import Fold
from tests.unit.notifier.process import Notifier, types_of, wait_until
from tests.unit.notifier.process import config as with_sink

from standfast.events import Event, Kind, Severity
from standfast.notifier.fallback import Fallback
from standfast.notifier.model import Heard
from standfast.notifier.render import render
from standfast.notifier.store.outbox import Ended, Outbox, Queued
from standfast.notifier.store.store import Store

BOTH = """
[channels.journal]
[channels.webhook]
url = "http://127.0.0.1:9/"
"""
ROUTE = '[[route]]\nchannels = ["webhook"]\nfallback = ["journal"]\nfallback_after_s = 120\n'


def command(seconds: float, kind: str, **data: int) -> Heard:
    return Heard(Event(Kind.COMMAND, "", kind, data=data), at(seconds), "ann")


def waiting(seconds: float, unit: str = AGENT) -> Heard:
    words = f"still WAITING after {seconds / 3600:g} h"
    return plain(Kind.STATUS, seconds, unit, Severity.WARNING, words, type="OPENALGO_DOWN")


class Desk:
    """A ledger and its database, which take in events and time."""

    def __init__(self, path: Path, text: str) -> None:
        self.fold = Fold(text)
        self.store = Store(path)
        self._path = path
        self._number = 0

    def tick(self, seconds: float) -> str:
        """Let it be that time, and commit; the text of the latest message."""
        self.fold.tick_only(seconds)
        changes, text = self.fold.ledger.take_changes(), ""
        messages = []
        for draft in changes.drafts:
            self._number += 1
            if draft.kind == "recovery":
                untold = self.store.untold((one.id for one in draft.problems), draft.to.channels)
                draft = dataclasses.replace(draft, untold=untold)
            messages.append(render(draft, f"m{self._number}", "box1", None))
            text = messages[-1].text
        self.store.commit(changes, messages, {}, at(seconds))
        return text

    def deliver(self, channel: str) -> None:
        outbox = Outbox(self._path, channel)
        queued = outbox.head()
        assert queued is not None
        outbox.end(queued, Ended.DELIVERED, at(0), "")
        outbox.close()

    def head(self, channel: str) -> Queued:
        """What is to be delivered next."""
        with closing(Outbox(self._path, channel)) as outbox:
            queued = outbox.head()
        assert queued is not None
        return queued

    def queued(self, channel: str) -> list[str]:
        with sqlite3.connect(self._path) as connection:
            rows = connection.execute(
                "SELECT kind FROM outbox JOIN messages ON messages.id = message_id"
                " WHERE state = 'queued' AND channel = ? ORDER BY seq",
                (channel,),
            ).fetchall()
        connection.close()
        return [kind for (kind,) in rows]


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    found = Desk(tmp_path / "notifier.db", BOTH)
    yield found
    found.store.close()


def test_what_began_and_ended_undelivered_is_told_in_one_message(desk: Desk) -> None:
    desk.fold.hear(problem(0, severity=Severity.CRITICAL))
    desk.tick(0)
    desk.deliver("journal")
    desk.fold.hear(resolved(40))
    text = desk.tick(45)
    assert "RESOLVED: DATABASE_LOCKED a.service\nIt was: it is locked\nIt lasted 40 s, 1 occurrence" in text
    assert "Not told while it lasted: webhook did not deliver it" in text
    assert desk.queued("webhook") == ["recovery"]
    assert desk.queued("journal") == ["recovery"]


def test_what_was_delivered_is_told_as_ever(desk: Desk) -> None:
    desk.fold.hear(problem(0, severity=Severity.CRITICAL))
    desk.tick(0)
    for channel in ("journal", "webhook"):
        desk.deliver(channel)
    desk.fold.hear(resolved(40))
    text = desk.tick(45)
    assert "It was" not in text
    assert "Not told" not in text


def test_a_reminder_takes_the_place_of_the_one_before_and_the_problem_itself_stays(desk: Desk) -> None:
    desk.fold.hear(problem(0, severity=Severity.CRITICAL))
    for seconds in (0, 3600, 7200, 10800):
        desk.tick(seconds)
    assert desk.queued("webhook") == ["problem", "reminder"]


def test_a_reminder_that_waits_is_not_sent_once_all_of_it_is_taken_on(desk: Desk) -> None:
    for kind in ("ONE", "TWO"):
        desk.fold.hear(problem(0, kind, severity=Severity.CRITICAL))
    desk.tick(0)
    desk.tick(3600)
    assert desk.queued("webhook") == ["problem", "problem", "reminder"]
    desk.fold.hear(command(3700, "ACK", id=1))
    desk.tick(3700)
    assert desk.queued("webhook") == ["problem", "problem", "reminder"], "it reminds of the other one too"
    desk.fold.hear(command(3800, "ACK", id=2))
    desk.tick(3800)
    assert desk.queued("webhook") == ["problem", "problem"], "that they are there is told all the same"


def test_that_an_agent_waits_is_told_once_and_not_when_it_waits_no_more(desk: Desk) -> None:
    for seconds in (0, 3600, 7200):
        desk.fold.hear(waiting(seconds))
        desk.fold.hear(waiting(seconds, "standfast-agent@b.service"))
        desk.tick(seconds)
    assert desk.queued("webhook") == ["status", "status"], "one of each, the latest"
    assert "after 2 h" in desk.head("webhook").body
    desk.fold.hear(plain(Kind.SHUTDOWN, 7300, message="stopped flat"))
    desk.tick(7300)
    assert desk.queued("webhook") == ["status", "shutdown"]
    assert "agent@b" in desk.head("webhook").body


def test_that_an_agent_waits_gives_way_to_the_end_of_what_it_waited_for(desk: Desk) -> None:
    for kind in ("OPENALGO_DOWN", "FEED_STALE"):
        desk.fold.hear(problem(0, kind, AGENT))
    desk.tick(60)
    for channel in ("journal", "webhook"):
        desk.deliver(channel)
    desk.fold.hear(waiting(3600))
    desk.tick(3600)
    desk.fold.hear(resolved(3700, "FEED_STALE", AGENT))
    desk.tick(3705)
    assert desk.queued("webhook") == ["status", "recovery"], "it waits for the other one"
    desk.fold.hear(resolved(3710, "OPENALGO_DOWN", AGENT))
    desk.tick(3715)
    assert desk.queued("webhook") == ["recovery", "recovery"]


def test_a_message_about_several_waits_for_as_long_as_one_of_them_lasts(desk: Desk) -> None:
    desk.fold.hear(problem(0, "ONE", message="one is bad"))
    desk.fold.hear(problem(0, "TWO", message="two is bad"))
    desk.tick(60)
    desk.fold.hear(resolved(70, "ONE"))
    assert "It was: one is bad" in desk.tick(75)
    assert desk.queued("webhook") == ["aggregate", "recovery"]
    desk.fold.hear(resolved(90, "TWO"))
    assert "It was: two is bad" in desk.tick(95)
    assert desk.queued("webhook") == ["recovery", "recovery"]


def test_a_message_that_was_begun_is_sent_whole(desk: Desk, tmp_path: Path) -> None:
    desk.fold.hear(problem(0, severity=Severity.CRITICAL))
    desk.tick(0)
    outbox = Outbox(tmp_path / "notifier.db", "webhook")
    queued = outbox.head()
    assert queued is not None
    outbox.postpone(queued, at(60), "HTTP 500", parts_done=1)
    outbox.close()
    desk.fold.hear(resolved(40))
    assert "webhook did not" not in desk.tick(45)
    assert desk.queued("webhook") == ["problem", "recovery"]


def test_what_is_read_together_with_its_end_is_told_with_both(desk: Desk) -> None:
    desk.fold.hear(problem(0, severity=Severity.CRITICAL))
    desk.fold.hear(resolved(40))
    assert "It was" not in desk.tick(45)
    assert desk.queued("webhook") == ["problem", "recovery"]


def test_a_channel_that_asked_to_wait_is_waited_for(desk: Desk, tmp_path: Path) -> None:
    desk.fold.hear(problem(0, severity=Severity.CRITICAL))
    desk.tick(0)
    outbox = Outbox(tmp_path / "notifier.db", "webhook")
    queued = outbox.head()
    assert queued is not None
    outbox.begin(queued, at(2))
    outbox.postpone(queued, at(600), "HTTP 429", 0, asked_to_wait=True)
    desk.fold.hear(resolved(40))
    desk.tick(45)
    following = outbox.head()
    outbox.close()
    assert following is not None
    assert (following.not_before, following.attempts) == (at(600), 1)
    assert desk.store.delivery(("webhook",)).waiting["webhook"].detail == "HTTP 429"


def test_the_fallback_hears_of_it_when_it_would_have_heard_of_the_beginning(tmp_path: Path) -> None:
    desk = Desk(tmp_path / "notifier.db", BOTH + ROUTE)
    desk.fold.hear(problem(0, severity=Severity.CRITICAL))
    desk.tick(0)
    desk.fold.hear(resolved(100))
    desk.tick(105)
    assert desk.store.hand_on(("journal", "webhook"), at(119)) == []
    assert desk.store.hand_on(("journal", "webhook"), at(121)) == [("webhook", "journal", Fallback.TOO_LATE)]
    assert desk.queued("journal") == ["recovery"]
    desk.store.close()


def test_a_night_without_mail_ends_in_what_is_true_then(
    journal: PrivateJournal, sink: WebhookSink, tmp_path: Path
) -> None:
    sink.faults.extend([Fault.ERROR] * 3)
    with Notifier(journal, tmp_path, with_sink(sink)) as notifier:
        notifier.emit("problem", "OVER", "critical")
        notifier.emit("problem", "LASTS", "critical")
        wait_until(lambda: len(sink.faults) < 3, "an attempt in vain")
        notifier.emit("resolved", "OVER")
        wait_until(lambda: types_of(sink) == {"OVER", "LASTS"}, "both told", timeout_s=30)
    assert [(one["kind"], one["events"][0]["type"]) for one in sink.got] == [("problem", "LASTS"), ("recovery", "OVER")]
    assert "It was: OVER of a.service" in sink.got[1]["text"]
