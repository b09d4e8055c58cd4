"""The whole detector at its bus: what it writes for others to read."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import threading
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from standfast import statusfile
from standfast.clock import monotonic_s
from standfast.config import ConfigError, Mistake
from standfast.daemon import Frame
from standfast.detector import service
from standfast.detector.check_tables import TcpCheck
from standfast.detector.config import DetectorConfig, Mode, Watch
from standfast.detector.follow import LedgerEntry
from standfast.detector.model import RestartObservation, RunResult
from standfast.detector.service import Detector
from standfast.events import Event
from standfast.heartbeat import Heartbeat
from standfast.journal import Journal
from standfast.systemd1 import Systemd1
from tests.bus.fake_systemd import FakeSystemd
from tests.bus.private_bus import PrivateBus

PATIENCE_S = 10.0
A_SERVICE = Watch("a.service")


def test_a_detector_that_looks_seldom_still_shows_that_it_turns(
    bus: PrivateBus, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(service, "STATUS_AT_LEAST_EVERY_S", 0.1)
    monkeypatch.setattr(service, "TURN_S", 0.05)
    seen: set[str] = set()

    async def watch(fleet: FakeSystemd, path: Path) -> None:
        while len(seen) < 4:
            await asyncio.sleep(0.02)
            seen.add(str((statusfile.read(path) or {}).get("checked_at", "")))

    asyncio.run(with_detector(bus, tmp_path, watch))


def test_a_change_just_after_the_status_was_written_is_shown_soon(bus: PrivateBus, tmp_path: Path) -> None:
    async def watch(fleet: FakeSystemd, path: Path) -> None:
        await shown(path, "active")
        for now in ("reloading", "active", "reloading"):  # each within the time for which the status rests
            await fleet.change("a.service", active=now)
            await asyncio.sleep(0.1)
        async with asyncio.timeout(service.TURN_S - 1):
            await shown(path, "reloading")

    asyncio.run(with_detector(bus, tmp_path, watch))


def test_a_reload_that_is_refused_stands_in_the_status_soon(bus: PrivateBus, tmp_path: Path) -> None:
    def refuse() -> DetectorConfig:
        raise ConfigError([Mistake("detector.toml:3", "mode", "one of observe, act", "acct")])

    async def watch(fleet: FakeSystemd, path: Path) -> None:
        await shown(path, "active")
        os.kill(os.getpid(), signal.SIGHUP)
        async with asyncio.timeout(service.TURN_S - 1):
            said = ""
            while "detector.toml:3" not in said:
                await asyncio.sleep(0.02)
                said = str((statusfile.read(path) or {}).get("reload_refused"))

    asyncio.run(with_detector(bus, tmp_path, watch, refuse))


def test_whoever_reloads_reads_of_what_is_watched_now_in_the_status_at_once(
    bus: PrivateBus, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(service, "STATUS_EVERY_S", PATIENCE_S)
    wider = DetectorConfig(check_interval_s=600.0, watch=(A_SERVICE, Watch("b.service")), mode=Mode.ACT)
    said: list[Event] = []
    monkeypatch.setattr(Journal, "emit", lambda journal, event: said.append(event))

    async def watch(fleet: FakeSystemd, path: Path) -> None:
        fleet.add("b.service")
        await shown(path, "active")
        os.kill(os.getpid(), signal.SIGHUP)
        async with asyncio.timeout(PATIENCE_S / 2):
            await shown(path, "active", "b.service")

    asyncio.run(with_detector(bus, tmp_path, watch, lambda: wider))
    (mode,) = [event.message for event in said if event.type == "MASTER_RESTART_MODE"]
    assert mode == 'The mode is "act" from now on: a master restart is asked for where a cascade lasts'


def test_each_life_says_once_since_when_nobody_had_watched(
    bus: PrivateBus, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    said: list[Event] = []
    monkeypatch.setattr(Journal, "emit", lambda journal, event: said.append(event))

    async def watch(fleet: FakeSystemd, path: Path) -> None:
        await shown(path, "active")
        await fleet.change("a.service", active="reloading")
        await shown(path, "reloading")

    for _ in range(2):
        asyncio.run(with_detector(bus, tmp_path, watch))
    first, second = [event for event in said if event.type == "WATCHER_STARTED"]
    assert "since" not in first.data
    assert second.data["ended"] is True
    assert second.data["since"] <= second.data["until"]


def test_a_name_server_that_is_silent_does_not_hold_up_the_end(
    bus: PrivateBus, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    over, threads = threading.Event(), []

    async def watch(fleet: FakeSystemd, path: Path) -> None:
        loop, asked = asyncio.get_running_loop(), asyncio.Event()

        def look_up(*args: object, **kwargs: object) -> list[object]:
            threads.append(threading.current_thread())
            loop.call_soon_threadsafe(asked.set)
            over.wait(PATIENCE_S)
            return []

        monkeypatch.setattr(socket, "getaddrinfo", look_up)
        await asked.wait()
        stopped_s.append(monotonic_s())

    stopped_s: list[float] = []
    checked = Watch("a.service", check=(TcpCheck(host="db.example.com", port=5432),))
    asyncio.run(with_detector(bus, tmp_path, watch, watched=checked))
    took_s = monotonic_s() - stopped_s[0]
    over.set()
    for thread in threads:
        thread.join()
    assert took_s < 2


def test_what_the_journal_told_is_behind_only_once_it_is_judged(tmp_path: Path) -> None:
    """A detector that is killed in between, while it asks for a master restart, hears of it again."""

    async def run() -> None:
        journal = Journal("standfast-detector", tmp_path / "doorbell")
        frame, read = Frame(Heartbeat(), journal), DetectorConfig
        places = (tmp_path / "detector.db", tmp_path / "status.json", tmp_path / "installed")
        detector = Detector(frame, read(), read, Systemd1.connect, *places)
        started = RestartObservation(100.0, RunResult.STARTED, "run")
        told = LedgerEntry(started, "s=1;i=7")
        detector._on_ledger_entry(told)
        assert detector._keeper.cursor == ""
        turn = detector._take([started], [told], 101.0, scheduled=False)
        assert [run.run_id for run in turn.step.state.runs] == ["run"]
        assert (detector._keeper.cursor, turn.ledger_changed) == ("s=1;i=7", True)
        journal.close()

    asyncio.run(run())


async def shown(path: Path, wanted: str, unit: str = "a.service") -> None:
    """Wait until the status file shows a watched unit in a state."""
    found = ""
    while found != wanted:
        await asyncio.sleep(0.02)
        health = (statusfile.read(path) or {}).get("service_health", {})
        found = str(health.get(unit, {}).get("active_state", ""))


async def with_detector(
    bus: PrivateBus,
    directory: Path,
    watch: Callable[[FakeSystemd, Path], Awaitable[None]],
    read_config: Callable[[], DetectorConfig] = DetectorConfig,
    watched: Watch = A_SERVICE,
) -> None:
    """Run a detector that looks every ten minutes, while its status file is watched."""
    config = DetectorConfig(check_interval_s=600.0, watch=(watched,))
    fleet = FakeSystemd()
    fleet.add("a.service")
    await fleet.serve(bus.address)
    journal = Journal("standfast-detector", directory / "doorbell")
    frame = Frame(Heartbeat(), journal)
    path = directory / "status.json"
    places = (directory / "detector.db", path, directory / "installed")
    detector = Detector(frame, config, read_config, lambda: Systemd1.connect(bus.address), *places)
    asyncio.get_running_loop().add_signal_handler(signal.SIGHUP, frame.reload)
    running = asyncio.create_task(detector.run())
    try:
        async with asyncio.timeout(PATIENCE_S):
            await watch(fleet, path)
    finally:
        frame.stop.set()
        await running
        await fleet.close()
        journal.close()
