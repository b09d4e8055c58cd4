"""What runs is what is installed. Pure."""

from collections.abc import Iterator

from standfast import __version__
from standfast.ctl.doctor.facts import Facts
from standfast.ctl.doctor.finding import Finding, note
from standfast.unit_names import short


def findings(facts: Facts) -> Iterator[Finding]:
    """Daemons that run on with another version: an upgrade restarts no agent, for a stop closes its positions."""
    for unit, running in facts.older_versions.items():
        yield note(
            f"{unit} runs {running}, installed is {__version__}",
            facts.careful(unit, f"restart it when it suits: systemctl restart {short(unit)}"),
        )
