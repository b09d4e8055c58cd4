"""What is said of a command that was followed, or was not: whoever gave it looks into the journal for it."""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from standfast.events import HEIR, HEIR_TYPE, RESOLVED_TYPE, Event, Kind
from standfast.notifier.hear import Reason
from standfast.notifier.ledger import Ledger
from standfast.notifier.obey import Obeyed

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Answer:
    """One answer; `fields` are for programs: the command's id, the result, channels of a test or configured."""

    command: str
    reason: Reason
    fields: Mapping[str, str]

    def say(self) -> None:
        """Log it."""
        level = logging.INFO if self.reason in (Obeyed.DONE, Obeyed.REPLACED) else logging.ERROR
        heir = f": {self.fields[HEIR]} ({self.fields[HEIR_TYPE]})" if HEIR in self.fields else ""
        log.log(level, "[NOTIFICATION] Command %s: %s%s", self.command, self.reason, heir, extra=dict(self.fields))


def answer_to(event: Event, reason: Reason, ledger: Ledger, configured: Sequence[str] = ()) -> Answer | None:
    """The answer to an event, None when it is no command or not for us."""
    if event.kind is not Kind.COMMAND or reason is Obeyed.NOT_OURS:
        return None
    changes, asked = ledger.changes, str(event.data.get("id", ""))
    fields = {"STANDFAST_COMMAND": asked, "STANDFAST_RESULT": reason.name}
    channels = next((draft.to.channels for draft in changes.drafts if draft.id and draft.id == asked), ())
    if reason is Obeyed.NO_SUCH_CHANNEL:
        channels = tuple(configured)
    if channels:
        fields["STANDFAST_CHANNELS"] = " ".join(channels)
    if event.type == "RESOLVE" and reason is Obeyed.DONE:
        problem = changes.problems[event.data["id"]]
        fields |= {RESOLVED_TYPE: problem.type, "STANDFAST_UNIT": problem.unit}
    if reason is Obeyed.GAVE_WAY and (heir := ledger.heir_of(event.data["id"])) is not None:
        fields |= {HEIR: str(heir.id), HEIR_TYPE: heir.type}
    return Answer(event.type, reason, fields)
