"""What the notifier tells of itself is in the journal for `standfastctl history`, and is not told once more."""

import logging

import pytest
from tests.unit.notifier.events import at
from tests.unit.notifier.fold import Fold

from standfast.events import Event, Kind, Severity, from_fields
from standfast.notifier.hear import Plain
from standfast.notifier.model import Heard
from standfast.notifier.record import record
from standfast.unit_names import NOTIFIER


def logged(record: logging.LogRecord) -> dict[str, str]:
    """The fields of an entry, as the journal's handler takes them."""
    return {"MESSAGE": record.getMessage(), **{key: str(one) for key, one in vars(record).items() if key.isupper()}}


@pytest.mark.parametrize("kind", [Kind.PROBLEM, Kind.RESOLVED])
def test_a_record_is_the_event_and_leads_to_no_message(kind: Kind, caplog: pytest.LogCaptureFixture) -> None:
    event = Event(kind, "entries were removed", "JOURNAL_GAP", Severity.CRITICAL, NOTIFIER, action="look")
    record(event, logging.ERROR)
    (entry,) = caplog.records
    assert entry.levelno == logging.ERROR
    found = from_fields(logged(entry))
    assert found is not None
    assert (found.kind, found.message, found.type, found.action) == (kind, event.message, event.type, event.action)
    fold = Fold()
    assert fold.hear(Heard(found, at(0))) is Plain.NOT_TOLD
    assert fold.tick(100) == []
