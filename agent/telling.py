"""What the agent tells of its problems: that one began, is another now, and is over; each end once."""

from collections.abc import Collection, Sequence

from standfast.agent.belongings import Belongings
from standfast.agent.failures import CLOSED_BY_HAND, OPEN_POSITIONS, Failure, FailureType
from standfast.agent.flatness import End
from standfast.agent.lifecycle import State
from standfast.agent.messages import END_TYPES
from standfast.agent.open_problems import OpenProblems
from standfast.agent.steps import StepResult
from standfast.agent.voice import Voice
from standfast.clock import utc_now


class Telling:
    """Tells the problems of one agent, and remembers which are open."""

    def __init__(self, have: Belongings, voice: Voice) -> None:
        self._have = have
        self._voice = voice
        self._open = OpenProblems(have)

    @property
    def open(self) -> dict[str, str]:
        """The types that were told and are not over, with the time since when."""
        return self._open.all

    def is_told(self, kind: str) -> bool:
        """Whether a problem of this kind was said in this life, and not yet that it is over."""
        return self._open.is_told(kind)

    def begins(self, state: State, failure: Failure, began: str = "") -> None:
        """Say a problem, with when it was seen first where that was not just now, and remember that it was said."""
        self._remember(state, failure)
        over = tuple(self.open) if failure.type is FailureType.KILLED and self._have.flags.killed else ()
        since = self._since(failure.type)
        self._voice.say(self._voice.messages.problem(state, failure, self._have.own.words, since, over, began))
        for kind in self.open.keys() & OPEN_POSITIONS if over else ():
            self._voice.say(self._voice.messages.not_looked_after(state, kind, self._have.own.words))

    def stands_otherwise(self, state: State, failure: Failure) -> None:
        """Say how a problem stands that was told in other words, and lasts."""
        self._voice.say(self._voice.messages.stands_otherwise(state, failure, self._have.own.words))

    def lasts_over_a_start(self, state: State) -> None:
        """Say of positions that an earlier run left open that they are looked after: a killed agent does not."""
        for kind in () if self._have.flags.killed else self.open.keys() & OPEN_POSITIONS:
            self._voice.say(self._voice.messages.started_again(state, kind, self._have.own.words))

    def are_over(self, state: State, kinds: Collection[str], why: str) -> None:
        """Say of those of these problems that were told that they are over, in these words."""
        for kind, since in self.open.items():
            if kind in kinds:
                by_hand = self._is_ended_by_hand(kind)
                self._open.forget(kind)
                self._voice.say(self._voice.messages.resolved(state, kind, since, why, by_hand=by_hand))

    def _is_ended_by_hand(self, kind: str) -> bool:
        """Whether only a person ends it, by a start, a reload, a resume; what it tells of itself alive may pass."""
        by_itself = kind == FailureType.POSITIONS_NOT_FLAT and self.is_told(kind)
        return kind in CLOSED_BY_HAND and not by_itself

    def the_end(
        self, state: State, was: State, end: End, steps: Sequence[StepResult], took_s: float, *, restarts: bool
    ) -> None:
        """Say how the agent ended; an end that is not flat is a problem until the next start has seen to it."""
        kind, _ = END_TYPES.get(end.kind, (None, None))
        if kind is not None:
            self._remember(state, Failure(kind, str(end)))
            if kind is not FailureType.POSITIONS_UNVERIFIED:
                self.are_over(state, {FailureType.POSITIONS_UNVERIFIED}, f"found out at its end what is open: {end}")
        said = self._voice.messages.shutdown(
            was,
            end,
            steps,
            took_s,
            self._have.own.words,
            open_kinds=tuple(self.open),
            restarts=restarts,
            since=self._since(kind),
            killed=str(self._have.flags.killed or ""),
        )
        self._voice.say(said)

    def _since(self, kind: FailureType | None) -> str:
        """Since when it is so, where a human's file says that: it lasts over any number of starts and stops."""
        killed = self._have.flags.killed if kind is FailureType.KILLED else None
        return killed.at if killed else ""

    def _remember(self, state: State, failure: Failure) -> None:
        """Remember a problem that is about to be told; people heard of other positions before, if of any."""
        if self._open.is_told_otherwise(failure.type):
            self._open.forget(failure.type)
            self._voice.say(self._voice.messages.told_anew(state, failure.type))
        self._open.add(failure, utc_now())
