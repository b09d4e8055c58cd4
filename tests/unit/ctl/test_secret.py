"""Where secrets go; that they arrive at the units is shown on a real systemd."""

import io
import os
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest

from standfast import paths
from standfast.ctl import credentials, secret
from standfast.ctl.__main__ import main
from standfast.ctl.command import UsageError
from standfast.ctl.credentials import SHARED, UNITS, Kept, Place, drop_in_text, place_of
from standfast.ctl.writing import WriteError
from standfast.overview.snapshot import Snapshot, Source
from standfast.paths import NO_CREDENTIAL
from standfast.unit_names import AGENT_TEMPLATE, NOTIFIER


@pytest.mark.parametrize(
    ("name", "agent", "unit", "more"),
    [
        ("telegram-bot-token", None, NOTIFIER, ["standfast-check.service"]),
        ("openalgo-api-key", None, AGENT_TEMPLATE, []),
        ("openalgo-api-key", "infy", "standfast-agent@infy.service", []),
    ],
)
def test_each_goes_to_the_units_that_need_it(name: str, agent: str | None, unit: str, more: list[str]) -> None:
    place = place_of(name, agent)
    assert place == Place(name, unit)
    wanted = [f"/etc/systemd/system/{one}.d/credential-{name}.conf" for one in [unit, *more]]
    assert [str(one) for one in place.drop_ins] == wanted


def test_two_agents_have_two_files() -> None:
    files = {place_of("openalgo-api-key", agent).file for agent in (None, "a", "b")}
    assert len(files) == 3


@pytest.mark.parametrize(("name", "agent"), [("password", None), ("smtp-password", "paper")])
def test_what_no_unit_asks_for_is_refused(name: str, agent: str | None) -> None:
    with pytest.raises(UsageError, match=r"there is no credential|leave --agent out"):
        place_of(name, agent)


@pytest.mark.parametrize(("kept", "key"), [(Kept.SEALED, "LoadCredentialEncrypted"), (Kept.PLAIN, "LoadCredential")])
def test_the_drop_in_names_the_file(kept: Kept, key: str) -> None:
    place = place_of("smtp-password", None)
    assert f"\n{key}=smtp-password:{place.file}\n" in drop_in_text(place, kept)


def test_the_units_ask_for_what_there_is() -> None:
    units = Path(__file__).parents[3] / "units"
    for name, owner in UNITS.items():
        for unit in (owner, *SHARED.get(owner, ())):
            placeholder = NO_CREDENTIAL.decode().replace("\n", "\\n")
            assert f"\nLoadCredential={name}\nSetCredential={name}:{placeholder}\n" in (units / unit).read_text()


@pytest.mark.parametrize(
    ("name", "agent", "restart"),
    [
        ("smtp-password", None, "standfast-notifier"),
        ("openalgo-api-key", None, "standfast-agent@NAME"),
        ("openalgo-api-key", "infy", "standfast-agent@infy"),
    ],
)
def test_what_to_restart(name: str, agent: str | None, restart: str) -> None:
    assert place_of(name, agent).restart == restart


