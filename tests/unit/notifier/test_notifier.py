"""The whole notifier as a process: a real journal, a real database, a real worker, a real webhook."""

import os
import random
import signal
import stat
import time
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from tests.fakes.private_journal import PrivateJournal
from tests.fakes.webhook_sink import Fault, WebhookSink
from tests.unit.notifier.process import Notifier, config, entries_told, wait_until
from tests.unit.notifier.provider_servers import SID, TOKEN, TwilioServer

# `make soak` sets more.
KILLS = int(os.environ.get("STANDFAST_KILLS", "30"))
# A kill costs up to two starts, which take seconds on a loaded machine; what is waited for fails by itself first.
pytestmark = pytest.mark.timeout(240 + 4 * KILLS)


def test_a_critical_event_goes_out_at_once(notifier: Notifier, sink: WebhookSink) -> None:
    notifier.emit("problem", "CASCADING_FAILURE")
    (message,) = sink.wait_for(1)
    assert (message["kind"], message["severity"], message["host"]) == ("problem", "critical", "box1")
    assert message["events"][0]["unit"] == "a.service"
    started = time.monotonic()
    notifier.emit("problem", "CASCADING_FAILURE", unit="b.service")
    sink.wait_for(2)
    assert sink.times[-1] - started < 0.5


def test_a_first_occurrence_a_throttled_repeat_and_the_recovery(notifier: Notifier, sink: WebhookSink) -> None:
    notifier.emit("problem", "OPENALGO_DOWN", "warning")
    sink.wait_for(1)
    notifier.emit("problem", "OPENALGO_DOWN", "warning")
    counts = "SELECT occurrence_count, notification_count, is_resolved FROM error_notifications_log"
    wait_until(lambda: notifier.query(counts) == [(2, 1, 0)], "2 occurrences, 1 notification")
    notifier.emit("resolved", "OPENALGO_DOWN", "warning")
    recovery = sink.wait_for(2)[1]
    assert (recovery["kind"], recovery["events"][0]["occurrences"]) == ("recovery", 2)
    wait_until(lambda: notifier.query(counts) == [(2, 2, 1)], "resolved, and its recovery delivered")


def test_what_is_over_of_the_fleet_is_told_with_what_is_not(notifier: Notifier, sink: WebhookSink) -> None:
    notifier.emit("problem", "CASCADING_FAILURE")
    notifier.emit("problem", "UNIT_FAILING", unit="b.service")
    sink.wait_for(2)  # an end overtakes no message of its beginning that is not delivered yet
    notifier.emit("resolved", "CASCADING_FAILURE")
    end = sink.wait_for(3)[-1]
    assert "\nNot over: UNIT_FAILING of b.service\n" in end["text"]
    assert end["events"][0]["action"] == ""


def test_three_types_in_a_window_are_one_message(notifier: Notifier, sink: WebhookSink) -> None:
    for error_type in ("OPENALGO_DOWN", "DATABASE_LOCKED", "FEED_STALE"):
        notifier.emit("problem", error_type, "warning")
    (message,) = sink.wait_for(1)
    assert message["title"] == "MULTIPLE ERRORS DETECTED"
    assert [event["type"] for event in message["events"]] == ["OPENALGO_DOWN", "DATABASE_LOCKED", "FEED_STALE"]


def test_without_the_doorbell_events_are_only_late(notifier: Notifier, sink: WebhookSink) -> None:
    notifier.emit("problem", "CASCADING_FAILURE", ring=False)
    sink.wait_for(1, timeout_s=6)


def test_strangers_and_unknown_kinds_are_ignored(notifier: Notifier, sink: WebhookSink) -> None:
    notifier.emit("shutdown", "POSITIONS_NOT_FLAT")  # root is no agent
    notifier.emit("party", "X")
    notifier.emit("problem", "REAL")
    (message,) = sink.wait_for(1)
    assert message["events"][0]["type"] == "REAL"
    wait_until(lambda: notifier.status().get("ignored_events") == 1, "one ignored event in the status")


