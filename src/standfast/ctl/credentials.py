"""Secrets at rest: files under /etc/standfast/credentials, sealed where the host can, and drop-ins that name them."""

import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Final

from standfast import paths
from standfast.ctl.command import UsageError
from standfast.ctl.systemctl import complaint, systemctl
from standfast.ctl.writing import Change, write_all
from standfast.errors import StandfastError
from standfast.unit_names import AGENT_TEMPLATE, CHECK, DETECTOR, NOTIFIER, agent_name, agent_unit

# The credentials that the units ask for, and whose they are.
UNITS: Final[Mapping[str, str]] = {
    "telegram-bot-token": NOTIFIER,
    "twilio-auth-token": NOTIFIER,
    "smtp-password": NOTIFIER,
    "webhook-secret": NOTIFIER,
    "apprise-urls": NOTIFIER,
    "postgresql-password": DETECTOR,
    "openalgo-api-key": AGENT_TEMPLATE,
}
# Who is handed the same secrets: the check asks the channels' other sides, and sends while the notifier is away.
SHARED: Final[Mapping[str, tuple[str, ...]]] = {NOTIFIER: (CHECK,)}
DROP_INS: Final = paths.ROOT / "etc/systemd/system"
DIRECTORY: Final = paths.CONFIG / "credentials"
_SEALING_LIMIT_S: Final = 30.0


class SecretError(StandfastError):
    """A secret could not be stored, read or removed."""


class Kept(StrEnum):
    """How a secret is kept."""

    SEALED = "encrypted for this host"
    PLAIN = "readable by root only: this host cannot encrypt it"


@dataclass(frozen=True, slots=True)
class Place:
    """Where a secret goes: its file, and the drop-ins that have systemd hand it to the units."""

    name: str
    unit: str

    @property
    def file(self) -> Path:
        """One for each unit: an agent may have a key of its own."""
        return DIRECTORY / f"{self.name}.{self.unit.removesuffix('.service')}"

    @property
    def drop_ins(self) -> tuple[Path, ...]:
        """What names the file to systemd."""
        units = (self.unit, *SHARED.get(self.unit, ()))
        return tuple(DROP_INS / f"{unit}.d" / f"credential-{self.name}.conf" for unit in units)

    @property
    def agent(self) -> str:
        """The agent whose own it is; "" where it is every agent's, or the other daemons'."""
        return agent_name(self.unit)

    @property
    def restart(self) -> str:
        """What to restart for it to be handed over; NAME where it is every agent's."""
        return self.unit.removesuffix(".service").replace("@", "@NAME" if self.unit == AGENT_TEMPLATE else "@")


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
    if unit != AGENT_TEMPLATE:
        raise UsageError(f'"{name}" is for {unit}, not for an agent: leave --agent out')
    return Place(name, agent_unit(agent))


def stored() -> Iterator[tuple[Place, Kept]]:
    """The secrets that are stored, and how.

    Raises:
        SecretError: this user may not look.
    """
    try:
        names = sorted(path.name for path in DIRECTORY.iterdir() if not path.name.startswith("."))
    except FileNotFoundError:
        return
    except OSError as error:
        raise SecretError(f"cannot look into {DIRECTORY}: {error.strerror}; only root may, use sudo") from error
    for found in names:
        name, _, unit = found.partition(".")
        if name in UNITS and unit:
            place = Place(name, f"{unit}.service")
            yield place, _kept(place)


def store(place: Place, secret: str) -> Kept:
    """Put a secret where systemd finds it; it is handed over at the unit's next start, after `take_in`.

    Raises:
        WriteError: it could not be written, and nothing was changed.
    """
    kept, changes = to_store(place, secret)
    write_all(changes)
    return kept


def to_store(place: Place, secret: str) -> tuple[Kept, tuple[Change, ...]]:
    """How a secret would be kept, and the files that keep it: itself and the drop-ins that name it."""
    sealed = _sealed(place.name, secret.encode())
    kept = Kept.PLAIN if sealed is None else Kept.SEALED
    file = Change(place.file, secret.encode() if sealed is None else sealed)
    text = drop_in_text(place, kept).encode()
    return kept, (file, *(Change(path, text, mode=0o644) for path in place.drop_ins))


def holds(place: Place, secret: str) -> bool:
    """Whether exactly this secret is stored there already."""
    try:
        content = place.file.read_bytes()
        for drop_in in place.drop_ins:
            drop_in.stat()
    except OSError:
        return False
    found = content if _kept(place) is Kept.PLAIN else _systemd_creds("decrypt", place.name, content)
    return found == secret.encode()


def is_stored(place: Place) -> bool:
    """Whether any secret is stored there, as far as this user may look."""
    try:
        return place.file.is_file()
    except OSError:
        return False


def remove(place: Place) -> bool:
    """Take a secret away; whether there was one.

    Raises:
        SecretError: it could not be removed.
    """
    found = False
    for path in (*place.drop_ins, place.file):
        try:
            path.unlink()
            found = True
        except FileNotFoundError:
            continue
        except OSError as error:
            raise SecretError(f"cannot remove {path}: {error.strerror}; only root may, use sudo") from error
    return found


def take_in() -> None:
    """Have systemd read the drop-ins.

    Raises:
        SecretError: it did not.
    """
    done = systemctl("daemon-reload")
    if done.returncode != 0:
        raise SecretError(f"stored, but systemd did not take it in ({complaint(done)}); systemctl daemon-reload")


def drop_in_text(place: Place, kept: Kept) -> str:
    """The drop-in: with a path, so that it overrides the unit's own line without one."""
    key = "LoadCredentialEncrypted" if kept is Kept.SEALED else "LoadCredential"
    return f"# Written by standfastctl secret set {place.name}\n[Service]\n{key}={place.name}:{place.file}\n"


def _kept(place: Place) -> Kept:
    try:
        return Kept.SEALED if "\nLoadCredentialEncrypted=" in place.drop_ins[0].read_text() else Kept.PLAIN
    except OSError:
        return Kept.PLAIN


def _sealed(name: str, secret: bytes) -> bytes | None:
    """The secret as systemd-creds seals it to this host, None where it cannot."""
    return _systemd_creds("encrypt", name, secret) or None


def _systemd_creds(verb: str, name: str, content: bytes) -> bytes | None:
    command = ["systemd-creds", verb, f"--name={name}", "-", "-"]
    try:
        done = subprocess.run(command, input=content, capture_output=True, timeout=_SEALING_LIMIT_S)
    except (OSError, subprocess.TimeoutExpired):
        return None
    return done.stdout if done.returncode == 0 else None


def spoilt() -> Iterator[Place]:
    """The stored secrets that this host cannot decrypt: whatever unit asks for one does not start.

    Raises:
        SecretError: this user may not look.
    """
    for place, kept in stored():
        if kept is Kept.SEALED and _systemd_creds("decrypt", place.name, place.file.read_bytes()) is None:
            yield place
