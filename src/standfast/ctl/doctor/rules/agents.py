"""An agent's times fit into its unit's. Pure."""

import dataclasses
from collections.abc import Iterator

from standfast.agent.config import AgentConfig
from standfast.ctl.doctor.facts import Facts, Unit
from standfast.ctl.doctor.finding import Finding, note, wrong
from standfast.unit_names import AGENT_STOPS_AFTER_S


def findings(facts: Facts) -> Iterator[Finding]:
    """Ends that systemd would cut short, and callbacks that its watchdog would."""
    for name, config in facts.agents.items():
        yield from _times(name, config, facts.agent_unit(name))


def _seconds(unit: Unit, name: str, shipped_s: float) -> float | None:
    """A time of the unit; as it is shipped where systemd could not be asked."""
    return unit.seconds(name) if unit.properties else shipped_s


def _times(name: str, config: AgentConfig, unit: Unit) -> Iterator[Finding]:
    end = config.shutdown
    stop_s, watchdog_s = _seconds(unit, "TimeoutStopUSec", AGENT_STOPS_AFTER_S), unit.seconds("WatchdogUSec")
    if stop_s is not None and end.timeout_s >= stop_s:
        yield wrong(
            f"agent {name} may take shutdown.timeout_s = {end.timeout_s:g} to end, and systemd kills it after "
            f"TimeoutStopSec={stop_s:g}: positions may stay open",
            f"lower timeout_s below it, or raise TimeoutStopSec= (systemctl edit {unit.name})",
        )
    if watchdog_s and config.callback_timeout_s >= watchdog_s:
        yield wrong(
            f"agent {name}: callback_timeout_s = {config.callback_timeout_s:g} is not below its unit's "
            f"WatchdogSec={watchdog_s:g}: a slow callback is killed while it is waited for",
            f"lower callback_timeout_s, or raise WatchdogSec= (systemctl edit {unit.name})",
        )
    budgets_s = sum(getattr(end.budget_s, field.name) for field in dataclasses.fields(end.budget_s))
    if budgets_s > end.timeout_s:
        yield note(
            f"agent {name}: the steps of its end may take {budgets_s:g} s together, shutdown.timeout_s is "
            f"{end.timeout_s:g}: a slow step cuts the last ones short",
            "lower a step in [shutdown.budget_s], or raise timeout_s",
        )
