"""Problems as people name them: by the number that `standfastctl errors` shows."""

import argparse
from collections.abc import Mapping
from typing import Any

from standfast.ctl.ordering import notifier
from standfast.web import snapshot as shots

_LARGEST = 2**63


def problem_number(text: str) -> int:
    """The number of a problem.

    Raises:
        argparse.ArgumentTypeError: it can be none.
    """
    number = int(text) if text.isascii() and text.isdigit() and len(text) < 20 else 0
    if not 0 < number < _LARGEST:
        raise argparse.ArgumentTypeError(f'"{text}" is no problem\'s number; see: standfastctl errors')
    return number


def configure(parser: argparse.ArgumentParser) -> None:
    """Adds the argument that names a problem."""
    parser.add_argument("id", type=problem_number, help="the number that `standfastctl errors` shows")


def in_words(number: int) -> str:
    """A problem with what is known of it, such as "7 (OPENALGO_DOWN, standfast-agent@paper.service)"."""
    known = ", ".join(about(number).values())
    return f"{number} ({known})" if known else str(number)


def about(number: int) -> Mapping[str, str]:
    """A problem's `type` and `unit`, as far as they are known."""
    rows: list[Mapping[str, Any]] = list(shots.rows(notifier().get("unresolved_errors")))
    row = next((row for row in rows if row.get("id") == number), {})
    return {name: str(row[key]) for name, key in (("type", "error_type"), ("unit", "unit")) if row.get(key)}
