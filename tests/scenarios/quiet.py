"""Histories that must not restart a fleet: what daily life with systemd, deploys, networks and clocks looks like."""

from __future__ import annotations

from tests.scenarios.quiet_checks import CHECKED
from tests.scenarios.story import ACT, ALL, NINE, Story, nine, units

A, B, C, D, E, F, G, *_ = NINE
GRACE_90 = ACT + '[[watch]]\nunit = "*.service"\ngrace_s = 90\n'


def one_crash() -> Story:
    return nine("one-crash", "one unit crashes once").crash(100, A).end(900)


def nine_crash_once() -> Story:
    return nine("nine-crash-once", "all crash at the same moment, systemd has them back").crash(100, *NINE).end(900)


def nine_crash_now_and_then() -> Story:
    story = nine("nine-crash-now-and-then", "all crash every two minutes and come back: no five looks in a row")
    for at in range(100, 1200, 120):
        story.crash(at, *NINE)
    return story.end(1500)


def crash_storm() -> Story:
    story = nine("crash-storm", "three units crash twenty times in ten seconds, then run")
    for number in range(20):
        story.crash(100 + number / 2, A, B, C, back_s=0.1)
    return story.end(900)


def one_given_up() -> Story:
    return nine("one-given-up", "one unit given up", levels="WARNING").give_up(100, A).end(9000)


def two_given_up() -> Story:
    return nine("two-given-up", "two units given up", levels="CRITICAL").give_up(100, A, B).end(9000)


def two_given_up_then_repaired() -> Story:
    story = nine("two-repaired", "two units given up, their operator starts them", levels="CRITICAL NONE")
    return story.give_up(100, A, B).start(500, A, B).end(900)


def one_flaps() -> Story:
    story = nine("one-flaps", "one unit crashes every 20 s for an hour", levels="WARNING NONE")
    for at in range(100, 3700, 20):
        story.crash(at, A)
    return story.end(4000)


def two_flap() -> Story:
    story = nine("two-flap", "two units crash every 20 s for half an hour", levels="WARNING CRITICAL NONE")
    for at in range(100, 1900, 20):
        story.crash(at, A, B)
    return story.end(2500)


def flapping_by_turns() -> Story:
    story = nine("flapping-by-turns", "six units crash in turn, none for five looks in a row", levels="")
    for number in range(60):
        story.crash(100 + 25 * number, NINE[number % 6])
    return story.end(2000)


def three_for_four_looks() -> Story:
    story = nine("three-for-two-minutes", "three units wait for a restart, and come back", levels="WARNING NONE")
    return story.crash(95, A, B, C, back_s=110).end(900)


def threshold_raised() -> Story:
    story = nine(
        "threshold-raised",
        "three units loop, but are allowed to for long",
        levels="WARNING CASCADING NONE",
        config=ACT + "thresholds = { cascading = 20 }\n" + ALL,
    )
    for at in range(10, 400, 20):
        story.crash(at, A, B, C)
    return story.end(900)


def deploy_one() -> Story:
    return nine("deploy-one", "a clean restart of one unit").restart(100, A).end(900)


def deploy_all() -> Story:
    return nine("deploy-all", "all restarted at once").restart(100, *NINE, took_s=5).end(900)


def deploy_ugly() -> Story:
    story = nine("deploy-ugly", "all restarted at once, each exits 143 on SIGTERM")
    return story.restart(100, *NINE, took_s=3, result="exit-code").end(900)


def deploy_rolling() -> Story:
    story = nine("deploy-rolling", "one after the other, four times in a row")
    for number in range(36):
        story.restart(100 + 20 * number, NINE[number % 9], took_s=15)
    return story.end(1500)


def deploy_stop_then_start() -> Story:
    story = nine("deploy-stop-start", "all stopped, replaced, started again after 20 s")
    return story.stop(100, *NINE, result="exit-code").start(120, *NINE, took_s=4).end(900)


def deploy_with_migration() -> Story:
    story = nine("deploy-slow", "all stopped for ten minutes of migration")
    return story.stop(100, *NINE).start(700, *NINE).end(1500)


def deploy_that_needs_a_second_try() -> Story:
    story = nine("deploy-second-try", "three do not start at first; their operator corrects it in a minute",
                 levels="CASCADING NONE", config='mode = "observe"\n' + ALL, refused="observe grace")  # fmt: skip
    story.restart(100, A, B, C, comes_up=False)
    return story.start(160, A, B, C).end(900)


def deploy_with_dependents() -> Story:
    story = Story("deploy-dependents", "a unit is restarted and pulls along what needs it", needs={B: A, C: A, D: A})
    return story.up(0, *NINE).restart(100, A, took_s=4).restart(100, B, C, D, took_s=6).end(900)


