"""How the beginning and the end of a prediction are told. Pure."""

from collections.abc import Iterable

from standfast.detector.model import Level
from standfast.detector.prediction.foretold import TYPES, Foretold
from standfast.detector.times import iso
from standfast.events import WORDS, Event, Kind, Severity


def is_prediction(type_: str) -> bool:
    """Whether problems of this type are predictions."""
    return type_ in TYPES


def begun(key: tuple[str, str], predictions: Iterable[Foretold], level: Level) -> Event:
    """It is predicted from now on."""
    one = next(one for one in predictions if one.key == key)
    return Event(
        Kind.PROBLEM,
        f"Foreseen: {one.words}",
        type=one.type,
        severity=Severity.WARNING,
        unit=one.unit,
        level=level.name,
        action=one.action,
        data=plain(one),
    )


def ended(type_: str, unit: str, lasted: str, level: Level, why: str) -> Event:
    """It is predicted no more; why that is so decides whether anybody may be calm."""
    message, words = f"{type_} of {unit} is over after {lasted}: {why}", f"{why[:1].upper()}{why[1:]}"
    data = {WORDS: words} if why else {}
    return Event(Kind.RESOLVED, message, type=type_, severity=Severity.WARNING, unit=unit, level=level.name, data=data)


def plain(one: Foretold) -> dict[str, object]:
    """A prediction as JSON values, for the status and for the event's data."""
    ends_at = one.prediction.ends_at
    return {
        "type": one.type,
        "unit": one.unit,
        "figure": one.prediction.figure.value,
        "of": one.prediction.of,
        "message": one.words,
        "action": one.action,
        "since": iso(one.prediction.since),
        "ends_at": iso(ends_at) if ends_at is not None else None,
    }
