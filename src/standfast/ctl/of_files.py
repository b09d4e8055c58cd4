"""What is wrong around configuration files that are right in themselves, by the doctor's own rules."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from standfast import paths
from standfast.ctl.configuration import Verdict
from standfast.ctl.doctor.facts import Unit
from standfast.ctl.doctor.finding import Finding
from standfast.ctl.doctor.gather import configured, host, units
from standfast.ctl.doctor.rules import OF_FILES
from standfast.ctl.systemctl import SystemctlError
from standfast.unit_names import DETECTOR, NOTIFIER, agent_unit


def found_around(verdicts: Sequence[Verdict]) -> dict[Path, tuple[Finding, ...]]:
    """By file: what it names and this host has not, and what does not fit to its unit."""
    described = _units(verdicts)
    found, modules = {}, host.modules()
    for verdict in verdicts:
        facts = replace(configured.with_what_they_name(configured.of([verdict]), described), modules=modules)
        found[verdict.file.path] = tuple(one for rule in OF_FILES for one in rule(facts))
    return found


def _units(verdicts: Sequence[Verdict]) -> dict[str, Unit]:
    """The units that read the files; none where systemd cannot be asked, as in a system that is being built.

    Of agents only those that are installed: to ask for the unit of any other would have systemd load one of its name.
    """
    agents = [
        agent_unit(one.file.path.stem)
        for one in verdicts
        if one.file.program == "agent" and one.file.path.absolute().parent == paths.AGENTS_CONFIG.absolute()
    ]
    try:
        return units.described(list(dict.fromkeys([DETECTOR, NOTIFIER, *agents])))
    except SystemctlError:
        return {}
