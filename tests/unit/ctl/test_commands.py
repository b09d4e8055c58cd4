"""The parts of standfastctl's commands that need no daemon."""

import argparse
import io
import re
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from tests.fakes import private_journal
from tests.fakes.private_journal import PrivateJournal
from tests.unit.notifier.events import AGENT, plain, problem, resolved
from tests.unit.notifier.fold import Fold
from tests.unit.overview import statuses

from standfast.ctl import history, numbered, ordering, plan, resolve
from standfast.ctl.command import Exit
from standfast.ctl.errors import closed_table, errors_table, silences_table
from standfast.ctl.history import Happening
from standfast.ctl.ordering import OrderError, require_done
from standfast.ctl.patience import Patience, told_while
from standfast.ctl.release import is_followed, is_released
from standfast.ctl.screen import Screen
from standfast.ctl.test_notify import Delivery, _collect
from standfast.events import Event, Kind
from standfast.moments import iso
from standfast.notifier.authorise import Speaker, Trust
from standfast.notifier.entries import Entry
from standfast.notifier.status import closed_table as closed_row
from standfast.overview.refusals import REFUSED
from standfast.overview.snapshot import Snapshot, Source
from standfast.time_words import moment

NOW = datetime(2026, 11, 23, 15, 0, tzinfo=UTC)


def answers_of(results: dict[int, str]) -> Callable[..., dict[str, dict[str, str]]]:
    def answered(what: str, kind: str, commands: dict[str, Any]) -> dict[str, dict[str, str]]:
        assert kind == "RESOLVE"
        assert what == f"resolve {', '.join(commands)}"
        return {str(number): {"STANDFAST_RESULT": result} for number, result in results.items()}

    return answered


def test_several_problems_are_resolved_at_once_and_each_refusal_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    rows = [{"id": 7, "error_type": "X", "unit": "a.service"}, {"id": 8, "error_type": "Y"}, {"id": ["odd"]}]
    monkeypatch.setattr(numbered, "notifier", lambda: Source({"unresolved_errors": rows}))
    then = ("It is over.", "And more.")
    deed = numbered.Deed("resolve", "Resolve", "Resolved", then, lambda known: known.get("unit", ""))
    said = io.StringIO()

    def run(*numbers: int, **results: str) -> Exit:
        said.seek(0)
        said.truncate()
        monkeypatch.setattr(numbered, "answered", answers_of({int(key[1:]): word for key, word in results.items()}))
        return deed.run(argparse.Namespace(id=list(numbers)), Screen(said, terminal=False))

    assert run(7, 8, 7, n7="DONE", n8="DONE") is Exit.OK
    assert said.getvalue().splitlines() == [
        *("Resolved: 7 (X, a.service).", "Resolved: 8 (Y).", "It is over.", "And more.", "a.service")
    ]
    refused = (
        "cannot resolve 9, 10: no unresolved problem has this number; see standfastctl errors; cannot resolve 11 now"
    )
    with pytest.raises(OrderError, match=re.escape(refused)):
        run(9, 7, 10, 11, n7="DONE", n9="NO_SUCH_PROBLEM", n10="NO_SUCH_PROBLEM")
    assert said.getvalue().startswith("Resolved: 7 (X, a.service).\nIt is over.")


def test_a_command_is_noted_as_a_request_for_nobody_knows_yet_whether_it_is_followed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    said: list[Event] = []

    def say(event: Event) -> bool:
        said.append(event)
        return True

    monkeypatch.setattr(ordering, "say", say)
    ordering.order("RESOLVE", "Resolve problem 99", id=99)
    assert [(one.message, one.type, one.data) for one in said] == [
        ("Request: resolve problem 99", "RESOLVE", {"id": 99})
    ]


def test_patience_ends_and_tells_once_whoever_waits_longer_than_a_second(monkeypatch: pytest.MonkeyPatch) -> None:
    now_s = 100.0
    monkeypatch.setattr("standfast.ctl.patience.monotonic_s", lambda: now_s)
    told = io.StringIO()
    patience = Patience(5, "the notifier", told)
    assert patience.next_s() == 1
    assert told.getvalue() == ""
    now_s = 101.0
    assert patience.next_s() == 4
    now_s = 103.0
    assert patience.next_s() == 2
    assert told.getvalue() == "Waiting up to 4 s for the notifier ...\n"
    now_s = 105.0
    assert patience.next_s() == 0


