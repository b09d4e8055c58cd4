"""Commands that the notifier refused: in the journal they stand beside those that it followed. Pure."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final

from standfast.events import HEIR, Event, Kind
from standfast.moments import logged_at
from standfast.notifier.entries import to_text

# What the notifier answers (see standfast.notifier.obey), and what that means.
REFUSED: Final[Mapping[str, str]] = {
    "NO_SUCH_PROBLEM": "no unresolved problem has this number",
    "GAVE_WAY": "it gave way to a worse problem",
    "NO_SUCH_SILENCE": "no silence has this id",
    "NO_SUCH_CHANNEL": "this channel is not configured",
    "BAD": "the notifier does not understand it",
}


@dataclass(frozen=True, slots=True)
class Answer:
    """A command that was not followed: its id, and the notifier's word for why; of what gave way, the number of now."""

    at: datetime
    command: str
    result: str
    heir: str = ""

    @property
    def why(self) -> str:
        """Why, in words."""
        words = REFUSED.get(self.result, self.result)
        return f"{words}, {self.heir}" if self.heir else words


def answer_of(entry: Mapping[str, Any]) -> Answer:
    """The answer that an entry of the journal is, as the library that reads it gives it."""
    command, result, heir = (to_text(entry.get(name, "")) for name in ("STANDFAST_COMMAND", "STANDFAST_RESULT", HEIR))
    return Answer(logged_at(entry), command, result, heir)


class Refusals:
    """The answers, each for one command: the last one of the same id that was given before it."""

    def __init__(self, answers: Iterable[Answer]) -> None:
        self._left = list(answers)

    def marked(self, event: Event, at: datetime) -> Event:
        """An event of that time, and if it is a command that was refused, with why; give the newest one first."""
        why = self._why(event, at) if event.kind is Kind.COMMAND and "id" in event.data else ""
        if not why:
            return event
        return replace(event, message=f"{event.message} (refused: {why})", data={**event.data, "refused": why})

    def _why(self, event: Event, at: datetime) -> str:
        command = str(event.data["id"])
        for one in self._left:
            if one.command == command and one.at >= at:
                self._left.remove(one)
                return one.why
        return ""
