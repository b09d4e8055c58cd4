"""What time brings: windows close, recoveries settle, flapping ends, reminders fall due. Pure."""

import dataclasses
from datetime import datetime, timedelta

from standfast.notifier import (
    aggregate,
    coming_and_going,
    ends,
    flapping,
    fleet,
    resend,
    resolution,
    silence,
    succession,
    throttle,
)
from standfast.notifier.config import NotifierConfig
from standfast.notifier.flapping import Flap, Flapping
from standfast.notifier.ledger import SWEEP_EVERY, Ledger, by_route, farewell
from standfast.notifier.model import Destination, Draft, MessageKind, Problem, Stage, worst
from standfast.notifier.silence import Silencing
from standfast.notifier.throttle import Throttle


def tick(ledger: Ledger, config: NotifierConfig, now: datetime) -> None:
    """Do what has fallen due."""
    _end_silences(ledger, now)
    _end_flapping(ledger, config, now)
    coming_and_going.tell_owed(ledger, config, now)
    _close_window(ledger, config, now)
    _settle_recoveries(ledger, config, now)
    _remind(ledger, config, now)
    if config.channels.alertmanager and resend.is_due(ledger.resent_at, now, config.channels.alertmanager.resend_s):
        _resend(ledger, config, now)
    if ledger.swept_at is None or abs(now - ledger.swept_at) >= SWEEP_EVERY:
        _sweep(ledger, config, now)


def next_due(ledger: Ledger, config: NotifierConfig, now: datetime) -> datetime | None:
    """When after `now` there is something to do that must be punctual, if no event comes before."""
    reminders = (
        throttle.due_at(one, config.throttle_s)
        for one in ledger.problems.values()
        if one.stage is Stage.TOLD and not one.quiet
    )
    holds_s = (config.recovery_hold_s, config.recovery_hold_s + config.aggregation_window_s)
    recoveries = (resolution.settles_at(one, hold_s) for one in ledger.resting.values() for hold_s in holds_s)
    silences = (one.end for one in ledger.silences.values())
    moments = (ledger.window_closes_at, *reminders, *recoveries, *silences, _resend_at(ledger, config))
    # What lies behind was done by the tick at `now`, or is held back by a silence.
    return min((moment for moment in moments if moment is not None and moment > now), default=None)


def _close_window(ledger: Ledger, config: NotifierConfig, now: datetime) -> None:
    """Tell what is held, when the window is over or a silence was what held it; but not what somebody took on."""
    if ledger.window_closes_at and not aggregate.is_closed(ledger.window_closes_at, now, config.aggregation_window_s):
        return
    ledger.window_closes_at = None
    for group in by_route(_audible(ledger, [one for one in ledger.held() if not one.is_taken_on], now), config):
        ledger.tell(group, MessageKind.PROBLEM, config, now)


def _settle_recoveries(ledger: Ledger, config: NotifierConfig, now: datetime) -> None:
    hold_s, window_s = config.recovery_hold_s, config.aggregation_window_s
    recovering = [
        one
        for one in ledger.resting.values()
        if one.stage is Stage.RECOVERING and not fleet.is_put_off(one, ledger.problems.values(), hold_s, window_s, now)
    ]
    for group in by_route(recovering, config, farewell):
        if settled := resolution.ripe(group, hold_s, window_s, now):
            ledger.tell_recovery(settled, config, now)


def _remind(ledger: Ledger, config: NotifierConfig, now: datetime) -> None:
    due = [
        one
        for one in ledger.problems.values()
        if not one.quiet and throttle.throttle(one, config.throttle_s, now) is Throttle.WINDOW_PASSED
    ]
    for group in by_route(_audible(ledger, due, now), config):
        ledger.tell(group, MessageKind.REMINDER, config, now)


def _resend_at(ledger: Ledger, config: NotifierConfig) -> datetime | None:
    alertmanager = config.channels.alertmanager
    if alertmanager is None or ledger.resent_at is None or not ledger.problems:
        return None
    return ledger.resent_at + timedelta(seconds=alertmanager.resend_s)


def _resend(ledger: Ledger, config: NotifierConfig, now: datetime) -> None:
    ledger.resent_at = now
    if problems := resend.firing(ledger.problems.values(), config):
        to = Destination((resend.CHANNEL,))
        ledger.changes.drafts.append(Draft(MessageKind.RESEND, worst(problems), now, to, problems))


def _end_flapping(ledger: Ledger, config: NotifierConfig, now: datetime) -> None:
    """What is stable again is told once, in the state that it came to."""
    ended = {
        identity: flap
        for identity, flap in ledger.flaps.items()
        if flap.since is not None and flapping.judge(flap, now, config.flapping) is Flapping.ENDED
    }
    for identity, flap in ended.items():
        ledger.set_flap(identity, None)
        resting = ledger.resting.get(identity)
        if resting is not None and not succession.goes_on_as_the_fleets(ledger, resting):
            _tell_end(ledger, resting, flap, config, now)
    there = [dataclasses.replace(ledger.problems[one], stage=Stage.HELD) for one in ended if one in ledger.problems]
    for problem in there:
        ledger.keep(problem)
    # At once, whatever window is open for others; what a silence holds back is told when that ends.
    for group in by_route(_audible(ledger, there, now), config):
        ledger.tell(group, MessageKind.PROBLEM, config, now)


def _tell_end(ledger: Ledger, problem: Problem, flap: Flap, config: NotifierConfig, now: datetime) -> None:
    if problem.is_awaited:
        ledger.tell_recovery((problem,), config, now, flap)
    else:
        ledger.close(problem)


def _end_silences(ledger: Ledger, now: datetime) -> None:
    for one in [one for one in ledger.silences.values() if silence.is_over(one, now)]:
        ledger.set_silence(one.id, None)


def _sweep(ledger: Ledger, config: NotifierConfig, now: datetime) -> None:
    """Forget histories that no longer matter."""
    ledger.swept_at = now
    ends.forget(ledger, now)
    for identity, flap in list(ledger.flaps.items()):
        if flapping.is_forgotten(flap, now, config.flapping):
            ledger.set_flap(identity, None)


def _audible(ledger: Ledger, problems: tuple[Problem, ...] | list[Problem], now: datetime) -> list[Problem]:
    """Those that no silence holds back."""
    return [one for one in problems if ledger.silencing(one, now) is Silencing.NONE]
