"""Histories of trends: what is worth a warning before it fails, what is not, and that none of it restarts anything."""

from __future__ import annotations

import math
import random
from collections.abc import Callable

from tests.scenarios.cascades import HTTP
from tests.scenarios.story import ACT, ALL, MIB, NINE, Story, nine

A, B, C, *_ = NINE
HOUR = 3600
DAY = 24 * HOUR
OFF = ACT + "[prediction]\nenabled = false\n" + ALL
NO_MEMORY = ACT + '[prediction]\nfigures = ["disk", "restarts"]\n' + ALL


Course = Callable[[float], float]


def linear(start: float, per_hour: float) -> Course:
    """A figure that grows at one rate."""
    return lambda at: start + per_hour * at / HOUR


def teeth(low: float, height: float, period_s: float) -> Course:
    """A figure that grows, and comes down by itself."""
    return lambda at: low + height * (at / period_s % 1)


def in_gib(course: Course) -> Course:
    """The same a thousand times as large."""
    return lambda at: course(at) * 1024


def leak() -> Story:
    story = nine("leak", "memory leaks until the kernel kills the unit after 8 hours", levels="WARNING NONE")
    story.figures(A, linear(100, 50), 8 * HOUR)
    story.crash(8.2 * HOUR, A, result="oom-kill")
    return story.end(9 * HOUR)


def leak_with_scatter() -> Story:
    dice = random.Random(1)
    story = nine(
        "leak-with-scatter", "it leaks and breathes: one warning, till its operator restarts it", levels="WARNING NONE"
    )
    story.figures(A, lambda at: 100 + 60 * at / HOUR + dice.gauss(0, 8), 5 * HOUR)
    return story.restart(5 * HOUR, A).end(6 * HOUR)


def three_leaks() -> Story:
    story = nine(
        "three-leaks", "three critical units leak at once, and are killed within a minute", levels="WARNING NONE"
    )
    for unit in (A, B, C):
        story.figures(unit, linear(100, 50), 8 * HOUR)
    story.crash(8.2 * HOUR, A, B, C, result="oom-kill")
    return story.end(9 * HOUR)


def leak_when_off() -> Story:
    story = nine("leak-when-off", "nobody wants predictions", config=OFF)
    return story.figures(A, linear(100, 50), 8 * HOUR).end(8 * HOUR)


def leak_not_wanted() -> Story:
    story = nine("leak-not-wanted", "predictions are wanted, of memory none", config=NO_MEMORY)
    return story.figures(A, linear(100, 50), 8 * HOUR).end(8 * HOUR)


def leak_far_from_its_end() -> Story:
    story = nine("leak-far-from-its-end", "at this rate it ends in a week")
    return story.figures(A, linear(100, 2), 6 * HOUR).end(6 * HOUR)


def garbage() -> Story:
    story = nine("garbage", "a heap that is collected every 40 minutes")
    return story.figures(A, teeth(150, 280, 2400), 12 * HOUR).end(12 * HOUR)


def garbage_seldom() -> Story:
    story = nine(
        "garbage-seldom", "a heap that is collected every 5 hours: known after the first time", levels="WARNING NONE"
    )
    return story.figures(A, teeth(150, 280, 5 * HOUR), 18 * HOUR).end(18 * HOUR)


def breathing() -> Story:
    dice = random.Random(2)
    story = nine("breathing", "memory up and down by a fifth, about the same all day")
    return story.figures(A, lambda at: 300 + dice.gauss(0, 60), 12 * HOUR).end(12 * HOUR)


def one_step() -> Story:
    story = nine("one-step", "a large file is loaded once")
    return story.figures(A, lambda at: 100 if at < 4 * HOUR else 430, 10 * HOUR).end(10 * HOUR)


def warm_up() -> Story:
    story = nine("warm-up", "a fresh start fills its caches")
    return story.figures(A, lambda at: 50 + 400 * (1 - math.exp(-at / 1800)), 10 * HOUR).end(10 * HOUR)


