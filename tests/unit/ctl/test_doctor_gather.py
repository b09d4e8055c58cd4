"""What the doctor gathers: connections that say nothing and hold nobody up, files as systemd and sandboxes see them."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from standfast import __version__
from standfast.agent.config import AgentConfig
from standfast.check.config import CheckConfig
from standfast.config import load_text
from standfast.ctl import access, credentials
from standfast.ctl.doctor.facts import Facts, Reach, Setting, Unit
from standfast.ctl.doctor.gather import files, reach, secrets, told, units
from standfast.detector.config import DetectorConfig
from standfast.notifier.config import NotifierConfig
from standfast.overview.snapshot import Snapshot, Source
from standfast.unit_names import DETECTOR, NOTIFIER, agent_unit


@pytest.fixture
def listener() -> Iterator[socket.socket]:
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server


def test_a_connection_is_opened_and_nothing_said(listener: socket.socket) -> None:
    port = listener.getsockname()[1]
    assert reach.reached([("it", "127.0.0.1", port)]) == (Reach("it", f"127.0.0.1:{port}"),)
    connection, _ = listener.accept()
    with connection:
        assert connection.recv(100) == b""


def test_what_cannot_be_reached_says_why(listener: socket.socket) -> None:
    port = listener.getsockname()[1]
    listener.close()
    places = [("a", "127.0.0.1", port), ("b", "no such host", 1), ("c", "x" * 300, 1)]
    troubles = [one.trouble for one in reach.reached(places)]
    assert troubles[0] == "Connection refused"
    assert all(troubles)


def test_a_look_up_that_hangs_holds_nobody_up(monkeypatch: pytest.MonkeyPatch) -> None:
    ending = threading.Event()

    def hang(host: str, port: int) -> str:
        ending.wait(30)
        return ""

    monkeypatch.setattr(reach, "_trouble", hang)
    monkeypatch.setattr(reach, "TOTAL_S", 0.05)
    assert [one.trouble for one in reach.reached([("it", "h", 1)])] == ["no answer in time"]
    ending.set()


def test_everything_that_is_spoken_to_by_host_and_port_alone() -> None:
    notifier = load_text(
        NotifierConfig,
        """
[channels.webhook]
url = "https://me:hush@hook.example/hush?hush"
[channels.telegram]
chat_id = "1"
[channels.email]
smtp_url = "smtp://mail.example"
from = "a@b"
to = ["a@b"]
[channels.alertmanager]
urls = ["http://a:9093", "http://b:9093"]
""",
        "notifier.toml",
        {},
    )
    check = load_text(CheckConfig, '[deadman]\nurl = "https://dead.example/hush"', "check.toml", {})
    agents = {"algo": load_text(AgentConfig, 'gateway = "openalgo"', "algo.toml", {}), "paper": AgentConfig()}
    detector = load_text(
        DetectorConfig,
        """
