"""How what stands in messages is written: texts of other programs, times, spans, counts, next steps. Pure.

Texts come from other programs, so they are bounded and stripped of control characters here. Times are shown in the
configured zone.
"""

import re
from collections.abc import Sequence
from datetime import datetime, tzinfo
from typing import Final

from standfast.events import Event
from standfast.notifier import fleet
from standfast.notifier.model import Problem
from standfast.notifier.redact import redacted
from standfast.time_words import moment

# A message of a person's reading length; what a program put into one field is cut to this, with a mark.
LONGEST_FIELD: Final = 1000
# The same for a line of an aggregate, and how much of that is the field's end.
LONGEST_LINE: Final = 300
KEPT_END: Final = 120
LONGEST_WORD: Final = 40
# So many units of a type are named in an aggregate, and so many steps below them; the rest is a number or a pointer.
NAMED_UNITS: Final = 3
NAMED_STEPS: Final = 5
# So many types of what is not over are named beside what is.
NAMED_OPEN: Final = 3
# So many types are named in front of a step that they share: the lines above it name them all.
NAMED_TYPES: Final = 10
SEE_ALL: Final = "standfastctl errors"
# Before a next step; whoever shortens a message keeps lines that begin so.
NEXT: Final = "Next"
# What may stand in a command that somebody copies out of a message: nothing that would be an option of it.
# How a step ends that is a person's word, and where the number in it is found.
_RESOLVE: Final = "standfastctl resolve"
_NUMBER_TO_FIND: Final = f"{_RESOLVE} NUMBER (the number is in {SEE_ALL})"
_UNIT_NAME: Final = re.compile(r"(?!-)[A-Za-z0-9:_.@\\-]{1,255}")
_TYPE_NAME: Final = re.compile(r"(?!-)[A-Za-z0-9_.:-]{1,100}")


def clean(text: str) -> str:
    """A text of another program on one line: no control characters, no secrets, no more than `LONGEST_FIELD`."""
    printable = "".join(char if char.isprintable() else " " for char in text[: LONGEST_FIELD * 2])
    words = redacted(" ".join(printable.split()))
    return words if len(words) <= LONGEST_FIELD else words[: LONGEST_FIELD - 1] + "…"


def short(text: str) -> str:
    """The same for a line among many: the middle is cut out, as what a program closes with says what it holds.

    Words stay whole, but for those that nobody reads as one.
    """
    words = clean(text)
    if len(words) <= LONGEST_LINE:
        return words
    begun, ended = words[: LONGEST_LINE - KEPT_END - 3], words[-KEPT_END:]
    whole, after = begun.rpartition(" ")[0], ended.partition(" ")[2]
    begun = whole if len(begun) - len(whole) <= LONGEST_WORD else begun
    ended = after if len(ended) - len(after) <= LONGEST_WORD else ended
    return f"{begun} … {ended}"


def time(at: datetime, zone: tzinfo | None) -> str:
    """The line with a message's time."""
    return f"Time: {moment(at, zone)}"


def occurrences(number: int) -> str:
    """A count in words."""
    return f"{number} occurrence" + ("" if number == 1 else "s")


def subject(error_type: str, unit: str) -> str:
    """What a message is about."""
    return clean(f"{error_type} {unit}")


def type_of(event: Event) -> str:
    """What an event is called: an agent's end that is flat has no type of its own."""
    return event.type or event.kind.value.upper()


def whose(problems: Sequence[Problem]) -> str:
    """Behind a type: the unit that has the problem, in brackets, or how many have it; the lines below name those."""
    if len(problems) > 1:
        return f" in {len(problems)} units"
    return f" ({clean(problems[0].unit)})" if problems[0].unit else ""


def next_step(action: str) -> str:
    """The line with the next step, "" where there is none."""
    return f"{NEXT}: {clean(action)}" if action else ""


def _step(problem: Problem) -> str:
    """What to do about a problem; whoever raised it without a word on that leaves at least a place to look."""
    return problem.action or place_to_look(problem.type, problem.unit)