def test_faults_are_retried_under_the_same_id_in_order(notifier: Notifier, sink: WebhookSink) -> None:
    sink.faults.extend([Fault.BUSY, Fault.TAKEN_THEN_RESET])
    notifier.emit("problem", "FIRST")
    notifier.emit("problem", "SECOND")
    first, again, second = sink.wait_for(3, timeout_s=15)
    assert first == again
    assert [one["events"][0]["type"] for one in (first, second)] == ["FIRST", "SECOND"]


def test_a_refusal_is_logged_and_does_not_hold_up_the_next(notifier: Notifier, sink: WebhookSink) -> None:
    sink.faults.append(Fault.REFUSE)
    notifier.emit("problem", "FIRST")
    notifier.emit("problem", "SECOND")
    (message,) = sink.wait_for(1)
    assert message["events"][0]["type"] == "SECOND"
    assert "): HTTP 401 Unauthorized; see [channels.webhook] in notifier.toml" in notifier.log.read_text()
    states = notifier.query("SELECT state FROM outbox ORDER BY seq")
    assert states[0] == ("refused",)


def test_a_dead_channel_does_not_delay_another(journal: PrivateJournal, sink: WebhookSink, tmp_path: Path) -> None:
    sink.faults.extend([Fault.HANG] * 5)
    with Notifier(journal, tmp_path, config(sink) + "[channels.journal]\n") as notifier:
        for number in range(3):
            notifier.emit("problem", f"TYPE_{number}")
        wait_until(lambda: entries_told(journal) == 3, "three entries in the journal")
        assert sink.got == []


def test_the_cap_of_text_messages_is_told_once_by_another_channel(
    journal: PrivateJournal, sink: WebhookSink, tmp_path: Path
) -> None:
    pytest.importorskip("twilio", reason="python3-twilio is not installed")
    (tmp_path / "token").write_text(TOKEN)
    with TwilioServer() as twilio:
        sms = (
            f'[channels.sms]\naccount_sid = "{SID}"\nfrom = "+15005550006"\nto = ["+491234567"]\ndaily_cap = 3\n'
            f'api_url = "{twilio.url}"\nauth_token_file = "{tmp_path}/token"\n'
            '[[route]]\ntype = ["TYPE_*"]\nchannels = ["sms"]\nfallback = ["webhook"]\n'
        )
        with Notifier(journal, tmp_path, config(sink) + sms) as notifier:
            for number in range(6):
                notifier.emit("problem", f"TYPE_{number}")
            messages = sink.wait_for(4, timeout_s=20)
    told = sorted(event["type"] for message in messages for event in message["events"])
    assert told == ["SMS_CAP_REACHED", "TYPE_3", "TYPE_4", "TYPE_5"]
    assert len(twilio.took) == 3
    assert TOKEN not in notifier.log.read_text() + str(sink.got) + str(notifier.status())


def test_the_cap_of_text_messages_ends_with_time_alone(
    journal: PrivateJournal, sink: WebhookSink, tmp_path: Path
) -> None:
    sms = f'[channels.sms]\naccount_sid = "{SID}"\nfrom = "+15005550006"\nto = ["+491234567"]\n'
    with Notifier(journal, tmp_path, config(sink) + sms) as notifier:
        notifier.emit("problem", "SMS_CAP_REACHED", "warning", unit="standfast-notifier.service")
        sink.wait_for(1)
        notifier.stop()
        notifier.start()  # it looks after a start, and each minute
        told = sink.wait_for(2)[1]
    assert (told["kind"], told["events"][0]["type"]) == ("recovery", "SMS_CAP_REACHED")


