"""Tables as plain text: never wider than can be read, no name cut off, one line a row where that fits."""

from __future__ import annotations

import random
from collections.abc import Sequence

from standfast.ctl.layout import WIDTH, aligned_lines, block_lines, solid

COLUMNS = ("Agent", "State", "Reason", "Holds")
LONG = "the API key is refused by OpenAlgo (it answered 403 Invalid API key), " * 5


def plain_lines(columns: Sequence[str], rows: Sequence[Sequence[str]], width: int = WIDTH) -> list[str]:
    if lines := aligned_lines(columns, rows, width):
        return lines
    return [line for row in rows for line in block_lines(columns, row, width)]


def test_what_fits_is_a_line_a_row() -> None:
    assert plain_lines(("A", "B"), [("a", "b"), ("longer", "")]) == ["A       B", "a       b", "longer"]


def test_a_long_reason_is_wrapped_in_its_column() -> None:
    head, first, second, *_, last = plain_lines(COLUMNS, [("paper", "ERROR", LONG, "nothing"), ("b", "ACTIVE", "", "")])
    column = head.index("Reason")
    assert first.startswith("paper  ERROR   the API key is refused")
    assert first.endswith("  nothing")
    assert second[:column].strip() == ""
    assert second[column] != " "
    assert last == "b      ACTIVE"


def test_a_point_in_time_stays_whole_while_headings_give_way() -> None:
    columns = ("Unit", *("A heading of words" for _ in range(7)), "At")
    lines = plain_lines(columns, [("a.service", *("1" for _ in range(7)), solid("2026-11-25 14:30:05 UTC"))])
    assert lines[0].startswith("Unit ")
    assert lines[-1].startswith("a.service ")
    assert lines[-1].endswith(" 2026-11-25 14:30:05 UTC")


def test_names_that_are_too_wide_for_columns_make_a_line_of_each_cell() -> None:
    unit = "standfast-agent@" + "x" * 60 + ".service"
    lines = plain_lines(("Unit", "Needs"), [(unit, f"{unit} and more")])
    assert lines == [unit, f"  Needs: {unit} and more"]
    assert block_lines(("Unit", "Why"), ("a", "one two three"), 16) == ["a", "  Why: one two", "    three"]


def test_any_table_is_narrow_enough_and_loses_no_word() -> None:
    for seed in range(300):
        chance = random.Random(seed)
        columns = [f"C{number}" for number in range(chance.randint(1, 9))]
        rows = [
            [" ".join("w" * chance.randint(1, 20) for _ in range(chance.randint(0, 30))) for _ in columns]
            for _ in range(chance.randint(1, 4))
        ]
        lines = plain_lines(columns, rows)
        assert max(map(len, lines)) <= WIDTH
        assert sorted("".join(lines).replace(" ", "").count("w") for _ in "1") == [
            sum(cell.count("w") for row in rows for cell in row)
        ]


def test_no_sentence_stands_in_a_column_of_two_words() -> None:
    said = "the gateway at http://127.0.0.1:5000 cannot be reached: nobody listens there"
    at = "2026-11-23 15:00:00 UTC".replace(" ", "\N{NO-BREAK SPACE}")
    names = ["7", "OPENALGO_DOWN", "standfast-agent@paper.service"]
    row = [*names, said, at, at, "3", "1", "See that the gateway runs, then: systemctl reload standfast-agent@paper"]
    columns = ["ID", "Error", "Unit", "Message", "First", "Last", "Times", "Messages", "Next step"]
    wide = plain_lines(columns, [row], 180)
    assert wide[0].split()[0] == "ID"
    narrow = plain_lines(columns, [row], 140)
    assert narrow[:3] == ["7", "  Error: OPENALGO_DOWN", "  Unit: standfast-agent@paper.service"]
    assert narrow[3] == f"  Message: {said}"
    assert max(map(len, narrow)) <= 140
