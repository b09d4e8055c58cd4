"""What the agent says: its events and its STATUS= line. Pure."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Final

from standfast.agent.failures import ABOUT_POSITIONS, BESIDE_A_STATE, Failure, FailureType, Setting
from standfast.agent.flatness import End, EndKind
from standfast.agent.lifecycle import State, Transition
from standfast.agent.steps import StepResult
from standfast.events import (
    AGENT_ENDED_UNCLEAN,
    BY_HAND,
    CLOSES,
    HELD,
    HOW,
    LASTS,
    RESTARTS,
    SINCE,
    Event,
    Kind,
    Severity,
)
from standfast.time_words import span
from standfast.unit_names import agent_unit, short

# How an end that is not flat is told: its type, and how much it matters.
END_TYPES: Final[Mapping[EndKind, tuple[FailureType, Severity]]] = {
    EndKind.NOT_FLAT: (FailureType.POSITIONS_NOT_FLAT, Severity.CRITICAL),
    EndKind.UNVERIFIED: (FailureType.POSITIONS_UNVERIFIED, Severity.CRITICAL),
    EndKind.HELD: (FailureType.POSITIONS_HELD, Severity.WARNING),
    # No second problem beside the one that was told when it was killed.
    EndKind.HELD_KILLED: (FailureType.KILLED, Severity.WARNING),
}
_START: Final = "systemctl start standfast-agent@{name}"
# A killed agent that is only started does nothing.
_RESUME: Final = f"standfastctl resume {{name}} (unless that is done), then: {_START}"
_TRADE_AGAIN: Final = "let it trade again: "
_THEN: Final = f"then: standfastctl resolve NUMBER (the number is in standfastctl errors); or {_TRADE_AGAIN}{_START}"
# Else its start finds once more that it cannot trade.
_SET_BACK: Final = "set it back in its configuration to where it holds that, and "
# The next step after an end, where it is another one than its type's.
_KEPT: Final = f"to have the agent manage them again: {_RESUME}"
_END_STEPS: Final[Mapping[EndKind, str]] = {
    EndKind.HELD_KILLED: f"Look at the positions at your broker; {_KEPT}",
    EndKind.NOT_FLAT: (f"Look at the positions and orders at the broker now and close by hand what is open, {_THEN}"),
    EndKind.UNVERIFIED: (f"Compare the broker's books with what it names and close by hand what is wrong, {_THEN}"),
}
# The same where all of it is simulated: nobody has a broker to look at.
_ON_PAPER: Final = f"It is on paper, so nothing is to be closed by hand. If the agent is not to run any more, {_THEN}"
_PAPER_STEPS: Final[Mapping[EndKind, str]] = {
    EndKind.HELD_KILLED: f"The positions are on paper; {_KEPT}",
    EndKind.NOT_FLAT: _ON_PAPER,
    EndKind.UNVERIFIED: _ON_PAPER,
}


class Messages:
    """The events of one agent, for whose next steps `setting` tells how it is set up now."""

    def __init__(self, name: str, setting: Callable[[], Setting] = Setting) -> None:
        self.name = name
        self.unit = agent_unit(name)
        self._setting = setting

    def state(self, transition: Transition, failure: Failure | None) -> Event:
        """A transition was made."""
        return Event(
            Kind.STATE,
            f"Agent {self.name}: {transition.previous} -> {transition.state}: {transition.detail}",
            type=failure.type if failure else "",
            unit=self.unit,
            failure_class=failure.failure_class if failure else None,
            state=transition.state,
            previous_state=transition.previous,
            data={"cause": transition.cause.value},
        )

    def problem(
        self,
        state: State,
        failure: Failure,
        held: str,
        since: str = "",
        open_kinds: Iterable[str] = (),
        began: str = "",
    ) -> Event:
        """The agent entered a state because of a failure, or found one without leaving its state.

        Args:
            held: what it holds, in words; "" for nothing.
            since: since when it is so (ISO 8601), where that was not just now.
            open_kinds: the problems that it waits for no more, having been killed: see `shutdown`.
            began: when it was seen first (ISO 8601), of one that is told only after retries.
        """
        who = f"Agent {self.name}" + ("" if failure.type in BESIDE_A_STATE else f" is {state}")
        closes = [one for one in _nobodys(open_kinds) if one != failure.type]
        return Event(
            Kind.PROBLEM,
            f"{who}: {failure.detail}"
            + (f"; it holds {held}{self._on_paper}" if held and held not in failure.detail else ""),
            type=failure.type,
            severity=Severity.CRITICAL if failure.is_critical else Severity.WARNING,
            unit=self.unit,
            failure_class=failure.failure_class,
            state=state,
            action=self._step(failure),
            data=({SINCE: began} if began else {}) | _lasting(since) | ({CLOSES: closes} if closes else {}),
        )

    def stands_otherwise(self, state: State, failure: Failure, held: str) -> Event:
        """Other words and another next step of a problem that was told and lasts."""
        return replace(self.problem(state, failure, held), kind=Kind.UPDATE)

    def resolved(self, state: State, kind: str, since: str, why: str, *, by_hand: bool = False) -> Event:
        """A problem of that type is over, because the agent did or saw what `why` says; `by_hand` by a person's deed.

        What a person ends each time does not come and go by itself: it is told each time that it begins.
        """
        return Event(
            Kind.RESOLVED,
            f"Agent {self.name} {why}; {kind} is over",
            type=kind,
            severity=Severity.WARNING,
            unit=self.unit,
            state=state,
            data={SINCE: since} | ({BY_HAND: True} if by_hand else {}),
        )

    def told_anew(self, state: State, kind: str) -> Event:
        """Other positions are left open than those that were told: no further occurrence of that, but news."""
        return Event(
            Kind.RESOLVED,
            f"Agent {self.name} leaves open otherwise than {kind} said: it is told anew",
            type=kind,
            severity=Severity.WARNING,
            unit=self.unit,
            state=state,
            data={"superseded_by": kind},
        )

    def started_again(self, state: State, kind: str, held: str) -> Event:
        """An agent runs again that left open what was told; whether that is over it finds out before it trades."""
        words = f"Agent {self.name} was started again and looks into the books before it trades{_as_known(held)}"
        action = "The agent tells what it finds, or that this is over; what it does now: standfastctl status"
        return self._stands(state, kind, words, action)

    def not_looked_after(self, state: State, kind: str, held: str) -> Event:
        """A killed agent runs beside what an earlier end left open: it neither looks into that nor trades."""
        killed = "is killed, so it closes nothing and does not say that this is over"
        again = f"to let it look into the books and trade again: standfastctl resume {self.name}"
        words = f"Agent {self.name} runs, but {killed}{_as_known(held)}"
        return self._stands(state, kind, words, f"Look at the positions{self._where}; {again}")

    def looked_after_no_more(self, kind: str, how: str, held: str) -> Event:
        """An agent that had been started again did not end in order: what it had left open is open as it was."""
        action = f"See that systemd starts it again: standfastctl status; else: systemctl start {short(self.unit)}"
        return self._stands(State.SHUTDOWN, kind, self._unclean(how, held), action)

    def _stands(self, state: State, kind: str, words: str, action: str) -> Event:
        """How what an end left open stands now."""
        severity = Severity.WARNING
        return Event(Kind.UPDATE, words, type=kind, severity=severity, unit=self.unit, state=state, action=action)

    def still_waiting(self, failure: Failure, waited_s: float) -> Event:
        """The hourly word from an agent that waits."""
        return Event(
            Kind.STATUS,
            f"Agent {self.name} is still WAITING after {span(waited_s)}: {failure.detail}",
            type=failure.type,
            severity=Severity.WARNING,
            unit=self.unit,
            failure_class=failure.failure_class,
            state=State.WAITING,
            action=self._step(failure),
            data={"waited_s": round(waited_s)},
        )

    def ended_unclean(self, how: str, held: str, open_kinds: Iterable[str] = ()) -> Event:
        """Its process ended without the steps of an end; for the journal, since systemd mostly starts it again.

        Where it does not, the detector tells it, and closes what is nobody's then: see `shutdown` for `open_kinds`.
        """
        return Event(
            Kind.STATE,
            self._unclean(how, held),
            type=AGENT_ENDED_UNCLEAN,
            unit=self.unit,
            state=State.SHUTDOWN,
            data={HELD: held, HOW: how, CLOSES: _nobodys(open_kinds)},
        )

    def shutdown(
        self,
        was: State,
        end: End,
        steps: Sequence[StepResult],
        took_s: float,
        held: str,
        *,
        open_kinds: Iterable[str] = (),
        restarts: bool = False,
        since: str = "",
        killed: str = "",
    ) -> Event:
        """The agent ends; anything but flat needs a human, at once.

        Args:
            since: since when what it ends with is so (ISO 8601), where that was not just now.
            held: what it holds by its own books, in words; "" for nothing.
            open_kinds: the problems that were told and are not over; what is not about positions is nobody's now.
            restarts: whether systemd starts it again at once.
            killed: by whom, when and why, of one that a human killed; "" for no such.
        """
        kind, severity = END_TYPES.get(end.kind, (None, Severity.INFO))
        who = f"Agent {self.name} (killed {killed})" if kind and killed else f"Agent {self.name}"
        known = _as_known(held) if kind and held not in end.detail else ""
        steps_of = _PAPER_STEPS if self._setting().on_paper else _END_STEPS
        step = "" if restarts and end.kind is not EndKind.HELD_KILLED else steps_of.get(end.kind, "")
        if killed and end.kind is not EndKind.HELD_KILLED:
            step = step.replace(_START, _RESUME)
        if FailureType.HELD_ELSEWHERE in open_kinds:
            step = step.replace(_TRADE_AGAIN, f"{_SET_BACK}{_TRADE_AGAIN}")
        paper = self._on_paper if kind else ""
        again = "; systemd starts it again" if restarts else ""
        more = {RESTARTS: True} if restarts else {CLOSES: _nobodys(open_kinds)}
        return Event(
            Kind.SHUTDOWN,
            f"{who} stopped from {was} in {took_s:.2f} s: {end}{known}{paper}{again}",
            type=kind or "",
            severity=severity,
            unit=self.unit,
            state=State.SHUTDOWN,
            previous_state=was,
            action=self._step(Failure(kind, end.detail, step)) if kind else "",
            data={
                "verdict": end.kind.value,
                "steps": {one.name.value: one.outcome.value for one in steps},
                **more,
                **_lasting(since),
            },
        )

    def _unclean(self, how: str, held: str) -> str:
        return f"Agent {self.name} did not end in order ({how}); by its own books it holds {held or 'nothing'}"

    @property
    def _on_paper(self) -> str:
        """What stands behind what it holds where no broker knows of that."""
        return " (on paper)" if self._setting().on_paper else ""

    @property
    def _where(self) -> str:
        return ", which are on paper" if self._setting().on_paper else " at the broker"

    def _step(self, failure: Failure) -> str:
        return failure.action(self.name, self._setting())


def _lasting(since: str) -> dict[str, object]:
    """What is so since a human made it so, over any number of starts and stops."""
    return {SINCE: since, LASTS: True} if since else {}


def _nobodys(kinds: Iterable[str]) -> list[str]:
    """The problems of an agent that nobody has to see to while it does not run."""
    return [one for one in kinds if one not in ABOUT_POSITIONS]


def _as_known(held: str) -> str:
    return f"; as far as is known it holds {held}" if held else ""
