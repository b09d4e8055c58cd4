"""The channels in the hands of the check: bounded, with their fallback, and asked without a message."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import aclosing
from datetime import UTC, datetime
from typing import TypeVar

import pytest
from tests.fakes.webhook_sink import Fault, WebhookSink
from tests.unit.notifier.provider_servers import ProviderServer, Reply
from tests.unit.notifier.test_alertmanager import Alertmanager

from standfast.check import findings, memory, stand_in
from standfast.check.memory import Memory
from standfast.check.outlet import Outlet
from standfast.config import load_text
from standfast.notifier.channels import Standing
from standfast.notifier.config import NotifierConfig
from standfast.notifier.model import Draft
from standfast.unit_names import NOTIFIER

T = TypeVar("T")
NOW = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)
LIMIT_S = 0.5


@pytest.fixture
def sink() -> Iterator[WebhookSink]:
    with WebhookSink() as found:
        yield found


@pytest.fixture
def peer() -> Iterator[Alertmanager]:
    with Alertmanager() as found:
        yield found


def config(sink: WebhookSink, peer: ProviderServer) -> NotifierConfig:
    text = f"""
host = "box1"
[channels.webhook]
url = "{sink.url}"
[channels.alertmanager]
urls = ["{peer.url}"]
[[route]]
severity = ["critical"]
channels = ["webhook"]
fallback = ["alertmanager"]
"""
    return load_text(NotifierConfig, text, "notifier.toml", {})


def send(config: NotifierConfig) -> list[Draft]:
    answers = [findings.runs(NOTIFIER, "failed")]
    kept = memory.after_looks(Memory(), answers, NOW)
    drafts = stand_in.drafts(answers, (), kept, kept, config, NOW)
    return using(config, lambda outlet: outlet.send(drafts))


def using(config: NotifierConfig, work: Callable[[Outlet], Awaitable[T]]) -> T:
    """What comes of work with an outlet, as the check does it: closed in the loop that it was used in."""

    async def used() -> T:
        async with aclosing(Outlet(config, 3600, LIMIT_S)) as outlet:
            return await work(outlet)

    return asyncio.run(used())


def test_it_goes_out_by_the_route_of_what_is_critical(sink: WebhookSink, peer: Alertmanager) -> None:
    assert len(send(config(sink, peer))) == 1
    (message,) = sink.got
    assert (message["kind"], message["severity"], message["host"]) == ("problem", "critical", "box1")
    assert message["events"][0]["type"] == "WATCHER_DOWN"
    assert peer.took == []


@pytest.mark.parametrize("fault", [Fault.ERROR, Fault.REFUSE, Fault.HANG, Fault.RESET])
def test_where_its_channel_fails_the_fallback_takes_it_in_bounded_time(
    sink: WebhookSink, peer: Alertmanager, fault: Fault
) -> None:
    sink.faults.append(fault)
    started_s = time.monotonic()
    assert len(send(config(sink, peer))) == 1
    assert time.monotonic() - started_s < 5
    (taken,) = peer.took
    assert "WATCHER_DOWN" in taken["alerts"]


def test_what_nobody_takes_is_not_told(sink: WebhookSink, peer: Alertmanager) -> None:
    sink.faults.append(Fault.ERROR)
    peer.replies.append(Reply(500))
    assert send(config(sink, peer)) == []


def test_an_alert_of_the_check_lives_until_it_repeats_itself(sink: WebhookSink, peer: Alertmanager) -> None:
    sink.faults.append(Fault.ERROR)
    send(config(sink, peer))
    ends_at = peer.took[0]["alerts"].partition('"endsAt": "')[2].partition('"')[0]
    assert (datetime.fromisoformat(ends_at) - datetime.now(UTC)).total_seconds() > 3600


def test_all_channels_are_asked_and_nothing_is_sent(sink: WebhookSink, peer: Alertmanager) -> None:
    found = using(config(sink, peer), lambda outlet: outlet.standings(["webhook", "alertmanager"]))
    assert {name: one.good for name, one in found.items()} == {"webhook": None, "alertmanager": True}
    assert (sink.requests, peer.took) == (0, [])


def test_a_channel_without_its_secret_is_unknown_and_harms_no_other(peer: Alertmanager) -> None:
    text = f"""
[channels.telegram]
chat_id = "42"
[channels.alertmanager]
urls = ["{peer.url}"]
"""
    configured = load_text(NotifierConfig, text, "notifier.toml", {})
    found = using(configured, lambda outlet: outlet.standings(["telegram", "alertmanager"]))
    assert {name: one.good for name, one in found.items()} == {"telegram": None, "alertmanager": True}
    assert 'cannot find the credential "telegram-bot-token"' in found["telegram"].detail


class WithALoop:
    """A channel such as Telegram's, whose library needs a loop."""

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        self.closed = False

    def standing(self) -> Standing:
        self._loop.run_until_complete(asyncio.sleep(0))
        return Standing(True)

    def close(self) -> None:
        self._loop.run_until_complete(asyncio.sleep(0))
        self._loop.close()
        self.closed = True


def test_a_channel_with_a_loop_of_its_own_is_closed_too(monkeypatch: pytest.MonkeyPatch) -> None:
    channel = WithALoop()
    monkeypatch.setattr("standfast.check.outlet.build", lambda name, channels: channel)
    found = using(NotifierConfig(), lambda outlet: outlet.standings(["journal"]))
    assert (found["journal"].good, channel.closed) == (True, True)
