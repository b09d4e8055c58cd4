"""Histories in which the fleet does come down: a master restart must be asked for, in time and not too often."""

from __future__ import annotations

from tests.scenarios.dependents import dependents_crash_first
from tests.scenarios.story import ACT, ALL, NINE, Story, nine, units

A, B, C, D, E, F, *REST = NINE

FILE = "/srv/fleet/ports.json"
FILES = f'critical_files = ["{FILE}"]\n'
HTTP = """[[watch]]
unit = "{unit}.service"
[[watch.check]]
kind = "http"
url = "http://127.0.0.1:80/"
name = "http"
"""
# What a cascade that nobody repairs comes to: one more try after the gap, then a human.
TWICE = "gap same-set"


def all_at_once() -> Story:
    story = nine(
        "all-at-once", "nine units given up in the same moment", levels="CASCADING", restarts=(100, 420), refused=TWICE
    )
    return story.give_up(100, *NINE).end(2000)


def three_at_once() -> Story:
    story = nine(
        "three-at-once", "three of nine given up together", levels="CASCADING", restarts=(100, 420), refused=TWICE
    )
    return story.give_up(100, A, B, C).end(2000)


def one_after_the_other() -> Story:
    story = nine(
        "one-after-the-other",
        "three units given up within a minute",
        levels="WARNING CRITICAL CASCADING",
        restarts=(150, 450),
        refused=TWICE,
    )
    return story.give_up(100, A).give_up(125, B).give_up(150, C).end(2000)


def healed() -> Story:
    story = nine(
        "healed", "the master restart brings them back", levels="CASCADING NONE", restarts=(100,), refused="gap"
    )
    story.give_up(100, A, B, C).restart(101, *NINE).master(102, "started")
    return story.master(115, "success").end(4000)


def dependency_first() -> Story:
    """`Requires=`: the dependents end inactive with success, after a stop job that systemd itself made."""
    story = Story(
        "dependency-first",
        "one unit given up, two that need it go along",
        levels="WARNING CASCADING NONE",
        restarts=(100.05,),
        needs={B: A, C: A},
        refused="gap",
    )
    story.up(0, *NINE).give_up(100, A).go_along(100, B, C)
    return story.restart(102, *NINE).master(102, "started").master(110, "success").end(900)


def dependency_chain() -> Story:
    story = Story(
        "dependency-chain",
        "a needs b needs c: c is given up",
        levels="WARNING CASCADING",
        restarts=(100.05, 420),
        refused=TWICE,
        needs={A: B, B: C},
    )
    return story.up(0, *NINE).give_up(100, C).go_along(100, A, B).end(900)


def never_started() -> Story:
    story = Story(
        "never-started",
        "a unit's start fails, two that need it are never started",
        levels="CASCADING",
        restarts=(30, 330),
        refused=TWICE,
        needs={B: A, C: A},
    )
    for unit in (A, B, C):
        story.unit(0, unit, "inactive")
    story.up(0, *NINE[3:])
    for unit in (A, B, C):
        story.unit(20, unit, "inactive", job="start")
    story.unit(20.1, A, "activating", "start", job="start").unit(24, A, "failed", result="exit-code")
    return story.unit(24, B, "inactive").unit(24, C, "inactive").end(900)


def bound_to_one_that_loops() -> Story:
    """`BindsTo=` stops the dependents at the first crash; the one they need comes back, they do not."""
    story = Story(
        "bound-to-one-that-crashed",
        "three units bound to one that crashed once stay down",
        levels="WARNING CASCADING",
        restarts=(210, 510),
        refused=TWICE,
        needs={B: A, C: A, D: A},
    )
    return story.up(0, *NINE).crash(10, A).go_along(10, B, C, D).end(900)


def looping_below_the_limit() -> Story:
    story = nine(
        "looping-below-the-limit",
        "three units crash every 20 s, each look finds them active",
        levels="WARNING CASCADING",
        restarts=(190.002, 490.002),
        refused=TWICE,
    )
    for at in range(10, 900, 20):
        story.crash(at, A, B, C)
    return story.end(900)


