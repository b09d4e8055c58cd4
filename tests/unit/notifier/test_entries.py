"""What other programs put into the journal is bounded and read safely."""

import pytest
from tests.unit.notifier.events import START

from standfast.events import Kind, Severity
from standfast.notifier.entries import LONGEST_FIELD_BYTES, Entry, to_fields

LEAST = {"STANDFAST": b"1", "STANDFAST_EVENT": b"problem", "STANDFAST_TYPE": b"DISK", "_SYSTEMD_UNIT": b"x.service"}


def entry(**raw: object) -> Entry:
    return Entry(to_fields({**LEAST, **raw}), "cursor", START)


def test_a_foreign_program_needs_three_fields() -> None:
    event = entry().event()
    assert event is not None
    assert (event.kind, event.type, event.unit, event.severity) == (Kind.PROBLEM, "DISK", "x.service", Severity.WARNING)


@pytest.mark.parametrize(
    ("raw", "text"),
    [
        (b"plain", "plain"),
        (b"\xff\xfe broken", "\ufffd\ufffd broken"),
        ([b"first", b"second"], "first"),
        ([], ""),
        (b"x" * 70_000, "x" * LONGEST_FIELD_BYTES),
    ],
)
def test_a_message_of_any_form_is_text(raw: object, text: str) -> None:
    assert entry(MESSAGE=raw).fields["MESSAGE"] == text


@pytest.mark.parametrize(("raw", "uid"), [(b"0", 0), (b"1000", 1000), (b"", None), (b"-1", None), ("²".encode(), None)])
def test_the_user_id(raw: bytes, uid: int | None) -> None:
    assert entry(_UID=raw).uid == uid


@pytest.mark.parametrize("data", [b"[" * 100_000, b'{"a":' * 3000, b"\xff", b"null", b"17"])
def test_a_bomb_in_the_data_is_no_data(data: bytes) -> None:
    event = entry(STANDFAST_DATA=data).event()
    assert event is not None
    assert event.data == {}


def test_an_entry_of_an_unknown_kind_is_no_event() -> None:
    assert entry(STANDFAST_EVENT=b"party").event() is None