def test_a_missing_secret_is_said_at_once_and_stops_no_other_channel(
    journal: PrivateJournal, sink: WebhookSink, tmp_path: Path
) -> None:
    telegram = '[channels.telegram]\nchat_id = "42"\n'
    with Notifier(journal, tmp_path, config(sink) + telegram) as notifier:
        assert "standfastctl secret set telegram-bot-token" in notifier.log.read_text()
        notifier.emit("problem", "X")
        sink.wait_for(1)
        assert "telegram has no secret" in notifier.wait_said("STATUS=")


def test_a_refused_message_takes_the_fallback(journal: PrivateJournal, sink: WebhookSink, tmp_path: Path) -> None:
    sink.faults.append(Fault.REFUSE)
    route = '[channels.journal]\n[[route]]\nchannels = ["webhook"]\nfallback = ["journal"]\n'
    with Notifier(journal, tmp_path, config(sink) + route) as notifier:
        notifier.emit("problem", "X")
        wait_until(lambda: entries_told(journal) == 1, "an entry in the journal")
        assert sink.got == []


def test_what_came_while_it_was_away_isentries_told(notifier: Notifier, sink: WebhookSink) -> None:
    notifier.stop()
    notifier.emit("problem", "WHILE_AWAY")
    notifier.emit("problem", "CAME_AND_WENT", "warning")
    notifier.emit("resolved", "CAME_AND_WENT", "warning")
    notifier.start()
    (message,) = sink.wait_for(1)
    assert message["events"][0]["type"] == "WHILE_AWAY"


def test_a_stop_delivers_what_was_emitted_before_it(notifier: Notifier, sink: WebhookSink) -> None:
    for number in range(20):
        notifier.emit("problem", f"LAST_{number}", ring=False)
    notifier.journal.control("--sync")
    started = time.monotonic()
    assert notifier.stop() == 0
    assert time.monotonic() - started < 4
    assert len(sink.got) == 20
    assert notifier.worker_pids == []


def test_a_stop_does_not_wait_for_a_dead_channel(notifier: Notifier, sink: WebhookSink) -> None:
    sink.faults.extend([Fault.HANG] * 100)
    notifier.emit("problem", "X")
    sink.wait_for_requests(1)
    started = time.monotonic()
    assert notifier.stop() == 0
    assert time.monotonic() - started < 9
    sink.faults.clear()
    notifier.start()
    assert sink.wait_for(1, timeout_s=15)[0]["events"][0]["type"] == "X"


def test_a_hanging_worker_that_is_killed_is_replaced(notifier: Notifier, sink: WebhookSink) -> None:
    sink.faults.append(Fault.HANG)
    notifier.emit("problem", "X")
    sink.wait_for_requests(1)
    (worker,) = notifier.worker_pids
    os.kill(worker, signal.SIGKILL)
    (message,) = sink.wait_for(1, timeout_s=15)
    assert message["events"][0]["type"] == "X"


def test_the_status_file_says_how_things_stand(notifier: Notifier, sink: WebhookSink) -> None:
    notifier.emit("problem", "CASCADING_FAILURE")
    sink.wait_for(1)
    wait_until(lambda: notifier.status().get("last_delivered") is not None, "delivered")
    status = notifier.status()
    assert (status["unresolved"], status["queued"]) == (1, 0)
    assert status["unresolved_errors"][0]["error_type"] == "CASCADING_FAILURE"
    assert status["channels"][0]["name"] == "webhook"
    assert stat.S_IMODE((notifier.root / "run/standfast/notifier/status.json").stat().st_mode) == 0o644


def test_a_reload_takes_over_new_channels_and_keeps_the_old_on_a_mistake(notifier: Notifier, sink: WebhookSink) -> None:
    notifier.emit("problem", "FIRST")
    sink.wait_for(1)
    with WebhookSink() as other:
        notifier.configure(config(other))
        notifier.signal(signal.SIGHUP)
        notifier.wait_said("READY=1")
        notifier.emit("problem", "SECOND")
        other.wait_for(1)
        notifier.configure("channels = 5")
        notifier.signal(signal.SIGHUP)
        while "expected a table, found 5" not in notifier.wait_said("STATUS="):
            pass
        notifier.emit("problem", "THIRD")
        other.wait_for(2)
        assert "; not reloaded, what was in force stays so: " in notifier.wait_said("STATUS=3 unresolved")
        # The line goes out before the file, and the next of both comes within ten seconds.
        while "expected a table, found 5" not in notifier.status()["reload_refused"]:
            notifier.emit("problem", "FOURTH")
            notifier.wait_said("STATUS=4 unresolved")
    assert len(sink.got) == 1