def maintenance() -> Story:
    story = nine("maintenance", "all stopped for an hour, four end failed on SIGTERM")
    return story.stop(100, *NINE[:5]).stop(100, *NINE[5:], result="exit-code").end(4000)


def maintenance_with_a_kill() -> Story:
    story = nine("maintenance-timeout", "all stopped, three have to be killed after 90 s")
    story.stop(100, *NINE[:6]).stop(100, *NINE[6:], took_s=90, result="timeout")
    return story.end(2000)


def dependency_stopped() -> Story:
    story = Story("dependency-stopped", "the operator stops a unit, systemd what needs it", needs={B: A, C: A, D: A})
    return story.up(0, *NINE).stop(100, A, result="exit-code").go_along(100, B, C, D).end(2000)


def stopped_while_looping() -> Story:
    story = nine("stopped-while-looping", "three units crash; their operator stops them to look")
    story.crash(100, A, B, C, back_s=None)
    for unit in (A, B, C):
        story.unit(110, unit, "failed", job="stop", result="exit-code").unit(110.1, unit, "failed", result="exit-code")
    return story.end(2000)


def market_close() -> Story:
    story = nine("market-close", "six bots end with exit 0 at the same minute")
    for number, unit in enumerate(NINE[:6]):
        story.finish(100 + number, unit)
    return story.end(4000)


def market_close_in_pairs() -> Story:
    story = Story(
        "market-close-bound", "bots that are bound to a feed which ends first", needs=dict.fromkeys(NINE[1:], A)
    )
    return story.up(0, *NINE).finish(100, A).go_along(100, *NINE[1:]).end(4000)


def boot_storm() -> Story:
    story = Story("boot-storm", "a boot: everything starts, six crash twice before their dependencies are there")
    story.clock(0, "boot")
    for unit in NINE:
        story.unit(1, unit, "inactive", job="start").unit(4, unit, "activating", "start", job="start")
        story.unit(6, unit, "active")
    for at in (8, 20, 40):
        story.crash(at, *NINE[:6], back_s=5)
    return story.end(900)


def boot_gives_up_for_a_while() -> Story:
    story = Story("boot-repaired", "three are given up in the boot, and started a minute later")
    story.clock(0, "boot").up(2, *NINE).give_up(20, A, B, C).start(80, A, B, C)
    return story.end(900)


def slow_start() -> Story:
    story = nine("slow-start", "all take 80 s to start, as they may", config=GRACE_90)
    return story.restart(100, *NINE, took_s=80).end(900)


def slower_than_its_grace() -> Story:
    story = nine("slow-start-too-slow", "all take 100 s, which is more than their grace of 30")
    return story.restart(101, *NINE, took_s=100).end(900)


def reload() -> Story:
    story = nine("reload", "all reload for a minute")
    for unit in NINE:
        story.unit(100, unit, "reloading", "reload", job="reload").unit(160, unit, "active")
    return story.end(900)


def refreshing() -> Story:
    story = nine("refreshing", "systemd 257 refreshes their confinement")
    for unit in NINE:
        story.unit(100, unit, "refreshing", "refresh").unit(101, unit, "active")
    return story.end(900)


def daemon_reload() -> Story:
    story = nine("daemon-reload", "systemd says of every unit again what it is, fifty times")
    for number in range(50):
        story.up(100 + number / 10, *NINE)
    return story.end(900)


def daemon_reexec() -> Story:
    story = nine("daemon-reexec", "on 252 the counters start again; the units were restarted before")
    story.crash(40, *NINE)
    story._restarts.clear()
    return story.up(100, *NINE).end(900)


def resume() -> Story:
    story = nine("resume", "after a suspend every check fails for a minute, two units crash", config=CHECKED)
    for unit in NINE:
        story.check(31, "http", "ok", unit)
    story.clock(5000, "resume").crash(5001, A, B, back_s=10)
    for unit in NINE:
        story.check(5005, "http", "fail", unit)
        story.check(5065, "http", "ok", unit)
    return story.end(5900)


def clock_step() -> Story:
    story = nine("clock-step", "the clock jumps and three units notice in their own way")
    return story.clock(500, "step").crash(501, A, B, C, back_s=60).end(1500)


def important_crowd() -> Story:
    config = ACT + '[[watch]]\nunit = "*.service"\ntier = "important"\n'
    story = nine("important-crowd", "nine units of the important tier given up", levels="CRITICAL", config=config)
    return story.give_up(100, *NINE).end(4000)


def nightly_jobs() -> Story:
    story = Story("nightly-jobs", "three oneshots of timers fail every night", levels="WARNING CRITICAL")
    jobs = ("backup", "report", "cleanup")
    for job in jobs:
        story.unit(0, job, "inactive", type="oneshot")
    story.up(0, *NINE)
    for job in jobs:
        story.unit(1000, job, "activating", "start", job="start", type="oneshot")
        story.unit(1030, job, "failed", result="exit-code", type="oneshot")
    return story.end(4000)


