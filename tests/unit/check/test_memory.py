"""What the check remembers: in a row, until it is over, across runs, and when its file is lost."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from standfast.check import findings, keeping, memory
from standfast.check.findings import Answer, Question
from standfast.check.memory import DAMAGED, Memory, Seen, Trouble
from standfast.check.restarts import Restarts

NOW = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)
FILES = findings.FILES.identity
RESTARTED = {"a.service": Restarts(3, 2, NOW, NOW + timedelta(minutes=1)), "b.service": Restarts(0)}


def after(minutes: float) -> datetime:
    return NOW + timedelta(minutes=minutes)


def looks(question: Question, *wells: bool | None) -> Memory:
    kept = Memory()
    for number, well in enumerate(wells):
        kept = memory.after_looks(kept, [Answer(question, well, "words")], after(5 * number))
    return kept


@pytest.mark.parametrize(
    ("question", "wells", "trouble"),
    [
        (findings.FILES, [True], None),
        (findings.FILES, [None], None),
        (findings.FILES, [False], Trouble(NOW, 1, True)),
        (findings.FILES, [False, False], Trouble(NOW, 2, True)),
        (findings.FILES, [False, None], Trouble(NOW, 1, True)),
        (findings.FILES, [False, True], None),
        (findings.FILES, [False, True, False], Trouble(after(10), 1, True)),
        (findings.DEADMAN, [False, False], Trouble(NOW, 2, False)),
        (findings.DEADMAN, [False, False, False], Trouble(NOW, 3, True)),
        (findings.DEADMAN, [False, False, None, False], Trouble(NOW, 3, True)),
        (findings.DEADMAN, [False, False, True, False], Trouble(after(15), 1, False)),
    ],
)
def test_a_trouble_is_counted_in_a_row_and_opens_when_it_has_lasted(
    question: Question, wells: list[bool | None], trouble: Trouble | None
) -> None:
    assert looks(question, *wells).troubles.get(question.identity) == trouble


def test_that_it_was_told_stays_until_it_is_over() -> None:
    kept = memory.after_telling(looks(findings.FILES, False), [FILES], after(1))
    later = memory.after_looks(kept, [Answer(findings.FILES, False, "words")], after(5))
    assert later.troubles[FILES] == Trouble(NOW, 2, True, told_at=after(1), tellings=1)
    assert memory.after_looks(later, [Answer(findings.FILES, True, "words")], after(10)).troubles == {}


def test_an_end_that_the_journal_did_not_take_is_logged_later_and_not_told_again() -> None:
    before = memory.after_telling(looks(findings.FILES, False), [FILES], NOW)
    ended = memory.after_looks(before, [Answer(findings.FILES, True, "words")], after(5))
    assert memory.unsaid(ended, before).troubles == {FILES: Trouble(NOW, 1, True, told_at=None, tellings=1)}
    # Nor was said that a watcher was restarted: the next run counts it once more, and says it.
    assert memory.unsaid(replace(ended, restarts=RESTARTED), before).restarts == before.restarts


def test_it_survives_on_disk(tmp_path: Path) -> None:
    seen = {"sms": Seen(NOW, False, "HTTP 401"), "webhook": Seen(NOW, None, "not asked")}
    troubles = memory.after_telling(looks(findings.FILES, False), [FILES], NOW).troubles
    kept = Memory(troubles, seen, {"trades": Seen(NOW, True)}, RESTARTED, after(-5))
    place = tmp_path / "memory.json"
    keeping.save(kept, NOW, [place])
    assert keeping.load([place]) == kept


def test_where_the_disk_is_full_the_next_place_has_the_newer_one(tmp_path: Path) -> None:
    disk, run = tmp_path / "disk/memory.json", tmp_path / "run/memory.json"
    for place in (disk, run):
        place.parent.mkdir()
    keeping.save(Memory(), NOW, [disk, run])
    assert not run.exists()
    disk.parent.rename(tmp_path / "away")
    newer = looks(findings.FILES, False)
    keeping.save(newer, after(5), [disk, run])
    (tmp_path / "away").rename(disk.parent)
    assert keeping.load([disk, run]) == newer
    # Once the disk takes it again, the other one is gone: set back, the clock would make it the newer one.
    keeping.save(Memory(), NOW, [disk, run])
    assert keeping.load([disk, run]) == Memory()


def test_before_the_first_run_nothing_is_open(tmp_path: Path) -> None:
    assert keeping.load([tmp_path / "none.json"]) == Memory()
    assert not Memory().is_open(FILES)


WHOLE = memory.to_table(looks(findings.FILES, False), NOW)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "{}",
        "\x00",
        '{"troubles": 7}',
        json.dumps({**WHOLE, "troubles": [{"type": "X"}]}),
        json.dumps({**WHOLE, "channels": {"sms": {"at": "yesterday", "good": True, "detail": ""}}}),
    ],
)
def test_a_damaged_one_says_that_everything_may_be_open(tmp_path: Path, text: str) -> None:
    place = tmp_path / "memory.json"
    place.write_text(text)
    found = keeping.load([place])
    assert found == DAMAGED
    assert found.is_open(FILES)


@pytest.mark.parametrize(
    ("good", "minutes", "due"),
    [(True, 59, False), (True, 60, True), (True, -61, True), (None, 59, False), (False, 1, True)],
)
def test_what_is_bad_is_looked_at_each_time(good: bool | None, minutes: float, due: bool) -> None:
    assert Seen(NOW, good).is_due(after(minutes), 3600) is due


def test_what_an_earlier_version_wrote_down_is_whole() -> None:
    table = memory.to_table(Memory(troubles=looks(findings.FILES, False).troubles), NOW)
    del table["restarts"]
    assert memory.from_table(table).is_open(FILES)


def test_a_trouble_lasts_since_it_began_where_that_is_known() -> None:
    for since, expected in ((after(-7), after(-7)), (after(7), NOW), (None, NOW)):
        kept = memory.after_looks(Memory(), [Answer(findings.FILES, False, "words", since)], NOW)
        assert kept.troubles[FILES].since == expected
