"""A delivery ends, whatever the other side does."""

import contextlib
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator

import pytest
from tests.unit.notifier.process import SOURCE

from standfast.notifier.channel_config import WebhookConfig
from standfast.notifier.channels.channel import Answer, Body, Channel, Outcome, Standing
from standfast.notifier.channels.webhook import WebhookChannel
from standfast.notifier.worker.bounded import Bounded

BODY = {"id": "1", "text": "words"}


@pytest.fixture
def dripping() -> Iterator[str]:
    """A server that sends the byte after the byte of an answer that never ends."""
    ending = threading.Event()
    listener = socket.create_server(("127.0.0.1", 0))

    def drip() -> None:
        with contextlib.suppress(OSError):
            connection, _ = listener.accept()
            with connection:
                connection.sendall(b"HTTP/1.1 200 OK\r\nX: ")
                while not ending.wait(0.05):
                    connection.sendall(b"x")

    thread = threading.Thread(target=drip)
    thread.start()
    yield f"http://127.0.0.1:{listener.getsockname()[1]}/"
    ending.set()
    thread.join()
    listener.close()


def test_a_server_that_drips_bytes_is_given_up_on(dripping: str) -> None:
    config = WebhookConfig(dripping, timeout_s=0.3)
    bounded = Bounded("webhook", lambda: WebhookChannel(config), limit_s=1.0)
    assert bounded.deliver(BODY, 2) == Answer(Outcome.RETRY, "no end within 1 s", parts_done=2)
    bounded.close()


def test_after_that_the_next_delivery_has_a_channel_of_its_own() -> None:
    hanging = threading.Event()
    built: list[Channel] = []

    class Held:
        def deliver(self, body: Body, parts_done: int = 0) -> Answer:
            if self is built[0]:
                hanging.wait()
            return Answer(Outcome.DELIVERED)

        def standing(self) -> Standing:
            return Standing(None)

        def close(self) -> None:
            """Nothing is held."""

    def build() -> Channel:
        built.append(Held())
        return built[-1]

    bounded = Bounded("x", build, limit_s=0.2)
    assert bounded.deliver(BODY).outcome is Outcome.RETRY
    assert bounded.deliver(BODY).outcome is Outcome.DELIVERED
    assert bounded.deliver(BODY).outcome is Outcome.DELIVERED
    assert len(built) == 2
    hanging.set()


def test_a_library_that_is_not_there_is_named_with_its_package() -> None:
    def build() -> WebhookChannel:
        raise ModuleNotFoundError("no", name="apprise")

    answer = Bounded("apprise", build).deliver(BODY)
    assert answer == Answer(Outcome.RETRY, "cannot load apprise: apt install apprise")


LOAD_TWO_AT_ONCE = """
import threading
from standfast.notifier.channel_config import channels_from_table
from standfast.notifier.channels import build
from standfast.notifier.channels.channel import Outcome
from standfast.notifier.worker.bounded import Bounded
channels = channels_from_table({"webhook": {"url": "http://127.0.0.1:1/"}, "telegram": {"chat_id": "1"},
    "alertmanager": {"urls": ["http://127.0.0.1:1/"]}})
together = threading.Barrier(3)
def first(name):
    together.wait()
    bounded = Bounded(name, lambda: build(name, channels), limit_s=10)
    print(bounded.deliver({"id": "1", "at": "2026-03-02T09:30:00.000+00:00", "events": []}).detail)
threads = [threading.Thread(target=first, args=[name]) for name in channels.names]
for thread in threads: thread.start()
for thread in threads: thread.join()
"""


def test_channels_that_begin_at_the_same_moment_do_not_wait_for_each_other() -> None:
    for _ in range(5):
        result = subprocess.run(
            [sys.executable, "-c", LOAD_TWO_AT_ONCE],
            env={"PYTHONPATH": str(SOURCE), "PATH": "/usr/bin:/bin"},
            capture_output=True,
            text=True,
            check=True,
        )
        assert "no end within" not in result.stdout
        assert len(result.stdout.splitlines()) == 3
