"""What becomes of each event, and what time brings."""

import pytest
from tests.unit.notifier.events import AGENT, at, plain, problem, resolved
from tests.unit.notifier.fold import Fold, kinds

from standfast.events import FailureClass, Kind, Severity
from standfast.moments import iso
from standfast.notifier.aggregate import Admission
from standfast.notifier.dedup import Match
from standfast.notifier.hear import Plain, hear
from standfast.notifier.ledger import Ledger
from standfast.notifier.model import Heard, MessageKind
from standfast.notifier.resolution import Recovery, Return
from standfast.notifier.throttle import Throttle
from standfast.notifier.tick import next_due


def test_a_first_occurrence_is_told_when_its_window_closes() -> None:
    fold = Fold()
    assert fold.hear(problem()) is Admission.OPENED
    assert fold.tick(59.9) == []
    (draft,) = fold.tick(60)
    assert draft.kind is MessageKind.PROBLEM
    assert draft.problems[0].told_at == at(60)
    assert draft.to.channels == ("journal",)


def test_ten_thousand_occurrences_are_one_message() -> None:
    fold = Fold()
    for number in range(10_000):
        fold.hear(problem(number / 1000, message=f"attempt {number}"))
    (draft,) = fold.tick(60)
    assert draft.problems[0].occurrences == 10_000
    assert draft.problems[0].message == "attempt 9999"


def test_three_types_in_one_window_are_one_message() -> None:
    fold = Fold()
    assert fold.hear(problem(0, "OPENALGO_DOWN")) is Admission.OPENED
    assert fold.hear(problem(20, "DATABASE_LOCKED")) is Admission.JOINED
    assert fold.hear(problem(40, "FEED_STALE")) is Admission.JOINED
    (draft,) = fold.tick(60)
    assert draft.kind is MessageKind.AGGREGATE
    assert [one.type for one in draft.problems] == ["OPENALGO_DOWN", "DATABASE_LOCKED", "FEED_STALE"]
    assert fold.tick(120) == []


def test_the_same_type_of_two_units_is_two_problems() -> None:
    fold = Fold()
    fold.hear(problem(unit="a.service"))
    fold.hear(problem(unit="b.service"))
    (draft,) = fold.tick(60)
    assert [one.unit for one in draft.problems] == ["a.service", "b.service"]


def test_resolved_before_the_window_closed_is_told_to_nobody() -> None:
    fold = Fold()
    fold.hear(problem())
    assert fold.hear(resolved(30)) is Recovery.NEVER_TOLD
    assert fold.tick(600) == []
    assert fold.ledger.window_closes_at is None


def test_what_is_left_in_the_window_is_told_without_what_was_resolved() -> None:
    fold = Fold()
    fold.hear(problem(0, "OPENALGO_DOWN"))
    fold.hear(problem(10, "DATABASE_LOCKED"))
    fold.hear(resolved(20, "OPENALGO_DOWN"))
    (draft,) = fold.tick(60)
    assert draft.kind is MessageKind.PROBLEM
    assert draft.problems[0].type == "DATABASE_LOCKED"


def test_critical_is_told_at_once_and_leaves_the_others_waiting() -> None:
    fold = Fold()
    fold.hear(problem(0, "OPENALGO_DOWN"))
    assert fold.hear(problem(1, "CASCADING_FAILURE", severity=Severity.CRITICAL)) is Admission.AT_ONCE
    (draft,) = fold.drafts()
    assert draft.severity is Severity.CRITICAL
    assert kinds(fold.tick(60)) == ["problem"]


def test_a_held_problem_that_becomes_critical_is_told_at_once() -> None:
    fold = Fold()
    fold.hear(problem(0))
    assert fold.hear(problem(1, severity=Severity.CRITICAL)) is Admission.AT_ONCE
    assert kinds(fold.drafts()) == ["problem"]
    assert fold.ledger.window_closes_at is None
    assert fold.tick(60) == []


