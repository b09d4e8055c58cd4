"""Moments as people write them: "-7d", "yesterday", "2026-11-25 14:30", by the clock of the host. Pure."""

import argparse
import re
from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from typing import Final

from standfast.config.schema import seconds

_DAYS_BACK: Final = {"today": 0, "yesterday": 1}
_TIME_OF_DAY: Final = re.compile(r"\d\d:\d\d(:\d\d)?")
_UNIX_TIME: Final = re.compile(r"@\d{1,11}(\.\d+)?")
# Options whose value may begin with a minus, which argparse would take for another option.
_TAKE_MINUS: Final = frozenset({"--since", "--until"})


class UnitError(ValueError):
    """A number without a unit."""


def without_unit(text: str) -> str:
    """What to write in place of a number that lacks its unit; "" for anything else."""
    number = text.strip()
    is_number = number.replace(".", "", 1).isdigit() and number.isascii()
    return f'"{number}" has no unit: write {number}s, {number}min or {number}h' if is_number else ""


def moment(text: str, now: datetime) -> datetime:
    """The moment that a text means: a time ago, a day, a time of today, a date and time, or seconds since 1970.

    Raises:
        UnitError: it is a number, and of what it does not say.
        ValueError: it means none.
    """
    word = text.strip()
    length = word.removeprefix("-").removesuffix("ago").strip()
    if slip := without_unit(length):
        raise UnitError(slip)
    ago_s = seconds(length)
    if ago_s is not None:
        return now - timedelta(seconds=ago_s)
    if word in _DAYS_BACK:
        return _midnight(now) - timedelta(days=_DAYS_BACK[word])
    if word == "now":
        return now
    if _UNIX_TIME.fullmatch(word):
        return datetime.fromtimestamp(float(word[1:]), UTC)
    if _TIME_OF_DAY.fullmatch(word):
        word = f"{now.astimezone():%Y-%m-%d} {word}"
    return datetime.fromisoformat(word).astimezone(UTC)


def _midnight(now: datetime) -> datetime:
    return now.astimezone().replace(hour=0, minute=0, second=0, microsecond=0)


def moment_reader(now: datetime) -> Callable[[str], datetime]:
    """Reads moments for argparse."""

    def read(text: str) -> datetime:
        try:
            return moment(text, now)
        except UnitError as error:
            raise argparse.ArgumentTypeError(str(error)) from None
        except (ValueError, OverflowError, OSError):
            raise argparse.ArgumentTypeError(
                f'"{text}" is no time: write one such as -7d, -2h, yesterday, 14:30 or "2026-11-25 14:30"'
            ) from None

    return read


def glued(words: Iterable[str]) -> list[str]:
    """The words of a command line, with a value that begins with a minus joined to its option."""
    found: list[str] = []
    for word in words:
        if found and found[-1] in _TAKE_MINUS and word.startswith("-") and not word.startswith("--"):
            found[-1] += f"={word}"
        else:
            found.append(word)
    return found
