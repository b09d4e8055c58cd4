"""In which order the messages of one round go out: as what they tell of came."""

from tests.unit.notifier.events import plain, problem, resolved
from tests.unit.notifier.fold import Fold, kinds

from standfast.events import Kind, Severity
from standfast.notifier.model import Heard

CASCADING = "CASCADING_FAILURE"
DETECTOR = "standfast-detector.service"
ASKED = "A master restart was asked for; wait for its report"


def cascade(seconds: float) -> Heard:
    return problem(seconds, CASCADING, DETECTOR, Severity.CRITICAL, action=ASKED)


def restart(seconds: float, what: str) -> Heard:
    unit, kind = "standfast-master-restart.service", f"MASTER_RESTART_{what}"
    return plain(Kind.RESTART, seconds, unit, Severity.CRITICAL, type=kind)


def test_a_cascade_that_comes_and_goes_is_told_before_the_master_restart_that_it_asked_for() -> None:
    """Both are read in one round: a next step to wait for a report that has come already sends people looking."""
    fold = Fold()
    for second in (0, 20, 40, 60):
        fold.hear(cascade(second))
        fold.tick(second)
        fold.hear(resolved(second + 10, CASCADING, DETECTOR))
        fold.tick(second + 10)
    fold.tick(200)
    fold.hear(cascade(300))
    fold.hear(restart(300, "STARTED"))
    assert kinds(fold.tick(300)) == ["flapping", "restart"]
    fold.hear(restart(310, "COMPLETED"))
    assert kinds(fold.tick(310)) == ["restart"], "which owes nothing more is not told of once more"
