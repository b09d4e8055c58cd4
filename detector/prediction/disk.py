"""A disk that is filling up. Pure."""

from typing import Final

from standfast.detector.prediction.kind import Kind, is_reached
from standfast.detector.prediction.model import Figure, Prediction
from standfast.detector.prediction.wording import size
from standfast.detector.times import about
from standfast.time_words import rough

_PLAIN: Final = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789:_.")


def mount_unit(mount_point: str) -> str:
    """What systemd calls the mount unit of a mount point (see systemd-escape(1), --path)."""
    parts = [part for part in mount_point.split("/") if part]
    name = "-".join(map(_escaped, parts)) or "-"
    return f"{_escaped_byte('.')}{name[1:]}.mount" if name.startswith(".") else f"{name}.mount"


def _escaped(part: str) -> str:
    return "".join(character if character in _PLAIN else _escaped_byte(character) for character in part)


def _escaped_byte(character: str) -> str:
    return "".join(f"\\x{byte:02x}" for byte in character.encode(errors="surrogateescape"))


def _unit(prediction: Prediction) -> str:
    return mount_unit(prediction.of)


def _what(prediction: Prediction) -> str:
    return f"the disk at {prediction.of}"


def _words(prediction: Prediction, now: float) -> str:
    return (
        f"{_what(prediction)} fills by {size(prediction.per_s * 3600)}/h over the last {rough(prediction.over_s)}; "
        f"its {size(prediction.limit)} are {_when(prediction, now)}"
    )


def _when(prediction: Prediction, now: float) -> str:
    return "as good as full" if is_reached(prediction) else f"full at about {about(prediction.ends_at or now, now)}"


def _action(prediction: Prediction) -> str:
    return f"df -h {prediction.of}; du -xh {prediction.of} | sort -h | tail"


DISK = Kind(Figure.DISK, "DISK_FILLING", _unit, _words, _action)
