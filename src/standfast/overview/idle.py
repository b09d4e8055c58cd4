"""Agents that are configured and do not run: what became of them, and what of theirs is not settled. Pure."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Final

from standfast.overview import snapshot as shots
from standfast.overview.ending import UNTOLD, Ending
from standfast.overview.snapshot import Snapshot, words
from standfast.overview.tones import Tone, is_failing
from standfast.unit_names import agent_unit, short

# Nobody but a running agent knows what it holds.
_HOLDS: Final = "unknown while it does not run"
_HELD: Final = "nothing when it stopped"
_HELD_BY_ITS_BOOKS: Final = "nothing by its own books when it stopped; its broker was not asked"
# What stands in books that do not tell of all (see standfast.agent.ledger).
_DOUBT: Final = "not known"
_KILLED: Final = "KILLED"
_NOTHING: Final = "nothing"
# How books end that are of a broker inside the agent (see standfast.agent.last_word).
_ON_PAPER: Final = "(on paper)"
# What stands between two flags of one agent.
ALSO: Final = "; also "


@dataclass(frozen=True, slots=True)
class Idle:
    """An agent that does not run, of which there is something to say.

    Attributes:
        state: what the detector says of its unit, in a word.
        flag: what a human put beside its configuration, "" for nothing.
        why: why its unit fails, "" where it does not.
        is_let_go: whether its kill was undone while it did not run, and it was not started since then.
        is_refused: whether systemd refused to start it again, for its start limit.
        ended: how it ended, by its own last word; None where that is not known.
        unsettled: its critical problems that nobody has resolved, type and message.
    """

    name: str
    state: str
    flag: str = ""
    why: str = ""
    unsettled: tuple[str, ...] = ()
    ended: Ending | None = None
    is_let_go: bool = False
    is_refused: bool = False

    @property
    def is_killed(self) -> bool:
        """Whether a human killed it."""
        return self.flag.startswith("killed")

    @property
    def is_paused(self) -> bool:
        """Whether a human paused it, be it killed as well or not."""
        return self.flag.startswith("paused") or f"{ALSO}paused " in self.flag

    @property
    def tone(self) -> Tone:
        """How it is to be taken: one that is killed or that left something behind waits for a human."""
        if self.why or self.unsettled:
            return Tone.BAD
        is_odd = self.is_killed or (self.ended is not None and not self.ended.is_told)
        return Tone.WARNING if is_odd else Tone.PLAIN

    @property
    def reason(self) -> str:
        """All that is known of it, in words."""
        return "; ".join(filter(None, (self.flag, self.why, *self.unsettled, self._end)))

    @property
    def _end(self) -> str:
        """How it ended, where nothing that is not settled says so already."""
        if self.ended is None or any(self.ended.words in said for said in self.unsettled):
            return ""
        # An end that was not told has its own problem, as soon as the detector has said it.
        return self.ended.words if self.ended.is_told or not self.unsettled else ""

    @property
    def is_flat(self) -> bool:
        """Whether it held nothing when it stopped, as far as anybody knows."""
        return self.ended is not None and self.ended.is_flat and not (self.why or self.unsettled)

    @property
    def holds(self) -> str:
        """What it holds; what a human did at the broker since then it cannot know."""
        if self.is_flat:
            return _HELD_BY_ITS_BOOKS if self.ended and self.ended.is_unasked else _HELD
        held = self.by_its_books
        if _DOUBT in held:
            return f"by its own books {held}"
        return f"{held} by its own books" if held else _HOLDS

    @property
    def by_its_books(self) -> str:
        """What it held by its own last word; "" where that says nothing, or is not to be relied on."""
        if self.ended and self.ended.is_flat and not self.unsettled:
            return _NOTHING
        return self.ended.held if self.ended else ""


def idle(snapshot: Snapshot) -> Iterator[Idle]:
    """The agents that do not run, of which the detector, a flag, an unresolved problem or their own last word tells."""
    watched = shots.watched(snapshot)
    for name, flag in snapshot.idle.items():
        row = watched.get(agent_unit(name), {})
        state = words(row.get("status"), "stopped")
        why = f"{state}: {words(row.get('why'), 'no reason given')}" if is_failing(row) else ""
        unsettled = tuple(
            f"{words(one.get('error_type'))}: {words(one.get('error_message'), 'no message')}"
            for one in critical(snapshot)
            if one.get("unit") == agent_unit(name)
        )
        ended = snapshot.endings.get(name)
        if row or flag or unsettled or ended:
            is_refused = row.get("start_refused") is True
            one = Idle(name, state, flag, why, unsettled, ended, is_refused=is_refused)
            yield replace(one, is_let_go=not one.is_killed and _was_killed(snapshot, name))


def _was_killed(snapshot: Snapshot, name: str) -> bool:
    """Whether a kill of this agent is not over; that it is, it says itself once it runs again."""
    errors = shots.rows(snapshot.notifier.get("unresolved_errors"))
    return any(one.get("error_type") == _KILLED and one.get("unit") == agent_unit(name) for one in errors)


def critical(snapshot: Snapshot) -> list[shots.Row]:
    """The unresolved problems that cannot wait."""
    return [one for one in shots.rows(snapshot.notifier.get("unresolved_errors")) if one.get("severity") == "critical"]


def called(problem: shots.Row) -> str:
    """A problem by its name: its type, and whose it is."""
    unit = short(words(problem.get("unit"), ""))
    return words(problem.get("error_type")) + (f" of {unit}" if unit else "")


def problems(snapshot: Snapshot) -> list[str]:
    """What of them needs a human, a line each with the next step."""
    return [line for one in idle(snapshot) for line in _lines(one)]


def _lines(one: Idle) -> Iterator[str]:
    unit = short(agent_unit(one.name))
    if one.is_killed:
        yield (
            f"Agent {one.name} is {one.flag}; {_end(one)}. "
            f"To let it trade again: standfastctl resume {one.name}{_pause_too(one)}, then systemctl start {unit}"
        )
    if one.is_let_go and not one.why:
        yield (
            f"Agent {one.name} was killed and resumed, and does not run: nothing manages what it holds; {_end(one)}. "
            f"To let it trade again: systemctl start {unit}"
        )
    if one.why:
        again = (
            f". To start it again: systemctl reset-failed {unit} && systemctl start {unit}" if one.is_refused else ""
        )
        yield f"Agent {one.name} is down ({one.why}); {_while_down(one)}systemctl status {unit}{again}"


def _while_down(one: Idle) -> str:
    """What one holds that failed, up to where to look."""
    held = one.by_its_books
    known = f"by its own books it holds {held}" if held else "what it holds is not known"
    if held == _NOTHING:
        return f"{known}: look at "
    broker = "" if held.endswith(_ON_PAPER) else "your broker, and at "
    return f"{known}, and nothing manages that until it runs again: look at {broker}"


def _end(one: Idle) -> str:
    """What is known of the end of an agent that was killed by a human, who wants to know what is open."""
    if one.ended is None or one.ended.words == UNTOLD:
        return "it does not run, so what it holds is only to be seen at your broker (on paper: nowhere)"
    return f"it {one.ended.words}" + ("" if one.is_flat or _ON_PAPER in one.ended.words else "; look at your broker")


def _pause_too(one: Idle) -> str:
    return " (which ends the pause as well)" if one.is_paused else ""
