"""A slip in one line of a real configuration file is told as that, at that line, and as nothing else."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from tests.unit.foundation.test_config_fuzzed import TEXTS

from standfast.config import ConfigError, load_text
from standfast.ctl.configuration import SHAPES

_ASSIGNMENT = re.compile(r"([\w.-]+\s*=\s*)[^\[{#]+?(#.*)?")


def spoilt(text: str) -> Iterator[tuple[int, str]]:
    """The text with one bad line, and the number of that: a value that is missing, doubled, or lacks a quote."""
    lines = text.split("\n")
    for at, line in enumerate(lines):
        if match := _ASSIGNMENT.fullmatch(line):
            value = line[match.end(1) : match.start(2) if match[2] else None].strip()
            for wrong in ("", f"{value} {value}", value.rstrip("\"'") if value[0] in "\"'" else f"{value}]"):
                yield at + 1, "\n".join([*lines[:at], match[1] + wrong, *lines[at + 1 :]])
        elif line.startswith("["):
            yield at + 1, "\n".join([*lines[:at], line.replace("]", "", 1), *lines[at + 1 :]])


@pytest.mark.parametrize("program", SHAPES)
def test_one_bad_line_is_one_mistake(program: str) -> None:
    shape, count = SHAPES[program](), 0
    load_text(shape, TEXTS[program], "x.toml", {})
    for number, text in spoilt(TEXTS[program]):
        with pytest.raises(ConfigError) as caught:
            load_text(shape, text, "x.toml", {})
        assert [one.source for one in caught.value.mistakes] == [f"x.toml:{number}"], text.split("\n")[number - 1]
        count += 1
    assert count > 20
