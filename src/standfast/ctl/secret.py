"""`standfastctl secret`: stores a secret for systemd to hand to the unit that needs it, encrypted where it can be."""

import argparse
import getpass
import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from standfast import paths
from standfast.ctl.command import Command, Exit, UsageError
from standfast.ctl.screen import Screen
from standfast.ctl.systemctl import complaint, systemctl
from standfast.errors import StandfastError
from standfast.web.report import Tone

NOTIFIER: Final = "standfast-notifier.service"
DETECTOR: Final = "standfast-detector.service"
AGENTS: Final = "standfast-agent@.service"
# The credentials that the units ask for, and whose they are.
UNITS: Final[Mapping[str, str]] = {
    "telegram-bot-token": NOTIFIER,
    "twilio-auth-token": NOTIFIER,
    "smtp-password": NOTIFIER,
    "webhook-secret": NOTIFIER,
    "apprise-urls": NOTIFIER,
    "postgresql-password": DETECTOR,
    "openalgo-api-key": AGENTS,
}
# Who is handed the same secrets: the check asks the channels' other sides, and sends while the notifier is away.
SHARED: Final[Mapping[str, tuple[str, ...]]] = {NOTIFIER: ("standfast-check.service",)}
DROP_INS: Final = paths.ROOT / "etc/systemd/system"
_ENCRYPTION_LIMIT_S: Final = 30.0


class SecretError(StandfastError):
    """The secret could not be stored."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a secret goes: its file, and the drop-ins that have systemd hand it to the units."""

    name: str
    unit: str

    @property
    def file(self) -> Path:
        """One for each unit: an agent may have a key of its own."""
        return paths.CONFIG / "credentials" / f"{self.name}.{self.unit.removesuffix('.service')}"

    @property
    def drop_ins(self) -> tuple[Path, ...]:
        """What names the file to systemd."""
        units = (self.unit, *SHARED.get(self.unit, ()))
        return tuple(DROP_INS / f"{unit}.d" / f"credential-{self.name}.conf" for unit in units)


def drop_in_text(place: Place, *, encrypted: bool) -> str:
    """The drop-in: with a path, so that it overrides the unit's own line without one."""
    key = "LoadCredentialEncrypted" if encrypted else "LoadCredential"
    return f"# Written by standfastctl secret set {place.name}\n[Service]\n{key}={place.name}:{place.file}\n"


def place_of(name: str, agent: str | None) -> Place:
    """Where this secret belongs.

    Raises:
        UsageError: there is no such credential, or it is no agent's.
    """
    unit = UNITS.get(name)
    if unit is None:
        raise UsageError(f'there is no credential "{name}"; there are {", ".join(UNITS)}')
    if agent is None:
        return Place(name, unit)
    if unit != AGENTS:
        raise UsageError(f'"{name}" is for {unit}, not for an agent: leave --agent out')
    return Place(name, AGENTS.replace("@", f"@{agent}"))


def _configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("action", choices=["set"], help="store a secret, read from the terminal or from standard input")
    parser.add_argument("name", help=f"one of {', '.join(UNITS)}")
    parser.add_argument("--agent", metavar="NAME", help="only for this agent; else the key is every agent's")


def _run(arguments: argparse.Namespace, screen: Screen) -> Exit:
    place = place_of(arguments.name, arguments.agent)
    if os.geteuid() != 0:
        raise SecretError(f"cannot store {place.name}: only root may; run it with sudo")
    secret = _read_secret(place.name)
    sealed = _encrypted(place.name, secret)
    _write(place.file, sealed if sealed is not None else secret)
    for drop_in in place.drop_ins:
        _write(drop_in, drop_in_text(place, encrypted=sealed is not None).encode(), mode=0o644)
    done = systemctl("daemon-reload")
    if done.returncode != 0:
        raise SecretError(f"stored, but systemd did not take it in ({complaint(done)}); systemctl daemon-reload")
    how = "encrypted for this host" if sealed is not None else "readable by root only: this host cannot encrypt it"
    screen.line(f"Stored {place.name}, {how}.", Tone.GOOD)
    screen.line(f"It is handed over at the next start: systemctl restart {_to_restart(place, arguments.agent)}")
    return Exit.OK


def _to_restart(place: Place, agent: str | None) -> str:
    return "standfast-agent@NAME" if place.unit == AGENTS and agent is None else place.unit.removesuffix(".service")


def _read_secret(name: str) -> bytes:
    """What was typed, unseen, or came through a pipe; without the end of its line."""
    text = getpass.getpass(f"{name}: ") if sys.stdin.isatty() else sys.stdin.read()
    secret = text.strip()
    if not secret:
        raise SecretError(f"cannot store {name}: nothing was typed or piped in; give the secret on standard input")
    return secret.encode()


def _encrypted(name: str, secret: bytes) -> bytes | None:
    """The secret as systemd-creds seals it to this host, None where it cannot."""
    command = ["systemd-creds", "encrypt", f"--name={name}", "-", "-"]
    try:
        done = subprocess.run(command, input=secret, capture_output=True, timeout=_ENCRYPTION_LIMIT_S)
    except (OSError, subprocess.TimeoutExpired):
        return None
    return done.stdout if done.returncode == 0 and done.stdout else None


def _write(path: Path, content: bytes, mode: int = 0o600) -> None:
    """Replace a file in one step; at no moment can anybody read it who may not."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=path.parent, prefix=f".{path.name}.", delete=False) as file:
            file.write(content)
            os.fchmod(file.fileno(), mode)
        os.replace(file.name, path)
    except OSError as error:
        raise SecretError(f"cannot write {path}: {error.strerror}; see that there is room for it") from error


COMMAND = Command(
    name="secret",
    summary="store a token, key or password for systemd to hand over",
    description=(
        "Stores a secret under /etc/standfast/credentials, encrypted with systemd-creds where this host can, and has "
        "systemd hand it to the unit that needs it. It is never shown, and stands in no argument, environment or log. "
        "Exits 0 when it is stored, 1 when not, 2 when called wrongly."
    ),
    configure=_configure,
    run=_run,
)
