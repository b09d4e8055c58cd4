"""The journal as a channel: a message becomes an entry. It needs no account."""

from typing import Final

from systemd import journal

from standfast.events import MESSAGE_IDS, PRIORITIES, TOPICS, Kind, Severity
from standfast.notifier.channels.channel import Answer, Body, Outcome, Standing

IDENTIFIER: Final = "standfast-notifier"


class JournalChannel:
    """Writes entries that carry no STANDFAST=1, so that they are never read as events."""

    def deliver(self, body: Body, parts_done: int = 0) -> Answer:
        """Log the message with its id and severity as fields."""
        severity = Severity(body["severity"])
        try:
            journal.send(
                f"{TOPICS[Kind.NOTIFICATION]} {body['text']}",
                MESSAGE_ID=MESSAGE_IDS[Kind.NOTIFICATION],
                PRIORITY=str(PRIORITIES[severity]),
                SYSLOG_IDENTIFIER=IDENTIFIER,
                STANDFAST_EVENT=Kind.NOTIFICATION.value,
                STANDFAST_SEVERITY=severity.value,
                STANDFAST_NOTIFICATION=body["id"],
                STANDFAST_NOTIFICATION_KIND=body["kind"],
            )
        except OSError as error:
            return Answer(Outcome.RETRY, f"journald does not answer: {error.strerror}")
        return Answer(Outcome.DELIVERED)

    def standing(self) -> Standing:
        """It asks for no credentials."""
        return Standing(True)

    def close(self) -> None:
        """Nothing is held."""
