"""A source that raises very many problems gets its share of the messages and no more."""

import pytest
from tests.unit.notifier.events import AGENT, at, plain, problem, resolved
from tests.unit.notifier.fold import Fold, kinds

from standfast.events import Kind, Severity
from standfast.notifier.flood import CALM, EVENT_FLOOD, PERIOD, Fairness, Shares, ended
from standfast.notifier.model import Heard

SOURCE = "noisy.service"
LIMIT = 3


class Floods(Fold):
    def __init__(self) -> None:
        super().__init__()
        self.shares = Shares()

    def say(self, heard: Heard, source: str = SOURCE) -> Fairness:
        fairness, fair = self.shares.fair(self.ledger, heard, source, LIMIT)
        self.hear(fair)
        return fairness

    def flood(self, number: int, first: int = 0, severity: Severity = Severity.CRITICAL) -> None:
        for one in range(first, first + number):
            self.say(problem(one, f"TYPE_{one}", f"claimed-{one}.service", severity))


def test_a_thousand_types_are_the_share_and_one_message_about_the_rest() -> None:
    fold = Floods()
    fold.flood(1000)
    drafts = fold.tick(1000)
    assert len(drafts) == LIMIT + 1
    flood = drafts[-1].problems[0]
    assert (flood.type, flood.unit, flood.severity) == (EVENT_FLOOD, SOURCE, Severity.CRITICAL)
    counted = next(one for one in fold.ledger.problems.values() if one.type == EVENT_FLOOD)
    assert counted.occurrences == 1000 - LIMIT
    assert len(fold.ledger.problems) == LIMIT + 1


def test_others_have_shares_of_their_own() -> None:
    fold = Floods()
    fold.flood(1000)
    fold.drafts()
    assert fold.say(problem(1000, "MINE", severity=Severity.CRITICAL), "other.service") is Fairness.WITHIN
    assert [draft.problems[0].type for draft in fold.drafts()] == ["MINE"]


def test_repeats_and_recoveries_use_nothing_up() -> None:
    fold = Floods()
    fold.flood(LIMIT)
    assert fold.say(problem(5, "TYPE_0", "claimed-0.service")) is Fairness.NO_MATTER
    assert fold.say(resolved(6, "TYPE_0", "claimed-0.service")) is Fairness.NO_MATTER
    assert fold.say(problem(7, "ONE_MORE")) is Fairness.FLOOD


def test_what_is_told_at_once_uses_the_share_up_too() -> None:
    fold = Floods()
    for second in range(50):
        fold.say(plain(Kind.SHUTDOWN, second), AGENT)
    drafts = fold.tick(200)
    assert kinds(drafts) == ["shutdown"] * LIMIT + ["problem"]
    assert drafts[-1].problems[0].type == EVENT_FLOOD


def test_a_new_hour_is_a_new_share() -> None:
    fold = Floods()
    fold.flood(LIMIT + 1)
    assert fold.say(problem(PERIOD.total_seconds() + 1, "LATER")) is Fairness.WITHIN


def test_a_warning_among_the_rest_waits_and_a_critical_one_does_not() -> None:
    fold = Floods()
    fold.flood(LIMIT + 5, severity=Severity.WARNING)
    assert fold.drafts() == []
    fold.say(problem(20, "WORSE", severity=Severity.CRITICAL))
    assert [(draft.problems[0].type, draft.severity) for draft in fold.drafts()] == [(EVENT_FLOOD, Severity.CRITICAL)]


@pytest.mark.parametrize(("after_s", "is_over"), [(CALM.total_seconds() - 1, False), (CALM.total_seconds(), True)])
def test_a_flood_is_over_when_it_was_calm_for_a_while(after_s: float, is_over: bool) -> None:
    fold = Floods()
    fold.flood(LIMIT + 1)
    last = max(one.last_occurrence for one in fold.ledger.problems.values())
    over = ended(fold.ledger.problems.values(), last + (at(after_s) - at(0)))
    assert [(one.event.kind, one.event.type, one.event.unit) for one in over] == (
        [(Kind.RESOLVED, EVENT_FLOOD, SOURCE)] if is_over else []
    )


def test_only_floods_end_by_themselves() -> None:
    fold = Floods()
    fold.say(problem(0, "OTHER"))
    assert ended(fold.ledger.problems.values(), at(1e6)) == []