def test_what_takes_longer_than_a_second_is_told_once(monkeypatch: pytest.MonkeyPatch) -> None:
    told, said = io.StringIO(), threading.Event()
    monkeypatch.setattr(told, "flush", said.set)
    monkeypatch.setattr("standfast.ctl.patience.TOLD_AFTER_S", 0.01)
    with told_while("Looking ...", told):
        assert said.wait(10)
    assert told.getvalue() == "Looking ...\n"
    monkeypatch.setattr("standfast.ctl.patience.TOLD_AFTER_S", 60)
    with told_while("Looking again ...", told):
        pass
    assert told.getvalue() == "Looking ...\n"


def answer(channel: str, result: str, detail: str = "", test_id: str = "aa") -> dict[str, Any]:
    fields = {"STANDFAST_NOTIFICATION": test_id, "STANDFAST_CHANNEL": channel, "STANDFAST_RESULT": result}
    return {**fields, "STANDFAST_DETAIL": detail}


FOLLOWED = {"STANDFAST_COMMAND": "aa", "STANDFAST_RESULT": "DONE"}


def untold(name: str, said: Delivery) -> None:
    """Nobody reads along."""


def test_an_answer_is_told_before_the_next_is_waited_for() -> None:
    told: list[str] = []

    def entries() -> Iterator[dict[str, str]]:
        yield FOLLOWED
        yield answer("journal", "delivered")
        assert told == ["journal"]
        yield answer("webhook", "refused")

    _collect(entries(), "aa", ["journal", "webhook"], lambda name, said: told.append(name))
    assert told == ["journal", "webhook"]


def test_each_channels_first_answer_counts_and_nobody_elses() -> None:
    entries = [
        FOLLOWED,
        answer("journal", "delivered", test_id="bb"),
        {"STANDFAST_NOTIFICATION": "aa", "MESSAGE": "the message itself"},
        answer("webhook", "retry", "refused; attempt 1"),
        answer("webhook", "delivered"),
        answer("journal", "delivered"),
        answer("sms", "delivered"),
    ]
    found = _collect(entries, "aa", ["journal", "webhook"], untold)
    assert found == {"webhook": Delivery("retry", "refused; attempt 1"), "journal": Delivery("delivered")}
    assert [one and one.is_good for one in found.values()] == [True, False]
    assert str(found["webhook"]) == "not delivered, the notifier goes on trying: refused; attempt 1"


def test_a_channel_that_does_not_answer_has_said_nothing() -> None:
    assert _collect([FOLLOWED], "aa", ["journal"], untold) == {"journal": None}


def test_the_channels_are_those_that_the_notifier_has_now() -> None:
    followed = {**FOLLOWED, "STANDFAST_CHANNELS": "telegram webhook"}
    entries = [answer("webhook", "delivered"), followed, answer("telegram", "refused")]
    assert _collect(entries, "aa", ["journal"], untold) == {
        "telegram": Delivery("refused"),
        "webhook": Delivery("delivered"),
    }


def test_a_notifier_that_does_not_answer_is_no_channels_fault() -> None:
    with pytest.raises(OrderError, match="the notifier did not answer"):
        _collect([], "aa", ["journal"], untold)


@pytest.mark.parametrize("result", [*REFUSED, "SOMETHING_NEW"])
def test_a_command_that_was_not_followed_says_so(result: str) -> None:
    with pytest.raises(OrderError, match=r"^cannot do it: "):
        require_done("do it", {"STANDFAST_RESULT": result})


def test_what_gave_way_is_named_by_the_number_to_use_now() -> None:
    answer = {"STANDFAST_RESULT": "GAVE_WAY", "STANDFAST_HEIR": "6", "STANDFAST_HEIR_TYPE": "CASCADING_FAILURE"}
    with pytest.raises(OrderError, match=r"gave way to a worse problem, 6 \(CASCADING_FAILURE\); see"):
        require_done("ack 3", answer)


@pytest.mark.parametrize(
    ("changes", "released"),
    [
        ({"released_at": iso(NOW)}, True),
        ({"released_at": iso(NOW + timedelta(seconds=9)), "restart_count": 1, "hold_until": iso(NOW)}, True),
        ({"released_at": iso(NOW - timedelta(seconds=1)), "restart_count": 0}, False),
        ({"released_at": None}, False),
        ({"released_at": "yesterday"}, False),
        ({}, False),
    ],
)
def test_when_the_detector_has_released(changes: dict[str, Any], released: bool) -> None:
    assert is_released(Source({"checked_at": iso(NOW), **changes}), NOW) is released


def test_a_detector_that_is_away_has_released_nothing() -> None:
    assert not is_released(Source(None), NOW)


