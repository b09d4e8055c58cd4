"""A problem that gave way to another one of its own type: an agent that left something else open than was told."""

from tests.unit.notifier.events import AGENT, plain, resolved
from tests.unit.notifier.fold import Fold, kinds

from standfast.events import Kind, Severity
from standfast.notifier.model import Heard

LEFT = "POSITIONS_UNVERIFIED"


def ended(seconds: float, message: str) -> Heard:
    return plain(Kind.SHUTDOWN, seconds, AGENT, Severity.CRITICAL, message, type=LEFT)


def test_what_is_left_open_otherwise_is_told_at_once_and_ends_once() -> None:
    fold = Fold()
    fold.hear(ended(0, "it holds +3"))
    assert kinds(fold.tick(1)) == ["problem"]
    fold.hear(ended(60, "it holds +3"))
    (draft,) = fold.tick(61)
    assert (draft.problems[0].id, draft.problems[0].occurrences) == (1, 2), "told as one more occurrence"
    fold.hear(resolved(120, LEFT, AGENT, superseded_by=LEFT))
    fold.hear(ended(120, "it holds +3, not known whether BUY 5 was taken"))
    (draft,) = fold.tick(121)
    assert draft.kind.value == "problem"
    assert draft.problems[0].message == "it holds +3, not known whether BUY 5 was taken"
    fold.hear(resolved(180, LEFT, AGENT))
    assert kinds(fold.tick(190)) == ["recovery"]
