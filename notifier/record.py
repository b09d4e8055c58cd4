"""What the notifier tells of itself stands in the journal as an event too, for whoever reads the history there."""

import dataclasses
import logging

from standfast.events import RECORD, Event, to_fields

log = logging.getLogger(__name__)


def record(event: Event, level: int) -> None:
    """Log an event that people are told of already, or are about to be; the notifier does not follow it."""
    fields = to_fields(dataclasses.replace(event, data={**event.data, RECORD: True}))
    del fields["PRIORITY"]  # the level's
    log.log(level, "%s", fields.pop("MESSAGE"), extra=fields)
