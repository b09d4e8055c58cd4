"""Which probes run."""

from __future__ import annotations

import asyncio
import threading
from pathlib import Path

import pytest

from standfast.detector import prober as probing
from standfast.detector.check_tables import Check, Database, FileCheck, PostgresqlCheck
from standfast.detector.clockwork import SteadyClock
from standfast.detector.finding import Finding
from standfast.detector.model import CheckObservation, FileObservation, Observation, Outcome
from standfast.detector.prober import Prober, look
from standfast.detector.probes import Probe, base, probe_for


def test_the_checks_of_a_unit_that_is_gone_end_and_no_others(tmp_path: Path) -> None:
    path = tmp_path / "there"
    path.write_text("")

    async def run() -> None:
        found: asyncio.Queue[Observation] = asyncio.Queue()
        prober = Prober(SteadyClock(), found.put_nowait)
        check = FileCheck(path=str(path), interval_s=0.01)
        before = asyncio.all_tasks()
        for unit in ("run-1.service", "stays.service"):
            prober.watch_unit(unit, [check])
        prober.watch_file(str(path), 0.01)
        assert len(asyncio.all_tasks() - before) == 3
        prober.keep_units({"stays.service"})
        prober.keep_units({"stays.service"})
        async with asyncio.timeout(10):
            seen = [await found.get() for _ in range(6)]
        assert {one.unit for one in seen if isinstance(one, CheckObservation)} == {"stays.service"}
        assert any(isinstance(one, FileObservation) for one in seen)
        assert len(asyncio.all_tasks() - before) == 2
        await prober.stop()
        assert asyncio.all_tasks() == before

    asyncio.run(run())


def test_a_check_that_runs_is_not_made_anew_at_each_turn(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made = []

    def counted(check: Check | Database) -> Probe:
        made.append(check)
        return probe_for(check)

    monkeypatch.setattr(probing, "probe_for", counted)

    async def run() -> None:
        prober = Prober(SteadyClock(), lambda observation: None)
        for _ in range(3):
            prober.watch_unit("a.service", [FileCheck(path=str(tmp_path))])
        await prober.stop()

    asyncio.run(run())
    assert len(made) == 1


def test_a_name_server_that_is_silent_holds_up_no_loop(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whether a name is one of this host's is asked of the resolver: never in the thread of the loop."""
    asked_in = []

    def is_local(host: str) -> bool:
        asked_in.append(threading.current_thread())
        return True

    monkeypatch.setattr(base, "is_local", is_local)

    class Silent:
        async def look(self) -> Finding:
            await asyncio.sleep(60)
            raise AssertionError

        def silence(self, timeout_s: float) -> Finding:
            return base.timed_out("db.example", timeout_s)

    probe_for(PostgresqlCheck(database="trades", host="db.example"))
    assert asked_in == []
    assert asyncio.run(look(Silent(), 0.01)).outcome is Outcome.FAIL
    assert asked_in
    assert threading.main_thread() not in asked_in
