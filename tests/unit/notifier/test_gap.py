"""Whether entries went unread."""

from datetime import datetime

import pytest
from tests.unit.notifier.events import at

from standfast.notifier.gap import Gap, Position, gap


@pytest.mark.parametrize(
    ("cursor", "read_until", "found", "oldest", "answer"),
    [
        ("", None, False, at(0), Gap.FIRST_START),
        ("c", at(100), True, at(0), Gap.NONE),
        ("", at(100), False, at(500), Gap.NONE),
        ("c", at(100), False, at(50), Gap.VACUUMED_READ),
        ("c", at(100), False, at(101), Gap.LOST),
        ("c", at(100), False, None, Gap.VACUUMED_READ),
    ],
)
def test_gap(cursor: str, read_until: datetime | None, found: bool, oldest: datetime | None, answer: Gap) -> None:
    assert gap(Position(cursor, read_until), found, oldest, "boot") is answer


@pytest.mark.parametrize(
    ("stopped_in", "answer"), [("", Gap.LOST), ("boot", Gap.LOST), ("the boot before", Gap.VACUUMED_READ)]
)
def test_a_journal_in_memory_that_was_read_before_the_reboot_is_no_gap(stopped_in: str, answer: Gap) -> None:
    assert gap(Position("c", at(100), stopped_in), False, at(150), "boot") is answer
