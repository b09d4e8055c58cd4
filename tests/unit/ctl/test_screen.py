import io
import re
from datetime import UTC, datetime

import pytest

from standfast.ctl import screen
from standfast.ctl.layout import printable
from standfast.ctl.screen import Screen
from standfast.ctl.table import Cell, Table
from standfast.overview.tones import Tone

AT = datetime(2026, 11, 23, 15, 0, tzinfo=UTC)
TABLE = Table("Units", ("Unit", "Status"), ((Cell("a.service"), Cell("failing", Tone.BAD)),), "None.")


@pytest.fixture(autouse=True)
def a_terminal_with_colours(monkeypatch: pytest.MonkeyPatch) -> None:
    """Wherever the tests run."""
    monkeypatch.setenv("TERM", "xterm-256color")
    for name in ("NO_COLOR", "COLORTERM", "FORCE_COLOR"):
        monkeypatch.delenv(name, raising=False)


def shown(table: Table, *, terminal: bool) -> str:
    stream = io.StringIO()
    Screen(stream, terminal=terminal).table(table)
    return stream.getvalue()


def test_a_pipe_gets_plain_aligned_text() -> None:
    assert shown(TABLE, terminal=False) == "Units:\n  Unit       Status\n  a.service  failing\n"


def test_a_terminal_gets_colour() -> None:
    text = shown(TABLE, terminal=True)

    assert "\x1b[1;31mfailing" in text
    assert "a.service" in text


def test_a_narrow_terminal_cuts_no_name_off(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "40")
    unit = "standfast-agent@a-long-name.service"
    wide = Table("Units", ("Unit", "Status", "Seen"), ((Cell(unit), Cell("failing", Tone.BAD), Cell("now")),), "")

    text = shown(wide, terminal=True)

    assert unit in text
    assert "\x1b[1;31mfailing" in text
    title, *lines = [re.sub(r"\x1b\[[0-9;]*m", "", line) for line in text.splitlines()]
    assert title.strip() == "Units"
    assert all(len(line) <= 40 and line.startswith("  ") for line in lines)


def test_an_empty_table_is_a_sentence_on_both() -> None:
    empty = Table("Agents", ("Agent",), (), "No agent is running.")

    assert shown(empty, terminal=False) == "Agents: No agent is running.\n"
    assert "Agents: No agent is running." in shown(empty, terminal=True)


def test_what_a_strategy_wrote_is_neither_markup_nor_an_escape() -> None:
    evil = Table("Agents", ("Agent",), ((Cell("[red]x[/red] :smile: \x1b]0;title\x07\nnext"),),), "None.")

    for terminal in (False, True):
        text = shown(evil, terminal=terminal)
        assert "[red]x[/red] :smile:" in text
        assert "\x1b]0;" not in text
        assert "\x07" not in text


def test_control_characters_and_line_ends_become_spaces() -> None:
    assert printable("a\nb\x1b[31mc\u202ed\u00e9") == "a b [31mc d\u00e9"


def test_the_item_of_a_list_hangs_beneath_its_words() -> None:
    said = "- Agent paper is killed by alice: too wild; to let it trade again: standfastctl resume paper"
    lines = screen._hanging(said, 40)
    assert len(lines) > 1
    assert [line[:2] for line in lines] == ["- ", *["  "] * (len(lines) - 1)]
    assert " ".join(line.strip() for line in lines) == said
    assert screen._hanging(said[2:], 40) == [said[2:]]
