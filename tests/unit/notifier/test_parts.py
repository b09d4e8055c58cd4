"""Long texts are split, never cut."""

import random

import pytest

from standfast.notifier.gsm7 import septets, transliterate
from standfast.notifier.parts import numbered, split, utf16_units


@pytest.mark.parametrize(
    ("text", "limit", "parts"),
    [
        ("short", 10, ["short"]),
        ("one\ntwo\nthree", 8, ["one\ntwo", "three"]),
        ("one two three", 8, ["one two", "three"]),
        ("line\none two three", 8, ["line\none", "two", "three"]),
        ("abcdefghij", 4, ["abcd", "efgh", "ij"]),
        ("", 5, [""]),
    ],
)
def test_split(text: str, limit: int, parts: list[str]) -> None:
    assert split(text, limit) == parts


def test_nothing_but_white_space_is_lost_and_no_part_is_too_long() -> None:
    dice = random.Random(5)
    for _ in range(300):
        text = "".join(dice.choice("abcdefgh  \n😀é") for _ in range(dice.randrange(400)))
        limit = dice.randrange(5, 60)
        parts = split(text, limit, utf16_units)
        assert all(utf16_units(part) <= limit for part in parts)
        assert "".join("".join(parts).split()) == "".join(text.split())


def test_parts_are_numbered() -> None:
    parts = numbered("word " * 100, 160)
    assert len(parts) == 4
    assert parts[0].startswith("(1/4) word")
    assert all(len(part) <= 160 for part in parts)
    assert numbered("short", 160) == ["short"]


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("plain: text @ 5 £ [x]", "plain: text @ 5 £ [x]"),
        ("é à ñ Ø Å", "é à ñ Ø Å"),
        ("ő ś č Ž", "o s c Z"),
        ("₹100 \u2013 \u201cok\u201d\u2026", 'Rs100 - "ok"...'),
        ("日本 😀", "?? ?"),
        ("a\tb\u200b", "a b?"),
        ("e\u0301", "é"),
    ],
)
def test_transliteration(text: str, written: str) -> None:
    assert transliterate(text) == written


def test_brackets_cost_two_places() -> None:
    assert septets("abc") == 3
    assert septets("[a]€") == 7