def _types(problems: Sequence[Problem]) -> str:
    found = list(dict.fromkeys(problem.type for problem in problems))
    more = f" and {len(found) - NAMED_TYPES} more" if len(found) > NAMED_TYPES else ""
    return clean(f"{', '.join(found[:NAMED_TYPES])}{more}")


def numbered_step(action: str, *problem_ids: int) -> str:
    """A next step as it can be copied: whoever raised the problem did not know its number, the error log does."""
    if not all(problem_ids) or len(problem_ids) > NAMED_STEPS:
        return action
    return action.replace(_NUMBER_TO_FIND, " ".join([_RESOLVE, *map(str, problem_ids)]))


def place_to_look(error_type: str, unit: str) -> str:
    """Where to read about a problem that came without a next step: its unit's log, or the entries of its type."""
    if _UNIT_NAME.fullmatch(unit):
        return f"systemctl status {unit}"
    return f"journalctl STANDFAST_TYPE={error_type}" if _TYPE_NAME.fullmatch(error_type) else SEE_ALL


def history_of(problem: Problem) -> str:
    """The command that shows when a problem came and went."""
    unit = f" --unit {problem.unit}" if _UNIT_NAME.fullmatch(problem.unit) else ""
    error_type = f" --type {problem.type}" if _TYPE_NAME.fullmatch(problem.type) else ""
    return f"standfastctl history{error_type}{unit}"


def next_steps(problems: Sequence[Problem]) -> list[str]:
    """The lines with the next steps of several problems, each step once with the types that it is for."""
    by_step: dict[str, list[Problem]] = {}
    for problem in problems:
        by_step.setdefault(_step(problem), []).append(problem)
    steps = {numbered_step(one, *(its.id for its in group)): group for one, group in by_step.items()}
    if len(steps) == 1:
        return [next_step(next(iter(steps)))]
    lines = [f"{NEXT} for {_types(group)}: {clean(one)}" for one, group in steps.items()]
    return lines if len(lines) <= NAMED_STEPS else [*lines[: NAMED_STEPS - 1], f"{NEXT} for the others: {SEE_ALL}"]


def not_over(problems: Sequence[Problem], over: Sequence[Problem]) -> str:
    """The line with what is not over, beside what is; "" where nothing is left."""
    by_type: dict[str, list[Problem]] = {}
    for problem in problems:
        by_type.setdefault(problem.type, []).append(problem)
    named = [_open(error_type, group, over) for error_type, group in list(by_type.items())[:NAMED_OPEN]]
    rest = sum(len(group) for group in list(by_type.values())[NAMED_OPEN:])
    more = f" and {rest} more" if rest else ""
    return f"Not over: {'; '.join(named)}{more}" if named else ""


def _open(error_type: str, group: Sequence[Problem], over: Sequence[Problem]) -> str:
    if any(one.identity == group[0].identity for one in over):
        return f"{clean(error_type)}, which is there again"
    if fleet.is_of_fleet(group[0]):
        return error_type
    units = ", ".join(clean(one.unit) for one in group[:NAMED_UNITS] if one.unit)
    more = f" and {len(group) - NAMED_UNITS} more" if len(group) > NAMED_UNITS else ""
    return clean(error_type) + (f" of {units}{more}" if units else "")


def steps_left(problems: Sequence[Problem]) -> list[str]:
    """The next step of what is not over: its own, or where those of several stand."""
    steps = next_steps(problems) if problems else []
    return steps if len(steps) <= 1 else [next_step(f"{SEE_ALL}: what is not over, and what to do")]


def stop_reminders(problems: Sequence[Problem]) -> str:
    """How somebody who takes problems on ends the reminders of them; "" for those that are in no error log."""
    numbers = [str(problem.id) for problem in problems if problem.id]
    if not numbers:
        return ""
    if len(numbers) > NAMED_STEPS:
        return f"No more of these: standfastctl ack NUMBER, for each in {SEE_ALL}"
    return f"No more of these: standfastctl ack {' '.join(numbers)}"