def test_a_told_problem_that_becomes_critical_is_told_again_at_once() -> None:
    fold = Fold()
    fold.hear(problem(0))
    fold.tick(60)
    assert fold.hear(problem(70, severity=Severity.CRITICAL)) is Match.ESCALATED
    assert kinds(fold.drafts()) == ["problem"]
    assert fold.hear(problem(71, severity=Severity.CRITICAL)) is Throttle.WITHIN_WINDOW


def test_a_recovery_is_told_once_with_duration_and_count() -> None:
    fold = Fold()
    fold.hear(problem(0))
    fold.hear(problem(5))
    fold.tick(60)
    assert fold.hear(resolved(90)) is Recovery.TOLD_SOON
    assert next_due(fold.ledger, fold.config, at(90)) == at(95)
    assert fold.tick(94.9) == []
    (draft,) = fold.tick(95)
    assert draft.kind is MessageKind.RECOVERY
    assert draft.problems[0].occurrences == 2
    assert draft.problems[0].resolved_at == at(90)
    assert fold.hear(resolved(96)) is Recovery.UNKNOWN
    assert fold.tick(200) == []


def test_an_end_is_told_in_the_words_that_are_for_people() -> None:
    fold = Fold()
    fold.hear(problem(0))
    fold.tick(60)
    fold.hear(resolved(70, words="it is free"))
    (draft,) = fold.tick(75)
    assert draft.problems[0].ended_with == "it is free"


def test_a_problem_that_gave_way_to_a_worse_one_is_not_told_as_over() -> None:
    fold = Fold()
    fold.hear(problem(0, "FLEET_WARNING"))
    fold.tick(60)
    assert fold.hear(resolved(70, "FLEET_WARNING", superseded_by="CASCADING_FAILURE")) is Recovery.SUPERSEDED
    fold.hear(problem(70, "CASCADING_FAILURE", severity=Severity.CRITICAL))
    (draft,) = fold.drafts()
    assert draft.problems[0].type == "CASCADING_FAILURE"
    assert [one.type for one in fold.ledger.problems] == ["CASCADING_FAILURE"]


def test_what_began_when_the_known_one_did_is_that_said_once_more() -> None:
    fold = Fold()
    again = [problem(second, "KILLED", AGENT, since=iso(at(-3)), lasts=True) for second in (0, 100, 200)]
    reasons = [fold.hear(one) for one in again]
    assert reasons == [Admission.OPENED, Admission.JOINED, Admission.JOINED]
    (known,) = fold.ledger.problems.values()
    assert (known.occurrences, known.first_occurrence, known.last_occurrence) == (1, at(-3), at(200))
    fold.hear(problem(300, "KILLED", AGENT, since=iso(at(290)), lasts=True))
    fold.hear(problem(400, "KILLED", AGENT, since=iso(at(-3))))
    assert fold.ledger.problems[known.identity].occurrences == 3, "another kill, and what does not say that it lasts"


def test_a_problem_that_is_back_at_once_was_not_over() -> None:
    fold = Fold()
    fold.hear(problem(0))
    fold.tick(60)
    fold.hear(resolved(90))
    assert fold.hear(problem(93)) is Return.NOT_OVER
    assert fold.tick(200) == []
    (known,) = fold.ledger.problems.values()
    assert (known.id, known.occurrences, known.resolved_at) == (1, 2, None)
    assert fold.ledger.resting == {}


def test_a_backlog_is_told_by_the_times_of_its_events() -> None:
    fold = Fold()
    for heard in (problem(0, severity=Severity.CRITICAL), resolved(100), problem(3600, severity=Severity.CRITICAL)):
        hear(fold.ledger, heard, fold.config, at(7000))
    drafts = fold.tick(7000)
    assert kinds(drafts) == ["problem", "recovery", "problem"]
    assert [draft.problems[0].id for draft in drafts] == [1, 1, 2]


