"""Agents that are configured and do not run: what became of them, and what of theirs is not settled. Pure."""

from collections.abc import Iterator
from dataclasses import dataclass

from standfast.overview import snapshot as shots
from standfast.overview.snapshot import Snapshot, words
from standfast.overview.tones import Tone, is_failing
from standfast.unit_names import agent_unit, short

# Nobody but a running agent knows what it holds.
HOLDS = "unknown while it does not run"


@dataclass(frozen=True, slots=True)
class Idle:
    """An agent that does not run, of which there is something to say.

    Attributes:
        state: what the detector says of its unit, in a word.
        flag: what a human put beside its configuration, "" for nothing.
        why: why its unit fails, "" where it does not.
        unsettled: its critical problems that nobody has resolved, type and message.
    """

    name: str
    state: str
    flag: str = ""
    why: str = ""
    unsettled: tuple[str, ...] = ()

    @property
    def is_killed(self) -> bool:
        """Whether a human killed it."""
        return self.flag.startswith("killed")

    @property
    def tone(self) -> Tone:
        """How it is to be taken: one that is killed or that left something behind waits for a human."""
        if self.why or self.unsettled:
            return Tone.BAD
        return Tone.WARNING if self.is_killed else Tone.PLAIN

    @property
    def reason(self) -> str:
        """All that is known of it, in words."""
        return "; ".join(filter(None, (self.flag, self.why, *self.unsettled)))


def idle(snapshot: Snapshot) -> Iterator[Idle]:
    """The agents that do not run, of which the detector, a flag or an unresolved problem tells."""
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
        if row or flag or unsettled:
            yield Idle(name, state, flag, why, unsettled)


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
            f"Agent {one.name} is {one.flag}; it does not run, so what it holds is only to be seen at your broker. "
            f"To let it trade again: standfastctl resume {one.name}, then systemctl start {unit}"
        )
    if one.why:
        yield (
            f"Agent {one.name} is down ({one.why}); what it holds is not known until it runs again: look at your "
            f"broker, and at systemctl status {unit}"
        )
