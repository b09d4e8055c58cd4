"""The notifier as a process when its surroundings fail it."""

import itertools
import os
import signal
import time
from pathlib import Path

from tests.fakes.private_journal import PrivateJournal
from tests.fakes.webhook_sink import Fault, WebhookSink
from tests.unit.notifier.name_server import SilentNameServer
from tests.unit.notifier.process import Notifier, config, entries_told, types_of, wait_until


def test_an_unusable_state_directory_is_said_and_waited_for(
    journal: PrivateJournal, sink: WebhookSink, tmp_path: Path
) -> None:
    notifier = Notifier(journal, tmp_path, config(sink))
    state = tmp_path / "var/lib/standfast/notifier"
    state.rmdir()
    with notifier:
        notifier.emit("problem", "WHILE_BROKEN")
        state.mkdir()
        (message,) = sink.wait_for(1, timeout_s=15)
    assert message["events"][0]["type"] == "WHILE_BROKEN"
    log = notifier.log.read_text()
    assert log.count("cannot open the database") == 1
    assert "Traceback" not in log


def test_a_full_disk_is_said_and_waited_for(journal: PrivateJournal, sink: WebhookSink, tmp_path: Path) -> None:
    notifier = Notifier(journal, tmp_path, config(sink))
    state = notifier.database.parent
    # In the journal's own mount namespace, which is the notifier's too: it ends with the test.
    journal.inside("mount", "-t", "tmpfs", "-o", "size=1M", "tmpfs", str(state))
    with notifier:
        notifier.emit("problem", "BEFORE")
        sink.wait_for(1)
        journal.inside("dd", "if=/dev/zero", f"of={state}/filler", "bs=4k", check=False)
        # The database's files have some room left in themselves: emit until that is used up too.
        numbers = itertools.count()

        def is_in_trouble() -> bool:
            notifier.emit("problem", f"WHILE_FULL_{next(numbers)}")
            return "disk is full" in str(notifier.status().get("trouble"))

        wait_until(is_in_trouble, "trouble in the status", timeout_s=30)
        assert "Trying again: cannot" in notifier.wait_said("STATUS=Trying")
        journal.inside("rm", f"{state}/filler")
        emitted = {"BEFORE", *(f"WHILE_FULL_{number}" for number in range(next(numbers)))}
        wait_until(lambda: types_of(sink) == emitted, "everything told", timeout_s=30)
    ids = {(message["id"], message["title"]) for message in sink.got}
    assert len(ids) == len({title for _, title in ids}), "a repetition came under another id"


def test_a_damaged_database_is_set_aside_and_told_and_nothing_is_missed(notifier: Notifier, sink: WebhookSink) -> None:
    notifier.emit("problem", "BEFORE")
    sink.wait_for(1)
    notifier.stop()
    notifier.emit("problem", "WHILE_AWAY")
    notifier.database.write_bytes(b"damage" * 1000)
    os.utime(notifier.database, (time.time() - 5, time.time() - 5))
    notifier.start()
    wait_until(lambda: {"NOTIFIER_DATABASE_DAMAGED", "WHILE_AWAY"} <= types_of(sink), "both told")
    assert list(notifier.database.parent.glob("notifier.db.damaged-*"))
    told = next(one for one in sink.got if one["events"][0]["type"] == "NOTIFIER_DATABASE_DAMAGED")
    assert told["severity"] == "critical"
    assert "the silences, acknowledgements and open problems of the old one are gone" in told["text"]


def test_a_flood_from_one_source_leaves_room_for_others(
    journal: PrivateJournal, sink: WebhookSink, tmp_path: Path
) -> None:
    limited = config(sink).replace("flood_limit = 1000000", "flood_limit = 10")
    with Notifier(journal, tmp_path, limited) as notifier:
        for number in range(2000):
            notifier.emit("problem", f"TYPE_{number}", unit=f"claimed-{number}.service", ring=number % 100 == 0)
        wait_until(lambda: "EVENT_FLOOD" in types_of(sink), "the flood told")
        counted = "SELECT occurrence_count FROM error_notifications_log WHERE error_type = 'EVENT_FLOOD'"
        wait_until(lambda: notifier.query(counted) == [(1990,)], "the rest counted")
    assert len(sink.got) == 11


def test_a_name_server_that_never_answers_delays_no_other_channel(journal: PrivateJournal, tmp_path: Path) -> None:
    resolver = tmp_path / "resolv.conf"
    channels = '[channels.webhook]\nurl = "http://hook.example.org/"\ntimeout_s = 0.5\n[channels.journal]\n'
    with SilentNameServer() as silent:
        silent.write_resolv_conf(resolver)
        journal.inside("mount", "--bind", str(resolver), "/etc/resolv.conf")
        with Notifier(journal, tmp_path, f"aggregation_window_s = 0.3\n{channels}") as notifier:
            notifier.emit("problem", "X")
            silent.wait_for_question()
            notifier.emit("problem", "Y")
            wait_until(lambda: entries_told(journal) == 2, "two entries in the journal", timeout_s=3)
            started = time.monotonic()
            assert notifier.stop() == 0
            assert time.monotonic() - started < 9


def test_what_waits_for_a_channel_that_is_taken_away_goes_to_the_one_that_is_there(
    notifier: Notifier, journal: PrivateJournal, sink: WebhookSink
) -> None:
    sink.faults.extend([Fault.ERROR] * 100)
    notifier.emit("problem", "WAITS")
    sink.wait_for_requests(1)
    notifier.configure("[channels.journal]\n")
    notifier.signal(signal.SIGHUP)
    wait_until(lambda: entries_told(journal) == 1, "the message in the journal")
    wait_until(lambda: notifier.status().get("queued") == 0, "nothing queued")
    started = time.monotonic()
    assert notifier.stop() == 0
    assert time.monotonic() - started < 3, "nothing is left that a stop could wait for"
    assert sink.got == []


def test_a_channel_that_refuses_is_said_until_it_delivers(notifier: Notifier, sink: WebhookSink) -> None:
    sink.faults.append(Fault.REFUSE)
    notifier.emit("problem", "FIRST")
    while "webhook refuses: HTTP 401 Unauthorized" not in notifier.wait_said("STATUS="):
        pass
    failing = "HTTP 401 Unauthorized"
    wait_until(lambda: notifier.status()["channels"][0]["failing"] == failing, "the same in the status file")
    notifier.emit("problem", "SECOND")
    sink.wait_for(1)
    while "refuses" in notifier.wait_said("STATUS="):
        pass


def test_a_critical_message_after_an_outage_does_not_wait_for_the_backoff(
    notifier: Notifier, sink: WebhookSink
) -> None:
    sink.faults.extend([Fault.ERROR] * 3)
    notifier.emit("problem", "FIRST")
    # The fourth attempt would be 4 to 8 s later.
    wait_until(lambda: "attempt 3, the next in" in notifier.log.read_text(), "the third attempt's end")
    notifier.emit("problem", "SECOND")
    messages = sink.wait_for(2, timeout_s=3)
    assert [message["events"][0]["type"] for message in messages] == ["FIRST", "SECOND"]
