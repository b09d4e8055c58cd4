"""What is said of a command that was followed, or was not: whoever gave it looks into the journal for it."""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from standfast.events import Event, Kind
from standfast.notifier.hear import Reason
from standfast.notifier.model import Draft
from standfast.notifier.obey import Obeyed

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Answer:
    """One answer; `fields` are for programs: the command's id, the result, the channels of a test."""

    command: str
    reason: Reason
    fields: Mapping[str, str]

    def say(self) -> None:
        """Log it."""
        level = logging.INFO if self.reason in (Obeyed.DONE, Obeyed.REPLACED) else logging.ERROR
        log.log(level, "[NOTIFICATION] Command %s: %s", self.command, self.reason, extra=dict(self.fields))


def answer_to(event: Event, reason: Reason, drafts: Sequence[Draft]) -> Answer | None:
    """The answer to an event, None when it is no command or not for us."""
    if event.kind is not Kind.COMMAND or reason is Obeyed.NOT_OURS:
        return None
    asked = str(event.data.get("id", ""))
    channels = next((draft.to.channels for draft in drafts if draft.id and draft.id == asked), ())
    fields = {"STANDFAST_COMMAND": asked, "STANDFAST_RESULT": reason.name}
    return Answer(event.type, reason, {**fields, "STANDFAST_CHANNELS": " ".join(channels)} if channels else fields)
