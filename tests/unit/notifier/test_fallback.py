"""When a message goes to the next channel."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.unit.notifier.events import at, config, plain, problem

from standfast.events import Event, Kind, Severity
from standfast.moments import iso
from standfast.notifier.fallback import Fallback, Undelivered, fallback
from standfast.notifier.hear import hear
from standfast.notifier.ledger import farewell
from standfast.notifier.model import Heard
from standfast.notifier.render import render
from standfast.notifier.store.outbox import Ended, Outbox
from standfast.notifier.store.store import Store

CONFIG = config("""
[channels.journal]
[channels.webhook]
url = "http://127.0.0.1:9/"
[[route]]
channels = ["webhook"]
fallback = ["webhook", "journal"]
fallback_after_s = 120
""")


@pytest.mark.parametrize(
    ("has_failed", "chain", "acknowledged", "seconds", "decision"),
    [
        (False, ("sms",), False, 119, Fallback.NOT_YET),
        (False, ("sms",), False, 120, Fallback.TOO_LATE),
        (True, ("sms",), False, 1, Fallback.FAILED),
        (True, (), False, 1, Fallback.NONE_LEFT),
        (False, (), False, 500, Fallback.NONE_LEFT),
        (True, ("sms",), True, 500, Fallback.ACKNOWLEDGED),
        (False, ("sms",), False, -7200, Fallback.TOO_LATE),  # the clock was set back
    ],
)
def test_decision(
    has_failed: bool, chain: tuple[str, ...], acknowledged: bool, seconds: float, decision: Fallback
) -> None:
    assert fallback(Undelivered(has_failed, at(0), chain, 120, acknowledged), at(seconds)) is decision


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    """With one message for the webhook, and then for the journal."""
    found = Store(tmp_path / "notifier.db")
    take(found, problem(severity=Severity.CRITICAL))
    yield found
    found.close()


def take(store: Store, heard: Heard) -> None:
    ledger = store.ledger()
    hear(ledger, heard, CONFIG, heard.at)
    changes = ledger.take_changes()
    messages = [render(draft, f"id-{iso(heard.at)}", "box1", None) for draft in changes.drafts]
    store.commit(changes, messages, {}, heard.at)


def waiting(store: Store) -> dict[str, int]:
    return {channel: one.number for channel, one in store.delivery(CONFIG.channel_names).waiting.items()}


def test_a_late_message_goes_to_the_next_channel_once_and_stays_queued_in_its_own(store: Store) -> None:
    assert store.hand_on(CONFIG.channel_names, at(119)) == []
    assert store.hand_on(CONFIG.channel_names, at(120)) == [("webhook", "journal", Fallback.TOO_LATE)]
    assert waiting(store) == {"journal": 1, "webhook": 1}
    assert store.hand_on(CONFIG.channel_names, at(9999)) == []


def test_a_refused_message_goes_to_the_next_channel_at_once(store: Store, tmp_path: Path) -> None:
    outbox = Outbox(tmp_path / "notifier.db", "webhook")
    queued = outbox.head()
    assert queued is not None
    outbox.end(queued, Ended.REFUSED, at(1), "HTTP 401")
    outbox.close()
    assert store.hand_on(CONFIG.channel_names, at(1)) == [("webhook", "journal", Fallback.FAILED)]
    assert waiting(store) == {"journal": 1}


def test_a_delivered_message_is_not_handed_on(store: Store, tmp_path: Path) -> None:
    outbox = Outbox(tmp_path / "notifier.db", "webhook")
    queued = outbox.head()
    assert queued is not None
    outbox.end(queued, Ended.DELIVERED, at(1), "")
    outbox.close()
    assert store.hand_on(CONFIG.channel_names, at(9999)) == []


def test_what_somebody_has_taken_on_is_not_handed_on(store: Store) -> None:
    take(store, Heard(Event(Kind.COMMAND, "", "ACK", data={"id": 1}), at(60), "ann"))
    assert store.hand_on(CONFIG.channel_names, at(9999)) == []


ONLY_JOURNAL = ("journal",)


def test_what_waits_for_a_channel_that_is_gone_goes_to_its_fallback(store: Store) -> None:
    assert store.retire(CONFIG.channel_names, at(1)) == {}
    assert store.retire(ONLY_JOURNAL, at(1)) == {"webhook": 1}
    assert store.hand_on(ONLY_JOURNAL, at(1)) == [("webhook", "journal", Fallback.FAILED)]
    assert set(store.delivery(ONLY_JOURNAL).waiting) == {"journal"}
    assert store.delivery(("journal", "webhook")).refusing == {}, "the other side has refused nothing"


def test_without_a_fallback_it_goes_to_what_is_there(store: Store) -> None:
    assert store.retire(("email", "sms"), at(1)) == {"webhook": 1}
    assert store.hand_on(("email", "sms"), at(1)) == [("webhook", "email", Fallback.FAILED)]
    assert store.hand_on(("email", "sms"), at(9999)) == [("email", "sms", Fallback.TOO_LATE)]


def test_a_test_of_a_channel_that_is_gone_goes_nowhere(tmp_path: Path) -> None:
    store = Store(tmp_path / "notifier.db")
    command = Event(Kind.COMMAND, "", "TEST_NOTIFY", data={"id": "0123456789abcdef", "channel": "webhook"})
    take(store, Heard(command, at(0), "ann"))
    assert store.retire(ONLY_JOURNAL, at(1)) == {"webhook": 1}
    assert store.hand_on(ONLY_JOURNAL, at(1)) == []
    assert store.delivery(ONLY_JOURNAL).queued == 0
    store.close()


def test_a_channel_of_the_chain_that_is_gone_is_passed_over(store: Store) -> None:
    assert store.hand_on(("webhook",), at(9999)) == [("webhook", "", Fallback.TOO_LATE)]
    assert set(store.delivery(("webhook",)).waiting) == {"webhook"}


def test_a_canary_is_nobodys_message_and_its_way_is_always_there(tmp_path: Path) -> None:
    store = Store(tmp_path / "notifier.db")
    take(store, plain(Kind.CANARY, data={"id": "0123456789abcdef"}))
    assert store.retire(ONLY_JOURNAL, at(1)) == {}
    assert set(store.delivery(ONLY_JOURNAL).waiting) == {"canary"}
    store.close()


def test_a_channel_that_is_told_as_a_fallback_is_told_of_the_end_too(store: Store) -> None:
    for _ in range(2):
        store.hand_on(CONFIG.channel_names, at(120))
    (known,) = store.ledger().problems.values()
    assert known.told_on == ("webhook", "journal")
    assert farewell(known, CONFIG).channels == ("journal", "webhook")
