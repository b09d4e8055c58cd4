"""Events travel as journal fields and come back as they were; foreign and hostile ones are understood or ignored."""

import pytest

from standfast.events import (
    AGENT_ENDED_UNCLEAN_ID,
    MESSAGE_IDS,
    PRIORITIES,
    UNIT_STATE_ID,
    WATCHER_STARTED_ID,
    Event,
    FailureClass,
    Kind,
    Severity,
    from_fields,
    to_fields,
)

WAITING = Event(
    kind=Kind.PROBLEM,
    message="OpenAlgo is away",
    type="OPENALGO_DOWN",
    severity=Severity.CRITICAL,
    unit="standfast-agent@x.service",
    failure_class=FailureClass.TRANSIENT,
    state="WAITING",
    previous_state="ACTIVE",
    level="NONE",
    action="start OpenAlgo",
    data={"attempts": 4},
)


@pytest.mark.parametrize("event", [WAITING, Event(Kind.CANARY, "beep"), Event(Kind.RESOLVED, "back", type="A_B")])
def test_fields_and_back(event: Event) -> None:
    assert from_fields(to_fields(event)) == event


def test_the_fields_that_others_filter_on() -> None:
    fields = to_fields(WAITING)
    assert fields["MESSAGE"] == "[HEALTH-CHECK] OpenAlgo is away"
    assert fields["STANDFAST_CLASS"] == "TRANSIENT"
    assert fields["PRIORITY"] == "2"
    assert fields["MESSAGE_ID"] == MESSAGE_IDS[Kind.PROBLEM]
    assert "STANDFAST_DATA" not in to_fields(Event(Kind.STATE, "x"))
    # The catalogue's text about a problem names its class.
    assert to_fields(Event(Kind.PROBLEM, "x"))["STANDFAST_CLASS"] == "NONE"
    assert "STANDFAST_CLASS" not in to_fields(Event(Kind.STATE, "x"))


def test_every_kind_has_its_own_message_id_and_survives_a_flood() -> None:
    assert set(MESSAGE_IDS) == set(Kind)
    assert len(set(MESSAGE_IDS.values())) == len(Kind)


def test_what_else_has_a_state_than_an_agent_is_explained_by_an_entry_of_its_own() -> None:
    """What is true of an agent's SHUTDOWN is not of one that was killed, nor of a unit that crashed."""
    own = Event(Kind.STATE, "", state="SHUTDOWN")
    killed = Event(Kind.STATE, "", type="AGENT_ENDED_UNCLEAN", state="SHUTDOWN")
    crashed = Event(Kind.STATE, "", state="CRASHED")
    started = Event(Kind.STATE, "", type="WATCHER_STARTED")
    ids = [to_fields(event)["MESSAGE_ID"] for event in (own, killed, crashed, started)]
    assert ids == [MESSAGE_IDS[Kind.STATE], AGENT_ENDED_UNCLEAN_ID, UNIT_STATE_ID, WATCHER_STARTED_ID]
    problem = Event(Kind.PROBLEM, "", type="AGENT_ENDED_UNCLEAN")
    assert to_fields(problem)["MESSAGE_ID"] == MESSAGE_IDS[Kind.PROBLEM]
    assert max(PRIORITIES.values()) <= 4


def test_a_foreign_program_needs_three_fields() -> None:
    event = from_fields(
        {
            "STANDFAST": "1",
            "STANDFAST_EVENT": "problem",
            "STANDFAST_TYPE": "DISK",
            "_SYSTEMD_UNIT": "a.service",
            "MESSAGE": "full",
        }
    )
    assert event == Event(Kind.PROBLEM, "full", type="DISK", severity=Severity.WARNING, unit="a.service")


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"STANDFAST": "1"},
        {"STANDFAST": "1", "STANDFAST_EVENT": "coffee"},
        {"STANDFAST": "0", "STANDFAST_EVENT": "problem"},
    ],
)
def test_what_is_no_event_is_ignored(fields: dict[str, str]) -> None:
    assert from_fields(fields) is None


def test_a_text_that_has_no_utf_8_does_not_stop_an_event() -> None:
    assert to_fields(Event(Kind.PROBLEM, "bad \udc80 text"))["MESSAGE"] == "[HEALTH-CHECK] bad ? text"


@pytest.mark.parametrize("data", ["[1]", "{", "1", "[" * 100_000, '"x"'])
def test_data_that_is_no_object_is_taken_as_absent(data: str) -> None:
    event = from_fields(
        {"STANDFAST": "1", "STANDFAST_EVENT": "problem", "STANDFAST_SEVERITY": "loud", "STANDFAST_DATA": data}
    )
    assert event is not None
    assert event.data == {}
    assert event.severity is Severity.WARNING
