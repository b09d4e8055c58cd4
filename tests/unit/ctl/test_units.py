"""The table of watched units: each word of the detector has its meaning, and odd status files are stood."""

from typing import Any

import pytest
from tests.unit.overview import statuses
from tests.unit.overview.test_snapshot import shot

from standfast.ctl import units
from standfast.ctl.__main__ import main
from standfast.ctl.units import MEANINGS, chosen, units_table
from standfast.detector.reading import Meaning
from standfast.overview.snapshot import Snapshot
from standfast.overview.tones import Tone
from standfast.overview.unit_words import RESTARTED, UP_AGAIN

HEALTHY = statuses.detector()["service_health"]["trade_manager.service"]
THRESHOLDS = {"warning": 3, "critical": 5, "cascading": 7}


def detector(**units: dict[str, Any]) -> Snapshot:
    health = {f"{name}.service": {**HEALTHY, "thresholds": THRESHOLDS, **row} for name, row in units.items()}
    return shot(statuses.detector(service_health=health))


def test_every_word_of_the_detector_has_a_meaning() -> None:
    assert MEANINGS.keys() == {RESTARTED, UP_AGAIN, *(meaning.value for meaning in Meaning)}


def test_those_that_fail_come_first_with_why_and_their_thresholds() -> None:
    down = {"status": "given up", "failing": True, "why": "exit-code", "consecutive_failures": 7}
    first, second = units_table(detector(a={}, b=down), ()).rows
    assert [cell.text for cell in first] == [
        *("b.service", "given up", "7 of 3/5/7", "it failed, and systemd does not start it again (exit-code)"),
        *("critical", "0"),
    ]
    assert first[1].tone is Tone.BAD
    assert [cell.text for cell in second[:3]] == ["a.service", "healthy", "0 of 3/5/7"]


@pytest.mark.parametrize(
    ("patterns", "found"),
    [([], ["a", "ab", "b"]), (["a"], ["a"]), (["a*"], ["a", "ab"]), (["b.service"], ["b"]), (["c"], [])],
)
def test_units_are_named_as_for_systemctl(patterns: list[str], found: list[str]) -> None:
    assert [name for name, _ in chosen(detector(a={}, ab={}, b={}), patterns)] == [f"{name}.service" for name in found]


@pytest.mark.parametrize("health", [None, [], {"a.service": 3}, {"a.service": {"status": ["x"], "thresholds": 7}}])
def test_an_odd_status_is_shown_as_unknown(health: Any) -> None:
    for row in units_table(shot({"service_health": health}), ()).rows:
        assert row[0].text == "a.service"
        assert {cell.text for cell in row[4:]} | {row[2].text} <= {"?", "? of ?/?/?"}


def test_an_instance_that_nobody_configured_is_not_listed() -> None:
    assert chosen(detector(**{"standfast-agent@nope": {"status": "stopped"}}), ()) == []


@pytest.mark.parametrize(
    ("checks", "said"),
    [({}, "again in 0 s; a change"), ({"http": {}}, "again in 0 s, those of a check when it is made next; a change")],
)
def test_when_failures_are_counted_again_is_said_of_units_and_of_checks(
    checks: dict[str, Any], said: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    health = {"a.service": {**HEALTHY, "checks": checks}}
    monkeypatch.setattr(
        units, "read_snapshot", lambda now: shot(statuses.detector(service_health=health, next_look=statuses.AT))
    )
    assert main(["units"]) == 0
    assert f"Failures in a row are counted {said} is seen at once." in capsys.readouterr().out