def waiting_long() -> Story:
    story = nine(
        "long-pauses",
        "three units crash at their start again and again, with RestartSec=60",
        levels="WARNING CASCADING",
        restarts=(210.002, 510.002),
        refused=TWICE,
    )
    for at in range(30, 900, 60):
        story.crash(at, A, B, C, back_s=59.9)
    return story.end(900)


def slow_bleed() -> Story:
    story = nine(
        "slow-bleed",
        "units given up an hour apart, and nobody looks",
        levels="WARNING CRITICAL CASCADING",
        restarts=(7300, 7620),
        refused=TWICE,
    )
    return story.give_up(100, A).give_up(3700, B).give_up(7300, C).end(8000)


def restart_that_never_comes() -> Story:
    story = nine(
        "restart-that-never-comes",
        "somebody cancelled the jobs of three automatic restarts: systemd shows them as pending for ever",
        levels="CASCADING",
        restarts=(150, 450),
        refused=TWICE,
    )
    for unit in (A, B, C):
        story.unit(100, unit, "activating", "auto-restart", "exit-code", restart_s=5)
        story.unit(105, unit, "activating", "auto-restart-queued", "exit-code", job="start", restart_s=5)
        story.unit(106, unit, "activating", "auto-restart-queued", "exit-code", restart_s=5)
    return story.end(900)


def one_given_up_two_looping() -> Story:
    story = nine(
        "one-given-up-two-looping",
        "one unit given up while two crash on",
        levels="WARNING CASCADING",
        restarts=(130.002, 430.002),
        refused=TWICE,
    )
    for at in range(10, 700, 15):
        story.crash(at, A, B)
    return story.give_up(61, C).end(700)


def frozen() -> Story:
    config = ACT + "".join(HTTP.format(unit=unit) for unit in NINE)
    story = nine(
        "frozen",
        "three processes hang: systemd says active, nobody answers",
        levels="WARNING CASCADING",
        restarts=(270, 570),
        refused=TWICE,
        config=config,
    )
    for unit in NINE:
        story.check(31, "http", "ok", unit)
    for unit in (A, B, C):
        story.check(70, "http", "fail", unit)
    return story.end(900)


def stuck_at_start() -> Story:
    story = nine(
        "stuck-at-start",
        "after a restart three units never finish starting",
        levels="WARNING CASCADING",
        restarts=(330, 630),
        refused=TWICE,
    )
    for unit in (A, B, C):
        story.unit(100, unit, "deactivating", "stop-sigterm", job="restart")
        story.unit(101, unit, "activating", "start", job="start")
    return story.end(900)


def bad_deploy() -> Story:
    story = nine(
        "bad-deploy",
        "a deploy whose new version does not start",
        levels="CASCADING",
        restarts=(120, 420),
        refused=TWICE,
    )
    return story.restart(100, A, B, C, comes_up=False).end(900)


def file_gone() -> Story:
    story = nine(
        "file-gone",
        "a critical file is gone for good",
        levels="CASCADING",
        restarts=(300, 600),
        refused=TWICE,
        config=ACT + FILES + ALL,
    )
    return story.file(0, FILE, True).file(100, FILE, False, "missing").end(2000)


def file_damaged() -> Story:
    story = nine(
        "file-damaged",
        "a critical file no longer parses",
        levels="CASCADING NONE",
        restarts=(300,),
        config=ACT + FILES + ALL,
    )
    story.file(0, FILE, True).file(100, FILE, False, "not JSON").file(310, FILE, True)
    return story.end(2000)


def must_run() -> Story:
    story = nine(
        "must-run",
        "three units that must run end by themselves",
        levels="WARNING CASCADING",
        restarts=(330, 630),
        refused=TWICE,
        config=ACT + '[[watch]]\nunit = "*.service"\nmust_run = true\n',
    )
    return story.finish(100, A, B, C).end(900)


def after_boot() -> Story:
    story = Story(
        "after-boot",
        "three units are given up during the boot and stay so",
        levels="CASCADING",
        restarts=(120, 420),
        refused=TWICE,
    )
    story.clock(0, "boot").up(0, *NINE).give_up(30, A, B, C)
    return story.end(900)


def after_resume() -> Story:
    story = nine(
        "after-resume",
        "three units did not survive the suspend",
        levels="CASCADING",
        restarts=(1140, 1440),
        refused=TWICE,
    )
    return story.clock(1005, "resume").give_up(1006, A, B, C).end(1500)


