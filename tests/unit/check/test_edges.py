"""The edges of a look: disks, the dead-man address, kept configurations, work that hangs."""

from __future__ import annotations

import asyncio
import os
import queue
import threading
import time
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import pytest
from tests.unit.notifier.provider_servers import ProviderServer, Reply

from standfast import paths
from standfast.check import deadman, disks, findings, known
from standfast.check.aside import aside
from standfast.check.config import DeadmanSettings
from standfast.check.findings import Answer
from standfast.unit_names import DETECTOR, NOTIFIER

SECRET = "/ping/7f3a-secret"


class Deadman(ProviderServer):
    def answer(self, request: BaseHTTPRequestHandler, raw: str) -> Reply:
        self.took.append({"path": request.path})
        return Reply()


def ping(server: ProviderServer, *watchers: Answer) -> Answer:
    return asyncio.run(deadman.called(DeadmanSettings(server.url + SECRET, timeout_s=0.5), watchers))


UP = (findings.runs(DETECTOR, "active"), findings.runs(NOTIFIER, "active"))
CAME = findings.canary(True, 20, UP)


def test_the_dead_man_address_is_called_when_all_holds() -> None:
    with Deadman() as server:
        assert ping(server, *UP, CAME).well is True
    assert server.took == [{"path": SECRET}]


@pytest.mark.parametrize(
    "watchers",
    [
        (*UP, findings.canary(False, 20, UP)),
        (UP[0], findings.runs(NOTIFIER, "failed"), CAME),
        (*UP, findings.turns(DETECTOR, None, 120), CAME),
    ],
)
def test_it_is_not_called_when_something_does_not(watchers: tuple[Answer, ...]) -> None:
    with Deadman() as server:
        assert ping(server, *watchers).well is None
    assert server.took == []


@pytest.mark.parametrize("reply", [Reply(500), Reply(302, "", {"Location": "/"}), Reply(hang=True), Reply(reset=True)])
def test_a_ping_that_is_not_taken_says_why_and_not_where(reply: Reply) -> None:
    with Deadman() as server:
        server.replies.append(reply)
        answer = ping(server, *UP, CAME)
    assert answer.well is False
    assert "secret" not in answer.words


def test_nobody_there() -> None:
    with Deadman() as server:
        pass
    answer = ping(server, *UP, CAME)
    assert answer.well is False
    assert "secret" not in answer.words


def test_each_disk_is_looked_at_once_and_what_cannot_be_seen_not_at_all() -> None:
    found = disks.mounts([Path("/etc/passwd"), Path("/etc/group"), Path("/proc/self/stat"), Path("/nowhere/x/y")])
    assert found == [Path("/"), Path("/proc")] if os.stat("/etc").st_dev == os.stat("/").st_dev else len(found) == 2
    assert disks.mounts([Path("/proc/nothing-of-this-name")]) == [Path("/proc")]


@pytest.fixture
def host(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A directory with both files, correct ones."""
    monkeypatch.setattr(paths, "DETECTOR_CONFIG", tmp_path / "detector.toml")
    monkeypatch.setattr(paths, "NOTIFIER_CONFIG", tmp_path / "notifier.toml")
    monkeypatch.setattr(known, "KEPT", tmp_path / "kept")
    (tmp_path / "detector.toml").write_text('critical_files = ["/srv/ports.json"]\n')
    (tmp_path / "notifier.toml").write_text('host = "box1"\n[channels.webhook]\nurl = "http://127.0.0.1:1/"\n')
    return tmp_path


def test_a_spoilt_configuration_is_said_and_the_last_correct_one_holds(host: Path) -> None:
    good = known.known({})
    (host / "notifier.toml").write_text("[channels.webhook]\nurl = 7\n")
    (host / "detector.toml").write_text("critical_files = 7\n")
    spoilt = known.known({})
    assert [answer.well for answer in good.answers + spoilt.answers] == [True, True, False, False]
    assert (spoilt.notifier, spoilt.fleet) == (good.notifier, good.fleet)
    assert spoilt.notifier.channel_names == ("webhook",)
    # A second run over the spoilt one does not lose it either.
    assert known.known({}).notifier == good.notifier


def test_a_channel_that_only_the_environment_names_is_known_beside_a_spoilt_file(host: Path) -> None:
    named = {"STANDFAST_CHANNELS_WEBHOOK_URL": "http://127.0.0.1:9/named"}
    known.known(named)
    (host / "notifier.toml").write_text("oops")
    webhook = known.known(named).notifier.channels.webhook
    assert webhook is not None
    assert webhook.url.endswith("/named")
    # What is wrong in the environment itself does not count.
    webhook = known.known({"STANDFAST_CHANNELS_WEBHOOK_URL": "no address"}).notifier.channels.webhook
    assert webhook is not None
    assert not webhook.url.endswith("/named")


def test_a_json_file_is_kept_too_and_no_file_leaves_the_defaults(host: Path) -> None:
    (host / "notifier.toml").unlink()
    (host / "notifier.json").write_text('{"channels": {"webhook": {"url": "http://127.0.0.1:2/"}}}')
    good = known.known({})
    (host / "notifier.json").write_text("{")
    assert known.known({}).notifier == good.notifier
    (host / "notifier.json").unlink()
    assert known.known({}).notifier.channel_names == ("journal",)


def test_one_that_was_never_correct_leaves_the_defaults(host: Path) -> None:
    (host / "notifier.toml").write_text("oops")
    assert known.known({}).notifier.channel_names == ("journal",)


def test_work_that_hangs_is_left_behind() -> None:
    ending = threading.Event()
    started_s = time.monotonic()
    assert asyncio.run(aside(lambda: str(ending.wait()), 0.1, "late")) == "late"
    assert time.monotonic() - started_s < 5
    ending.set()


def test_work_that_breaks_answers_something_else_and_is_reported(monkeypatch: pytest.MonkeyPatch) -> None:
    reported: queue.SimpleQueue[threading.ExceptHookArgs] = queue.SimpleQueue()
    monkeypatch.setattr(threading, "excepthook", reported.put)
    assert asyncio.run(aside(lambda: 1 / 0, 5, -1.0)) == -1.0
    assert reported.get(timeout=5).exc_type is ZeroDivisionError