def restarted_hourly() -> Story:
    story = nine("restarted-hourly", "a job restarts it each hour: each run begins anew")
    for hour in range(10):
        story.figures(A, linear(100 - 300 * hour, 300), (hour + 1) * HOUR, begin=hour * HOUR + 60)
        story.restart((hour + 1) * HOUR, A)
    return story.end(11 * HOUR)


def disk_fills() -> Story:
    story = nine("disk-fills", "5 of 100 GiB an hour, until somebody makes room", levels="WARNING NONE")
    fills = linear(40, 5)
    course = in_gib(lambda at: fills(at) if at < 7 * HOUR else 45)
    return story.figures("/", course, 9 * HOUR, figure="disk", limit=100 * 1024).end(9 * HOUR)


def logs_rotated() -> Story:
    story = nine("logs-rotated", "logs fill a tenth of the disk, and are rotated every two hours")
    return story.figures("/var", in_gib(teeth(80, 10, 2 * HOUR)), 12 * HOUR, figure="disk", limit=100 * 1024).end(
        12 * HOUR
    )


def heartbeats_slow_down() -> Story:
    story = nine(
        "heartbeats-slow-down", "its loop takes longer and longer, and it is restarted in time", levels="WARNING NONE"
    )
    waits_s = linear(15, 3)
    story.figures(A, lambda at: waits_s(at) / MIB, 4 * HOUR, figure="watchdog", limit=30 / MIB)
    return story.restart(4 * HOUR, A).end(5 * HOUR)


def restarts_rise() -> Story:
    story = nine("restarts-rise", "it crashes once, twice, then every ten minutes, then no more", levels="WARNING NONE")
    story.crash(0.5 * HOUR, A).crash(1.5 * HOUR, A)
    for at in range(3 * HOUR, 6 * HOUR, 600):
        story.crash(at, A)
    return story.end(8 * HOUR)


def restarts_steady() -> Story:
    story = nine("restarts-steady", "it crashes every twenty minutes, all day long: no trend")
    for at in range(1200, 7 * HOUR, 1200):
        story.crash(at, A)
    return story.end(7 * HOUR)


def restarts_all_at_once() -> Story:
    story = nine("restarts-all-at-once", "twenty crashes within ten seconds, once")
    for number in range(20):
        story.crash(4 * HOUR + number / 2, A, back_s=0.1)
    return story.end(6 * HOUR)


def certificate() -> Story:
    config = ACT + HTTP.format(unit=A)
    story = Story(
        "certificate", "a certificate expires in two weeks, and is renewed", levels="WARNING NONE", config=config
    )
    story.up(0, A)
    for hour in range(6):
        until = (14 * DAY + 2.5 * HOUR) if hour < 5 else 90 * DAY
        story.check(hour * HOUR + 60, "http", "ok", A, expires_at=until)
    story.check(3.5 * HOUR, "http", "unknown", A)
    return story.end(6 * HOUR)


def leaks_then_a_cascade() -> Story:
    story = nine(
        "leaks-then-a-cascade",
        "three units leak, are told, and come down for good: the restart is as it would be without",
        levels="WARNING CASCADING",
        restarts=(7 * HOUR + 100, 7 * HOUR + 420),
        refused="gap same-set",
    )
    for unit in (A, B, C):
        story.figures(unit, linear(100, 50), 7 * HOUR)
    return story.give_up(7 * HOUR + 100, A, B, C, result="oom-kill").end(7 * HOUR + 700)


WITH_A_CASCADE = (leaks_then_a_cascade,)
FORESEEN = (
    leak, leak_with_scatter, three_leaks, leak_when_off, leak_not_wanted, leak_far_from_its_end, garbage,
    garbage_seldom, breathing, one_step, warm_up, restarted_hourly, disk_fills, logs_rotated, heartbeats_slow_down,
    restarts_rise, restarts_steady, restarts_all_at_once, certificate,
)  # fmt: skip
