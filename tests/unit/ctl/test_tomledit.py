"""A changed key is all that changes: the rest of the text, comments included, stays byte by byte."""

import tomllib
from pathlib import Path
from typing import Any

import pytest

from standfast.ctl.tomledit import EditError, literal, value_at, with_value

DEFAULTS = Path(__file__).parents[3] / "packaging/etc/standfast"
TEXT = """\
# About it all.
mode = "observe"   # the "mode" # really
files = [
  "/a",  # one
]

# About the table.
[restart]
settle_s = 10
"""


@pytest.mark.parametrize(
    ("key", "value", "before", "after"),
    [
        ("mode", "act", 'mode = "observe"   # the', 'mode = "act"       # the'),
        ("mode", "a-much-longer-one", 'mode = "observe"   # the', 'mode = "a-much-longer-one" # the'),
        ("restart.settle_s", 30.0, "settle_s = 10\n", "settle_s = 30\n"),
        ("restart.causes", ["units"], "[restart]\n", '[restart]\ncauses = ["units"]\n'),
        ("host", "box", "\n# About the table.\n", '\nhost = "box"\n# About the table.\n'),
        ("a.b.c", True, "settle_s = 10\n", "settle_s = 10\n\n[a.b]\nc = true\n"),
    ],
)
def test_only_the_key_changes(key: str, value: Any, before: str, after: str) -> None:
    assert TEXT.count(before) == 1
    assert with_value(TEXT, key, value) == TEXT.replace(before, after)


@pytest.mark.parametrize(
    ("text", "key"), [(TEXT, "files"), ("t = { a = 1 }\n", "t.b"), ("t = 1\n", "t.b"), ("nonsense", "a")]
)
def test_what_it_cannot_do_it_says(text: str, key: str) -> None:
    with pytest.raises(EditError, match="cannot change"):
        with_value(text, key, 7)


def test_a_text_without_an_end_of_line() -> None:
    assert with_value("a = 1", "a", 2) == "a = 2\n"
    assert with_value("a = 1", "b", 2) == "a = 1\nb = 2\n"
    assert with_value("a = 1", "t.b", 2) == "a = 1\n\n[t]\nb = 2\n"
    assert with_value("", "t.b", "x") == '\n[t]\nb = "x"\n'


@pytest.mark.parametrize("value", ["", 'a"b\\c', "ünï\x7f", "a\nb", 0, 1.5, 300.0, True, False, ["a", "b"], []])
def test_a_literal_is_what_it_stands_for(value: Any) -> None:
    assert tomllib.loads(f"x = {literal(value)}") == {"x": value}


@pytest.mark.parametrize("name", ["notifier.toml", "detector.toml", "agents/paper.toml"])
def test_every_plain_key_of_the_shipped_files_can_be_changed(name: str) -> None:
    text = (DEFAULTS / name).read_text()
    for key in _keys(tomllib.loads(text)):
        edited = with_value(text, key, "changed")
        assert value_at(tomllib.loads(edited), key) == "changed"
        assert sum(a != b for a, b in zip(text.splitlines(), edited.splitlines(), strict=True)) == 1


def _keys(values: dict[str, Any], table: str = "") -> list[str]:
    found = []
    for name, value in values.items():
        if isinstance(value, dict):
            found += _keys(value, f"{table}{name}.")
        elif not (isinstance(value, list) and value and isinstance(value[0], dict)):
            found.append(f"{table}{name}")
    return found