def test_a_stopped_agent_is_not_reminded_of_until_its_problem_occurs_again() -> None:
    fold = Fold()
    fold.hear(problem(0, "BROKER_NOT_LOGGED_IN", AGENT))
    fold.tick(60)
    fold.hear(plain(Kind.SHUTDOWN, 100))
    assert kinds(fold.tick(10_000)) == ["shutdown"]
    fold.hear(problem(20_000, "BROKER_NOT_LOGGED_IN", AGENT))
    assert kinds(fold.tick(20_000)) == ["reminder"]
    fold.hear(resolved(20_100, "BROKER_NOT_LOGGED_IN", AGENT))
    assert kinds(fold.tick(20_105)) == ["recovery"]


def test_a_recurrence_after_a_told_recovery_is_a_new_problem() -> None:
    fold = Fold()
    fold.hear(problem(0))
    fold.tick(60)
    fold.hear(resolved(90))
    assert kinds(fold.tick(95)) == ["recovery"]
    assert fold.hear(problem(100)) is Admission.OPENED
    (draft,) = fold.tick(160)
    assert draft.problems[0].id == 2
    assert draft.problems[0].occurrences == 1


def test_a_resolved_of_nothing_is_nothing() -> None:
    fold = Fold()
    assert fold.hear(resolved(0)) is Recovery.UNKNOWN
    assert fold.tick(100) == []


@pytest.mark.parametrize(
    ("kind", "window_s"),
    [
        ("STARTUP_FAILURE", 100),
        ("OPENALGO_DOWN", 100),
        ("WEBSOCKET_DOWN", 200),
        ("FEED_STALE", 200),
        ("BROKER_NOT_LOGGED_IN", 300),
        ("DATABASE_LOCKED", 400),
        ("ANYTHING", 500),
    ],
)
def test_the_throttle_window_of_each_category_bounds_repeats(kind: str, window_s: int) -> None:
    fold = Fold("[throttle_s]\nstartup = 100\nwebsocket = 200\nbroker = 300\ndatabase = 400\ndefault = 500")
    fold.hear(problem(0, kind))
    fold.tick(60)
    told_at = 60
    assert fold.hear(problem(told_at + window_s - 1, kind)) is Throttle.WITHIN_WINDOW
    assert fold.drafts() == []
    assert fold.hear(problem(told_at + window_s, kind)) is Throttle.WINDOW_PASSED
    assert kinds(fold.drafts()) == ["reminder"]


def test_what_stays_unresolved_is_reminded_of_on_a_timer() -> None:
    fold = Fold()
    fold.hear(problem(0))
    fold.tick(60)
    assert next_due(fold.ledger, fold.config, at(60)) == at(3660)
    assert fold.tick(3659) == []
    assert kinds(fold.tick(3660)) == ["reminder"]
    assert fold.tick(3661) == []


def test_reminders_that_are_due_together_share_a_message() -> None:
    fold = Fold()
    fold.hear(problem(0, unit="a.service"))
    fold.hear(problem(0, unit="b.service"))
    fold.tick(60)
    (draft,) = fold.tick(3660)
    assert draft.kind is MessageKind.REMINDER, "nothing new was detected"
    assert len(draft.problems) == 2


def test_the_hourly_status_of_a_waiting_agent_is_its_reminder() -> None:
    fold = Fold()
    fold.hear(problem(0, "OPENALGO_DOWN", AGENT, failure_class=FailureClass.TRANSIENT))
    fold.tick(60)
    for hour in range(1, 5):
        assert fold.hear(plain(Kind.STATUS, hour * 3600 + 5)) is Plain.STATUS_TOLD
        assert kinds(fold.tick(hour * 3600 + 6)) == ["status"]
    assert fold.tick(4 * 3600 + 4199) == []
    assert kinds(fold.tick(4 * 3600 + 4206)) == ["reminder"], "the agent fell silent: the notifier reminds by itself"


def test_a_flood_of_statuses_is_one_message() -> None:
    fold = Fold()
    assert fold.hear(plain(Kind.STATUS, 0)) is Plain.STATUS_TOLD
    assert fold.hear(plain(Kind.STATUS, 1)) is Plain.STATUS_TOO_SOON
    assert fold.hear(plain(Kind.STATUS, 1, unit="standfast-agent@b.service")) is Plain.STATUS_TOLD
    assert kinds(fold.drafts()) == ["status", "status"]


