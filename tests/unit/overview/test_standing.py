"""The headline says what makes the level, never more than is so."""

from typing import Any

import pytest
from tests.unit.overview import statuses
from tests.unit.overview.test_snapshot import shot

from standfast.overview.problems import headline

THRESHOLDS = {"warning": 3, "critical": 5, "cascading": 7}
GOOD_FILE = {"healthy": True, "detail": "", "consecutive_failures": 0}
BAD_FILE = {"healthy": False, "detail": "not JSON", "consecutive_failures": 3}
BAD_DATABASE = {"status": "fail", "healthy": False, "detail": "not a SQLite database", "last_check": statuses.AT}


def said(level: str, **changes: Any) -> str:
    return headline(shot(statuses.detector(failure_level=level, **changes)), ["something"])[1]


def units(*failing: str, tier: str = "critical") -> dict[str, dict[str, Any]]:
    """A fleet of four, these of which fail."""
    return {
        name: {"status": "crashed" if name in failing else "healthy", "failing": name in failing, "tier": tier}
        for name in ("a.service", "b.service", "c.service", "d.timer")
    }


def test_a_damaged_database_is_no_unit() -> None:
    assert said("CRITICAL", databases={"trades": BAD_DATABASE}) == "The database trades fails its check"
    both = said("CRITICAL", databases={"trades": BAD_DATABASE}, service_health=units("a.service"))
    assert both == "a is failing; the database trades fails its check"


def test_a_bad_file_does_not_bring_the_fleet_down() -> None:
    one = said("CASCADING", critical_files={"/srv/ports.json": BAD_FILE, "/srv/other": GOOD_FILE})
    assert one == "The critical file /srv/ports.json is missing or damaged"
    two = said("CASCADING", critical_files={"/srv/ports.json": BAD_FILE, "/srv/other": BAD_FILE})
    assert two == "2 critical files are missing or damaged"
    units_too = said("CASCADING", critical_files={"/srv/ports.json": BAD_FILE}, service_health=units("d.timer"))
    assert units_too == "d.timer is failing; the critical file /srv/ports.json is missing or damaged"


@pytest.mark.parametrize(
    ("level", "failing", "words"),
    [
        ("WARNING", ("a.service",), "a is failing"),
        ("WARNING", ("a.service", "d.timer"), "2 watched units are failing"),
        ("CRITICAL", ("a.service", "d.timer"), "2 watched units are failing"),
        ("CRITICAL", ("a.service", "b.service", "d.timer"), "3 watched units are failing"),
        ("CASCADING", ("a.service", "b.service", "d.timer"), "The fleet is going down"),
    ],
)
def test_units_are_named_or_counted(level: str, failing: tuple[str, ...], words: str) -> None:
    assert said(level, service_health=units(*failing)) == words


def test_who_fails_for_too_short_a_time_to_weigh_is_told_apart_from_those_of_whom_the_reasons_speak() -> None:
    counted = {"tier": "critical", "thresholds": THRESHOLDS, "status": "given up", "failing": True}
    rows = {name: {**counted, "consecutive_failures": often} for name, often in (("a", 7), ("b", 7), ("c", 1))}
    assert said("CRITICAL", service_health=rows) == "3 watched units are failing, 1 of them only just"


def test_the_fleet_goes_down_only_with_its_critical_units() -> None:
    three = units("a.service", "b.service", "c.service", tier="important")
    words = said("CASCADING", service_health=three, critical_files={"/srv/ports.json": BAD_FILE})
    assert words == "3 watched units are failing; the critical file /srv/ports.json is missing or damaged"


def test_a_unit_that_is_being_started_again_still_weighs() -> None:
    row = {"status": "settling", "failing": False, "consecutive_failures": 3, "thresholds": THRESHOLDS}
    assert said("WARNING", service_health={"a.service": row}) == "a is failing"
    twice = {**row, "consecutive_failures": 2}
    assert said("WARNING", service_health={"a.service": twice}) == "All watched units stand, but no reason is given"


def test_a_silent_systemd_is_said_first() -> None:
    silent = {"status": "no answer", "running": 0, "failed": 0, "system_state": ""}
    assert said("CASCADING", supervisor_status=silent) == "systemd does not answer"
    words = said("CASCADING", supervisor_status=silent, databases={"trades": BAD_DATABASE})
    assert words == "systemd does not answer; the database trades fails its check"


def test_a_level_that_is_held_says_by_what() -> None:
    reasons = ["a master restart is running", "critical unit fails: b.service"]
    assert said("CASCADING", reasons=reasons) == "All watched units stand, but a master restart is running"


def looping(failures: int, status: str = "looping") -> dict[str, Any]:
    return {
        "status": status,
        "failing": status == "looping",
        "tier": "critical",
        "thresholds": THRESHOLDS,
        "consecutive_failures": failures,
    }


def test_what_crashes_while_a_master_restart_runs_does_not_stand() -> None:
    """Whoever reads that all stand goes back to bed."""
    reasons = ["a master restart is running"]
    rows = {f"{name}.service": looping(1) for name in "abc"}
    words = said("CASCADING", service_health=rows, reasons=reasons)
    assert words == "a, b, c crashed since the last look; a master restart is running"
    many = {f"{name}.service": looping(1) for name in "abcd"}
    words = said("CASCADING", service_health=many, reasons=reasons)
    assert words == "4 watched units have crashed since the last look; a master restart is running"


def test_a_fleet_that_is_up_again_does_not_go_down() -> None:
    again = {"a.service": looping(9, "healthy"), "b.service": looping(9, "healthy")}
    words = said("CASCADING", service_health={**again, "c.service": looping(9)})
    assert words == "c is failing; a, b are up again, and have yet to stay so"
    words = said("CASCADING", service_health={f"{name}.service": looping(9, "healthy") for name in "abcd"})
    assert words == "4 are up again, and have yet to stay so"
    words = said("CASCADING", service_health={"a.service": looping(7, "healthy"), "b.service": looping(1)})
    assert words == "a is up again, and has yet to stay so; b crashed since the last look"
