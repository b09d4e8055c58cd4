"""What becomes of a problem of the fleet that is over while others are not, or that another follows. Pure."""

import dataclasses
from collections.abc import Iterator
from datetime import datetime, timedelta

from standfast.notifier import fleet
from standfast.notifier.ledger import Ledger
from standfast.notifier.model import Problem, Stage, with_channels


def give_way(ledger: Ledger, began: Problem, hold_s: float) -> None:
    """What is less bad than what begins now gives way to it: whoever was told of it is told of this one's end."""
    for one in list(_followed(ledger, began, hold_s)):
        if fleet.is_worse(began, one):
            ledger.close(one)
            ledger.bequeath(one, began.type)


def go_on(ledger: Ledger, ended: Problem, until: datetime, words: str, hold_s: float) -> None:
    """What this problem followed lasted until its end, and is over as that is, unless another follows in its turn.

    Args:
        words: what its source says of that end; "" where it gives way to a worse problem.
    """
    for one in list(_followed(ledger, ended, hold_s)):
        last = max(until, one.resolved_at or until)
        ledger.rest(dataclasses.replace(one, resolved_at=last, ended_with=words or one.ended_with))


def is_back_as_news(ledger: Ledger, problem: Problem, at: datetime, hold_s: float) -> bool:
    """Whether a problem that is back goes on after a time in which it had eased: longer than one that is no news."""
    flap = ledger.flaps.get(problem.identity)
    is_told = problem.stage is Stage.TOLD and not problem.acknowledged
    if flap is None or not is_told or not fleet.is_of_fleet(problem):
        return False
    return at - flap.changes[-1] >= timedelta(seconds=hold_s)


def goes_on_as_the_fleets(ledger: Ledger, over: Problem) -> bool:
    """Whether a unit's problem, of which an end is due, goes on in one of the fleet: that one's end is told instead."""
    heir = next((one for one in ledger.problems.values() if fleet.is_of_fleet(one)), None)
    if heir is None or over.type != "UNIT_FAILING":
        return False
    ledger.close(over)
    ledger.keep(with_channels(heir, over.told_on))
    return True


def name_not_over(ledger: Ledger) -> None:
    """Messages that a problem of the fleet is over name what is not: whoever reads that waits for its end too."""
    there = tuple(ledger.problems.values())
    ledger.changes.drafts = [fleet.with_not_over(draft, there) for draft in ledger.changes.drafts]
    for draft in ledger.changes.drafts:
        for one in draft.not_over:
            ledger.keep(with_channels(ledger.problems[one.identity], draft.to.channels))


def _followed(ledger: Ledger, other: Problem, hold_s: float) -> Iterator[Problem]:
    for one in ledger.resting.values():
        if one.stage is Stage.RECOVERING and fleet.is_followed_by(one, other, hold_s):
            yield one
