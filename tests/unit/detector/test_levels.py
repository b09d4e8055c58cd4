"""The level rules, at and beside each of their limits."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from tests.unit.detector.make import Watcher, config, failed, pending, up

from standfast.detector.check_tables import SqliteDatabase, TcpCheck
from standfast.detector.config import DetectorConfig, Thresholds, Tier, Watch
from standfast.detector.levels import Facts, Health, weigh
from standfast.detector.model import CheckObservation, FileMemory, Level, Outcome
from standfast.detector.reading import Meaning, Reading
from standfast.detector.watched import Watching


def health(unit: str, failures: int, tier: Tier = Tier.CRITICAL, meaning: Meaning = Meaning.CRASHED) -> Health:
    rules = Watching(DetectorConfig(watch=(Watch(unit, tier=tier),))).rules(unit)
    return Health(rules, Reading(meaning, "why"), failures)


def facts(critical: str = "", important: str = "", **more: Any) -> Facts:
    """Facts about units with these failures in a row."""
    units = [health(f"c{number}.service", int(count)) for number, count in enumerate(critical.split())]
    units += [
        health(f"i{number}.service", int(count), Tier.IMPORTANT) for number, count in enumerate(important.split())
    ]
    found = Facts(tuple(units), {}, {}, answers=True)
    return replace(found, **more)


@pytest.mark.parametrize(
    ("level", "found"),
    [
        (Level.NONE, facts()),
        (Level.NONE, facts("2 2 2 2 2", "2 2 2")),
        (Level.WARNING, facts("3")),
        (Level.WARNING, facts("", "3")),
        (Level.WARNING, facts("4 4 4 4")),
        (Level.WARNING, facts("5")),
        (Level.WARNING, facts("99")),
        (Level.WARNING, facts("", "5 5")),
        (Level.WARNING, facts("5", "5 5")),
        (Level.CRITICAL, facts("5 5")),
        (Level.CRITICAL, facts("7 7 4 4 4")),
        (Level.CRITICAL, facts("", "5 5 5")),
        (Level.CRITICAL, facts("", "9 9 9 9 9 9 9 9 9")),
        (Level.CRITICAL, facts("99 99", "99 99 99 99")),
        (Level.CRITICAL, facts(failed_databases={"trades": "damaged"})),
        (Level.CASCADING, facts("5 5 5")),
        (Level.CASCADING, facts("5 5 5 5", "5")),
        (Level.CASCADING, facts(answers=False)),
        (Level.WARNING, facts("3", files={"/f": FileMemory(False, "missing", 2)})),
        (Level.CASCADING, facts(files={"/f": FileMemory(False, "missing", 3)})),
        (Level.NONE, facts(files={"/f": FileMemory(None, "may not", 0)})),
    ],
)
def test_level(level: Level, found: Facts) -> None:
    reached, reasons = weigh(found)
    assert reached is level
    assert bool(reasons) is (level is not Level.NONE)


def test_units_of_unknown_state_do_not_weigh() -> None:
    units = tuple(health(f"{name}.service", 9, meaning=Meaning.UNKNOWN) for name in "abc")
    assert weigh(Facts(units, {}, {}, answers=True)) == (Level.NONE, ())


def test_reasons_name_units_and_what_is_wrong() -> None:
    _, reasons = weigh(facts("5 6 7"))
    assert reasons == ("3 critical units fail: c0.service (crashed), c1.service (crashed), c2.service (crashed)",)


def test_a_units_own_thresholds_hold_for_it() -> None:
    rules = replace(health("a.service", 0).rules, thresholds=Thresholds(1, 2, 3))
    one = Health(rules, Reading(Meaning.CRASHED, "why"), 2)
    two = replace(one, rules=replace(rules, unit="b.service"))
    three = replace(one, rules=replace(rules, unit="c.service"))
    assert weigh(Facts((one, two, three), {}, {}, answers=True))[0] is Level.CASCADING


def test_only_a_configured_database_counts() -> None:
    settings = config("a", database=(SqliteDatabase(name="trades", path="/trades.db"),))
    for name, level in (("other", Level.NONE), ("trades", Level.CRITICAL)):
        watcher = Watcher(settings)
        watcher.see(up(0), scheduled=True)
        step = watcher.see(CheckObservation(1, name, "", Outcome.FAIL, "damaged"))
        assert step.assessment.level is level


def test_who_failed_first_is_told_by_when_that_began() -> None:
    """A check that fails on a unit that was never down, or crashed long ago, is no older than the crash of now."""
    check = TcpCheck(port=1, name="port")
    watches = tuple(Watch(f"{unit}.service", check=(check,)) for unit in "abc")
    watcher = Watcher(replace(config(), watch=watches))
    watcher.see(up(0, "a"), up(0, "b"), up(0, "c"), scheduled=True)
    watcher.see(pending(5, "b"))
    watcher.see(up(6, "b", n=1))
    for at in (40, 70):
        watcher.see(up(at, "b", n=1), scheduled=True)
    watcher.see(failed(100, "c"))
    step = watcher.see(*(CheckObservation(110, "port", f"{unit}.service", Outcome.FAIL) for unit in "ab"))
    assert step.assessment.root_causes[0].unit == "c.service"
    assert step.assessment.health["b.service"].failing_since == 110