@pytest.fixture
def places(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(credentials, "DIRECTORY", tmp_path / "credentials")
    monkeypatch.setattr(credentials, "DROP_INS", tmp_path / "system")
    monkeypatch.setenv("PATH", "/nowhere")  # no systemd-creds: this host cannot seal
    return tmp_path


def test_a_secret_is_stored_listed_and_removed(places: Path) -> None:
    assert list(credentials.stored()) == []
    everyones, own = place_of("openalgo-api-key", None), place_of("openalgo-api-key", "infy")
    assert credentials.store(everyones, "hush") is Kept.PLAIN
    assert credentials.store(own, "hush-too") is Kept.PLAIN
    assert everyones.file.read_text() == "hush"
    assert everyones.file.stat().st_mode & 0o777 == 0o600
    assert everyones.drop_ins[0].stat().st_mode & 0o777 == 0o644
    assert [place for place, _ in credentials.stored()] == [everyones, own]
    assert credentials.holds(everyones, "hush")
    assert not credentials.holds(everyones, "hush-too")

    assert credentials.remove(everyones)
    assert not credentials.remove(everyones)
    assert [place for place, _ in credentials.stored()] == [own]
    assert not credentials.holds(everyones, "hush")
    left = sorted(path.name for path in places.rglob("*") if path.is_file())
    assert left == ["credential-openalgo-api-key.conf", "openalgo-api-key.standfast-agent@infy"]


def test_that_an_agents_own_key_wins_is_told(
    places: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    monkeypatch.setattr(credentials, "take_in", lambda: None)
    monkeypatch.setattr(sys, "stdin", io.StringIO("hush"))
    monkeypatch.setattr(paths, "AGENTS_CONFIG", places)
    for agent in ("infy", "sbin", "tcs"):
        (places / f"{agent}.toml").touch()
    credentials.store(place_of("openalgo-api-key", "infy"), "hush-too")
    wins = "Agent infy has one of its own, which wins: standfastctl secret set openalgo-api-key --agent infy"

    assert main(["secret", "set", "openalgo-api-key"]) == 0
    told = capsys.readouterr().out.splitlines()
    assert told[1] == wins
    assert told[2:] == ["It is handed over at the next start; standfast-agent@sbin, standfast-agent@tcs do not run."]
    assert main(["secret", "list"]) == 0
    assert wins in capsys.readouterr().out.splitlines()
    credentials.store(place_of("openalgo-api-key", "tcs"), "hush-too")
    assert main(["secret", "list"]) == 0
    (line,) = [line for line in capsys.readouterr().out.splitlines() if "win" in line]
    assert line.startswith("Agents infy, tcs have one of their own each, which wins: ")
    assert main(["secret", "remove", "openalgo-api-key"]) == 0
    assert main(["secret", "list"]) == 0
    assert "wins" not in capsys.readouterr().out


def test_without_an_agent_there_is_nothing_to_restart(
    places: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    monkeypatch.setattr(credentials, "take_in", lambda: None)
    monkeypatch.setattr(sys, "stdin", io.StringIO("hush"))
    monkeypatch.setattr(paths, "AGENTS_CONFIG", places / "none")
    assert main(["secret", "set", "openalgo-api-key"]) == 0
    assert "no agent is configured that takes it" in capsys.readouterr().out


def says_of_itself(agent: str, status: dict[str, object], monkeypatch: pytest.MonkeyPatch) -> None:
    shown = Snapshot(datetime.now(UTC), Source(None), Source(None), {agent: Source(status), "gone": Source(None)})
    monkeypatch.setattr(secret, "read_snapshot", lambda now: shown)


@pytest.mark.parametrize("action", ["set", "remove"])
@pytest.mark.parametrize("own", [True, False])
@pytest.mark.parametrize("flat", [True, False])
def test_a_restart_that_closes_what_an_agent_holds_is_not_advised_without_a_word(
    flat: bool,
    own: bool,
    action: str,
    places: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    monkeypatch.setattr(credentials, "take_in", lambda: None)
    monkeypatch.setattr(sys, "stdin", io.StringIO("hush"))
    monkeypatch.setattr(paths, "AGENTS_CONFIG", places)
    (places / "bot.toml").touch()
    (places / "gone.toml").touch()
    credentials.store(place_of("openalgo-api-key", "bot" if own else None), "before")
    held = {"symbol": "NSE:SBIN", "product": "MIS", "quantity": 5}
    says_of_itself("bot", {"flat": flat, "positions": [] if flat else [held]}, monkeypatch)
    assert main(["secret", action, "openalgo-api-key", *(["--agent", "bot"] if own else [])]) == 0
    first, *rest = capsys.readouterr().out.splitlines()[1:]
    assert first.endswith("next start: systemctl restart standfast-agent@bot")
    caution = "A restart closes what an agent holds (bot: +5 NSE:SBIN MIS): wait until standfastctl status shows"
    assert rest == ([] if flat else [f"{caution} that it holds nothing."])


@pytest.mark.parametrize("action", ["set", "remove"])
def test_nobody_is_told_to_start_what_does_not_run(
    action: str, places: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    monkeypatch.setattr(credentials, "take_in", lambda: None)
    monkeypatch.setattr(sys, "stdin", io.StringIO("hush"))
    monkeypatch.setattr(paths, "AGENTS_CONFIG", places)
    (places / "gone.toml").touch()
    credentials.store(place_of("openalgo-api-key", "gone"), "before")
    says_of_itself("bot", {"flat": True}, monkeypatch)
    assert main(["secret", action, "openalgo-api-key", "--agent", "gone"]) == 0
    told = capsys.readouterr().out
    assert "standfast-agent@gone does not run." in told
    assert "systemctl" not in told


@pytest.mark.parametrize("agent", ["infy", "inffy"])
def test_a_secret_of_an_agent_that_is_not_there_is_doubted(
    agent: str, places: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    monkeypatch.setattr(credentials, "take_in", lambda: None)
    monkeypatch.setattr(sys, "stdin", io.StringIO("hush"))
    monkeypatch.setattr(paths, "AGENTS_CONFIG", places)
    (places / "infy.toml").touch()
    assert main(["secret", "set", "openalgo-api-key", "--agent", agent]) == 0
    doubt = 'No agent "inffy" is configured; there are: infy. It is kept for when one is.'
    assert (doubt in capsys.readouterr().out) == (agent == "inffy")


def test_what_cannot_be_written_leaves_nothing_of_the_secret_behind(places: Path) -> None:
    place = place_of("smtp-password", None)
    place.file.mkdir(parents=True)
    with pytest.raises(WriteError, match="cannot write"):
        credentials.store(place, "hush")
    assert [path for path in places.rglob("*") if path.is_file()] == []
