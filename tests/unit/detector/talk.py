"""A mind, and everything it said."""

from __future__ import annotations

from dataclasses import replace

from tests.unit.detector.make import config, up

from standfast.detector.config import Mode
from standfast.detector.mind import Mind, Turn
from standfast.detector.model import Observation, Run, RunResult
from standfast.events import Event, Kind, Severity


class Talk:
    """A mind, and everything it said."""

    def __init__(self, mode: Mode = Mode.ACT, **more: object) -> None:
        self.mind = Mind(config("a", "b", "c", "d", mode=mode, **more))
        self.events: list[Event] = []
        self.lines: list[str] = []
        self.see(*(up(0, unit) for unit in "abcd"), scheduled=True)

    def see(self, *observations: Observation, scheduled: bool = False) -> Turn:
        turn = self.mind.take(observations, observations[0].at, scheduled=scheduled)
        self.events += turn.events
        self.lines += [event.message for event in turn.events if event.kind is Kind.DECISION]
        if turn.step.decision is not None and turn.step.decision.allowed:
            self.mind.ask(turn.step.decision, observations[0].at)
        return turn

    def told(self) -> list[tuple[Kind, str, Severity]]:
        told = (event for event in self.events if event.kind not in (Kind.LEVEL, Kind.DECISION))
        return [(event.kind, event.type, event.severity) for event in told]

    def levels(self) -> list[str]:
        return [event.level for event in self.events if event.kind is Kind.LEVEL]


def ran(*at: float, **more: object) -> Talk:
    talk = Talk(Mode.ACT, **more)
    runs = tuple(Run(one, RunResult.SUCCESS, automatic=False) for one in at)
    talk.mind.state = replace(talk.mind.state, runs=runs)
    return talk
