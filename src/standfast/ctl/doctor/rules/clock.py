"""The host's clock is right: market hours, certificates and the order of events hang on it. Pure."""

from collections.abc import Iterator

from standfast.ctl.doctor.facts import Facts
from standfast.ctl.doctor.finding import Finding, wrong


def findings(facts: Facts) -> Iterator[Finding]:
    """A clock that nobody sets; a container's is its host's affair."""
    if facts.is_synchronized is False and not facts.in_container:
        yield wrong(
            "the clock is not synchronised: trading hours and the times of events go astray",
            "apt install systemd-timesyncd (or chrony); timedatectl set-ntp true",
        )
