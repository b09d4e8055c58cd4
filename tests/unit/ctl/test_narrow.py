"""Tables on narrow terminals: what is most needed stays, no word is cut, no line is too long."""

from __future__ import annotations

import io
import random
import re
from datetime import UTC, datetime

import pytest
from tests.unit.overview import statuses
from tests.unit.overview.test_snapshot import shot

from standfast.ctl.errors import errors_table
from standfast.ctl.history import Happening, history_table
from standfast.ctl.narrow import shape
from standfast.ctl.report import report
from standfast.ctl.screen import Screen
from standfast.ctl.table import AT, Cell, Table
from standfast.ctl.units import units_table
from standfast.events import Event, Kind
from standfast.overview.snapshot import Source
from standfast.overview.tones import Tone
from standfast.unit_names import short

NOW = datetime(2026, 11, 23, 15, 0, tzinfo=UTC)
LONGEST = "unified_production_coordinator.service"
WHY = "it went down with active_trade_supervisor.service, which it needs"
FAILING = {
    **statuses.detector()["service_health"]["trade_manager.service"],
    "status": "taken along",
    "failing": True,
    "why": WHY,
    "sub_state": "failed",
    "active_state": "failed",
    "result": "exit-code",
    "thresholds": {"warning": 3, "critical": 5, "cascading": 7},
}
ERROR = statuses.error(
    id=1234, unit=LONGEST, error_type="POSITIONS_UNVERIFIED", error_message=WHY, acknowledged=True,
    action=f"See journalctl -u {LONGEST}, then: systemctl restart {LONGEST}",
)  # fmt: skip


def tables() -> list[Table]:
    """Each with the longest that is to be met."""
    found = shot(
        statuses.detector(
            service_health={LONGEST: FAILING},
            restart_history=[{"at": statuses.AT, "result": "partial", "automatic": True, "units": [LONGEST] * 9}],
        ),
        statuses.notifier(ERROR),
        paper=statuses.agent(
            reason=WHY, paused=True, flat=False, positions=[{"symbol": "NSE:RELIANCE", "quantity": -1}]
        ),
    )
    event = Event(Kind.PROBLEM, WHY, "MASTER_RESTART_HANDS_OFF", unit=LONGEST)
    history = history_table([Happening(NOW, event, "alice (as root)")])
    return [*report(found).tables, errors_table(found.notifier), units_table(found, ()), history]


def shown(table: Table, width: int, monkeypatch: pytest.MonkeyPatch, *, wide: bool = False) -> list[str]:
    monkeypatch.setenv("COLUMNS", str(width))
    monkeypatch.setenv("TERM", "xterm")
    stream = io.StringIO()
    Screen(stream, terminal=True, wide=wide).table(table)
    return [re.sub(r"\x1b\[[0-9;]*m", "", line).rstrip() for line in stream.getvalue().splitlines()]


@pytest.mark.parametrize("width", [80, 100, 132])
@pytest.mark.parametrize("table", tables(), ids=lambda table: table.title)
def test_every_table_is_one_at_80_columns_and_fits(table: Table, width: int, monkeypatch: pytest.MonkeyPatch) -> None:
    lines = shown(table, width, monkeypatch)
    assert max(map(len, lines)) <= width
    text = "\n".join(lines)
    # The first heading stands above its column, as in no paragraph.
    assert re.search(rf"(?m)^\W*{table.columns[0]}\b", "\n".join(lines[1:4]))
    name = table.rows[0][table.columns.index("Unit")] if "Unit" in table.columns else None
    assert name is None or short(name.text) in text


def test_of_a_problem_type_unit_message_and_next_step_are_seen_at_80_columns(monkeypatch: pytest.MonkeyPatch) -> None:
    lines = shown(errors_table(Source(statuses.notifier(ERROR))), 80, monkeypatch)
    words = " ".join(" ".join(lines).split())
    for said in ("1234", "POSITIONS_UNVERIFIED", "(acknowledged)", short(LONGEST), "it went down with", "-> See"):
        assert said in words


@pytest.mark.parametrize("width", [40, 80, 100, 132, 200])
def test_how_far_a_unit_is_from_an_alarm_is_seen_at_any_width(width: int, monkeypatch: pytest.MonkeyPatch) -> None:
    found = shot(statuses.detector(service_health={LONGEST: {**FAILING, "consecutive_failures": 2}}))
    assert "2 of 3/5/7" in " ".join(" ".join(shown(units_table(found, ()), width, monkeypatch)).split())


@pytest.mark.parametrize("table", tables(), ids=lambda table: table.title)
def test_what_there_is_no_room_for_is_named_and_shown_when_asked_for(
    table: Table, monkeypatch: pytest.MonkeyPatch
) -> None:
    for width in (60, 80, 100, 132):
        lines = shown(table, width, monkeypatch)
        found = shape(table, width - 2)
        left_out = found.left_out if found else ()
        note = f"(without {', '.join(left_out)}; with all: --wide)"
        assert (note in " ".join(" ".join(lines).split())) == bool(left_out)
        words = " ".join(" ".join(shown(table, width, monkeypatch, wide=True)).split())
        assert "--wide" not in words
        assert all(name in words for name in table.columns[1:])