@pytest.mark.parametrize(
    ("kind", "severity", "told", "as_severity"),
    [
        # Whoever hears of a master restart hears how it ended, which is no alarm where all is up again.
        (Kind.RESTART, Severity.INFO, "restart", Severity.CRITICAL),
        (Kind.SHUTDOWN, Severity.INFO, "shutdown", Severity.INFO),
        (Kind.SHUTDOWN, Severity.CRITICAL, "shutdown", Severity.CRITICAL),
    ],
)
def test_restarts_and_shutdowns_are_told_at_once(
    kind: Kind, severity: Severity, told: str, as_severity: Severity
) -> None:
    fold = Fold()
    assert fold.hear(plain(kind, severity=severity)) is Plain.AT_ONCE
    (draft,) = fold.drafts()
    assert draft.kind.value == told
    assert draft.severity is as_severity


@pytest.mark.parametrize("kind", [Kind.STATE, Kind.LEVEL, Kind.DECISION, Kind.NOTIFICATION])
def test_what_is_for_readers_of_the_journal_is_not_told(kind: Kind) -> None:
    fold = Fold()
    assert fold.hear(plain(kind, severity=Severity.CRITICAL)) is Plain.NOT_TOLD
    assert fold.tick(100) == []


def test_a_problem_without_a_type_is_nobodys() -> None:
    fold = Fold()
    assert fold.hear(problem(kind="")) is Plain.NOT_TOLD
    assert fold.ledger.problems == {}


CRITICAL_TO_WEBHOOK = """
[channels.journal]
[channels.webhook]
url = "http://127.0.0.1:9/hook"
[[route]]
severity = ["critical"]
channels = ["webhook"]
[[route]]
"""
ROUTES = f"""{CRITICAL_TO_WEBHOOK}
unit = ["standfast-agent@*.service"]
type = ["OPENALGO_*", "FEED_*"]
channels = ["journal"]
"""


@pytest.mark.parametrize(
    ("heard", "channels"),
    [
        (problem(severity=Severity.CRITICAL, unit=AGENT, kind="FEED_STALE"), ("webhook",)),
        (problem(kind="FLEET_CRITICAL"), ("webhook",)),
        (problem(unit=AGENT, kind="FEED_STALE"), ("journal",)),
        (problem(unit=AGENT, kind="DATABASE_LOCKED"), ("journal", "webhook")),
        (problem(unit="a.service", kind="FEED_STALE"), ("journal", "webhook")),
    ],
)
def test_the_first_matching_route_decides(heard: Heard, channels: tuple[str, ...]) -> None:
    fold = Fold(ROUTES)
    fold.hear(heard)
    (draft,) = fold.tick(60)
    assert draft.to.channels == channels


def test_problems_of_different_routes_do_not_share_a_message() -> None:
    fold = Fold(ROUTES)
    fold.hear(problem(unit=AGENT, kind="FEED_STALE"))
    fold.hear(problem(unit="a.service", kind="FEED_STALE"))
    fold.hear(problem(unit="b.service", kind="DATABASE_LOCKED"))
    assert [(draft.kind.value, len(draft.problems)) for draft in fold.tick(60)] == [("problem", 1), ("aggregate", 2)]


def test_a_recovery_goes_where_its_problem_went() -> None:
    fold = Fold(ROUTES)
    fold.hear(problem(severity=Severity.CRITICAL))
    fold.hear(resolved(10))
    assert [draft.to.channels for draft in fold.tick(15)] == [("webhook",), ("webhook",)]


def test_a_clock_that_was_set_back_leaves_nothing_waiting() -> None:
    fold = Fold()
    fold.hear(problem(0))
    assert kinds(fold.tick(-7200)) == ["problem"]


def test_a_copy_is_not_changed_by_its_original() -> None:
    fold = Fold()
    copy = fold.ledger.copy()
    fold.hear(problem(0, severity=Severity.CRITICAL))
    assert copy == Ledger()
