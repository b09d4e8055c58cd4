"""Checks, databases and critical files that must not restart a fleet."""

from __future__ import annotations

from tests.scenarios.cascades import FILE, FILES, HTTP
from tests.scenarios.story import ACT, ALL, NINE, Story, nine

A, B, C, *_ = NINE
TRADES = '[[database]]\nkind = "sqlite"\nname = "trades"\npath = "/srv/fleet/trades.db"\n'
_TCP = """[[watch.check]]
kind = "tcp"
port = 80
"""
SELDOM = ACT + "".join(
    f'[[watch]]\nunit = "{unit}.service"\n{_TCP}name = "quick"\n{_TCP}name = "deep"\ninterval_s = 3600\n'
    for unit in NINE
)
CHECKED = ACT + "".join(HTTP.format(unit=unit) for unit in NINE)


def unknown_probes() -> Story:
    story = nine("unknown-probes", "no check can be made at all", config=CHECKED)
    for unit in NINE:
        story.check(31, "http", "unknown", unit)
    return story.end(4000)


def network_gone() -> Story:
    story = nine("network-gone", "the network of the checks' targets is gone", config=CHECKED)
    for unit in NINE:
        story.check(31, "http", "ok", unit)
        story.check(500, "http", "unknown", unit)
    return story.end(4000)


def check_removed() -> Story:
    story = nine("check-removed", "three checks fail that their operator has removed since", config=CHECKED)
    for unit in (A, B, C):
        story.check(500, "http", "ok", unit).check(500, "http of before", "fail", unit)
    return story.end(4000)


def seldom_check_fails() -> Story:
    story = nine("seldom-check-fails", "three checks that are made every hour fail once, the quick ones do not",
                 config=SELDOM)  # fmt: skip
    for unit in (A, B, C):
        story.check(500, "quick", "ok", unit).check(500, "deep", "fail", unit).check(4100, "deep", "ok", unit)
    return story.end(5000)


def check_of_the_run_before() -> Story:
    story = nine("check-of-the-run-before", "three hang, their operator restarts them; the next checks come later",
                 config=SELDOM)  # fmt: skip
    for unit in (A, B, C):
        story.check(500, "quick", "fail", unit)
    story.restart(510, A, B, C)
    for unit in (A, B, C):
        story.check(1500, "quick", "ok", unit)
    return story.end(2000)


def one_check_fails() -> Story:
    story = nine("one-check-fails", "one process hangs", levels="WARNING", config=CHECKED)
    return story.check(500, "http", "fail", A).end(4000)


def two_checks_fail() -> Story:
    story = nine("two-checks-fail", "two processes hang, then answer", levels="WARNING CRITICAL NONE", config=CHECKED)
    story.check(500, "http", "fail", A).check(500, "http", "fail", B)
    return story.check(900, "http", "ok", A).check(900, "http", "ok", B).end(4000)


def checks_blip() -> Story:
    story = nine("checks-blip", "every check fails twice, while the host is busy", config=CHECKED)
    for unit in NINE:
        story.check(500, "http", "fail", unit).check(555, "http", "ok", unit)
    return story.end(4000)


def database_gone() -> Story:
    story = nine("database-gone", "the trades database is missing", levels="CRITICAL", config=ACT + ALL + TRADES)
    return story.check(31, "trades", "ok").check(500, "trades", "fail").end(9000)


def database_locked() -> Story:
    story = nine("database-locked", "the trades database is locked for an hour", config=ACT + ALL + TRADES)
    return story.check(31, "trades", "ok").check(500, "trades", "unknown").end(4000)


def database_and_two() -> Story:
    story = nine(
        "database-and-two", "a database fails and two units are given up", levels="CRITICAL", config=ACT + ALL + TRADES
    )
    return story.check(31, "trades", "fail").give_up(100, A, B).end(4000)


def editor() -> Story:
    story = nine("file-edited", "an editor renames the critical file, twice", config=ACT + FILES + ALL)
    for at in (100, 400):
        story.file(at, FILE, False, "missing").file(at + 25, FILE, True)
    return story.end(900)


def file_away_for_a_while() -> Story:
    story = nine("file-away", "the critical file is gone for five looks", levels="CASCADING NONE",
                 config=ACT + FILES + ALL)  # fmt: skip
    return story.file(100, FILE, False, "missing").file(245, FILE, True).end(900)


def file_not_readable() -> Story:
    story = nine("file-not-readable", "the detector may not read the critical file", config=ACT + FILES + ALL)
    return story.file(31, FILE, None, "the detector may not read it").end(4000)


QUIET_CHECKS = (
    unknown_probes, network_gone, check_removed, seldom_check_fails, check_of_the_run_before, one_check_fails,
    two_checks_fail, checks_blip, database_gone, database_locked, database_and_two, editor, file_away_for_a_while,
    file_not_readable,
)  # fmt: skip
