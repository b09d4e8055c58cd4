"""What the running detector knows, from its status: it has looked often, and a master restart looks once. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from standfast.detector.levels import FILE_MISSING_LOOKS
from standfast.detector.reading import Meaning
from standfast.detector.times import from_iso

# A detector that has not looked for this long does not know how things are now.
FRESH_S: Final = 60.0


@dataclass(frozen=True, slots=True)
class Known:
    """All of it.

    Attributes:
        meanings: what it says of units.
        whys: why it says that.
        failed: the units that it counts as failed; one that crash-loops is up at times.
        root_causes: the units that failed first.
        bad_files: the critical files that make a cascade, with what is wrong with each.
    """

    meanings: Mapping[str, Meaning] = field(default_factory=dict)
    whys: Mapping[str, str] = field(default_factory=dict)
    failed: frozenset[str] = frozenset()
    root_causes: tuple[str, ...] = ()
    bad_files: Mapping[str, str] = field(default_factory=dict)


NOTHING: Final = Known()


def known(status: Mapping[str, Any] | None, now: float, check_interval_s: float) -> Known:
    """What stands in a status; nothing where the detector does not run or hangs, or where that makes no sense."""
    try:
        if status is None or now - from_iso(status["checked_at"]) > max(FRESH_S, 2 * check_interval_s):
            return NOTHING
        rows = status.get("service_health", {}).items()
        files = status.get("critical_files", {}).items()
        return Known(
            meanings={unit: Meaning(row["status"]) for unit, row in rows if row["status"] in list(Meaning)},
            whys={unit: str(row["why"]) for unit, row in rows if row.get("why")},
            failed=frozenset(
                unit for unit, row in rows if row["consecutive_failures"] >= row["thresholds"]["critical"]
            ),
            root_causes=tuple(map(str, status.get("root_cause", ()))),
            bad_files={
                path: str(file["detail"]) for path, file in files if file["consecutive_failures"] >= FILE_MISSING_LOOKS
            },
        )
    except (AttributeError, KeyError, TypeError, ValueError):
        return NOTHING
