"""Which units are watched, and what holds for each of them. Pure."""

from dataclasses import dataclass
from fnmatch import fnmatchcase

from standfast.detector.check_tables import Check, HttpCheck, TcpCheck
from standfast.detector.config import DetectorConfig, Thresholds, Tier, Watch
from standfast.detector.model import OWN_UNITS
from standfast.detector.prediction.settings import PredictionSettings
from standfast.unit_names import AGENTS

GLOB_CHARACTERS = frozenset("*?[")


@dataclass(frozen=True, slots=True)
class Rules:
    """What the configuration says of one unit, with every default filled in."""

    unit: str
    tier: Tier
    grace_s: float
    restart: bool
    must_run: bool
    thresholds: Thresholds
    checks: tuple[Check, ...]


class Watching:
    """Answers for a unit's name which `[[watch]]` holds: an exact name before the first glob that fits."""

    def __init__(self, config: DetectorConfig) -> None:
        self._config = config
        self._exact = {watch.unit: watch for watch in config.watch if not is_glob(watch.unit)}
        self._globs = [watch for watch in config.watch if is_glob(watch.unit)]
        self._found: dict[str, Watch] = {}
        self._rules: dict[tuple[str, str], Rules] = {}

    @property
    def prediction(self) -> PredictionSettings:
        """What is predicted of them."""
        return self._config.prediction

    @property
    def names(self) -> tuple[str, ...]:
        """The units watched by name."""
        return tuple(self._exact)

    @property
    def patterns(self) -> tuple[str, ...]:
        """The globs."""
        return tuple(watch.unit for watch in self._globs)

    def watches(self, unit: str) -> bool:
        """Whether anything is said of this unit."""
        return self.watch_of(unit) is not None

    def is_passing(self, unit: str) -> bool:
        """Whether only a glob names it, so that nothing is left to say of it when it is gone."""
        return unit not in self._exact and self.watches(unit)

    def forget(self, unit: str) -> None:
        """It is gone: transient units come without end, and each has another name."""
        watch = self._found.pop(unit, None)
        if watch is not None:
            self._rules = {key: rules for key, rules in self._rules.items() if key[0] != unit}

    def rules(self, unit: str, unit_type: str = "") -> Rules:
        """What holds for a watched unit."""
        key = (unit, unit_type)
        if key not in self._rules:
            self._rules[key] = self._make_rules(unit, unit_type)
        return self._rules[key]

    def _make_rules(self, unit: str, unit_type: str) -> Rules:
        watch = self.watch_of(unit) or Watch(unit)
        is_oneshot = unit_type == "oneshot"
        default_restart = not (is_oneshot or fnmatchcase(unit, AGENTS))
        return Rules(
            unit=unit,
            tier=watch.tier or (Tier.IMPORTANT if is_oneshot else Tier.CRITICAL),
            grace_s=watch.grace_s,
            restart=unit not in OWN_UNITS and (default_restart if watch.restart is None else watch.restart),
            must_run=watch.must_run,
            thresholds=watch.thresholds.over(self._config.thresholds),
            checks=watch.check,
        )

    def watch_of(self, unit: str) -> Watch | None:
        """The watch that holds for a unit."""
        found = self._found.get(unit) or self._exact.get(unit)
        if found is None:
            found = next((watch for watch in self._globs if fnmatchcase(unit, watch.unit)), None)
        if found is not None:  # what does not fit is not kept: transient units come without end
            self._found[unit] = found
        return found


def is_glob(name: str) -> bool:
    """Whether a watch names many units."""
    return bool(GLOB_CHARACTERS & set(name))


def port_of(rules: Rules) -> int | None:
    """The port that a unit's checks knock at, for the status."""
    for check in rules.checks:
        if isinstance(check, TcpCheck):
            return check.port
        if isinstance(check, HttpCheck):
            return _url_port(check.url)
    return None


def _url_port(url: str) -> int:
    scheme, _, rest = url.partition("://")
    authority = rest.partition("/")[0].rpartition("@")[2]
    port = authority.rpartition(":")[2] if "]" not in authority.rpartition(":")[2] else ""
    return int(port) if port.isdigit() else {"https": 443}.get(scheme, 80)
