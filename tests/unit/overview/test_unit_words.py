"""A check that cannot look, of a unit that runs: that it tells of nothing is said wherever one looks."""

from typing import Any

import pytest
from tests.unit.overview import statuses
from tests.unit.overview.test_snapshot import shot
from tests.unit.web.scenes import scene

from standfast.ctl.report import report
from standfast.ctl.units import units_table
from standfast.overview.problems import headline, problems
from standfast.overview.tones import Tone, unit_tone
from standfast.overview.unit_words import blind, why
from standfast.web import documents
from standfast.web.unit_list import unit_list
from standfast.web.unit_page import unit_page

HINDERED = {"status": "unknown", "healthy": None, "detail": "cannot run /srv/look: Permission denied"}
WORDS = "check app cannot look: cannot run /srv/look: Permission denied"


def row(status: str = "healthy", last_check: str | None = statuses.AT, **changes: Any) -> dict[str, Any]:
    checks = {"app": {**HINDERED, "last_check": last_check, **changes}}
    return {"status": status, "why": "active", "failing": status == "crashed", "checks": checks}


def detector(*names: str) -> dict[str, Any]:
    return statuses.detector(service_health={f"{name}.service": row() for name in names})


@pytest.mark.parametrize(
    ("health", "found"),
    [
        (row(), [WORDS]),
        (row("settling"), [WORDS]),
        (row("check failed"), [WORDS]),
        (row("crashed"), []),
        (row("stopped"), []),
        (row(last_check=None), []),
        (row(healthy=True), []),
        (row(healthy=False), []),
        (row(detail="cannot look at it: Permission denied"), ["check app cannot look at it: Permission denied"]),
        (row(detail=None), ["check app cannot look: it does not say why"]),
        ({"status": "healthy", "checks": ["odd"]}, []),
        ({"status": "healthy", "checks": {"app": "odd"}}, []),
    ],
)
def test_what_cannot_look_is_what_looked_in_vain_at_a_unit_that_is_up(health: dict[str, Any], found: list[str]) -> None:
    assert blind(health) == found


def test_such_a_unit_is_not_known_to_be_well() -> None:
    assert unit_tone(row()) is Tone.WARNING
    assert unit_tone(row("crashed")) is Tone.BAD
    assert unit_tone({"status": "healthy"}) is Tone.GOOD
    assert why(row()) == f"active; {WORDS}"


def test_the_terminal_says_so_in_its_row_and_among_what_is_wrong() -> None:
    snapshot = shot(detector("web"))
    (cells,) = units_table(snapshot, ()).rows
    assert (cells[1].text, cells[1].tone, cells[3].text) == ("healthy", Tone.WARNING, f"it runs; {WORDS}")
    units = next(table for table in report(snapshot).tables if table.title == "Units")
    assert units.rows[0][1].text == "healthy; cannot look: app"
    found = problems(snapshot)
    assert found == [
        f"web.service runs, but {WORDS}; until it can, it tells of nothing: see [[watch.check]] in detector.toml"
    ]
    assert headline(snapshot, found) == (Tone.WARNING, "All watched units stand, but something needs a look")


def test_of_very_many_some_are_named() -> None:
    (line,) = problems(shot(detector("a", "b", "c", "d", "e")))
    assert line.startswith("Checks of a.service, b.service, c.service and 2 more cannot look, ")


def test_page_and_programs_are_told_the_same() -> None:
    found = scene(detector("web"))
    assert f"healthy: {WORDS}" in unit_list(found)
    assert 'data-key="others"' in unit_list(found)
    assert f"healthy: active; {WORDS}" in unit_page(found, "web.service", ())
    (told,) = (documents.units(found.snapshot) or {})["units"]
    assert told["why"] == documents.unit(found.snapshot, "web.service", ())["why"] == f"active; {WORDS}"


GIVEN_UP = {"consecutive_failures": 7, "thresholds": {"warning": 3, "critical": 5, "cascading": 7}, "failing": True}


@pytest.mark.parametrize(
    ("status", "failures", "on_page", "in_table"),
    [
        ("given up", 7, "counts as 7 failing looks", "7 at once"),
        ("taken along", 7, "counts as 7 failing looks", "7 at once"),
        ("taken along", 2, "2 failing looks in a row", "2"),
        ("crashed", 1, "1 failing look in a row", "1"),
        ("looping", 7, "7 failing looks in a row", "7"),
    ],
)
def test_what_counts_as_many_looks_is_not_said_to_have_been_looked_at_so_often(
    status: str, failures: int, on_page: str, in_table: str
) -> None:
    health = {"a.service": {**GIVEN_UP, "status": status, "consecutive_failures": failures}}
    shown = scene(statuses.detector(service_health=health))
    assert f'<p class="meta">{on_page} ' in unit_list(shown) or f'<p class="meta">{on_page}<' in unit_list(shown)
    (row_,) = report(shown.snapshot).tables[0].rows
    assert row_[2].text == in_table
    assert ("counted at once" in unit_page(shown, "a.service", ())) == on_page.startswith("counts")