def test_a_reload_that_names_a_secret_that_is_not_there_is_refused(notifier: Notifier, sink: WebhookSink) -> None:
    with WebhookSink() as other:
        notifier.configure(config(other) + '[channels.telegram]\nchat_id = "42"\n')
        notifier.signal(signal.SIGHUP)
        while "set it with standfastctl secret set telegram-bot-token, then restart" not in (
            said := notifier.wait_said("STATUS=")
        ):
            pass
        assert "; not reloaded, what was in force stays so: " in said
        assert "notifier.toml: channels.telegram: expected a secret that can be read; cannot find" in said
        notifier.emit("problem", "X")
        sink.wait_for(1)
        assert other.requests == 0


def test_a_wrong_configuration_at_the_start_is_one_line_and_78(
    journal: PrivateJournal, sink: WebhookSink, tmp_path: Path
) -> None:
    notifier = Notifier(journal, tmp_path, "agregation_window_s = 5\n")
    notifier.launch()
    assert notifier.exit_status() == 78
    assert "agregation_window_s: expected a known key" in notifier.wait_said("STATUS=")
    lines = notifier.log.read_text()
    assert "notifier.toml:2: agregation_window_s: expected a known key" in lines
    assert "Traceback" not in lines
    notifier.close()


def test_commands_are_followed_and_answered_in_the_log(notifier: Notifier, sink: WebhookSink) -> None:
    notifier.command("SILENCE", id="0123456789abcdef", unit="a.*", end="2099-01-01T00:00:00+00:00", why="a deploy")
    notifier.emit("problem", "HELD")
    notifier.emit("problem", "OTHER", unit="b.service")
    (message,) = sink.wait_for(1)
    assert message["events"][0]["type"] == "OTHER"
    wait_until(lambda: notifier.status().get("unresolved") == 2, "two problems in the status")
    held = next(row for row in notifier.status()["unresolved_errors"] if row["error_type"] == "HELD")
    assert (held["silenced"], held["acknowledged"]) == (True, False)
    assert held["action"], "one that came without a next step has a place to look"
    assert notifier.status()["silences"][0]["by"] == "root"
    notifier.command("ACK", id=held["id"])
    notifier.command("UNSILENCE", id="0123456789abcdef")
    assert sink.wait_for(2)[1]["events"][0]["type"] == "HELD"
    notifier.command("TEST_NOTIFY", id="fedcba9876543210")
    assert (sink.wait_for(3)[2]["kind"], sink.got[2]["id"]) == ("test", "fedcba9876543210")
    notifier.command("ACK", id=4711)
    wait_until(lambda: "Command ACK: no unresolved problem has this number" in notifier.log.read_text(), "an answer")


def test_a_silence_ends_when_it_is_over_and_the_status_says_so(notifier: Notifier, sink: WebhookSink) -> None:
    end = datetime.now(UTC) + timedelta(seconds=3)
    notifier.command("SILENCE", id="0123456789abcdef", unit="a.*", end=end.isoformat())
    notifier.emit("problem", "HELD", "critical", "a.service")
    wait_until(lambda: [one["silenced"] for one in notifier.status()["unresolved_errors"]] == [True], "it to be held")
    wait_until(lambda: notifier.status()["silences"] == [], "the end of the silence")
    late_s = (datetime.now(UTC) - end).total_seconds()
    assert 0 <= late_s < 2, "it waited for the clock's next turn"
    (row,) = notifier.status()["unresolved_errors"]
    assert not row["silenced"]
    sink.wait_for(1)


