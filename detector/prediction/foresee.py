"""`foresee(state, config, watching, now)`: the state with what is predicted now. Pure.

Done at each scheduled look. Nothing of it ever counts as a failure: a prediction is told, no more.
"""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Final

from standfast.detector.check_tables import HttpCheck
from standfast.detector.config import DetectorConfig
from standfast.detector.model import DOWN, RESTARTS_KEPT, UP, Ending, State, UnitMemory
from standfast.detector.prediction.judging import judged
from standfast.detector.prediction.model import Figure, Key, Prediction, Series
from standfast.detector.prediction.restarts import counted, has_calmed, is_rising
from standfast.detector.prediction.series import sampled
from standfast.detector.prediction.settings import PredictionSettings
from standfast.detector.watched import Watching

_DAY_S: Final = 86400.0
# Looks come when they can: one that is a little early still samples.
_EARLY: Final = 0.99
# A figure that was not seen for so many windows is not there any more.
_FORGOTTEN_WINDOWS: Final = 2

Predictions = dict[Key, Prediction]


def foresee(state: State, config: DetectorConfig, watching: Watching, now: float) -> State:
    """The state with its series sampled and its predictions renewed."""
    settings = config.prediction
    wanted = {key: one for key, one in state.predictions.items() if settings.wants(one.figure)}
    predictions = {key: one for key, one in wanted.items() if not _is_over(one, state, settings, watching, now)}
    if now - state.sampled_at >= settings.sample_s * _EARLY:
        state = replace(state, series=_sampled(state, predictions, settings, now), sampled_at=now)
    if settings.wants(Figure.RESTARTS):
        _count_restarts(state, predictions, settings, watching, now)
    if settings.wants(Figure.CERTIFICATE):
        _look_at_certificates(state, predictions, settings, watching, now)
    return state if predictions == state.predictions else replace(state, predictions=predictions)


def _is_over(one: Prediction, state: State, settings: PredictionSettings, watching: Watching, now: float) -> bool:
    """Whether what it was of has ended, or nothing has confirmed it for so long that nothing is known any more."""
    if now - one.confirmed_at > settings.window_s / 2:
        return True
    if one.figure is Figure.DISK:
        return False
    unit = state.units.get(one.of)
    if unit is None:  # of an earlier life, and not looked at yet
        return False
    return not watching.watches(one.of) or _has_ended(one, unit)


def _has_ended(one: Prediction, unit: UnitMemory) -> bool:
    """Whether the unit's run has ended that it was of; certificates and restarts are of no single run."""
    is_down = unit.seen.active_state in DOWN
    if one.figure is Figure.CERTIFICATE:
        return False
    if one.figure is Figure.RESTARTS:
        return is_down and unit.ended is Ending.JOB
    return is_down or unit.seen.invocation_id != (one.run or unit.seen.invocation_id)


# Towards a limit


def _sampled(state: State, predictions: Predictions, settings: PredictionSettings, now: float) -> Mapping[Key, Series]:
    """The series after their next sample; what is judged of them goes into `predictions`."""
    series: dict[Key, Series] = {}
    for key, before in state.series.items():
        if not settings.wants(before.seen.figure) or now - before.seen.at > _FORGOTTEN_WINDOWS * settings.window_s:
            continue
        if not _is_there(before, state):
            series[key] = before
            continue
        series[key], found = judged(sampled(before, settings.window_s, now), predictions.get(key), settings, now)
        _put(predictions, key, found)
    return series


def _is_there(series: Series, state: State) -> bool:
    """Whether the figure is of something that is there: a disk, or a unit that is up in the same run."""
    seen = series.seen
    unit = state.units.get(seen.of)
    if seen.figure is Figure.DISK or unit is None:
        return seen.figure is Figure.DISK
    return unit.seen.active_state in UP and seen.run in ("", unit.seen.invocation_id)


def _put(predictions: Predictions, key: Key, found: Prediction | None) -> None:
    if found is None:
        predictions.pop(key, None)
    else:
        predictions[key] = found


# Restarts


def _count_restarts(
    state: State, predictions: Predictions, settings: PredictionSettings, watching: Watching, now: float
) -> None:
    for name, unit in state.units.items():
        key = (Figure.RESTARTS, name)
        if (unit.restarted_at or key in predictions) and watching.watches(name):
            found = _restarts(name, unit, predictions.get(key), settings, watching, now)
            _put(predictions, key, found)


def _restarts(
    name: str,
    unit: UnitMemory,
    told: Prediction | None,
    settings: PredictionSettings,
    watching: Watching,
    now: float,
) -> Prediction | None:
    hour_s = settings.least_s
    last, before = counted(unit.restarted_at, hour_s, now)
    if told is None:
        fails = unit.failures >= watching.rules(name, unit.seen.unit_type).thresholds.warning
        knows = unit.known_since is not None and now - unit.known_since >= 2 * hour_s and not _is_cut(unit, hour_s, now)
        if unit.seen.active_state in DOWN or fails or not knows or not is_rising(unit.restarted_at, hour_s, now):
            return None
        return Prediction(Figure.RESTARTS, name, now, now, over_s=hour_s, limit=last, count=last, before=before)
    if has_calmed(told, last):
        return None
    return replace(told, confirmed_at=now, count=last, before=before, limit=max(told.limit, last))


def _is_cut(unit: UnitMemory, hour_s: float, now: float) -> bool:
    """Whether there were more restarts than are remembered of the two hours that count."""
    return len(unit.restarted_at) >= RESTARTS_KEPT and unit.restarted_at[0] > now - 2 * hour_s


# Certificates


def _look_at_certificates(
    state: State, predictions: Predictions, settings: PredictionSettings, watching: Watching, now: float
) -> None:
    due = dict(_expiring(state, watching, now))
    for key, told in list(predictions.items()):
        if told.figure is Figure.CERTIFICATE and told.of not in due and not _is_awaited(told, state, watching):
            del predictions[key]
    for unit, (label, expires_at) in due.items():
        key = (Figure.CERTIFICATE, unit)
        since = predictions[key].since if key in predictions else now
        predictions[key] = Prediction(Figure.CERTIFICATE, unit, since, now, ends_at=expires_at, about=label)


def _is_awaited(told: Prediction, state: State, watching: Watching) -> bool:
    """Whether it is of an earlier life, and its check has not run in this one."""
    return (told.of, told.about) not in state.checks and _warn_s(watching, told.of, told.about) > 0


def _expiring(state: State, watching: Watching, now: float) -> Iterator[tuple[str, tuple[str, float]]]:
    """Of each unit the check whose certificate expires first, when that is soon or was: the last one said counts."""
    found = [
        (check.expires_at, unit, name)
        for (unit, name), check in state.checks.items()
        if check.expires_at is not None
        and (warn_s := _warn_s(watching, unit, name)) > 0
        and check.expires_at - now < warn_s
    ]
    for expires_at, unit, name in sorted(found, reverse=True):
        yield unit, (name, expires_at)


def _warn_s(watching: Watching, unit: str, name: str) -> float:
    if not unit or not watching.watches(unit):
        return 0.0
    checks = (check for check in watching.rules(unit).checks if isinstance(check, HttpCheck) and check.label == name)
    return next((check.tls_warn_days * _DAY_S for check in checks), 0.0)
