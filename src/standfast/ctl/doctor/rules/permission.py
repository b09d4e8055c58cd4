"""polkit: the detector may start the master restart, and nothing else. Pure."""

from collections.abc import Iterator
from typing import Final

from standfast.ctl.doctor.facts import Facts
from standfast.ctl.doctor.finding import Finding, wrong
from standfast.unit_names import MASTER_RESTART

RULE: Final = "/usr/share/polkit-1/rules.d/60-standfast.rules"


def findings(facts: Facts) -> Iterator[Finding]:
    """What keeps the detector from it, or lets it do more."""
    polkit = facts.polkit
    if not polkit.rule_installed:
        yield wrong(
            f"{RULE} is missing: the detector may not start {MASTER_RESTART}",
            "reinstall the package: apt install --reinstall standfast",
        )
    if not polkit.service.is_loaded or polkit.service.get("ActiveState") == "failed":
        yield wrong(
            "polkitd is not there: the detector may start nothing", "apt install polkitd; systemctl status polkit"
        )
    elif polkit.rule_installed and polkit.may_start_master is False:
        yield wrong(
            f"polkit does not let the detector start {MASTER_RESTART}: another rule comes first",
            "look through /etc/polkit-1/rules.d, then: pkcheck(1)",
        )
    if polkit.may_start_others:
        yield wrong(
            "polkit lets the detector start any unit, not only the master restart: another rule grants it",
            "look through /etc/polkit-1/rules.d for one about the user standfast",
        )