@pytest.mark.parametrize(
    ("mode", "level", "decision", "follows"),
    [
        ("act", "CASCADING", {"allowed": False}, True),
        ("act", "CASCADING", None, False),
        ("act", "CRITICAL", {"allowed": False}, False),
        ("observe", "CASCADING", {"allowed": False}, False),
    ],
    ids=["lasts", "has yet to stay well", "critical", "observe"],
)
def test_whoever_releases_is_told_that_a_master_restart_follows(
    mode: str, level: str, decision: dict[str, bool] | None, follows: bool
) -> None:
    assert is_followed(Source({"mode": mode, "failure_level": level, "decision": decision})) is follows


def test_the_tables_of_errors_and_silences_stand_odd_rows() -> None:
    silenced = {"id": "00ff00ff", "unit": "a.service", "end": statuses.AT, "by": "root", "why": "a\x1b[2Jb"}
    source = Source(
        {"unresolved_errors": [statuses.error(id=7, silenced=True), {"id": [1]}, 3], "silences": [silenced, 3]}
    )
    first, second = errors_table(source).rows
    assert [cell.text for cell in first[:3]] == ["7", "OPENALGO_DOWN (silenced)", "standfast-agent@paper.service"]
    assert {cell.text for cell in second} == {"-", "none", "unknown"}
    (row,) = silences_table(source, NOW - timedelta(seconds=1)).rows
    assert [cell.text for cell in row[:2]] == ["00ff00ff", "unit a.service"]
    assert errors_table(Source({"unresolved_errors": "none"})).rows == ()


def test_a_silence_that_has_ended_is_not_listed_though_the_notifier_tells_of_it_still() -> None:
    source = Source({"silences": [{"id": "00ff00ff", "unit": "a.service", "end": iso(NOW)}]})
    assert len(silences_table(source, NOW - timedelta(seconds=1)).rows) == 1
    assert silences_table(source, NOW).rows == ()


def test_what_is_there_and_comes_and_goes_is_marked() -> None:
    source = Source({"unresolved_errors": [statuses.error(severity="critical", flaps=True)]})
    ((_, name, *_),) = errors_table(source).rows
    assert name.text == "OPENALGO_DOWN (critical, comes and goes)"


def test_what_a_stop_closed_is_listed_with_why() -> None:
    fold = Fold()
    fold.hear(problem(0, "OPENALGO_DOWN", AGENT))
    fold.tick(60)
    fold.hear(plain(Kind.SHUTDOWN, 100, data={"closes": ["OPENALGO_DOWN"]}))
    row = closed_row(next(iter(fold.ledger.resting.values())))
    shown = closed_table(Source({"closed_errors": [row, {"why": 7}, "odd"]}))
    assert shown.title.startswith("Not over for good: closed with its agent within a day, or comes and goes")
    first, second = shown.rows
    assert [cell.text for cell in first[1:3]] == ["OPENALGO_DOWN", AGENT]
    assert first[5].text == "closed: the agent was stopped"
    assert second[4].text == "-"


def test_what_comes_and_goes_is_listed_while_it_is_over() -> None:
    fold = Fold()
    for second in range(0, 40, 2):
        fold.hear(problem(second))
        fold.hear(resolved(second + 1))
    (resting,) = fold.ledger.resting.values()
    ((*_, why),) = closed_table(Source({"closed_errors": [closed_row(resting)]})).rows
    assert why.text == "it comes and goes, and is over at this moment"


@pytest.mark.parametrize(
    ("known", "words"),
    [
        ({"type": "BAD_KEY", "unit": AGENT}, "Agent paper is still in ERROR for it, and says so again only"),
        ({"type": "OTHER", "unit": AGENT}, ""),
        ({"type": "BAD_KEY", "unit": "a.service"}, ""),
        ({}, ""),
    ],
)
def test_what_an_agent_is_still_in_is_said_when_it_is_resolved(known: dict[str, str], words: str) -> None:
    paper = Source({"state": "ERROR", "failure": {"type": "BAD_KEY"}})
    healthy = Source({"state": "ACTIVE", "failure": None})
    found = resolve.still_so(known, Snapshot(NOW, Source(None), Source(None), {"paper": paper, "": healthy}))
    assert found.startswith(words)
    assert bool(found) is bool(words)
    assert not found or found.endswith("systemctl reload standfast-agent@paper")


TRUST = Trust({Speaker.ADMIN: frozenset({0}), Speaker.STANDFAST: frozenset({990})})


