"""What the status file holds."""

from datetime import UTC

from tests.unit.notifier.events import at

from standfast.notifier.model import Delivery, Waiting
from standfast.notifier.status import table, words


def test_the_status_file_says_each_thing_once() -> None:
    delivery = Delivery({"webhook": Waiting(2, at(9), "HTTP 503", at(2))}, {"journal": at(1)})
    assert table({"unresolved": 1}, delivery, ("journal", "webhook"), at(5)) == {
        "unresolved": 1,
        "queued": 2,
        "last_delivered": "2026-03-02T09:30:01.000+00:00",
        "channels": [
            {
                "name": "journal",
                "queued": 0,
                "last_delivered": "2026-03-02T09:30:01.000+00:00",
                "oldest_queued": None,
                "refusing": "",
                "failing": "",
            },
            {
                "name": "webhook",
                "queued": 2,
                "last_delivered": None,
                "oldest_queued": "2026-03-02T09:30:02.000+00:00",
                "refusing": "",
                "failing": "HTTP 503",
            },
        ],
        "checked_at": "2026-03-02T09:30:05.000+00:00",
    }


def test_the_line_says_what_a_channel_refuses() -> None:
    delivery = Delivery({}, {"journal": at(1)}, {"telegram": "HTTP 401 Unauthorized"})
    assert words(1, delivery, UTC) == (
        "1 unresolved problem, 0 messages queued, last delivered 09:30, telegram refuses: HTTP 401 Unauthorized"
    )
    (row,) = table({}, delivery, ("telegram",), at(5))["channels"]
    assert (row["failing"], row["refusing"]) == ("HTTP 401 Unauthorized", "HTTP 401 Unauthorized")
