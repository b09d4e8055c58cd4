"""Drop-ins that loosen what the units are shipped with. Pure."""

from collections.abc import Iterator
from typing import Final

from standfast.ctl.doctor.facts import Facts, Setting, Unit
from standfast.ctl.doctor.finding import Finding, note, wrong

# What no drop-in has a good reason to change, and why.
FIXED: Final = {
    "PrivateUsers": "with no, the units of one user can read each other's credentials",
    "LimitCORE": "a core dump holds keys",
    "NoNewPrivileges": "a strategy could become another user",
    "User": "state and credentials belong to the shipped user",
    "Type": "systemd is told by the daemon when it is ready",
    "NotifyAccess": "the daemon's heartbeat would not arrive",
    "LogRateLimitBurst": "events travel through the journal, which may drop none",
    "LogRateLimitIntervalSec": "events travel through the journal, which may drop none",
}
# What a strategy, or a check, may need more of.
SANDBOX: Final = frozenset(
    {
        *("AmbientCapabilities", "CapabilityBoundingSet", "DevicePolicy", "IPAddressDeny", "KeyringMode"),
        *("LockPersonality", "MemoryDenyWriteExecute", "PrivateDevices", "PrivateNetwork", "PrivateTmp"),
        *("ProcSubset", "ProtectClock", "ProtectControlGroups", "ProtectHome", "ProtectHostname"),
        *("ProtectKernelLogs", "ProtectKernelModules", "ProtectKernelTunables", "ProtectProc", "ProtectSystem"),
        *("RemoveIPC", "RestrictAddressFamilies", "RestrictNamespaces", "RestrictRealtime", "RestrictSUIDSGID"),
        *("SystemCallArchitectures", "SystemCallFilter", "UMask"),
    }
)


def findings(facts: Facts) -> Iterator[Finding]:
    """Each setting that a drop-in gives another value than the unit is shipped with."""
    for unit in facts.units.values():
        for setting in unit.drop_ins:
            if setting.key in FIXED.keys() | SANDBOX and _differs(unit, setting):
                yield _finding(facts, unit, setting)


def _differs(unit: Unit, setting: Setting) -> bool:
    shipped = [one.value for one in unit.shipped if one.key == setting.key]
    return bool(shipped) and setting.value not in shipped


def _finding(facts: Facts, unit: Unit, setting: Setting) -> Finding:
    what = f"{setting.path} changes {setting.key}= of {unit.name} to {setting.value or 'nothing'}"
    step = f"take the line out of {setting.path}, then systemctl daemon-reload && systemctl restart {unit.name}"
    step = facts.careful(unit.name, step)
    if setting.key in FIXED:
        return wrong(f"{what}: {FIXED[setting.key]}", step)
    return note(f"{what}: its sandbox is not as shipped", f"if it is not needed: {step}")
