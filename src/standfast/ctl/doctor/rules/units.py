"""Standfast's own units: there, enabled, running, and as their files say. Pure."""

from collections.abc import Iterator, Sequence
from typing import Final

from standfast.ctl.doctor.facts import OWN, RESIDENT, Facts, Unit
from standfast.ctl.doctor.finding import Finding, note, wrong
from standfast.unit_names import ALARM, CHECK, DETECTOR, MASTER_RESTART, NOTIFIER, STATUS_SOCKET, TARGET

_ONESHOTS: Final = (MASTER_RESTART, CHECK, ALARM)
_PORT_TAKEN: Final = (
    "whose it is: ss -ltnp; to take another one: ANOTHER PORT in man standfast-status.service, "
    f"then systemctl restart {STATUS_SOCKET}"
)


def findings(facts: Facts) -> Iterator[Finding]:
    """What is wrong with each of them."""
    yield from _down([unit for unit in map(facts.unit, RESIDENT) if _is_down(unit)])
    told = {facts.refused_by(mistake) for mistake in facts.mistakes}
    for name in OWN:
        # A master restart that came to nothing is of the fleet, where something tells of that.
        is_of_fleet = name == MASTER_RESTART and bool(facts.fleet) and facts.unit(name).get("ActiveState") == "failed"
        if not is_of_fleet:
            yield from _own(facts.unit(name), is_told=name in told)
    for name in facts.agents:
        unit = facts.agent_unit(name)
        yield from _agent(unit, name, facts.flags.get(name, ""))
        yield from _state_of_files(unit, is_told=unit.name in told)


def _is_down(unit: Unit) -> bool:
    """Whether a unit that should run does not, and nothing else is wrong with it."""
    return unit.is_loaded and not unit.is_active and unit.get("ActiveState") != "failed"


def _down(units: Sequence[Unit]) -> Iterator[Finding]:
    """One finding for all of them: they are started together."""
    names = [unit.name for unit in units]
    if names:
        verb = "does" if len(names) == 1 else "do"
        yield wrong(f"{', '.join(names)} {verb} not run", _start(names))


def _start(names: Sequence[str]) -> str:
    if TARGET not in names:
        return f"systemctl start {' '.join(names)}"
    return f"systemctl start {TARGET} (it starts the enabled agents too, also those stopped by hand)"


def _own(unit: Unit, *, is_told: bool) -> Iterator[Finding]:
    if unit.get("LoadState") == "masked":
        yield wrong(f"{unit.name} is masked: it can never start", f"systemctl unmask {unit.name}")
    elif not unit.is_loaded:
        yield wrong(f"systemd knows no {unit.name}", "reinstall the package: apt install --reinstall standfast")
    else:
        yield from _standing(unit)
        yield from _state_of_files(unit, is_told=is_told)


def _standing(unit: Unit) -> Iterator[Finding]:
    if unit.name == STATUS_SOCKET and unit.get("Result") == "resources":
        yield wrong(f"{unit.name} could not listen: another program has its port, most likely", _PORT_TAKEN)
    elif unit.get("ActiveState") == "failed":
        step = f"journalctl -u {unit.name} -n 50"
        step += f"; once it is mended: systemctl reset-failed {unit.name}" if unit.name in _ONESHOTS else ""
        yield wrong(f"{unit.name} has failed ({unit.get('Result') or 'no result'})", step)
    if unit.name in RESIDENT and unit.get("UnitFileState") not in ("enabled", "static", ""):
        yield wrong(f"{unit.name} does not start at boot", f"systemctl enable {unit.name}")
    # Nothing else tells of one crash: the daemon is up again before anybody looks.
    if unit.name in (NOTIFIER, DETECTOR) and (restarts := _number(unit.get("NRestarts"))):
        times = "once" if restarts == 1 else f"{restarts} times"
        yield note(f"systemd had to restart {unit.name} {times}", f"journalctl -u {unit.name} -p warning -b")


def _state_of_files(unit: Unit, *, is_told: bool) -> Iterator[Finding]:
    """What systemd or the daemon has not taken over; a mistake that keeps it from that is told where it is made."""
    if unit.get("NeedDaemonReload") == "yes":
        yield wrong(
            f"the file or a drop-in of {unit.name} has changed since systemd read it", "systemctl daemon-reload"
        )
    if unit.not_reloaded and not is_told:
        step = f"correct it (standfastctl check-config), then systemctl reload {unit.name}"
        yield wrong(f"{unit.name} runs with an older configuration: {unit.not_reloaded}", step)


def _agent(unit: Unit, name: str, flag: str) -> Iterator[Finding]:
    if unit.get("LoadState") == "masked":
        yield note(f"agent {name} is configured, but its unit is masked", f"systemctl unmask {unit.name}")
    elif unit.get("ActiveState") == "failed":
        yield wrong(
            f"agent {name} has failed ({unit.get('Result') or 'no result'})",
            f"journalctl -u {unit.name} -n 50; then systemctl restart {unit.name}",
        )
    elif not unit.is_active:
        yield _idle(unit, name, flag)
    elif unit.get("UnitFileState") == "disabled":
        yield note(f"agent {name} runs, but does not start at boot", f"systemctl enable {unit.name}")


def _idle(unit: Unit, name: str, flag: str) -> Finding:
    """What is stopped may be so on purpose, and what is killed is not to be started before a human says so."""
    if flag.startswith("killed"):
        step = f"when it may trade again: standfastctl resume {name} && systemctl start {unit.name}"
        return note(f"agent {name} does not run, and is {flag}", step)
    more = f"; it is {flag}" if flag else ""
    if unit.get("UnitFileState") == "enabled":
        return note(
            f"agent {name} is stopped, until the next boot or start of standfast.target{more}",
            f"if it is to run: systemctl start {unit.name}; if it is not to: systemctl disable {unit.name}",
        )
    return note(
        f"agent {name} is configured and does not run{more}", f"if it is to: systemctl enable --now {unit.name}"
    )


def _number(text: str) -> int:
    return int(text) if text.isdigit() else 0