@pytest.mark.parametrize(
    ("kind", "uid", "is_believed"),
    [
        (Kind.PROBLEM, "0", True),
        (Kind.STATE, "990", True),
        (Kind.PROBLEM, "1000", False),
        (Kind.PROBLEM, "", False),
        (Kind.COMMAND, "990", False),
        (Kind.CANARY, "990", False),
        (Kind.NOTIFICATION, "990", False),
    ],
)
def test_the_history_believes_whom_the_notifier_believes(kind: Kind, uid: str, is_believed: bool) -> None:
    fields = {"STANDFAST": "1", "STANDFAST_EVENT": kind.value, "STANDFAST_TYPE": "X", "_UID": uid}
    assert (history.believed(Entry(fields, "", NOW), TRUST) is not None) is is_believed
    assert history.believed(Entry({"_UID": "0"}, "", NOW), TRUST) is None


HANDS_OFF = "hands off after 3 within an hour"
LATER = datetime(2999, 1, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        (
            {},
            "The detector's mode is observe: it says what it would do, and asks for none; "
            "no limit is in the way of one.",
        ),
        (
            {"can_restart": False, "restart_blocked": "the host booted just now"},
            "The detector's mode is observe: it says what it would do, and asks for none; "
            "nor would one be allowed now: the host booted just now.",
        ),
        ({"mode": "act"}, "The detector asks for it when a cascade lasts: no limit is in the way of one."),
        (
            {"mode": "act", "can_restart": False, "restart_blocked": "the gap", "gap_until": iso(NOW)},
            "The detector asks for it when a cascade lasts: no limit is in the way of one.",
        ),
        (
            {"mode": "act", "can_restart": False, "restart_blocked": HANDS_OFF, "hold_until": iso(LATER)},
            f"The detector asks for none now: {HANDS_OFF}; until {moment(LATER, None)}.",
        ),
        ({"mode": "act", "can_restart": None}, "The detector asks for none now: it gives no reason."),
    ],
)
def test_a_plan_says_whether_the_detector_would_have_it_done(changes: dict[str, Any], said: str) -> None:
    assert plan.stance(Source(statuses.detector(**changes))) == said
    assert plan.stance(Source(None)).startswith("The detector does not run, so it asks for none: systemctl start ")
    release = "standfastctl release, then, unless one follows by itself, " if "hold_until" in changes else ""
    assert plan.by_hand(Source(changes)) == f"By hand: {release}systemctl start standfast-master-restart"


def test_the_history_is_a_row_for_each_event() -> None:
    event = Event(Kind.LEVEL, "Level NONE -> WARNING", level="WARNING")
    (row,) = history.history_table([Happening(NOW, event, "standfast")]).rows
    assert [cell.text for cell in row[1:]] == ["level", "WARNING", "-", "standfast", "Level NONE -> WARNING"]
    gave_way = Event(Kind.RESOLVED, "gave way", "UNIT_FAILING", unit="a.service", data={"superseded_by": "WORSE"})
    (row,) = history.history_table([Happening(NOW, gave_way, "detector")]).rows
    assert row[1].text == "superseded"
    refused = Event(Kind.COMMAND, "Request: acknowledge problem 9", "ACK", data={"refused": "no such"})
    (row,) = history.history_table([Happening(NOW, refused, "root")]).rows
    assert row[1].text == "refused"


LISTENER = """
from datetime import datetime, UTC
from standfast.ctl.answers import Answers
from standfast.ctl.patience import Patience, told_while
answers = Answers("standfast-notifier")
print("listening", flush=True)
for entry in answers.until(Patience(20, "an answer")):
    print(entry["MESSAGE"], flush=True)
    break
answers.close()
"""


@pytest.mark.skipif(bool(private_journal.why_not()), reason=private_journal.why_not())
def test_only_a_daemons_answer_is_heard() -> None:
    with PrivateJournal() as journal:
        journal.send({"MESSAGE": "before", "SYSLOG_IDENTIFIER": "standfast-notifier"})
        listener = subprocess.Popen(
            journal.command([sys.executable, "-c", LISTENER]),
            env={"PYTHONPATH": ":".join(sys.path), "PATH": "/usr/bin:/bin"},
            stdout=subprocess.PIPE,
            text=True,
        )
        with listener:
            assert listener.stdout is not None
            assert listener.stdout.readline() == "listening\n"
            forge = "printf 'MESSAGE=forged\\nSYSLOG_IDENTIFIER=standfast-notifier\\n' | logger --journald"
            journal.inside("setpriv", "--reuid=65534", "--clear-groups", "sh", "-c", forge)
            journal.send({"MESSAGE": "another's", "SYSLOG_IDENTIFIER": "standfast-detector"})
            journal.send({"MESSAGE": "the answer", "SYSLOG_IDENTIFIER": "standfast-notifier"})
            assert listener.stdout.read() == "the answer\n"
            assert "forged" in journal.journalctl("--output=cat")
