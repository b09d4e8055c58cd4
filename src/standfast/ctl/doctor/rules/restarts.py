"""A master restart that can never come, or comes less often than it is said. Pure."""

from collections.abc import Iterator

from standfast.ctl.doctor.facts import Facts
from standfast.ctl.doctor.finding import Finding, note, wrong
from standfast.detector.config import Cause, DetectorConfig, Mode
from standfast.unit_names import MASTER_RESTART


def findings(facts: Facts) -> Iterator[Finding]:
    """What stands between a cascade and a restart, where one is wanted."""
    if facts.detector is None:
        return
    if facts.detector.mode is Mode.ACT:
        yield from _cannot_come(facts, facts.detector)
    burst = facts.unit(MASTER_RESTART).get("StartLimitBurst")
    if burst.isdigit() and facts.detector.restart.max_per_hour > int(burst):
        yield note(
            f"restart.max_per_hour = {facts.detector.restart.max_per_hour} is never reached: {MASTER_RESTART} has "
            f"StartLimitBurst={burst} in an hour of its own",
            f"lower max_per_hour, or raise the limit: systemctl edit {MASTER_RESTART}",
        )


def _cannot_come(facts: Facts, config: DetectorConfig) -> Iterator[Finding]:
    if not config.restart.causes:
        yield wrong('mode = "act" has no cause to act: restart.causes is empty', 'set causes = ["units", "files"]')
    elif config.restart.causes == (Cause.FILES,) and not config.critical_files:
        yield wrong('mode = "act" acts for files only, and no critical file is named', "name critical_files")
    watched = list(facts.watched_units())
    if watched and not any(rules.restart for _, rules, _ in watched):
        yield wrong(
            'mode = "act" has nothing to restart: agents and oneshots are left out unless their watch says otherwise',
            "watch the fleet's services, or set restart = true where it is meant",
        )
    if facts.unit(MASTER_RESTART).get("LoadState") == "masked":
        yield wrong(f'mode = "act" cannot act: {MASTER_RESTART} is masked', f"systemctl unmask {MASTER_RESTART}")