@pytest.mark.parametrize("table", tables(), ids=lambda table: table.title)
def test_a_pipe_is_given_every_column_of_every_table_as_one(table: Table) -> None:
    stream = io.StringIO()
    Screen(stream, terminal=False).table(table)
    title, *lines = stream.getvalue().splitlines()
    assert title == f"{table.title}:"
    assert re.match(rf"  {table.columns[0]}  +\S", lines[0])
    head = " ".join(lines[:4]).split()
    assert all(word in head for name in table.columns for word in name.split())


def test_a_problem_says_that_it_is_critical() -> None:
    row = errors_table(Source(statuses.notifier({**ERROR, "severity": "critical"}))).rows[0]
    assert row[1].text == "POSITIONS_UNVERIFIED (critical, acknowledged)"
    warned, urgent = (
        errors_table(Source(statuses.notifier(statuses.error(severity=one)))).rows[0][1]
        for one in ("warning", "critical")
    )
    assert (warned.text, warned.tone) == ("OPENALGO_DOWN", Tone.WARNING)
    assert (urgent.text, urgent.tone) == ("OPENALGO_DOWN (critical)", Tone.BAD)


def test_a_long_path_and_what_is_wrong_with_it_stand_beside_each_other_at_80_columns(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    files = {"/srv/fleet/trading/configuration/ports.json": {"healthy": False, "detail": "no JSON: 272 bytes of it"}}
    (table,) = (one for one in report(shot(statuses.detector(critical_files=files))).tables if "Files" in one.title)
    lines = [line.split() for line in shown(table, 80, monkeypatch)]
    path = "/srv/fleet/trading/configuration/ports.json"
    assert [path, "fail", "no", "JSON:", "272", "bytes", "of", "it"] in lines
    lines = [line.split() for line in shown(table, 72, monkeypatch)]
    assert [path, "fail"] in lines
    assert ["critical", "file", "no", "JSON:", "272", "bytes", "of", "it"] in lines


def test_moments_take_two_lines_before_a_column_is_left_out() -> None:
    row = (Cell("a.service", short="a"), Cell("word " * 8), Cell(AT, at=NOW))
    table = Table("T", ("Unit", "Message", "At"), (row,), "", spare=("At",))
    found = shape(table, 60)
    assert found is not None
    assert found.columns == ("Unit", "Message", "At")
    assert found.rows[0][2][0].startswith("2026-11-23\n") or found.widths[2] == 23


def test_what_looks_like_a_moments_place_in_anothers_words_stays() -> None:
    row = (Cell("w" * 40), Cell("says {at} here"), Cell("w" * 18))
    found = shape(Table("T", ("Name", "Message", "Least"), (row,), "", spare=("Least",)), 60)
    assert found is not None
    assert found.rows[0][1][0] == "says {at} here"


def test_least_needed_columns_go_first_and_the_rest_stays() -> None:
    columns = ("Name", "Less", "Least", "Message")
    row = tuple(Cell("w" * 18) for _ in columns)
    table = Table("T", columns, (row,), "", spare=("Least", "Less"))
    kept = [found.columns if (found := shape(table, width)) else () for width in (80, 60, 57)]
    assert kept == [columns, ("Name", "Less", "Message"), ("Name", "Message")]


def test_what_is_beneath_another_is_left_out_where_there_is_none() -> None:
    rows = ((Cell("A" * 30), Cell("b" * 30), Cell("m" * 20)), (Cell("C"), Cell("-"), Cell("d")))
    found = shape(Table("T", ("Type", "Unit", "Message"), rows, "", beneath=("Unit",)), 60)
    assert found is not None
    assert found.columns == ("Type\nUnit", "Message")
    assert [row[0][0] for row in found.rows] == ["A" * 30 + "\n" + "b" * 30, "C"]


def test_no_word_of_a_column_that_stays_is_lost_or_cut(monkeypatch: pytest.MonkeyPatch) -> None:
    for seed in range(200):
        chance = random.Random(seed)
        columns = tuple(f"C{number}" for number in range(chance.randint(1, 8)))
        words = [[["w" * chance.randint(1, 20) for _ in range(chance.randint(0, 12))] for _ in columns] for _ in "123"]
        rows = tuple(tuple(Cell(" ".join(cell)) for cell in row) for row in words)
        width = chance.randint(58, 140)
        table = Table("T", columns, rows, "", spare=columns[1:])
        lines = shown(table, width, monkeypatch)
        assert max(map(len, lines)) <= width
        found = shape(table, width - 2)
        if found is None:
            continue
        kept = [columns.index(name) for name in found.columns]
        expected = sorted(word for row in words for at in kept for word in row[at])
        assert sorted(re.findall(r"\bw+\b", " ".join(lines))) == expected
