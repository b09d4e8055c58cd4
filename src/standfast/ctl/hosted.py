"""What systemd says of the host as a whole, and because of which units. Pure."""

from collections.abc import Container, Iterable
from dataclasses import dataclass
from typing import Final

DEGRADED: Final = "degraded"
_GONE: Final = "not-found"
# So many failed units are named.
_NAMED: Final = 3


@dataclass(frozen=True, slots=True)
class Host:
    """The state of the host in systemd's word, "" where it does not answer; and the units that failed.

    Attributes:
        gone: those of them whose files are gone: only that they failed is left of them.
    """

    state: str = ""
    failed: tuple[str, ...] = ()
    gone: tuple[str, ...] = ()

    @property
    def why(self) -> str:
        """Which units failed, and what makes systemd forget those that are gone; "" where none did."""
        if not self.failed:
            return ""
        forget = f"; gone, and to be forgotten: systemctl reset-failed {' '.join(self.gone[:_NAMED])}"
        return f"{_some(self.failed)} failed{forget if self.gone else ''}"


NOT_ASKED: Final = Host()


def listed(state: str, lines: Iterable[str], watched: Container[str] = ()) -> Host:
    """The host by the lines of a list of failed units: name, load state, and more; those first that nobody watches."""
    units = sorted((line.split()[:2] for line in lines if len(line.split()) > 1), key=lambda unit: unit[0] in watched)
    return Host(state, tuple(name for name, _ in units), tuple(name for name, load in units if load == _GONE))


def _some(names: tuple[str, ...]) -> str:
    more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
    return f"{', '.join(names[:_NAMED])}{more}"
