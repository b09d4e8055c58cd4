"""What a replay came to, in words and as JSON Lines. Pure."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final

from standfast.ctl.table import AT, Cell, Table
from standfast.detector.decide import Reason
from standfast.detector.model import Level
from standfast.detector.replay import LevelChange, Outcome, RestartDecision, differences
from standfast.overview.tones import Tone
from standfast.time_words import span

# Smaller times are those of a story that begins at 0; no journal is that old.
_A_DATE_FROM_S: Final = 1e8
# A history stays as it was, also where the configuration at hand would have led to something else.
_IN_FACT: Final = " in the history: made in fact, not asked for by this replay, and counted"
_TONES: Final = {Level.WARNING: Tone.WARNING, Level.CRITICAL: Tone.BAD, Level.CASCADING: Tone.BAD}


def outcome_table(title: str, outcomes: Iterable[Outcome]) -> Table:
    """What would have been said and done, the oldest first."""
    return Table(
        title=title,
        columns=("At", "What", "Why"),
        rows=tuple((_at(one.at), _what(one), Cell(f"{_why(one)}{doubt}")) for one, doubt in _with_facts(outcomes)),
        empty="nothing: the level stays NONE, and no master restart is called for",
    )


def _with_facts(outcomes: Iterable[Outcome]) -> Iterator[tuple[Outcome, str]]:
    """Each outcome, and beside a master restart that runs without having been asked for here, whose it was."""
    is_own = False
    for one in outcomes:
        is_running = isinstance(one, RestartDecision) and one.decision.reason is Reason.RUNNING
        yield one, _IN_FACT if is_running and not is_own else ""
        if isinstance(one, RestartDecision):
            is_own = one.decision.allowed or (is_running and is_own)


def difference_table(config: str, against: str, ours: Sequence[Outcome], theirs: Sequence[Outcome]) -> Table:
    """What only one of two configurations leads to."""
    return Table(
        title=f"Where {config} and {against} differ",
        columns=("At", "Only with", "What", "Why"),
        rows=tuple(
            (_at(one.at), Cell(config if is_ours else against), _what(one), Cell(_why(one)))
            for is_ours, one in _apart(ours, theirs)
        ),
        empty="nowhere: the same levels at the same times, and the same master restarts",
    )


def difference_lines(ours: Sequence[Outcome], theirs: Sequence[Outcome]) -> list[Mapping[str, Any]]:
    """The same for programs: the replay's own lines, with which of the two leads to them."""
    sides = {"-": "against", "+": "config"}
    return [{**line, "only_with": sides[side]} for side, line in differences(theirs, ours)]


def _apart(ours: Sequence[Outcome], theirs: Sequence[Outcome]) -> list[tuple[bool, Outcome]]:
    """The outcomes that the two do not share, in the order of time; whether each is the first one's."""
    by_line = {False: {_key(one.to_dict()): one for one in theirs}, True: {_key(one.to_dict()): one for one in ours}}
    return [(side == "+", by_line[side == "+"][_key(line)]) for side, line in differences(theirs, ours)]


def _key(line: Mapping[str, Any]) -> str:
    return repr(sorted(line.items()))


def summary(config: str, outcomes: Sequence[Outcome], end: float) -> str:
    """One line: how often a master restart, and how long which level."""
    restarts = [one for one in outcomes if isinstance(one, RestartDecision)]
    asked = sum(1 for one in restarts if one.decision.allowed)
    would = sum(1 for one in restarts if one.decision.reason is Reason.OBSERVE)
    counted = f"{asked} asked for" + (f', {would} would have been (mode = "observe")' if would else "")
    times = ", ".join(f"{level.name} for {span(s)}" for level, s in _time_at(outcomes, end).items())
    return f"{config}: master restarts: {counted}; {times or 'never above NONE'}"


def _time_at(outcomes: Iterable[Outcome], end: float) -> dict[Level, float]:
    """For how long each level above NONE held, the highest first."""
    spent: dict[Level, float] = {}
    changes = [one for one in outcomes if isinstance(one, LevelChange)]
    ends = [*(one.at for one in changes[1:]), end]
    for change, until in zip(changes, ends, strict=False):
        if change.level is not Level.NONE:
            spent[change.level] = spent.get(change.level, 0.0) + until - change.at
    return dict(sorted(spent.items(), reverse=True))


def _at(at: float) -> Cell:
    if at < _A_DATE_FROM_S:
        return Cell(f"{at:g} s")
    return Cell(AT, at=datetime.fromtimestamp(at, UTC))


def _what(one: Outcome) -> Cell:
    if isinstance(one, LevelChange):
        return Cell(one.level.name, _TONES.get(one.level, Tone.GOOD))
    if one.decision.allowed:
        return Cell("master restart", Tone.BAD)
    return Cell("would have asked" if one.decision.reason is Reason.OBSERVE else "no master restart")


def _why(one: Outcome) -> str:
    if isinstance(one, LevelChange):
        cause = f"; root cause: {', '.join(one.root_cause)}" if one.root_cause and one.level else ""
        return f"{'; '.join(one.reasons) or 'all well'}{cause}"
    decision = one.decision
    if decision.allowed or decision.reason is Reason.OBSERVE:
        return f"because of {', '.join(sorted(decision.causes))}"
    # The reason's own word is for programs: the sentence says all of it.
    return decision.why or decision.reason
