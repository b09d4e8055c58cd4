"""Units as systemd describes them."""

import re
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Final

from standfast.ctl.doctor.facts import Setting, Unit
from standfast.ctl.systemctl import SystemctlError, systemctl

PROPERTIES: Final = (
    *("Id", "LoadState", "ActiveState", "UnitFileState", "Result", "Type", "Restart", "RestartUSec", "NRestarts"),
    *("StartLimitIntervalUSec", "StartLimitBurst", "TimeoutStopUSec", "WatchdogUSec", "NeedDaemonReload", "StatusText"),
    *("FragmentPath", "DropInPaths", "After", "ProtectHome", "ExecMainStartTimestamp", "MainPID"),
    *("RequiredBy", "WantedBy", "Requires", "BindsTo"),
)
_ASSIGNMENT: Final = re.compile(r"([A-Za-z]+)\s*=\s*(.*)")


def described(names: Sequence[str]) -> dict[str, Unit]:
    """Each unit by the name that was asked for.

    Raises:
        SystemctlError: systemd cannot be asked.
    """
    if not names:
        return {}
    if not Path("/run/systemd/system").is_dir():
        raise SystemctlError("cannot look at the units: this host was not booted with systemd")
    shown = systemctl("show", "--timestamp=unix", f"--property={','.join(PROPERTIES)}", "--", *names).stdout
    blocks = [dict(_properties(block)) for block in shown.split("\n\n")]
    if len(blocks) != len(names) > 1:  # it stops at a name that can be no unit's
        return {name: described([name])[name] for name in names}
    return {name: _unit(name, block) for name, block in zip(names, blocks, strict=True)}


def matching(patterns: Sequence[str]) -> dict[str, tuple[str, ...]]:
    """The loaded units that fit each glob, as the detector finds them.

    Raises:
        SystemctlError: systemd cannot be asked.
    """
    found = {}
    for pattern in patterns:
        lines = systemctl("list-units", "--all", "--plain", "--no-legend", "--full", "--", pattern).stdout.splitlines()
        found[pattern] = tuple(sorted(line.split()[0] for line in lines if line.strip()))
    return found


def _properties(block: str) -> Iterator[tuple[str, str]]:
    for line in block.splitlines():
        name, equals, value = line.partition("=")
        if equals:
            yield name, value


def _unit(name: str, properties: dict[str, str]) -> Unit:
    fragment = properties.get("FragmentPath", "")
    return Unit(
        name,
        properties,
        shipped=tuple(_settings([fragment] if fragment else [])),
        drop_ins=tuple(_settings(properties.get("DropInPaths", "").split())),
    )


def _settings(files: Iterable[str]) -> Iterator[Setting]:
    for file in files:
        try:
            text = Path(file).read_text(errors="replace")
        except OSError:
            continue
        for line in text.replace("\\\n", " ").splitlines():
            if match := _ASSIGNMENT.fullmatch(line.strip()):
                yield Setting(file, match[1], match[2].strip())