def twice_in_a_day() -> Story:
    story = nine(
        "twice-in-a-day",
        "two cascades hours apart, each healed",
        levels="CASCADING NONE CASCADING NONE",
        restarts=(100, 20000),
        refused="gap gap",
    )
    story.give_up(100, A, B, C).restart(101, *NINE).master(101, "started").master(112, "success")
    story.give_up(20000, D, E, F).restart(20001, *NINE).master(20001, "started").master(20012, "success")
    return story.end(21000)


def three_in_an_hour() -> Story:
    story = nine(
        "three-in-an-hour",
        "after the third within an hour hands are off, and back on an hour later",
        levels="CASCADING NONE CASCADING NONE CASCADING NONE CASCADING",
        restarts=(100, 700, 1300, 4920),
        refused="gap gap hold hold gap",
    )
    for at, gone in ((100, (A, B, C)), (700, (D, E, F)), (1300, REST)):
        story.give_up(at, *gone).restart(at + 1, *NINE).master(at + 1, "started").master(at + 12, "success")
    return story.give_up(2000, A, B, C).end(5000)


def released() -> Story:
    story = nine(
        "released",
        "a human releases the hold, and the next cascade is answered at once",
        levels="CASCADING NONE CASCADING NONE CASCADING NONE CASCADING",
        restarts=(100, 700, 1300, 2500, 2820),
        refused="gap gap hold hold gap same-set",
    )
    for at, gone in ((100, (A, B, C)), (700, (D, E, F)), (1300, REST)):
        story.give_up(at, *gone).restart(at + 1, *NINE).master(at + 1, "started").master(at + 12, "partial")
    return story.give_up(2000, A, B, C).release(2500).end(3500)


def by_hand() -> Story:
    story = nine(
        "by-hand",
        "master restarts by hand count: the third by the detector is the last",
        levels="CASCADING",
        restarts=(1890,),
        refused="gap hold",
    )
    story.master(500, "started").master(512, "success").master(1590, "started").master(1599, "failure")
    return story.give_up(1880, A, B, C).end(5000)


def gap() -> Story:
    story = nine(
        "right-after-a-restart",
        "a cascade within the gap waits for its end",
        levels="CASCADING",
        restarts=(420,),
        refused="gap gap",
    )
    story.master(100, "started").master(110, "success").give_up(120, A, B, C)
    return story.end(700)


def observe() -> Story:
    story = nine(
        "observe",
        "the mode only says what it would do",
        levels="CASCADING",
        refused="observe",
        config='mode = "observe"\n' + ALL,
    )
    return story.give_up(100, A, B, C).end(2000)


def own_thresholds() -> Story:
    config = ACT + "thresholds = { warning = 1, critical = 2, cascading = 3 }\n" + ALL
    story = nine(
        "own-thresholds",
        "lower thresholds see it sooner",
        levels="WARNING CASCADING",
        restarts=(90, 390),
        refused=TWICE,
        config=config,
    )
    return story.crash(10, A, B, C, back_s=None).end(600)


def hundred() -> Story:
    story = Story(
        "three-of-a-hundred",
        "three of a hundred units given up",
        levels="CASCADING",
        restarts=(100, 420),
        refused=TWICE,
    )
    many = units(100)
    return story.up(0, *many).give_up(100, *many[40:43]).end(700)


def with_bystanders() -> Story:
    story = nine(
        "with-bystanders",
        "a cascade while an operator has others stopped for maintenance",
        levels="CASCADING",
        restarts=(100, 420),
        refused=TWICE,
    )
    return story.stop(50, D, E, result="exit-code").give_up(100, A, B, C).end(700)


CASCADES = (
    all_at_once, three_at_once, one_after_the_other, healed, dependency_first, dependency_chain, never_started,
    bound_to_one_that_loops, looping_below_the_limit, waiting_long, slow_bleed, one_given_up_two_looping,
    restart_that_never_comes, frozen, stuck_at_start, bad_deploy, file_gone, file_damaged, must_run, after_boot,
    after_resume, twice_in_a_day, three_in_an_hour, released, by_hand, gap, observe, own_thresholds, hundred,
    with_bystanders, dependents_crash_first,
)  # fmt: skip
