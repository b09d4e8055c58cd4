"""What is wrong around configuration files that are right in themselves, by the doctor's own rules."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from standfast import paths
from standfast.ctl.configuration import Verdict
from standfast.ctl.doctor.facts import Facts, Unit
from standfast.ctl.doctor.finding import Finding, note
from standfast.ctl.doctor.gather import configured, files, host, units
from standfast.ctl.doctor.rules import OF_FILES, OF_WHAT_IS_THERE
from standfast.ctl.doctor.rules.files import paths as watched_paths
from standfast.ctl.systemctl import SystemctlError
from standfast.detector.watched import is_glob
from standfast.unit_names import AGENTS, DETECTOR, NOTIFIER, agent_unit


def found_around(verdicts: Sequence[Verdict]) -> dict[Path, tuple[Finding, ...]]:
    """By file: what it names and this host has not, and what does not fit to its unit."""
    described = _units(verdicts)
    found, modules = {}, host.modules()
    for verdict in verdicts:
        facts = replace(configured.with_what_they_name(configured.of([verdict]), described), modules=modules)
        found[verdict.file.path] = tuple(_findings(_with_what_is_watched(facts)))
    return found


def _findings(facts: Facts) -> Iterator[Finding]:
    for rule in OF_FILES:
        yield from rule(facts)
    for rule in OF_WHAT_IS_THERE:
        for one in rule(facts):
            yield note(one.what, one.step)


def _with_what_is_watched(facts: Facts) -> Facts:
    """The same with the units and files that a configuration of the detector names.

    The globs without that of the agents: that none is loaded yet is nothing of the file's.
    """
    if facts.detector is None:
        return facts
    seen = files.seen((path for _, path in watched_paths(facts.detector)), facts.unit(DETECTOR))
    watches = list(dict.fromkeys(watch.unit for watch in facts.detector.watch)) if facts.units else []
    try:
        named = units.described([name for name in watches if not is_glob(name)])
        globs = units.matching([name for name in watches if is_glob(name) and name != AGENTS])
    except SystemctlError:
        return replace(facts, files=seen)
    return replace(facts, files=seen, watched=named, globs=globs)


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
