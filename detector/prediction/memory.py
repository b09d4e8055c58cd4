"""A unit's memory towards its MemoryMax, where the kernel kills it. Pure."""

from standfast.detector.prediction.kind import Kind, its_unit
from standfast.detector.prediction.model import Figure, Prediction
from standfast.detector.prediction.wording import size
from standfast.detector.times import about
from standfast.time_words import rough


def _what(prediction: Prediction) -> str:
    return f"memory of {prediction.of}"


def _words(prediction: Prediction, now: float) -> str:
    return (
        f"{_what(prediction)} grows {size(prediction.per_s * 3600)}/h over the last {rough(prediction.over_s)}; "
        f"reaches MemoryMax {size(prediction.limit)} at about {about(prediction.ends_at or now, now)}"
    )


def _action(prediction: Prediction) -> str:
    return f"systemctl status {prediction.of}; restart it at a quiet moment, or raise its MemoryMax"


MEMORY = Kind(Figure.MEMORY, "MEMORY_RUNNING_OUT", its_unit, _words, _action)