def test_silences_and_held_problems_outlive_a_kill(notifier: Notifier, sink: WebhookSink) -> None:
    notifier.command("SILENCE", id="0123456789abcdef", unit="a.*", end="2099-01-01T00:00:00+00:00")
    notifier.emit("problem", "HELD")
    wait_until(lambda: notifier.query("SELECT count(*) FROM error_notifications_log") == [(1,)], "one problem")
    notifier.kill()
    notifier.start()
    notifier.command("UNSILENCE", id="0123456789abcdef")
    assert sink.wait_for(1)[0]["events"][0]["type"] == "HELD"


def test_a_burst_is_one_message_with_every_occurrence(notifier: Notifier, sink: WebhookSink) -> None:
    notifier.configure(config(sink, window_s=3))
    notifier.signal(signal.SIGHUP)
    notifier.wait_said("READY=1")
    for _ in range(10_000):
        notifier.emit("problem", "OPENALGO_DOWN", "warning", ring=False)
    counts = "SELECT occurrence_count FROM error_notifications_log"
    wait_until(lambda: notifier.query(counts) == [(10_000,)], "10,000 occurrences", timeout_s=20)
    (message,) = sink.wait_for(1)
    assert message["events"][0]["type"] == "OPENALGO_DOWN"


def test_kills_lose_nothing_and_repeat_only_under_the_same_id(notifier: Notifier, sink: WebhookSink) -> None:
    """SIGKILLs at random moments under a stream of problems and recoveries."""
    dice = random.Random(4711)
    events = kills = 0
    next_kill = 0
    while kills < KILLS:
        notifier.emit("problem", f"TYPE_{events}")
        notifier.emit("resolved", f"TYPE_{events}")
        events += 1
        if dice.random() < 0.1:
            sink.faults.append(dice.choice([Fault.TAKEN_THEN_RESET, Fault.ERROR, Fault.RESET]))
        time.sleep(dice.random() * 0.02)
        if events >= next_kill:
            next_kill = events + dice.randrange(1, 8)
            kills += 1
            workers = notifier.worker_pids
            if workers and dice.random() < 0.5:
                os.kill(workers[0], signal.SIGKILL)
            else:
                notifier.kill()
                notifier.start()
    sink.faults.clear()
    # What was killed in flight is tried again after a delay that doubles each time; what is critical has it tried now.
    notifier.emit("problem", f"TYPE_{events}")
    notifier.emit("resolved", f"TYPE_{events}")
    events += 1
    every = {f"TYPE_{number}" for number in range(events)}
    wait_until(lambda: _ends(sink).keys() == every, lambda: f"every recovery; {_left(notifier)}", timeout_s=90)
    wait_until(lambda: not _left(notifier), lambda: f"nothing queued; {_left(notifier)}")
    told = Counter(
        (event["type"], message["kind"], message["id"]) for message in sink.got for event in message["events"]
    )
    begun = {error_type for error_type, kind, _ in told if kind == "problem"}
    assert len(told) == len(begun) + events, "a repetition came under another id"
    assert {one for one, text in _ends(sink).items() if "Not told while it lasted" not in text} <= begun
    ((counted, problems),) = notifier.query("SELECT sum(notification_count), count(*) FROM error_notifications_log")
    assert problems == events
    assert events <= counted <= len(told)


def _left(notifier: Notifier) -> list[tuple[Any, ...]]:
    """What the outbox has not delivered."""
    return notifier.query(
        "SELECT seq, kind, json_extract(body, '$.title'), state, attempts, not_before, detail"
        " FROM outbox JOIN messages ON messages.id = message_id WHERE state != 'delivered' LIMIT 20"
    )


def _ends(sink: WebhookSink) -> dict[str, str]:
    """The texts that told the ends, by the type of the problem."""
    return {
        event["type"]: message["text"]
        for message in sink.got
        if message["kind"] == "recovery"
        for event in message["events"]
    }
