"""The secrets that the configuration asks for, and the files that they come from."""

import os
import pwd
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

from standfast.ctl import credentials
from standfast.ctl.access import AGENTS, DAEMONS, unreadable
from standfast.ctl.doctor.facts import Facts, Loose, Secret, Unit
from standfast.detector.check_tables import PostgresqlCheck
from standfast.detector.config import DetectorConfig
from standfast.notifier.channel_config import SIGNING
from standfast.notifier.channel_config import secrets as asked_for
from standfast.notifier.config import NotifierConfig
from standfast.notifier.secret import missing
from standfast.unit_names import AGENT_TEMPLATE, DETECTOR, NOTIFIER, agent_unit

# Where systemd looks by itself for a credential that no path is given for (systemd.exec(5)).
_STORES: Final = tuple(
    Path(place, store)
    for place in ("/etc", "/run", "/usr/local/lib", "/usr/lib")
    for store in ("credstore", "credstore.encrypted")
)

# The bits of a mode that are not the owner's.
_OTHERS: Final = 0o077


def needed(facts: Facts, units: Mapping[str, Unit]) -> Iterator[Secret]:
    """Each secret that the configurations ask for."""
    if facts.detector is not None:
        yield from _of_detector(facts.detector, units.get(DETECTOR, Unit(DETECTOR)))
    if facts.notifier is not None:
        unit = units.get(NOTIFIER, Unit(NOTIFIER))
        yield from _of_notifier(facts.notifier, unit)
    for name, config in facts.agents.items():
        if config.gateway == "openalgo":
            unit = units.get(agent_unit(name), Unit(agent_unit(name)))
            gateway = config.openalgo
            yield _secret(unit, gateway.api_key_credential, gateway.api_key_file, AGENTS, agent=name)


def _of_detector(config: DetectorConfig, unit: Unit) -> Iterator[Secret]:
    checks = (*config.database, *(check for watch in config.watch for check in watch.check))
    names = {check.password_credential for check in checks if isinstance(check, PostgresqlCheck)}
    for name in sorted(names - {""}):
        yield _secret(unit, name, "", DAEMONS)


def _of_notifier(config: NotifierConfig, unit: Unit) -> Iterator[Secret]:
    for _, credential, file in asked_for(config.channels):
        yield _secret(unit, credential, file, DAEMONS)
    webhook = config.channels.webhook
    if webhook and not (webhook.secret_file or webhook.secret_credential):
        # Without a word about a secret, messages are signed if there is one.
        yield _secret(unit, SIGNING, "", DAEMONS, is_needed=False)


def can_read_all(config: NotifierConfig) -> bool:
    """Whether this user can read the files with the channels' secrets, and the credentials that it may look at."""
    handed = os.access(os.environ.get("CREDENTIALS_DIRECTORY", ""), os.R_OK | os.X_OK)
    return not any(missing(one for one in asked_for(config.channels) if handed or one[2]))


def idle(found: tuple[Secret, ...]) -> tuple[tuple[str, str], ...]:
    """Stored secrets that nothing asks for, and whose they are; none where this user may not look."""
    if os.geteuid() != 0:
        return ()
    asked = {(secret.credential, secret.asked_by) for secret in found}
    agents = {credential for credential, unit in asked if unit not in (NOTIFIER, DETECTOR)}
    return tuple(
        (place.name, place.restart)
        for place, _ in credentials.stored()
        if (place.name, place.unit) not in asked and not (place.unit == AGENT_TEMPLATE and place.name in agents)
    )


def spoilt() -> tuple[tuple[str, str, str], ...]:
    """Stored secrets that cannot be decrypted: their names, files and owners; none where this user may not look."""
    if os.geteuid() != 0:
        return ()
    return tuple((place.name, str(place.file), place.restart) for place in credentials.spoilt())


def loose() -> tuple[Loose, ...]:
    """What lies in the directory of credentials, itself included, and is not root's alone."""
    if os.geteuid() != 0 or not credentials.DIRECTORY.is_dir():
        return ()
    around = _loose(credentials.DIRECTORY, may_enter=True)
    inside = (_loose(path, may_enter=around is not None) for path in sorted(credentials.DIRECTORY.iterdir()))
    return tuple(one for one in (around, *inside) if one is not None)


def _loose(path: Path, *, may_enter: bool) -> Loose | None:
    found = path.stat()
    owner = "" if found.st_uid == 0 else _user(found.st_uid)
    if not owner and not found.st_mode & _OTHERS:
        return None
    return Loose(str(path), owner, was_open=may_enter and path != credentials.DIRECTORY)


def _user(uid: int) -> str:
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return f"user {uid}"


def _secret(unit: Unit, credential: str, file: str, user: str, *, is_needed: bool = True, agent: str = "") -> Secret:
    if file:
        path = Path(file)
        obstacle = unreadable(user, [path]).get(path, "")
        return Secret(
            unit.name, "", file, _exists(path), obstacle, is_public=_is_public(path), is_needed=is_needed, agent=agent
        )
    source = _source(unit, credential)
    if source is None:
        is_known = bool(unit.properties or unit.shipped) and all(
            _exists(store / credential) is not None for store in _STORES
        )
        exists = False if is_known else None
        known = credential in credentials.UNITS
        return Secret(unit.name, credential, exists=exists, is_needed=is_needed, is_settable=known, agent=agent)
    exists = _exists(source)
    return Secret(
        unit.name, credential, str(source), exists, is_newer=_is_newer(source, unit), is_needed=is_needed, agent=agent
    )


def _source(unit: Unit, credential: str) -> Path | None:
    """The file of a credential: the last that a unit file or drop-in names, or one in systemd's own stores."""
    found = None
    for setting in (*unit.shipped, *unit.drop_ins):
        if setting.key in ("LoadCredential", "LoadCredentialEncrypted"):
            name, _, path = setting.value.partition(":")
            found = Path(path) if name == credential and path else found
    return found or next((store / credential for store in _STORES if _exists(store / credential)), None)


def _exists(path: Path) -> bool | None:
    try:
        path.stat()
    except FileNotFoundError:
        return False
    except OSError:
        return None
    return True


def _is_public(path: Path) -> bool:
    try:
        return bool(path.stat().st_mode & 0o007)
    except OSError:
        return False


def _is_newer(path: Path, unit: Unit) -> bool:
    """Whether a secret was stored after the unit was started, which has an older one or none."""
    started = unit.get("ExecMainStartTimestamp").removeprefix("@")
    try:
        return unit.is_active and started.isdigit() and int(path.stat().st_mtime) > int(started)
    except OSError:
        return False
