"""What an agent that ended without an order held: read from its database, told to the journal or to a person."""

import re
import sqlite3
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from types import MappingProxyType, SimpleNamespace

import pytest
from tests.unit.agent.notifications import Notifications

from standfast import paths
from standfast.agent import last_word as last_words
from standfast.agent import remains
from standfast.agent.last_word import say
from standfast.agent.messages import Messages
from standfast.agent.own_orders import OwnOrders
from standfast.agent.store import Store
from standfast.agent.trading import OrderRequest, OrderStatus, Side
from standfast.detector.last_words import held_by
from standfast.events import Kind, from_fields, to_fields
from standfast.journal import RecordedEvents

NOW = datetime(2026, 1, 27, 9, 15, tzinfo=UTC)


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Store]:
    monkeypatch.setattr(paths, "STATE", tmp_path)
    monkeypatch.setattr(paths, "AGENTS_CONFIG", tmp_path)
    paths.agent_database("dip").parent.mkdir(parents=True)
    store = Store.open(paths.agent_database("dip"))
    yield store
    store.close()


def last_word(name: str, environ: Mapping[str, str] = MappingProxyType({})) -> str:
    """What it holds, asked for by a person, or by systemd in that environment."""
    return last_words.last_word(name, environ)


def place(store: Store, status: OrderStatus, filled: int | None) -> None:
    own = OwnOrders(store)
    order = own.intend(OrderRequest("NSE:SBIN", Side.BUY, 2), NOW)
    own.learn(replace(order, order_id=f"id{order.key}", status=status, filled=filled))


def test_what_it_held_is_told_to_a_person(store: Store, capsys: pytest.CaptureFixture[str]) -> None:
    say("dip", "standfast-agent", {})
    assert capsys.readouterr().out == "", "nothing is held, so nothing is said"
    place(store, OrderStatus.COMPLETE, 2)
    place(store, OrderStatus.OPEN, 0)
    say("dip", "standfast-agent", {})
    told = "Agent dip does not run and holds +2 NSE:SBIN MIS, 1 order pending: nothing manages that now"
    assert capsys.readouterr().out.startswith(told)


def test_on_paper_is_said_and_so_is_what_is_not_known(
    store: Store, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "dip.toml").write_text('gateway = "paper"\n')
    assert last_word("dip") == ""
    place(store, OrderStatus.UNKNOWN, None)
    doubt = "not known what became of BUY 2 NSE:SBIN MIS (order id1)"
    assert last_word("dip") == f"nothing for certain, {doubt} (on paper)"
    place(store, OrderStatus.COMPLETE, 2)
    assert last_word("dip") == f"+2 NSE:SBIN MIS, {doubt} (on paper)"
    say("dip", "standfast-agent", {})
    assert capsys.readouterr().out.endswith("(on paper): nothing manages that now\n"), "no broker knows of it"


def test_an_order_that_the_broker_never_answered_to_is_named(store: Store, capsys: pytest.CaptureFixture[str]) -> None:
    OwnOrders(store).intend(OrderRequest("NSE:SBIN", Side.BUY, 5), NOW)
    say("dip", "standfast-agent", {})
    told = "holds nothing for certain, not known whether BUY 5 NSE:SBIN MIS was taken: nothing manages that now, look"
    assert told in capsys.readouterr().out


def test_what_was_forgotten_with_a_damaged_database_is_not_taken_for_nothing(
    store: Store, capsys: pytest.CaptureFixture[str]
) -> None:
    store.open_problem("DATABASE_CORRUPT", "set aside", NOW)
    assert last_word("dip") == "not known whether flat"
    say("dip", "standfast-agent", {})
    assert "holds what is not known: nothing manages that now" in capsys.readouterr().out


def test_a_database_that_is_not_there_or_none_is_no_proof_of_anything(store: Store) -> None:
    assert last_word("nobody") == "what cannot be read from its database"
    paths.agent_database("other").parent.mkdir()
    paths.agent_database("other").write_bytes(b"rubbish" * 1000)
    assert last_word("other") == "what cannot be read from its database"


PRE_FAILED = {"SERVICE_RESULT": "exit-code"}
ENDED = {"SERVICE_RESULT": "signal", "EXIT_CODE": "killed", "EXIT_STATUS": "KILL"}
NO_PROGRAM = {"SERVICE_RESULT": "exit-code", "EXIT_CODE": "exited", "EXIT_STATUS": "203"}


@pytest.mark.parametrize("environ", [PRE_FAILED, NO_PROGRAM])
@pytest.mark.usefixtures("store")
def test_an_agent_that_never_ran_holds_nothing(environ: dict[str, str]) -> None:
    directory = paths.agent_database("never").parent
    directory.mkdir()
    assert last_word("never", environ) == ""
    remains.note_end(paths.agent_database("never"), "exit-code")
    assert last_word("never", environ) == "", "nor after its first last word"


@pytest.mark.parametrize("left", ["remains", "paper.json", "state.db-wal", "state.db.corrupt-20260127T091500"])
@pytest.mark.usefixtures("store")
def test_books_that_are_gone_of_an_agent_that_ran_are_no_proof(left: str) -> None:
    directory = paths.agent_database("ran").parent
    directory.mkdir()
    unknown = "what cannot be read from its database"
    assert last_word("ran", ENDED) == unknown, "systemd knows of a process of it"
    (directory / left).touch()
    assert last_word("ran", PRE_FAILED) == unknown, "an earlier run left something"


