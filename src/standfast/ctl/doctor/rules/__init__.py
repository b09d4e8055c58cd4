"""The rules: each looks at the facts and yields findings. Pure."""

from collections.abc import Callable, Iterator
from typing import Final

from standfast.ctl.doctor.facts import Facts
from standfast.ctl.doctor.finding import Finding
from standfast.ctl.doctor.rules import (
    agents,
    clock,
    configuration,
    credentials,
    daemons,
    disk,
    drop_ins,
    files,
    journal,
    libraries,
    openalgo,
    people,
    permission,
    reach,
    restarts,
    statuses,
    strategies,
    thresholds,
    units,
    versions,
    watched,
)

Rule = Callable[[Facts], Iterator[Finding]]

# Those that hold for one configuration file and what it names on this host: check-config asks them too.
OF_FILES: Final[tuple[Rule, ...]] = (
    credentials.findings,
    libraries.findings,
    agents.findings,
    strategies.findings,
    thresholds.taken_along,
)
# What a file names and this host may have later: check-config only notes it.
OF_WHAT_IS_THERE: Final[tuple[Rule, ...]] = (watched.findings, files.findings)

# In the order in which they are told: what all the rest stands on comes first.
RULES: Final[tuple[tuple[str, Rule], ...]] = (
    ("units", units.findings),
    ("versions", versions.findings),
    ("statuses", statuses.findings),
    ("daemons", daemons.findings),
    ("drop-ins", drop_ins.findings),
    ("people", people.findings),
    ("permission", permission.findings),
    ("journal", journal.findings),
    ("disk", disk.findings),
    ("clock", clock.findings),
    ("configuration", configuration.findings),
    ("credentials", credentials.findings),
    ("libraries", libraries.findings),
    ("reach", reach.findings),
    ("watched", watched.findings),
    ("thresholds", thresholds.findings),
    ("restarts", restarts.findings),
    ("files", files.findings),
    ("agents", agents.findings),
    ("strategies", strategies.findings),
    ("openalgo", openalgo.findings),
)