[[watch]]
unit = "up.service"
check = [{ kind = "tcp", port = 7 }, { kind = "http", url = "http://127.0.0.1/x" }]
[[watch]]
unit = "down.service"
check = [{ kind = "tcp", port = 8 }]
""",
        "detector.toml",
        {},
    )
    watched = {"up.service": Unit("up.service", {"ActiveState": "active"}), "down.service": Unit("down.service")}
    found = list(reach.places(notifier, check, agents, detector, watched))
    assert [f"{host}:{port}" for _, host, port in found] == [
        *("hook.example:443", "api.telegram.org:443", "mail.example:25", "a:9093", "b:9093", "dead.example:443"),
        *("127.0.0.1:5000", "127.0.0.1:8765", "127.0.0.1:7", "127.0.0.1:80"),
    ]
    assert "hush" not in repr(found)
    assert list(reach.places(None, None, {}, None, {})) == []


def test_what_a_sandbox_hides() -> None:
    paths = ["/home/me/x", "/root/x", "/tmp/x", "/srv/x", "/home/shared/x"]
    unit = Unit(DETECTOR, {"ProtectHome": "yes"}, drop_ins=(Setting("f", "BindReadOnlyPaths", "-/home/shared:/x"),))
    assert [path for path, file in files.seen(paths, unit).items() if file.is_hidden] == paths[:3]
    opened = Unit(DETECTOR, {"ProtectHome": "read-only"})
    assert [path for path, file in files.seen(paths, opened).items() if file.is_hidden] == ["/tmp/x"]


def test_a_strategy_is_a_module_or_a_package(tmp_path: Path) -> None:
    (tmp_path / "package").mkdir()
    (tmp_path / "single.py").touch()
    agents = {
        name: load_text(AgentConfig, f'strategy = "{name}:X"\nstrategy_path = "{tmp_path}"', "a.toml", {})
        for name in ("package", "single", "missing")
    }
    found = dict(files.strategies(agents, {}))
    assert {name: (Path(file.path).name, file.exists) for name, file in found.items()} == {
        "package": ("package", True),
        "single": ("single.py", True),
        "missing": ("missing.py", False),
    }


def test_the_settings_of_a_units_files(tmp_path: Path) -> None:
    shipped, drop_in = tmp_path / "a.service", tmp_path / "b.conf"
    shipped.write_text("[Service]\n# a comment=1\nProtectHome = yes\nExecStart=a \\\n  b=c\n")
    drop_in.write_text("[Service]\nProtectHome=no\n")
    found = units._unit("a.service", {"FragmentPath": str(shipped), "DropInPaths": f"{drop_in} /gone.conf"})
    assert [(one.key, one.value) for one in found.shipped] == [("ProtectHome", "yes"), ("ExecStart", "a    b=c")]
    assert found.drop_ins == (Setting(str(drop_in), "ProtectHome", "no"),)


def test_secrets_come_from_the_last_place_that_a_file_names(tmp_path: Path) -> None:
    notifier = load_text(NotifierConfig, '[channels.telegram]\nchat_id = "1"', "notifier.toml", {})
    bare = Unit(NOTIFIER, shipped=(Setting("u", "LoadCredential", "telegram-bot-token"),))
    (missing,) = secrets.needed(Facts(notifier=notifier), {NOTIFIER: bare})
    assert (missing.credential, missing.exists, missing.is_needed) == ("telegram-bot-token", False, True)

    stored = tmp_path / "token"
    stored.touch()
    line = f"telegram-bot-token:{stored}"
    properties = {"ActiveState": "active", "ExecMainStartTimestamp": "@1"}
    given = Unit(NOTIFIER, properties, bare.shipped, (Setting("d", "LoadCredentialEncrypted", line),))
    (found,) = secrets.needed(Facts(notifier=notifier), {NOTIFIER: given})
    assert (found.source, found.exists, found.is_newer) == (str(stored), True, True)


def test_a_secret_in_a_file_that_all_may_read(tmp_path: Path) -> None:
    path = tmp_path / "key"
    path.touch(mode=0o644)
    config = load_text(AgentConfig, f'gateway = "openalgo"\n[openalgo]\napi_key_file = "{path}"', "a.toml", {})
    (found,) = secrets.needed(Facts(agents={"algo": config}), {})
    assert (found.asked_by, found.source, found.is_public) == ("standfast-agent@algo.service", str(path), True)


def test_a_databases_password_is_asked_for_once() -> None:
    text = """
database = [
    { kind = "postgresql", name = "a", database = "a", host = "db", password_credential = "postgresql-password" },
    { kind = "postgresql", name = "b", database = "b", password_credential = "postgresql-password" },
    { kind = "sqlite", name = "c", path = "/c" },
]
"""
    detector = load_text(DetectorConfig, text, "detector.toml", {})
    assert [(one.asked_by, one.credential) for one in secrets.needed(Facts(detector=detector), {})] == [
        (DETECTOR, "postgresql-password")
    ]
    assert list(reach.places(None, None, {}, detector, {})) == [("the database a", "db", 5432)]


def test_where_nobody_may_look_nothing_is_said_to_be_wrong(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("os.geteuid", lambda: 1000)
    monkeypatch.setattr(credentials, "DIRECTORY", tmp_path)
    assert access.unreadable("standfast", [tmp_path]) == {}
    assert secrets.idle(()) == ()
    assert secrets.loose() == ()


def test_what_daemons_tell_of_themselves_and_which_tell_nothing() -> None:
    units_there = {name: Unit(name) for name in (DETECTOR, NOTIFIER, agent_unit("gone"), agent_unit("old"))}
    position = {"symbol": "X", "product": "MIS", "quantity": 5}
    old = Source({"version": "0.0.9", "flat": False, "positions": [position]})
    snapshot = Snapshot(datetime.now(UTC), Source(None), Source({"version": __version__}), {"old": old})
    found = told.with_statuses(Facts(units=units_there), snapshot)
    assert found.older_versions == {agent_unit("old"): "0.0.9"}
    assert found.unseen == {DETECTOR, agent_unit("gone")}
    assert found.held == {agent_unit("old"): "+5 X MIS"}