def systemd_silent() -> Story:
    story = nine("systemd-silent", "systemd does not answer for two minutes", levels="CASCADING NONE")
    return story.manager(0, True).manager(500, False).manager(620, True).end(900)


def systemd_silent_for_good() -> Story:
    return nine("systemd-frozen", "systemd never answers again", levels="CASCADING").manager(500, False).end(9000)


def masked() -> Story:
    story = nine("masked", "four units are masked or gone")
    for unit in (A, B):
        story.unit(100, unit, "inactive", load_state="masked")
    for unit in (C, D):
        story.unit(100, unit, "inactive", load_state="not-found")
    return story.end(4000)


def states_of_tomorrow() -> Story:
    story = nine("unknown-states", "a later systemd has states that nobody knows")
    for unit in NINE:
        story.unit(100, unit, "daydreaming", "asleep")
    return story.end(4000)


def failed_before() -> Story:
    story = Story("failed-before", "five units failed before anybody looked, and nothing says why")
    return story.give_up(0, *NINE[:5]).up(0, *NINE[5:]).end(4000)


def shutdown() -> Story:
    story = nine("shutdown", "the host goes down, and not everybody ends nicely")
    story.clock(100, "shutdown").stop(100.5, *NINE[:5]).give_up(101, *NINE[5:])
    return story.end(120)


def poweroff() -> Story:
    story = nine("poweroff", "only systemd's own state says that the host goes down")
    story.manager(100, True, "stopping").give_up(101, *NINE)
    return story.end(120)


def cleared() -> Story:
    story = nine("cleared", "two given up, and their operator is content with that", levels="CRITICAL NONE")
    story.give_up(100, A, B)
    for unit in (A, B):
        story.unit(500, unit, "inactive")
    return story.end(4000)


def healed_within_the_gap() -> Story:
    story = nine("healed-within-the-gap", "a cascade right after a restart by hand heals by hand",
                 levels="CASCADING NONE", refused="gap")  # fmt: skip
    story.master(100, "started").master(112, "success").give_up(150, A, B, C)
    return story.start(300, A, B, C).end(1500)


def hands_off() -> Story:
    story = nine("hands-off", "after three by hand nothing happens by itself", levels="CASCADING", refused="hold")
    for at in (100, 500, 900):
        story.master(at, "started").master(at + 12, "failure")
    return story.give_up(1000, A, B, C).end(4400)


def no_cause() -> Story:
    story = nine("no-cause", "no cause may ask for a restart", levels="CASCADING",
                 config=ACT + "[restart]\ncauses = []\n" + ALL)  # fmt: skip
    return story.give_up(100, *NINE).end(4000)


def observed() -> Story:
    story = nine("observed", "the mode forbids it", levels="CASCADING", refused="observe",
                 config='mode = "observe"\n' + ALL)  # fmt: skip
    return story.give_up(100, *NINE).end(4000)


def bound_pair() -> Story:
    story = Story("bound-pair", "a unit crashes, what is bound to it is restarted with it", needs={B: A})
    story.up(0, *NINE).crash(100, A, back_s=5).go_along(100, B).start(105, B)
    return story.end(900)


def waiting_agents() -> Story:
    names = tuple(f"standfast-agent@bot{number}" for number in range(6))
    story = Story("waiting-agents", "six agents wait for their broker: that is their business")
    return story.up(0, *names).end(4000)


def started_in_turn() -> Story:
    story = Story("started-in-turn", "fifty units wait in the queue for their turn")
    many = units(50)
    for unit in many:
        story.unit(0, unit, "inactive")
    for unit in many:
        story.unit(100, unit, "inactive", job="start")
    for number, unit in enumerate(many):
        story.start(100.1 + number / 2, unit, took_s=0.4)
    return story.end(900)


QUIET = (
    one_crash, nine_crash_once, nine_crash_now_and_then, crash_storm, one_given_up, two_given_up,
    two_given_up_then_repaired, one_flaps, two_flap, flapping_by_turns, three_for_four_looks, threshold_raised,
    deploy_one, deploy_all, deploy_ugly, deploy_rolling, deploy_stop_then_start, deploy_with_migration,
    deploy_that_needs_a_second_try, deploy_with_dependents, maintenance, maintenance_with_a_kill, dependency_stopped,
    stopped_while_looping, market_close, market_close_in_pairs, boot_storm, boot_gives_up_for_a_while, slow_start,
    slower_than_its_grace, reload, refreshing, daemon_reload, daemon_reexec, resume, clock_step, important_crowd,
    nightly_jobs, systemd_silent, systemd_silent_for_good, masked, states_of_tomorrow, failed_before, shutdown,
    poweroff, cleared, healed_within_the_gap, hands_off, no_cause, observed, bound_pair, waiting_agents,
    started_in_turn,
)  # fmt: skip
