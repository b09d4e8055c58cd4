"""The worker: it loads what it uses, and goes away when there is nothing to do."""

import asyncio
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from tests.fakes.webhook_sink import WebhookSink
from tests.unit.notifier.events import at, config, problem
from tests.unit.notifier.process import SOURCE

from standfast.events import Severity
from standfast.notifier import dispatch
from standfast.notifier.config import NotifierConfig
from standfast.notifier.courier import Courier
from standfast.notifier.hear import hear
from standfast.notifier.render import render
from standfast.notifier.store.store import Store

HEAVY = ("requests", "telegram", "twilio", "apprise", "smtplib")
WHAT_IS_LOADED = f"""
import sys
from standfast.notifier.worker import __main__
from standfast.notifier.channel_config import channels_from_table
from standfast.notifier.channels import build
build(sys.argv[1], channels_from_table({{"webhook": {{"url": "http://127.0.0.1:1/"}}, "journal": {{}}}}))
print(*(name for name in {HEAVY} if name in sys.modules))
"""


@pytest.mark.parametrize(("channel", "loaded"), [("journal", []), ("webhook", ["requests"])])
def test_only_the_library_of_the_channel_is_loaded(channel: str, loaded: list[str]) -> None:
    result = subprocess.run(
        [sys.executable, "-c", WHAT_IS_LOADED, channel],
        env={"PYTHONPATH": str(SOURCE), "PATH": "/usr/bin:/bin"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert result.stdout.split() == loaded


def put(store: Store, settings: NotifierConfig, number: int) -> None:
    """Queue a message."""
    ledger = store.ledger()
    hear(ledger, problem(number, f"TYPE_{number}", severity=Severity.CRITICAL), settings, at(number))
    changes = ledger.take_changes()
    messages = [render(draft, f"m{number}", "box1", None) for draft in changes.drafts]
    store.commit(changes, messages, {}, at(number))


def test_an_idle_worker_goes_away_and_the_next_message_starts_another(sink: WebhookSink, tmp_path: Path) -> None:
    settings = config(f'[channels.webhook]\nurl = "{sink.url}"\n')
    path = tmp_path / "notifier.db"
    store = Store(path)

    async def scenario() -> set[int | None]:
        changed = asyncio.Event()
        courier = Courier(path, changed.set, idle_s=0.3)
        pids = set()
        for number in range(2):
            put(store, settings, number)
            await courier.wake(settings)
            pids.add(courier.pid)
            while courier.running:
                changed.clear()
                await asyncio.wait_for(changed.wait(), 10)
        return pids

    pids = asyncio.run(scenario())
    store.close()
    assert [message["id"] for message in sink.got] == ["m0", "m1"]
    assert len(pids) == 2


def test_a_worker_that_does_nothing_any_more_is_replaced(
    sink: WebhookSink, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dispatch, "STUCK_S", 3.0)  # a worker takes a second to begin
    settings = config(f'[channels.webhook]\nurl = "{sink.url}"\n')
    store = Store(tmp_path / "notifier.db")

    async def scenario() -> None:
        changed = asyncio.Event()
        found = dispatch.Dispatch(tmp_path / "notifier.db", changed.set)
        put(store, settings, 0)
        await found.turn(store, settings, new=True)
        while not sink.got or found.has_due:
            changed.clear()
            await asyncio.wait_for(changed.wait(), 10)
            await found.turn(store, settings, new=False)
        worker = found._courier.pid
        assert worker is not None
        os.kill(worker, signal.SIGSTOP)
        put(store, settings, 1)
        found.look_again()
        for _ in range(200):
            await found.turn(store, settings, new=not found.has_due)
            if len(sink.got) > 1:
                break
            await asyncio.sleep(0.1)
        await found.end()

    asyncio.run(scenario())
    store.close()
    assert [message["id"] for message in sink.got] == ["m0", "m1"]