def test_one_that_did_not_run_again_holds_what_its_earlier_run_did(store: Store) -> None:
    assert last_word("dip", PRE_FAILED) == ""
    place(store, OrderStatus.COMPLETE, 2)
    assert last_word("dip", PRE_FAILED) == "+2 NSE:SBIN MIS"


def test_what_it_traded_on_is_told_by_its_books_whatever_became_of_its_configuration(
    store: Store, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    store.trades_on("paper", is_flat=True)
    place(store, OrderStatus.COMPLETE, 2)
    assert last_word("dip") == "+2 NSE:SBIN MIS (on paper)", "its configuration is gone"
    say("dip", "standfast-agent", {})
    assert capsys.readouterr().out.endswith("(on paper): nothing manages that now\n")
    store.trades_on("openalgo", is_flat=False)
    (tmp_path / "dip.toml").write_text('gateway = "paper"\n')
    assert last_word("dip") == "+2 NSE:SBIN MIS", "some of it may be at the broker"


def test_books_of_an_older_version_are_of_what_is_configured(store: Store, tmp_path: Path) -> None:
    place(store, OrderStatus.COMPLETE, 2)
    connection = sqlite3.connect(paths.agent_database("dip"))
    connection.execute("DROP TABLE traded_on")
    connection.close()
    assert last_word("dip") == "+2 NSE:SBIN MIS"
    (tmp_path / "dip.toml").write_text('gateway = "paper"\n')
    assert last_word("dip") == "+2 NSE:SBIN MIS (on paper)"


def closing_emitter(said: RecordedEvents) -> SimpleNamespace:
    """Where the last word goes to, and is closed after it."""
    return SimpleNamespace(emit=said.emit, close=lambda: None)


def test_systemd_has_it_name_the_problems_that_it_can_end_no_more(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    for kind in ("CRASH_COOL_OFF", "POSITIONS_UNVERIFIED"):
        store.open_problem(kind, "told", NOW)
    said = RecordedEvents()
    monkeypatch.setattr(last_words, "Journal", lambda identifier: closing_emitter(said))
    say("dip", "standfast-agent", {"SERVICE_RESULT": "signal", "EXIT_STATUS": "KILL"})
    open_still, event = said.events
    assert (open_still.kind, open_still.type) == (Kind.UPDATE, "POSITIONS_UNVERIFIED"), "which said that it runs again"
    assert open_still.message == event.message
    assert open_still.action.endswith("; else: systemctl start standfast-agent@dip")
    assert event.data == {"held": "", "how": "signal KILL", "closes": ["CRASH_COOL_OFF"]}
    say("nobody", "standfast-agent", {"SERVICE_RESULT": "signal"})
    assert said.events[-1].data["closes"] == []


@pytest.mark.parametrize(("held", "words"), [("+2 NSE:SBIN MIS", "it holds +2 NSE:SBIN MIS"), ("", "it holds nothing")])
def test_the_detector_reads_what_the_unit_logs(held: str, words: str) -> None:
    event = Messages("dip").ended_unclean("signal KILL", held)
    assert event.message == f"Agent dip did not end in order (signal KILL); by its own books {words}"
    assert held_by(from_fields(to_fields(event))) == held


CRASHES = """
import os, pathlib, signal, sys
from standfast.agent import remains
remains.listen(pathlib.Path(sys.argv[1]))
def tick(): os.kill(os.getpid(), signal.{signal})
tick()
"""


@pytest.mark.parametrize(
    ("signal", "result"),
    # A library's abort() blocked nothing, the watchdog's was for a loop that turned no more.
    [("SIGSEGV", "signal"), ("SIGABRT", "signal"), ("SIGABRT", "watchdog"), ("SIGKILL", "signal")],
)
def test_where_a_signal_ended_it_is_said_and_only_the_watchdogs_is_left_for_the_next_start(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, signal: str, result: str
) -> None:
    path, left = tmp_path / "mine.py", remains.beside(paths.agent_database("dip"))
    path.write_text(CRASHES.format(signal=signal))
    subprocess.run([sys.executable, path, left], check=False, env={"PYTHONPATH": ":".join(sys.path)})
    told = Notifications(tmp_path / "notify")
    monkeypatch.setenv("NOTIFY_SOCKET", str(told.path))
    said = RecordedEvents()
    monkeypatch.setattr(last_words, "Journal", lambda identifier: closing_emitter(said))
    place(store, OrderStatus.COMPLETE, 2)
    say("dip", "standfast-agent", {"SERVICE_RESULT": result, "EXIT_STATUS": signal.removeprefix("SIG")})
    where = f" at {path}:5 in tick <- {path}:6 in <module>" if signal != "SIGKILL" else ""
    (event,) = said.events
    how = f"({result} {signal.removeprefix('SIG')}{where})"
    assert event.message == f"Agent dip did not end in order {how}; by its own books it holds +2 NSE:SBIN MIS"
    told.until(f"STATUS={event.message}")
    told.close()
    noted = remains.noted_end(paths.agent_database("dip"))
    assert re.fullmatch(rf"{re.escape(how[1:-1])}, 20\d\d-\d\d-\d\d \d\d:\d\d:\d\d UTC", noted), (
        "when it ended, not when it started"
    )
    is_left = result == "watchdog"
    assert (bool(left.read_text()), bool(remains.where_blocked(left))) == (is_left, is_left)
