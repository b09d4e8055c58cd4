"""The agent's database: the earlier system's table, orders that outlive a crash, failures translated."""

import sqlite3
import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from standfast.agent.failures import AgentError, FailureType
from standfast.agent.lifecycle import Input, State, Transition, step
from standfast.agent.own_orders import OwnOrders
from standfast.agent.store import Store
from standfast.agent.trading import Order, OrderKind, OrderRequest, OrderStatus, Side

NOW = datetime(2026, 1, 27, 9, 15, tzinfo=UTC)
REQUEST = OrderRequest("NSE:SBIN", Side.BUY, 5, OrderKind.LIMIT, 99.5)


def test_the_table_of_the_earlier_system(tmp_path: Path) -> None:
    store = Store.open(tmp_path / "state.db")
    store.enter(State.STARTING, "", NOW)
    store.record(step(State.STARTING, Input.TRANSIENT_FAILURE, "why"), "OPENALGO_DOWN: refused", NOW)
    store.checked(NOW)
    store.close()
    connection = sqlite3.connect(tmp_path / "state.db")
    columns = [row[1] for row in connection.execute("PRAGMA table_info(operational_state)")]
    assert columns == ["id", "current_state", "state_entered_at", "last_check_at", "error_reason", "updated_at"]
    row = connection.execute("SELECT current_state, error_reason, state_entered_at FROM operational_state").fetchone()
    assert row == ("WAITING", "OPENALGO_DOWN: refused", "2026-01-27T09:15:00.000+00:00")
    with pytest.raises(sqlite3.IntegrityError):
        connection.execute("INSERT INTO operational_state (id) VALUES (2)")
    history = connection.execute("SELECT previous_state, state, cause, detail FROM state_transitions").fetchall()
    assert history == [("STARTING", "WAITING", "transient failure", "why")]
    connection.close()


def test_own_orders_outlive_the_process(tmp_path: Path) -> None:
    store = Store.open(tmp_path / "state.db")
    own = OwnOrders(store)
    first, second = own.intend(REQUEST, NOW), own.intend(REQUEST, NOW)
    own.learn(replace(first, order_id="a", status=OrderStatus.COMPLETE, filled=5))
    store.close()

    again = Store.open(tmp_path / "state.db")
    own = OwnOrders(again)
    assert own.uncertain == (second,)
    assert own.is_flat is None
    assert list(own.nets.values()) == [5]
    own.settle()
    assert own.is_flat is True
    assert OwnOrders(again).all == ()
    again.close()


def test_what_was_traded_on_is_known_until_nothing_of_it_is_left(tmp_path: Path) -> None:
    store = Store.open(tmp_path / "state.db")
    assert store.gateways() == set()
    store.trades_on("paper", is_flat=True)
    store.trades_on("openalgo", is_flat=False)
    store.close()
    again = Store.open(tmp_path / "state.db")
    assert again.gateways() == {"paper", "openalgo"}
    again.trades_on("openalgo", is_flat=True)
    assert again.gateways() == {"openalgo"}
    again.close()


def test_a_book_that_is_older_than_an_order_does_not_touch_it(tmp_path: Path) -> None:
    store = Store.open(tmp_path / "state.db")
    own = OwnOrders(store)
    before = own.intend(REQUEST, NOW)
    known = own.all
    own.learn(replace(before, order_id="a", status=OrderStatus.OPEN))
    own.refresh(known, [])
    assert own.all[0].status is OrderStatus.OPEN
    own.refresh(own.all, [Order("a", REQUEST, OrderStatus.COMPLETE, 5)])
    assert own.all[0].net == 5
    store.close()


def test_what_cannot_be_written_is_kept_in_memory_and_written_later(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("standfast.agent.own_orders.RETRY_S", 0.0)
    path = tmp_path / "state.db"
    store = Store.open(path)
    own = OwnOrders(store)
    first = own.intend(REQUEST, NOW)
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    own.learn(replace(first, order_id="a", status=OrderStatus.COMPLETE, filled=5))
    with pytest.raises(AgentError):
        own.intend(REQUEST, NOW)
    second = own.intend_anyway(REQUEST, NOW)
    own.learn(replace(second, order_id="b", status=OrderStatus.COMPLETE, filled=3))
    assert not own.is_written
    assert list(own.nets.values()) == [8]
    other.close()

    own.write()
    assert own.is_written
    assert [(one.order_id, one.filled) for one in OwnOrders(store).all] == [("a", 5), ("b", 3)]
    own.learn(replace(own.latest(second), filled=4))
    assert list(OwnOrders(store).nets.values()) == [9], "the same row, not one more"
    store.close()


@pytest.mark.parametrize("settled", [False, True])
def test_what_could_not_be_written_outlives_the_opening_anew(tmp_path: Path, settled: bool) -> None:
    path = tmp_path / "state.db"
    store = Store.open(path)
    before = OwnOrders(store)
    first = before.intend(REQUEST, NOW)
    store.close()
    before.learn(replace(first, order_id="a", status=OrderStatus.COMPLETE, filled=5))
    if settled:
        before.settle()
    second = before.intend_anyway(REQUEST, NOW)
    again = Store.open(path)
    own = OwnOrders(again, before)
    own.write()
    found = [] if settled else ["a"]
    assert [one.order_id for one in OwnOrders(again).all] == [*found, second.order_id]
    assert [one.order_id for one in own.all] == [*found, second.order_id]
    again.close()


def test_problems_stay_open_over_a_restart(tmp_path: Path) -> None:
    store = Store.open(tmp_path / "state.db")
    store.open_problem("OPENALGO_DOWN", "refused", NOW)
    store.open_problem("OPENALGO_DOWN", "refused again", datetime(2026, 1, 28, tzinfo=UTC))
    store.close()
    store = Store.open(tmp_path / "state.db")
    assert store.open_problems() == [("OPENALGO_DOWN", "2026-01-27T09:15:00.000+00:00")]
    store.forget_problem("OPENALGO_DOWN")
    assert store.open_problems() == []
    store.close()


def test_half_a_surrogate_pair_out_of_somebody_elses_text_can_be_remembered(tmp_path: Path) -> None:
    store = Store.open(tmp_path / "state.db")
    store.open_problem("STRATEGY_FAULTS", "the strategy raised \ud800", NOW)
    assert store.problem_detail("STRATEGY_FAULTS") == "the strategy raised ?"
    store.close()


@pytest.mark.parametrize("column", ["started_at", "ended_at", "cool_off_until"])
def test_a_run_that_makes_none_ends_no_start(tmp_path: Path, column: str) -> None:
    store = Store.open(tmp_path / "state.db")
    store.begin_run("boot", "", NOW)
    store.close()
    with sqlite3.connect(tmp_path / "state.db") as connection:
        connection.execute(f"UPDATE runs SET {column} = 'x'")
    connection.close()
    store = Store.open(tmp_path / "state.db")
    assert [run.started_at for run in store.begin_run("boot", "", NOW)] == [NOW]
    store.close()


def test_a_directory_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(AgentError, match="unable to open database file") as caught:
        Store.open(tmp_path / "missing" / "state.db")
    assert caught.value.failure.type is FailureType.DATABASE_ERROR


def test_a_database_that_another_program_locks(tmp_path: Path) -> None:
    store = Store.open(tmp_path / "state.db")
    other = sqlite3.connect(tmp_path / "state.db", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(AgentError) as caught:
        store.checked(NOW)
    assert caught.value.failure.type is FailureType.DATABASE_LOCKED
    other.close()
    store.checked(NOW)
    store.close()


def test_memory_only_never_says_flat() -> None:
    store = Store.open(None)
    assert OwnOrders(store).is_flat is None
    store.close()


def test_a_hundred_queries_as_the_earlier_system_made_them(tmp_path: Path) -> None:
    store = Store.open(tmp_path / "state.db")
    store.enter(State.ACTIVE, "", NOW)
    connection = sqlite3.connect(tmp_path / "state.db")
    query = "SELECT current_state, state_entered_at, error_reason FROM operational_state WHERE id = 1"
    connection.execute(query).fetchone()
    begun = time.perf_counter()
    for _ in range(100):
        assert connection.execute(query).fetchone()[0] == "ACTIVE"
    assert (time.perf_counter() - begun) / 100 < 0.0004, "ten times the allowed 0.04 ms, for slow test machines"
    connection.close()
    store.close()


def test_history_is_kept_for_a_while_only(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("standfast.agent.store.KEPT_ROWS", 3)
    store = Store.open(tmp_path / "state.db")
    own = OwnOrders(store)
    own.intend(REQUEST, NOW - timedelta(days=91))
    own.settle()
    held = own.intend(REQUEST, NOW - timedelta(days=91))
    for _ in range(5):
        store.begin_run("boot", "", NOW)
        store.ended("flat", "", "", NOW)
        store.record(Transition(State.STARTING, State.WAITING, Input.TRANSIENT_FAILURE, "why"), "", NOW)
    connection = sqlite3.connect(tmp_path / "state.db")
    tables = ("state_transitions", "runs", "ends", "own_orders")
    assert [connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0] for table in tables] == [3, 3, 3, 1]
    assert OwnOrders(store).all == (held,), "what is not settled is no history"
    connection.close()
    store.close()
